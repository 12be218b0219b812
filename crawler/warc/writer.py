"""Write every response into a WARC file before anything parses it. Each record is a gzip member of its own."""

import gzip
import os
import re
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1
from http import HTTPStatus
from importlib.metadata import version
from io import BufferedWriter, BytesIO
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

Headers = Iterable[tuple[bytes, bytes]]
EarlierPayload = Callable[[str, str], tuple[str, str] | None]
GZIP_LEVEL = 6
MIN_REVISIT_BYTES = 200  # a revisit record of a smaller body would be longer than the response
NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SECRET_HEADER = re.compile(r"authorization|cookie|token|api-?key|secret", re.IGNORECASE)
CONNECTION_HEADERS = {"transfer-encoding", "content-length", "connection", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response.

    `body` is as received, still content-encoded, but without chunks. `fetched_at` is ISO-8601 and ends in Z.
    """

    url: str
    method: str
    request_headers: Headers
    request_body: bytes
    status: int
    reason: str
    response_headers: Headers
    body: bytes
    fetched_at: str
    ip: str | None = None
    protocol: str | None = None


@dataclass(frozen=True, slots=True)
class WarcPosition:
    """Where a response was written: `file` as in `captures.warc_file`, `offset` and `length` of its gzip member."""

    file: str
    offset: int
    length: int
    payload_digest: str | None
    revisit: bool = False


class WarcFile:
    """The WARC file of one run, made when the first response comes. Flushed records survive the death of the process.

    `earlier(url, payload_digest)` returns address and time of a response with the same payload: the new one is then
    written as a revisit record, without its body.
    """

    flush_s = 0.5  # how often what was written is flushed, at most

    def __init__(self, path: Path, info: Mapping[str, str], *, earlier: EarlierPayload | None = None) -> None:
        self.path = path
        self.name = f"{path.parent.name}/{path.name}"
        self.info = info
        self.earlier = earlier
        self.file: BufferedWriter | None = None
        self.head = self.whole = 0  # bytes: of the file's own description, and of all records that are on disk
        self.buffer = BytesIO()
        self.writer = WARCWriter(self.buffer, gzip=False, warc_version="1.1")

    def write(self, exchange: Exchange) -> WarcPosition:
        """Append the response, or a revisit record where its payload is stored already, and the request.

        Raise OSError where there is no room; the file is then to be closed.
        """
        digest = payload_digest(exchange.body)
        not_modified = exchange.status == HTTPStatus.NOT_MODIFIED
        response = self._not_modified_record(exchange) if not_modified else self._response_record(exchange, digest)
        offset, length = self._append(response)
        self._append(self._request_record(exchange, response.rec_headers.get_header("WARC-Record-ID")))
        stated = None if not_modified else digest
        return WarcPosition(self.name, offset, length, stated, revisit=response.rec_type == "revisit")

    def write_rendered(self, url: str, body: bytes, rendered_at: str) -> WarcPosition:
        """Append a page (HTML) as it stood in a browser, which no server sent. Raise OSError."""
        digest = payload_digest(body)
        record = self.writer.create_warc_record(
            url,
            "resource",
            payload=BytesIO(body),
            length=len(body),
            warc_content_type="text/html; charset=utf-8",
            warc_headers_dict={"WARC-Date": rendered_at, "WARC-Payload-Digest": digest},
        )
        offset, length = self._append(record)
        return WarcPosition(self.name, offset, length, digest)

    def flush(self) -> None:
        if self.file is not None:
            self.file.flush()
            self.whole = self.file.tell()

    def close(self) -> None:
        """Close the file, cut after the last record that is whole; a file without a response is deleted.

        Raise OSError where records were lost.
        """
        if self.file is None:
            return
        try:
            self.flush()
            os.fsync(self.file.fileno())
        finally:
            with suppress(OSError):
                self.file.close()
            if self.whole <= self.head:
                self.path.unlink(missing_ok=True)
            elif self.path.stat().st_size > self.whole:
                os.truncate(self.path, self.whole)

    def _open(self) -> BufferedWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.path.open("xb")
        fields = {"software": f"belowtheline/{version('belowtheline')}", "format": "WARC File Format 1.1"}
        self._append(self.writer.create_warcinfo_record(self.path.name, fields | dict(self.info)))
        self.file.flush()
        self.head = self.whole = self.file.tell()
        return self.file

    def _response_record(self, exchange: Exchange, digest: str) -> Any:
        headers, common = _http_headers(exchange), _warc_headers(exchange)
        if self.earlier is not None and len(exchange.body) >= MIN_REVISIT_BYTES:
            stored = self.earlier(exchange.url, digest)
            if stored is not None:
                return self.writer.create_revisit_record(
                    exchange.url, digest, *stored, http_headers=headers, warc_headers_dict=common
                )
        return self.writer.create_warc_record(
            exchange.url,
            "response",
            payload=BytesIO(exchange.body),
            length=len(exchange.body),
            http_headers=headers,
            warc_headers_dict=common | {"WARC-Payload-Digest": digest},
        )

    def _not_modified_record(self, exchange: Exchange) -> Any:
        profile = {"WARC-Profile": NOT_MODIFIED_PROFILE, "WARC-Refers-To-Target-URI": exchange.url}
        return self.writer.create_warc_record(
            exchange.url,
            "revisit",
            http_headers=_http_headers(exchange),
            warc_headers_dict=_warc_headers(exchange) | profile,
        )

    def _request_record(self, exchange: Exchange, response_id: str) -> Any:
        parts = exchange.url.split("/", 3)
        path = f"/{parts[3]}" if len(parts) > 3 else "/"
        headers = [("Host", parts[2]), *_public_headers(exchange.request_headers)]
        return self.writer.create_warc_record(
            exchange.url,
            "request",
            payload=BytesIO(exchange.request_body),
            length=len(exchange.request_body),
            http_headers=StatusAndHeaders(f"{exchange.method} {path} HTTP/1.1", headers, is_http_request=True),
            warc_headers_dict={"WARC-Date": exchange.fetched_at, "WARC-Concurrent-To": response_id},
        )

    def _append(self, record: Any) -> tuple[int, int]:
        """Append a record as a gzip member; return its offset and length.

        Compressed here, since warcio always takes level 9, which costs more time than it saves room.
        """
        self.buffer.seek(0)
        self.buffer.truncate()
        self.writer.write_record(record)
        member = gzip.compress(self.buffer.getbuffer(), GZIP_LEVEL, mtime=0)
        file = self.file or self._open()
        offset = file.tell()
        file.write(member)
        return offset, len(member)


def payload_digest(body: bytes) -> str:
    """Return the digest as WARC-Payload-Digest writes it."""
    return "sha1:" + b32encode(sha1(body, usedforsecurity=False).digest()).decode()


def _warc_headers(exchange: Exchange) -> dict[str, str]:
    return {"WARC-Date": exchange.fetched_at} | ({"WARC-IP-Address": exchange.ip} if exchange.ip else {})


def _http_headers(exchange: Exchange) -> StatusAndHeaders:
    """Return status line and response headers, with the length of the body as it is stored."""
    headers = [pair for pair in _public_headers(exchange.response_headers) if pair[0].lower() not in CONNECTION_HEADERS]
    headers.append(("Content-Length", str(len(exchange.body))))
    protocol = exchange.protocol if exchange.protocol in ("HTTP/1.0", "HTTP/1.1") else "HTTP/1.1"
    return StatusAndHeaders(f"{exchange.status} {exchange.reason}", headers, protocol=protocol)


def _public_headers(headers: Headers) -> list[tuple[str, str]]:
    """Decode headers; replace the values of cookies and credentials."""
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return [(name, "removed" if SECRET_HEADER.search(name) else " ".join(value.splitlines())) for name, value in pairs]
