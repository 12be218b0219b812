"""What is new of a search: for its Atom feed, and for `btl watch`."""

# ruff: noqa: S608  # the parts of the statements are those of archive.search.query_sql

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from archive.search.query_sql import prepare, select_comments
from archive.site import queries
from archive.site.database import Row
from archive.site.params import SEARCH_FIELDS, SearchParams, filters_flags, is_filtered, parse_search
from archive.site.search_matches import load_query

FEED_ENTRIES, MOST_NEW = 50, 1000
FILTERS = tuple(name for name in SEARCH_FIELDS if name not in ("q", "sort", "page"))
ENTRIES = f"""
select comments.id, comments.thread_id, comments.posted_at, comments.first_seen_at, comments.codes,
  {queries.TITLE}, {queries.OUTLET} as outlet,
  (select max(flags.id) from flags where flags.comment_id = comments.id) as last_flag
from comments join threads on threads.id = comments.thread_id join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id
where comments.id in (select value from json_each(:ids)) and comments.withheld is null order by comments.id desc"""
# Comments whose flags are newer than the last look, of a search that asks for flags.
FLAGGED_SINCE = "select comment_id from flags where id > :last_flag and comment_id is not null and withdrawn_at is null"


class CannotSearch(Exception):
    """The search of a watch finds nothing that could be followed."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a watch has looked: the newest comment and the newest flag."""

    comment: int
    flag: int


def read_search(text: str) -> SearchParams:
    """Read a search: the address of its page, or what is typed into the search box. Raise CannotSearch."""
    parts = urlsplit(text) if "/search?" in text or text.startswith("?") else None
    params = parse_search(dict(parse_qsl(parts.query))) if parts else SearchParams(q=text.strip())
    if not params.q and not is_filtered(params):
        raise CannotSearch(f"{text!r} is no search: give words, or the address of a search page")
    return params


def newest(connection: sqlite3.Connection, params: SearchParams, limit: int = FEED_ENTRIES) -> list[Row]:
    """Return the newest comments that match a search, the one that was stored last first. Raise CannotSearch."""
    selection = _selection(connection, params)
    rows = connection.execute(selection.sql(newest=True), {**selection.parameters, "limit": limit})
    return _entries(connection, [row[0] for row in rows])


def find_new(connection: sqlite3.Connection, params: SearchParams, last: Reached) -> list[Row]:
    """Return the comments of a search that were stored, or got a flag that it asks for, since a look.

    Raise CannotSearch."""
    selection = _selection(connection, params)
    flagged = f"or id in ({FLAGGED_SINCE})" if filters_flags(params) else ""
    sql = f"select id from ({selection.sql()}) where id > :last_comment {flagged} order by id desc limit {MOST_NEW}"
    values = {**selection.parameters, "last_comment": last.comment, "last_flag": last.flag}
    return _entries(connection, [row[0] for row in connection.execute(sql, values)])


def reached(connection: sqlite3.Connection) -> Reached:
    """Return the newest comment and flag that there are."""
    sql = "select (select coalesce(max(id), 0) from comments), (select coalesce(max(id), 0) from flags)"
    return Reached(*connection.execute(sql).fetchone())


def _selection(connection: sqlite3.Connection, params: SearchParams) -> Any:
    query = load_query(connection, params)
    if query.errors or query.node is None:
        raise CannotSearch(" ".join(query.errors) or "There is no word in this to search for.")
    prepare(connection)
    return select_comments(query.node)


def _entries(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Row]:
    connection.row_factory = sqlite3.Row
    return connection.execute(ENTRIES, {"ids": json.dumps(ids)}).fetchall()


def describe(params: SearchParams) -> str:
    """Return what a search asks for, in words."""
    parts = [f"“{params.q}”"] if params.q else []
    parts += [f"{name} {value}" for name in FILTERS if (value := getattr(params, name)) is not None]
    return ", ".join(parts)
