"""What only one engine knows: a module an engine, all behind `base.StoreDialect`."""

from sqlalchemy import Connection

from archive.store.dialects.base import StoreDialect
from archive.store.dialects.sqlite import SqliteDialect

_DIALECTS: dict[str, StoreDialect] = {"sqlite": SqliteDialect()}


def dialect_of(connection: Connection) -> StoreDialect:
    """Return the dialect of a connection. That of PostgreSQL is loaded when it is first used."""
    name = connection.dialect.name
    if name not in _DIALECTS:
        from archive.store.dialects.postgresql import PostgresDialect

        _DIALECTS[name] = PostgresDialect()
    return _DIALECTS[name]
