"""SQLite: one file, one writer at a time, full text beside the rows."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, insert, select
from sqlalchemy import Dialect as SqlDialect
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.pool import StaticPool
from sqlalchemy.util import LRUCache

from archive.store import views
from archive.store.dialects.base import DURABLE, IdBlock, outlast_interrupts
from archive.store.process_identity import is_dead, is_here, worker_name
from archive.store.reading import connect_for_reading
from archive.store.schema import TABLES
from archive.text.formatting import format_time

PRAGMAS = (
    "pragma journal_mode = wal",
    "pragma foreign_keys = on",
    "pragma busy_timeout = 1000",
    "pragma cache_size = -12288",
    "pragma temp_store = memory",
    "pragma wal_autocheckpoint = 4000",
)
INDEX_FROM = {table: views.index_from(table) for table in views.FULL_TEXT}
LAST_ID = 1 << 62
_compiled: LRUCache[Any, Any] = LRUCache(1_000)


def _synchronous(*, always: bool = False) -> str:
    """Return the pragma that says how long a transaction waits for the disk.

    By default the last ones may be lost when the power fails, never the archive: SQLite's `normal` in WAL mode.
    """
    return f"pragma synchronous = {'full' if always or os.environ.get(DURABLE) else 'normal'}"


def writing_engine(path: Path) -> Engine:
    """Return an engine for an archive file, which is made where it is not there."""

    def connect() -> Any:
        connection = sqlite3.connect(path, timeout=1.0, check_same_thread=False, isolation_level=None)
        for pragma in (*PRAGMAS, _synchronous()):
            connection.execute(pragma).fetchall()
        return connection

    return engine_of(connect)


def reading_engine(path: Path) -> Engine:
    """Return an engine for an archive file that is there, and is not written."""
    options = {"check_same_thread": False, "timeout": 1.0, "isolation_level": None}
    return engine_of(partial(connect_for_reading, path, **options))


def engine_of(connect: Callable[[], Any]) -> Engine:
    """Return an engine of the one connection that `connect` opens, which is to have no isolation level.

    All engines share what SQLAlchemy compiles: else each archive that a process opens begins by compiling every
    statement anew, which takes longer than SQLite takes to run them.
    """
    shared = _shared_engine()
    engine = Engine(StaticPool(connect, dialect=shared.dialect), shared.dialect, shared.url)
    engine.update_execution_options(compiled_cache=_compiled)
    if (set_up := shared.dialect.on_connect()) is not None:
        event.listen(engine, "connect", lambda connection, _: set_up(connection))
    return engine


@cache
def _shared_engine() -> Engine:
    """Return an engine that was connected once, so that its dialect, which all share, knows this SQLite."""
    engine = create_engine("sqlite://", poolclass=StaticPool, isolation_level="AUTOCOMMIT")
    engine.connect().close()
    engine.dispose()
    outlast_interrupts(engine)
    return engine


@cache
def _insert(name: str, dialect: SqlDialect) -> tuple[str, list[str]]:
    """Return the text of an insert and its columns in order.

    Rows go to the driver as tuples: binding them through SQLAlchemy takes longer than SQLite takes to insert them.
    """
    columns = [column.name for column in TABLES[name].columns]
    compiled = insert(TABLES[name]).compile(dialect=dialect, column_keys=columns)
    return str(compiled), list(compiled.positiontup or columns)


class SqliteDialect:
    """The one writer: a transaction that writes has the whole file, so that nothing else needs a lock."""

    # SQLite else leaves what is deleted in the file's free pages.
    before_erasure: tuple[str, ...] = ("pragma secure_delete = on",)
    # A full-text index keeps deleted words in its older segments until they are merged. Then the file is written anew,
    # since pages may hold rests of rows that were moved, and an empty log beside it.
    after_erasure: tuple[str, ...] = (
        *(f"insert into {table}_fts({table}_fts) values ('optimize')" for table in views.FULL_TEXT),  # noqa: S608
        "pragma temp_store = file",
        "vacuum",
        "pragma wal_checkpoint(truncate)",
    )
    holds_nul = True

    def synchronous(self, *, always: bool = False) -> str:
        return _synchronous(always=always)

    def begin_reading(self, connection: Connection) -> None:
        connection.exec_driver_sql("begin")

    def begin(self, connection: Connection, *, alone: bool, on_wait: Callable[[], None]) -> None:
        del alone, on_wait
        connection.exec_driver_sql("begin immediate")

    def lock(self, connection: Connection, names: Iterable[str]) -> None:
        del connection, names

    def is_locked(self, error: Exception) -> bool:
        return "locked" in str(error)

    def is_conflict(self, error: Exception) -> bool:
        del error
        return False

    def id_blocks(self, connection: Connection) -> dict[str, IdBlock]:
        """Begin anew: another process may have added rows since the last transaction."""
        del connection
        return {}

    def take_ids(self, connection: Connection, table: str, count: int) -> IdBlock:
        """Take all ids after the last one: the transaction has the only write lock."""
        del count
        return [(connection.execute(select(func.max(TABLES[table].c.id))).scalar() or 0) + 1, LAST_ID]

    @contextmanager
    def bulk(self, connection: Connection) -> Iterator[None]:
        connection.exec_driver_sql(views.BEGIN_BULK)
        yield
        connection.exec_driver_sql(views.END_BULK)

    def insert_rows(self, connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
        statement, columns = _insert(table, connection.dialect)
        connection.exec_driver_sql(statement, [*map(itemgetter(*columns), rows)])
        if table in INDEX_FROM:
            connection.exec_driver_sql(INDEX_FROM[table], (rows[0]["id"],))

    def end_copy(self, connection: Connection) -> None:
        del connection

    def upsert(self, table: Table) -> Any:
        return sqlite_insert(table)

    def open_run(self, connection: Connection, run_id: int) -> None:
        del connection, run_id

    def dead_runs(self, connection: Connection, run_ids: Sequence[int]) -> list[int]:
        """Return the runs of processes that have died, and this process's own: it makes one of a kind after the other.

        Whether one of another machine lives is not known: for a day it is taken to, and then it may still end its run.
        """
        runs, yesterday = TABLES["runs"], format_time(datetime.now(UTC) - timedelta(days=1))
        statement = select(runs.c.id, runs.c.started_at, runs.c.settings).where(runs.c.id.in_(run_ids))
        dead = []
        for row in connection.execute(statement):
            worker = str(json.loads(row.settings).get("worker") or "")
            is_old = row.started_at < yesterday and not is_here(worker)
            if is_old or worker in ("", worker_name()) or is_dead(worker):
                dead.append(row.id)
        return dead

    @contextmanager
    def unchecked(self, connection: Connection) -> Iterator[None]:
        """Each deleted row would look through tables for rows that refer to it: all are looked at once, at the end."""
        connection.exec_driver_sql("pragma foreign_keys = off")
        try:
            yield
        finally:
            connection.exec_driver_sql("pragma foreign_keys = on")

    def defer_references(self, connection: Connection) -> None:
        del connection

    def broken_references(self, connection: Connection) -> list[str]:
        return sorted({str(row[0]) for row in connection.exec_driver_sql("pragma foreign_key_check")})
