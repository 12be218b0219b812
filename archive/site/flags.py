"""Read the flags of many comments at once, mask the personal data that they mark, and word them as claims."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from archive.review.verdicts import BY_HAND, REVIEW_NAMESPACES
from archive.site import queries
from archive.site.comments import (
    MASKED,
    Chip,
    CommentView,
    DatasetLabel,
    MarkedSpan,
    NamedRow,
    describe_reviewers,
    make_piece,
)
from archive.site.database import Connection, Row, fetch_all, remember
from archive.site.formatting import between, count, day, moment, short
from archive.site.viewer import Visitor
from archive.text.span_masking import MaskedParts, Span, mask_spans, shift_span

Codes = Mapping[str, Row]
STATUS_TEXTS = {
    "unreviewed": "not reviewed",
    "confirmed": "confirmed",
    "dismissed": "dismissed",
    "corrected": "corrected to another code or place",
    "disputed": "reviewers disagree",
}
# Which of several flags of one code its chip shows: that which people have confirmed.
_CERTAINTY = {"confirmed": 0, "disputed": 1}
R = TypeVar("R", bound=NamedRow)


@dataclass(frozen=True, slots=True)
class FlagContext:
    """What the archive knows of some comments beside their rows, by the comment's id (spans, verdicts: the flag's)."""

    codes: Codes
    flags: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    spans: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    events: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    verdicts: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    hidden: Mapping[int, MaskedParts] = field(default_factory=dict)
    labels: Mapping[int, Sequence[Row]] = field(default_factory=dict)

    def view(self, row: NamedRow) -> CommentView:
        """Return a comment with its chips and spans, masked."""
        flags, hidden = self.flags.get(row["id"], ()), self.hidden.get(row["id"])
        spans = [
            MarkedSpan(span["start"], span["end"], describe_flag(flag, self.codes, self.count_reviewers(flag)).text)
            for flag in flags
            if flag["revision"] == row["revision"]
            for span in self.spans.get(flag["id"], ())
        ]
        if hidden is None:
            return CommentView(row, self.chips(row), spans, labels=self._labels(row))
        text = row["body"]
        gaps = hidden.find(text, row["revision"])
        # The mask is shorter or longer than what it hides: spans behind it move.
        spans = [MarkedSpan(*shift_span((span.start, span.end), gaps, len(text), MASKED), span.claim) for span in spans]
        return CommentView(self.mask_row(row, row["id"]), self.chips(row), spans, labels=self._labels(row))

    def _labels(self, row: NamedRow) -> list[DatasetLabel]:
        """Return what datasets say of a comment, masked: it may quote the text. Of a withheld one nothing is said."""
        if row["withheld"]:
            return []
        return [
            DatasetLabel(label["name"], self.mask(row["id"], label["value"]), label["dataset"], label["raters"])
            for label in self.labels.get(row["id"], ())
        ]

    def mask_row(self, row: NamedRow, comment: int) -> NamedRow:
        """Return the row with its `body` masked, if the comment holds personal data."""
        if comment not in self.hidden:
            return row
        return {**as_dict(row), "body": self.mask(comment, row["body"], row["revision"])}

    def mask(self, comment: int, text: str, revision: int | None = None) -> str:
        """Mask any text of a comment; where its revision is not known, the same words wherever they stand."""
        hidden = self.hidden.get(comment)
        return mask_spans(text, hidden.find(text, revision), MASKED) if hidden else text

    def matched_text(self, flag: NamedRow, span: NamedRow) -> str:
        """Return the words that a flag matched, masked where they are, or hold, personal data."""
        hidden, text = self.hidden.get(flag["comment_id"]), str(span["exact"])
        if hidden is None:
            return text
        return mask_spans(text, hidden.find_within(span["start"], span["end"], flag["revision"], text), MASKED)

    def chips(self, row: NamedRow) -> tuple[Chip, ...]:
        """Return one chip for each code, though several rules may have raised it."""
        flags: dict[str, Row] = {}
        for flag in sorted(self.flags.get(row["id"], ()), key=lambda flag: _CERTAINTY.get(flag["status"], 2)):
            flags.setdefault(flag["code"], flag)
        return tuple(self._chip(flag, row) for flag in sorted(flags.values(), key=lambda flag: int(flag["id"])))

    def _chip(self, flag: Row, row: NamedRow) -> Chip:
        chip = describe_flag(flag, self.codes, self.count_reviewers(flag), earlier=flag["revision"] < row["revision"])
        events = [event for event in self.events.get(row["id"], ()) if f"crawl.{event['kind']}" == chip.code]
        if chip.code == "crawl.edited" and events:
            return Chip(chip.code, f"edited {day(events[-1]['seen_at'])}", chip.about)
        if chip.code == "crawl.removed" and events:
            return Chip(chip.code, f"gone {between(row['last_seen_at'], events[-1]['seen_at'])}", chip.about)
        return chip

    def count_reviewers(self, flag: NamedRow) -> int:
        """Count the people who agree with the status of a flag."""
        agreeing = [verdict for verdict in self.verdicts.get(flag["id"], ()) if verdict["verdict"] == flag["status"]]
        corrected = self.verdicts.get(flag["corrects"] or 0, ())
        return len(agreeing) + len([verdict for verdict in corrected if verdict["corrected_code"] == flag["code"]])


def load_codes(connection: Connection) -> Codes:
    return remember(connection, "flag codes", lambda: {row["code"]: row for row in connection.execute(queries.CODES)})


def load_flags(
    connection: Connection, ids: Sequence[int], visitor: Visitor, *, with_texts: bool = False
) -> FlagContext:
    """Read the active flags of these comments, their spans and verdicts, events and labels: one statement for each.

    Events have the texts before and after an edit, and whole names, only `with_texts`."""
    comments = json.dumps(ids)
    flags = fetch_all(connection, queries.FLAGS, ids=comments)
    spans = load_spans(connection, flags)
    events = queries.EVENTS_WITH_TEXTS if with_texts else queries.EVENTS
    return FlagContext(
        load_codes(connection),
        group_by(flags, "comment_id"),
        spans,
        group_by(fetch_all(connection, events, ids=comments), "comment_id"),
        load_verdicts(connection, [flag for flag in flags if flag["status"] != "unreviewed"]),
        {} if visitor.reviewer else _find_personal_data(flags, spans),
        group_by(fetch_all(connection, queries.LABELS, ids=comments), "comment_id"),
    )


def load_labels(connection: Connection, subject: str, number: int) -> list[DatasetLabel]:
    """Read what datasets say of a thread or an article, the highest first."""
    rows = fetch_all(connection, queries.LABELS_ABOVE[subject], number=number)
    return [DatasetLabel(row["name"], row["value"], row["dataset"], row["raters"]) for row in rows]


def load_spans(connection: Connection, flags: Sequence[Row]) -> dict[int, list[Row]]:
    ids = json.dumps([flag["id"] for flag in flags])
    return group_by(fetch_all(connection, queries.SPANS, ids=ids), "flag_id") if flags else {}


def load_verdicts(connection: Connection, flags: Iterable[NamedRow]) -> dict[int, list[Row]]:
    """Read the last verdict of each reviewer on these flags, and on those that they correct, by the flag's id."""
    ids = {number for flag in flags for number in (flag["id"], flag["corrects"]) if number is not None}
    return group_by(fetch_all(connection, queries.VERDICTS, ids=json.dumps(sorted(ids))), "flag_id") if ids else {}


