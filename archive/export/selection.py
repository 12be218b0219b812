"""Which comments, or which rows of a statement, an export holds.

A selection is checked before anything is written, is counted, and is completed by the ancestors of its comments.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple

from archive.flags.codes import WITHHELD
from archive.store.labels import LABEL_FOUND, LABEL_TEXT
from archive.store.views import NOT_REFUSED

# Flags that no reviewer refused and, if they are about a text, that were raised on the text as it is now. A condition
# on flags joined to comments.
CURRENT_FLAGS = (
    f"withdrawn_at is null and {NOT_REFUSED} "
    "and (flags.revision = comments.revision or code not between 'content.' and 'context/')"
)
FLAGGED = (
    "id in (select comment_id from flags join comments on comments.id = flags.comment_id "  # noqa: S608
    f"where flags.code >= :export_flag and flags.code < :export_flag_end and {CURRENT_FLAGS})"
)
# What a dataset, a moderator or readers said of a comment, in the words of its source: table and condition.
RECORDED = {
    "label": ("labels", f"{LABEL_FOUND} and :export_label in (labels.name, {LABEL_TEXT})"),
    "decision": ("decisions", "status = :export_decision"),
    "report": ("reports", 'kind = :export_report and "count" > 0'),
}
# A flag tells when a comment was withheld and when it was restored; neither is an event.
CHANGED = f"""
(first_seen_at >= :export_since
  or id in (select comment_id from events where seen_at >= :export_since and comment_id is not null and kind <> 'added')
  or id in (select comment_id from flags where code = '{WITHHELD}' and comment_id is not null
    and (created_at >= :export_since or withdrawn_at >= :export_since)))"""  # noqa: S608
PICKED = """
create temp table picked (thread_id integer, position integer, id integer, chosen integer,
  primary key (thread_id, position, id)) without rowid"""
ANCESTORS = """
with recursive above(id) as (
  select comments.parent_id from temp.picked join comments on comments.id = picked.id where parent_id is not null
  union
  select comments.parent_id from above join comments on comments.id = above.id where parent_id is not null)
insert or ignore into temp.picked select thread_id, position, comments.id, 0
from above join comments on comments.id = above.id"""
LEADING_COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
SELECT = re.compile(r"(?:select|with|values)\b", re.IGNORECASE)


class WrongUsage(ValueError):
    """A selection that makes no sense, or does not go with the format."""


class SqlError(Exception):
    """The SQL of a selection fails; the message is one line."""

    @classmethod
    def of(cls, selection: "Selection", error: Exception) -> "SqlError":
        """Prefix SQLite's message with the option that contains the faulty SQL."""
        part = "sql: " if selection.sql is not None else "where: " if selection.where is not None else ""
        message = " ".join(str(error).split())
        return cls(part + ("access to a private table is prohibited" if message == "not authorized" else message))


class RowCounts(NamedTuple):
    """How many rows were written: those selected, and beside them (`context`) the comments that these reply to.

    `lines` is how many rows the file itself has, where these are not the comments but, say, their threads."""

    rows: int
    context: int = 0
    lines: int | None = None


class ExportOptions(NamedTuple):
    """Options that only one format knows; `write` refuses them for the others.

    excel     csv: begin with a byte order mark and defuse text that a spreadsheet would run
    csv_copy  parquet: write the same rows as CSV to this file too, since both are made from the same lines
    """

    excel: bool = False
    csv_copy: BinaryIO | None = None


