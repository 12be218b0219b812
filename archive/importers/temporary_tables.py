"""Tables in a temporary SQLite file, in which the records of a file are gathered: memory holds one thread at a time."""

import sqlite3
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

CACHE_KIB = 16_384  # and as much again while an index is made, however many records there are
READING_CACHE_KIB = 2_048


class TemporaryTables:
    """A connection to tables of its own, in the folder for temporary files; they go when it is closed."""

    def __init__(self, tables: str) -> None:
        """Make the tables, by the statements that this is, and begin the one transaction that fills them."""
        self._folder = tempfile.TemporaryDirectory(prefix="btl-records-")
        self._connection = sqlite3.connect(Path(self._folder.name, "records.db"), isolation_level=None)
        for pragma in ("journal_mode = off", "synchronous = off", f"cache_size = -{CACHE_KIB}"):
            self._connection.execute(f"pragma {pragma}")
        self._connection.executescript(tables)
        self._connection.execute("begin")

    def shrink(self) -> None:
        """Give memory back: what is read once, and in order, needs no cache."""
        self._connection.execute(f"pragma cache_size = -{READING_CACHE_KIB}")
        self._connection.execute("pragma shrink_memory").fetchall()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._folder.cleanup()
