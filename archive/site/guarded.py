"""The archive as Datasette opens it: without its private tables, and, where it is a public copy, known once for all."""

import re
import sqlite3
from collections.abc import Awaitable, Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

from datasette.database import Database, Results
from datasette.utils import escape_sqlite

from archive.store.private_tables import PRIVATE_TABLES, is_refusal

MOST_COUNTED = 10_000
MOST_KNOWN = 2_000

_COUNT = re.compile(r"select count\(\*\) (from .*)", re.DOTALL)
_COUNTS = re.compile(r"\(select count\(\*\) from (\S+) where (\S+?)=:id\)")
_FROM = re.compile(r" from (\S+) ")
_ORDER_DOWN = re.compile(r" order by ((?!\d)\S+) desc, ((?!\d)\S+)(?= limit )")
_ROWS = r"\({c} {after} (:p\d+) or (?:{c} is null or )?\({c} = \1 and \(*{key} > (:p\d+)\)*\)\)"
_EMPTY_ROWS = r"\({c} is null and \(*{key} > :p\d+\)*\)"
_ORDER_UP = re.compile(r" order by ((?!\d)\S+), ((?!\d)\S+)(?= limit \d)")
_ONLY_SORTED = re.compile(
    r"(select .+? from )(\S+)"
    r"( (?:where \((\S+), \S+\) [<>] \(:p\d+, :p\d+\) )?order by (\S+?)(?: desc)?(?:,.*)? limit \d.*)"
)
_OF_SCHEMA = re.compile(r"\s*(pragma schema_version\b|select [\w, ]+ from sqlite_master\b)", re.IGNORECASE)


