"""CSV of the view `comment_list`: one comment a row, text exactly as archived (RFC 4180, UTF-8).

Text stands in quotes, numbers do not, and NULL is an empty cell without quotes: a reader that looks can tell it from an
empty text (""). The lines are made in SQL, which takes half the time of Python's csv.
"""

import re
import sqlite3
from typing import BinaryIO

from archive.export.rows import NUMBERS, batches, columns, comment_list, stated, write_lines
from archive.export.selection import Rows, Selection
from archive.export.selection import count as count
from archive.text.csv_cells import BOM, FORMULA, format_cell

SELECTS = ("comments", "rows")
FOLDER = False
# Text of comment_list that comes from outside, and may so hold a NUL, at which SQLite's printf ends.
FOREIGN = ("body", "author", "article", "article_url", "outlet")
# Text of comment_list that is never NULL, of which printf would make "(NULL)".
STATED = ("body", "article_url", "platform", "state", "permalink", "first_seen_at", "last_seen_at")
FORMULAS = ", ".join(f"char({ord(sign)})" for sign in FORMULA)


def write(connection: sqlite3.Connection, out: BinaryIO, selection: Selection, *, excel: bool = False) -> Rows:
    """With `excel`, begins with a byte order mark, and puts an apostrophe before text that a spreadsheet would run."""
    if excel:
        out.write(BOM.encode())
    if selection.sql is not None:
        return _stated(connection, out, selection.sql, excel=excel)
    names = columns(connection)
    out.write((",".join(names) + "\r\n").encode())
    connection.text_factory = bytes
    return Rows(write_lines(comment_list(connection, selection, line(names, excel=excel)), out))


def line(names: list[str], *, excel: bool = False) -> str:
    """An SQL expression for the line of a row: by printf, or where that would be wrong, by a slower way."""
    formats, arguments, joined = [], [], []
    for name in names:
        text = f"""replace(coalesce({name}, ''), '"', '""')"""
        if name in NUMBERS:
            formats.append("%s")
            arguments.append(name)
            joined.append(f"coalesce({name}, '')")
        elif name in STATED and not excel:
            formats.append('"%w"')
            arguments.append(name)
            joined.append(f"""{_opening(name)} || {text} || {_opening(name)}""")
        else:
            formats.append("%s%w%s")
            arguments += [_opening(name, excel=excel), f"coalesce({name}, '')", _opening(name)]
            joined.append(f"{_opening(name, excel=excel)} || {text} || {_opening(name)}")
    odd = " or ".join([f"instr({name}, char(0))" for name in FOREIGN] + [f"{name} is null" for name in STATED])
    row = " || ',' || ".join(joined)
    return f"""case when {odd} then {row} || char(13, 10)
  else printf('{",".join(formats)}\r\n', {", ".join(arguments)}) end"""


def _opening(name: str, *, excel: bool = False) -> str:
    if excel:
        return f"""case when {name} is null then '' when substr({name}, 1, 1) in ({FORMULAS}) then '"''' else '"' end"""
    return f"""iif({name} is null, '', '"')"""


def _stated(connection: sqlite3.Connection, out: BinaryIO, sql: str, *, excel: bool) -> Rows:
    cursor, names = stated(connection, sql)
    header = (name if re.fullmatch(r"\w+", name) else format_cell(name, excel=excel) for name in names)
    out.write((",".join(header) + "\r\n").encode())
    written = 0
    for rows in batches(cursor):
        lines = (",".join([format_cell(value, excel=excel) for value in row]) for row in rows)
        # A row that is one NULL would be no row to most readers.
        out.write("".join(f"{line}\r\n" if line else '""\r\n' for line in lines).encode())
        written += len(rows)
    return Rows(written)
