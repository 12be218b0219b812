"""Load the list of threads: sorted and filtered along indexes, a page at a time."""

# ruff: noqa: S608  # all parts of the statements stand here

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request

from archive.export.rows import batches
from archive.search.query_nodes import is_date
from archive.site import queries
from archive.site.database import Connection, Row, fetch_all, fetch_value
from archive.site.flags import load_codes
from archive.site.formatting import short
from archive.site.params import URL_NAMES, first_day, last_day, parse_id
from archive.site.questions import base
from archive.site.row_streams import BATCH, Rows
from archive.site.viewer import Visitor, has_table
from archive.store.labels import LABEL_FOUND, LABEL_TEXT
from archive.store.views import STANDING

LONGEST_LABEL = 200
PAGE_SIZE, MAX_PAGE, MAX_TOTAL = 50, 400, 10_000
SORTS = {
    "published": ("Newest article first", "published_at"),
    "seen": ("Last visited first", "last_seen_at"),
    "comments": ("Most comments first", "comment_count"),
    "flagged": ("Most flagged comments first", "content_count"),
}
# What a file of threads says of its selection.
ABOUT = ("outlet", "since", "until", "flag", "label", "completeness", "sort")
COMPLETENESS = {"full": "Complete", "partial": "Incomplete", "unknown": "Not known"}
COLUMNS = (
    "id", "outlet", "article", "published_at", "comment_count", "stated_count", "completeness", "content_count",
    "flag_count", "platform", "closed", "first_seen_at", "last_seen_at", "permalink",
)  # fmt: skip
# A public copy has these threads counted; of a live archive they are read along the index on codes.
FLAGGED_COUNTED = "select cast(key2 as integer) from statistics where name = 'threads_by_flag' and key1 = :flag"
FLAGGED = f"""
select thread_id from comments where id in (select comment_id from flags where code = :flag and {STANDING})"""
_HAS_LABEL = f"{LABEL_FOUND} and :label in (labels.name, {LABEL_TEXT})"
# What datasets say of a thread, or of its article.
LABELLED = f"""
select thread_id from labels where thread_id is not null and {_HAS_LABEL}
union select threads.id from labels join threads on threads.article_id = labels.article_id where {_HAS_LABEL}"""
HAS_LABELS = """
select exists (select 1 from labels where thread_id is not null)
  or exists (select 1 from labels where article_id is not null)"""


@dataclass(frozen=True, slots=True)
class ThreadsParams:
    """What of the threads is listed, and in which order; `problems` name what could not be understood."""

    outlet: int | None = None
    since: str | None = None
    until: str | None = None
    flag: str | None = None
    completeness: str | None = None
    least: int | None = None
    label: str | None = None
    sort: str = "published"
    page: int = 1
    problems: tuple[str, ...] = ()


def parse_threads(request: Request) -> ThreadsParams:
    """Read the parameters; what cannot be understood is left out, and named."""
    names = [field.name for field in fields(ThreadsParams) if field.name != "problems"]
    args = {name: (request.args.get(URL_NAMES.get(name, name)) or "").strip() for name in names}
    matches: dict[str, Any] = {
        "outlet": parse_id(args["outlet"]),
        "since": args["since"] if is_date(args["since"]) else None,
        "until": args["until"] if is_date(args["until"]) else None,
        "flag": args["flag"] if re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", args["flag"]) else None,
        "completeness": args["completeness"] if args["completeness"] in COMPLETENESS else None,
        "least": parse_id(args["least"]),
        "label": args["label"] if len(args["label"]) <= LONGEST_LABEL else None,
        "sort": args["sort"] if args["sort"] in SORTS else None,
        "page": parse_id(args["page"]),
    }
    problems = tuple(
        f"“{short(args[name], 60)}” is nothing to choose by “{URL_NAMES.get(name, name)}”; it was left out."
        for name, value in matches.items()
        if args[name] and value is None
    )
    values = {name: value for name, value in matches.items() if value not in (None, "")}
    page = min(max(int(values.pop("page", 1)), 1), MAX_PAGE)
    return ThreadsParams(**values, page=page, problems=problems)


def threads_url(params: ThreadsParams, suffix: str = "", **changed: Any) -> str:
    new, plain = replace(params, **changed), ThreadsParams()
    query = [
        (URL_NAMES.get(field.name, field.name), getattr(new, field.name))
        for field in fields(ThreadsParams)
        if field.name != "problems" and getattr(new, field.name) != getattr(plain, field.name)
    ]
    return f"/threads{suffix}" + (f"?{urlencode(query)}" if query else "")


