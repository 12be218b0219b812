"""Read rows from SQLite in batches, under column names that are all different."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from archive.export.records import DATASET, EMPTY, FIELDS, LISTS_ABOVE, lists_of
from archive.export.records import LISTS as RECORD_LISTS
from archive.export.selection import Selection, strip_semicolon

ROWS_A_BATCH = 256

# The columns of comments that hold integers, moments (UTC) and lists (JSON); the others hold text.
NUMBERS = frozenset(
    {
        "id", "thread_id", "depth", "position", "parent_id", "revision", "likes", "dislikes", "commenter_id",
        "outlet_id", "is_guest", "is_staff", "stated_count", "comment_count",
    }
)  # fmt: skip


TIMES = frozenset({"posted_at", "published_at", "first_seen_at", "last_seen_at", "edited_at"})
LISTS = frozenset({"codes"})
# Columns of JSON that hold objects, lists of them but for the dataset.
OBJECTS = frozenset(FIELDS)
_ARTICLE = "(select {} from articles where id = (select article_id from threads where id = comment_list.thread_id))"
_COMMENTER = "(select {} from commenters where id = comment_list.commenter_id)"
_THREAD = "(select {} from threads where id = comment_list.thread_id)"
_COMMENT = "(select {} from comments where id = comment_list.id)"
# What rows of comments have beside the columns of `comment_list`, by the names that JSON Lines has for it.
MORE_COLUMNS = {
    "outlet_name": "(select coalesce(name, domain) from outlets where id = comment_list.outlet_id)",
    "published_at": _ARTICLE.format("published_at"),
    "published_precision": _ARTICLE.format("published_precision"),
    "byline": _ARTICLE.format("byline"),
    "url": _COMMENT.format("url"),
    "posted_at_text": _COMMENT.format("posted_at_text"),
    "native_id": _COMMENT.format("native_id"),
    "author_native_id": _COMMENTER.format("native_id"),
    "is_guest": _COMMENTER.format("is_guest"),
    "is_staff": _COMMENTER.format("is_staff"),
    "title": _COMMENT.format("title"),
    "edited_at": _COMMENT.format("edited_at"),
    "edited_at_text": _COMMENT.format("edited_at_text"),
    "edited_precision": _COMMENT.format("edited_precision"),
    "thread_native_id": _THREAD.format("native_id"),
    "thread_url": _THREAD.format("url"),
    "comment_count": _THREAD.format("comment_count"),
    "completeness": _THREAD.format("completeness"),
    "stated_count": _THREAD.format("stated_count"),
    "language": _ARTICLE.format("language"),
    "section": _ARTICLE.format("section"),
    "dataset": f"""(select {DATASET} from datasets
  where id = (select dataset_id from threads where id = comment_list.thread_id))""",  # noqa: S608
    **{name: _COMMENT.format(sql) for name, sql in RECORD_LISTS.items()},
    "thread_labels": _THREAD.format(LISTS_ABOVE["thread_labels"]),
    "article_labels": _ARTICLE.format(LISTS_ABOVE["article_labels"]),
}


def site_address_sql(connection: sqlite3.Connection) -> str:
    """Return SQL for what permanent links begin with: the address of a public copy's site; a live archive has none."""
    if connection.execute("select 1 from sqlite_master where name = 'release'").fetchone() is None:
        return "''"
    return "coalesce((select value from release where name = 'url'), '')"


def comment_columns(connection: sqlite3.Connection) -> list[str]:
    """Return the columns of a row of a comment, in order: those of `comment_list`, and more."""
    return [*_names(connection.execute("select * from comment_list limit 0")), *MORE_COLUMNS]


def select_comments(connection: sqlite3.Connection, selection: Selection, expressions: str) -> sqlite3.Cursor:
    """Select expressions over `comment_columns`, ordered by thread and position, which an index gives without sorting.

    Permanent links are whole addresses where the site has one, and a comment without codes has an empty list.
    """
    condition, values = selection.condition()
    base = site_address_sql(connection)
    made = {"permalink": f"{base} || permalink", "codes": "coalesce(codes, '[]')"} | MORE_COLUMNS
    made |= {name: sql for name, sql in lists_of(connection).items() if sql == EMPTY}
    if connection.execute("select 1 from datasets limit 1").fetchone() is None:
        made["dataset"] = "null"
    columns = ", ".join(f"{made[name]} as {name}" if name in made else name for name in comment_columns(connection))
    # The limit keeps SQLite from evaluating a column each time that an expression names it.
    rows = f"select {columns} from comment_list where {condition} order by thread_id, position limit -1"  # noqa: S608
    return connection.execute(f"select {expressions} from ({rows})", values)  # noqa: S608


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
