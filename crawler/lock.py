"""One crawl an archive: a lock that the system frees when its holder dies, and that says who holds it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

LONGEST_NOTE = 200


class Held(Exception):
    """Another crawl works on this archive; says which."""


@contextmanager
def only_crawl(archive: Path, note: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Holds the lock of an archive. Raises Held where another process has it for longer than `wait_s` seconds."""
    with archive.with_name(f"{archive.name}-crawl").open("a+", encoding="utf-8") as file:
        _take(file, archive, time.monotonic() + wait_s)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}, {note}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _take(file: TextIO, archive: Path, until: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                file.seek(0)
                holder = file.read(LONGEST_NOTE) or "another process"
                raise Held(f"{archive} is being crawled by {holder}") from None
            time.sleep(0.5)
