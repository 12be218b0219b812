"""Read rows from SQLite in batches, under column names that are all different."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from archive.export.records import DATASET, EMPTY, FIELDS, THREAD_LISTS, lists_of
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
# What rows of comments have beside the columns of `comment_list`, by the names that JSON Lines has for it, over JOINED.
MORE_COLUMNS = {
    "outlet_name": "coalesce(outlets.name, outlets.domain)",
    "published_at": "articles.published_at",
    "published_precision": "articles.published_precision",
    "byline": "articles.byline",
    "url": "comments.url",
    "posted_at_text": "comments.posted_at_text",
    "native_id": "comments.native_id",
    "author_native_id": "commenters.native_id",
    "is_guest": "commenters.is_guest",
    "is_staff": "commenters.is_staff",
    "title": "comments.title",
    "edited_at": "comments.edited_at",
    "edited_at_text": "comments.edited_at_text",
    "edited_precision": "comments.edited_precision",
    "thread_native_id": "threads.native_id",
    "thread_url": "threads.url",
    "comment_count": "threads.comment_count",
    "completeness": "threads.completeness",
    "stated_count": "threads.stated_count",
    "language": "articles.language",
    "section": "articles.section",
    "dataset": DATASET,
    **RECORD_LISTS,
    **THREAD_LISTS,
}
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
    return [*_names(connection.execute("select * from comment_list limit 0")), *MORE_COLUMNS]


def select_comments(connection: sqlite3.Connection, selection: Selection, expressions: str) -> sqlite3.Cursor:
    """Select expressions over `comment_columns`, ordered by thread and position, which an index gives without sorting.

    Permanent links are whole addresses where the site has one, and a comment without codes has an empty list.
    """
    condition, values = selection.condition()
    base = site_address_sql(connection, selection)
    made = {"permalink": f"{base} || listed.permalink", "codes": "coalesce(listed.codes, '[]')"}
    made |= _LOOKED_UP | MORE_COLUMNS
    made |= {name: sql for name, sql in lists_of(connection).items() if sql == EMPTY}
    if connection.execute("select 1 from datasets limit 1").fetchone() is None:
        made["dataset"] = "null"
    names = comment_columns(connection)
    listed = ", ".join(name for name in names if name not in _LOOKED_UP and name not in MORE_COLUMNS)
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
