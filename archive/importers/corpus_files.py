"""The files of a corpus that is several: those beside the one that is read, or the members of a zip file."""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from shutil import copyfileobj
from typing import TYPE_CHECKING, BinaryIO, cast

from archive.importers.base import HEAD_LENGTH, BadDocument, Source
from archive.importers.files import open_file

if TYPE_CHECKING:
    from pathlib import Path

ZIP = b"PK\x03\x04"
MOST_FILES = 200
LARGEST_ARCHIVE = 1 << 36  # bytes of a zip file's members once unpacked
ONE_FILE = "--keep keeps one file, and this corpus is several: pack them into a zip file"


class CorpusFiles:
    """Opens the files of a corpus by name; `main` is the one that the import reads, None for a zip file."""

    def __init__(self, source: Source) -> None:
        self._stack = ExitStack()
        self._source = source
        self._archive: zipfile.ZipFile | None = None
        self.main: str | None = None
        head = source.file.peek(len(ZIP))[: len(ZIP)]  # type: ignore[attr-defined]
        if head == ZIP:
            self._archive = self._open_archive()
            self.names = sorted(name for name in self._archive.namelist() if not name.endswith("/"))[:MOST_FILES]
        else:
            path = source.path
            self.main = path.name if path else source.name
            siblings = sorted(file.name for file in path.parent.iterdir() if file.is_file()) if path else []
            self.names = [name for name in siblings if not name.startswith(".")][:MOST_FILES]

    def __enter__(self) -> "CorpusFiles":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file, decompressed. The main one can be opened once."""
        if self._archive is not None:
            with self._archive.open(name) as member:
                yield io.BufferedReader(cast("io.RawIOBase", member), HEAD_LENGTH)
        elif name == self.main:
            yield self._source.file
        else:
            with open_file(str(cast("Path", self._source.path).with_name(name))) as (file, _):
                yield file

    def head(self, name: str) -> bytes:
        """Return the beginning of a file; nothing of one that cannot be read."""
        if name == self.main:
            return bytes(self._source.file.peek(HEAD_LENGTH)[:HEAD_LENGTH])  # type: ignore[attr-defined]
        try:
            with self.open(name) as file:
                return bytes(file.peek(HEAD_LENGTH)[:HEAD_LENGTH])  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001 a decompressor's errors have no common base
            return b""

    def _open_archive(self) -> zipfile.ZipFile:
        file = self._source.file
        if not file.seekable():
            copy = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            copyfileobj(file, copy)
            file = cast("BinaryIO", copy)
        try:
            archive = self._stack.enter_context(zipfile.ZipFile(file))
        except zipfile.BadZipFile as error:
            raise BadDocument(self._source.name, f"a damaged zip file: {error}") from error
        if sum(member.file_size for member in archive.infolist()) > LARGEST_ARCHIVE:
            raise BadDocument(self._source.name, f"more than {LARGEST_ARCHIVE >> 30} GB once unpacked")
        return archive


def base_name(name: str) -> str:
    """Return a file's name without its folders and the endings of compressed files."""
    name = name.rpartition("/")[2]
    for ending in (".gz", ".bz2", ".xz", ".zst"):
        name = name.removesuffix(ending)
    return name
