"""Make Arrow tables of SQLite rows and write them as Parquet, in row groups small enough for memory (zstd)."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

from archive.export.columns import COLUMNS
from archive.export.records import FIELDS
from archive.export.rows import batches
from archive.export.selection import Selection, SqlError, strip_semicolon

ROWS_A_GROUP = 1 << 16
BYTES_A_GROUP = 12 << 20
TIME = pa.timestamp("us", "UTC")
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
TEXTS = pa.list_(pa.string())
_SCALARS = {"text": pa.string(), "integer": pa.int64(), "real": pa.float64(), "truth": pa.bool_()}


def _objects(name: str) -> pa.DataType:
    """Return the type of a column of objects: a list of them, or the dataset."""
    item = pa.struct([(field, _SCALARS[kind]) for field, kind in FIELDS[name].items()])
    return item if name == "dataset" else pa.list_(item)


_KINDS = {"text": pa.string(), "integer": pa.int64(), "time": TIME, "texts": TEXTS}


def write_lines(
    cursor: sqlite3.Cursor, names: list[str], selection: Selection, out: BinaryIO, csv_copy: BinaryIO | None
) -> int:
    """Write rows of comments that come as lines of CSV, to `csv_copy` too; return their number."""
    schema = pa.schema([_field(name) for name in names])
    recurring = [
        f"{name}.list.element" if COLUMNS[name].kind == "texts" else name for name in names if COLUMNS[name].recurs
    ]
    return _write_tables(_tables_of_lines(cursor, schema, csv_copy), schema, recurring, selection, out)


def _field(name: str) -> pa.Field:
    column = COLUMNS[name]
    kind = _objects(name) if column.kind == "objects" else _KINDS[column.kind]
    return pa.field(name, kind, metadata={"description": column.description})


def write_rows(
    cursor: sqlite3.Cursor, names: list[str], types: list[pa.DataType], selection: Selection, out: BinaryIO
) -> int:
    """Write the rows of a user's statement; return their number."""
    schema = pa.schema(list(zip(names, types, strict=True)))
    return _write_tables(_tables_of_rows(cursor, schema), schema, names, selection, out)


def column_types(connection: sqlite3.Connection, sql: str, width: int) -> list[pa.DataType]:
    """Determine the types of a statement's columns from all its rows: in SQLite only cells have types."""
    cells = [f"c{number}" for number in range(width)]
    kinds = [f"max(typeof({cell}) = '{kind}')" for cell in cells for kind in ("integer", "real", "text", "blob")]
    statement = f"with cells({', '.join(cells)}) as (\n{strip_semicolon(sql)}\n) select {', '.join(kinds)} from cells"  # noqa: S608
    row = connection.execute(statement).fetchone()
    return [_column_type(*row[first : first + 4]) for first in range(0, len(row), 4)]


def _column_type(integers: int | None, reals: int | None, texts: int | None, blobs: int | None) -> pa.DataType:
    if blobs and not (integers or reals or texts):
        return pa.binary()
    if texts or blobs or not (integers or reals):
        return pa.string()
    return pa.float64() if reals else pa.int64()


def _write_tables(
    tables: Iterable[pa.Table], schema: pa.Schema, recurring: list[str], selection: Selection, out: BinaryIO
) -> int:
    written = 0
    try:
        with pq.ParquetWriter(_Sink(out), schema, compression="zstd", use_dictionary=recurring) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=table.num_rows)
                written += table.num_rows
    except pa.ArrowException as error:
        raise SqlError.of(selection, error) from error
    return written


def _tables_of_lines(cursor: sqlite3.Cursor, schema: pa.Schema, csv_copy: BinaryIO | None) -> Iterator[pa.Table]:
    """Yield tables of CSV lines, which pyarrow parses faster than Python could pass on the cells."""
    in_lines = {field.name: field.type if COLUMNS[field.name].kind == "integer" else pa.string() for field in schema}
    for text in _grouped_lines(cursor):
        if csv_copy:
            csv_copy.write(text)
        table = read_csv(
            pa.BufferReader(text),
            ReadOptions(use_threads=False, column_names=schema.names, block_size=len(text) + 1),
            ParseOptions(newlines_in_values=True),
            ConvertOptions(
                column_types=in_lines, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        columns = [_cast(table[field.name], field.type) for field in schema]
        yield pa.Table.from_arrays(columns, schema=schema)


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if kind == TIME:
        return _to_times(column)
    return _from_json(column, kind) if pa.types.is_nested(kind) else column


def _to_times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return moments; one that the archive does not know in full is null, and its words stand in another column."""
    # Without the detour arrow looks for the system's time zones, which a small one does not have.
    return pc.strptime(column, TIME_FORMAT, "us", error_is_null=True).cast(pa.int64()).cast(TIME)


def _from_json(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return lists and objects for JSON, each different one read once."""
    arrays = []
    for chunk in column.chunks:
        different = chunk.dictionary_encode()
        values = [json.loads(text) for text in different.dictionary.to_pylist()]
        arrays.append(pa.array(values, kind).take(different.indices))
    return pa.chunked_array(arrays, kind)


def _grouped_lines(cursor: sqlite3.Cursor) -> Iterator[bytes]:
    """Yield the lines of one row group at a time."""
    group: list[bytes] = []
    count = size = 0
    for rows in batches(cursor):
        group.append(b"".join(chain.from_iterable(rows)))
        count, size = count + len(rows), size + len(group[-1])
        if count >= ROWS_A_GROUP or size >= BYTES_A_GROUP:
            yield b"".join(group)
            group, count, size = [], 0, 0
    if group:
        yield b"".join(group)


def _tables_of_rows(cursor: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield tables of rows whose cells may be of any type."""
    converters = [_CONVERTERS.get(kind) for kind in schema.types]
    group: list[pa.RecordBatch] = []
    count = size = 0
    for rows in batches(cursor):
        cells = zip(zip(*rows, strict=True), schema.types, converters, strict=True)
        group.append(pa.RecordBatch.from_arrays([_array(*column) for column in cells], schema=schema))
        count, size = count + len(rows), size + group[-1].nbytes
        if count >= ROWS_A_GROUP or size >= BYTES_A_GROUP:
            yield pa.Table.from_batches(group)
            group, count, size = [], 0, 0
    if group:
        yield pa.Table.from_batches(group)


def _array(values: Sequence[Any], kind: pa.DataType, convert: Callable[[Any], Any] | None) -> pa.Array:
    if convert is not None and not all(value is None or isinstance(value, str) for value in values):
        values = [None if value is None else convert(value) for value in values]
    return pa.array(values, kind)


def _to_text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


# How cells of another type than their column's are converted.
_CONVERTERS: dict[pa.DataType, Callable[[Any], Any]] = {pa.float64(): float, pa.string(): _to_text}


class _Sink:
    """A write-only file for pyarrow, which calls tell(): a pipe does not know its position."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._position = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self._out.write(data)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        self._out.flush()

    def close(self) -> None:
        """Leave the file open, which is the caller's."""
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False