class Guarded(Database):  # type: ignore[misc]  # Datasette has no types
    """A database whose private tables are not there."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        mode = ("" if write else "?mode=ro") if self.is_mutable else "?immutable=1"
        connection = sqlite3.connect(f"{Path(self.path).resolve().as_uri()}{mode}", uri=True, check_same_thread=False)
        self._all_file_connections.append(connection)
        return connection

    async def execute(self, sql: str, *arguments: Any, **options: Any) -> Results:
        try:
            return await super().execute(sql, *arguments, **options)
        except sqlite3.DatabaseError as error:
            if is_refusal(error):  # which Datasette knows as wrong SQL only where it is an OperationalError
                raise sqlite3.OperationalError(str(error)) from error
            raise

    async def table_names(self) -> list[str]:
        return [name for name in await super().table_names() if not _is_private(name)]

    async def table_exists(self, table: str) -> bool:
        return not _is_private(table) and await super().table_exists(table)

    async def get_all_foreign_keys(self) -> dict[str, Any]:
        found: dict[str, Any] = await super().get_all_foreign_keys()
        return {
            table: {way: [key for key in keys if not _is_private(key["other_table"])] for way, keys in ways.items()}
            for table, ways in found.items()
            if not _is_private(table)
        }


def _is_private(table: str) -> bool:
    return table.lower() in PRIVATE_TABLES


def is_archive(connection: sqlite3.Connection) -> bool:
    found = connection.execute("select count(*) from sqlite_master where name in ('comments_fts', 'totals', 'threads')")
    return bool(found.fetchone()[0] == 3)


async def guard_all(datasette: Any) -> None:
    """Opens archives as Guarded where Datasette itself opened them, without `btl serve`."""
    for name, db in list(datasette.databases.items()):
        if type(db) is Database and db.path and await db.execute_fn(is_archive):
            guarded = Guarded(datasette, db.path, is_mutable=db.is_mutable)
            guarded.name, guarded.route = db.name, db.route
            datasette.databases = {**datasette.databases, name: guarded}


class Many(int):
    """A count that was stopped."""

    def __format__(self, _: str) -> str:
        return f"more than {MOST_COUNTED:,}"


def _known(name: str) -> Any:
    """A method of Guarded whose answers are kept: an immutable file has one schema."""
    ask = getattr(Guarded, name)

    async def method(self: "Copy", *arguments: Any) -> Any:
        return await self.known((name, *arguments), lambda: ask(self, *arguments))

    return method


class Copy(Guarded):
    """A public copy: immutable, so what Datasette asks of its schema is asked once. Counts stop at MOST_COUNTED, and
    pages begin where the page before ended instead of at the first row.

    `is_open` says which tables are shown, `is_served` which columns an index finds, `never_null` which are never empty,
    and `sorting` names the indexes that whole tables are sorted by."""

    def __init__(self, datasette: Any, path: str) -> None:
        super().__init__(datasette, path, is_mutable=False)
        self.is_open: Callable[[str], bool] = lambda _: True
        self.is_served: Callable[[str, str], bool] = lambda _, __: True
        self.never_null: frozenset[tuple[str, str]] = frozenset()
        self.sorting: Mapping[tuple[str, str], str] = {}
        self._answers: dict[Hashable, Any] = {}

    async def known(self, key: Hashable, ask: Callable[[], Awaitable[Any]]) -> Any:
        if key not in self._answers:
            if len(self._answers) >= MOST_KNOWN:
                self._answers.clear()
            self._answers[key] = await ask()
        return self._answers[key]

    table_names = _known("table_names")
    table_exists = _known("table_exists")
    table_columns = _known("table_columns")
    table_column_details = _known("table_column_details")
    primary_keys = _known("primary_keys")
    fts_table = _known("fts_table")
    label_column_for_table = _known("label_column_for_table")
    foreign_keys_for_table = _known("foreign_keys_for_table")
    hidden_table_names = _known("hidden_table_names")
    view_names = _known("view_names")
    get_table_definition = _known("get_table_definition")

    @property
    def hash(self) -> str | None:
        """None rather than a digest of gigabytes: nothing of the site shows it."""
        return None

    async def attached_databases(self) -> list[Any]:
        return []

    async def get_all_foreign_keys(self) -> dict[str, Any]:
        """Only keys that an index finds: each row's page counts the rows that point at it."""
        found: dict[str, Any] = await self.known(("keys",), super().get_all_foreign_keys)
        return {
            table: {**ways, "incoming": [key for key in ways["incoming"] if self._counts(key)]}
            for table, ways in found.items()
        }

    def _counts(self, key: Mapping[str, str]) -> bool:
        return self.is_open(key["other_table"]) and self.is_served(key["other_table"], key["other_column"])

    async def table_counts(self, limit: int = 10) -> dict[str, int]:  # noqa: ARG002
        """Of the tables that are shown: from `inspect.json`, else by counting once."""

        async def counted() -> dict[str, int]:
            known = self.cached_table_counts or {}
            names = filter(self.is_open, await self.table_names())
            return {name: known[name] if name in known else await self._count(name) for name in names}

        found: dict[str, int] = await self.known(("counts",), counted)
        return found

    async def _count(self, table: str) -> int:
        def count(connection: sqlite3.Connection) -> int:
            return int(connection.execute(f'select count(*) from "{table}"').fetchone()[0])  # noqa: S608

        found: int = await self.execute_fn(count)
        return found

    async def execute(self, sql: str, params: Any = None, *arguments: Any, **options: Any) -> Results:
        async def ask() -> Results:
            return await super(Copy, self).execute(sql, params, *arguments, **options)

        if _OF_SCHEMA.match(sql):
            return await self.known((sql, repr(params)), ask)
        sql, counts = self._bounded(sql)
        found = await ask()
        if counts:
            rows = [tuple(Many(n) if n is not None and n > MOST_COUNTED else n for n in row) for row in found.rows]
            return Results(rows, found.truncated, found.description)
        return found

    def _bounded(self, sql: str) -> tuple[str, bool]:
        """The statement as it can be answered on millions of rows, and whether all it asks for are counts."""
        whole = _COUNT.fullmatch(sql)
        if whole:
            return f"select count(*) from (select 1 {whole[1]} limit {MOST_COUNTED + 1})", True  # noqa: S608
        if sql.startswith("select (select count(*) from "):
            limited = rf"(select count(*) from (select 1 from \1 where \2=:id limit {MOST_COUNTED + 1}))"  # noqa: S608
            return _COUNTS.sub(limited, sql), True
        return self._along_index(self._from_there(sql)), False

    def _along_index(self, sql: str) -> str:
        """For few rows SQLite thinks it cheaper to sort a whole table than to follow an index: it takes the limit for
        less work, and it is none less."""
        found = _ONLY_SORTED.fullmatch(sql)
        if found is None or found[4] not in (None, found[5]):
            return sql
        index = self.sorting.get((found[2].strip("[]"), found[5].strip("[]")))
        return f"{found[1]}{found[2]} indexed by {escape_sqlite(index)}{found[3]}" if index else sql

    def _from_there(self, sql: str) -> str:
        """Datasette asks for the rows after one by an "or", for which SQLite reads all rows before them, too; and rows
        that are alike it wants in their key's order where all else runs backwards, for which all of them are sorted.
        As one comparison, and backwards altogether, both are found along the index."""
        table, down, up = _FROM.search(sql), _ORDER_DOWN.search(sql), _ORDER_UP.search(sql)
        if table is None or (down or up) is None:
            return sql
        column, key = (down or up).groups()  # type: ignore[union-attr]
        known = {"c": re.escape(column), "key": re.escape(key), "after": "<" if down else ">"}
        if down:
            sql = _ORDER_DOWN.sub(r" order by \1 desc, \2 desc", sql, count=1)
            sql = re.sub(_EMPTY_ROWS.format(**known), lambda one: one[0].replace(f"{key} >", f"{key} <"), sql, count=1)
        found = re.search(_ROWS.format(**known), sql)
        if found is None:
            return sql
        there = sql.replace(found[0], f"({column}, {key}) {known['after']} ({found[1]}, {found[2]})", 1)
        if up or (table[1].strip("[]"), column.strip("[]")) in self.never_null or not _selects(sql, column):
            return there
        there = self._along_index(there)
        empty = sql.replace(found[0], f"{column} is null", 1)  # which come last
        rest = sql[sql.rindex(" order by ") :]
        return f"select * from (select * from ({there}) union all select * from ({empty})){rest}"  # noqa: S608


def _selects(sql: str, column: str) -> bool:
    """Whether the rows of a statement of Datasette's have this column."""
    return column in sql.removeprefix("select ").partition(" from ")[0].split(", ")
