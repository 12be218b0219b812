"""Tables that no output may expose: not the site, no export, no public copy."""

import sqlite3

PRIVATE_TABLES = frozenset({"frontier", "paused_outlets", "settings", "suppressions", "withheld"})
RAW_PAGES = "sqlite_dbpage"


def forbid(connection: sqlite3.Connection) -> None:
    """Make a connection refuse every statement that would read a private table.

    Such a statement raises sqlite3.DatabaseError ("access to ... is prohibited"), see `is_refusal`.
    """
    connection.set_authorizer(_allowed)


def is_refusal(error: sqlite3.Error) -> bool:
    """Return whether a statement failed because it would read what `forbid` forbids."""
    return "prohibited" in str(error) or "not authorized" in str(error)


def _allowed(action: int, table: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_READ and table is not None and table.lower() in {*PRIVATE_TABLES, RAW_PAGES}:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
