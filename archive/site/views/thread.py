"""A thread as a page shows it: read in one go, with everything that its template needs."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from archive.site import chart, citations, comment_html, flags, history, html, published, queries, thread_history
from archive.site.card import Card, card
from archive.site.database import Connection, Row, fetch_all, fetch_row
from archive.site.formatting import count, day, moment, number
from archive.site.viewer import Visitor

SIZE = 500
SHOWN_PARAGRAPHS = 2
LONGEST_ARTICLE = 100_000
VIEWS = {"order": "In page order", "newest": "Newest first", "flagged": "Only flagged", "changed": "What changed"}
COMPLETENESS = {
    "full": "Complete at the last visit.",
    "partial": "This thread is incomplete.",
    "unknown": "Nothing says whether this is the whole thread.",
}


NO_ARTICLE = {
    "title": "Withheld by this archive",
    "lead": "",
    "rest": "",
    "cut": False,
    "published": None,
    "link": None,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of which thread; as it stood at the last visit up to `at`, where that is asked."""

    thread: int
    view: str = "order"
    page: int = 1
    at: str | None = None


def load(connection: Connection, asked: Asked, visitor: Visitor) -> dict[str, Any] | None:
    """What the template needs; None where there is no such thread or page."""
    thread = fetch_row(connection, queries.THREAD, thread=asked.thread)
    if thread is None:
        return None
    if asked.at is not None:
        asked = replace(asked, view="order", at=thread_history.visit_at(connection, asked.thread, asked.at))
        if asked.at is None:
            return None
    rows = fetch_all(
        connection,
        queries.COMMENTS[asked.view if asked.at is None else "at"],
        thread=asked.thread,
        size=SIZE + 1,
        skip=(asked.page - 1) * SIZE,
        **({} if asked.at is None else {"at": asked.at}),
    )
    if not rows and asked.page > 1:
        return None
    known = flags.context(connection, [row["id"] for row in rows[:SIZE]], visitor)
    visits = fetch_all(connection, queries.VISITS, thread=asked.thread)
    sums = fetch_row(connection, queries.THREAD_SUMS, thread=asked.thread)
    source = fetch_row(connection, queries.CAPTURE, capture=thread["capture_id"])
    reason = withheld(connection, thread)
    return {
        "thread": thread,
        "withheld": reason,
        "article": _article(thread) if reason is None else NO_ARTICLE,
        "cited": _cited(connection, thread, source, reason),
        "card": _card(thread, sums, reason),
        "files": files(asked),
        "summary": _summary(thread, sums),
        "comments": _comments(connection, asked, thread, rows[:SIZE], known, visitor.base),
        "at": asked.at,
        "shown": len(rows[:SIZE]),
        "chips": _chips(connection, thread, known.codes),
        "completeness": COMPLETENESS.get(thread["completeness"], thread["completeness"]),
        "meter": chart.meter(thread["comment_count"], thread["stated_count"]),
        "visits": _visits(asked, thread, visits) | _looks(connection, asked),
        "tools": _tools(asked, sums, visits),
        "pages": _pages(asked, thread, more=len(rows) > SIZE),
        "source": source if reason is None else None,
    }


def withheld(connection: Connection, thread: Row) -> str | None:
    """The reason for which this archive withholds a thread or its article; None where it does not."""
    rows = fetch_all(connection, queries.THREAD_FLAGS, thread=thread["id"], article=thread["article_id"])
    return next((str(row["rule"]) for row in rows if row["code"] == queries.WITHHELD), None)


def cite(connection: Connection, number: int) -> citations.Cited | None:
    """What a citation of a thread says; None where there is no such thread."""
    row = fetch_row(connection, queries.THREAD, thread=number)
    if row is None:
        return None
    source = fetch_row(connection, queries.CAPTURE, capture=row["capture_id"])
    return _cited(connection, row, source, withheld(connection, row))


def _cited(connection: Connection, thread: Row, source: Row | None, reason: str | None) -> citations.Cited:
    return citations.Cited(
        "thread",
        thread["id"],
        published.cited_as(connection),
        title=thread["title"] if reason is None else None,
        outlet=thread["outlet"],
        posted_at=thread["published_at"],
        precision=thread["published_precision"],
        captured_at=(source["fetched_at"] if source else None) or thread["last_seen_at"],
        capture_sha256=source["sha256"] if source else None,
        withheld=reason is not None,
    )


def _card(thread: Row, sums: Row | None, reason: str | None) -> Card:
    title = (thread["title"] or "Untitled article") if reason is None else "Withheld by this archive"
    return card(title, [thread["outlet"], _summary(thread, sums)], f"/thread/{thread['id']}")


def files(asked: Asked) -> list[tuple[str, str]]:
    """Where a view is as CSV and JSON: all of its pages."""
    path, _, query = address(replace(asked, page=1)).partition("?")
    return [(kind.upper(), f"{path}.{kind}" + (f"?{query}" if query else "")) for kind in ("csv", "json")]


def _comments(
    connection: Connection, asked: Asked, thread: Row, rows: Sequence[Row], known: flags.Context, base: str
) -> Markup:
    parents = _parents(connection, rows)
    if asked.at is not None:
        return comment_html.nested(thread_history.shown(rows, known, asked.at, thread["first_seen_at"]), parents, base)
    shown = [known.shown(row) for row in rows]
    if asked.view == "order":
        return comment_html.nested(shown, parents, base)
    if asked.view == "changed":
        earlier = history.revisions(connection, known, [row["id"] for row in rows])
        shown = [
            replace(one, extra=history.changes(one, earlier, known.events.get(one.row["id"], ()))) for one in shown
        ]
    return comment_html.flat(shown, parents, base)


