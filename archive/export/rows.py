"""Read rows from SQLite in batches, under column names that are all different."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from archive.export.selection import Selection, strip_semicolon

ROWS_A_BATCH = 256

# The columns of `comment_list` that hold integers; the others hold text.
NUMBERS = frozenset(
    {
        "id", "thread_id", "depth", "position", "parent_id", "revision", "likes", "dislikes", "commenter_id",
        "outlet_id",
    }
)  # fmt: skip


def site_address_sql(connection: sqlite3.Connection) -> str:
    """Return SQL for what permanent links begin with: the address of a public copy's site; a live archive has none."""
    if connection.execute("select 1 from sqlite_master where name = 'release'").fetchone() is None:
        return "''"
    return "coalesce((select value from release where name = 'url'), '')"


def comment_columns(connection: sqlite3.Connection) -> list[str]:
    """Return the columns of `comment_list`, in order."""
    return _names(connection.execute("select * from comment_list limit 0"))


def select_comments(connection: sqlite3.Connection, selection: Selection, expressions: str) -> sqlite3.Cursor:
    """Select expressions over `comment_list`, ordered by thread and position, which an index gives without sorting."""
    condition, values = selection.condition()
    statement = f"select {expressions} from comment_list where {condition} order by thread_id, position"  # noqa: S608
    return connection.execute(statement, values)


def select_rows(connection: sqlite3.Connection, sql: str) -> tuple[sqlite3.Cursor, list[str]]:
    """Run a user's statement; return its rows and unique names for its columns (id, id_2)."""
    cursor = connection.execute(strip_semicolon(sql))
    return cursor, unique_names(_names(cursor))


def batches(cursor: sqlite3.Cursor, size: int = ROWS_A_BATCH) -> Iterator[list[tuple[Any, ...]]]:
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
