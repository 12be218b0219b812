"""Keep the bytes of what is imported beside the archive, so that `btl verify` can read them for ever."""

import fcntl
import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import zstandard

from archive.store.disk import sync_file, sync_path

BLOCK = 1 << 20
PART = ".part"
LONGEST_LABEL = 80


def keep_content(folder: Path, content: BinaryIO, label: str) -> Path:
    """Copy content to a folder of kept files and return the copy: zstd, named by the SHA-256 of what it holds.

    Raises OSError, or what reading the content raises, and then leaves nothing behind.
    """
    folder.mkdir(exist_ok=True)
    remove_parts(folder)
    name = re.sub(r"[^\w.-]+", "-", label)[-LONGEST_LABEL:].strip("-")
    part = folder / f"{os.getpid()}{PART}"
    try:
        with part.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            digest = sha256()
            with zstandard.ZstdCompressor(write_checksum=True).stream_writer(file, closefd=False) as packed:
                while block := content.read(BLOCK):
                    digest.update(block)
                    packed.write(block)
            sync_file(file, part)
            kept = folder / f"{digest.hexdigest()}-{name}.zst"
            part.rename(kept)
            sync_path(folder)
    finally:
        part.unlink(missing_ok=True)
    return kept


def remove_parts(folder: Path) -> None:
    """Delete what imports that were killed had begun to keep; one that is still written to is locked."""
    for part in folder.glob(f"*{PART}"):
        with suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
