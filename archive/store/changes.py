"""Note what an import adds and changes, in its own transactions, so that it can be taken back (see undo.py).

Rows that are added have consecutive ids, and a range says them all. Of a row that was there before, the columns are
noted as they were, but for texts: those stand in the revisions that the same import adds.
"""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

TABLE = "import_changes"
TEXTS = {"comments": ("body",), "articles": ("title", "body")}
NOTE = f"insert into {TABLE} (run_id, name, row_id, number, before) values (?, ?, ?, ?, ?)"  # noqa: S608
NOTE_ROWS = f"""
insert into {TABLE} (run_id, name, row_id, before)
select ?, '{{name}}', id, json_object({{columns}}) from {{name}}
where id in (select value from json_each(?)) and id < ? order by id"""  # noqa: S608
NEW_TOTALS = """
select value from json_each(?) where value not in (select name from totals) and value <> 'bulk' order by 1"""
NO_LIMIT = (1 << 63) - 1
BLANKED, TOTALS = "blanked", "new totals"  # what is noted beside the rows of tables


class ChangeLog:
    """Notes the changes of one run. Rows that this transaction added are no changes: their ids are told first."""

    def __init__(self, connection: Connection, run_id: int) -> None:
        self.connection, self.run_id = connection, run_id
        self._first: dict[str, int] = {}

    def note_added(self, table: str, first: int, last: int) -> None:
        """Note that rows were added, with the ids from `first` to `last`."""
        self._first.setdefault(table, first)
        self._note(table, first, last - first + 1)

    def note_before(self, table: str, ids: Iterable[int], columns: Sequence[str]) -> None:
        """Note what these rows hold before they are changed."""
        pairs = ", ".join(f"'{column}', \"{column}\"" for column in columns if column not in TEXTS.get(table, ()))
        rows = json.dumps(sorted(set(ids)))
        statement = NOTE_ROWS.format(name=table, columns=pairs)
        self.connection.exec_driver_sql(statement, (self.run_id, rows, self._first.get(table, NO_LIMIT)))

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