def load(connection: Connection, params: ThreadsParams, _: Visitor) -> dict[str, Any]:
    """Return what the template needs."""
    where, values = _conditions(connection, params)
    total = fetch_value(
        connection, f"select count(*) from (select 1 from thread_list where {where} limit {MAX_TOTAL + 1})", **values
    )
    sql = f"select id from thread_list where {where} {_order(params)} limit :size offset :skip"
    skip = (params.page - 1) * PAGE_SIZE
    ids = [row["id"] for row in fetch_all(connection, sql, **values, size=PAGE_SIZE + 1, skip=skip)]
    rows = {row["id"]: row for row in fetch_all(connection, queries.THREADS_BY_ID, ids=json.dumps(ids[:PAGE_SIZE]))}
    return {
        "params": params,
        "threads": [rows[number] for number in ids[:PAGE_SIZE] if number in rows],
        "threads_total": total,
        "most": MAX_TOTAL,
        "outlets": list_outlets(connection),
        "flags": base.flag_choices(load_codes(connection)),
        "from_day": first_day(params.since),
        "to_day": last_day(params.until),
        "sorts": SORTS,
        "kinds": COMPLETENESS,
        "has_labels": fetch_value(connection, HAS_LABELS),
        "before": threads_url(params, page=params.page - 1) if params.page > 1 else None,
        "after": threads_url(params, page=params.page + 1) if len(ids) > PAGE_SIZE and params.page < MAX_PAGE else None,
        "files": [(kind.upper(), threads_url(params, f".{kind}", page=1)) for kind in ("csv", "json")],
        "orders": {name: threads_url(params, sort=name, page=1) for name in SORTS},
    }


def list_outlets(connection: Connection) -> list[Row]:
    """Return the outlets of a form by their names; none where there are too many to choose from."""
    rows = fetch_all(connection, "select id, coalesce(name, domain) as name from outlets order by 2 limit 1001")
    return rows if len(rows) <= 1000 else []


def _conditions(connection: Connection, params: ThreadsParams) -> tuple[str, dict[str, Any]]:
    conditions, values = ["true"], dict[str, Any]()
    if params.outlet is not None:
        # A list of a public copy has the outlet's domain, and no id.
        conditions.append("outlet = (select domain from outlets where id = :outlet)")
        values["outlet"] = params.outlet
    if params.since:
        conditions.append("published_at >= :since")
        values["since"] = params.since
    if params.until:
        conditions.append("published_at < :until")
        values["until"] = f"{params.until}~"
    if params.completeness:
        conditions.append("completeness = :completeness")
        values["completeness"] = params.completeness
    if params.least:
        conditions.append("comment_count >= :least")
        values["least"] = params.least
    if params.label:
        conditions.append(f"id in ({LABELLED})")
        values["label"] = params.label
    if params.flag == base.CONTENT:
        conditions.append("content_count > 0")
    elif params.flag:
        conditions.append(f"id in ({FLAGGED_COUNTED if has_table(connection, 'statistics') else FLAGGED})")
        values["flag"] = params.flag
    return " and ".join(conditions), values


def _order(params: ThreadsParams) -> str:
    return f"order by {SORTS[params.sort][1]} desc, id desc"


def thread_rows(connection: Connection, params: ThreadsParams, _: Visitor, address: str) -> Rows:
    """Return every thread of a list, in its order."""
    where, values = _conditions(connection, params)
    cursor = connection.execute(f"select id from thread_list where {where} {_order(params)}", values)
    about = {name: getattr(params, name) for name in ABOUT}
    return Rows(COLUMNS, _batches(connection, cursor, address), about, "threads")


def _batches(connection: Connection, cursor: Any, address: str) -> Iterator[Sequence[dict[str, Any]]]:
    sql = f"""
select threads.id, coalesce(outlets.name, outlets.domain) as outlet,
  {queries.TITLE.replace(" as title", " as article")},
  articles.published_at, threads.comment_count, threads.stated_count, threads.completeness,
  (select content_count from thread_list where thread_list.id = threads.id) as content_count, threads.flag_count,
  threads.platform, threads.closed, threads.first_seen_at, threads.last_seen_at
from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id
where threads.id in (select value from json_each(:ids))"""
    for batch in batches(cursor, BATCH):
        ids = [row["id"] for row in batch]
        by_id = {row["id"]: row for row in fetch_all(connection, sql, ids=json.dumps(ids))}
        yield [{**dict(by_id[number]), "permalink": f"{address}/thread/{number}"} for number in ids if number in by_id]
