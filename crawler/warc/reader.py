"""WARC records, ours and other people's: which there are, and the page that one holds."""

import re
from base64 import b32decode
from binascii import Error as BadBase32
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from hashlib import new as new_hash
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed

from archive.takedown.warc_records import (
    BLOCK,
    REDACTED_DATE,
    REDACTED_DIGEST,
    REDACTED_REASON,
    Problem,
    explain_unreadable,
    is_cut_short,
    is_redaction,
    read_to_end,
    walk_records,
)
from archive.text.decoding import MOST_DECODED, BadEncoding, decoded
from crawler.pages.page import Page

LARGEST_RECORD = 64 << 20
KINDS = ("response", "revisit", "resource")
REDIRECTS = (301, 302, 303, 307, 308)
ALGORITHMS = {"sha1": "sha1", "sha256": "sha256", "sha-1": "sha1", "sha-256": "sha256", "md5": "md5"}
REDACTED = "redacted"
EarlierPage = Callable[[str, str, str | None], Page | None]


class Damaged(Exception):
    """Bytes that cannot be read back as what they were."""


class Redacted(Damaged):
    """The bytes were taken out on purpose, and a note stands in their place. `payload_digest` is of what was there."""

    def __init__(self, reason: str, payload_digest: str | None = None) -> None:
        super().__init__(reason)
        self.payload_digest = payload_digest


@dataclass(frozen=True, slots=True)
class Head:
    """What a record says without its body; `offset` and `length` (bytes) are of its gzip member or of its plain text,
    `kind` is response, revisit, resource, redacted, or saved for a page without a record."""

    kind: str
    url: str
    date: str | None
    status: int | None
    media_type: str
    offset: int
    length: int
    location: str | None = None
    payload_digest: str | None = None


def heads(path: Path, start: int, end: int | None, place: str) -> Iterator[Head | Problem]:
    """The records with answers between two offsets of a file. What is broken is a Problem, and the rest is read on."""
    return walk_records(path, start, end, place, _head)


def _head(record: Any, records: Any) -> Head | str | None:
    """The record's head; why it cannot be read; None where it holds no answer."""
    redacted = is_redaction(record)
    if record.rec_type not in KINDS and not redacted:
        read_to_end(records)
        return None
    while record.raw_stream.read(BLOCK):
        pass
    cut = is_cut_short(record)
    read_to_end(records)
    offset, length = records.member_info
    if cut:
        return "the record is cut short"
    url = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
    if not url.startswith(("http://", "https://")):
        return None
    if redacted:
        return Head(REDACTED, url, _seconds(record.rec_headers.get_header("WARC-Date")), None, "", offset, length)
    headers = record.http_headers
    status = _status(record)
    media_type = headers.get_header("Content-Type") if headers else record.rec_headers.get_header("Content-Type")
    return Head(
        record.rec_type,
        url,
        _seconds(record.rec_headers.get_header("WARC-Date")),
        status,
        (media_type or "").partition(";")[0].strip().lower(),
        offset,
        length,
        headers.get_header("Location") if headers and status in REDIRECTS else None,
        record.rec_headers.get_header("WARC-Payload-Digest"),
    )


def _seconds(date: str | None) -> str | None:
    return None if date is None else re.sub(r"\.\d+Z$", "Z", date)


def _status(record: Any) -> int | None:
    if record.http_headers is None:
        return 200 if record.rec_type == "resource" else None
    try:
        return int(record.http_headers.get_statuscode())
    except ValueError:
        return None


def read_record(file: Path, offset: int, length: int, *, earlier: EarlierPage) -> Page:
    """The page that a record holds, its body without codings. `earlier` gives what a revisit record refers to.

    Raises Redacted where it was taken out; Damaged where it is not whole, or not what its digest says; OSError where
    the file is gone.
    """
    if length > LARGEST_RECORD:
        raise Damaged(f"a record of {length >> 20} MB")
    with file.open("rb") as stream:
        stream.seek(offset)
        raw = stream.read(length)
    if len(raw) < length:
        raise Damaged(f"{file.name} ends before the record at {offset} does")
    try:
        with redirect_stderr(StringIO()):
            record = next(iter(ArchiveIterator(BytesIO(raw))))
            _refuse_redaction(record)
            return _revisited(record, earlier) if record.rec_type == "revisit" else _response(record)
    except (ArchiveLoadFailed, StopIteration, EOFError, ValueError, AttributeError) as error:
        raise Damaged(f"no record at {offset} of {file.name}: {explain_unreadable(error)}") from error


def _refuse_redaction(record: Any) -> None:
    if is_redaction(record):
        stated = record.rec_headers
        reason, date = stated.get_header(REDACTED_REASON), stated.get_header(REDACTED_DATE)
        raise Redacted(f"redacted {date}: {reason}", stated.get_header(REDACTED_DIGEST))


def _response(record: Any) -> Page:
    body = record.raw_stream.read(MOST_DECODED + 1)
    if len(body) > MOST_DECODED:
        raise Damaged(f"more than {MOST_DECODED >> 20} MB")
    if is_cut_short(record):
        raise Damaged("the record is cut short")
    headers = headers_of(record)
    whole = joined(body) if "chunked" in headers.get("transfer-encoding", "").lower() else body
    _check(record.rec_headers.get_header("WARC-Payload-Digest"), body, whole)
    body = whole
    try:
        body = decoded(body, headers.get("content-encoding", "").split(","))
    except BadEncoding as error:
        raise Damaged(str(error)) from error
    url = record.rec_headers.get_header("WARC-Target-URI").strip("<>")
    return Page(url, body, headers, _seconds(record.rec_headers.get_header("WARC-Date")))


def headers_of(record: Any) -> dict[str, str]:
    """Names in lower case, repeated ones joined."""
    if record.http_headers is None:
        return {"content-type": record.rec_headers.get_header("Content-Type") or ""}
    headers: dict[str, str] = {}
    for name, value in record.http_headers.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def joined(chunks: bytes) -> bytes:
    """A body without its transfer coding."""
    reader = ChunkedDataReader(BytesIO(chunks))
    return b"".join(iter(lambda: reader.read(BLOCK), b""))


def _check(stated: str | None, *bodies: bytes) -> None:
    """Raises Damaged where no body is what the digest says: writers disagree whether it is of the chunks."""
    algorithm, _, value = (stated or "").partition(":")
    name = ALGORITHMS.get(algorithm.lower())
    if name is None:
        return
    wanted = _digest(value, new_hash(name, usedforsecurity=False).digest_size)
    held = {new_hash(name, body, usedforsecurity=False).digest() for body in bodies}
    if wanted is not None and wanted not in held:
        raise Damaged("the bytes are not those of the record's digest")


def _digest(value: str, size: int) -> bytes | None:
    """A digest in hexadecimal or Base32; None where it is neither."""
    try:
        found = bytes.fromhex(value) if len(value) == 2 * size else b32decode(value.upper())
    except (ValueError, BadBase32):
        return None
    return found if len(found) == size else None


def _revisited(record: Any, earlier: EarlierPage) -> Page:
    stated = record.rec_headers
    url = stated.get_header("WARC-Refers-To-Target-URI") or stated.get_header("WARC-Target-URI")
    date = _seconds(stated.get_header("WARC-Refers-To-Date"))
    page = earlier(url.strip("<>"), date, stated.get_header("WARC-Payload-Digest")) if date else None
    if page is None:
        raise Damaged(f"the record that it repeats is not there: {url} of {date}")
    target = stated.get_header("WARC-Target-URI").strip("<>")
    return Page(target, page.body, page.headers, _seconds(stated.get_header("WARC-Date")))
