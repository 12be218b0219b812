"""Flags as a page shows them: read for many comments at once, worded as claims."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from archive.site import html, queries
from archive.site.comment_html import Shown
from archive.site.database import Connection, Row, fetch_all
from archive.site.formatting import between, day
from archive.site.html import HIDDEN, Chip, Record, Span
from archive.site.viewer import Visitor
from archive.text.pii_masking import Hidden, Place, masked, moved

Codes = Mapping[str, Row]
SURE = {"confirmed": 0, "disputed": 1}
R = TypeVar("R", bound=Record)


def codes(connection: Connection) -> Codes:
    return {row["code"]: row for row in connection.execute(queries.CODES)}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of some comments beside their rows, by the comment's id (spans and verdicts: by the flag's)."""

    codes: Codes
    flags: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    spans: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    events: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    verdicts: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    hidden: Mapping[int, Hidden] = field(default_factory=dict)

    def shown(self, row: Record) -> Shown:
        flags, revision = self.flags.get(row["id"], ()), row["revision"]
        spans, hidden = tuple(self._spans(flags, revision)), self.hidden.get(row["id"])
        if hidden is None:
            return Shown(row, self.chips(row), spans)
        text = row["body"]
        places = hidden.places(text, revision)
        spans = tuple(_moved(span, places, len(text)) for span in spans)
        return Shown(self.readable(row, row["id"]), self.chips(row), spans)

    def readable(self, row: Record, comment: int) -> Record:
        """A row whose `body` (of its `revision`) is masked where it holds personal data."""
        if comment not in self.hidden:
            return row
        return {**as_dict(row), "body": self.read(comment, row["body"], row["revision"])}

    def read(self, comment: int, text: str, revision: int | None = None) -> str:
        """Any text of a comment, masked; by its words alone where its revision is not known."""
        hidden = self.hidden.get(comment)
        return masked(text, hidden.places(text, revision), HIDDEN) if hidden else text

    def exact(self, flag: Record, span: Record) -> str:
        """The words that a flag matched, masked where they are, or hold, personal data."""
        hidden, words = self.hidden.get(flag["comment_id"]), str(span["exact"])
        if hidden is None:
            return words
        places = hidden.within(span["start"], span["end"], flag["revision"], words)
        return masked(words, places, HIDDEN)

    def chips(self, row: Record) -> tuple[Chip, ...]:
        """One chip a code, though several rules may have raised it: that of which most is known."""
        found: dict[str, Row] = {}
        for flag in sorted(self.flags.get(row["id"], ()), key=lambda flag: SURE.get(flag["status"], 2)):
            found.setdefault(flag["code"], flag)
        return tuple(self.chip(flag, row) for flag in sorted(found.values(), key=lambda flag: int(flag["id"])))

    def chip(self, flag: Row, row: Record) -> Chip:
        plain = chip(flag, self.codes, self.reviewers(flag), earlier=flag["revision"] < row["revision"])
        events = [event for event in self.events.get(row["id"], ()) if f"crawl.{event['kind']}" == plain.code]
        if plain.code == "crawl.edited" and events:
            return Chip(plain.code, f"edited {day(events[-1]['seen_at'])}", plain.about)
        if plain.code == "crawl.removed" and events:
            return Chip(plain.code, f"gone {between(row['last_seen_at'], events[-1]['seen_at'])}", plain.about)
        return plain

    def reviewers(self, flag: Record) -> int:
        """How many people hold what its status says."""
        held = [one for one in self.verdicts.get(flag["id"], ()) if one["verdict"] == flag["status"]]
        corrected = self.verdicts.get(flag["corrects"] or 0, ())
        return len(held) + len([one for one in corrected if one["corrected_code"] == flag["code"]])

    def _spans(self, flags: Iterable[Row], revision: int) -> Iterable[Span]:
        for flag in flags:
            if flag["revision"] == revision and self.spans:
                says = chip(flag, self.codes, self.reviewers(flag)).text
                for span in self.spans.get(flag["id"], ()):
                    yield Span(span["start"], span["end"], says)


def as_dict(row: Record) -> dict[str, Any]:
    names = row if isinstance(row, dict) else row.keys()  # type: ignore[attr-defined]  # sqlite3.Row iterates over values
    return {name: row[name] for name in names}


def _moved(span: Span, places: Sequence[Place], length: int) -> Span:
    start, end = moved((span.start, span.end), places, length, HIDDEN)
    return Span(start, end, span.says)


def chip(flag: Record, codes: Codes, reviewers: int = 0, *, earlier: bool = False) -> Chip:
    """A flag in words."""
    code = codes.get(flag["code"])
    title, about = (code["title"], code["definition"]) if code else (flag["code"], "")
    text = html.claim(flag["code"], title, flag["status"], reviewers)
    story = f"{about} Rule: {flag['rule']}." + (f" Meant: {flag['target']}." if flag["target"] else "")
    shown = f"{text} (earlier text)" if earlier else text
    blurs = bool(code and code["blur"]) and not (earlier and flag["code"].startswith("content."))
    return Chip(flag["code"], shown, story, blurs, title, flag["status"], reviewers)


def context(connection: Connection, ids: Sequence[int], visitor: Visitor) -> Context:
    """Flags that stand, their spans and verdicts, and events of these comments, in one statement each."""
    wanted = json.dumps(ids)
    found = fetch_all(connection, queries.FLAGS, ids=wanted)
    spans = fetch_all(connection, queries.SPANS, ids=json.dumps([flag["id"] for flag in found])) if found else []
    events = fetch_all(connection, queries.EVENTS, ids=wanted)
    by_flag = grouped(spans, "flag_id")
    return Context(
        codes(connection),
        grouped(found, "comment_id"),
        by_flag,
        grouped(events, "comment_id"),
        verdicts(connection, [flag for flag in found if flag["status"] != "unreviewed"]),
        {} if visitor.reviewer else _hidden(found, by_flag),
    )


def verdicts(connection: Connection, flags: Iterable[Record]) -> dict[int, list[Row]]:
    """What each reviewer last said of these flags, and of those that they stand for, by the flag's id."""
    ids = {number for flag in flags for number in (flag["id"], flag["corrects"]) if number is not None}
    return grouped(fetch_all(connection, queries.VERDICTS, ids=json.dumps(sorted(ids))), "flag_id") if ids else {}


def _hidden(found: Iterable[Row], spans: Mapping[int, Sequence[Row]]) -> dict[int, Hidden]:
    """What is masked of each comment: the spans of flags for personal data that stand."""
    places: dict[int, dict[int, list[Place]]] = {}
    words: dict[int, set[str]] = defaultdict(set)
    for flag in found:
        if flag["code"] == queries.PERSONAL:
            of_comment = places.setdefault(flag["comment_id"], {}).setdefault(flag["revision"], [])
            for span in spans.get(flag["id"], ()):
                of_comment.append((span["start"], span["end"]))
                words[flag["comment_id"]].add(span["exact"])
    return {comment: Hidden(of_comment, words[comment]) for comment, of_comment in places.items()}


def grouped(rows: Iterable[R], column: str) -> dict[int, list[R]]:
    found = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return dict(found)
