"""Lock an archive for crawls, or for one erasure. The system frees the lock of who dies, and it names a holder.

That of a file is the system's, beside the file; that of an archive on a server is the server's, for all its machines.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from archive.store.address import ServerAddress

LONGEST_NOTE = 200
PAUSE_S = 0.5  # between two attempts


class Locked(Exception):
    """Another process crawls this archive, or erases in it; says which."""


@contextmanager
def crawl_lock(
    archive: Path | ServerAddress, note: str, *, wait_s: float = 0.0, shared: bool = False, purpose: str = "crawl"
) -> Iterator[None]:
    """Hold the lock of an archive, `shared` with others that share it.

    Raise Locked where another process has it for longer than `wait_s` seconds. There is a lock for each purpose.
    """
    if isinstance(archive, ServerAddress):
        archive.require_driver()
        from archive.store.dialects.postgresql import session_lock

        with session_lock(archive, f"{os.getpid()}, {note}", purpose, shared=shared) as acquire:
            until = time.monotonic() + wait_s
            while (holder := acquire()) is not None:
                if time.monotonic() >= until:
                    raise Locked(f"{archive} is being crawled by {holder}")
                time.sleep(PAUSE_S)
            yield
        return
    with archive.with_name(f"{archive.name}-{purpose}").open("a+", encoding="utf-8") as file:
        _acquire(file, archive, time.monotonic() + wait_s, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}, {note}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _acquire(file: TextIO, archive: Path, until: float, kind: int) -> None:
    while True:
        try:
            return fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                file.seek(0)
                holder = file.read(LONGEST_NOTE) or "another process"
                raise Locked(f"{archive} is being crawled by {holder}") from None
            time.sleep(PAUSE_S)
