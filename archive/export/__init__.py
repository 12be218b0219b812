"""Ways out: one module a format, found by discovery, each with

    write(connection: sqlite3.Connection, out: TextIO) -> int

which writes everything as it stands at one moment and gives the number of rows.
"""

import pkgutil
import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Protocol, TextIO, cast


class Format(Protocol):
    """What a module of this package offers."""

    def write(self, connection: sqlite3.Connection, out: TextIO) -> int: ...


def formats() -> list[str]:
    """The names of the formats."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def export(path: Path, name: str, out: TextIO) -> int:
    """Writes the archive at `path` in a format, from one read transaction. Gives the number of lines or rows."""
    form = cast("Format", import_module(f"{__name__}.{name}"))
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("begin")
        return form.write(connection, out)
    finally:
        connection.close()