def _parents(connection: Connection, rows: Sequence[Row]) -> dict[int, Row]:
    here: dict[int, Row] = {row["id"]: row for row in rows}
    missing = {row["parent_id"] for row in rows if row["parent_id"]} - here.keys()
    found = fetch_all(connection, queries.NAMES_BY_ID, ids=json.dumps(sorted(missing))) if missing else []
    return here | {row["id"]: row for row in found}


def _article(thread: Row) -> dict[str, Any]:
    text = thread["article_body"][:LONGEST_ARTICLE]
    paragraphs = [part for part in re.split(r"\n[ \t\r]*\n\s*", text) if part.strip()]
    language = thread["language"] or ""
    return {
        "title": thread["title"] or "Untitled article",
        "lead": html.body("\n\n".join(paragraphs[:SHOWN_PARAGRAPHS])),
        "rest": Markup().join(map(html.body, paragraphs[SHOWN_PARAGRAPHS:])),
        "paragraphs": len(paragraphs),
        "cut": len(text) < len(thread["article_body"]),
        "published": html.when(thread["published_at"], thread["published_at_text"], thread["published_precision"])
        if thread["published_at"] or thread["published_at_text"]
        else None,
        "language": language if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language) else None,
        "link": html.outward(thread["article_url"], thread["article_url"]),
    }


def _summary(thread: Row, sums: Row | None) -> str:
    stored, stated = thread["comment_count"], thread["stated_count"]
    parts = [f"{number(stored)} of {count(stated, 'comment')}" if stated is not None else count(stored, "comment")]
    if sums and sums["unknown"]:
        parts.append(f"{number(sums['unknown'])} by unknown authors")
    if sums and sums["gone"]:
        parts.append(f"{number(sums['gone'])} no longer on the site")
    if thread["flag_count"]:
        parts.append(count(thread["flag_count"], "flag"))
    return " · ".join(parts)


def _chips(connection: Connection, thread: Row, codes: flags.Codes) -> Markup:
    rows = fetch_all(connection, queries.THREAD_FLAGS, thread=thread["id"], article=thread["article_id"])
    known = flags.verdicts(connection, [row for row in rows if row["status"] != "unreviewed"])
    counting = flags.Context(codes, verdicts=known)
    return html.chips({row["code"]: flags.chip(row, codes, counting.reviewers(row)) for row in rows}.values())


def _looks(connection: Connection, asked: Asked) -> dict[str, Any]:
    """How often the thread was looked at."""
    found = fetch_row(connection, queries.VISIT_SUMS, thread=asked.thread)
    return {"made": found["visits"] if found else 0, "failed": (found["failed"] if found else 0) or 0}


def _visits(asked: Asked, thread: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """What each visit found; the last eight that found something, and where the thread can be seen as it stood then."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(row["seen_at"], Counter())[row["kind"]] += row["found"]
    points = [(at, _found(kinds), kinds["removed"] > 0) for at, kinds in list(found.items())[-8:]]
    points.insert(0, (thread["first_seen_at"], "first seen", False))
    if thread["last_seen_at"] not in found and thread["last_seen_at"] != thread["first_seen_at"]:
        points.append((thread["last_seen_at"], "nothing new", False))
    links = [None if at == asked.at else address(Asked(asked.thread, at=at)) for at, _, _ in points]
    return {
        "points": [(moment(at), said, link) for (at, said, _), link in zip(points, links, strict=True)],
        "chart": chart.visits([(day(at), said, lost) for at, said, lost in points]),
        "now": address(Asked(asked.thread)),
    }


def _found(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{number(kinds[kind])} {kind}" for kind in sorted(kinds))


def _tools(asked: Asked, sums: Row | None, visits: Sequence[Row]) -> list[dict[str, Any]]:
    changed = sum(row["found"] for row in visits if row["kind"] != "added")
    counts = {"flagged": (sums["flagged"] if sums else 0) or 0, "changed": changed}
    return [
        {
            "label": label + (f" ({number(counts[view])})" if view in counts else ""),
            "href": None if view == asked.view and asked.at is None else address(Asked(asked.thread, view)),
        }
        for view, label in VIEWS.items()
    ]


def _pages(asked: Asked, thread: Row, *, more: bool) -> dict[str, Any] | None:
    if asked.page == 1 and not more:
        return None
    last = -(-thread["comment_count"] // SIZE) if asked.view in ("order", "newest") and not asked.at else None
    return {
        "page": asked.page,
        "last": last,
        "before": address(replace(asked, page=asked.page - 1)) if asked.page > 1 else None,
        "after": address(replace(asked, page=asked.page + 1)) if more else None,
    }


def address(asked: Asked) -> str:
    wanted = [f"view={asked.view}"] if asked.view != "order" else []
    wanted += [f"at={asked.at}"] if asked.at else []
    wanted += [f"page={asked.page}"] if asked.page > 1 else []
    return f"/thread/{asked.thread}" + ("?" + "&".join(wanted) if wanted else "")
