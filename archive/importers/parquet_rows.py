"""A Parquet file as JSON Lines: the same bytes each time, so that what was read of them can be read back."""

import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

# Rows in memory at a time: a row group of a corpus may hold a million.
BATCH_ROWS = 256


class ParquetLines(io.RawIOBase):
    """The rows of a Parquet file, a JSON object a line.

    Raises ValueError where the file is a pipe, and pyarrow's errors where it is damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        import pyarrow.parquet

        if not file.seekable():
            raise ValueError("a Parquet file is read from its end: give the file's name")
        # pyarrow would close what it is given, and the caller still asks how far it was read
        source = pyarrow.parquet.ParquetFile(pyarrow.PythonFile(_Unclosable(file), mode="r"))
        self._lines = _lines(source)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._lines, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _Unclosable:
    """A file that its user cannot close."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def close(self) -> None:
        self.closed = True


def _lines(source: Any) -> Iterator[bytes]:
    for batch in source.iter_batches(batch_size=BATCH_ROWS):
        for row in batch.to_pylist():
            yield json.dumps(row, ensure_ascii=False, default=_as_text).encode("utf-8", "surrogatepass") + b"\n"


def _as_text(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
