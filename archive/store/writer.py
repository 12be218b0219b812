"""Rows of one transaction: collected with ids given in advance, then written in bulk, table by table."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from archive.store import views
from archive.store.schema import TABLES

ORDER = (
    "outlets",
    "captures",
    "detectors",
    "commenters",
    "articles",
    "article_revisions",
    "threads",
    "visits",
    "comments",
    "comment_revisions",
    "events",
    "flags",
    "flag_spans",
    "withheld",
)


@cache
def _insert(name: str, dialect: Dialect) -> tuple[str, list[str]]:
    """The text of an SQLAlchemy insert and its columns in order: binding through it takes longer than inserting."""
    columns = [column.name for column in TABLES[name].columns]
    compiled = insert(TABLES[name]).compile(dialect=dialect, column_keys=columns)
    return str(compiled), list(compiled.positiontup or columns)


class Rows:
    """Collects inserts and updates by id; `flush` writes them, so that rows come after what they refer to.

    Ids can be given in advance because the transaction holds the only write lock.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.totals: Counter[str] = Counter()
        self._inserts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._updates: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
        self._next: dict[str, int] = {}

    def next_id(self, table: str) -> int:
        """The id that the next row of the table gets."""
        if table not in self._next:
            self._next[table] = (self.connection.execute(select(func.max(TABLES[table].c.id))).scalar() or 0) + 1
        return self._next[table]

    def insert(self, table: str, values: dict[str, Any]) -> int:
        """Adds a row with the table's next id, and gives it."""
        row_id = values["id"] = self.next_id(table)
        self._next[table] = row_id + 1
        self._inserts[table].append(values)
        return row_id

    def update(self, table: str, row_id: int, values: dict[str, Any]) -> None:
        """Changes columns of a row that is stored, or collected before."""
        self._updates[(table, tuple(values))].append({**values, "row_id": row_id})

    def found(self, table: str, column: str, values: Iterable[Any]) -> list[dict[str, Any]]:
        """The stored rows whose column holds one of the values."""
        wanted = sorted(set(values))
        if not wanted:
            return []
        statement = select(TABLES[table]).where(TABLES[table].c[column].in_(wanted))
        return [dict(row) for row in self.connection.execute(statement).mappings()]

    def flush(self) -> None:
        """Writes what was collected: inserts, then updates, then the totals."""
        self.connection.exec_driver_sql(views.BEGIN_BULK)
        for name in ORDER:
            if rows := self._inserts.pop(name, None):
                statement, order = _insert(name, self.connection.dialect)
                self.connection.exec_driver_sql(statement, [*map(itemgetter(*order), rows)])
                if name in views.FULL_TEXT:
                    self.connection.exec_driver_sql(*views.index_from(name, rows[0]["id"]))
        self.connection.exec_driver_sql(views.END_BULK)
        for (name, columns), rows in self._updates.items():
            table = TABLES[name]
            values: dict[str, Any] = {column: bindparam(column) for column in columns}
            self.connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(values), rows)
        self._updates.clear()
        self._write_totals()

    def _write_totals(self) -> None:
        changed = [{"name": name, "value": value} for name, value in self.totals.items() if value]
        if changed:
            statement = upsert(TABLES["totals"])
            added = {"value": TABLES["totals"].c.value + statement.excluded.value}
            self.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=added), changed)
        self.totals.clear()
