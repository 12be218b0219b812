"""Pages as files: what rows a page shows, all of them in its order, for CSV and JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archive.site import citations, flags, history, queries, rows, thread_history
from archive.site.database import Connection, fetch_all, fetch_row
from archive.site.sending import BATCH, Rows, batches
from archive.site.viewer import Visitor
from archive.site.views import comment, removals, thread
from archive.site.views.flags import as_rows

CODE_COLUMNS = (
    "code", "title", "definition", "namespace", "level", "severity", "blur", "flags",
    "reviewed", "confirmed", "dismissed", "corrected", "disputed",
)  # fmt: skip
REMOVAL_COLUMNS = ("event_id", "removed_before", "removed_after", "confidence", *rows.COLUMNS)


def of_thread(connection: Connection, asked: thread.Asked, visitor: Visitor, base: str) -> Rows | None:
    """All comments of a view of a thread, whatever page of it was asked for."""
    row = fetch_row(connection, queries.THREAD, thread=asked.thread)
    at = thread_history.visit_at(connection, asked.thread, asked.at) if row and asked.at else None
    if row is None or (asked.at and at is None):
        return None
    view = "at" if at else asked.view
    cursor = connection.execute(queries.THREAD_IDS[view], {"thread": asked.thread, "at": at})
    then = (at, row["first_seen_at"]) if at else None
    found = ([one["id"] for one in batch] for batch in batches(cursor))
    about = {
        "thread": about_thread(connection, asked.thread, base),
        "view": asked.view if not at else "order",
        "at": at,
    }
    return Rows(rows.COLUMNS, rows.in_batches(connection, found, visitor, base, then), about, "comments")


def about_thread(connection: Connection, number: int, base: str) -> dict[str, Any]:
    """A thread as it is described beside its comments; of one that is withheld no title and no address."""
    row = fetch_row(connection, queries.THREAD, thread=number)
    assert row is not None
    withheld = thread.withheld(connection, row)
    return {
        "id": number,
        "article": None if withheld else row["title"],
        "article_url": None if withheld else row["article_url"],
        "withheld": withheld,
        "outlet": row["outlet"],
        "published_at": row["published_at"],
        "platform": row["platform"],
        "completeness": row["completeness"],
        "stated_count": row["stated_count"],
        "comment_count": row["comment_count"],
        "first_seen_at": row["first_seen_at"],
        "last_seen_at": row["last_seen_at"],
        "permalink": f"{base}/thread/{number}",
    }


def of_comment(connection: Connection, number: int, visitor: Visitor, base: str) -> dict[str, Any] | None:
    """Everything that the page of a comment shows, as one object."""
    row = fetch_row(connection, queries.COMMENTS_BY_ID, ids=json.dumps([number]))
    if row is None:
        return None
    above, below = comment.ancestors(connection, number), comment.replies(connection, row)
    known = flags.context(connection, [number], visitor)
    shown = known.shown(row)
    withheld = rows.is_withheld(shown)
    cited = comment.cited(connection, row, known)
    return {
        "comment": rows.of(connection, [number], visitor, base)[0],
        "text_sha256": cited.text_sha256,
        "capture_sha256": cited.capture_sha256,
        "captured_at": cited.captured_at,
        "thread": about_thread(connection, row["thread_id"], base),
        "flags": _flags(connection, known, number, hide=withheld),
        "earlier_texts": [] if withheld else [_revision(one) for one in _earlier(connection, known, number)],
        "events": [
            {"seen_at": event["seen_at"], "kind": event["kind"], "confidence": event["confidence"]}
            for event in known.events.get(number, ())
        ],
        "answers": rows.of(connection, [one["id"] for one in above], visitor, base),
        "replies": rows.of(connection, [one["id"] for one in below[: comment.MOST_BELOW]], visitor, base),
        "more_replies": len(below) > comment.MOST_BELOW,
        "citation": dict(citations.styles(cited, base)),
    }


def _earlier(connection: Connection, known: flags.Context, number: int) -> Sequence[Any]:
    return history.revisions(connection, known, [number]).get(number, ())


def _revision(one: Any) -> dict[str, Any]:
    kept = {name: one[name] for name in ("revision", "seen_from", "seen_until")}
    return kept | {"body": rows.readable(one["body"])}


def _flags(connection: Connection, known: flags.Context, number: int, *, hide: bool) -> list[dict[str, Any]]:
    """All that were not withdrawn, as on the page, with the words that they matched."""
    found = fetch_all(connection, queries.COMMENT_FLAGS, comment=number)
    spans = flags.grouped(
        fetch_all(connection, queries.SPANS, ids=json.dumps([flag["id"] for flag in found])), "flag_id"
    )
    names = ("id", "code", "rule", "target", "revision", "status", "created_at")
    return [
        {name: flag[name] for name in names}
        | {"exact": [] if hide else [rows.readable(known.exact(flag, span)) for span in spans.get(flag["id"], ())]}
        for flag in found
    ]


def of_comments(connection: Connection, ids: Sequence[int], visitor: Visitor, base: str, about: Any) -> Rows:
    """Comments whose ids were found by a search, in its order."""
    found = (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
    return Rows(
        rows.COLUMNS,
        rows.in_batches(connection, found, visitor, base),
        {name: value for name, value in about.items() if name != "limited"},
        "comments",
        limited=about["limited"],
    )


def of_removals(connection: Connection, wanted: removals.Asked, visitor: Visitor, base: str) -> Rows:
    """Every removal of an outlet and a month, the latest first, along the index."""
    cursor = connection.execute(queries.EVERY_REMOVAL, {**removals.bounds(wanted), "outlet": wanted.outlet})
    asked = {"outlet_id": wanted.outlet, "month": wanted.month}
    return Rows(REMOVAL_COLUMNS, _removals(connection, cursor, visitor, base), asked, "removals")


def _removals(connection: Connection, cursor: Any, visitor: Visitor, base: str) -> Iterator[list[dict[str, Any]]]:
    for batch in batches(cursor):
        ids = [event["comment_id"] for event in batch]
        found = {row["id"]: row for row in rows.of(connection, ids, visitor, base)}
        yield [
            {
                "event_id": event["id"],
                "removed_before": event["seen_at"],
                "removed_after": found[event["comment_id"]]["last_seen_at"],
                "confidence": event["confidence"],
                **found[event["comment_id"]],
            }
            for event in batch
            if event["comment_id"] in found
        ]


def of_flags(connection: Connection) -> Rows:
    """Every code with its numbers."""
    return Rows(CODE_COLUMNS, [as_rows(connection)], name="codes")


def of_statistic(found: Iterable[tuple[str, str, int]], columns: Sequence[str], name: str) -> Rows:
    every = [dict(zip(columns, one, strict=True)) for one in found]
    return Rows(columns, [every], {"statistic": name})
