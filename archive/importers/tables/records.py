"""Records that are no delimited text: JSON Lines, JSON arrays, SQLite tables, sheets of a workbook.

What is within a record is nested.py's.
"""

import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from archive.importers.base import BadDocument, without_mark
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.tables.delimited import MOST_TITLE_ROWS, distinct_names
from archive.importers.tables.nested import Row, rows_of, submission_of

SQLITE_MAGIC, ZIP_MAGIC = b"SQLite format 3\x00", b"PK\x03\x04"
LEANCLOUD = b"#filetype:JSON-streaming"  # begins the exports of Valine's and Waline's store, an object a line
LARGEST_WORKBOOK = 1 << 30  # bytes of a workbook's parts once unpacked


def is_json_array(head: bytes) -> bool:
    """Whether a file begins as a JSON array of objects."""
    return re.match(rb"\s*\[\s*\{", without_mark(head)) is not None


def json_lines(file: BinaryIO, name: str) -> Iterator[Row | BadDocument]:
    """Yield an object a line."""
    number = 0
    while raw := file.readline(LONGEST_DOCUMENT + 1):
        number += 1
        if not raw.strip() or raw.startswith(LEANCLOUD):
            continue
        try:
            record = json.loads(raw.decode("utf-8-sig", "windows-1252"))
        except (ValueError, RecursionError) as error:
            yield BadDocument(f"{name}:{number}", f"not JSON: {error}")
            continue
        if isinstance(record, dict):
            yield from rows_of(record, number)
        else:
            yield BadDocument(f"{name}:{number}", "not a JSON object")


def json_array(
    file: BinaryIO, name: str, path: str, article: Mapping[str, Any] | None = None
) -> Iterator[Row | BadDocument]:
    """Yield the objects of the array at a path, one in memory at a time; `article` are cells that each of them has."""
    import ijson

    number = 0
    try:
        for record in ijson.items(file, path, use_float=True):
            number += 1
            if isinstance(record, dict) and (submission := submission_of(record)):
                article = submission
            elif isinstance(record, dict):
                yield from rows_of(record, number, article)
    except (ijson.JSONError, ValueError) as error:
        yield BadDocument(f"{name}:{number + 1}", f"not JSON from here on: {error}")


def sqlite_tables(path: Path) -> dict[str, list[str]]:
    """Return the tables of an SQLite file with their columns. Raises sqlite3.Error."""
    with closing(_open(path)) as connection:
        names = connection.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
        return {
            name: [column for _, column, *_ in connection.execute(f"pragma table_info({_quoted(name)})")]
            for (name,) in names.fetchall()
        }


def sqlite_rows(path: Path, table: str) -> Iterator[Row]:
    """Yield the rows of a table by their number in the file; texts that are no UTF-8 are read as Windows-1252."""
    with closing(_open(path)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "windows-1252")
        cursor = connection.execute(f"select * from {_quoted(table)}")  # noqa: S608 quoted
        columns = [column for column, *_ in cursor.description]
        for number, values in enumerate(cursor, 1):
            yield (
                number,
                {column: value for column, value in zip(columns, values, strict=True) if not isinstance(value, bytes)},
            )


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def is_workbook(head: bytes, name: str) -> bool:
    """Whether a file is a workbook (XLSX, XLSM, ODS) and no other zip file."""
    return head.startswith(ZIP_MAGIC) and (
        name.lower().endswith((".xlsx", ".xlsm", ".xlsb", ".ods"))
        or b"xl/" in head
        or b"[Content_Types].xml" in head[:60]
    )


def workbook_sheets(path: Path) -> list[str]:
    """Return the names of a workbook's sheets. Raises ValueError where it is damaged or unpacks to too much."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > LARGEST_WORKBOOK:
            raise ValueError(f"a workbook of {size >> 20:,} MB once unpacked: save the sheet as CSV")
        return list(CalamineWorkbook.from_path(str(path)).sheet_names)
    except (CalamineError, zipfile.BadZipFile) as error:
        raise ValueError(f"a damaged workbook: {error}") from error


def workbook_rows(path: Path, sheet: str) -> Iterator[Row]:
    """Yield the rows of a sheet below its header, by their number there.

    The header is the first row that is not empty, but for a title above it: one cell, where most rows have more.
    """
    from python_calamine import CalamineWorkbook

    rows = enumerate(CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).iter_rows(), 1)
    filled = ((number, cells) for number, cells in rows if any(cell not in ("", None) for cell in cells))
    first = list(islice(filled, MOST_TITLE_ROWS))
    is_wide = [sum(cell not in ("", None) for cell in cells) > 1 for _, cells in first]
    header = is_wide.index(True) if True in is_wide else 0
    below = is_wide[header + 1 :]
    if sum(below) * 2 <= len(below):  # a column of texts, with a note beside one of them
        header = 0
    columns: list[str] = []
    for number, cells in chain(first[header:], filled):
        if columns:
            yield number, {column: _plain(cell) for column, cell in zip(columns, cells, strict=False)}
        else:
            names = (str(cell).strip() or f"column {index}" for index, cell in enumerate(cells, 1))
            columns = list(distinct_names(list(names)))


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return None if cell == "" else cell
