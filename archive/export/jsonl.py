"""JSON Lines: one thread a line, comments in document order. This shape is public: it changes only with a version.

Of a selection, the threads that hold a comment of it, and of these the comments that it chooses and those that they
answer, so that `parent_id` always is the id of a comment of the line. Of a statement, its rows: one a line.
"""

import json
import sqlite3
from collections.abc import Iterator
from math import isfinite
from typing import Any, BinaryIO

from archive.export.rows import batches, stated
from archive.export.selection import KEPT, Rows, Selection, picked
from archive.export.selection import count as count
from archive.store.views import NOT_REFUSED

SELECTS = ("comments", "rows")
FOLDER = False

_FLAG = """json_object('code', code, 'rule', rule, 'target', target, 'start', start, 'end', "end", 'exact', exact)"""


def flags_of(subject: str) -> str:
    """The flags of a subject as a JSON list, an object for each place in the text."""
    return f"""(select json_group_array(json(flag)) from (select {_FLAG} as flag
  from flags left join flag_spans on flag_spans.flag_id = flags.id where {subject} order by flags.id, start))"""  # noqa: S608


COMMENT_FLAGS = flags_of(f"flags.comment_id = comments.id and {KEPT}")
COMMENT = f"""json_object('id', comments.id, 'native_id', comments.native_id, 'parent_id', parent_id,
  'position', comments.position, 'depth', depth, 'author', commenters.name, 'posted_at', posted_at, 'body', body,
  'revision', revision, 'state', state, 'likes', likes, 'dislikes', dislikes, 'flags', {COMMENT_FLAGS})"""
THREADS = """
select {} from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id
where {} order by {}"""
_ARTICLE = """json_object('article', json_object('url', articles.url, 'title', title, 'body', body,
  'outlet', domain, 'published_at', published_at),
  'thread', json_object('id', threads.id, 'platform', platform, 'native_id', native_id, 'stated_count', stated_count,
  'completeness', completeness))"""
OTHER_FLAGS = flags_of(
    f"withdrawn_at is null and {NOT_REFUSED} and (thread_id = threads.id or flags.article_id = articles.id)"
)


def write(connection: sqlite3.Connection, out: BinaryIO, selection: Selection) -> Rows:
    """Memory holds one comment, or one article."""
    if selection.sql is not None:
        return _stated(connection, out, selection.sql)
    connection.text_factory = bytes
    with picked(connection, selection) as some:
        lines = Lines(comments(connection, selection, COMMENT, some=some))
        for thread_id, head, flags in threads(connection, selection, f"{_ARTICLE}, {OTHER_FLAGS}", some=some):
            out.write(head[:-1] + b',"comments":[')
            for number, line in enumerate(lines.of(thread_id)):
                out.write(b"," + line if number else line)
            out.write(b'],"flags":' + flags + b"}\n")
    return Rows(lines.chosen, lines.context)


def comments(connection: sqlite3.Connection, selection: Selection, expression: str, *, some: bool) -> sqlite3.Cursor:
    """Thread, whether it is chosen, and an expression over `comments` and `commenters`, for each comment to write."""
    if some:
        source, where = "temp.picked cross join comments on comments.id = picked.id", "true"
        first = "picked.thread_id, picked.chosen"
        order = "picked.thread_id, picked.position, picked.id"
    else:
        source, where = "comments", selection.within("comments.thread_id")
        first, order = "comments.thread_id, 1", "comments.thread_id, comments.position"
    return connection.execute(
        f"select {first}, {expression} from {source} "  # noqa: S608
        f"left join commenters on commenters.id = comments.commenter_id where {where} order by {order}"
    )


def threads(connection: sqlite3.Connection, selection: Selection, expressions: str, *, some: bool) -> sqlite3.Cursor:
    """Number and expressions over `threads`, `articles` and `outlets`, for each thread to write."""
    where = these_threads(selection, some=some)
    return connection.execute(THREADS.format(f"threads.id, {expressions}", where, "threads.id"))


def these_threads(selection: Selection, *, some: bool) -> str:
    """The condition on `threads` for those to write."""
    return "threads.id in (select thread_id from temp.picked)" if some else selection.within("threads.id")


class Lines:
    """Comments as they come, handed out thread by thread to someone who asks in the same order; counted."""

    def __init__(self, rows: sqlite3.Cursor) -> None:
        self._rows = (row for batch in batches(rows) for row in batch)
        self._next = next(self._rows, None)
        self.chosen = self.context = 0

    def of(self, thread_id: int) -> Iterator[bytes]:
        while self._next is not None and self._next[0] == thread_id:
            _, chosen, line = self._next
            yield line
            self.chosen += chosen
            self.context += not chosen
            self._next = next(self._rows, None)


def _stated(connection: sqlite3.Connection, out: BinaryIO, sql: str) -> Rows:
    cursor, names = stated(connection, sql)
    written = 0
    for rows in batches(cursor):
        for row in rows:
            line = {name: _plain(value) for name, value in zip(names, row, strict=True)}
            out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        written += len(rows)
    return Rows(written)


def _plain(value: Any) -> Any:
    """The value as JSON has it: bytes in hexadecimal, infinity as text."""
    if isinstance(value, bytes):
        return value.hex()
    return repr(value) if isinstance(value, float) and not isfinite(value) else value
