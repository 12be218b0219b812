"""Take back what an import brought: its rows go, and rows of other runs hold again what they held before it.

All of it is one transaction. Where something was built on what the import brought, nothing is changed, and the reason
names it: what others saw, judged or withheld since is not thrown away in passing.
"""

# ruff: noqa: S608  # all parts of the statements stand here and in the schema

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from archive.store.archive import UNDOABLE, Archive
from archive.store.dialects import dialect_of
from archive.store.files import FileFinder
from archive.store.flags import RECOUNT_COMMENTS, RECOUNT_THREADS, recounted_totals
from archive.store.paths import kept_folder
from archive.store.schema import TABLES
from archive.store.writer import INSERT_ORDER, TEXTS, TOTALS
from archive.text.formatting import format_count, now

# Rows that other runs come to share: they stay where something refers to them.
SHARED = ("detectors", "datasets", "commenters", "outlets")
COUNTED = ("outlets", "articles", "threads", "comments", "commenters")  # in `totals`
REVISIONS = {"comments": ("comment_revisions", "comment_id"), "articles": ("article_revisions", "article_id")}
SUBJECTS = {"comment": "comments", "commenter": "commenters", "thread": "threads", "article": "articles"}
RUN = "select kind, outcome, settings from runs where id = ?"
HAS_NOTES = "select 1 from import_changes where run_id = ? limit 1"
HAS_CAPTURES = "select 1 from captures where run_id = ? limit 1"
ADDED = """
select name, row_id, row_id + number - 1 from import_changes where run_id = ? and number is not null
order by name, row_id"""
CHANGED = """
select id, name, row_id, before from import_changes where run_id = ? and number is null and id < ?
order by id desc limit 5000"""
NOTED = "select before from import_changes where run_id = ? and name = ?"
FORGET_RULES = "delete from flag_rules where not exists (select 1 from detectors where lexicon_sha256 is not null)"
EMPTY_ARTICLE = "update articles set title = null, body = '' where id = ?"  # known by its address alone before
NO_LIMIT = (1 << 63) - 1
# Of the rows that are to go: `undo_added` holds their ids as ranges, `undo_doomed` the flags among them and on them.
PREPARE = (
    "create temp table undo_added (name text, first bigint, last bigint)",
    "create temp table undo_doomed (id bigint primary key)",
    "create temp table undo_reworded (name text, row_id bigint, revision bigint, primary key (name, row_id))",
)
TIDY = tuple(f"drop table if exists {name}" for name in ("undo_added", "undo_doomed", "undo_reworded"))
IS_ADDED = "exists (select 1 from undo_added where name = '{}' and {} between first and last)"
REWORDED = """
insert into undo_reworded
select name, row_id, min(cast(json_extract(before, '$.revision') as bigint)) from import_changes
where run_id = ? and name in ('comments', 'articles')
  and (json_extract(before, '$.revision') is not null or json_type(before, '$.commenter_id') is not null)
  and not exists
    (select 1 from undo_added where undo_added.name = import_changes.name and row_id between first and last)
group by 1, 2"""
DOOMED = """
insert into undo_doomed
select flags.id from undo_added join flags on flags.id between first and last where name = 'flags'
union select flags.id from undo_added join flags on comment_id between first and last where name = 'comments'
union select flags.id from undo_added join flags on thread_id between first and last where name = 'threads'
union select flags.id from undo_added join flags on article_id between first and last where name = 'articles'"""
LATER_VISITS = """
select runs.id, runs.kind, count(distinct visits.thread_id)
from visits join runs on runs.id = visits.run_id
where visits.run_id <> :run and visits.id > (select min(id) from visits where run_id = :run)
  and visits.thread_id in (select id from threads where article_id in
    (select article_id from threads where id in (select thread_id from visits where run_id = :run)))
group by 1, 2 order by 1"""
# By others than the reviews that it brought itself: of flags that go with it, or after those.
REVIEWED = """
select count(distinct flag_id) from reviews as later
where not exists (select 1 from undo_added where name = 'reviews' and later.id between first and last)
  and (flag_id in (select id from undo_doomed) or later.id > (select min(reviews.id) from undo_added
    join reviews on reviews.id between first and last where name = 'reviews' and reviews.flag_id = later.flag_id))"""
