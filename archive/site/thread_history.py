"""Tell what changed in a thread: earlier texts, what visits noticed, and the thread as it stood at a visit."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from archive.site import queries
from archive.site.comments import CommentView, NamedRow, TextDifference, fold_reason
from archive.site.database import Connection, Row, fetch_all, fetch_value
from archive.site.excerpts import ComparisonBudget, compare_texts
from archive.site.flags import FlagContext, as_dict, group_by
from archive.site.formatting import day

END_OF_TIME = "9999-12-31T23:59:59Z"
EVENT_TEXTS = {
    "edited": "text changed",
    "removed": "no longer there",
    "restored": "there again",
    "moved": "now in reply to another comment",
    "renamed": "author shown under another name",
    "votes": "votes changed",
    "added": "first seen",
}


def load_revisions(
    connection: Connection, context: FlagContext, ids: Sequence[int]
) -> Mapping[int, Sequence[NamedRow]]:
    """Read the earlier texts of comments by the comment's id, masked."""
    rows = fetch_all(connection, queries.REVISIONS, ids=json.dumps(ids))
    return group_by([context.mask_row(row, row["comment_id"]) for row in rows], "comment_id")


def add_changes(connection: Connection, views: Sequence[CommentView], context: FlagContext) -> list[CommentView]:
    """Add to each comment what visits noticed of it, and what its last edit changed."""
    revisions = load_revisions(connection, context, [view.row["id"] for view in views])
    result, budget = [], ComparisonBudget()
    for view in views:
        number = view.row["id"]
        events = [f"{describe_event(event)} ({day(event['seen_at'])})" for event in context.events.get(number, ())]
        earlier = revisions.get(number, ())
        differences = compare_revisions(view, [(earlier[-1]["body"], view.row["body"])], budget) if earlier else []
        result.append(replace(view, events=events, differences=differences))
    return result


def compare_revisions(
    view: CommentView, texts: Iterable[tuple[str, str]], budget: ComparisonBudget
) -> list[TextDifference]:
    """Compare texts of a comment, before and after; folded or withheld as the comment itself is."""
    if view.row["withheld"]:
        return []
    reason = fold_reason(view.chips)
    return [compare_texts(before, after, reason, budget) for before, after in texts]


def describe_event(event: Row) -> str:
    text = EVENT_TEXTS.get(event["kind"], event["kind"])
    if event["kind"] in ("renamed", "votes", "moved") and (event["before"] or event["after"]):
        before, after = ("nothing" if event[side] is None else event[side][:80] for side in ("before", "after"))
        text += f": {before} → {after}"
    return text if event["confidence"] == "high" else f"{text}, {event['confidence']} confidence"


def find_visit(connection: Connection, thread: int, at: str) -> str | None:
    """Return the time of the last visit at or before a time (a day ends at midnight); None if there was none."""
    stated = at.rstrip("Z")
    visit: str | None = fetch_value(connection, queries.VISIT_AT, thread=thread, at=stated + END_OF_TIME[len(stated) :])
    return visit


def restore_row(row: Row, events: Iterable[Row], at: str) -> dict[str, Any]:
    """Return a comment's row as it was at a visit, by undoing later events. Its position remains today's."""
    result = as_dict(row)
    undone: set[str] = set()
    for event in events:
        if event["seen_at"] <= at:
            continue
        kind = "state" if event["kind"] in ("removed", "restored") else event["kind"]
        result["revision"] -= kind == "edited"
        # Only the first event after the visit says what was there before.
        if kind not in undone:
            undone.add(kind)
            result |= _values_before(kind, event["before"])
    result["last_seen_at"] = min(row["last_seen_at"], at)
    return result


def _values_before(kind: str, value: str | None) -> dict[str, Any]:
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


def restore_views(rows: Sequence[Row], context: FlagContext, at: str, first_visit: str) -> list[CommentView]:
    """Return comments as they were at a visit, with what it noticed of each."""
    then = replace(context, flags=_until(context.flags, "created_at", at), events=_until(context.events, "seen_at", at))
    result, budget = [], ComparisonBudget()
    for row in rows:
        view = then.view(restore_row(row, context.events.get(row["id"], ()), at))
        events = [event for event in then.events.get(row["id"], ()) if event["seen_at"] == at]
        texts = ["new at this visit"] if row["first_seen_at"] == at != first_visit else []
        texts += [f"{describe_event(event)} at this visit" for event in events]
        edits = [
            (then.mask(row["id"], event["before"] or ""), then.mask(row["id"], event["after"] or ""))
            for event in events
            if event["kind"] == "edited"
        ]
        result.append(replace(view, events=texts, differences=compare_revisions(view, edits, budget)))
    return result


def _until(rows: Mapping[int, Sequence[Row]], column: str, at: str) -> dict[int, list[Row]]:
    return {number: [row for row in group if row[column] <= at] for number, group in rows.items()}
