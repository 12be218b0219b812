"""Load the removals: how many by month and outlet, how sure they are, and the comments themselves."""

import json
from dataclasses import replace
from typing import Any

from archive.site import flags, queries, thread_history
from archive.site.comments import RenderedList, ThreadNote, list_comments, render_comments
from archive.site.database import Connection, Row, fetch_all
from archive.site.formatting import between, month, number
from archive.site.params import RemovalParams, removal_files
from archive.site.viewer import Visitor
from archive.site.views.thread import UNTITLED

MAX_COUNTED = 20_000
PAGE_SIZE = 50


def month_bounds(params: RemovalParams) -> dict[str, Any]:
    """Return the times between which the removals were noticed; "~" sorts after every day of a month."""
    return {"first": params.month or "", "last": f"{params.month}~" if params.month else "9999-99"}


def load(connection: Connection, params: RemovalParams, visitor: Visitor) -> dict[str, Any]:
    """Return what the template needs."""
    bounds = {**month_bounds(params), "limit": MAX_COUNTED}
    sums = fetch_all(connection, queries.REMOVAL_SUMS, **bounds)
    read = MAX_COUNTED if params.outlet is not None else PAGE_SIZE  # of all outlets the newest are those that are shown
    rows = fetch_all(connection, queries.REMOVED, **bounds | {"limit": read}, outlet=params.outlet, size=PAGE_SIZE)
    outlet = next((row["outlet"] for row in sums if row["outlet_id"] == params.outlet), None) or "this outlet"
    return {
        "sums": [_describe_sum(row, params) for row in sums],
        "cut": sum(row["removals"] for row in sums) >= MAX_COUNTED,
        "limit": MAX_COUNTED,
        "month": month(params.month) if params.month else None,
        "outlet": None if params.outlet is None else outlet,
        "comments": render_comments(_comments(connection, rows, visitor), visitor.tables),
        "shown": len(rows),
        "more": len(rows) == PAGE_SIZE,
        "files": removal_files(params),
    }


def _describe_sum(row: Row, params: RemovalParams) -> dict[str, Any]:
    url = f"/removals?month={row['month']}" + (f"&outlet={row['outlet_id']}" if row["outlet_id"] is not None else "")
    is_here = params == RemovalParams(row["outlet_id"], row["month"])
    levels = [level for level in ("high", "medium", "low") if row[level]]
    counts = [f"{number(row[level])} {level}" for level in levels]
    confidence = f"{levels[0]} confidence" if len(levels) == 1 else f"confidence: {', '.join(counts)}"
    return {"month": month(row["month"]), "row": row, "url": None if is_here else url, "confidence": confidence}


def _comments(connection: Connection, removals: list[Row], visitor: Visitor) -> RenderedList | None:
    ids = [removal["comment_id"] for removal in removals]
    rows = {row["id"]: row for row in fetch_all(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    context = flags.load_flags(connection, list(rows), visitor)
    views = [
        replace(context.view(rows[removal["comment_id"]]), thread_note=_note(removal))
        for removal in removals
        if removal["comment_id"] in rows
    ]
    return list_comments(views, {})


def _note(removal: Row) -> ThreadNote:
    when = between(removal["last_seen_at"], removal["seen_at"])
    text = f"{thread_history.EVENT_TEXTS['removed']}, {when}; confidence {removal['confidence']}."
    url = f"/thread/{removal['thread_id']}?at={removal['seen_at']}#c{removal['comment_id']}"
    return ThreadNote(text, url, removal["title"] or UNTITLED, removal["outlet"])
