"""Rows in any order, gathered by thread in a temporary SQLite file, so that memory holds one thread at a time."""

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter

from archive.importers.temporary_tables import TemporaryTables

ROWS_A_WRITE = 5_000
TABLES = """
create table rows (key text, line integer, row text);
create table articles (key text primary key, row text) without rowid;
create table labels (key text, name text, value text);
create index labels_key on labels (key);"""


class Spool(TemporaryTables):
    """Holds rows by key."""

    def __init__(self) -> None:
        super().__init__(TABLES)
        self._pending: list[tuple[str, int, str]] = []

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
        self.shrink()
        with closing(self._connection.execute(query)) as cursor:
            for key, rows in groupby(cursor, key=itemgetter(0)):
                yield key, ((line, row) for _, line, row in rows)

    def _flush(self) -> None:
        self._connection.executemany("insert into rows values (?, ?, ?)", self._pending)
        self._pending.clear()