def _find_personal_data(flags: Iterable[Row], spans: Mapping[int, Sequence[Row]]) -> dict[int, MaskedParts]:
    """Return what is masked of each comment: the spans of its active flags for personal data."""
    by_revision: dict[int, dict[int, list[Span]]] = {}
    texts: dict[int, set[str]] = defaultdict(set)
    for flag in flags:
        if flag["code"] == queries.PERSONAL:
            masked_spans = by_revision.setdefault(flag["comment_id"], {}).setdefault(flag["revision"], [])
            for span in spans.get(flag["id"], ()):
                masked_spans.append((span["start"], span["end"]))
                texts[flag["comment_id"]].add(span["exact"])
    return {comment: MaskedParts(revisions, texts[comment]) for comment, revisions in by_revision.items()}


def group_by(rows: Iterable[R], column: str) -> dict[int, list[R]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return dict(groups)


def as_dict(row: NamedRow) -> dict[str, Any]:
    names = row if isinstance(row, dict) else row.keys()  # type: ignore[attr-defined]  # sqlite3.Row iterates over values
    return {name: row[name] for name in names}


def describe_flag(flag: NamedRow, codes: Codes, reviewers: int = 0, *, earlier: bool = False) -> Chip:
    """Put a flag in words. One of an `earlier` text folds the present one only where it is not about that text."""
    code = codes.get(flag["code"])
    title, definition = (code["title"], code["definition"]) if code else (flag["code"], "")
    text = describe_claim(flag["code"], title, flag["status"], reviewers)
    about = f"{definition} Rule: {short(flag['rule'])}."
    about += f" Target: {short(flag['target'])}." if flag["target"] else ""
    blur = bool(code and code["blur"]) and not (earlier and flag["code"].startswith("content."))
    text = f"{text} (earlier text)" if earlier else text
    return Chip(flag["code"], text, about, blur, title, flag["status"], reviewers)


def describe_claim(code: str, title: str, status: str, reviewers: int) -> str:
    """Put a flag in words. What rules match in a text is no fact until a person has confirmed it."""
    if status in ("confirmed", "dismissed", "corrected"):
        return f"{status} by {describe_reviewers(reviewers)}: {title}"
    text = f"matched rule: {title}" if code.startswith("content.") else title
    return f"{text}, reviewers disagree" if status == "disputed" else text


def list_comment_flags(
    connection: Connection, row: NamedRow, context: FlagContext, visitor: Visitor
) -> list[dict[str, Any]]:
    """Return every flag of a comment that was not withdrawn, whatever reviewers made of it, with its evidence.

    Who the reviewers are, and what they noted, is for reviewers.
    """
    flags = fetch_all(connection, queries.COMMENT_FLAGS, comment=row["id"])
    context = replace(context, spans=load_spans(connection, flags), verdicts=load_verdicts(connection, flags))
    return [_describe_entry(flag, row, context, visitor) for flag in flags]


def _describe_entry(flag: Row, row: NamedRow, context: FlagContext, visitor: Visitor) -> dict[str, Any]:
    verdicts, spans = context.verdicts.get(flag["id"], ()), context.spans.get(flag["id"], ())
    is_judged = flag["code"].partition(".")[0] in REVIEW_NAMESPACES
    is_earlier = flag["revision"] < row["revision"]
    evidence = _readable_evidence(flag, context, visitor)
    return {
        "flag": flag,
        "chip": describe_flag(flag, context.codes, context.count_reviewers(flag), earlier=is_earlier),
        "raised": moment(flag["created_at"]),
        "exact": [] if row["withheld"] else [[make_piece(context.matched_text(flag, span))] for span in spans],
        "evidence": None if evidence is None else [make_piece(evidence)],
        "status": _describe_status(flag, verdicts) if is_judged else None,
        "verdicts": [describe_verdict(row, context.codes) for row in verdicts] if visitor.reviewer else [],
        "judge": flag["corrects"] or flag["id"] if is_judged and visitor.judges else None,
    }


def _readable_evidence(flag: Row, context: FlagContext, visitor: Visitor) -> str | None:
    """Return what the rule saw. Of a flag by hand that may be a reviewer's reason, for reviewers."""
    if flag["evidence"] is None or (flag["rule"] == BY_HAND and not visitor.reviewer):
        return None
    if flag["code"] == queries.PERSONAL and not visitor.reviewer:
        return MASKED
    return context.mask(flag["comment_id"], flag["evidence"])


def _describe_status(flag: Row, verdicts: Sequence[Row]) -> str:
    """`confirmed, judged by 2 reviewers: 2 confirmed`."""
    if flag["corrects"] is not None:
        return "what reviewers corrected another flag to"
    text = STATUS_TEXTS.get(flag["status"], "not reviewed")
    if not verdicts:
        return text
    counts = Counter(row["verdict"] for row in verdicts)
    parts = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in sorted(counts))
    return f"{text}, judged by {count(len(verdicts), 'reviewer')}: {parts}"


def describe_verdict(row: Row, codes: Codes) -> dict[str, Any]:
    code = codes.get(row["corrected_code"])
    verdict = f"corrected to “{code['title']}”" if code else row["verdict"]
    return {"reviewer": row["reviewer"], "verdict": verdict, "note": row["note"], "when": day(row["reviewed_at"])}


def list_choices(codes: Codes) -> list[tuple[str, str]]:
    """Return code and name of what a person may raise on a comment, the gravest first."""
    rows = [row for row in codes.values() if row["namespace"] in REVIEW_NAMESPACES and "c" in row["level"].split()]
    rows.sort(key=lambda row: (REVIEW_NAMESPACES.index(row["namespace"]), -row["severity"], row["title"]))
    return [
        (row["code"], f"{row['title']} ({row['namespace']})" if row["namespace"] != "content" else row["title"])
        for row in rows
    ]
