"""PostgreSQL: many writers, each with the outlets that it writes for itself.

Whoever saves threads shares the archive with others that save; whatever else is written, such as flags, verdicts and
what is withheld, has it alone, as on SQLite. All locks are the server's: who dies holds none.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any
from zlib import crc32

import psycopg
from psycopg.adapt import Dumper
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from archive.store.address import ServerAddress
from archive.store.dialects.base import DURABLE, IdBlock, outlast_interrupts
from archive.store.dialects.postgresql_schema import create, foreign_tables, is_current
from archive.store.preparation import NotAnArchive
from archive.store.schema import TABLES

__all__ = ["PostgresDialect", "foreign_tables", "is_current", "prepare", "server_engine", "session_lock"]
# The first numbers of this archive's advisory locks; the second says of what.
ARCHIVE_LOCK, SCHEMA_LOCK, OUTLET_LOCK, RUN_LOCK, CRAWL_LOCK = 0x62746C, 0x62746D, 0x62746E, 0x62746F, 0x627470
OUTLET_LOCKS = 4096  # the server has room for some thousand locks: outlets beyond that share them
LONGEST_WAIT_MS = 600_000
CONFLICTS = ("23505", "40001", "40P01")  # unique_violation, serialization_failure, deadlock_detected
# Tables that hold what somebody wrote, or said of it.
WITH_TEXTS = (
    *("articles", "article_revisions", "captures", "comment_revisions", "commenters", "comments", "events"),
    *("decisions", "reports", "flag_spans", "flags", "import_changes", "labels", "reviews", "threads", "withheld"),
)
# How many ids are taken at once; what is left of them is given out by the next batch of the same process.
# Visits get theirs when they are written, under the lock of their outlet: undoing an import tells later ones by it.
BLOCKS = {"comments": 2_000, "flags": 1_000, "flag_spans": 1_000, "events": 500, "commenters": 500, "visits": 1}
SMALL_BLOCK = 100
# SQL as SQLite has it: what is quoted, casts, and marks of parameters.
MARKS = re.compile(r"""('(?:[^']|'')*'|"[^"]*"|::)|\?|(?<!\w):(\w+)|json_object(?=\()|%""")

# Who holds a lock of this database; a name is cut by the server after 63 bytes.
HOLDER = """
select application_name || coalesce(' of ' || host(client_addr), '') from pg_locks
join pg_stat_activity using (pid) join pg_database on pg_database.oid = pg_locks.database
where locktype = 'advisory' and classid = %s and objid = %s and granted and pg_database.datname = current_database()
limit 1"""


class _BooleanDumper(Dumper):
    """Booleans are 0 and 1 in the archive; which type that is in a statement, the server finds out."""

    oid = 0

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


