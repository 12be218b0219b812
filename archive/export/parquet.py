"""Write Parquet of comments, one a row: integers, times (UTC, microseconds), lists of codes, all else as text.

Each column says what it holds (`description` in its metadata).

Of a statement, its rows: a column of integers only is int64, one with other numbers double, one of blobs only binary;
all others are text.
"""

import sqlite3
from typing import BinaryIO

from archive.export.csv import header, line_sql
from archive.export.rows import comment_columns, select_comments, select_rows
from archive.export.selection import DumpFile, ExportOptions, RowCounts, Selection
from archive.export.selection import count as count

SELECTS = ("comments", "rows")
FOLDER = False
DUMP = DumpFile("comments", ".parquet", "Comments, one a row (Parquet)")


def write(connection: sqlite3.Connection, out: BinaryIO, selection: Selection, options: ExportOptions, /) -> RowCounts:
    """Write rows; memory holds one row group."""
    # pyarrow takes longer to load than all of `btl --help`.
    from archive.export import arrow_tables

    if selection.sql is not None:
        cursor, names = select_rows(connection, selection.sql)
        types = arrow_tables.column_types(connection, selection.sql, len(names))
        return RowCounts(arrow_tables.write_rows(cursor, names, types, selection, out))
    names = comment_columns(connection)
    if options.csv_copy:
        options.csv_copy.write(header(names))
    connection.text_factory = bytes
    lines = select_comments(connection, selection, line_sql(names))
    return RowCounts(arrow_tables.write_lines(lines, names, selection, out, options.csv_copy))
