"""Tell a full disk from other errors: then nothing more can be written, and whatever runs must stop at once."""

import errno
from collections.abc import Iterator

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
        if getattr(cause, "sqlite_errorname", None) in SQLITE_FULL or "disk is full" in str(cause):
            return str(cause)
    return None


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
