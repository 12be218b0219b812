"""The page on which a reviewer judges one flag: the text with its place marked, and the thread around it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from archive.review import queue
from archive.site import claims, comment_html, flags, html, queries
from archive.site.comment_html import Shown
from archive.site.database import Connection, Row, fetch_all, fetch_row, fetch_value
from archive.site.formatting import count
from archive.site.html import Span
from archive.site.viewer import Visitor
from archive.site.views import comment
from archive.text.pii_masking import Place, occurrences

MOST_ABOVE, MOST_BELOW = 6, 6
TIRING = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flag to judge: a given one, or the next of a queue (of a code; those that others judged) after another."""

    flag: int | None = None
    code: str | None = None
    after: int | None = None
    second: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form held that could not be taken, and why."""

    problem: str = ""
    code: str = ""
    words: str = ""
    note: str = ""


NOTHING = Typed()


def wanted(arguments: Mapping[str, str]) -> Wanted:
    def whole(name: str) -> int | None:
        text = arguments.get(name) or ""
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    code = arguments.get("only") or ""
    known = code if re.fullmatch(r"[a-z_]+\.[a-z_]+", code) else None
    return Wanted(whole("flag"), known, whole("after"), arguments.get("second") == "1")


def address(wanted: Wanted) -> str:
    said = {"flag": wanted.flag, "only": wanted.code, "after": wanted.after, "second": 1 if wanted.second else None}
    known = urlencode({name: value for name, value in said.items() if value is not None})
    return f"/review?{known}" if known else "/review"


def load(
    connection: Connection, wanted: Wanted, visitor: Visitor, today: str, typed: Typed = NOTHING
) -> dict[str, Any] | None:
    """What the template needs; None where the flag that is wanted is none that can be judged."""
    assert visitor.reviewer is not None
    known = flags.codes(connection)
    flag = _flag(connection, wanted, visitor.reviewer)
    if flag is None and wanted.flag is not None:
        return None
    page = {
        "wanted": wanted,
        "typed": typed,
        "load": _load(connection, visitor.reviewer, today),
        "tools": _tools(wanted, known),
        "again": address(Wanted(code=wanted.code, second=wanted.second)) if wanted.after else None,
        "flag": None,
    }
    return page if flag is None else page | _judged(connection, flag, known, wanted, visitor)


def _flag(connection: Connection, wanted: Wanted, reviewer: str) -> Row | None:
    number = wanted.flag
    if number is None:
        waiting = queue.queue(connection, reviewer=reviewer, after=wanted.after, code=wanted.code, second=wanted.second)
        number = waiting[0].id if waiting else None
    flag = None if number is None else fetch_row(connection, queries.FLAG, flag=number)
    if flag is None or flag["comment_id"] is None or flag["code"].partition(".")[0] not in claims.SAID_BY_PEOPLE:
        return None
    return flag if flag["corrects"] is None else fetch_row(connection, queries.FLAG, flag=flag["corrects"])


def _judged(connection: Connection, flag: Row, codes: flags.Codes, wanted: Wanted, visitor: Visitor) -> dict[str, Any]:
    row = fetch_row(connection, queries.COMMENTS_BY_ID, ids=f"[{flag['comment_id']}]")
    assert row is not None
    code, said = codes[flag["code"]], flags.verdicts(connection, [flag])
    own = next((one for one in said.get(flag["id"], ()) if one["reviewer"] == visitor.reviewer), None)
    return {
        "flag": flag,
        "code": code,
        "chip": html.chip(flags.chip(flag, codes, flags.Context(codes, verdicts=said).reviewers(flag))),
        "rule": fetch_row(connection, queries.RULE, rule=flag["rule"]),
        "own": own and claims.said(own, codes),
        "row": row,
        "thread": fetch_row(connection, queries.THREAD, thread=row["thread_id"]),
        "choices": claims.choices(codes),
        "skip": address(Wanted(None, wanted.code, flag["id"], wanted.second)),
    } | _around(connection, flag, row, visitor)


def _around(connection: Connection, flag: Row, row: Row, visitor: Visitor) -> dict[str, Any]:
    """The comment, some of what it answers and of what answers it, or else of what follows."""
    above = comment.ancestors(connection, row["id"], MOST_ABOVE)
    below = comment.replies(connection, row, MOST_BELOW)[:MOST_BELOW]
    known = flags.context(connection, [one["id"] for one in (*above, row, *below)], visitor)
    return {
        "above": comment_html.flat([known.shown(one) for one in above], {}, visitor.base) if above else None,
        "comment": comment_html.flat([_marked(connection, flag, row, known)], {}, visitor.base),
        "below": comment_html.nested([known.shown(one) for one in below], {row["id"]: row}, visitor.base),
        "is_earlier": flag["revision"] < row["revision"],
    }


def _marked(connection: Connection, flag: Row, row: Row, known: flags.Context) -> Shown:
    """The text that the flag speaks of, with its own places marked and no others."""
    text = fetch_value(connection, queries.TEXT, comment=row["id"], revision=flag["revision"])
    spans = fetch_all(connection, queries.SPANS, ids=f"[{flag['id']}]")
    says = flags.chip(flag, known.codes).text
    chips = known.chips(row)
    own = flags.chip(flag, known.codes)
    shown = flags.as_dict(row) | {"body": row["body"] if text is None else text, "parent_id": None}
    return Shown(
        shown,
        chips if any(chip.code == own.code for chip in chips) else (own, *chips),
        tuple(Span(span["start"], span["end"], says) for span in spans),
    )


def _load(connection: Connection, reviewer: str, today: str) -> dict[str, Any]:
    """How much the reviewer has judged today, in words; from many severe ones on, that they should rest."""
    found = queue.load_today(connection, reviewer, today)
    words = f"You have judged {count(found.verdicts, 'flag')} today" if found.verdicts else "You have judged none today"
    if found.severe:
        words += f", {found.severe:,} of them severe"
    return {"words": f"{words}.", "rest": found.severe >= TIRING}


def _tools(wanted: Wanted, codes: flags.Codes) -> list[tuple[str, str | None]]:
    """The queues, that which is open without an address."""
    here = (wanted.code, wanted.second) if wanted.flag is None else ("", False)
    queues: list[tuple[str, str | None, bool]] = [("Next", None, False), ("Second opinions", None, True)]
    if wanted.code and wanted.code in codes:
        title = codes[wanted.code]["title"]
        queues += [(f"Only “{title}”", wanted.code, False), (f"Second opinions on “{title}”", wanted.code, True)]
    return [
        (label, None if (code, second) == here else address(Wanted(code=code, second=second)))
        for label, code, second in queues
    ]


def place_of(text: str, words: str, near: int = 0) -> Place | None:
    """Where words that a reviewer pasted stand in a text, however their lines were broken; the nearest to a place."""
    parts = words.split()
    if not parts:
        return None
    exact = list(occurrences(text, words))
    loose = [found.span() for found in re.finditer(r"\s+".join(map(re.escape, parts)), text)]
    return min(exact or loose, key=lambda place: abs(place[0] - near), default=None)
