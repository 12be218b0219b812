"""Rows as they come from SQLite: in batches, with names that are all different."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from archive.export.selection import Selection, bare

ROWS_A_BATCH = 256

# The columns of `comment_list` that hold whole numbers; the others hold text.
NUMBERS = frozenset(
    {
        "id", "thread_id", "depth", "position", "parent_id", "revision", "likes", "dislikes", "commenter_id",
        "outlet_id",
    }
)  # fmt: skip


def columns(connection: sqlite3.Connection) -> list[str]:
    """The columns of `comment_list`, in order."""
    return _names(connection.execute("select * from comment_list limit 0"))


def comment_list(connection: sqlite3.Connection, selection: Selection, expressions: str) -> sqlite3.Cursor:
    """Expressions over the rows of `comment_list`, in the order of threads and positions, which is that of an index."""
    condition, values = selection.condition()
    statement = f"select {expressions} from comment_list where {condition} order by thread_id, position"  # noqa: S608
    return connection.execute(statement, values)


def stated(connection: sqlite3.Connection, sql: str) -> tuple[sqlite3.Cursor, list[str]]:
    """The rows of a statement as they are, and names for them: one that recurs gets a number (id, id_2)."""
    cursor = connection.execute(bare(sql))
    return cursor, _different(_names(cursor))


def batches(cursor: sqlite3.Cursor, size: int = ROWS_A_BATCH) -> Iterator[list[tuple[Any, ...]]]:
    """All rows, a list at a time."""
    while rows := cursor.fetchmany(size):
        yield rows


def write_lines(cursor: sqlite3.Cursor, out: BinaryIO) -> int:
    """Writes rows that are one cell of bytes each, and gives their number."""
    written = 0
    for rows in batches(cursor):
        out.write(b"".join(chain.from_iterable(rows)))
        written += len(rows)
    return written


def _names(cursor: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in cursor.description]


def _different(names: list[str]) -> list[str]:
    taken, seen = set(names), Counter[str]()
    result = []
    for name in names:
        seen[name] += 1
        other, number = name, seen[name]
        while number > 1 and other in taken:
            other, number = f"{name}_{number}", number + 1
        taken.add(other)
        result.append(other)
    return result
