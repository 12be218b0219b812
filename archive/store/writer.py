"""Rows of one transaction: collected with ids given in advance, then written in bulk, table by table."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from archive.store import views
from archive.store.changes import ChangeLog
from archive.store.schema import TABLES

# Tables come after those that they refer to.
INSERT_ORDER = (
    "outlets",
    "captures",
    "datasets",
    "detectors",
    "commenters",
    "articles",
    "article_revisions",
    "threads",
    "visits",
    "comments",
    "reactions",
    "comment_revisions",
    "labels",
    "events",
    "flags",
    "flag_spans",
    "withheld",
)


@cache
def _insert(name: str, dialect: Dialect) -> tuple[str, list[str]]:
    """Return the text of an insert and its columns in order.

    Rows go to the driver as tuples: binding them through SQLAlchemy takes longer than SQLite takes to insert them.
    """
    columns = [column.name for column in TABLES[name].columns]
    compiled = insert(TABLES[name]).compile(dialect=dialect, column_keys=columns)
    return str(compiled), list(compiled.positiontup or columns)


class RowWriter:
    """Collect inserts, updates by id and changes of `totals`; `flush` writes them.

    Ids can be given in advance because the transaction holds the only write lock. `log` notes all of it, where there
    is one.
    """

    def __init__(self, connection: Connection, log: ChangeLog | None = None) -> None:
        self.connection, self.log = connection, log
        self.totals: Counter[str] = Counter()
        self._inserts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._updates: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
        self._next: dict[str, int] = {}

    def next_id(self, table: str) -> int:
        """Return the id that the next row of the table gets."""
        if table not in self._next:
            self._next[table] = (self.connection.execute(select(func.max(TABLES[table].c.id))).scalar() or 0) + 1
        return self._next[table]

    def insert(self, table: str, values: dict[str, Any]) -> int:
        """Add a row under the table's next id, and return that id."""
        row_id = values["id"] = self.next_id(table)
        self._next[table] = row_id + 1
        self._inserts[table].append(values)
        return row_id

    def update(self, table: str, row_id: int, values: dict[str, Any]) -> None:
        """Change columns of a row that is stored, or was added before."""
        self._updates[(table, tuple(values))].append({**values, "row_id": row_id})

    def rows_where_in(self, table: str, column: str, values: Iterable[Any]) -> list[dict[str, Any]]:
        """Return the stored rows whose column has one of the values."""
        distinct = sorted(set(values))
        if not distinct:
            return []
        statement = select(TABLES[table]).where(TABLES[table].c[column].in_(distinct))
        return [dict(row) for row in self.connection.execute(statement).mappings()]

    def flush(self) -> None:
        """Write what was collected: inserts, then updates, then totals."""
        if not (self._inserts or self._updates or self.totals):
            return
        self.connection.exec_driver_sql(views.BEGIN_BULK)
        for name in INSERT_ORDER:
            if rows := self._inserts.pop(name, None):
                statement, columns = _insert(name, self.connection.dialect)
                self.connection.exec_driver_sql(statement, [*map(itemgetter(*columns), rows)])
                if self.log:
                    self.log.note_added(name, rows[0]["id"], rows[-1]["id"])
                if name in views.FULL_TEXT:
                    self.connection.exec_driver_sql(*views.index_from(name, rows[0]["id"]))
        self.connection.exec_driver_sql(views.END_BULK)
        for (name, changed), rows in self._updates.items():
            table = TABLES[name]
            if self.log:
                self.log.note_before(name, (row["row_id"] for row in rows), changed)
            values: dict[str, Any] = {column: bindparam(column) for column in changed}
            self.connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(values), rows)
        self._updates.clear()
        self._write_totals()

    def _write_totals(self) -> None:
        changed = [{"name": name, "value": value} for name, value in self.totals.items() if value]
        if changed:
            if self.log:
                self.log.note_totals(self.totals)
            statement = upsert(TABLES["totals"])
            added = {"value": TABLES["totals"].c.value + statement.excluded.value}
            self.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=added), changed)
        self.totals.clear()
