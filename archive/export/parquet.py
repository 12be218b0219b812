"""Parquet of the view `comment_list`: one comment a row; numbers as integers, all else as text, times as the archive
writes them. Compressed with zstd, in row groups that are small enough to be held in memory.

Of a statement, its rows: a column that holds integers only is one of integers, with others of numbers; text; or bytes.
What is mixed is text.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

from archive.export.csv import line
from archive.export.rows import NUMBERS, batches, columns, comment_list, stated
from archive.export.selection import Rows, Selection, SqlError, bare
from archive.export.selection import count as count

SELECTS = ("comments", "rows")
FOLDER = False

ROWS_A_GROUP = 1 << 16
BYTES_A_GROUP = 12 << 20
# Columns whose values recur: the others are not worth a dictionary.
RECURRING = (
    "outlet", "article", "author", "posted_precision", "state", "codes", "article_url", "platform", "parent_source",
    "first_seen_at", "last_seen_at", "thread_id", "commenter_id", "outlet_id", "depth", "revision",
)  # fmt: skip


def write(connection: sqlite3.Connection, out: BinaryIO, selection: Selection) -> Rows:
    """Memory holds one row group."""
    if selection.sql is not None:
        cursor, names = stated(connection, selection.sql)
        schema = pa.schema(list(zip(names, _types(connection, selection.sql, names), strict=True)))
        tables, recurring = _of_rows(cursor, schema), names
    else:
        names = columns(connection)
        schema = pa.schema([(name, pa.int64() if name in NUMBERS else pa.string()) for name in names])
        connection.text_factory = bytes
        tables = _of_lines(comment_list(connection, selection, line(names)), schema)
        recurring = [name for name in names if name in RECURRING]
    written = 0
    try:
        with pq.ParquetWriter(_Sink(out), schema, compression="zstd", use_dictionary=recurring) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=table.num_rows)
                written += table.num_rows
    except pa.ArrowException as error:
        raise SqlError.of(selection, error) from error
    return Rows(written)


def _of_lines(cursor: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of lines of CSV, which SQL makes and pyarrow reads quicker than Python could pass on the cells."""
    for text in _grouped(cursor):
        yield read_csv(
            pa.BufferReader(text),
            ReadOptions(use_threads=False, column_names=schema.names, block_size=len(text) + 1),
            ParseOptions(newlines_in_values=True),
            ConvertOptions(
                column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )


def _grouped(cursor: sqlite3.Cursor) -> Iterator[bytes]:
    """The lines of a row group at a time."""
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


def _of_rows(cursor: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of rows whose cells may be of any kind."""
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


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


# Kinds of columns whose cells may be of another kind.
_CONVERTERS: dict[pa.DataType, Callable[[Any], Any]] = {pa.float64(): float, pa.string(): _text}


def _types(connection: sqlite3.Connection, sql: str, names: Sequence[str]) -> list[pa.DataType]:
    """What the columns of a statement hold, looked up in its rows: SQLite itself has types for cells only."""
    cells = [f"c{number}" for number in range(len(names))]
    kinds = [f"max(typeof({cell}) = '{kind}')" for cell in cells for kind in ("integer", "real", "text", "blob")]
    statement = f"with stated({', '.join(cells)}) as (\n{bare(sql)}\n) select {', '.join(kinds)} from stated"  # noqa: S608
    found = connection.execute(statement).fetchone()
    return [_type(*found[first : first + 4]) for first in range(0, len(found), 4)]


def _type(integers: int | None, reals: int | None, texts: int | None, blobs: int | None) -> pa.DataType:
    if blobs and not (integers or reals or texts):
        return pa.binary()
    if texts or blobs or not (integers or reals):
        return pa.string()
    return pa.float64() if reals else pa.int64()


class _Sink:
    """A binary file that is only written to, as pyarrow wants it: it asks where it stands, which a pipe cannot say."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._place = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self._out.write(data)
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        return self._place

    def flush(self) -> None:
        self._out.flush()

    def close(self) -> None:
        """Leaves the file open, which is the caller's."""
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False
