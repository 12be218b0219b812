"""An SQL script that rebuilds the data in any SQLite: tables, rows, indexes, views. Opening it adds full text again."""

import re
import sqlite3
from typing import TextIO

OBJECTS = """
select type, name, sql from sqlite_master where sql is not null and name not like 'sqlite_%' and type <> 'trigger'
  and name not like '%\\_fts' escape '\\' and name not like '%\\_fts\\_%' escape '\\'
order by case type when 'table' then 0 when 'index' then 1 else 2 end, rowid"""


def write(connection: sqlite3.Connection, out: TextIO) -> int:
    """Gives the number of rows. STRICT is left out, which SQLite before 3.37 does not know."""
    objects = connection.execute(OBJECTS).fetchall()
    written = 0
    out.write("PRAGMA foreign_keys = OFF;\nBEGIN;\n")
    for kind, name, sql in objects:
        out.write(re.sub(r"\)\s*STRICT$", ")", sql) + ";\n")
        if kind == "table":
            for row in connection.execute(f'select * from "{name}"'):  # noqa: S608
                out.write(f'INSERT INTO "{name}" VALUES ({", ".join(map(_literal, row))});\n')  # noqa: S608
                written += 1
    out.write("COMMIT;\n")
    return written


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if not isinstance(value, str):
        return repr(value)
    if "\0" in value:
        return f"cast(x'{value.encode().hex()}' as text)"
    return "'" + value.replace("'", "''") + "'"
