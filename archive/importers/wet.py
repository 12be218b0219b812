"""WET files: the plain texts that Common Crawl makes of pages, a WARC record of type `conversion` each."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from archive.importers.base import CERTAIN, BadDocument, Document, EmptyDocument, FormatClaim, Probe, Source
from archive.importers.documents import TOO_LONG, thread
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.plain_text.encoding import decode
from archive.importers.plain_text.importer import PLATFORM, read_bounded
from archive.thread import Thread

_LONGEST_HEADER = 1 << 16
_CONVERSION = re.compile(rb"(?mi)^warc-type:\s*conversion\b|^warc-filename:.*\.wet\b")
_IS_TEXT = re.compile(rb"(?mi)^warc-type:\s*conversion\b")
_LENGTH = re.compile(rb"(?mi)^content-length:\s*(\d{1,18})\s*$")


NAME = "wet"


def claim(probe: Probe) -> FormatClaim | None:
    """Claim WARC files of texts."""
    if not probe.head.startswith(b"WARC/") or _CONVERSION.search(probe.head) is None:
        return None
    return FormatClaim(CERTAIN, "a WARC file of texts")


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Cut a file into its records of texts, header and all."""
    file, name = source.file, source.name
    offset = 0
    while True:
        header, blank = _read_header(file)
        offset += blank
        if not header:
            return
        length = _LENGTH.search(header)
        if not header.startswith(b"WARC/") or length is None or not header.endswith((b"\n\r\n", b"\n\n")):
            yield BadDocument(f"{name}:{offset}", "not a WARC record: nothing is read from here on")
            return
        size = int(length[1])
        start, offset = offset, offset + len(header) + size
        if _IS_TEXT.search(header) is None or size > LONGEST_DOCUMENT:
            skipped = _skip(file, size)
            if _IS_TEXT.search(header) is not None:
                yield BadDocument(f"{name}:{start}", TOO_LONG)
        else:
            body = file.read(size)
            skipped = len(body)
            if skipped == size:
                yield Document(header + body, name, start)
        if skipped < size:
            yield BadDocument(f"{name}:{start}", "the file ends within this record")
            return


def parse(document: Document) -> Thread:
    """Read the thread of one record. Raises EmptyDocument where its text is blank."""
    header, gap, body = document.raw.partition(b"\r\n\r\n")
    if not gap or b"\n\n" in header:
        header, _, body = document.raw.partition(b"\n\n")
    metadata = dict(_fields(header))
    location = f"{document.file}:{document.offset}"
    text = decode(body)
    if not text.text.strip():
        raise EmptyDocument(location, "its text is empty")
    return thread(document, text, {"warc_headers": metadata}, read_bounded(text.text, location), PLATFORM)


def _read_header(file: BinaryIO) -> tuple[bytes, int]:
    """Return the next record's header with the blank line below it, and the number of blank bytes before it."""
    lines: list[bytes] = []
    blank = size = 0
    while size < _LONGEST_HEADER and (line := file.readline(_LONGEST_HEADER)):
        if not lines and not line.strip():
            blank += len(line)
            continue
        lines.append(line)
        size += len(line)
        if not line.strip():
            break
    return b"".join(lines), blank


def _fields(header: bytes) -> Iterator[tuple[str, str]]:
    for line in header.decode("utf-8", "replace").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def _skip(file: BinaryIO, size: int) -> int:
    skipped = 0
    while skipped < size and (count := len(file.read(min(size - skipped, 1 << 20)))):
        skipped += count
    return skipped
