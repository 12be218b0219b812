"""An SQL script that rebuilds the data in any SQLite: tables, rows, indexes, views. Opening it adds full text again.

Private tables are not in it.
"""

import re
import sqlite3
from typing import BinaryIO

from archive.export.rows import write_lines
from archive.export.selection import Rows, Selection
from archive.store.private_tables import PRIVATE_TABLES

SELECTS = ()
FOLDER = False

OBJECTS = """
select type, name, tbl_name, sql from sqlite_master
where sql is not null and name not like 'sqlite_%' and type <> 'trigger'
  and name not like '%\\_fts' escape '\\' and name not like '%\\_fts\\_%' escape '\\'
order by case type when 'table' then 0 when 'index' then 1 else 2 end, rowid"""
STRICT = re.compile(r"\)\s*STRICT$", re.IGNORECASE)
LARGEST = "1.7976931348623157e308"


def count(connection: sqlite3.Connection, selection: Selection) -> int:  # noqa: ARG001
    """How many rows all tables have."""
    tables = [name for kind, name, _ in _objects(connection) if kind == "table"]
    return sum(connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables)  # noqa: S608


def write(connection: sqlite3.Connection, out: BinaryIO, selection: Selection) -> Rows:  # noqa: ARG001
    """STRICT is left out, which SQLite before 3.37 does not know. The lines are made in SQL."""
    objects = _objects(connection)
    inserts = {name: _insert(connection, name, sql) for kind, name, sql in objects if kind == "table"}
    connection.text_factory = bytes
    written = 0
    out.write(b"PRAGMA foreign_keys = OFF;\nBEGIN;\n")
    for kind, name, sql in objects:
        out.write((STRICT.sub(")", sql) + ";\n").encode())
        if kind == "table":
            written += write_lines(connection.execute(inserts[name]), out)
    out.write(b"COMMIT;\n")
    return Rows(written)


def _objects(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Kind, name and definition of what the script makes."""
    found = connection.execute(OBJECTS)
    return [(kind, name, sql) for kind, name, table, sql in found if table.lower() not in PRIVATE_TABLES]


def _insert(connection: sqlite3.Connection, table: str, sql: str) -> str:
    """The statement that makes an INSERT of each row: by printf where the table is strict, so that what a column holds
    is known, and no text has what a literal cannot hold; else by a slower way."""
    found = connection.execute("select name, type from pragma_table_info(?)", (table,))
    columns = [('"' + name.replace('"', '""') + '"', kind) for name, kind in found]
    begin = f'INSERT INTO "{table}" VALUES ('.replace("'", "''")  # noqa: S608
    joined = " || ',' || ".join(_literal(name) for name, _ in columns)
    row = f"'{begin}' || {joined} || ');' || char(10)"
    if STRICT.search(sql):
        formats = ",".join("%Q" if kind.upper() == "TEXT" else "%s" for _, kind in columns)
        values = ", ".join(_typed(name, kind.upper()) for name, kind in columns)
        odd = " or ".join(["false", *(_odd(name) for name, kind in columns if kind.upper() == "TEXT")])
        pattern = begin.replace("%", "%%") + formats
        row = f"case when {odd} then {row} else printf('{pattern});\n', {values}) end"
    return f'select {row} from "{table}"'  # noqa: S608


def _odd(column: str) -> str:
    """Whether a text has a NUL, which no literal can hold, or a carriage return, which the shell of SQLite may drop."""
    return f"instr({column}, char(0)) or instr({column}, char(13))"


def _typed(column: str, kind: str) -> str:
    """What printf is given for a column of a strict table."""
    if kind == "TEXT":
        return column
    return f"ifnull({column}, 'NULL')" if kind in ("INTEGER", "INT") else _literal(column)


def _literal(column: str) -> str:
    """A column's value, whatever it is, as an SQL literal."""
    as_hex = f"'cast(x''' || hex({column}) || ''' as text)'"
    return f"""case when typeof({column}) = 'text' and ({_odd(column)}) then {as_hex}
  when typeof({column}) = 'real' and abs({column}) > {LARGEST} then iif({column} > 0, '9e999', '-9e999')
  else quote({column}) end"""
