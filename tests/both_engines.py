"""Read an archive on either engine with one SQL, beside the connection that it is written by."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

# For tests of what SQLite alone has.
sqlite_only = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
Rows = list[tuple[Any, ...]]


class FileQuery:
    """Read a file, by a new connection each time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, sql: str, *parameters: object) -> Rows:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def is_intact(self) -> bool:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for table in ("comments", "articles"):
                connection.execute(f"insert into {table}_fts({table}_fts, rank) values('integrity-check', 1)")
        return self("pragma integrity_check") == [("ok",)] and self("pragma foreign_key_check") == []


class ServerQuery:
    """Read a database."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __call__(self, sql: str, *parameters: object) -> Rows:
        from archive.store.dialects.postgresql import in_driver_style

        rows: Rows = self.connection.execute(in_driver_style(sql), parameters).fetchall()
        return rows

    def is_intact(self) -> bool:
        """Return whether the server checks what one row says of another: then it is so."""
        return self("select conname from pg_constraint where contype = 'f' and not convalidated") == []


@contextmanager
def query_of(place: Path | str) -> Iterator[FileQuery | ServerQuery]:
    """Yield what reads a file, or the database at an address."""
    if isinstance(place, Path):
        yield FileQuery(place)
        return
    import psycopg

    with psycopg.connect(place, autocommit=True) as connection:
        yield ServerQuery(connection)
