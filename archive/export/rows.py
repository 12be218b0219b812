"""Read rows from SQLite in batches, under column names that are all different."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from archive.export.columns import MORE
from archive.export.records import EMPTY, lists_of
from archive.export.selection import Selection, strip_semicolon

ROWS_A_BATCH = 256

# What `comment_list` would look up for each row, though it is joined here anyway.
_LOOKED_UP = {"article_url": "articles.url", "platform": "threads.platform", "outlet_id": "articles.outlet_id"}
# Joins: a subquery for each column would open its tables anew for each row, which takes twice as long. They are outer
# joins, so that the rows come in the order of the comments.
JOINED = """
left join comments on comments.id = listed.id
left join threads on threads.id = comments.thread_id
left join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id
left join commenters on commenters.id = comments.commenter_id
left join datasets on datasets.id = threads.dataset_id"""


def site_address_sql(connection: sqlite3.Connection, selection: Selection) -> str:
    """Return SQL for what permanent links begin with: the address that is given, else that of a public copy's site.

    A live archive does not know at which address it is served: without one, its links are paths.
    """
    if selection.site is not None:
        return "'" + selection.site.replace("'", "''") + "'"
    if connection.execute("select 1 from sqlite_master where name = 'release'").fetchone() is None:
        return "''"
    return "coalesce((select value from release where name = 'url'), '')"


def comment_columns(connection: sqlite3.Connection) -> list[str]:
    """Return the columns of a row of a comment, in order: those of `comment_list`, and more."""
    return [*_names(connection.execute("select * from comment_list limit 0")), *(column.name for column in MORE)]


def select_comments(connection: sqlite3.Connection, selection: Selection, expressions: str) -> sqlite3.Cursor:
    """Select expressions over `comment_columns`, ordered by thread and position, which an index gives without sorting.

    Permanent links are whole addresses where the site has one, and a comment without codes has an empty list.
    """
    condition, values = selection.condition()
    base = site_address_sql(connection, selection)
    made = {"permalink": f"{base} || listed.permalink", "codes": "coalesce(listed.codes, '[]')"}
    made |= _LOOKED_UP | {column.name: str(column.sql) for column in MORE}
    made |= {name: sql for name, sql in lists_of(connection).items() if sql == EMPTY}
    if connection.execute("select 1 from datasets limit 1").fetchone() is None:
        made["dataset"] = "null"
    names = comment_columns(connection)
    listed = ", ".join(name for name in names[: -len(MORE)] if name not in _LOOKED_UP)
    columns = ", ".join(f"{made.get(name, f'listed.{name}')} as {name}" for name in names)
    chosen = f"select {listed} from comment_list where {condition} order by thread_id, position limit -1"  # noqa: S608
    # The limit keeps SQLite from evaluating a column each time that an expression names it.
    rows = f"select {columns} from ({chosen}) as listed {JOINED} limit -1"  # noqa: S608
    return connection.execute(f"select {expressions} from ({rows})", values)  # noqa: S608


def select_rows(connection: sqlite3.Connection, sql: str) -> tuple[sqlite3.Cursor, list[str]]:
    """Run a user's statement; return its rows and unique names for its columns (id, id_2)."""
    cursor = connection.execute(strip_semicolon(sql))
    return cursor, unique_names(_names(cursor))


def batches(cursor: sqlite3.Cursor, size: int = ROWS_A_BATCH) -> Iterator[list[Any]]:
    """Yield all rows, a list at a time."""
    while rows := cursor.fetchmany(size):
        yield rows


def write_lines(cursor: sqlite3.Cursor, out: BinaryIO) -> int:
    """Write rows of one bytes cell each; return their number."""
    written = 0
    for rows in batches(cursor):
        out.write(b"".join(chain.from_iterable(rows)))
        written += len(rows)
    return written


def unique_names(names: list[str]) -> list[str]:
    """Number the names that recur, skipping numbered names that are already there."""
    taken, seen = set(names), Counter[str]()
    result = []
    for name in names:
        seen[name] += 1
        candidate, number = name, seen[name]
        while number > 1 and candidate in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate)
        result.append(candidate)
    return result


def _names(cursor: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in cursor.description]
