"""Files to import: found in folders, decompressed by what they hold and not by their names."""

import bz2
import gzip
import io
import lzma
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

STANDARD_INPUT = "-"
LONGEST_DOCUMENT = 64 << 20
GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


def files(paths: list[str], *, but: Path | None = None) -> Iterator[str]:
    """The files that the paths name, folders in order of name, hidden ones left out; `-` is standard input.

    `but` is an SQLite file that is passed over in folders, with the files that SQLite keeps beside it.
    """
    left_out = {f"{but.resolve()}{end}" for end in ("", "-wal", "-shm", "-journal")} if but else set()
    for path in paths:
        if path != STANDARD_INPUT and Path(path).is_dir():
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                found = (Path(folder) / name for name in sorted(names) if not name.startswith("."))
                yield from (str(file) for file in found if str(file.resolve()) not in left_out)
        else:
            yield path


@contextmanager
def open_file(path: str) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The file's content, decompressed, and how many of its bytes on disk are read so far (0 for standard input).

    Raises OSError, EOFError or the decompressor's error, here or when read.
    """
    if path == STANDARD_INPUT:
        yield _decompressed(cast("io.BufferedReader", sys.stdin.buffer)), lambda: 0
        return
    with Path(path).open("rb") as file:
        yield _decompressed(file), file.tell


def _decompressed(file: io.BufferedReader) -> BinaryIO:
    head = file.peek(6)[:6]
    opened: object = file
    if head.startswith(GZIP):
        opened = gzip.open(file)
    elif head.startswith(BZIP2):
        opened = bz2.open(file)
    elif head.startswith(XZ):
        opened = lzma.open(file)
    elif head.startswith(ZSTD):
        import zstandard

        opened = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return cast("BinaryIO", opened if opened is file else io.BufferedReader(cast("io.RawIOBase", opened), 1 << 18))
