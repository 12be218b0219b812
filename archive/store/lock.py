"""Lock an archive for one crawl or erasure. The system frees the lock when its holder dies, and it names the holder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

LONGEST_NOTE = 200


class Locked(Exception):
    """Another process crawls this archive, or erases in it; says which."""


@contextmanager
def crawl_lock(archive: Path, note: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of an archive. Raise Locked where another process has it for longer than `wait_s` seconds."""
    with archive.with_name(f"{archive.name}-crawl").open("a+", encoding="utf-8") as file:
        _acquire(file, archive, time.monotonic() + wait_s)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}, {note}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _acquire(file: TextIO, archive: Path, until: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                file.seek(0)
                holder = file.read(LONGEST_NOTE) or "another process"
                raise Locked(f"{archive} is being crawled by {holder}") from None
            time.sleep(0.5)
