"""Tables that no output may expose: not the site, no export, no public copy. And columns that only reviewers read."""

import sqlite3
from functools import partial

PRIVATE_TABLES = frozenset(
    {
        "frontier",
        "hosts",
        "import_changes",
        "paused_outlets",
        "search_changes",
        "settings",
        "suppressions",
        "watches",
        "withheld",
    }
)
RAW_PAGES = "sqlite_dbpage"
REVIEWER_COLUMNS = frozenset({("reviews", "reviewer"), ("reviews", "note")})
# These count reviewers by their names, and show none.
COUNTING_VIEWS = frozenset({"flag_list", "agreement_list"})


def forbid(connection: sqlite3.Connection) -> None:
    """Make a connection refuse every statement that would read a private table.

    Such a statement raises sqlite3.DatabaseError ("access to ... is prohibited"), see `is_refusal`.
    """
    connection.set_authorizer(_allowed)


def forbid_reviewers(connection: sqlite3.Connection, *, trusts_views: bool) -> None:
    """Make a connection refuse, beside private tables, the names and the notes of reviewers.

    The views that count reviewers read their names all the same, unless `trusts_views` is False: SQLite tells a view
    from a common table expression of the same name by nothing, so it is to be False for statements with a WITH."""
    connection.set_authorizer(partial(_allowed_to_strangers, trusts_views))


def is_refusal(error: sqlite3.Error) -> bool:
    """Return whether a statement failed because it would read what `forbid` forbids."""
    return "prohibited" in str(error) or "not authorized" in str(error)


def _allowed(action: int, table: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_READ and table is not None and table.lower() in {*PRIVATE_TABLES, RAW_PAGES}:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _allowed_to_strangers(
    trusts_views: bool,  # the first argument of a partial
    action: int,
    table: str | None,
    column: str | None,
    database: str | None,
    view: str | None,
) -> int:
    if action == sqlite3.SQLITE_READ and ((table or "").lower(), (column or "").lower()) in REVIEWER_COLUMNS:
        is_counting = trusts_views and column == "reviewer" and (view or "").lower() in COUNTING_VIEWS
        return sqlite3.SQLITE_OK if is_counting else sqlite3.SQLITE_DENY
    return _allowed(action, table, column, database, view)
