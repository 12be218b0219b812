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
from typing import Any, BinaryIO, cast

from archive.importers.base import HEAD_LENGTH, BadDocument
from archive.importers.not_articles import is_about_corpus
from archive.store.paths import kept_folder
from archive.store.remote_files import RemoteError, file_system, is_address

STANDARD_INPUT = "-"
BUFFER_BYTES = 1 << 18
LONGEST_DOCUMENT = 64 << 20
GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
PARQUET = b"PAR1"
# Corpora packed with `zstd --long=31` need as much.
LARGEST_WINDOW = 1 << 31


def files(paths: list[str], *, but: Path | None = None, passed_over: list[str] | None = None) -> Iterator[str]:
    """The files that the paths name, folders in order of name, hidden ones left out; `-` is standard input.

    `but` is an archive that is passed over in folders, with the files that SQLite keeps beside it and the copies that
    it keeps itself. Files in folders that by their names are about the corpus (a README, check sums, licences) are
    added to `passed_over` instead.
    """
    left_out = {f"{but.resolve()}{end}" for end in ("", "-wal", "-shm", "-journal")} if but else set()
    kept = kept_folder(but.resolve()) if but else None
    for path in paths:
        if is_address(path):
            yield from _files_at(path, passed_over)
        elif path != STANDARD_INPUT and Path(path).is_dir():
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(
                    name for name in folders if not name.startswith(".") and Path(folder, name).resolve() != kept
                )
                for name in sorted(name for name in names if not name.startswith(".")):
                    file = Path(folder) / name
                    if is_about_corpus(name):
                        if passed_over is not None:
                            passed_over.append(str(file))
                    elif str(file.resolve()) not in left_out:
                        yield str(file)
        else:
            yield path


def _files_at(url: str, passed_over: list[str] | None) -> Iterator[str]:
    """Yield the files at an address: itself, or all below it where it ends in a slash and can be listed."""
    if not url.endswith("/"):
        yield url
        return
    try:
        system, root = _file_system(url)
        names = [system.unstrip_protocol(name) for name in sorted(system.find(root))]
    except Exception:  # noqa: BLE001 each system has its own errors; opening it will say which
        yield url
        return
    for name in names:
        if not is_about_corpus(name.rpartition("/")[2]):
            yield name
        elif passed_over is not None:
            passed_over.append(name)


def _file_system(url: str) -> tuple[Any, str]:
    """Return what opens an address, and its path there. Raise BadDocument."""
    try:
        return file_system(url)
    except RemoteError as error:
        raise BadDocument(url, str(error).removeprefix(f"{url}: ")) from error


@contextmanager
def open_file(path: str) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The file's content, decompressed, and how many of its bytes on disk are read so far (0 for standard input).

    The rows of a Parquet file come as JSON Lines, so that a row has its place and its SHA-256 there as in any corpus.

    Raises OSError, EOFError or the decompressor's error, here or when read.
    """
    if path == STANDARD_INPUT:
        yield _decompressed(cast("io.BufferedReader", sys.stdin.buffer)), lambda: 0
        return
    if is_address(path):
        system, name = _file_system(path)
        with system.open(name, "rb") as file:
            buffered = io.BufferedReader(file, BUFFER_BYTES)
            yield _decompressed(buffered), buffered.tell
        return
    with Path(path).open("rb", buffering=BUFFER_BYTES) as file:
        yield _decompressed(cast("io.BufferedReader", file)), file.tell


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

        decompressor = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
        opened = decompressor.stream_reader(file, read_across_frames=True)
    elif head.startswith(PARQUET):
        from archive.importers.parquet_rows import ParquetLines

        opened = ParquetLines(file)
    if opened is file and file.seekable():
        return file
    return io.BufferedReader(_WithWholeHead(cast("BinaryIO", opened)), BUFFER_BYTES)


class _WithWholeHead(io.RawIOBase):
    """A stream whose first read gives as much as is asked for: decompressors and pipes give what they have at hand."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._is_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes; 0 at the end."""
        raw = self._file.read(len(buffer) if self._is_begun else HEAD_LENGTH)
        while (
            not self._is_begun and raw and len(raw) < HEAD_LENGTH and (more := self._file.read(HEAD_LENGTH - len(raw)))
        ):
            raw += more
        self._is_begun = True
        buffer[: len(raw)] = raw
        return len(raw)
