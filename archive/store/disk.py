"""Tell a full disk from other errors, and have what was written survive a power failure.

On a full disk nothing more can be written, and whatever runs must stop at once.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What SQLite calls it depends on which of its files could not grow.
SQLITE_FULL = (
    "SQLITE_FULL",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_TRUNCATE",
    "SQLITE_IOERR_FSYNC",
)


class DiskFull(Exception):
    """The disk, or the quota, has no room for what was to be written; says which file, where that is known."""


@dataclass(slots=True)
class Storing:
    """Whether a block that stores something was run to its end."""

    is_done: bool = False


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error, or what caused it, says that there is no room."""
    return find_full(error) is not None


def find_full(error: BaseException) -> str | None:
    """Return what the system says of a full disk, or None for any other error."""
    for cause in _causes(error):
        if isinstance(cause, DiskFull):
            return str(cause)
        if isinstance(cause, OSError) and cause.errno in FULL:
            return f"{cause.filename}: {cause.strerror}" if cause.filename else str(cause.strerror)
        # Only SQLite's own errors: SQLAlchemy's quote the parameters, which may be a text that speaks of a full disk.
        if isinstance(cause, sqlite3.Error) and _says_full(cause):
            return str(cause)
    return None


def _says_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", None) in SQLITE_FULL or "disk is full" in str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what SQLAlchemy wraps in it, and what it was raised from."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is not None and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [cause.__cause__, getattr(cause, "orig", None)]


def sync_file(file: BinaryIO, path: Path) -> None:
    """Have an open file and its name survive a power failure."""
    file.flush()
    os.fsync(file.fileno())
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Have a file's content, or the names in a folder, survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
