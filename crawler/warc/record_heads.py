"""List the records of WARC files that may hold a page, ours and other people's, without their bodies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator

from archive.takedown.warc_records import (
    BLOCK,
    UNREADABLE,
    Problem,
    explain_unreadable,
    is_cut_short,
    is_redaction,
    read_to_end,
    walk_records,
)
from archive.text.urls import is_web_address
from crawler.warc.stored import (
    SKIPPABLE,
    BadFrame,
    decompress_frame,
    find_frame,
    frame_length,
    open_stored,
    read_dictionary,
)

MAX_RECORD_BYTES = 64 << 20
MOST_GAPS = 20  # in a `.warc.zst`: to find the frame after one may take reading all of the file
LONGEST_BODY = 4 << 10  # that is kept of what was posted
PAGE_TYPES = ("response", "revisit", "resource")
REDIRECTS = (301, 302, 303, 307, 308)
REDACTED = "redacted"


class TooLarge(BadFrame):
    """A zstd frame with a record that is larger than what is read."""


@dataclass(frozen=True, slots=True)
class RecordHead:
    """What a record says without its body.

    `offset` and `length` (bytes) are those of its gzip member, or of its plain text where the file is not compressed.
    `kind` is response, revisit, resource, redacted, or saved for a page that a browser saved. `request_sha256` is of
    what was posted, `request_body`, which another record says; `ids` are of this record, and of the one beside it.
    """

    kind: str
    url: str
    date: str | None
    status: int | None
    media_type: str
    offset: int
    length: int
    location: str | None = None
    payload_digest: str | None = None
    request_sha256: str | None = None
    request_body: bytes | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostedBody:
    """What a request record posted, and its hash; `ids` are its own id and those of the records that belong to it.

    Of a long one `body` is the beginning.
    """

    ids: tuple[str, ...]
    sha256: str
    body: bytes


def list_captures(
    path: Path, start: int, end: int | None, name: str, *, is_zstd: bool = False
) -> Iterator[RecordHead | Problem]:
    """Yield the records between two offsets that may hold a page, each with what was posted to get it.

    Problems come first.
    """
    posted: dict[str, PostedBody] = {}
    heads: list[RecordHead] = []
    for item in read_zstd_heads(path, name) if is_zstd else read_heads(path, start, end, name):
        if isinstance(item, Problem):
            yield item
        elif isinstance(item, PostedBody):
            posted.update(dict.fromkeys(item.ids, item))
        else:
            heads.append(item)
    for head in heads:  # writers put the request before its response, or after
        body = next((posted[id_] for id_ in head.ids if id_ in posted), None) if posted else None
        digest, content = (body.sha256, body.body) if body is not None else (None, None)
        yield replace(head, ids=(), request_sha256=digest, request_body=content)


def read_heads(path: Path, start: int, end: int | None, name: str) -> Iterator[RecordHead | PostedBody | Problem]:
    """List the records between two offsets that may hold a page, and what was posted to get them.

    Yield a Problem for what is broken, and go on.
    """
    return walk_records(path, start, end, name, _read_head, open_stored(path))


def read_zstd_heads(path: Path, name: str) -> Iterator[RecordHead | PostedBody | Problem]:
    """List the records of a `.warc.zst`, a frame a record, as `read_heads` does.

    Where bytes are no frame, or one that is damaged, reading goes on at the next bytes that begin like one.
    """
    with open_stored(path) as file:
        dictionary = read_dictionary(file)
        offset, size, gaps = 0, file.seek(0, SEEK_END), 0
        while offset < size:
            end, content = size, b""
            try:
                file.seek(offset)
                end = offset + frame_length(file)
                content = _read_zstd(file, offset, end - offset, dictionary)
            except TooLarge as error:
                yield Problem(f"{name}:{offset}", str(error), offset, end - offset)
            except BadFrame as error:
                gaps += 1
                end = (find_frame(file, offset + 1) if gaps < MOST_GAPS else None) or end
                yield Problem(f"{name}:{offset}", str(error), offset, end - offset)
            yield from _read_frame(content, offset, end - offset, name) if content else ()
            offset = end


def _read_zstd(file: BinaryIO, offset: int, length: int, dictionary: Any) -> bytes:
    """Return the record of a frame; nothing for one that holds none, such as the dictionary. Raise BadFrame."""
    file.seek(offset)
    if file.read(4) in SKIPPABLE:
        return b""
    if length > MAX_RECORD_BYTES:
        raise TooLarge(f"a record of more than {MAX_RECORD_BYTES >> 20} MB")
    file.seek(offset)
    return decompress_record(file.read(length), dictionary)


def _read_frame(content: bytes, offset: int, length: int, name: str) -> Iterator[RecordHead | PostedBody | Problem]:
    records = ArchiveIterator(BytesIO(content))
    try:
        for number, record in enumerate(records):
            if number:
                yield Problem(
                    f"{name}:{offset}", "one zstd frame for many records: zstd -d makes a .warc of it", offset
                )
                return
            head = _read_head(record, records)
            if isinstance(head, str):
                yield Problem(f"{name}:{offset}", head, offset, length)
            elif isinstance(head, PostedBody):
                yield head
            elif head is not None:
                yield replace(head, offset=offset, length=length)
    except UNREADABLE as error:
        yield Problem(f"{name}:{offset}", explain_unreadable(error), offset, length)


def _read_posted(record: Any, records: Any) -> PostedBody:
    digest, body = sha256(), b""
    while block := record.raw_stream.read(BLOCK):
        digest.update(block)
        body = body or block[:LONGEST_BODY]
    read_to_end(records)
    return PostedBody(_record_ids(record), digest.hexdigest(), body)


def _read_head(record: Any, records: Any) -> RecordHead | PostedBody | str | None:
    """Return the record's head, or what it posted; the reason why it cannot be read, or None where it holds no page."""
    redacted = is_redaction(record)
    if record.rec_type == "request" and record.http_headers and record.http_headers.protocol == "POST":
        return _read_posted(record, records)
    if record.rec_type not in PAGE_TYPES and not redacted:
        read_to_end(records)
        return None
    while record.raw_stream.read(BLOCK):
        pass
    truncated = is_cut_short(record)
    read_to_end(records)
    offset, length = records.member_info
    if truncated:
        return "the record is cut short"
    stated, http = record.rec_headers, record.http_headers
    url = (stated.get_header("WARC-Target-URI") or "").strip("<>")  # WARC 1.0 writes <url>
    date = without_fraction(stated.get_header("WARC-Date"))
    if not is_web_address(url):
        return None
    if redacted:
        return RecordHead(REDACTED, url, date, None, "", offset, length)
    status = _http_status(record)
    media_type = (http or stated).get_header("Content-Type") or ""
    return RecordHead(
        record.rec_type,
        url,
        date,
        status,
        media_type.partition(";")[0].strip().lower(),
        offset,
        length,
        http.get_header("Location") if http and status in REDIRECTS else None,
        stated.get_header("WARC-Payload-Digest"),
        ids=_record_ids(record),
    )


def _record_ids(record: Any) -> tuple[str, ...]:
    headers = (record.rec_headers.get_header(name) for name in ("WARC-Record-ID", "WARC-Concurrent-To"))
    return tuple(header for header in headers if header)


def without_fraction(date: str | None) -> str | None:
    """Return the time of a record in whole seconds."""
    return None if date is None else re.sub(r"\.\d+Z$", "Z", date)


def _http_status(record: Any) -> int | None:
    if record.http_headers is None:
        return 200 if record.rec_type == "resource" else None
    try:
        return int(record.http_headers.get_statuscode())
    except ValueError:
        return None


def decompress_record(raw: bytes, dictionary: Any) -> bytes:
    """Return the record of a zstd frame. Raise BadFrame."""
    content = decompress_frame(raw, MAX_RECORD_BYTES + 1, dictionary)
    if len(content) > MAX_RECORD_BYTES:
        raise TooLarge(f"a record of more than {MAX_RECORD_BYTES >> 20} MB")
    return content
