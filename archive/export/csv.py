"""Write CSV of comments, one a row (`rows.comment_columns`): text exactly as archived (RFC 4180, UTF-8).

Text stands in quotes, numbers do not, and NULL is an empty cell without quotes, so that a careful reader can tell it
from an empty text (""). The lines are made in SQL, which takes half the time of Python's csv module.
"""

import re
import sqlite3
from itertools import chain
from typing import BinaryIO

from archive.export.columns import COLUMNS
from archive.export.rows import batches, comment_columns, select_comments, select_rows, write_lines
from archive.export.selection import DumpFile, ExportOptions, RowCounts, Selection
from archive.export.selection import count as count
from archive.text.csv_cells import BOM, FORMULA, format_cell

SELECTS = ("comments", "rows")
FOLDER = False
DUMP = DumpFile("comments", ".csv.gz", "Comments, one a row, with author, article and outlet (CSV, UTF-8, RFC 4180)")
# What SQLite's printf would garble: it stops at a NUL, and writes NULL as "(NULL)".
FOREIGN = tuple(column.name for column in COLUMNS.values() if column.foreign)
NOT_NULL = tuple(column.name for column in COLUMNS.values() if not column.nullable)
COLUMNS_A_CALL = 30  # a function of SQLite takes 127 arguments, and a text three
FORMULAS = ", ".join(f"char({ord(sign)})" for sign in FORMULA)


def write(connection: sqlite3.Connection, out: BinaryIO, selection: Selection, options: ExportOptions, /) -> RowCounts:
    """Write a header and the rows, for Excel with a byte order mark and an apostrophe before what looks like a formula.

    The lines of comments come whole out of SQLite; those of a user's statement, whose types are unknown, are made here.
    """
    if options.excel:
        out.write(BOM.encode())
    if selection.sql is not None:
        return _write_rows(connection, out, selection.sql, excel=options.excel)
    names = comment_columns(connection)
    out.write(header(names))
    connection.text_factory = bytes
    return RowCounts(write_lines(select_comments(connection, selection, line_sql(names, excel=options.excel)), out))


def header(names: list[str]) -> bytes:
    return (",".join(names) + "\r\n").encode()


def line_sql(names: list[str], *, excel: bool = False) -> str:
    """Return an SQL expression for the line of a row.

    printf is fastest; rows that it would garble (a NUL in a text, NULL in a column that should have none) are joined
    cell by cell instead.
    """
    formats: list[str] = []
    arguments: list[list[str]] = []
    joined: list[str] = []
    for name in names:
        text = f"""replace(coalesce({name}, ''), '"', '""')"""
        if COLUMNS[name].kind == "integer":
            formats.append("%s")
            arguments.append([name])
            joined.append(f"coalesce({name}, '')")
        elif name in NOT_NULL and not excel:
            formats.append('"%w"')
            arguments.append([name])
            joined.append(f"""{_quote_sql(name)} || {text} || {_quote_sql(name)}""")
        else:
            formats.append("%s%w%s")
            arguments.append([_quote_sql(name, excel=excel), f"coalesce({name}, '')", _quote_sql(name)])
            joined.append(f"{_quote_sql(name, excel=excel)} || {text} || {_quote_sql(name)}")
    unfit = " or ".join([f"instr({name}, char(0))" for name in FOREIGN] + [f"{name} is null" for name in NOT_NULL])
    row = " || ',' || ".join(joined)
    printed = " || ',' || ".join(
        f"printf('{','.join(formats[start : start + COLUMNS_A_CALL])}', {', '.join(chain(*these))})"
        for start in range(0, len(names), COLUMNS_A_CALL)
        if (these := arguments[start : start + COLUMNS_A_CALL])
    )
    return f"case when {unfit} then {row} else {printed} end || char(13, 10)"


def _quote_sql(name: str, *, excel: bool = False) -> str:
    """Return SQL for the quotation mark beside a text, which NULL does not have."""
    if excel:
        return f"""case when {name} is null then '' when substr({name}, 1, 1) in ({FORMULAS}) then '"''' else '"' end"""
    return f"""iif({name} is null, '', '"')"""


def _write_rows(connection: sqlite3.Connection, out: BinaryIO, sql: str, *, excel: bool) -> RowCounts:
    cursor, names = select_rows(connection, sql)
    out.write(header([name if re.fullmatch(r"\w+", name) else format_cell(name, excel=excel) for name in names]))
    written = 0
    for rows in batches(cursor):
        lines = (",".join([format_cell(value, excel=excel) for value in row]) for row in rows)
        # An empty line, which a row of one NULL would be, is no row to most readers.
        out.write("".join(f"{line}\r\n" if line else '""\r\n' for line in lines).encode())
        written += len(rows)
    return RowCounts(written)
