"""The export formats by name, and the interface of a format module.

A new format is one module of this package and one line in FORMATS: commands, policies and dumps derive their lists of
names from it.
"""

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from archive.export import convokit, csv, jsonl, parquet, sql
from archive.export.selection import DumpFile, ExportOptions, RowCounts, Selection


class Format(Protocol):
    """What a format module offers.

    SELECTS  what can be selected: "comments", "rows" (of an SQL statement); empty if it always holds the whole archive
    FOLDER   whether it writes a folder of files instead of one file
    DUMP     the file that a public release has in this format; None if releases leave the format out
    """

    @property
    def SELECTS(self) -> tuple[str, ...]: ...  # noqa: N802
    @property
    def FOLDER(self) -> bool: ...  # noqa: N802
    @property
    def DUMP(self) -> DumpFile | None: ...  # noqa: N802

    # Counts by a statement of its own, so that a row lost while writing is noticed.
    def count(self, connection: sqlite3.Connection, selection: Selection, /) -> int: ...

    # `out` is a binary file, or a Path if FOLDER is set.
    def write(
        self, connection: sqlite3.Connection, out: Any, selection: Selection, options: ExportOptions, /
    ) -> RowCounts: ...


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"convokit": convokit, "csv": csv, "jsonl": jsonl, "parquet": parquet, "sql": sql}
)
