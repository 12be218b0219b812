"""The flags of one comment, whatever became of them, each with its evidence and what people said of it."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from archive.site import flags, html, queries
from archive.site.database import Connection, Row, fetch_all
from archive.site.formatting import count, day, moment
from archive.site.html import Record
from archive.site.viewer import Visitor

SAID_BY_PEOPLE = ("content", "context", "review")
BY_HAND = "review.by-hand"
STATUS = {
    "unreviewed": "not reviewed",
    "confirmed": "confirmed",
    "dismissed": "dismissed",
    "corrected": "corrected to another code or place",
    "disputed": "reviewers disagree",
}


def load(connection: Connection, row: Record, known: flags.Context, visitor: Visitor) -> list[dict[str, Any]]:
    """All flags of a comment that were not withdrawn; reviewers' names and notes for those who review."""
    found = fetch_all(connection, queries.COMMENT_FLAGS, comment=row["id"])
    ids = json.dumps([flag["id"] for flag in found])
    every = replace(
        known,
        spans=flags.grouped(fetch_all(connection, queries.SPANS, ids=ids), "flag_id"),
        verdicts=flags.verdicts(connection, found),
    )
    return [_told(flag, row, every, visitor) for flag in found]


def _told(flag: Row, row: Record, known: flags.Context, visitor: Visitor) -> dict[str, Any]:
    verdicts = known.verdicts.get(flag["id"], ())
    personal = flag["code"].partition(".")[0] in SAID_BY_PEOPLE
    hidden = any(one["code"] == queries.WITHHELD for one in known.flags.get(row["id"], ()))
    return {
        "flag": flag,
        "chip": html.chip(flags.chip(flag, known.codes, known.reviewers(flag), earlier=_is_earlier(flag, row))),
        "raised": moment(flag["created_at"]),
        "exact": [] if hidden else [_words(known, flag, span) for span in known.spans.get(flag["id"], ())],
        "evidence": _evidence(flag, known, visitor),
        "status": _status(flag, verdicts) if personal else None,
        "said": [said(one, known.codes) for one in verdicts] if visitor.reviewer else [],
        "judge": flag["corrects"] or flag["id"] if personal and visitor.judges else None,
    }


def _is_earlier(flag: Row, row: Record) -> bool:
    return bool(flag["revision"] < row["revision"])


def _words(known: flags.Context, flag: Row, span: Row) -> Markup:
    return html.finished(html.plain(known.exact(flag, span)))


def _evidence(flag: Row, known: flags.Context, visitor: Visitor) -> Markup | None:
    """What was seen; of a flag by hand that is a reviewer's reason, which only reviewers read."""
    if flag["evidence"] is None or (flag["rule"] == BY_HAND and not visitor.reviewer):
        return None
    if flag["code"] == queries.PERSONAL and not visitor.reviewer:
        return html.finished(html.plain(html.HIDDEN))
    return html.finished(html.plain(known.read(flag["comment_id"], flag["evidence"])))


def _status(flag: Row, verdicts: Sequence[Row]) -> str:
    """The state of a flag, and by how many; who they are is not said."""
    words = STATUS.get(flag["status"], "not reviewed")
    if flag["corrects"] is not None:
        return "what reviewers corrected another flag to"
    if not verdicts:
        return words
    return f"{words}, judged by {count(len(verdicts), 'reviewer')}: {_tally(verdicts)}"


def _tally(verdicts: Iterable[Row]) -> str:
    """`2 confirmed, 1 dismissed`."""
    found = Counter(one["verdict"] for one in verdicts)
    return ", ".join(f"{found[verdict]:,} {verdict}" for verdict in sorted(found))


def said(one: Row, codes: flags.Codes) -> dict[str, Any]:
    code = codes.get(one["corrected_code"])
    verdict = f"corrected to “{code['title']}”" if code else one["verdict"]
    return {"who": one["reviewer"], "verdict": verdict, "note": one["note"], "when": day(one["reviewed_at"])}


def choices(codes: flags.Codes) -> list[tuple[str, str]]:
    """The codes that a person may give to a comment, the gravest first, with their names."""
    allowed = [row for row in codes.values() if row["namespace"] in SAID_BY_PEOPLE and "c" in row["level"].split()]
    allowed.sort(key=lambda row: (SAID_BY_PEOPLE.index(row["namespace"]), -row["severity"], row["title"]))
    return [
        (row["code"], f"{row['title']} ({row['namespace']})" if row["namespace"] != "content" else row["title"])
        for row in allowed
    ]
