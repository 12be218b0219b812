"""What of an archive is nobody's to read: not on the site, in no export and in no public copy."""

import sqlite3

PRIVATE_TABLES = frozenset({"frontier", "settings", "suppressions", "withheld"})
RAW_PAGES = "sqlite_dbpage"


def forbid(connection: sqlite3.Connection) -> None:
    """Makes a connection refuse every statement that would read a private table. Raises nothing by itself; such a
    statement raises sqlite3.DatabaseError ("access to ... is prohibited")."""
    connection.set_authorizer(_allowed)


def is_refusal(error: sqlite3.Error) -> bool:
    """Whether a statement failed because it would read what `forbid` forbids."""
    return "prohibited" in str(error) or "not authorized" in str(error)


def _allowed(action: int, table: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_READ and table is not None and table.lower() in {*PRIVATE_TABLES, RAW_PAGES}:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
