"""JSON Lines: one thread a line, comments in document order. This shape is public: it changes only with a version."""

import json
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, TextIO

from archive.search import NOT_REFUSED

THREADS = """
select threads.id, articles.url, articles.title, articles.body, outlets.domain, articles.published_at,
  platform, native_id, stated_count, completeness, articles.id
from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id
order by threads.id"""
COMMENTS = """
select thread_id, comments.id, comments.native_id, parent_id, position, depth, commenters.name, posted_at, body,
  revision, state, likes, dislikes
from comments left join commenters on commenters.id = commenter_id order by thread_id, position"""
COMMENT_NAMES = (
    "id", "native_id", "parent_id", "position", "depth", "author", "posted_at", "body", "revision", "state", "likes",
    "dislikes",
)  # fmt: skip
FLAG = "code, rule, target, start, end, exact"
FLAG_NAMES = ("code", "rule", "target", "start", "end", "exact")
# What no reviewer refused; of a text, what was found in the text as it stands.
KEPT = f"withdrawn_at is null and {NOT_REFUSED}"
COMMENT_FLAGS = f"""
select comments.thread_id, flags.comment_id, {FLAG} from flags join comments on comments.id = flags.comment_id
left join flag_spans on flag_spans.flag_id = flags.id
where {KEPT} and (flags.revision = comments.revision or code not between 'content.' and 'context/')
order by comments.thread_id, comments.position, flags.id, start"""  # noqa: S608
OTHER_FLAGS = f"""
select {FLAG} from flags left join flag_spans on flag_spans.flag_id = flags.id
where {KEPT} and (thread_id = ? or article_id = ?) order by flags.id, start"""  # noqa: S608


def write(connection: sqlite3.Connection, out: TextIO) -> int:
    """Gives the number of threads. Memory holds one thread."""
    comments = _Following(connection.execute(COMMENTS))
    flags = _Following(connection.execute(COMMENT_FLAGS))
    written = 0
    for row in connection.execute(THREADS):
        thread_flags = connection.execute(OTHER_FLAGS, (row[0], row[-1]))
        line = _thread(row) | {
            "comments": _comments(comments.of(row[0]), flags.of(row[0])),
            "flags": [dict(zip(FLAG_NAMES, flag, strict=True)) for flag in thread_flags],
        }
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        written += 1
    return written


def _thread(row: tuple[Any, ...]) -> dict[str, Any]:
    thread_id, url, title, body, outlet, published_at, platform, native_id, stated_count, completeness, _ = row
    return {
        "article": {"url": url, "title": title, "body": body, "outlet": outlet, "published_at": published_at},
        "thread": {
            "id": thread_id,
            "platform": platform,
            "native_id": native_id,
            "stated_count": stated_count,
            "completeness": completeness,
        },
    }


def _comments(rows: Iterator[tuple[Any, ...]], flag_rows: Iterator[tuple[Any, ...]]) -> list[dict[str, Any]]:
    comments = [dict(zip(COMMENT_NAMES, row[1:], strict=True)) | {"flags": []} for row in rows]
    by_id = {comment["id"]: comment for comment in comments}
    for row in flag_rows:
        by_id[row[1]]["flags"].append(dict(zip(FLAG_NAMES, row[2:], strict=True)))
    return comments


class _Following:
    """Groups of rows by their first column, handed out to someone who asks in the same order and may skip."""

    def __init__(self, rows: sqlite3.Cursor) -> None:
        self._groups = groupby(rows, itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, key: int) -> Iterator[tuple[Any, ...]]:
        if self._next is None or self._next[0] != key:
            return
        yield from self._next[1]
        self._next = next(self._groups, None)
