"""Which database is the archive, and how a page reads it: all statements in one call, on one snapshot, in time."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import sqlite_timelimit

Row = sqlite3.Row
Connection = sqlite3.Connection
T = TypeVar("T")

NEEDED = {"comments", "threads", "articles", "totals", "flag_codes", "comments_fts"}


class TookTooLong(Exception):
    """SQLite was stopped at the time limit."""


def known_archive(datasette: Datasette) -> str | None:
    """The name of the archive's database, once a page has looked for it."""
    found: str | None = getattr(datasette, "_belowtheline_archive", None)
    return found if found in datasette.databases else None


async def find_archive(datasette: Datasette) -> Database | None:
    """The database named `archive`, else the first that has an archive's tables, else None."""
    known = known_archive(datasette)
    if known is not None:
        return datasette.databases[known]
    for name in sorted(datasette.databases, key=lambda name: name != "archive"):
        if name != "_internal" and set(await datasette.databases[name].table_names()) >= NEEDED:
            datasette._belowtheline_archive = name
            return datasette.databases[name]
    return None


async def read(datasette: Datasette, db: Database, work: Callable[[Connection], T]) -> T:
    """Runs `work` in a thread of Datasette's, within one transaction. Raises TookTooLong at sql_time_limit_ms."""

    def limited(connection: Connection) -> T:
        with sqlite_timelimit(connection, datasette.sql_time_limit_ms):
            try:
                connection.execute("begin")
                return work(connection)
            except sqlite3.OperationalError as error:
                if error.args == ("interrupted",):
                    raise TookTooLong from error
                raise
            finally:
                if connection.in_transaction:
                    connection.rollback()

    result: T = await db.execute_fn(limited)
    return result


def fetch_all(connection: Connection, sql: str, **parameters: Any) -> list[Row]:
    return connection.execute(sql, parameters).fetchall()


def fetch_row(connection: Connection, sql: str, **parameters: Any) -> Row | None:
    row: Row | None = connection.execute(sql, parameters).fetchone()
    return row


def fetch_value(connection: Connection, sql: str, **parameters: Any) -> Any:
    row = fetch_row(connection, sql, **parameters)
    return None if row is None else row[0]
