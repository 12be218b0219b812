"""Any file that holds a table, opened as one: its columns, and its rows as they come."""

import re
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from archive.importers.base import BadDocument, Options, Source, Undecided, without_mark
from archive.importers.documents import is_json_lines
from archive.importers.tables import records
from archive.importers.tables.delimited import find_dialect, read_rows
from archive.importers.tables.mapping import ColumnMapping
from archive.importers.tables.nested import Row, article_above, find_array
from archive.importers.tables.xml_exports import find_export

TABLE_NAME = re.compile(r"\.(?:csv|tsv|tab)(?:\.(?:gz|bz2|xz|zst))?$", re.IGNORECASE)
SAMPLE_ROWS = 10_000
SAMPLE_BYTES = 32 << 20  # of the rows by which columns are judged
Rows = Iterator[Row | BadDocument]


@dataclass(slots=True)
class Table:
    """A table: `kind` in words, the names of its columns, the first of its rows, and all of them, which come once."""

    kind: str
    columns: tuple[str, ...]
    sample: list[dict[str, Any]]
    rows: Rows
    media_type: str
    neighbours: dict[str, Callable[[], Iterator[Row]]] = field(default_factory=dict)


def open_table(source: Source, head: bytes) -> Table:
    """Open the table of a source. Raises Undecided where there are several, BadDocument where there is none."""
    options, mapping = source.options, source.options.mapping or ColumnMapping()
    if head.startswith(records.SQLITE_MAGIC):
        return _open_sqlite(source, head, options, mapping)
    if records.is_workbook(head, source.name):
        return _open_workbook(source, head, options, mapping)
    if export := find_export(head):
        return _sampled(export.kind, export.rows(source.file, source.name), "application/xml")
    if without_mark(head).lstrip().startswith((b"{", b"[", records.LEANCLOUD)) and (table := _open_json(source, head)):
        return table
    dialect = find_dialect(head, mapping.delimiter, mapping.encoding, is_named=is_table_name(source.name))
    if dialect is None:
        raise Undecided(source.name, _why_no_table(head))
    if not (options.has_header and mapping.has_header):
        dialect = replace(dialect, has_header=False)
    rows = read_rows(source.file, source.name, dialect)
    media_type = "text/tab-separated-values" if dialect.delimiter == "\t" else "text/csv"
    return _sampled(dialect.describe(), rows, media_type)


def _open_json(source: Source, head: bytes) -> Table | None:
    """Open JSON: an array, an object a line, or one with a list of records in it. None where it is no such JSON."""
    if head.startswith(records.LEANCLOUD):
        return _sampled("JSON Lines", records.json_lines(source.file, source.name), "application/jsonl")
    if records.is_json_array(head):
        return _sampled("JSON array", records.json_array(source.file, source.name, "item"), "application/json")
    if not without_mark(head).lstrip().startswith(b"{"):
        return None
    mapping = source.options.mapping
    path = source.options.records or (mapping.records if mapping else None)
    if path is None and looks_like_lines(head) and not is_one_object(head):
        return _sampled("JSON Lines", records.json_lines(source.file, source.name), "application/jsonl")
    path = _ijson_path(path) if path else find_array(head)
    if path is None:
        raise Undecided(
            source.name,
            "one JSON object without a list of records near its beginning; --records names one, as data.items",
        )
    rows = records.json_array(source.file, source.name, path, article_above(head, path) or None)
    return _sampled(f"JSON, records at {path.removesuffix('.item')}", rows, "application/json")


def _why_no_table(head: bytes) -> str:
    if head.count(b"\n") < 2 and not head.partition(b"\n")[2].strip():
        return "a table's header without a row below it: there is nothing to import"
    return (
        "no table that is understood: its rows have different numbers of cells, or it has no header. --no-header --map "
        "body=3 reads one without a header, --as text reads it as a text"
    )


def is_table_name(name: str) -> bool:
    """Whether a file is called as tables are."""
    return TABLE_NAME.search(name) is not None


