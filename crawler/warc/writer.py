"""Proof: every answer goes into a WARC file before anything reads it. A record is a gzip member of its own."""

import gzip
import os
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha1
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

Headers = Iterable[tuple[bytes, bytes]]
Earlier = Callable[[str, str], tuple[str, str] | None]
LEVEL = 6
WORTH_A_REVISIT = 200
NOT_MODIFIED = 304
NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SECRET = {"authorization", "proxy-authorization", "cookie", "set-cookie"}
OF_THE_CONNECTION = {"transfer-encoding", "content-length", "connection", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `body` is as received: content-encoded, but without chunks; `fetched_at` ends in Z."""

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
class Stored:
    """Where an answer lies: `file` as `captures.warc_file` has it, `offset` and `length` (bytes) of its gzip member."""

    file: str
    offset: int
    length: int
    payload_digest: str | None
    revisit: bool = False


class WarcFile:
    """One file, written by one run. `earlier` gives address and time of an answer with the same payload, if there is
    one: the new one then becomes a revisit record. Flushed records survive the death of the process."""

    def __init__(self, path: Path, info: Mapping[str, str], *, earlier: Earlier | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.name = f"{path.parent.name}/{path.name}"
        self.earlier = earlier
        self.file = path.open("xb")
        self.buffer = BytesIO()
        self.records = WARCWriter(self.buffer, gzip=False, warc_version="1.1")
        fields = {"software": f"belowtheline/{version('belowtheline')}", "format": "WARC File Format 1.1"}
        self._put(self.records.create_warcinfo_record(path.name, fields | dict(info)))
        self.flush()

    def write(self, exchange: Exchange) -> Stored:
        """Writes the answer, or that it is a known one, and the request."""
        digest = payload_digest(exchange.body)
        known = self._known(exchange, digest)
        if exchange.status == NOT_MODIFIED:
            answer = self._not_modified(exchange)
        elif known is None:
            answer = self._response(exchange, digest)
        else:
            answer = self._revisit(exchange, digest, known)
        offset, length = self._put(answer)
        self._put(self._request(exchange, answer.rec_headers.get_header("WARC-Record-ID")))
        stated = None if exchange.status == NOT_MODIFIED else digest
        return Stored(self.name, offset, length, stated, revisit=answer.rec_type == "revisit")

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()

    def _known(self, exchange: Exchange, digest: str) -> tuple[str, str] | None:
        if len(exchange.body) < WORTH_A_REVISIT or exchange.status == NOT_MODIFIED:
            return None
        return self.earlier(exchange.url, digest) if self.earlier else None

    def _response(self, exchange: Exchange, digest: str) -> Any:
        return self.records.create_warc_record(
            exchange.url,
            "response",
            payload=BytesIO(exchange.body),
            length=len(exchange.body),
            http_headers=_answered(exchange),
            warc_headers_dict=_common(exchange) | {"WARC-Payload-Digest": digest},
        )

    def _revisit(self, exchange: Exchange, digest: str, known: tuple[str, str]) -> Any:
        return self.records.create_revisit_record(
            exchange.url, digest, *known, http_headers=_answered(exchange), warc_headers_dict=_common(exchange)
        )

    def _not_modified(self, exchange: Exchange) -> Any:
        profile = {"WARC-Profile": NOT_MODIFIED_PROFILE, "WARC-Refers-To-Target-URI": exchange.url}
        return self.records.create_warc_record(
            exchange.url, "revisit", http_headers=_answered(exchange), warc_headers_dict=_common(exchange) | profile
        )

    def _request(self, exchange: Exchange, answer_id: str) -> Any:
        target = exchange.url.split("/", 3)
        path = f"/{target[3]}" if len(target) > 3 else "/"
        headers = [("Host", target[2]), *_shown(exchange.request_headers)]
        return self.records.create_warc_record(
            exchange.url,
            "request",
            payload=BytesIO(exchange.request_body),
            length=len(exchange.request_body),
            http_headers=StatusAndHeaders(f"{exchange.method} {path} HTTP/1.1", headers, is_http_request=True),
            warc_headers_dict={"WARC-Date": exchange.fetched_at, "WARC-Concurrent-To": answer_id},
        )

    def _put(self, record: Any) -> tuple[int, int]:
        self.buffer.seek(0)
        self.buffer.truncate()
        self.records.write_record(record)
        member = gzip.compress(self.buffer.getbuffer(), LEVEL, mtime=0)
        offset = self.file.tell()
        self.file.write(member)
        return offset, len(member)


def payload_digest(body: bytes) -> str:
    """As WARC-Payload-Digest writes it."""
    return "sha1:" + b32encode(sha1(body, usedforsecurity=False).digest()).decode()


def _common(exchange: Exchange) -> dict[str, str]:
    return {"WARC-Date": exchange.fetched_at} | ({"WARC-IP-Address": exchange.ip} if exchange.ip else {})


def _answered(exchange: Exchange) -> StatusAndHeaders:
    """Status line and headers; the length is that of the body as it is kept."""
    headers = [pair for pair in _shown(exchange.response_headers) if pair[0].lower() not in OF_THE_CONNECTION]
    headers.append(("Content-Length", str(len(exchange.body))))
    protocol = exchange.protocol if exchange.protocol in ("HTTP/1.0", "HTTP/1.1") else "HTTP/1.1"
    return StatusAndHeaders(f"{exchange.status} {exchange.reason}", headers, protocol=protocol)


def _shown(headers: Headers) -> list[tuple[str, str]]:
    """Headers as text, without secrets."""
    return [
        (name, "removed" if name.lower() in SECRET else " ".join(value.decode("latin-1").splitlines()))
        for name, value in ((name.decode("latin-1"), value) for name, value in headers)
    ]
