"""The note that stands where a WARC record was taken out: a record of its own, exactly as long as the other one was.

It is of type `metadata`, which WARC 1.1 has for what describes a record of another type by WARC-Refers-To, and which no
replay takes for an answer: a `response` or `resource` would claim to be the page, a `revisit` that it still is.
Room that is left over is blanks in the note's own block, in stored blocks of its gzip member: every reader knows those,
while some refuse long comments in a gzip header (Go's those over 512 bytes).
"""

import zlib
from base64 import b32encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha1
from struct import pack

from archive.takedown.warc_records import REDACTED_DATE, REDACTED_REASON

GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
STORED_MOST = 0xFFFF
SMALL = 4096
SPARES = 12
TRIES = 8
END = b"\r\n\r\n"
Packed = Callable[[bytes, bytes, int], bytes]


@dataclass(frozen=True, slots=True)
class Redaction:
    """A record that is to go: its place and length (bytes) in its file, and what is kept of it. `url` is None where the
    address itself holds what is to go."""

    offset: int
    length: int
    is_gzip: bool
    at: str
    reason: str
    id: str
    version: str
    kind: str
    date: str
    url: str | None
    refers_to: str | None
    payload_digest: str | None
    block_digest: str | None


def written(redaction: Redaction) -> bytes | None:
    """The note, as long as what it replaces: with all that is kept where there is room, with less where there is not.
    None where there is no room for any."""
    ways: list[Packed] = [_plain]
    if redaction.is_gzip:
        ways = [_stored, _compressed] if redaction.length >= SMALL else [_compressed]
    for lines, says in _versions(redaction):
        for pack_up in ways:
            found = _fitted(redaction, lines, says, pack_up)
            if found is not None:
                return found
    return None


def _versions(redaction: Redaction) -> Iterator[tuple[list[tuple[str, str | None]], str]]:
    """Header fields and text, from the fullest to the barest."""
    bare: list[tuple[str, str | None]] = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", redaction.id),
        ("WARC-Date", redaction.date),
        (REDACTED_DATE, redaction.at),
        (REDACTED_REASON, redaction.reason),
    ]
    short = [
        *bare,
        ("WARC-Target-URI", redaction.url),
        ("WARC-Refers-To", redaction.refers_to),
        ("Redacted-Payload-Digest", redaction.payload_digest),
        ("Content-Type", "text/plain"),
    ]
    full = [*short, ("Redacted-Type", redaction.kind), ("Redacted-Block-Digest", redaction.block_digest)]
    says = f"The record that stood here was redacted on {redaction.at}, for the reason {redaction.reason}.\n"
    kept = {"payload": redaction.payload_digest, "block": redaction.block_digest}
    says += "".join(f"The digest of its {name} was {digest}.\n" for name, digest in kept.items() if digest)
    yield full, says
    yield short, "Redacted.\n"
    yield bare, ""


def _fitted(redaction: Redaction, lines: list[tuple[str, str | None]], says: str, pack_up: Packed) -> bytes | None:
    """With as many blanks as it takes. A blank more may be two bytes more, so `spare` gives other ways to a length."""
    for spare in range(SPARES):
        blanks = redaction.length - len(pack_up(*_record(redaction.version, lines, says, 0, spare), spare))
        for _ in range(TRIES):
            if blanks < 0:
                break
            found = pack_up(*_record(redaction.version, lines, says, blanks, spare), spare)
            if len(found) == redaction.length:
                return found
            blanks -= len(found) - redaction.length
    return None


def _record(
    version: str, lines: list[tuple[str, str | None]], says: str, blanks: int, spare: int
) -> tuple[bytes, bytes]:
    """The record without the blanks at its end, and these."""
    text, room = says.encode(), b" " * blanks
    digest = "sha1:" + b32encode(sha1(text + room, usedforsecurity=False).digest()).decode()
    stated = [*lines, ("WARC-Block-Digest", digest)] if text else lines
    head = "".join(f"{name}: {value}\r\n" for name, value in stated if value)
    head = f"{version}\r\n{head}Content-Length:{' ' * (1 + spare)}{len(text) + blanks}\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + text, room


def _plain(record: bytes, blanks: bytes, _: int) -> bytes:
    """The empty lines behind a record that is not compressed are not counted to it, and stay."""
    return record + blanks


def _stored(record: bytes, blanks: bytes, spare: int) -> bytes:
    return _member(record + blanks + END, _blocks(record + blanks + END, spare))


def _compressed(record: bytes, blanks: bytes, spare: int) -> bytes:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = squeezed.compress(record) + squeezed.flush(zlib.Z_SYNC_FLUSH)
    return _member(record + blanks + END, deflated + _blocks(blanks + END, spare))


def _blocks(content: bytes, spare: int) -> bytes:
    """Stored blocks (RFC 1951) to the end of the stream, before them `spare` empty ones."""
    pieces = [b""] * spare + [content[start : start + STORED_MOST] for start in range(0, len(content), STORED_MOST)]
    last = len(pieces) - 1
    return b"".join(
        pack("<BHH", number == last, len(piece), len(piece) ^ 0xFFFF) + piece for number, piece in enumerate(pieces)
    )


def _member(content: bytes, deflated: bytes) -> bytes:
    return GZIP_HEAD + deflated + pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