WITHHELD_SINCE = """
select count(*) from withheld
where not exists (select 1 from undo_added where name = 'withheld' and withheld.id between first and last)
  and exists (select 1 from undo_added where (name = 'comments' and withheld.comment_id between first and last)
    or (name = withheld.name and withheld.row_id between first and last))"""
# Rows that it changed and that are withheld now: to put back what they held would show it.
WITHHELD_NOW = """
with changed as (select distinct name, row_id, before from import_changes
  where run_id = ? and number is null and before is not null)
select (select count(*) from undo_reworded join comments on comments.id = row_id
        where name = 'comments' and withheld is not null)
  + (select count(*) from changed join articles on articles.id = row_id
     where name = 'articles' and withheld is not null)
  + (select count(*) from changed join threads on threads.id = row_id join articles on articles.id = article_id
     where name = 'threads' and (articles.withheld is not null
       or coalesce(threads.withheld, '') <> coalesce(json_extract(before, '$.withheld'), '')))
  + (select count(*) from changed join withheld on withheld.name = 'commenters' and withheld.row_id = changed.row_id
     where changed.name = 'commenters')
  + (select count(*) from import_changes where run_id = ? and name = 'blanked')"""
READ_SINCE = """
select count(*) from undo_reworded join flags on flags.{column} = undo_reworded.row_id
where undo_reworded.name = '{name}' and flags.revision > undo_reworded.revision and coalesce(flags.run_id, 0) <> ?"""


class NothingToUndo(Exception):
    """There is no such import, or it brought nothing, or it was taken back before."""


class CannotUndo(Exception):
    """Something stands in the way: says what."""


@dataclass(slots=True)
class UndoneImport:
    """What went: rows by table, rows that were put back as they were, and files that were kept for this import."""

    counts: Counter[str] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)


def undo_import(archive: Archive, run_id: int) -> UndoneImport:
    """Take back an import, and return what that did. Raise NothingToUndo or CannotUndo, and change nothing then."""
    result = UndoneImport()
    archive.maintain(*PREPARE)
    try:
        with archive.unchecked_transaction() as connection:
            settings = _check_run(connection, run_id)
            needless = _Undo(connection, run_id, result.counts).apply(archive)
            settings = json.dumps(json.loads(settings) | {"undone_at": now()}, ensure_ascii=False)
            connection.exec_driver_sql(
                "update runs set outcome = 'undone', settings = ? where id = ?", (settings, run_id)
            )
    finally:
        archive.maintain(*TIDY)
        archive.forget_ids()
    for path in needless:
        path.unlink(missing_ok=True)
    result.files = needless
    result.counts["files"] = len(needless)
    return result


def _check_run(connection: Connection, run_id: int) -> str:
    row = connection.exec_driver_sql(RUN, (run_id,)).fetchone()
    if row is None:
        raise NothingToUndo(f"there is no run {run_id}")
    kind, outcome, settings = row
    if kind != UNDOABLE:
        raise NothingToUndo(f"run {run_id} is no import: {kind}")
    if outcome == "undone":
        raise NothingToUndo(f"run {run_id} was undone before")
    if outcome is None:
        raise CannotUndo(f"run {run_id} has not ended: it goes on, or was killed; the next import closes it")
    if connection.exec_driver_sql(HAS_NOTES, (run_id,)).fetchone() is None:
        if connection.exec_driver_sql(HAS_CAPTURES, (run_id,)).fetchone() is not None:
            raise CannotUndo(f"run {run_id} was made by a version of btl that did not note what an import changes")
        raise NothingToUndo(f"run {run_id} brought nothing")
    return str(settings)


