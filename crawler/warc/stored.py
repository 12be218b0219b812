"""Open the bytes of captures: a file, a member that a WACZ file holds compressed, the frames of a `.warc.zst`."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

import zstandard

from archive.store.files import MEMBER
from archive.takedown.warc_records import ZSTD_DICTIONARY_FRAME

LARGEST_MEMBER = 64 << 30
MOST_RATIO = 1_000  # deflate can do no more; a WARC file is far below
ZSTD = b"\x28\xb5\x2f\xfd"
SKIPPABLE = tuple(bytes((0x50 + number, 0x2A, 0x4D, 0x18)) for number in range(16))
LARGEST_DICTIONARY = 64 << 20
LARGEST_WINDOW = 1 << 31
BLOCK = 1 << 20


@contextmanager
def open_stored(path: Path) -> Iterator[BinaryIO]:
    """Open a file, or the member that `ARCHIVE!MEMBER` names, decompressed. Raise OSError."""
    archive, mark, member = str(path).partition(MEMBER)
    if not mark or path.exists():
        with path.open("rb") as file:
            yield file
        return
    changed = Path(archive).stat().st_mtime_ns
    yield _unpack(archive, member, changed).file


class _UnpackedMember:
    """A temporary file with the bytes of a member, for reading at any offset; it goes with this object."""

    def __init__(self, archive: str, member: str) -> None:
        self.file = cast("BinaryIO", TemporaryFile())  # noqa: SIM115 closed below
        try:
            with ZipFile(archive) as container, container.open(member) as packed:
                copyfileobj(packed, self.file)
        except (BadZipFile, KeyError, EOFError) as error:
            self.file.close()
            raise OSError(f"{archive}: {error}") from error

    def __del__(self) -> None:
        self.file.close()


@lru_cache(1)
def _unpack(archive: str, member: str, changed: int) -> _UnpackedMember:
    del changed  # another time of change is another file
    return _UnpackedMember(archive, member)


class BadFrame(ValueError):
    """Bytes that are no zstd frame, or one that ends too early."""


def frame_length(file: BinaryIO) -> int:
    """Return the length of the zstd frame at the file's position, by its block headers. Raise BadFrame."""
    start = file.tell()
    magic = file.read(4)
    if magic in SKIPPABLE:
        return 8 + int.from_bytes(_read(file, 4), "little")
    if magic != ZSTD:
        raise BadFrame("no zstd frame")
    (descriptor,) = _read(file, 1)
    is_single, has_checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    size_length = (is_single, 2, 4, 8)[descriptor >> 6]
    _read(file, (1 - is_single) + (0, 1, 2, 4)[descriptor & 3] + size_length)
    is_last = False
    while not is_last:
        block = int.from_bytes(_read(file, 3), "little")
        is_last, is_repeated, size = bool(block & 1), block >> 1 & 3 == 1, block >> 3
        _skip(file, 1 if is_repeated else size)
    return file.tell() + 4 * has_checksum - start


def find_frame(file: BinaryIO, position: int) -> int | None:
    """Return where the next bytes from a position on begin like a zstd frame; None where none do."""
    file.seek(position)
    before = b""
    while block := file.read(BLOCK):
        joined = before + block
        if (index := joined.find(ZSTD)) >= 0:
            return position - len(before) + index
        position += len(block)
        before = joined[1 - len(ZSTD) :]
    return None


def _read(file: BinaryIO, size: int) -> bytes:
    raw = file.read(size)
    if len(raw) < size:
        raise BadFrame("the zstd frame is cut short")
    return raw


def _skip(file: BinaryIO, size: int) -> None:
    file.seek(size - 1, 1)
    _read(file, 1) if size else file.seek(1, 1)


def read_dictionary(file: BinaryIO) -> zstandard.ZstdCompressionDict | None:
    """Return the dictionary that a `.warc.zst` begins with, if it has one; it may be compressed itself."""
    file.seek(0)
    if file.read(4) != ZSTD_DICTIONARY_FRAME:
        return None
    size = int.from_bytes(_read(file, 4), "little")
    if size > LARGEST_DICTIONARY:
        raise BadFrame(f"a zstd dictionary of {size >> 20} MB")
    raw = _read(file, size)
    if raw.startswith(ZSTD):
        raw = decompress_frame(raw, LARGEST_DICTIONARY, None)
    return zstandard.ZstdCompressionDict(raw)


def decompress_frame(raw: bytes, max_bytes: int, dictionary: zstandard.ZstdCompressionDict | None) -> bytes:
    """Return the content of a frame, at most `max_bytes` of it. Raise BadFrame."""
    decompressor = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=LARGEST_WINDOW)
    try:
        with decompressor.stream_reader(raw) as stream:
            return stream.read(max_bytes)
    except zstandard.ZstdError as error:
        raise BadFrame(f"not zstd: {error}") from error
