"""Note what an import adds and changes, in its own transactions, so that it can be taken back (see undo.py).

Rows that are added have consecutive ids, and a range says them all. Of a row that was there before, the columns are
noted as they were, but for texts: those stand in the revisions that the same import adds.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

TABLE = "import_changes"
TEXTS = {"comments": ("body",), "articles": ("title", "body")}
NOTE = f"insert into {TABLE} (run_id, name, row_id, number, before) values (?, ?, ?, ?, ?)"  # noqa: S608
NOTE_ROWS = f"""
insert into {TABLE} (run_id, name, row_id, before)
select ?, '{{name}}', id, json_object({{columns}}) from {{name}}
where id in (select cast(value as bigint) from json_each(?)) order by id"""  # noqa: S608
NEW_TOTALS = """
select value from json_each(?) where value not in (select name from totals) and value <> 'bulk' order by 1"""
BLANKED, TOTALS = "blanked", "new totals"  # what is noted beside the rows of tables


class ChangeLog:
    """Notes the changes of one run. Rows that this transaction added are no changes: their ids are told first."""

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
