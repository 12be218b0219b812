"""Load a comment for its page: what it replies to, its replies, earlier texts, flags and source."""

import json
from itertools import takewhile
from typing import Any

from archive.site import citations, flags, queries, thread_history, viewer
from archive.site.comments import author_name, list_comments, nest_comments, render_comments
from archive.site.database import Connection, Row, fetch_all, fetch_row, fetch_value
from archive.site.excerpts import ComparisonBudget
from archive.site.formatting import between, moment
from archive.site.params import THREAD_PAGE, ThreadParams, thread_url
from archive.site.responses import Card, make_card
from archive.site.viewer import Visitor
from archive.site.views import thread

MAX_ANCESTORS = 30
MAX_REPLIES = 200


def load(connection: Connection, comment_id: int, visitor: Visitor) -> dict[str, Any] | None:
    """Return what the template needs; None if there is no such comment."""
    row = load_row(connection, comment_id)
    if row is None:
        return None
    above, below = load_ancestors(connection, comment_id), load_replies(connection, row)
    context = flags.load_flags(connection, [other["id"] for other in (*above, row, *below)], visitor)
    source = fetch_row(connection, queries.COMMENT_SOURCE, comment=comment_id)
    thread_row = fetch_row(connection, queries.THREAD, thread=row["thread_id"])
    assert thread_row is not None
    reason = thread.withheld_reason(thread_row)
    cited = describe_citation(connection, row, context)
    events = context.events.get(comment_id, ())
    replies = [context.view(other) for other in below[:MAX_REPLIES]]
    answered = {above[-1]["id"]: above[-1]} if above else {}
    return {
        "row": row,
        "name": author_name(row),
        "thread": thread_row,
        "title": (thread_row["title"] or thread.UNTITLED) if reason is None else thread.WITHHELD_TITLE,
        "withheld": row["withheld"],
        "cited": cited,
        "card": _card(row, cited),
        "thread_url": _thread_url(connection, row),
        "above": render_comments(nest_comments(list(map(context.view, above)), {}), visitor.tables),
        "more_above": bool(above and above[0]["parent_id"]),
        "comment": render_comments(list_comments([context.view(row)], answered), visitor.tables),
        "below": render_comments(nest_comments(replies, {row["id"]: row}), visitor.tables),
        "replies": len(below),
        "more_below": len(below) > MAX_REPLIES,
        "flags": flags.list_comment_flags(connection, row, context, visitor),
        "codes": flags.list_choices(context.codes) if visitor.judges else [],
        "revisions": _revisions(connection, context, row),
        "events": [(moment(e["seen_at"]), thread_history.describe_event(e)) for e in events],
        "comment_source": source,
        "url": source["url"] if source and not cited.withheld else None,
        "source": _capture(connection, source["capture_id"]) if source and reason is None else None,
    }


def load_row(connection: Connection, comment_id: int) -> Row | None:
    return fetch_row(connection, queries.COMMENTS_BY_ID, ids=json.dumps([comment_id]))


def _capture(connection: Connection, capture_id: int | None) -> Row | None:
    return fetch_row(connection, queries.CAPTURE, capture=capture_id)


def describe_citation(connection: Connection, row: Row, context: flags.FlagContext) -> citations.Cited:
    """Return what a citation says; of a withheld comment neither its author nor a hash of its text.

    A masked text has no hash here either: the few digits that it hides could be tried until it fits.
    """
    thread_row = fetch_row(connection, queries.THREAD, thread=row["thread_id"])
    source = fetch_row(connection, queries.COMMENT_SOURCE, comment=row["id"])
    assert thread_row is not None
    assert source is not None
    capture = _capture(connection, source["capture_id"])
    withheld = bool(row["withheld"])
    thread_withheld = thread.withheld_reason(thread_row) is not None
    return citations.Cited(
        "comment",
        row["id"],
        viewer.citation_name(connection),
        author=None if withheld or row["commenter_id"] is None else author_name(row),
        title=None if thread_withheld else thread_row["title"],
        outlet=thread_row["outlet"],
        source_url=None if withheld or thread_withheld else source["url"] or thread_row["article_url"],
        posted_at=row["posted_at"],
        precision=row["posted_precision"],
        revision=row["revision"],
        captured_at=(capture["fetched_at"] if capture else None) or row["last_seen_at"],
        text_sha256=None if withheld or row["id"] in context.hidden else source["body_sha256"],
        capture_sha256=capture["sha256"] if capture else None,
        withheld=withheld or thread_withheld,
    )


def load_citation(connection: Connection, comment_id: int, visitor: Visitor) -> citations.Cited | None:
    row = load_row(connection, comment_id)
    if row is None:
        return None
    return describe_citation(connection, row, flags.load_flags(connection, [comment_id], visitor))


def _card(row: Row, cited: citations.Cited) -> Card:
    under = None if cited.withheld else f"under “{cited.title or thread.UNTITLED}”"
    when = moment(row["posted_at"], row["posted_precision"]) if row["posted_at"] else None
    return make_card(f"Comment #{row['id']}", [under, cited.outlet, when], f"/comment/{row['id']}")


def load_ancestors(connection: Connection, comment_id: int, limit: int = MAX_ANCESTORS) -> list[Row]:
    """Return the comments above a comment, from the outermost to its parent."""
    ids = [row["id"] for row in fetch_all(connection, queries.ANCESTORS, comment=comment_id, limit=limit)]
    rows = {row["id"]: row for row in fetch_all(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    return [rows[number] for number in ids if number in rows]


def load_replies(connection: Connection, row: Row, limit: int = MAX_REPLIES) -> list[Row]:
    """Return replies and their replies: in document order they follow, deeper than the comment itself."""
    following = fetch_all(
        connection, queries.FOLLOWING, thread=row["thread_id"], position=row["position"], limit=limit + 1
    )
    return list(takewhile(lambda other: other["depth"] > row["depth"], following))


def _thread_url(connection: Connection, row: Row) -> str:
    before = fetch_value(connection, queries.COMMENTS_BEFORE, thread=row["thread_id"], position=row["position"])
    return thread_url(ThreadParams(row["thread_id"], page=before // THREAD_PAGE + 1)) + f"#c{row['id']}"


def _revisions(connection: Connection, context: flags.FlagContext, row: Row) -> list[dict[str, Any]]:
    """Return every earlier text, newest first, as what the next one changed of it."""
    view = context.view(row)
    earlier = list(thread_history.load_revisions(connection, context, [row["id"]]).get(row["id"], ()))
    texts = [*(revision["body"] for revision in earlier), view.row["body"]]
    entries, budget = [], ComparisonBudget()
    for number, revision in enumerate(earlier):
        differences = thread_history.compare_revisions(view, [(texts[number], texts[number + 1])], budget)
        source = None if revision["capture_id"] is None else _capture(connection, revision["capture_id"])
        seen = f"seen {between(revision['seen_from'], revision['seen_until'])}"
        entries.append({"seen": seen, "differences": differences, "source": source})
    return entries[::-1]
