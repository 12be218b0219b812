"""Rows in any order, gathered by thread in a temporary SQLite file, so that memory holds one thread at a time."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType

ROWS_A_WRITE = 5_000
CACHE_KIB = 65_536


class Spool:
    """Holds rows by key. Its file is in the folder for temporary files and goes when it is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="btl-rows-")
        self._connection = sqlite3.connect(Path(self._folder.name, "rows.db"), isolation_level=None)
        self._connection.execute("pragma journal_mode = off")
        self._connection.execute("pragma synchronous = off")
        self._connection.execute(f"pragma cache_size = -{CACHE_KIB}")
        self._connection.execute("create table rows (key text, line integer, row text)")
        self._connection.execute("create table articles (key text primary key, row text) without rowid")
        self._connection.execute("create table labels (key text, name text, value text)")
        self._connection.execute("create index labels_key on labels (key)")
        self._connection.execute("begin")
        self._pending: list[tuple[str, int, str]] = []

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._folder.cleanup()

    def add(self, key: str, line: int, row: str) -> None:
        """Add a row (JSON) of the thread with this key."""
        self._pending.append((key, line, row))
        if len(self._pending) >= ROWS_A_WRITE:
            self._flush()

    def add_article(self, key: str, row: str) -> None:
        """Add what another table says of an article; the first row of a key counts."""
        self._connection.execute("insert or ignore into articles values (?, ?)", (key, row))

    def article(self, key: str) -> str | None:
        """Return what another table says of an article."""
        row = self._connection.execute("select row from articles where key = ?", (key,)).fetchone()
        return row[0] if row else None

    def add_label(self, key: str, name: str, value: str) -> None:
        """Add what another table says of a comment."""
        self._connection.execute("insert into labels values (?, ?, ?)", (key, name, value))

    def labels(self, key: str) -> list[list[str]]:
        """Return the names and values of a comment's labels, in the order of their table."""
        query = "select name, value from labels where key = ? order by rowid"
        return [list(row) for row in self._connection.execute(query, (key,))]

    def threads(self) -> Iterator[tuple[str, Iterator[tuple[int, str]]]]:
        """Yield each key with its rows in the order of the file, keys in the order of their first row."""
        self._flush()
        self._connection.execute("create table firsts as select key, min(rowid) as first from rows group by key")
        self._connection.execute("create index firsts_key on firsts (key)")
        query = (
            "select rows.key, line, row from firsts cross join rows on rows.key = firsts.key order by first, rows.rowid"
        )
        self._connection.execute("create index rows_key on rows (key)")
        with closing(self._connection.execute(query)) as cursor:
            for key, rows in groupby(cursor, key=itemgetter(0)):
                yield key, ((line, row) for _, line, row in rows)

    def _flush(self) -> None:
        self._connection.executemany("insert into rows values (?, ?, ?)", self._pending)
        self._pending.clear()
