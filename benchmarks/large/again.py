"""A small crawl of an archive that was generated: threads are seen again, with new comments, edits and flags."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from archive.store.archive import Archive
from archive.text.formatting import now
from archive.thread import Article, Author, Capture, Comment, Flag, Moment, Thread
from benchmarks.large.words import Words

THREADS, NEW, EDITED, FLAGGED = 20, 500, 20, 50
# Threads of a common size that a crawl read.
CHOSEN = """
select id from threads where comment_count between 2 and 300 and platform <> 'resiliparse_text'
order by abs(id * 7919 % 104729) limit ?"""
THREAD = """
select threads.platform, threads.native_id, threads.url, threads.completeness, threads.closed, title,
  articles.url as article_url, body, domain, published_at, language, section
from threads join articles on articles.id = article_id join outlets on outlets.id = outlet_id where threads.id = ?"""
COMMENTS = """
select comments.id, parent_id, comments.native_id, parent_native_id, body, posted_at, parent_source, likes, dislikes,
  url, state, commenters.name, commenters.native_id as account, is_guest, is_staff, codes
from comments left join commenters on commenters.id = commenter_id where thread_id = ? order by position"""


def crawl(path: Path, seed: int = 1) -> dict[str, int]:
    """Saves 500 new comments in 20 threads, 20 edits and 50 flags as a crawl does, and gives the counts of the save."""
    chance = Random(seed)
    words = Words(chance, 1_000)
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        ids = [row["id"] for row in connection.execute(CHOSEN, (THREADS,))]
        seen = [_again(connection, one, words) for one in ids]
    new, edited, flagged = (-(-whole // max(1, len(seen))) for whole in (NEW, EDITED, FLAGGED))
    threads = [_changed(thread, words, new, edited, flagged) for thread in seen]
    with Archive(path) as archive:
        run = archive.begin_run("crawl", {})
        saved = archive.save(threads, run)
        if saved.failures:
            raise RuntimeError(saved.failures[0][1])
        archive.end_run(run, "done", dict(saved.counts))
    return dict(saved.counts)


def _again(connection: sqlite3.Connection, number: int, words: Words) -> Thread:
    """A stored thread as a visit would see it now."""
    row = connection.execute(THREAD, (number,)).fetchone()
    rows = connection.execute(COMMENTS, (number,)).fetchall()
    place = {one["id"]: i for i, one in enumerate(rows)}
    article = Article(
        row["title"], row["body"], row["article_url"], row["domain"], published=Moment(row["published_at"]),
        language=row["language"], section=row["section"],
    )  # fmt: skip
    digest = hashlib.sha256(f"{now()} {number} {words.chance.random()}".encode()).hexdigest()
    capture = Capture(digest, row["article_url"], now(), 200, "text/html", "archive.db.warc/again.warc.gz", 0, 1)
    closed = None if row["closed"] is None else bool(row["closed"])
    return Thread(
        article, tuple(_comment(one, place) for one in rows), row["platform"], capture, row["native_id"], row["url"],
        len(rows) + NEW // THREADS, row["completeness"], closed,
        flags=(Flag("platform.closed", "page"),) if closed else (),
    )  # fmt: skip


def _comment(row: Any, place: dict[int, int]) -> Comment:
    author = None
    if row["name"] is not None:
        author = Author(row["name"], row["account"], bool(row["is_guest"]), bool(row["is_staff"]))
    said = [code for code in ("platform.featured", "platform.staff") if code in (row["codes"] or "")]
    return Comment(
        row["body"], place.get(row["parent_id"]), author, Moment(row["posted_at"], None, "second"), row["native_id"],
        row["parent_native_id"], row["parent_source"], row["state"], row["likes"], row["dislikes"], row["url"],
        tuple(Flag(code, "class") for code in said),
    )  # fmt: skip


def _changed(thread: Thread, words: Words, new: int, edited: int, flagged: int) -> Thread:
    """With so many comments more at its end, the first of them flagged, and so many others edited."""
    comments = list(thread.comments)
    first = 900_000_000 + words.chance.randrange(90_000_000)
    for i in range(edited):
        comments[i] = replace(comments[i], body=f"{words.body()} Edited again.")
    for i in range(new):
        flags = (Flag("platform.featured", "class"),) if i < flagged else ()
        author = Author(f"Guest {words.plain()} {first}", None, is_guest=True, is_staff=False)
        moment = Moment(now(), None, "second")
        comments.append(Comment(words.body(), None, author, moment, str(first + i), None, "api", flags=flags, url=None))
    return replace(thread, comments=tuple(comments))
