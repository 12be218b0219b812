"""A thread as a page shows it: read in one go, with everything that its template needs."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from archive.site import chart, comment_html, flags, history, queries, render
from archive.site.database import Connection, Row, all_rows, one_row
from archive.site.words import count, day, number

SIZE = 500
SHOWN_PARAGRAPHS = 2
LONGEST_ARTICLE = 100_000
VIEWS = {"order": "In page order", "newest": "Newest first", "flagged": "Only flagged", "changed": "What changed"}
COMPLETENESS = {
    "full": "Complete at the last visit.",
    "partial": "This thread is incomplete.",
    "unknown": "Nothing says whether this is the whole thread.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of which thread."""

    thread: int
    view: str = "order"
    page: int = 1


def load(connection: Connection, asked: Asked, base: str) -> dict[str, Any] | None:
    """What the template needs; None where there is no such thread or page."""
    thread = one_row(connection, queries.THREAD, thread=asked.thread)
    if thread is None:
        return None
    rows = all_rows(
        connection, queries.COMMENTS[asked.view], thread=asked.thread, size=SIZE + 1, skip=(asked.page - 1) * SIZE
    )
    if not rows and asked.page > 1:
        return None
    known = flags.context(connection, [row["id"] for row in rows[:SIZE]])
    visits = all_rows(connection, queries.VISITS, thread=asked.thread)
    return {
        "thread": thread,
        "article": _article(thread),
        "summary": _summary(thread, one_row(connection, queries.THREAD_SUMS, thread=asked.thread)),
        "comments": _comments(connection, asked, rows[:SIZE], known, base),
        "shown": len(rows[:SIZE]),
        "chips": _chips(connection, thread, known.codes),
        "completeness": COMPLETENESS.get(thread["completeness"], thread["completeness"]),
        "meter": chart.meter(thread["comment_count"], thread["stated_count"]),
        "visits": _visits(thread, visits),
        "tools": _tools(asked, thread, visits),
        "pages": _pages(asked, thread, more=len(rows) > SIZE),
        "source": one_row(connection, queries.CAPTURE, capture=thread["capture_id"]),
    }


def _comments(connection: Connection, asked: Asked, rows: Sequence[Row], known: flags.Context, base: str) -> Markup:
    shown = [known.shown(row) for row in rows]
    parents = _parents(connection, rows)
    if asked.view == "order":
        return comment_html.nested(shown, parents, base)
    if asked.view == "changed":
        earlier = history.revisions(connection, [row["id"] for row in rows])
        shown = [
            replace(one, extra=history.changes(one, earlier, known.events.get(one.row["id"], ()))) for one in shown
        ]
    return comment_html.flat(shown, parents, base)


def _parents(connection: Connection, rows: Sequence[Row]) -> dict[int, Row]:
    here: dict[int, Row] = {row["id"]: row for row in rows}
    missing = {row["parent_id"] for row in rows if row["parent_id"]} - here.keys()
    found = all_rows(connection, queries.NAMES_BY_ID, ids=json.dumps(sorted(missing))) if missing else []
    return here | {row["id"]: row for row in found}


def _article(thread: Row) -> dict[str, Any]:
    text = thread["article_body"][:LONGEST_ARTICLE]
    paragraphs = [part for part in re.split(r"\n[ \t\r]*\n\s*", text) if part.strip()]
    language = thread["language"] or ""
    return {
        "title": thread["title"] or "Untitled article",
        "lead": render.body("\n\n".join(paragraphs[:SHOWN_PARAGRAPHS])),
        "rest": Markup().join(map(render.body, paragraphs[SHOWN_PARAGRAPHS:])),
        "paragraphs": len(paragraphs),
        "cut": len(text) < len(thread["article_body"]),
        "published": render.when(thread["published_at"], thread["published_at_text"], thread["published_precision"])
        if thread["published_at"] or thread["published_at_text"]
        else None,
        "language": language if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language) else None,
        "link": render.outward(thread["article_url"], thread["article_url"]),
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
    rows = all_rows(connection, queries.THREAD_FLAGS, thread=thread["id"], article=thread["article_id"])
    found = {row["code"]: flags.chip(row, codes) for row in rows}
    return render.chips(found.values())


def _visits(thread: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """What each visit found, by day of the visit; the last eight that found something."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(row["seen_at"], Counter())[row["kind"]] += row["found"]
    points = [(day(at), _found(kinds), kinds["removed"] > 0) for at, kinds in list(found.items())[-8:]]
    points.insert(0, (day(thread["first_seen_at"]), "first seen", False))
    if thread["last_seen_at"] not in found and thread["last_seen_at"] != thread["first_seen_at"]:
        points.append((day(thread["last_seen_at"]), "nothing new", False))
    return {"points": points, "chart": chart.visits(points)}


def _found(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{number(kinds[kind])} {kind}" for kind in sorted(kinds))


def _tools(asked: Asked, thread: Row, visits: Sequence[Row]) -> list[dict[str, Any]]:
    changed = sum(row["found"] for row in visits if row["kind"] != "added")
    counts = {"flagged": thread["flag_count"], "changed": changed}
    return [
        {
            "label": label + (f" ({number(counts[view])})" if view in counts else ""),
            "href": None if view == asked.view else address(Asked(asked.thread, view)),
        }
        for view, label in VIEWS.items()
    ]


def _pages(asked: Asked, thread: Row, *, more: bool) -> dict[str, Any] | None:
    if asked.page == 1 and not more:
        return None
    last = -(-thread["comment_count"] // SIZE) if asked.view in ("order", "newest") else None
    return {
        "page": asked.page,
        "last": last,
        "before": address(replace(asked, page=asked.page - 1)) if asked.page > 1 else None,
        "after": address(replace(asked, page=asked.page + 1)) if more else None,
    }


def address(asked: Asked) -> str:
    wanted = ([f"view={asked.view}"] if asked.view != "order" else []) + (
        [f"page={asked.page}"] if asked.page > 1 else []
    )
    return f"/thread/{asked.thread}" + ("?" + "&".join(wanted) if wanted else "")
