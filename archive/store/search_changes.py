"""Triggers that note which comments changed, for the index beside the archive: whoever writes, nothing is missed.

New comments are not noted: their ids are greater than any that the index has. `index` here is full text's, see
archive.search; an archive without one has the list all the same, and forgets its beginning."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# So many changes are kept. An index that lacks more is built anew.
MOST_CHANGES = 100_000
FORGET = f"delete from search_changes where id <= (select max(id) from search_changes) - {MOST_CHANGES}"  # noqa: S608
ARE_TOO_MANY = f"select max(id) - min(id) > {2 * MOST_CHANGES} from search_changes"  # noqa: S608

_NOTE = "insert into search_changes (comment_id) {};"
_WATCHED = {
    "comments": ("thread_id", "commenter_id", "posted_at", "body", "state", "codes", "withheld"),
    "flags": ("comment_id", "code", "severity", "target", "status", "withdrawn_at"),
    "labels": ("comment_id", "name", "value", "number"),
    "decisions": ("comment_id", "status"),
    "reports": ("comment_id", "kind"),
    "commenters": ("name",),
    "threads": ("article_id", "dataset_id", "withheld"),
    "articles": ("outlet_id", "language", "withheld"),
}
OF_COMMENTS = ("flags", "labels", "decisions", "reports")
_COMMENTS_OF = {
    "comments": "values ({row}.id)",
    **dict.fromkeys(("flags", "labels"), "select {row}.comment_id where {row}.comment_id is not null"),
    **dict.fromkeys(("decisions", "reports"), "values ({row}.comment_id)"),
    "commenters": "select id from comments where commenter_id = {row}.id",
    "threads": "select id from comments where thread_id = {row}.id",
    "articles": "select comments.id from comments join threads on threads.id = thread_id where article_id = {row}.id",
}


def triggers(not_bulk: str) -> dict[str, str]:
    """Return the triggers by name. While a transaction is bulk, what it adds to comments is noted by who adds it: most
    are new."""
    statements: dict[str, str] = {}
    for table, columns in _WATCHED.items():
        statements |= _trigger(table, f"update of {', '.join(columns)}", _differs(columns), "new")
    for table in ("comments", *OF_COMMENTS):
        statements |= _trigger(table, "delete", "true", "old")
    for table in OF_COMMENTS:
        statements |= _trigger(table, "insert", not_bulk, "new")
    return statements


def _trigger(table: str, event: str, condition: str, row: str) -> dict[str, str]:
    name = f"search_{table}_{event.split()[0]}"
    note = _NOTE.format(_COMMENTS_OF[table].format(row=row))
    return {name: f"CREATE TRIGGER {name} after {event} on {table} when {condition} begin {note} end"}


def _differs(columns: "Sequence[str]") -> str:
    return " or ".join(f"old.{column} is not new.{column}" for column in columns)
