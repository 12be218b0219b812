"""Open an archive for Datasette without its private tables, and read it for a page in one transaction."""

import re
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from datasette.app import Datasette
from datasette.database import Database, Results
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Forbidden

from archive.search import query_sql
from archive.store.private_tables import PRIVATE_TABLES, forbid, forbid_reviewers, is_refusal
from archive.store.reading import connect_for_reading, has_wal

Row = sqlite3.Row
Connection = sqlite3.Connection
T = TypeVar("T")

# SQLite compares a pattern of LIKE or GLOB with a text in one step, which takes as long as both of them multiplied:
# with its own limit of 50,000 a single text of a million letters takes minutes, whatever the time limit.
MAX_PATTERN = 100
# What Datasette makes a page, JSON or CSV of, all at once.
MAX_RESULT_LETTERS = 32_000_000
NOT_TO_BE_READ = (
    "That is not to be read here. The names and notes of reviewers are for reviewers who have signed in; others may "
    "not use WITH beside flag_list and agreement_list, which count reviewers by their names."
)
NEEDED_TABLES = {"comments", "threads", "articles", "totals", "flag_codes", "comments_fts"}
MOST_RESULTS = 32


# Whether who asks is a reviewer: set for each request.
is_reviewer: ContextVar[bool] = ContextVar("is_reviewer", default=False)
_WITH = re.compile(r"\bwith\b", re.IGNORECASE)


class Access(Enum):
    """What a connection may read, private tables apart: everything, or no names and notes of reviewers."""

    OPEN = "open"
    STRANGERS = "strangers"
    STRANGERS_WITH = "strangers, by a statement with WITH"


_access: ContextVar[Access] = ContextVar("access", default=Access.OPEN)


class TookTooLong(Exception):
    """SQLite was stopped at the time limit, or read more than can be sent in time."""


class ArchiveConnection(sqlite3.Connection):
    """A connection that stores results of queries until another connection changes the file.

    A thread of 200 comments takes ten times as long to load as to look up here. SQLite's `data_version` differs as soon
    as anybody else has committed, and the site's own read connections never write: nothing here is ever stale."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN)
        query_sql.prepare(self)
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._version: int | None = None
        self._access = Access.OPEN

    def set_access(self, access: Access) -> None:
        """Change what may be read. SQLite then prepares anew, and so checks, statements that the connection stores."""
        if access is self._access:
            return
        if access is Access.OPEN:
            forbid(self)
        else:
            forbid_reviewers(self, trusts_views=access is Access.STRANGERS)
        self._access = access

    def stored(self, key: Hashable, compute: Callable[[], T]) -> T:
        version = self.execute("pragma data_version").fetchone()[0]
        if version != self._version:
            self._results.clear()
            self._version = version
        if key not in self._results:
            self._results[key] = compute()
            if len(self._results) > MOST_RESULTS:
                self._results.popitem(last=False)
        self._results.move_to_end(key)
        result: T = self._results[key]
        return result


def remember(connection: Connection, key: Hashable, compute: Callable[[], T]) -> T:
    """Return the result of `compute`, stored under `key` with the connection while the archive stays as it is.

    `compute` may only read from this connection, within a transaction."""
    return connection.stored(key, compute) if isinstance(connection, ArchiveConnection) else compute()


class ArchiveDatabase(Database):  # type: ignore[misc]  # Datasette has no types
    """An archive as Datasette opens it: private tables are in no list, and no statement reads them."""

    has_public_reviewers = False  # a public copy has numbers for their names, and no notes

    def connect(self, write: bool = False) -> sqlite3.Connection:
        if not self.is_mutable and has_wal(Path(self.path)):  # that of an archive which cannot be written
            return connect_for_reading(Path(self.path), check_same_thread=False, factory=ArchiveConnection)
        # Datasette puts the path into the URI unquoted, where a "?" or "%" in a file's name has another meaning.
        mode = ("" if write else "?mode=ro") if self.is_mutable else "?immutable=1"
        uri = f"{Path(self.path).resolve().as_uri()}{mode}"
        return sqlite3.connect(uri, uri=True, check_same_thread=False, factory=ArchiveConnection)

    def open_snapshot(self) -> Connection:
        """Open a connection of one's own, in a read transaction; the caller closes it."""
        connection = self.connect()
        connection.row_factory = Row
        connection.text_factory = lambda text: str(text, "utf-8", "replace")
        forbid(connection)
        connection.execute("begin")
        return connection

    @property
    def hash(self) -> str | None:
        """None: Datasette would read gigabytes for a digest that no page shows."""
        return None

    async def execute(self, sql: str, *arguments: Any, **options: Any) -> Results:
        """Raises Forbidden for a statement that reads a private table, which Datasette would take for an empty file;
        TookTooLong for rows that together are too long to be written in time.

        What Datasette itself asks, for tables, their files and SQL, goes this way; the site's own pages do not."""
        token = _access.set(self._access_of(sql))
        try:
            results: Results = await super().execute(sql, *arguments, **options)
            if sum(len(value) for row in results.rows for value in row if isinstance(value, str)) > MAX_RESULT_LETTERS:
                raise TookTooLong
            return results
        except sqlite3.DatabaseError as error:
            if is_refusal(error):
                raise Forbidden(NOT_TO_BE_READ) from error
            raise
        finally:
            _access.reset(token)

    def _access_of(self, sql: str) -> Access:
        if self.has_public_reviewers or is_reviewer.get():
            return Access.OPEN
        return Access.STRANGERS_WITH if _WITH.search(sql) else Access.STRANGERS

    async def execute_fn(self, fn: Callable[[Connection], T]) -> T:
        access = _access.get()

        def work(connection: Connection) -> T:
            if isinstance(connection, ArchiveConnection):
                connection.set_access(access)
            return fn(connection)

        result: T = await super().execute_fn(work)
        return result

    async def table_names(self) -> list[str]:
        return [name for name in await super().table_names() if name.lower() not in PRIVATE_TABLES]

    async def get_all_foreign_keys(self) -> dict[str, Any]:
        """Leave out the keys of private tables: the page of a row counts the rows that point at it."""
        keys: dict[str, dict[str, list[dict[str, str]]]] = await super().get_all_foreign_keys()
        return {
            table: {
                direction: [key for key in listed if key["other_table"].lower() not in PRIVATE_TABLES]
                for direction, listed in both.items()
            }
            for table, both in keys.items()
            if table.lower() not in PRIVATE_TABLES
        }


