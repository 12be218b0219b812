"""Puts generated rows into an archive's own tables: in the order of their ids, indexes and full text last."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from archive.store import views
from archive.store.archive import Archive
from benchmarks.large.rows import COLUMNS, Rows

FAST = (
    "pragma journal_mode = off",
    "pragma synchronous = off",
    "pragma locking_mode = exclusive",
    "pragma foreign_keys = off",
    "pragma cache_size = -262144",
)
INDEXES = "select name, sql from sqlite_master where type = 'index' and sql is not null order by tbl_name, name"
TRIGGERS = "select name, sql from sqlite_master where type = 'trigger'"
# Full text is written out once this much of it (bytes) is held: fewer, larger pieces, which need less merging.
HELD = 128 << 20
WORTH_TELLING_S = 1.0
CHECKS = (
    "pragma integrity_check",
    "pragma foreign_key_check",
    *(f"insert into {table}_fts({table}_fts, rank) values ('integrity-check', 1)" for table in views.FULL_TEXT),
)


def fill(path: Path, comments: int, seed: int = 1, say: Callable[[str], None] = lambda _: None) -> None:
    """Makes an archive of so many comments. Raises FileExistsError where there is a file."""
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    Archive(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in FAST:
        connection.execute(pragma).fetchall()
    dropped = connection.execute(INDEXES).fetchall() + connection.execute(TRIGGERS).fetchall()
    for name, sql in dropped:
        connection.execute(f"drop {sql.split()[1].replace('UNIQUE', 'INDEX')} {name}")
    _rows(connection, Rows(comments, seed), say)
    connection.execute("begin")
    for name, sql in dropped:
        began = time.monotonic()
        connection.execute(sql)
        if (took := time.monotonic() - began) > WORTH_TELLING_S:
            say(f"{name}: {took:.1f} s")
    connection.execute("commit")
    for table in views.FULL_TEXT:
        _full_text(connection, table, say)
    connection.close()
    Archive(path).close()


def _rows(connection: sqlite3.Connection, rows: Rows, say: Callable[[str], None]) -> None:
    statements = {
        table: f"insert into {table} ({names}) values ({', '.join('?' * (names.count(',') + 1))})"
        for table, names in COLUMNS.items()
    }
    began, told, written = time.monotonic(), 0, 0
    for batch in rows.batches():
        connection.execute("begin")
        for table, statement in statements.items():
            if table in batch:
                connection.executemany(statement, batch[table])
        connection.execute("commit")
        written += len(batch.get("comments", ()))
        if written - told >= 500_000:
            told = written
            say(f"{written:,} comments, {written / (time.monotonic() - began):,.0f} a second")
    connection.executemany("insert into totals (name, value) values (?, ?)", sorted(rows.totals.items()))
    say(f"{written:,} comments written in {time.monotonic() - began:.1f} s")


def _full_text(connection: sqlite3.Connection, table: str, say: Callable[[str], None]) -> None:
    fts, began = f"{table}_fts", time.monotonic()
    connection.execute("begin")
    connection.execute(f"insert into {fts}({fts}, rank) values ('hashsize', {HELD})")
    connection.execute(f"insert into {fts}({fts}) values ('rebuild')")
    connection.execute(f"delete from {fts}_config where k = 'hashsize'")
    connection.execute("commit")
    say(f"{fts}: {time.monotonic() - began:.1f} s")


def faults(path: Path) -> list[str]:
    """What SQLite finds wrong with an archive: nothing."""
    connection = sqlite3.connect(path)
    try:
        return [str(row) for check in CHECKS for row in connection.execute(check).fetchall() if row != ("ok",)]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        connection.rollback()
        connection.close()
