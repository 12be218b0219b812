"""Rows of one transaction: collected with ids given in advance, then written in bulk, table by table.

An import notes what it changes, so that it can be taken back.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from archive.store.dialects import dialect_of
from archive.store.dialects.base import StoreDialect
from archive.store.schema import TABLES
from archive.store.search_changes import OF_COMMENTS

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
    "reports",
    "decisions",
    "comment_revisions",
    "labels",
    "events",
    "flags",
    "flag_spans",
    "reviews",
    "withheld",
)

CHANGES = "import_changes"
TEXTS = {"comments": ("body",), "articles": ("title", "body")}
NOTE = f"insert into {CHANGES} (run_id, name, row_id, number, before) values (?, ?, ?, ?, ?)"  # noqa: S608
NOTE_ROWS = f"""
insert into {CHANGES} (run_id, name, row_id, before)
select ?, '{{name}}', id, json_object({{columns}}) from {{name}}
where id in (select cast(value as bigint) from json_each(?)) order by id"""  # noqa: S608
NEW_TOTALS = """
select value from json_each(?) where value not in (select name from totals) and value <> 'bulk' order by 1"""
BLANKED, TOTALS = "blanked", "new totals"  # what is noted beside the rows of tables


class ChangeLog:
    """Notes what an import adds and changes, in its own transactions, so that it can be taken back (see undo.py).

    Rows that are added have consecutive ids, and a range says them all: they are noted first, and are no changes. Of a
    row that was there before, the columns are noted as they were, but for texts: those stand in the revisions that the
    same import adds.
    """

    def __init__(self, connection: Connection, run_id: int) -> None:
        self.connection, self.run_id = connection, run_id
        self._added: dict[str, list[range]] = defaultdict(list)

    def note_added(self, table: str, ids: Sequence[int]) -> None:
        """Note that rows were added, with these ids, which ascend."""
        for added in _ranges(ids):
            self._added[table].append(added)
            self._note(table, added.start, len(added))

    def note_before(self, table: str, ids: Iterable[int], columns: Sequence[str]) -> None:
        """Note what these rows hold before they are changed."""
        pairs = ", ".join(f"'{column}', \"{column}\"" for column in columns if column not in TEXTS.get(table, ()))
        rows = [row_id for row_id in sorted(set(ids)) if not any(row_id in added for added in self._added[table])]
        statement = NOTE_ROWS.format(name=table, columns=pairs)
        self.connection.exec_driver_sql(statement, (self.run_id, json.dumps(rows)))

    def note_blanked(self, ids: Iterable[int]) -> None:
        """Note stored comments that turned out to be suppressed, and whose text was put away."""
        for comment_id in ids:
            self._note(BLANKED, comment_id, None)

    def note_totals(self, names: Iterable[str]) -> None:
        """Note which of these totals there are not yet."""
        new = [row[0] for row in self.connection.exec_driver_sql(NEW_TOTALS, (json.dumps(list(names)),))]
        if new:
            self._note(TOTALS, 0, None, json.dumps(new))

    def _note(self, name: str, row_id: int, number: int | None, before: str | None = None) -> None:
        self.connection.exec_driver_sql(NOTE, (self.run_id, name, row_id, number, before))


def _ranges(ids: Sequence[int]) -> Iterator[range]:
    """Yield the runs of ids that follow each other, mostly all of them as one."""
    first = last = ids[0]
    for row_id in ids[1:]:
        if row_id != last + 1:
            yield range(first, last + 1)
            first = row_id
        last = row_id
    yield range(first, last + 1)


class RowWriter:
    """Collect inserts, updates by id and changes of `totals`; `flush` writes them.

    Ids are given in advance, as the dialect has taken them. `log` notes all of it, where there is one. With
    `defers_totals` the totals wait for a flush without it: every writer changes the same few rows of them, and they are
    best changed last.
    """

    def __init__(
        self, connection: Connection, log: ChangeLog | None = None, dialect: StoreDialect | None = None
    ) -> None:
        self.connection, self.log = connection, log
        self.dialect = dialect or dialect_of(connection)
        self.defers_totals = False
        self.totals: Counter[str] = Counter()
        self._inserts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._updates: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
        self._ids = self.dialect.id_blocks(connection)

    def next_id(self, table: str, count: int = 1) -> int:
        """Return the id that the next row of the table gets; the next `count` rows get those that follow it."""
        block = self._ids.get(table)
        if block is None or block[1] - block[0] < count:
            block = self._ids[table] = self.dialect.take_ids(self.connection, table, count)
        return block[0]

    def insert(self, table: str, values: dict[str, Any]) -> int:
        """Add a row under the table's next id, and return that id."""
        row_id = values["id"] = self.next_id(table)
        self._ids[table][0] = row_id + 1
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
        with self.dialect.bulk(self.connection):
            self._note_changes()
            for name in INSERT_ORDER:
                if rows := self._inserts.pop(name, None):
                    self.dialect.insert_rows(self.connection, name, rows)
                    if self.log:
                        self.log.note_added(name, [row["id"] for row in rows])
        for (name, changed), rows in self._updates.items():
            table = TABLES[name]
            if self.log:
                self.log.note_before(name, (row["row_id"] for row in rows), changed)
            values: dict[str, Any] = {column: bindparam(column) for column in changed}
            self.connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(values), rows)
        self._updates.clear()
        if not self.defers_totals:
            self._write_totals()

    def _note_changes(self) -> None:
        """Note the stored comments that get flags, labels and the like, for the index beside it: triggers rest here."""
        if self.connection.dialect.name != "sqlite":
            return  # what the site serves of a server's archive is a copy
        new = self._inserts.get("comments")
        subjects = {row.get("comment_id") for name in OF_COMMENTS for row in self._inserts.get(name, ())}
        stored = sorted(id_ for id_ in subjects if id_ is not None and (not new or id_ < new[0]["id"]))
        if stored:
            self.connection.execute(insert(TABLES["search_changes"]), [{"comment_id": id_} for id_ in stored])

    def _write_totals(self) -> None:
        changed = [{"name": name, "value": value} for name, value in sorted(self.totals.items()) if value]
        if changed:
            if self.log:
                self.log.note_totals(self.totals)
            statement = self.dialect.upsert(TABLES["totals"])
            added = {"value": TABLES["totals"].c.value + statement.excluded.value}
            self.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=added), changed)
        self.totals.clear()