def is_archive(connection: Connection) -> bool:
    rows = connection.execute("select name from sqlite_master where type = 'table'")
    return {row[0] for row in rows} >= NEEDED_TABLES


async def open_archives(datasette: Datasette) -> None:
    """Open as ArchiveDatabase what Datasette opened by itself: `datasette FILE` was called, and not `btl serve`."""
    for name, db in list(datasette.databases.items()):
        if type(db) is Database and db.path and await db.execute_fn(is_archive):
            datasette.remove_database(name)
            datasette.add_database(ArchiveDatabase(datasette, db.path, db.is_mutable), name=name, route=db.route)


def find_archive(datasette: Datasette) -> ArchiveDatabase | None:
    """Return the archive named `archive`, else the first one by name, else None."""
    archives = [db for db in datasette.databases.values() if isinstance(db, ArchiveDatabase)]
    return min(archives, key=lambda db: (db.name != "archive", db.name), default=None)


def data_path(datasette: Datasette) -> str:
    """Return where the archive's tables are; those of another database where there is no archive."""
    archive = find_archive(datasette)
    others = [name for name in datasette.databases if name != "_internal"]
    return str(datasette.urls.database(archive.name if archive else (others[0] if others else "archive")))


async def read(datasette: Datasette, db: Database, work: Callable[[Connection], T], limit_ms: int | None = None) -> T:
    """Run `work` in a thread of Datasette's, in one read transaction: a page shows one state of the archive.

    Raises TookTooLong at the limit, which is sql_time_limit_ms unless another is given."""

    def limited(connection: Connection) -> T:
        try:
            connection.execute("begin")
            return in_time(datasette, connection, lambda: work(connection), limit_ms)
        finally:
            if connection.in_transaction:
                connection.rollback()

    result: T = await db.execute_fn(limited)
    return result


def in_time(datasette: Datasette, connection: Connection, work: Callable[[], T], limit_ms: int | None = None) -> T:
    """Run `work`, which reads from the connection. Raises TookTooLong at the limit, else at sql_time_limit_ms."""
    with sqlite_timelimit(connection, limit_ms or datasette.sql_time_limit_ms):
        try:
            return work()
        except sqlite3.OperationalError as error:
            if error.args == ("interrupted",):
                raise TookTooLong from error
            raise


def fetch_all(connection: Connection, sql: str, **parameters: Any) -> list[Row]:
    return connection.execute(sql, parameters).fetchall()


def fetch_row(connection: Connection, sql: str, **parameters: Any) -> Row | None:
    row: Row | None = connection.execute(sql, parameters).fetchone()
    return row


def fetch_value(connection: Connection, sql: str, **parameters: Any) -> Any:
    row = fetch_row(connection, sql, **parameters)
    return None if row is None else row[0]
