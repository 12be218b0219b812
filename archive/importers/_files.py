"""Files to import: found in folders, decompressed by what they hold and not by their names."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

STANDARD_INPUT = "-"
LONGEST_DOCUMENT = 64 << 20
GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


def files(paths: list[str]) -> Iterator[str]:
    """The files that the paths name, folders in order of name, hidden ones left out; `-` is standard input."""
    for path in paths:
        if path != STANDARD_INPUT and Path(path).is_dir():
            for folder, folders, names in _walk(Path(path)):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                yield from (str(folder / name) for name in sorted(names) if not name.startswith("."))
        else:
            yield path


def _walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    import os

    for place, folders, names in os.walk(folder):
        yield Path(place), folders, names


def open_file(path: str) -> BinaryIO:
    """The file's content, decompressed. Raises OSError, EOFError or the decompressor's error, here or when read."""
    raw = sys.stdin.buffer if path == STANDARD_INPUT else Path(path).open("rb")
    return _decompressed(cast("BinaryIO", raw))


def _decompressed(raw: BinaryIO) -> BinaryIO:
    file = io.BufferedReader(cast("io.RawIOBase", raw)) if not hasattr(raw, "peek") else cast("io.BufferedReader", raw)
    head = file.peek(6)[:6]
    opened: object = file
    if head.startswith(GZIP):
        opened = gzip.GzipFile(fileobj=file)
    elif head.startswith(BZIP2):
        opened = bz2.BZ2File(file)
    elif head.startswith(XZ):
        opened = lzma.LZMAFile(file)
    elif head.startswith(ZSTD):
        import zstandard

        opened = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return cast("BinaryIO", opened if opened is file else io.BufferedReader(cast("io.RawIOBase", opened), 1 << 18))
