"""Load an outlet: what is archived of it, its comments over time, its newest and most flagged threads; list outlets."""

import json
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import Request

from archive.site import chart, queries, viewer
from archive.site.database import Connection, Row, fetch_all, fetch_row, fetch_value
from archive.site.formatting import count
from archive.site.params import parse_id
from archive.site.questions import base
from archive.site.questions.series import fill_months, month_label
from archive.site.responses import make_card
from archive.site.viewer import Visitor

OUTLET = "select id, domain, name from outlets where domain = :name or cast(id as text) = :name"
COUNTS = """
select count(threads.id) as threads, count(distinct articles.id) as articles,
  coalesce(sum(threads.comment_count), 0) as comments, min(threads.first_seen_at) as first_seen_at,
  max(threads.last_seen_at) as last_seen_at
from articles left join threads on threads.article_id = articles.id where articles.outlet_id = :outlet"""
NEWEST = """
select threads.id from articles join threads on threads.article_id = articles.id
where articles.outlet_id = :outlet order by articles.published_at desc, threads.id desc limit 10"""
FLAGGED = """
select id from thread_list where outlet = :domain and content_count > 0
order by content_count desc, id desc limit 5"""
# Live archives count the flagged comments of a thread when they are asked.
FLAGGED_LATELY = """
select id from thread_list where content_count > 0 and id in (
  select threads.id from articles join threads on threads.article_id = articles.id
  where articles.outlet_id = :outlet order by threads.id desc limit :limit)
order by content_count desc, id desc limit 5"""
MAX_THREADS_READ = 500


PAGE_SIZE, MAX_PAGE = 200, 500
TOTAL = "select count(*) from (select 1 from outlets limit 100001)"


def parse_outlet(request: Request) -> str:
    return unquote(request.url_vars["name"])[:300]


def parse_page(request: Request) -> int:
    return min(max(parse_id(request.args.get("page") or "") or 1, 1), MAX_PAGE)


def load_list(connection: Connection, page: int, _: Visitor) -> dict[str, Any] | None:
    """Return a page of the outlets by name; None if there is no such page."""
    rows = fetch_all(connection, queries.OUTLETS_PAGE, limit=PAGE_SIZE + 1, skip=(page - 1) * PAGE_SIZE)
    if not rows and page > 1:
        return None
    return {
        "outlets": rows[:PAGE_SIZE],
        "outlets_total": fetch_value(connection, TOTAL),
        "page": page,
        "before": f"/outlets?page={page - 1}" if page > 1 else None,
        "after": f"/outlets?page={page + 1}" if len(rows) > PAGE_SIZE else None,
    }


def load(connection: Connection, name: str, _: Visitor) -> dict[str, Any] | None:
    """Return what the template needs; None if there is no such outlet."""
    outlet = fetch_row(connection, OUTLET, name=name)
    if outlet is None:
        return None
    counts = fetch_row(connection, COUNTS, outlet=outlet["id"])
    assert counts is not None
    title = outlet["name"] or outlet["domain"]
    parts = [count(counts["comments"], "comment"), count(counts["threads"], "thread")]
    return {
        "outlet": outlet,
        "name": title,
        "counts": counts,
        "card": make_card(title, [*parts], f"/outlet/{outlet['domain']}"),
        "newest": _threads(connection, fetch_all(connection, NEWEST, outlet=outlet["id"])),
        "flagged": _threads(connection, _most_flagged(connection, outlet)),
        "flagged_of": None if _is_counted(connection) or counts["threads"] <= MAX_THREADS_READ else MAX_THREADS_READ,
        **_months(connection, outlet["id"], title),
    }


def _is_counted(connection: Connection) -> bool:
    return viewer.has_table(connection, "statistics")


def _most_flagged(connection: Connection, outlet: Row) -> list[Row]:
    if _is_counted(connection):
        return fetch_all(connection, FLAGGED, domain=outlet["domain"])
    return fetch_all(connection, FLAGGED_LATELY, outlet=outlet["id"], limit=MAX_THREADS_READ)


def _threads(connection: Connection, rows: list[Row]) -> list[Row]:
    ids = [row["id"] for row in rows]
    threads = {row["id"]: row for row in fetch_all(connection, queries.THREADS_BY_ID, ids=json.dumps(ids))}
    return [threads[number] for number in ids if number in threads]


def _months(connection: Connection, outlet: int, title: str) -> dict[str, Any]:
    """Return the comments of each month as a chart and a table; nothing where that takes too long."""
    try:
        counted = base.rows_of(connection, "comments_by_month", "key1 = :outlet", outlet=str(outlet))
    except base.NotCounted:
        return {"chart": None, "months": []}
    months = {month: value for _, month, value in counted}
    if not months:
        return {"chart": None, "months": []}
    labels = fill_months(sorted(months))
    values = [months.get(month, 0) for month in labels]
    names = [month_label(month) for month in labels]
    drawn = chart.column_chart(f"Comments under {title} by month", names, [(title, values)])
    return {
        "chart": drawn,
        "months": [(month, value, month_label(month)) for month, value in sorted(months.items())[::-1]],
    }
