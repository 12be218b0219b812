"""Make an archive's schema, or bring it up to date, on either engine."""

from collections.abc import Callable

from sqlalchemy import Connection
from sqlite_utils import Database
from sqlmodel import SQLModel

from archive.store import search_changes, views
from archive.store.dialects import dialect_of
from archive.store.migrations import migrations
from archive.store.private_tables import PRIVATE_TABLES
from archive.store.schema import TABLES

_PRIVATE = [TABLES[name] for name in sorted(PRIVATE_TABLES)]
# Runs what it is given, again while another process writes.
WhenFree = Callable[[Callable[[], object]], None]


class NotAnArchive(Exception):
    """The file or database exists and is nothing to write to, or holds something other than an archive."""


class ReadOnly(Exception):
    """The archive cannot be written, and has to be."""


def prepare(connection: Connection, name: str, when_free: WhenFree) -> None:
    """Bring an archive up to date, made where there is nothing yet. Raise NotAnArchive."""
    if connection.dialect.name == "sqlite":
        _prepare_file(connection, name, when_free)
        return
    from archive.store.dialects import postgresql

    _require_archive(name, postgresql.foreign_tables(connection))
    postgresql.prepare(connection)


def check_version(connection: Connection, name: str) -> None:
    """Raise NotAnArchive, or ReadOnly where it has to be brought up to date before it can be read."""
    if connection.dialect.name == "sqlite":
        db = _open_tables(connection, name)
        is_current = not (migrations.pending(db) or views.find_stale(db))
    else:
        from archive.store.dialects import postgresql

        _require_archive(name, postgresql.foreign_tables(connection))
        is_current = postgresql.is_current(connection)
    if not is_current:
        raise ReadOnly(f"{name} is read-only and of an older version: copy it by `btl backup`, and read the copy")


def _prepare_file(connection: Connection, name: str, when_free: WhenFree) -> None:
    db = _open_tables(connection, name)
    if migrations.pending(db):
        with dialect_of(connection).unchecked(connection):  # a table may be made anew, which others refer to
            when_free(lambda: migrations.apply(db))
    when_free(lambda: views.prepare(db))
    if PRIVATE_TABLES - set(db.table_names()):  # an archive that an exported script made has none
        when_free(lambda: SQLModel.metadata.create_all(connection, tables=_PRIVATE))
    if connection.exec_driver_sql(search_changes.ARE_TOO_MANY).scalar():
        when_free(lambda: connection.exec_driver_sql(search_changes.FORGET))


def _open_tables(connection: Connection, name: str) -> Database:
    """Raise NotAnArchive where there are tables of something else."""
    db = Database(connection.connection.driver_connection, execute_plugins=False)
    names = set(db.table_names())
    if names and "_sqlite_migrations" not in names:
        raise NotAnArchive(f"{name} is an SQLite file, but not an archive: it has {', '.join(sorted(names))}")
    return db


def _require_archive(name: str, others: list[str]) -> None:
    if others:
        raise NotAnArchive(f"{name} is a database, but not an archive: it has {', '.join(others)}")
