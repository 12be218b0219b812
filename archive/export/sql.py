"""Write an SQL script that rebuilds the archive in any SQLite: tables, rows, indexes, views, but no private table.

Opening the rebuilt file as an archive adds full text again.
"""

import re
import sqlite3
from typing import BinaryIO

from archive.export.rows import write_lines
from archive.export.selection import DumpFile, ExportOptions, RowCounts, Selection
from archive.store.private_tables import PRIVATE_TABLES

SELECTS: tuple[str, ...] = ()
FOLDER = False
DUMP = DumpFile("archive", ".sql.gz", "All tables as an SQL script for any SQLite")

OBJECTS = """
select type, name, tbl_name, sql from sqlite_master
where sql is not null and name not like 'sqlite_%' and type <> 'trigger'
  and name not like '%\\_fts' escape '\\' and name not like '%\\_fts\\_%' escape '\\'
order by case type when 'table' then 0 when 'index' then 1 else 2 end, rowid"""
STRICT = re.compile(r"\)\s*STRICT\s*$", re.IGNORECASE)
LARGEST = "1.7976931348623157e308"


def count(connection: sqlite3.Connection, _selection: Selection, /) -> int:
    """Count the rows of all tables."""
    tables = [name for kind, name, _ in _objects(connection) if kind == "table"]
    return sum(connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables)  # noqa: S608


def write(
    connection: sqlite3.Connection, out: BinaryIO, _selection: Selection, _options: ExportOptions, /
) -> RowCounts:
    """Write the script. STRICT is left out, which SQLite before 3.37 does not know."""
    objects = _objects(connection)
    inserts = {name: _insert(connection, name, sql) for kind, name, sql in objects if kind == "table"}
    connection.text_factory = bytes
    written = 0
    out.write(b"PRAGMA foreign_keys = OFF;\nBEGIN;\n")
    for kind, name, sql in objects:
        out.write((STRICT.sub(")", sql) + ";\n").encode())
        if kind == "table":
            written += write_lines(connection.execute(inserts[name], {"nul": "\0"}), out)
    out.write(b"COMMIT;\n")
    return RowCounts(written)


def _objects(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return type, name and definition of each object that the script creates."""
    rows = connection.execute(OBJECTS)
    return [
        (kind, name, sql)
        for kind, name, table, sql in rows
        if table.lower() not in PRIVATE_TABLES and "search_changes" not in sql
    ]


def _insert(connection: sqlite3.Connection, table: str, sql: str) -> str:
    """Return the SELECT that makes an INSERT statement of each row of a table.

    printf takes half the time, but needs to know the type of each column, as a strict table does, and texts that a
    literal can hold; all other rows are joined value by value.
    """
    rows = connection.execute("select name, type from pragma_table_info(?)", (table,))
    columns = [('"' + name.replace('"', '""') + '"', kind) for name, kind in rows]
    begin = f'INSERT INTO "{table}" VALUES ('.replace("'", "''")  # noqa: S608
    joined = " || ',' || ".join(_literal(name) for name, _ in columns)
    row = f"'{begin}' || {joined} || ');' || char(10)"
    if STRICT.search(sql):
        formats = ",".join("%Q" if kind.upper() == "TEXT" else "%s" for _, kind in columns)
        values = ", ".join(_typed(name, kind.upper()) for name, kind in columns)
        unfit = " or ".join(["false", *(_unfit(name) for name, kind in columns if kind.upper() == "TEXT")])
        pattern = begin.replace("%", "%%") + formats
        row = f"case when {unfit} then {row} else printf('{pattern});\n', {values}) end"
    return f'select {row} from "{table}"'  # noqa: S608


def _unfit(column: str) -> str:
    """Return the condition that no literal can hold a text: it has a NUL, or a CR, which SQLite's shell may drop."""
    # A parameter and a literal: char() would be called for each text.
    return f"instr({column}, :nul) or instr({column}, '\r')"


def _typed(column: str, kind: str) -> str:
    """Return the argument of printf for a column of a strict table."""
    if kind == "TEXT":
        return column
    return f"ifnull({column}, 'NULL')" if kind in ("INTEGER", "INT") else _literal(column)


def _literal(column: str) -> str:
    """Return SQL that makes a literal of a column's value of any type."""
    as_hex = f"'cast(x''' || hex({column}) || ''' as text)'"
    return f"""case when typeof({column}) = 'text' and ({_unfit(column)}) then {as_hex}
  when typeof({column}) = 'real' and abs({column}) > {LARGEST} then iif({column} > 0, '9e999', '-9e999')
  else quote({column}) end"""
