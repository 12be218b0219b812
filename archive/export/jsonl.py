"""Write JSON Lines: one thread a line, comments in document order. The shape is public: it changes only by version.

Of a selection by comment it writes the threads that hold such a comment, with the selected comments and their
ancestors, so that `parent_id` always is the id of a comment on the same line. Of a statement, one row a line.
"""

import json
import sqlite3
from collections.abc import Iterator
from math import isfinite
from typing import Any, BinaryIO

from archive.export.records import DATASET, lists_of
from archive.export.rows import batches, select_rows, site_address_sql
from archive.export.selection import CURRENT_FLAGS, DumpFile, ExportOptions, RowCounts, Selection, pick_comments
from archive.export.selection import count as count
from archive.store.views import NOT_REFUSED

SELECTS = ("comments", "rows")
FOLDER = False
DUMP = DumpFile("threads", ".jsonl.gz", "Threads, one a line, with their comments and flags (JSON Lines)")

_FLAG = """json_object('code', code, 'rule', rule, 'target', target, 'start', start, 'end', "end", 'exact', exact)"""


# Stands in the statements for what permanent links begin with.
_BASE = "/*site*/"


def flags_sql(subject: str) -> str:
    """Return SQL for the flags of a subject: a JSON list with an object for each span in the text."""
    return f"""(select json_group_array(json(flag)) from (select {_FLAG} as flag
  from flags left join flag_spans on flag_spans.flag_id = flags.id where {subject} order by flags.id, start))"""  # noqa: S608


COMMENT_FLAGS = flags_sql(f"flags.comment_id = comments.id and {CURRENT_FLAGS}")
COMMENT = f"""json_object('id', comments.id, 'native_id', comments.native_id, 'parent_id', parent_id,
  'position', comments.position, 'depth', depth, 'author', commenters.name, 'posted_at', posted_at, 'body', body,
  'revision', comments.revision, 'state', comments.state, 'likes', likes, 'dislikes', dislikes,
  'flags', {COMMENT_FLAGS},
  'posted_precision', posted_precision, 'url', comments.url, 'permalink', {_BASE} || '/comment/' || comments.id,
  'posted_at_text', posted_at_text, 'labels', {{labels}}, 'title', title, 'edited_at', edited_at,
  'edited_at_text', edited_at_text, 'edited_precision', edited_precision, 'author_native_id', commenters.native_id,
  'is_guest', is_guest, 'is_staff', is_staff, 'parent_source', parent_source, 'reactions', {{reactions}},
  'reports', {{reports}}, 'decisions', {{decisions}}, 'earlier', {{earlier}})"""
THREADS = """
select {} from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id
left join datasets on datasets.id = dataset_id
where {} order by {}"""
_ARTICLE = f"""json_object('article', json_object('url', articles.url, 'title', title, 'body', body,
  'outlet', domain, 'published_at', published_at, 'outlet_name', coalesce(outlets.name, domain), 'byline', byline,
  'published_precision', published_precision, 'language', language, 'section', section,
  'published_at_text', published_at_text, 'labels', {{article_labels}}),
  'thread', json_object('id', threads.id, 'platform', platform, 'native_id', native_id, 'stated_count', stated_count,
  'completeness', completeness, 'url', threads.url, 'permalink', {_BASE} || '/thread/' || threads.id,
  'dataset', {DATASET}, 'stated_kind', stated_kind, 'closed', closed,
  'comment_count', comment_count, 'labels', {{thread_labels}}))"""
OTHER_FLAGS = flags_sql(
    f"withdrawn_at is null and {NOT_REFUSED} and (thread_id = threads.id or flags.article_id = articles.id)"
)


def write(connection: sqlite3.Connection, out: BinaryIO, selection: Selection, _options: ExportOptions, /) -> RowCounts:
    """Write threads or rows; memory holds one comment, or one article."""
    if selection.sql is not None:
        return _write_rows(connection, out, selection.sql)
    base, threads = site_address_sql(connection, selection), 0
    connection.text_factory = bytes
    with pick_comments(connection, selection) as by_comment:
        lists = lists_of(connection)
        comment = COMMENT.format(**lists).replace(_BASE, base)
        lines = CommentLines(select_comments(connection, selection, comment, by_comment=by_comment))
        expressions = f"{_ARTICLE.format(**lists).replace(_BASE, base)}, {OTHER_FLAGS}"
        for thread_id, head, flags in select_threads(connection, selection, expressions, by_comment=by_comment):
            threads += 1
            out.write(head[:-1] + b',"comments":[')
            for number, line in enumerate(lines.of_thread(thread_id)):
                out.write(b"," + line if number else line)
            out.write(b'],"flags":' + flags + b"}\n")
    return RowCounts(lines.chosen, lines.context, threads)


def select_comments(
    connection: sqlite3.Connection, selection: Selection, expression: str, *, by_comment: bool
) -> sqlite3.Cursor:
    """Select for each comment to write: thread id, whether it was chosen, and the expression."""
    if by_comment:
        # "cross join" keeps SQLite from scanning all comments for the few that were picked.
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


def select_threads(
    connection: sqlite3.Connection, selection: Selection, expressions: str, *, by_comment: bool
) -> sqlite3.Cursor:
    """Select for each thread to write: its id, and expressions over threads, articles and outlets."""
    where = thread_condition(selection, by_comment=by_comment)
    return connection.execute(THREADS.format(f"threads.id, {expressions}", where, "threads.id"))


def thread_condition(selection: Selection, *, by_comment: bool) -> str:
    """Return the condition on `threads` for those to write."""
    return "threads.id in (select thread_id from temp.picked)" if by_comment else selection.within("threads.id")


class CommentLines:
    """Serve the comments of one cursor thread by thread, and count them. Threads must be requested in its order.

    One statement for all comments costs less than a statement a thread.
    """

    def __init__(self, rows: sqlite3.Cursor) -> None:
        self._rows = (row for batch in batches(rows) for row in batch)
        self._next = next(self._rows, None)
        self.chosen = self.context = 0

    def of_thread(self, thread_id: int) -> Iterator[bytes]:
        """Yield the comments of a thread."""
        while self._next is not None and self._next[0] == thread_id:
            _, chosen, line = self._next
            yield line
            self.chosen += chosen
            self.context += not chosen
            self._next = next(self._rows, None)


def _write_rows(connection: sqlite3.Connection, out: BinaryIO, sql: str) -> RowCounts:
    cursor, names = select_rows(connection, sql)
    written = 0
    for rows in batches(cursor):
        for row in rows:
            line = {name: _json_value(value) for name, value in zip(names, row, strict=True)}
            out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        written += len(rows)
    return RowCounts(written)


def _json_value(value: Any) -> Any:
    """Return the value as JSON can hold it: bytes in hexadecimal, infinity as text."""
    if isinstance(value, bytes):
        return value.hex()
    return repr(value) if isinstance(value, float) and not isfinite(value) else value
