"""Read the page of a WARC record, ours or other people's, and prove that it is what it was."""

from base64 import b32encode
from collections.abc import Callable
from contextlib import redirect_stderr
from hashlib import new as new_hash
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from archive.takedown.warc_records import (
    REDACTED_DATE,
    REDACTED_DIGEST,
    REDACTED_REASON,
    dechunk,
    explain_unreadable,
    http_headers,
    is_cut_short,
    is_redaction,
)
from archive.text.content_encoding import MAX_DECODED_BYTES, BadEncoding, decode_body
from crawler.pages.page import Page
from crawler.warc.record_heads import MAX_RECORD_BYTES, decompress_record, without_fraction
from crawler.warc.stored import ZSTD, BadFrame, open_stored, read_dictionary

DIGEST_ALGORITHMS = {"sha1": "sha1", "sha256": "sha256", "sha-1": "sha1", "sha-256": "sha256", "md5": "md5"}
EarlierPage = Callable[[str, str, str | None], Page | None]


class Damaged(Exception):
    """Bytes that cannot be read back as what they were."""


class Redacted(Damaged):
    """The record was taken out on purpose, and a note replaces it. `payload_digest` is that of the original."""

    def __init__(self, reason: str, payload_digest: str | None = None) -> None:
        super().__init__(reason)
        self.payload_digest = payload_digest


def read_record(file: Path, offset: int, length: int, *, earlier: EarlierPage) -> Page:
    """Read the page of one record, its body decoded.

    `earlier(url, date, payload_digest)` returns the page that a revisit record refers to. Raise Redacted where the
    record was taken out; Damaged where it is not whole, or not what its digest says; OSError where the file is gone.
    """
    if length > MAX_RECORD_BYTES:
        raise Damaged(f"a record of {length >> 20} MB")
    with open_stored(file) as stream:
        stream.seek(offset)
        raw = stream.read(length)
        try:
            content = decompress_record(raw, read_dictionary(stream)) if raw.startswith(ZSTD) else raw
        except BadFrame as error:
            raise Damaged(f"no record at {offset} of {file.name}: {error}") from error
    if len(raw) < length:
        raise Damaged(f"{file.name} ends before the record at {offset} does")
    try:
        with redirect_stderr(StringIO()):
            record = next(iter(ArchiveIterator(BytesIO(content), arc2warc=True)))
            if is_redaction(record):
                stated = record.rec_headers
                reason, date = stated.get_header(REDACTED_REASON), stated.get_header(REDACTED_DATE)
                raise Redacted(f"redacted {date}: {reason}", stated.get_header(REDACTED_DIGEST))
            return _read_revisit(record, earlier) if record.rec_type == "revisit" else _read_response(record)
    except (ArchiveLoadFailed, StopIteration, EOFError, ValueError, AttributeError) as error:
        raise Damaged(f"no record at {offset} of {file.name}: {explain_unreadable(error)}") from error


def _read_response(record: Any) -> Page:
    raw = record.raw_stream.read(MAX_DECODED_BYTES + 1)
    if len(raw) > MAX_DECODED_BYTES:
        raise Damaged(f"more than {MAX_DECODED_BYTES >> 20} MB")
    if is_cut_short(record):
        raise Damaged("the record is cut short")
    headers = http_headers(record)
    body = dechunk(raw) if "chunked" in headers.get("transfer-encoding", "").lower() else raw
    try:
        decoded = decode_body(body, headers.get("content-encoding", "").split(","))
    except BadEncoding as error:
        raise Damaged(str(error)) from error
    # Writers state the digest of the chunks, of what they hold, or of what that decodes to: warcio knows the first.
    _check_digest(record.rec_headers.get_header("WARC-Payload-Digest") or "", raw, body, decoded)
    url = record.rec_headers.get_header("WARC-Target-URI").strip("<>")
    return Page(url, decoded, headers, without_fraction(record.rec_headers.get_header("WARC-Date")))


def _check_digest(stated: str, *bodies: bytes) -> None:
    """Raise Damaged where none of the bodies has the digest, in hexadecimal or Base32; ignore one of another form."""
    algorithm, _, value = stated.partition(":")
    name = DIGEST_ALGORITHMS.get(algorithm.lower())
    if name is None:
        return
    digests = [new_hash(name, body, usedforsecurity=False).digest() for body in bodies]
    spellings = {text for digest in digests for text in (digest.hex(), b32encode(digest).decode().lower())}
    if len(value) in map(len, spellings) and value.lower() not in spellings:
        raise Damaged("the bytes are not those of the record's digest")


def _read_revisit(record: Any, earlier: EarlierPage) -> Page:
    stated = record.rec_headers
    target = stated.get_header("WARC-Target-URI")
    url = stated.get_header("WARC-Refers-To-Target-URI") or target
    date = without_fraction(stated.get_header("WARC-Refers-To-Date"))
    page = earlier(url.strip("<>"), date, stated.get_header("WARC-Payload-Digest")) if date else None
    if page is None:
        raise Damaged(f"the record that it repeats is not there: {url} of {date}")
    return Page(target.strip("<>"), page.body, page.headers, without_fraction(stated.get_header("WARC-Date")))