def server_engine(address: ServerAddress, *, read_only: bool = False) -> Engine:
    """Return an engine for an archive on a server. Errors never quote parameters, nor the password."""
    engine = create_engine(
        address.engine_url(), poolclass=StaticPool, isolation_level="AUTOCOMMIT", hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        connection.adapters.register_dumper(bool, _BooleanDumper)
        connection.autocommit = True
        connection.execute(f"set lock_timeout = {LONGEST_WAIT_MS}")
        connection.execute(_synchronous())
        if read_only:
            connection.execute("set default_transaction_read_only = on")

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def translate(
        connection: Connection, cursor: object, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> tuple[str, Any]:
        del connection, cursor, executemany
        return (statement if context.compiled else in_driver_style(statement)), parameters

    outlast_interrupts(engine)
    return engine


@lru_cache(1024)
def in_driver_style(sql: str) -> str:
    """Write the marks of parameters as psycopg has them, and the one function whose name is taken here."""
    return MARKS.sub(_mark, sql)


def _mark(match: re.Match[str]) -> str:
    if match[1]:
        return match[1].replace("%", "%%")
    if match[2]:
        return f"%({match[2]})s"
    return {"?": "%s", "%": "%%"}.get(match[0], "json_build_object")


def sqlstate(error: BaseException) -> str | None:
    """Return the code that the server gave an error, or None for any other one."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def _synchronous(*, always: bool = False) -> str:
    return f"set synchronous_commit = {'on' if always or os.environ.get(DURABLE) else 'off'}"


@contextmanager
def session_lock(
    address: ServerAddress, note: str, purpose: str, *, shared: bool
) -> Iterator[Callable[[], str | None]]:
    """Yield what tries to lock a purpose of an archive, and names who has it where it cannot; at the end it is free.

    It has a connection of its own, and the server frees it when that ends, with the process or its machine.
    """
    kind, number = "_shared" if shared else "", crc32(purpose.encode()) & 0x7FFFFFFF
    parameters = address.engine_url().set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        opened = psycopg.connect(parameters, autocommit=True, application_name=f"btl {note}")
    except psycopg.OperationalError as error:
        raise NotAnArchive(f"{address}: {error}") from error
    with closing(opened) as connection:

        def acquire() -> str | None:
            statement = f"select pg_try_advisory_lock{kind}(%s, %s)"
            if connection.execute(statement, (CRAWL_LOCK, number)).fetchall() == [(True,)]:
                return None
            holder = connection.execute(HOLDER, (CRAWL_LOCK, number)).fetchone()
            return "process {}".format(holder[0].removeprefix("btl ")) if holder else "another process"

        yield acquire


class PostgresDialect:
    """Writers of one archive, side by side."""

    before_erasure: tuple[str, ...] = ()
    # What the server keeps elsewhere (its log, replicas, backups) is not reached by this, see docs/postgresql.md.
    after_erasure: tuple[str, ...] = tuple(f"vacuum full {name}" for name in WITH_TEXTS)
    holds_nul = False

    def synchronous(self, *, always: bool = False) -> str:
        return _synchronous(always=always)

    def begin_reading(self, connection: Connection) -> None:
        connection.exec_driver_sql("begin isolation level repeatable read, read only")

    def begin(self, connection: Connection, *, alone: bool, on_wait: Callable[[], None]) -> None:
        shared = "" if alone else "_shared"
        connection.exec_driver_sql("begin")
        statement = f"pg_advisory_xact_lock{shared}({ARCHIVE_LOCK}, 0)"
        if not connection.exec_driver_sql(f"select pg_try{statement.removeprefix('pg')}").scalar():
            on_wait()
            connection.exec_driver_sql(f"select {statement}")

    def lock(self, connection: Connection, names: Iterable[str]) -> None:
        """Lock in ascending order, so that no two transactions wait for each other."""
        keys = sorted({crc32(name.encode("utf-8", "surrogatepass")) % OUTLET_LOCKS for name in names})
        if keys:
            locked = "select pg_advisory_xact_lock(?, number::integer) from unnest(?::bigint[]) as number"
            connection.exec_driver_sql(locked, (OUTLET_LOCK, keys))

    def is_locked(self, error: Exception) -> bool:
        """Return False: the server has waited as long as one may wait."""
        del error
        return False

    def is_conflict(self, error: Exception) -> bool:
        return sqlstate(error) in CONFLICTS

    def id_blocks(self, connection: Connection) -> dict[str, IdBlock]:
        """Go on with what is left: an id that was taken is nobody else's, even where its transaction failed."""
        blocks: dict[str, IdBlock] = connection.info.setdefault("id_blocks", {})
        return blocks

    def take_ids(self, connection: Connection, table: str, count: int) -> IdBlock:
        number = max(count, BLOCKS.get(table, SMALL_BLOCK))
        first = connection.exec_driver_sql("select take_ids(?, ?)", (table, number)).scalar_one()
        return [first, first + number]

    @contextmanager
    def bulk(self, connection: Connection) -> Iterator[None]:
        del connection
        yield

    def insert_rows(self, connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """Send rows by COPY, in a third of the time that inserts take."""
        columns = [column.name for column in TABLES[table].columns]
        copy_rows(connection, table, columns, map(itemgetter(*columns), rows))

    def end_copy(self, connection: Connection) -> None:
        for table in TABLES.values():
            if "id" in table.columns:
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                following = f"select setval({sequence}, coalesce(max(id), 0) + 1, false) from {table.name}"  # noqa: S608
                connection.exec_driver_sql(following)

    def upsert(self, table: Table) -> Any:
        return postgres_insert(table)

    def open_run(self, connection: Connection, run_id: int) -> None:
        connection.exec_driver_sql("select pg_advisory_lock(?, ?::integer)", (RUN_LOCK, run_id))

    def dead_runs(self, connection: Connection, run_ids: Sequence[int]) -> list[int]:
        """Return the runs whose lock is free: a process that works on a run holds it until it ends."""
        dead = []
        for run_id in run_ids:
            values = (RUN_LOCK, run_id)
            if connection.exec_driver_sql("select pg_try_advisory_lock(?, ?::integer)", values).scalar():
                connection.exec_driver_sql("select pg_advisory_unlock(?, ?::integer)", values)
                dead.append(run_id)
        return dead

    @contextmanager
    def unchecked(self, connection: Connection) -> Iterator[None]:
        del connection
        yield

    def defer_references(self, connection: Connection) -> None:
        connection.exec_driver_sql("set constraints all deferred")

    def broken_references(self, connection: Connection) -> list[str]:
        """Return the first table that has one; the transaction cannot go on then."""
        try:
            connection.exec_driver_sql("set constraints all immediate")
        except IntegrityError as error:
            return [str(getattr(error.orig, "diag").table_name)]  # noqa: B009
        return []


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Send rows by COPY. Raise what SQLAlchemy makes of the driver's errors."""
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f"copy {table} ({names}) from stdin"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from error


def prepare(connection: Connection) -> None:
    """Bring the schema up to date, one process at a time."""
    if is_current(connection):
        return
    connection.exec_driver_sql("begin")
    try:
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({SCHEMA_LOCK}, 0)")
        if not is_current(connection):
            create(connection)
    except BaseException:
        connection.exec_driver_sql("rollback")
        raise
    connection.exec_driver_sql("commit")