class _Undo:
    """The work on one run, within its transaction."""

    def __init__(self, connection: Connection, run_id: int, counts: Counter[str]) -> None:
        self.connection, self.run_id, self.counts = connection, run_id, counts

    def apply(self, archive: Archive) -> list[Path]:
        """Delete and put back; return the copies of files that nothing needs any more."""
        for added in self._ranges():
            self._run("insert into undo_added values (?, ?, ?)", added)
        self._run(REWORDED, (self.run_id,))
        self._run(DOOMED)
        self._require_unused()
        self._restore()
        touched = {name: self._ids_noted(name) for name in ("comments", "threads")}
        needless = _needless_copies(self.connection, archive)
        self._delete()
        self._run(RECOUNT_COMMENTS, {"ids": touched["comments"]})
        self._run(RECOUNT_THREADS, {"ids": touched["threads"]})
        self._recount_totals()
        self._run("delete from import_changes where run_id = ?", (self.run_id,))
        self._require_whole()
        return needless

    def _run(self, statement: str, parameters: Any = ()) -> int:
        return self.connection.exec_driver_sql(statement, parameters).rowcount

    def _number(self, statement: str, parameters: Any = ()) -> int:
        return int(self.connection.exec_driver_sql(statement, parameters).scalar_one())

    def _ranges(self) -> list[tuple[str, int, int]]:
        """Return the ids of the rows that were added, table by table, neighbouring ranges as one."""
        ranges: list[tuple[str, int, int]] = []
        for name, first, last in self.connection.exec_driver_sql(ADDED, (self.run_id,)):
            if ranges and ranges[-1][0] == name and ranges[-1][2] == first - 1:
                ranges[-1] = (name, ranges[-1][1], last)
            else:
                ranges.append((name, first, last))
        return ranges

    def _require_unused(self) -> None:
        """Raise CannotUndo where somebody built on what the import brought."""
        later = self.connection.exec_driver_sql(LATER_VISITS, {"run": self.run_id}).fetchall()
        reasons = [
            f"run {number} ({kind}) has read {format_count(threads, 'of its threads', 'of its threads')} since"
            for number, kind, threads in later
        ]
        if reviewed := self._number(REVIEWED):
            reasons.append(f"{format_count(reviewed, 'of its flags was', 'of its flags were')} reviewed")
        if suppressed := self._number(WITHHELD_SINCE) + self._suppressions():
            reasons.append(f"{format_count(suppressed, 'thing', 'things')} that it brought were withheld or restored")
        if reworded := self._number(WITHHELD_NOW, (self.run_id, self.run_id)):
            reasons.append(f"{format_count(reworded, 'thing', 'things')} that it changed are withheld")
        flagged = sum(
            self._number(READ_SINCE.format(name=name, column=column), (self.run_id,))
            for name, (_, column) in REVISIONS.items()
        )
        if flagged:
            reasons.append("texts that it changed were flagged since")
        if reasons:
            raise CannotUndo(f"run {self.run_id} cannot be undone: {'; '.join(reasons)}")

    def _suppressions(self) -> int:
        statement = "select count(*) from suppressions where subject = ? and " + IS_ADDED
        return sum(self._number(statement.format(name, "number"), (subject,)) for subject, name in SUBJECTS.items())

    def _restore(self) -> None:
        """Put back what rows held before, the latest change first."""
        restored: dict[str, set[int]] = defaultdict(set)
        below = NO_LIMIT
        while rows := self.connection.exec_driver_sql(CHANGED, (self.run_id, below)).fetchall():
            for number, name, row_id, text in rows:
                below = number
                if name in TABLES and text is not None:
                    values = json.loads(text)
                    self._restore_text(name, row_id, values.get("revision"))
                    if name == "articles" and "body_sha256" in values and "revision" not in values:
                        self._run(EMPTY_ARTICLE, (row_id,))
                    setting = ", ".join(f'"{column}" = ?' for column in values)
                    self._run(f"update {name} set {setting} where id = ?", (*values.values(), row_id))
                    restored[name].add(row_id)
        added = {name: self._ids(name) for name in restored}
        self.counts["restored"] = sum(len(ids - added[name]) for name, ids in restored.items())

    def _restore_text(self, name: str, row_id: int, revision: int | None) -> None:
        if name in REVISIONS and revision is not None:
            revisions, subject = REVISIONS[name]
            setting = ", ".join(
                f"{column} = (select {column} from {revisions} where {subject} = :id and revision = :revision)"
                for column in TEXTS[name]
            )
            condition = f"exists (select 1 from {revisions} where {subject} = :id and revision = :revision)"
            values = {"id": row_id, "revision": revision}
            self._run(f"update {name} set {setting} where id = :id and {condition}", values)

    def _ids(self, name: str) -> set[int]:
        return {row[0] for row in self.connection.exec_driver_sql(f"select id from {name} where id in {_ids_of(name)}")}

    def _ids_noted(self, name: str) -> str:
        statement = "select distinct row_id from import_changes where run_id = ? and name = ? and number is null"
        rows = self.connection.exec_driver_sql(statement, (self.run_id, name))
        return json.dumps([row[0] for row in rows])

    def _delete(self) -> None:
        """Delete the rows that were added, and flags that were raised on them since."""
        comments = _ids_of("comments")
        self._run(f"delete from text_copies where comment_id in {comments} or group_id in {comments}")
        self._run("delete from flag_spans where flag_id in (select id from undo_doomed)")
        self.counts["flags"] = self._run("delete from flags where id in (select id from undo_doomed)")
        for name in reversed(INSERT_ORDER):
            if name not in (*SHARED, "flags"):
                self.counts[name] = self._run(f"delete from {name} where id in {_ids_of(name)}")
        for name in SHARED:
            unused = " ".join(
                f'and not exists (select 1 from {other} where {other}."{column}" = {name}.id)'
                for other, column in _references_to(name)
            )
            self.counts[name] = self._run(f"delete from {name} where id in {_ids_of(name)} {unused}")

        if self.counts["detectors"]:  # the rules in force are listed with the first detector that has any
            self._run(FORGET_RULES)

    def _recount_totals(self) -> None:
        for name in COUNTED:
            self._run("update totals set value = value - ? where name = ?", (self.counts[name], name))
        flags = recounted_totals(self.connection)
        of_flags = "name like 'flags:%' or name like 'rules:%'"
        stored = self.connection.exec_driver_sql(f"select name, value from totals where {of_flags}").fetchall()
        changed = [(flags[name], name) for name, value in stored if flags[name] != value]
        if changed:
            self.connection.exec_driver_sql("update totals set value = ? where name = ?", changed)
        for (text,) in self.connection.exec_driver_sql(NOTED, (self.run_id, TOTALS)).fetchall():
            statement = "delete from totals where value = 0 and name in (select value from json_each(?))"
            self._run(statement, (text,))

    def _require_whole(self) -> None:
        """Raise CannotUndo where a row would refer to one that is gone."""
        if broken := dialect_of(self.connection).broken_references(self.connection):
            reason = f"rows of others need what it brought, in {', '.join(broken)}"
            raise CannotUndo(f"run {self.run_id} cannot be undone: {reason}")


def _ids_of(name: str) -> str:
    """Return a query for the ids of a table's rows that were added."""
    ids = f"undo_added join {name} on {name}.id between first and last where undo_added.name = '{name}'"
    return f"(select {name}.id from {ids})"


def _references_to(name: str) -> Iterator[tuple[str, str]]:
    for table in TABLES.values():
        for column in table.columns:
            if any(key.column.table.name == name for key in column.foreign_keys):
                yield table.name, column.name


def _needless_copies(connection: Connection, archive: Archive) -> list[Path]:
    """Return the copies beside the archive that only captures of this run name."""
    gone = _ids_of("captures")
    statement = f"""
select distinct warc_file from captures where id in {gone} and warc_file is not null
except select warc_file from captures where id not in {gone}"""
    folder, finder = kept_folder(archive.path).resolve(), FileFinder(archive)
    paths = [finder.find(row[0]) for row in connection.exec_driver_sql(statement).fetchall()]
    return [path for path in paths if path.exists() and path.resolve().parent == folder]
