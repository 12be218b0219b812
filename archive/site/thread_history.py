"""A thread as it stood at a visit: what is stored now, with everything undone that later visits found."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from archive.site import history, queries
from archive.site.comment_html import Shown
from archive.site.database import Connection, Row, fetch_value
from archive.site.flags import Context, as_dict

ASKED = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z?)?")
LATEST = "9999-12-31T23:59:59Z"


def visit_at(connection: Connection, thread: int, asked: str) -> str | None:
    """The last visit at or before a time (a day counts to its end); None where there was none."""
    stated = asked.rstrip("Z")
    found: str | None = fetch_value(connection, queries.VISIT_AT, thread=thread, at=stated + LATEST[len(stated) :])
    return found


def then(row: Row, events: Iterable[Row], at: str) -> dict[str, Any]:
    """A comment's row as it was. Its place among the others is today's."""
    result = as_dict(row)
    undone: set[str] = set()
    for event in events:
        if event["seen_at"] <= at:
            continue
        kind = "state" if event["kind"] in ("removed", "restored") else event["kind"]
        result["revision"] -= kind == "edited"
        if kind not in undone:
            undone.add(kind)
            result |= _before(kind, event["before"])
    result["last_seen_at"] = min(row["last_seen_at"], at)
    return result


def _before(kind: str, value: str | None) -> dict[str, Any]:
    match kind:
        case "state":
            return {"state": value}
        case "edited":
            return {"body": value or ""}
        case "moved":
            return {"parent_id": int(value) if value and value.isdecimal() else None}
        case "renamed":
            return {"author": value}
        case _:
            return {"likes": None, "dislikes": None}


def shown(rows: Sequence[Row], known: Context, at: str, first: str) -> list[Shown]:
    """The comments as they were at a visit, each with what that visit found of it; `first` was the thread's first."""
    was = replace(known, flags=_until(known.flags, "created_at", at), events=_until(known.events, "seen_at", at))
    result = []
    for row in rows:
        one = was.shown(then(row, known.events.get(row["id"], ()), at))
        found = [event for event in was.events.get(row["id"], ()) if event["seen_at"] == at]
        new = row["first_seen_at"] == at != first
        result.append(replace(one, extra=_marks(was, one, found, new=new)) if found or new else one)
    return result


def _until(rows: Mapping[int, Sequence[Row]], column: str, at: str) -> dict[int, list[Row]]:
    return {number: [row for row in some if row[column] <= at] for number, some in rows.items()}


def _marks(known: Context, one: Shown, events: Sequence[Row], *, new: bool) -> Markup:
    lines = [Markup("<li>new at this visit</li>")] if new else []
    lines += [Markup("<li>{} at this visit</li>").format(history.describe(event)) for event in events]
    edits = [event for event in events if event["kind"] == "edited"]
    texts = [[known.read(one.row["id"], event[side] or "") for side in ("before", "after")] for event in edits]
    diffs = [history.compared(one.chips, before, after) for before, after in texts]
    return Markup('<ul class="note">{}</ul>{}').format(Markup().join(lines), Markup().join(diffs))
