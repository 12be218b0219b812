"""Read the records of WARC files one after another, ours and other people's, past the damaged ones."""

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, redirect_stderr
from dataclasses import dataclass
from io import SEEK_END, BytesIO, StringIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed

BLOCK = 1 << 16
REDACTED_DATE, REDACTED_REASON, REDACTED_DIGEST = "Redacted-Date", "Redacted-Reason", "Redacted-Payload-Digest"
# What warcio raises for bytes that are no record: it has no error class of its own for most of them.
UNREADABLE = (ArchiveLoadFailed, EOFError, ValueError, OSError, AttributeError)
ARC_START = b"filedesc://"
GZIP = b"\x1f\x8b"
LONGEST_HEAD = 1 << 12  # bytes that tell an ARC file from a WARC file
ZSTD_DICTIONARY_FRAME = b"\x5d\x2a\x4d\x18"  # what a .warc.zst with a dictionary begins with
ARC_LINE = rb"(?<=\n)https?://\S{1,2000} [\d.:a-fA-F]{2,45} \d{14} \S{1,100} \d{1,12}\r?\n"
RECORD_START = re.compile(rb"\x1f\x8b\x08|WARC/[01]\.\d\r?\n|" + ARC_LINE)
LONGEST_START = 2_200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read or changed: where, and why; `offset` and `length` are its bytes in the file."""

    location: str
    reason: str
    offset: int = 0
    length: int = 0


class FileRange:
    """The part of a file before `end`, for warcio, which reads a file from where it stands."""

    def __init__(self, file: BinaryIO, end: int | None) -> None:
        self.file, self.end = file, end

    def read(self, size: int = -1) -> bytes:
        if self.end is not None:
            left = max(0, self.end - self.file.tell())
            size = left if size < 0 else min(size, left)
        return self.file.read(size)

    def tell(self) -> int:
        return self.file.tell()


def walk_records(
    path: Path,
    start: int,
    end: int | None,
    location: str,
    parse: Callable[[Any, Any], T | str | None],
    opened: AbstractContextManager[BinaryIO] | None = None,
) -> Iterator[T | Problem]:
    """Yield what `parse` makes of each record between two offsets of a file (WARC, or a WARC stored in a zip).

    `parse` gets warcio's record and its iterator. It returns None to skip the record, or text to say why it cannot be
    read. After damaged bytes, reading goes on at the next that look like the start of a record; what was passed over
    is yielded as a Problem, named after `location`. `opened` is what `path` names where that is no file of its own."""
    with opened or path.open("rb") as file:
        file.seek(start)
        head = FileRange(file, end).read(LONGEST_HEAD)
        is_arc = is_arc_head(head)
        # Some writers state a wrong length for the block that an ARC file begins with.
        is_plain_arc = is_arc and not head.startswith(GZIP)
        position: int | None = (_next_start(file, start + 1, end) or start) if is_plain_arc else start
        while position is not None:
            file.seek(position)
            began = position
            records = ArchiveIterator(FileRange(file, end), arc2warc=True)
            # To warcio, any bytes are a record of an ARC file whose first line has four spaces: damaged ones, too.
            records.known_format = "arc" if is_arc else "warc"
            position = None
            try:
                for record in records:
                    result = parse(record, records)
                    began = max(began, records.offset)  # in one gzip stream, warcio's offsets mean nothing
                    if isinstance(result, str):
                        offset, length = records.member_info
                        yield Problem(f"{location}:{offset}", result, offset, length)
                    elif result is not None:
                        yield result
            except UNREADABLE as error:
                position = _next_start(file, began + 1, end)
                until = position or end or file.seek(0, SEEK_END)
                yield Problem(f"{location}:{began}", explain_unreadable(error), began, until - began)


def is_arc_head(head: bytes) -> bool:
    """Return whether the first LONGEST_HEAD bytes of a file are those of an ARC file, the format before WARC."""
    return (decompress(head)[0] if head.startswith(GZIP) else head).startswith(ARC_START)


def decompress(raw: bytes) -> tuple[bytes, bool]:
    """Decompress a gzip member that may be broken or cut short, to the first wrong byte; say whether all was right."""
    stream, parts, position, step = zlib.decompressobj(zlib.MAX_WBITS | 16), [], 0, BLOCK
    while position < len(raw) and not stream.eof:
        before = stream.copy()
        try:
            parts.append(stream.decompress(raw[position : position + step]))
        except zlib.error:
            if step == 1:
                return b"".join(parts), False
            stream, step = before, 1  # the block once more, byte by byte, up to the wrong one
        else:
            position += step
    return b"".join(parts), not stream.unused_data


def explain_unreadable(error: Exception) -> str:
    """Return the first line of an error of warcio's, or advice where it says that there is one gzip stream."""
    text = str(error).strip().partition("\n")[0].strip() or type(error).__name__
    return "one gzip stream for all records: warcio recompress mends it" if "non-chunked" in str(error) else text


def _next_start(file: BinaryIO, position: int, end: int | None) -> int | None:
    file.seek(position)
    window, tail = FileRange(file, end), b""
    while block := window.read(BLOCK):
        match = RECORD_START.search(tail + block)
        if match is not None:
            return position - len(tail) + match.start()
        position += len(block)
        tail = (tail + block)[-LONGEST_START:]  # a start may lie across two blocks
    return None


def read_to_end(records: Any) -> None:
    """Read on to the end of warcio's current record, after which its offset and length are known."""
    with redirect_stderr(StringIO()):  # warcio prints warnings there, amid our progress
        records.read_to_end()


def is_cut_short(record: Any) -> bool:
    """Return whether a record that was read to its end is shorter than it states."""
    return getattr(record.raw_stream, "limit", 0) > 0


def is_redaction(record: Any) -> bool:
    """Return whether a record stands in the place of one that was erased."""
    return record.rec_type == "metadata" and record.rec_headers.get_header(REDACTED_DATE) is not None


def http_headers(record: Any) -> dict[str, str]:
    """Return the response headers: names in lower case, repeated ones joined by commas."""
    if record.http_headers is None:
        return {"content-type": record.rec_headers.get_header("Content-Type") or ""}
    headers: dict[str, str] = {}
    for name, value in record.http_headers.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def dechunk(body: bytes) -> bytes:
    """Undo chunked transfer coding; return a body that is not chunked as it is."""
    reader = ChunkedDataReader(BytesIO(body))
    return b"".join(iter(lambda: reader.read(BLOCK), b""))
