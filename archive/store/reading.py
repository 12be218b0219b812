"""Read an archive that cannot be written: a file or folder of somebody else, a mount or medium that is read-only."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

INDEX_IN_MEMORY = "pragma locking_mode = exclusive"


def is_writable(path: Path) -> bool:
    """Return whether the file can be written, and its folder, where SQLite puts its -wal and -shm files."""
    file = path.resolve()
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def connect_for_reading(path: Path, **options: Any) -> sqlite3.Connection:
    """Open an archive for reading, whether it can be written or not. Raise sqlite3.Error."""
    uri, index_in_memory = uri_for_reading(path)
    connection: sqlite3.Connection = sqlite3.connect(uri, uri=True, **options)
    if index_in_memory:
        connection.execute(INDEX_IN_MEMORY).fetchone()
    return connection


def uri_for_reading(path: Path) -> tuple[str, bool]:
    """Return the address to open an archive by, and whether INDEX_IN_MEMORY has to be run first.

    SQLite keeps an index (-shm) beside a -wal file and cannot make one in a folder that it may not write. An archive
    without a -wal file is then opened as one that nobody changes. With one, which a crawl that was killed has left, the
    index is made in memory: what the -wal file holds would be missing otherwise, in silence.
    """
    file = path.resolve()
    if is_writable(path) or _opens(f"{file.as_uri()}?mode=ro"):
        return f"{file.as_uri()}?mode=ro", False
    if has_wal(file):
        return f"{file.as_uri()}?mode=ro&vfs=unix-none", True
    return f"{file.as_uri()}?mode=ro&immutable=1", False


def has_wal(path: Path) -> bool:
    """Return whether changes lie beside the archive that are not yet in the file itself."""
    file = path.resolve()
    wal = file.with_name(f"{file.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


def _opens(uri: str) -> bool:
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.OperationalError:
        return False
    return True
