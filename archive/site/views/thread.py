"""Load a thread for its page: article, comments, visits and sources."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archive.site import citations, flags, queries, thread_history, viewer
from archive.site.comments import Chip, RenderedList, list_comments, nest_comments, render_comments, split_body
from archive.site.database import Connection, Row, fetch_all, fetch_row
from archive.site.formatting import count, day, describe_time, moment, number
from archive.site.params import THREAD_PAGE, VIEWS, ThreadParams, thread_files, thread_url
from archive.site.responses import make_card
from archive.site.viewer import Visitor
from archive.store.statistics import THREAD_COUNTS

OPEN_PARAGRAPHS = 2
MAX_ARTICLE = 100_000
SHOWN_VISITS = 8
COMPLETENESS = {
    "full": "Complete at the last visit.",
    "partial": "This thread is incomplete.",
    "unknown": "Completeness unknown.",
}
UNTITLED, WITHHELD_TITLE = "Untitled article", "Withheld by this archive"
WITHHELD_ARTICLE = {"title": WITHHELD_TITLE, "lead": None, "rest": None, "cut": False, "published": None, "url": None}


def load(connection: Connection, params: ThreadParams, visitor: Visitor) -> dict[str, Any] | None:
    """Return what the template needs; None if there is no such thread, visit or page."""
    thread = fetch_row(connection, queries.THREAD, thread=params.thread)
    if thread is None:
        return None
    if params.at is not None:
        params = replace(params, view="order", at=thread_history.find_visit(connection, params.thread, params.at))
        if params.at is None:
            return None
    rows = _rows(connection, params)
    if not rows and params.page > 1:
        return None
    has_more, rows = len(rows) > THREAD_PAGE, rows[:THREAD_PAGE]
    context = flags.load_flags(connection, [row["id"] for row in rows], visitor, with_texts=params.at is not None)
    counts = fetch_row(connection, THREAD_COUNTS, thread=params.thread)
    assert counts is not None
    source = fetch_row(connection, queries.CAPTURE, capture=thread["capture_id"])
    reason = withheld_reason(thread)
    article, summary = _article(thread) if reason is None else WITHHELD_ARTICLE, _summary(counts)
    described = [thread["outlet"], *(text for _, text in summary)]
    return {
        "thread": thread,
        "counts": counts,
        "withheld": reason,
        "article": article,
        "cited": _citation(connection, thread, source, reason),
        "card": make_card(str(article["title"]), described, f"/thread/{thread['id']}"),
        "files": thread_files(params),
        "summary": summary,
        "comments": render_comments(_comments(connection, params, thread, rows, context), visitor.tables),
        "at": params.at,
        "chips": _chips(connection, thread, context.codes),
        "labels": [] if reason else flags.load_labels(connection, "thread", thread["id"]),
        "article_labels": [] if reason else flags.load_labels(connection, "article", thread["article_id"]),
        "completeness": COMPLETENESS.get(thread["completeness"], thread["completeness"]),
        "visits": _visits(params, thread, fetch_all(connection, queries.VISITS, thread=params.thread)),
        "tools": _tools(params, counts),
        "pages": _pages(params, thread, has_more=has_more),
        "source": source if reason is None else None,
    }


def _rows(connection: Connection, params: ThreadParams) -> list[Row]:
    """Read the comments of a page, and one more, which tells whether there is another page."""
    return fetch_all(
        connection,
        queries.COMMENTS["at" if params.at else params.view],
        thread=params.thread,
        size=THREAD_PAGE + 1,
        skip=(params.page - 1) * THREAD_PAGE,
        **({"at": params.at} if params.at else {}),
    )


def withheld_reason(thread: Row) -> str | None:
    """Return the reason for which a thread or its article is withheld; None if neither is."""
    reason: str | None = thread["withheld"] or thread["article_withheld"]
    return reason


def load_citation(connection: Connection, thread_id: int) -> citations.Cited | None:
    thread = fetch_row(connection, queries.THREAD, thread=thread_id)
    if thread is None:
        return None
    source = fetch_row(connection, queries.CAPTURE, capture=thread["capture_id"])
    return _citation(connection, thread, source, withheld_reason(thread))


def _citation(connection: Connection, thread: Row, source: Row | None, reason: str | None) -> citations.Cited:
    return citations.Cited(
        "thread",
        thread["id"],
        viewer.citation_name(connection),
        title=thread["title"] if reason is None else None,
        outlet=thread["outlet"],
        source_url=thread["article_url"] if reason is None else None,
        posted_at=thread["published_at"],
        precision=thread["published_precision"],
        captured_at=(source["fetched_at"] if source else None) or thread["last_seen_at"],
        capture_sha256=source["sha256"] if source else None,
        withheld=reason is not None,
    )


def _comments(
    connection: Connection, params: ThreadParams, thread: Row, rows: Sequence[Row], context: flags.FlagContext
) -> RenderedList | None:
    by_id: dict[int, Row] = {row["id"]: row for row in rows}
    missing = {row["parent_id"] for row in rows if row["parent_id"]} - by_id.keys()
    others = fetch_all(connection, queries.NAMES_BY_ID, ids=json.dumps(sorted(missing))) if missing else []
    parents = by_id | {row["id"]: row for row in others}
    if params.at is not None:
        views = thread_history.restore_views(rows, context, params.at, thread["first_seen_at"])
        return nest_comments(views, parents)
    views = [context.view(row) for row in rows]
    if params.view == "order":
        return nest_comments(views, parents)
    if params.view == "changed":
        views = thread_history.add_changes(connection, views, context)
    return list_comments(views, parents)


def _article(thread: Row) -> dict[str, Any]:
    text = thread["article_body"][:MAX_ARTICLE]
    paragraphs = [part for part in re.split(r"\n[ \t\r]*\n\s*", text) if part.strip()]
    language = thread["language"] or ""
    at, at_text = thread["published_at"], thread["published_at_text"]
    return {
        "title": thread["title"] or UNTITLED,
        "lead": split_body("\n\n".join(paragraphs[:OPEN_PARAGRAPHS])),
        # Each by itself: the limit of a text is that of a paragraph here.
        "rest": [split_body(paragraph) for paragraph in paragraphs[OPEN_PARAGRAPHS:]],
        "paragraphs": len(paragraphs),
        "cut": len(text) < len(thread["article_body"]),
        "published": describe_time(at, at_text, thread["published_precision"]) if at or at_text else None,
        "language": language if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language) else None,
        "url": thread["article_url"],
    }


def _summary(counts: Row) -> list[tuple[str, str]]:
    """Return what is counted, by its name in THREAD_COUNTS, and in words."""
    parts = [("stored", describe_stored(counts["stored"], counts["stated"], counts["gone"]))]
    parts += [("unknown", f"{number(counts['unknown'])} by unknown authors")] if counts["unknown"] else []
    if counts["gone"] and not _tells_gone(counts["stored"], counts["stated"], counts["gone"]):
        parts.append(("gone", f"{number(counts['gone'])} no longer on the site"))
    if counts["flags"]:
        parts.append(("flags", count(counts["flags"], "flag")))
        parts.append(("flagged", f"{count(counts['flagged'], 'comment')} flagged"))
    return parts


def _tells_gone(stored: int, stated: int | None, gone: int) -> bool:
    """Whether more are stored than a source states because it no longer shows them all."""
    return stated is not None and stored - gone <= stated < stored


def describe_stored(stored: int, stated: int | None, gone: int = 0) -> str:
    """Say how many comments are stored, of how many that the source states, and how many of them it no longer shows.

    More may be: what is gone from a site is still stored, and not every site counts all."""
    if stated is None:
        return f"{stored:,} comment{'' if stored == 1 else 's'}"
    if stored <= stated:
        return f"{stored:,} of {stated:,} comment{'' if stated == 1 else 's'}"
    if _tells_gone(stored, stated, gone):
        return f"{stored:,} comments: {stored - gone:,} of the {stated:,} on the site, and {gone:,} no longer there"
    return f"{stored:,} comment{'' if stored == 1 else 's'}, where the source states {stated:,}"


def _chips(connection: Connection, thread: Row, codes: flags.Codes) -> list[Chip]:
    rows = fetch_all(connection, queries.THREAD_FLAGS, thread=thread["id"], article=thread["article_id"])
    verdicts = flags.load_verdicts(connection, [row for row in rows if row["status"] != "unreviewed"])
    context = flags.FlagContext(codes, verdicts=verdicts)
    by_code = {row["code"]: flags.describe_flag(row, codes, context.count_reviewers(row)) for row in rows}
    return list(by_code.values())


def _visits(params: ThreadParams, thread: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the first visit and the last that noticed something, each with the thread as it stood then."""
    events: dict[str, Counter[str]] = {}
    for row in rows:
        events.setdefault(row["seen_at"], Counter())[row["kind"]] += row["events"]
    points = [
        (at, ", ".join(f"{number(kinds[kind])} {kind}" for kind in sorted(kinds)), kinds["removed"] > 0)
        for at, kinds in list(events.items())[-SHOWN_VISITS:]
    ]
    points.insert(0, (thread["first_seen_at"], "first seen", False))
    if thread["last_seen_at"] not in events and thread["last_seen_at"] != thread["first_seen_at"]:
        points.append((thread["last_seen_at"], "nothing new", False))
    return {
        "points": [
            {
                "time": moment(at),
                "day": day(at),
                "text": text,
                "lost": lost,
                "url": None if at == params.at else thread_url(ThreadParams(params.thread, at=at)),
            }
            for at, text, lost in points
        ],
        "now": thread_url(ThreadParams(params.thread)),
    }


def _tools(params: ThreadParams, counts: Row) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "count": view if view in counts.keys() else None,  # noqa: SIM118  # a row iterates over its values
            "href": None if view == params.view and not params.at else thread_url(ThreadParams(params.thread, view)),
        }
        for view, label in VIEWS.items()
    ]


def _pages(params: ThreadParams, thread: Row, *, has_more: bool) -> dict[str, Any] | None:
    if params.page == 1 and not has_more:
        return None
    # The other views have no stored count of their comments.
    is_counted = params.view in ("order", "newest") and not params.at
    return {
        "page": params.page,
        "last": -(-thread["comment_count"] // THREAD_PAGE) if is_counted else None,
        "before": thread_url(replace(params, page=params.page - 1)) if params.page > 1 else None,
        "after": thread_url(replace(params, page=params.page + 1)) if has_more else None,
    }