class DumpFile(NamedTuple):
    """The file that a public release has in a format; the suffix decides how it is compressed."""

    stem: str
    suffix: str
    description: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Select comments by conditions that all must hold, or rows by a statement. The empty selection is everything.

    where    an SQL condition over the columns of `comment_list`, written by the owner of the archive
    flag     a code, or a whole namespace as in content.*: an active flag that no reviewer refused and that was raised
             on the text as it is now
    outlet   a domain
    since    a date or time (ISO 8601; UTC if it has no offset): comments first seen at that time or later, and those
             that a visit at that time or later found edited, removed, restored, moved, renamed or with other votes, or
             that were withheld or restored here since then
    threads  ids of threads, as range(first, last + 1)
    label    a label that a dataset gave: its name, or "name: value" where it is a text; one that says no is none
    decision what moderators decided, by the source's own name
    report   what readers reported it for, by the source's own name
    sql      instead of all that: one SELECT, whose rows are written as they are

    site     is no condition: the address, without a slash at its end, that permanent links are written with
    """

    where: str | None = None
    flag: str | None = None
    outlet: str | None = None
    since: str | None = None
    threads: range | None = None
    sql: str | None = None
    label: str | None = None
    decision: str | None = None
    report: str | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.sql is not None and self.by_comment | (self.threads is not None):
            raise WrongUsage("sql says itself which rows it wants: it goes with no other selection")
        if self.sql is not None and not SELECT.match(self.sql, LEADING_COMMENTS.match(self.sql).end()):  # type: ignore[union-attr]
            raise WrongUsage("sql must be one SELECT (or WITH ... SELECT, or VALUES)")
        if self.since is not None:
            _utc(self.since)
        if self.threads is not None and self.threads.step != 1:
            raise WrongUsage("threads must be a range without steps")

    @property
    def by_comment(self) -> bool:
        """Whether it selects among the comments of a thread."""
        parts = (self.where, self.flag, self.outlet, self.since, self.label, self.decision, self.report)
        return any(part is not None for part in parts)

    def condition(self) -> tuple[str, dict[str, Any]]:
        """Return SQL over `comment_list` and its parameters.

        The SQL also fits `comments`, which is faster to count, unless `where` or `outlet` is set.
        """
        parts, values = [self.within("thread_id")], dict[str, Any]()
        if self.outlet is not None:
            parts.append("outlet = :export_outlet")
            values["export_outlet"] = self.outlet
        if self.flag is not None:
            # A range of codes instead of a pattern, so that the index on flags.code is used: "/" follows "." in ASCII.
            parts.append(FLAGGED)
            is_namespace = self.flag.endswith(".*")
            first = self.flag[:-1] if is_namespace else self.flag
            values |= {"export_flag": first, "export_flag_end": f"{first[:-1]}/" if is_namespace else f"{first}\0"}
        for name, (table, condition) in self._recorded():
            parts.append(f"id in (select comment_id from {table} where {condition})")  # noqa: S608
            values[f"export_{name}"] = getattr(self, name)
        if self.since is not None:
            parts.append(CHANGED)
            values["export_since"] = _utc(self.since)
        if self.where is not None:
            # The line break ends a "--" comment at the end of the condition.
            parts.append(f"(({self.where}\n))")
        return " and ".join(parts), values

    def _recorded(self) -> Iterator[tuple[str, tuple[str, str]]]:
        return ((name, where) for name, where in RECORDED.items() if getattr(self, name) is not None)

    def within(self, column: str) -> str:
        """Return the condition that limits a column of thread ids to `threads`."""
        if self.threads is None:
            return "true"
        return f"{column} >= {self.threads.start:d} and {column} < {self.threads.stop:d}"

    def check(self, connection: sqlite3.Connection) -> None:
        """Raise WrongUsage if a flag or outlet is not in this archive, SqlError if the SQL is not valid."""
        if self.flag is not None:
            is_namespace = self.flag.endswith(".*")
            column, name = ("namespace", self.flag[:-2]) if is_namespace else ("code", self.flag)
            if not _exists(connection, f"select 1 from flag_codes where {column} = ?", name):  # noqa: S608
                raise WrongUsage(f"no flag {self.flag} in this archive")
        if self.outlet is not None and not _exists(connection, "select 1 from outlets where domain = ?", self.outlet):
            raise WrongUsage(f"no outlet {self.outlet} in this archive")
        for name, (table, condition) in self._recorded():
            value = getattr(self, name)
            statement = f"select 1 from {table} where {condition} limit 1"  # noqa: S608
            if connection.execute(statement, {f"export_{name}": value}).fetchone() is None:
                raise WrongUsage(f"no comment with the {name} {value} in this archive")
        try:
            # Each text is prepared by itself too, so that none can close the brackets that it is put into.
            if self.where is not None:
                connection.execute(f"select 1 from comment_list where ({self.where}\n) limit 0").fetchall()  # noqa: S608
            if self.sql is not None:
                connection.execute(f"explain {self.sql}").close()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise SqlError.of(self, error) from error


def count(connection: sqlite3.Connection, selection: Selection) -> int:
    """Count the comments or rows that a selection matches."""
    if selection.sql is not None:
        statement, values = f"select count(*) from (\n{strip_semicolon(selection.sql)}\n)", dict[str, Any]()  # noqa: S608
    else:
        condition, values = selection.condition()
        needs_view = selection.where is not None or selection.outlet is not None
        statement = f"select count(*) from {'comment_list' if needs_view else 'comments'} where {condition}"  # noqa: S608
    return int(connection.execute(statement, values).fetchone()[0])


def strip_semicolon(sql: str) -> str:
    """Return a statement without the semicolon at its end, as a subquery must be."""
    return sql.rstrip("; \t\r\n\f")


@contextmanager
def pick_comments(connection: sqlite3.Connection, selection: Selection) -> Iterator[bool]:
    """Yield whether the selection is by comment; if so, the temporary table `picked` stands during the block.

    It holds the selected comments (chosen = 1) and their ancestors (chosen = 0), ordered by thread and position.
    """
    if not selection.by_comment:
        yield False
        return
    condition, values = selection.condition()
    connection.execute(PICKED)
    try:
        chosen = f"select thread_id, position, id, 1 from comment_list where {condition}"  # noqa: S608
        connection.execute(f"insert into temp.picked {chosen}", values)
        connection.execute(ANCESTORS)
        yield True
    finally:
        connection.execute("drop table temp.picked")


def _exists(connection: sqlite3.Connection, statement: str, value: str) -> bool:
    return connection.execute(statement, (value,)).fetchone() is not None


def _utc(text: str) -> str:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{text!r} is no date or time like 2026-03-14 or 2026-03-14T06:00:00Z") from None
    return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
