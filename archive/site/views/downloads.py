"""Load pages as files: the rows of a page, all of them in its order, masked as there, without what is withheld."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archive.export.rows import batches
from archive.site import citations, flags, queries, thread_history
from archive.site.comments import MASKED, CommentView, NamedRow
from archive.site.database import Connection, Row, fetch_all, fetch_row
from archive.site.params import RemovalParams, SearchParams, ThreadParams
from archive.site.row_streams import BATCH, Rows
from archive.site.viewer import Visitor
from archive.site.views import comment, removals, search, thread
from archive.site.views.flags import list_codes
from archive.text.span_masking import MASK

COMMENT_COLUMNS = (
    "id", "thread_id", "outlet", "article", "parent_id", "position", "depth", "author", "posted_at",
    "posted_precision", "posted_at_text", "body", "masked", "withheld", "state", "codes", "revision", "likes",
    "dislikes", "first_seen_at", "last_seen_at", "permalink",
)  # fmt: skip
CODE_COLUMNS = (
    "code", "title", "definition", "namespace", "level", "severity", "blur", "flags",
    "reviewed", "confirmed", "dismissed", "corrected", "disputed",
)  # fmt: skip
REMOVAL_COLUMNS = ("event_id", "removed_before", "removed_after", "confidence", *COMMENT_COLUMNS)
THREAD_COLUMNS = (
    "outlet", "published_at", "platform", "completeness", "stated_count", "comment_count", "first_seen_at",
    "last_seen_at",
)  # fmt: skip
FLAG_COLUMNS = ("id", "code", "rule", "target", "revision", "status", "created_at")

Batch = list[dict[str, Any]]


def thread_rows(connection: Connection, params: ThreadParams, visitor: Visitor, base: str) -> Rows | None:
    """Return all comments of a view of a thread, whatever its page; None if there is no such thread or visit."""
    row = fetch_row(connection, queries.THREAD, thread=params.thread)
    at = thread_history.find_visit(connection, params.thread, params.at) if row and params.at else None
    if row is None or (params.at and at is None):
        return None
    cursor = connection.execute(queries.THREAD_IDS["at" if at else params.view], {"thread": params.thread, "at": at})
    visits = (at, row["first_seen_at"]) if at else None
    comments = (
        comment_batch(connection, [comment["id"] for comment in batch], visitor, base, visits)
        for batch in batches(cursor, BATCH)
    )
    about = {
        "thread": describe_thread(row, base),
        "view": "order" if at else params.view,
        "at": at,
    }
    return Rows(COMMENT_COLUMNS, comments, about, "comments")


def describe_thread(row: Row, base: str) -> dict[str, Any]:
    """Return what a file says of a thread; of a withheld one neither title nor address."""
    reason = thread.withheld_reason(row)
    return {
        "id": row["id"],
        "article": None if reason else row["title"],
        "article_url": None if reason else row["article_url"],
        "withheld": reason,
        **{name: row[name] for name in THREAD_COLUMNS},
        "permalink": f"{base}/thread/{row['id']}",
    }


def comment_batch(
    connection: Connection, ids: Sequence[int], visitor: Visitor, base: str, visits: tuple[str, str] | None = None
) -> Batch:
    """Return the comments with these ids, in their order; as they were at a visit, if that and the first are given."""
    by_id = {row["id"]: row for row in fetch_all(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    stored = [by_id[number] for number in ids if number in by_id]
    context = flags.load_flags(connection, list(by_id), visitor, with_texts=visits is not None)
    views = thread_history.restore_views(stored, context, *visits) if visits else [context.view(row) for row in stored]
    ids_of_threads = json.dumps(sorted({row["thread_id"] for row in stored}))
    threads = {row["id"]: row for row in fetch_all(connection, queries.THREAD_TITLES, ids=ids_of_threads)}
    return [
        _comment_row(view, threads[view.row["thread_id"]], base, masked=view.row["id"] in context.hidden)
        for view in views
    ]


def _comment_row(view: CommentView, thread_row: Row, base: str, *, masked: bool) -> dict[str, Any]:
    row = view.row
    withheld = bool(row["withheld"])
    values = {
        "outlet": thread_row["outlet"],
        "article": thread_row["title"],
        "author": None if withheld or row["commenter_id"] is None else row["author"],
        "body": "" if withheld else _readable(row["body"]),
        "masked": int(masked),
        "withheld": int(withheld),
        "codes": [chip.code for chip in view.chips],
        "permalink": f"{base}/comment/{row['id']}",
    }
    return {name: values[name] if name in values else row[name] for name in COMMENT_COLUMNS}


def _readable(text: str) -> str:
    """Return a masked text as other programs can read it."""
    return text.replace(MASKED, MASK)


def comment_page(connection: Connection, comment_id: int, visitor: Visitor, base: str) -> dict[str, Any] | None:
    """Return everything that the page of a comment shows, as one object; None if there is no such comment."""
    row = comment.load_row(connection, comment_id)
    if row is None:
        return None
    above, below = comment.load_ancestors(connection, comment_id), comment.load_replies(connection, row)
    thread_row = fetch_row(connection, queries.THREAD, thread=row["thread_id"])
    assert thread_row is not None
    context = flags.load_flags(connection, [comment_id], visitor)
    cited = comment.describe_citation(connection, row, context)
    replies = [reply["id"] for reply in below[: comment.MAX_REPLIES]]
    return {
        "comment": comment_batch(connection, [comment_id], visitor, base)[0],
        "text_sha256": cited.text_sha256,
        "capture_sha256": cited.capture_sha256,
        "captured_at": cited.captured_at,
        "thread": describe_thread(thread_row, base),
        "flags": _comment_flags(connection, row, context),
        "earlier_texts": [] if row["withheld"] else _earlier_texts(connection, context, comment_id),
        "events": [
            {"seen_at": event["seen_at"], "kind": event["kind"], "confidence": event["confidence"]}
            for event in context.events.get(comment_id, ())
        ],
        "answers": comment_batch(connection, [parent["id"] for parent in above], visitor, base),
        "replies": comment_batch(connection, replies, visitor, base),
        "more_replies": len(below) > comment.MAX_REPLIES,
        "citation": dict(citations.format_styles(cited, base)),
    }


def _earlier_texts(connection: Connection, context: flags.FlagContext, comment_id: int) -> list[dict[str, Any]]:
    revisions = thread_history.load_revisions(connection, context, [comment_id]).get(comment_id, ())
    return [
        {name: revision[name] for name in ("revision", "seen_from", "seen_until")}
        | {"body": _readable(revision["body"])}
        for revision in revisions
    ]


def _comment_flags(connection: Connection, row: NamedRow, context: flags.FlagContext) -> list[dict[str, Any]]:
    """Return the flags that were not withdrawn, with the words that they matched."""
    rows = fetch_all(connection, queries.COMMENT_FLAGS, comment=row["id"])
    spans = {} if row["withheld"] else flags.load_spans(connection, rows)
    return [
        {name: flag[name] for name in FLAG_COLUMNS}
        | {"exact": [_readable(context.matched_text(flag, span)) for span in spans.get(flag["id"], ())]}
        for flag in rows
    ]


def comment_rows(connection: Connection, ids: Sequence[int], visitor: Visitor, base: str, about: Any) -> Rows:
    """Return the comments that a search matched, in its order."""
    comments = (
        comment_batch(connection, ids[start : start + BATCH], visitor, base) for start in range(0, len(ids), BATCH)
    )
    facts = {name: value for name, value in about.items() if name != "limited"}
    return Rows(COMMENT_COLUMNS, comments, facts, "comments", limited=about["limited"])


def removal_rows(connection: Connection, params: RemovalParams, visitor: Visitor, base: str) -> Rows:
    """Return every removal of an outlet and a month, the latest first."""
    values = {**removals.month_bounds(params), "outlet": params.outlet}
    cursor = connection.execute(queries.EVERY_REMOVAL, values)
    about = {"outlet_id": params.outlet, "month": params.month}
    return Rows(REMOVAL_COLUMNS, _removal_batches(connection, cursor, visitor, base), about, "removals")


def _removal_batches(connection: Connection, cursor: Any, visitor: Visitor, base: str) -> Iterator[Batch]:
    for events in batches(cursor, BATCH):
        comments = comment_batch(connection, [event["comment_id"] for event in events], visitor, base)
        by_id = {row["id"]: row for row in comments}
        yield [
            {
                "event_id": event["id"],
                "removed_before": event["seen_at"],
                # One that came back was last seen after it had gone.
                "removed_after": row["last_seen_at"] if row["last_seen_at"] < event["seen_at"] else None,
                "confidence": event["confidence"],
                **row,
            }
            for event in events
            if (row := by_id.get(event["comment_id"])) is not None
        ]


def code_rows(connection: Connection) -> Rows:
    return Rows(CODE_COLUMNS, [list_codes(connection)], name="codes")


def statistic_rows(values: Iterable[tuple[str, str, int]], columns: Sequence[str], name: str) -> Rows:
    rows = [dict(zip(columns, row, strict=True)) for row in values]
    return Rows(columns, [rows], {"statistic": name})


def search_rows(connection: Connection, params: SearchParams, visitor: Visitor, base: str) -> Rows:
    """Return all comments that a search finds, in its order."""
    ids, about = search.load_ids(connection, params)
    return comment_rows(connection, ids, visitor, base, about)


def comment_json(connection: Connection, comment_id: int, visitor: Visitor, base: str) -> str | None:
    page = comment_page(connection, comment_id, visitor, base)
    return None if page is None else json.dumps(page)


def bibtex(connection: Connection, key: tuple[str, int], visitor: Visitor, base: str) -> str | None:
    """Return the citation of a comment or thread, by kind and number, for BibTeX."""
    kind, number = key
    if kind == "thread":
        cited = thread.load_citation(connection, number)
    else:
        cited = comment.load_citation(connection, number, visitor)
    return citations.bibtex(cited, base) if cited else None
