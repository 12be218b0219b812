"""What tests of pages for readers share: a public copy to look at, texts that mean harm, and an archive that withholds."""

import json
import sqlite3
from pathlib import Path

from archive.store.flags import RECOUNT_COMMENTS
from archive.store.statistics import STATISTICS, TABLE
from tests import archive_fixture

HARM = "<script>alert(1)</script>\r\nSet-Cookie: a=b\r\n\r\n\"'\\{}%&$#_~^ \x00\x0b\ud7ff\u202e 山田 }{ @misc{x,"
FACTS = {
    "number": "3",
    "published_at": "2026-04-01T10:00:00Z",
    "software_version": "0.1.0",
    "url": "https://below.example",
    "title": "Harbour threads",
    "contact": "desk@below.example",
    "robots": "index",
    "commenters": "pseudonyms",
    "withheld": json.dumps({"court-order": 2, "privacy": 1}),
    "blur": "[]",
}


def published(path: Path, **facts: str | None) -> Path:
    """Makes an archive say that it is a release, with its statistics worked out."""
    with sqlite3.connect(path) as db:
        db.execute("create table release (name text primary key, value text)")
        every = {name: value for name, value in (FACTS | facts).items() if value is not None}
        db.executemany("insert into release values (?, ?)", every.items())
        db.execute(TABLE)
        for name, sql in STATISTICS.items():
            db.execute(f"insert into statistics select '{name}', key1, key2, value from ({sql})")
    db.close()
    return path


def withheld(path: Path) -> Path:
    """The set with FERRY's thread and DEEP's article withheld, as `btl withhold` leaves them."""
    archive_fixture.fill_reviewed(path)
    with sqlite3.connect(path) as db:
        of_thread = [row[0] for row in db.execute("select id from comments where thread_id = 1")]
        flag = "insert into flags (code, {}_id, revision, detector_id, rule, created_at, severity) values (?, ?, 0, 1, ?, ?, 4)"
        for number in of_thread:
            db.execute(flag.format("comment"), ("archive.withheld", number, "court-order", "2026-04-01T00:00:00Z"))
        db.execute(flag.format("thread"), ("archive.withheld", 1, "court-order", "2026-04-01T00:00:00Z"))
        db.execute(flag.format("article"), ("archive.withheld", 2, "copyright", "2026-04-01T00:00:00Z"))
        db.execute("update threads set withheld = 'court-order' where id = 1")
        db.execute(
            "update comments set withheld = 'court-order', body = '', commenter_id = null, url = null where thread_id = 1"
        )
        db.execute(
            "update articles set withheld = 'copyright', title = null, body = '', byline = null, url = 'urn:withheld:00' "
            "where id = 2"
        )
        ids = json.dumps(of_thread)
        db.execute(RECOUNT_COMMENTS, {"ids": ids})
    db.close()
    return path


def poison(path: Path) -> Path:
    """Puts harm into every title, name and text."""
    with sqlite3.connect(path) as db:
        for table, column in (
            ("articles", "title"),
            ("outlets", "name"),
            ("commenters", "name"),
            ("comments", "body"),
            ("comments", "posted_at_text"),
            ("threads", "platform"),
            ("captures", "sha256"),
        ):
            db.execute(f"update {table} set {column} = ? || rowid", (HARM,))
        db.execute("update threads set last_seen_at = ?", (HARM,))
        db.execute("update events set confidence = ?", (HARM,))
    db.close()
    return path
