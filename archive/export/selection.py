"""What an export holds: which comments, or the rows of a statement. Says what is wrong with it before anything is
written, counts it, and finds the comments that the chosen ones answer."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from archive.store.views import NOT_REFUSED

# What no reviewer refused; of a text, what was found in the text as it stands. For flags joined to comments.
KEPT = (
    f"withdrawn_at is null and {NOT_REFUSED} "
    "and (flags.revision = comments.revision or code not between 'content.' and 'context/')"
)
FLAGGED = (
    "id in (select comment_id from flags join comments on comments.id = flags.comment_id "  # noqa: S608
    f"where flags.code >= :export_flag and flags.code < :export_flag_end and {KEPT})"
)
CHANGED = """
(first_seen_at >= :export_since
  or id in (select comment_id from events where seen_at >= :export_since and comment_id is not null and kind <> 'added')
  or id in (select comment_id from flags where code = 'archive.withheld' and comment_id is not null
    and (created_at >= :export_since or withdrawn_at >= :export_since)))"""
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
COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
SELECT = re.compile(r"(?:select|with|values)\b", re.IGNORECASE)


class WrongUsage(ValueError):
    """A selection that cannot be meant, or does not go with the format."""


class SqlError(Exception):
    """The SQL of a selection fails; the message is one line."""

    @classmethod
    def of(cls, selection: "Selection", error: Exception) -> "SqlError":
        """What SQLite said, with the part of the selection that it is said of, where it has SQL."""
        part = "sql: " if selection.sql is not None else "where: " if selection.where is not None else ""
        told = " ".join(str(error).split())
        return cls(part + ("access to a private table is prohibited" if told == "not authorized" else told))


class Rows(NamedTuple):
    """Rows that were written: those that were chosen, and beside them the comments that these answer."""

    rows: int
    context: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """Which comments; what is given holds together (and). Nothing given is everything.

    where    an SQL condition over the columns of `comment_list`, written by whoever owns the archive
    flag     a code, or all of a namespace as in content.*: a flag that stands, that no reviewer refused and that was
             found in the text as it is now
    outlet   a domain
    since    a date or time (ISO 8601; UTC where it has no offset): comments first seen at that time or later, and those
             that a visit at that time or later found edited, removed, restored, moved, renamed or with other votes, or
             that were withheld or restored here since then
    threads  numbers of threads, as range(first, last + 1)
    sql      instead of all that: one SELECT, whose rows are given as they are
    """

    where: str | None = None
    flag: str | None = None
    outlet: str | None = None
    since: str | None = None
    threads: range | None = None
    sql: str | None = None

    def __post_init__(self) -> None:
        if self.sql is not None and self.by_comment | (self.threads is not None):
            raise WrongUsage("sql says itself which rows it wants: it goes with no other selection")
        if self.sql is not None and not SELECT.match(self.sql, COMMENTS.match(self.sql).end()):  # type: ignore[union-attr]
            raise WrongUsage("sql must be one SELECT (or WITH ... SELECT, or VALUES)")
        if self.since is not None:
            _utc(self.since)
        if self.threads is not None and self.threads.step != 1:
            raise WrongUsage("threads must be a range without steps")

    @property
    def by_comment(self) -> bool:
        """Whether it chooses among the comments of a thread."""
        return any(part is not None for part in (self.where, self.flag, self.outlet, self.since))

    def condition(self) -> tuple[str, dict[str, Any]]:
        """As SQL over `comment_list`, or over `comments` if it has neither `where` nor `outlet`; and the parameters."""
        parts, values = [self.within("thread_id")], dict[str, Any]()
        if self.outlet is not None:
            parts.append("outlet = :export_outlet")
            values["export_outlet"] = self.outlet
        if self.flag is not None:
            parts.append(FLAGGED)
            of_namespace = self.flag.endswith(".*")
            first = self.flag[:-1] if of_namespace else self.flag
            values |= {"export_flag": first, "export_flag_end": f"{first[:-1]}/" if of_namespace else f"{first}\0"}
        if self.since is not None:
            parts.append(CHANGED)
            values["export_since"] = _utc(self.since)
        if self.where is not None:
            parts.append(f"(({self.where}\n))")
        return " and ".join(parts), values

    def within(self, column: str) -> str:
        """The condition that a column with a thread's number has to meet for `threads`."""
        if self.threads is None:
            return "true"
        return f"{column} >= {self.threads.start:d} and {column} < {self.threads.stop:d}"

    def check(self, connection: sqlite3.Connection) -> None:
        """Raises WrongUsage where it names what is not there, SqlError where its SQL is no condition or no SELECT."""
        if self.flag is not None:
            of_namespace = self.flag.endswith(".*")
            column, name = ("namespace", self.flag[:-2]) if of_namespace else ("code", self.flag)
            if not _found(connection, f"select 1 from flag_codes where {column} = ?", name):  # noqa: S608
                raise WrongUsage(f"no flag {self.flag} in this archive")
        if self.outlet is not None and not _found(connection, "select 1 from outlets where domain = ?", self.outlet):
            raise WrongUsage(f"no outlet {self.outlet} in this archive")
        try:
            # Each text is prepared by itself too, so that none can close the brackets that it is put into.
            if self.where is not None:
                connection.execute(f"select 1 from comment_list where ({self.where}\n) limit 0").fetchall()  # noqa: S608
            if self.sql is not None:
                connection.execute(f"explain {self.sql}").close()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise SqlError.of(self, error) from error


def count(connection: sqlite3.Connection, selection: Selection) -> int:
    """How many comments or rows a selection matches."""
    if selection.sql is not None:
        statement, values = f"select count(*) from (\n{bare(selection.sql)}\n)", dict[str, Any]()  # noqa: S608
    else:
        condition, values = selection.condition()
        named = selection.where is not None or selection.outlet is not None
        statement = f"select count(*) from {'comment_list' if named else 'comments'} where {condition}"  # noqa: S608
    return int(connection.execute(statement, values).fetchone()[0])


def bare(sql: str) -> str:
    """A statement without the semicolon at its end, as a subquery wants it."""
    return sql.rstrip("; \t\r\n\f")


@contextmanager
def picked(connection: sqlite3.Connection, selection: Selection) -> Iterator[bool]:
    """Whether single comments are chosen. Then the temporary table `picked` holds them (chosen = 1) and the comments
    that they answer, all the way up (chosen = 0), in the order of threads and positions."""
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


def _found(connection: sqlite3.Connection, statement: str, value: str) -> bool:
    return connection.execute(statement, (value,)).fetchone() is not None


def _utc(text: str) -> str:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{text!r} is no date or time like 2026-03-14 or 2026-03-14T06:00:00Z") from None
    return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