def looks_like_lines(head: bytes) -> bool:
    """Whether there is a JSON object a line, or one that is longer than the beginning of the file shows."""
    begin = without_mark(head).lstrip()
    return is_json_lines(head) or (begin.startswith(b"{") and begin.split(b"\n", 1)[0].rstrip().endswith(b"}"))


def is_one_object(head: bytes) -> bool:
    """Whether a file is one JSON object with a list of records in it, as far as its beginning shows."""
    begin = without_mark(head).strip()
    return b"\n" not in begin and find_array(head) is not None


def _ijson_path(path: str) -> str:
    return path.removeprefix("$.").replace("[*]", "").rstrip(".") + ".item"


def _open_sqlite(source: Source, head: bytes, options: Options, mapping: ColumnMapping) -> Table:
    path = _as_file(source, head)
    try:
        tables = records.sqlite_tables(path)
        name = _choose(source.name, "table", options.table or mapping.table, list(tables))
        table = _sampled(f"SQLite table {name}", records.sqlite_rows(path, name), "application/vnd.sqlite3")
    except sqlite3.Error as error:
        raise BadDocument(source.name, f"a damaged SQLite file: {error}") from error
    table.neighbours = {other: partial(records.sqlite_rows, path, other) for other in tables if other != name}
    return table


def _open_workbook(source: Source, head: bytes, options: Options, mapping: ColumnMapping) -> Table:
    path = _as_file(source, head)
    try:
        sheets = records.workbook_sheets(path)
    except ValueError as error:
        raise BadDocument(source.name, str(error)) from error
    name = _choose(source.name, "sheet", options.table or mapping.table, sheets)
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    table = _sampled(f"sheet {name}", records.workbook_rows(path, name), media_type)
    table.neighbours = {other: partial(records.workbook_rows, path, other) for other in sheets if other != name}
    return table


def _as_file(source: Source, head: bytes) -> Path:
    """Return the path of a file that cannot be read as a stream, unpacked where it is compressed or a pipe."""
    if source.path is not None:
        with source.path.open("rb") as file:
            if file.read(16) == head[:16]:
                return source.path
    with tempfile.NamedTemporaryFile(prefix="btl-", suffix=Path(source.name).suffix, delete=False) as unpacked:
        shutil.copyfileobj(source.file, unpacked)
    # Gone once nobody reads the source any more; the kernel frees it with the process at the latest.
    weakref.finalize(source.file, Path(unpacked.name).unlink, missing_ok=True)
    return Path(unpacked.name)


def _choose(file: str, kind: str, wanted: str | None, names: list[str]) -> str:
    """Return the table or sheet to read: the one that is named, the only one, or the one called after comments."""
    by_lower = {name.lower(): name for name in names}
    if wanted is not None:
        if wanted.lower() not in by_lower:
            raise Undecided(file, f"it has no {kind} {wanted!r}; it has {', '.join(names) or 'none'}")
        return by_lower[wanted.lower()]
    if not names:
        raise BadDocument(file, f"it has no {kind}")
    if len(names) == 1:
        return names[0]
    for likely in ("comments", "comment", "posts", "kommentare", "commentaires", "comentarios", "messages", "replies"):
        if likely in by_lower:
            return by_lower[likely]
    raise Undecided(file, f"it has several {kind}s ({', '.join(names)}); --table NAME says which has the comments")


def _sampled(kind: str, rows: Rows, media_type: str) -> Table:
    first: list[Row | BadDocument] = []
    columns: dict[str, None] = {}
    size = 0
    for row in islice(rows, SAMPLE_ROWS):
        first.append(row)
        if not isinstance(row, BadDocument):
            columns |= dict.fromkeys(row[1])
            size += sum(len(cell) for cell in row[1].values() if isinstance(cell, str))
        if size > SAMPLE_BYTES:
            break
    sample = [row[1] for row in first if not isinstance(row, BadDocument)]
    return Table(kind, tuple(columns), sample, chain(first, rows), media_type)
