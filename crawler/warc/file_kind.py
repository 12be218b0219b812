"""Tell what a file holds by its first bytes: records of plain texts, or something that no capture is in."""

import re
import zlib
from contextlib import suppress

GZIP = b"\x1f\x8b"
TEXT_RECORD = re.compile(rb"^WARC-Type:\s*conversion\b", re.IGNORECASE | re.MULTILINE)
MOST_BESIDE = 1 << 16  # bytes within which a file of texts has its first
KINDS = {
    b"%PDF": "a PDF file",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "a Parquet file: btl import reads tables",
    b"{": "JSON: btl import reads the formats that it knows",
    b"[": "JSON: btl import reads the formats that it knows",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def is_text_file(head: bytes) -> bool:
    """Whether a file that begins like this is WET: records of plain texts, extracted from pages."""
    if head.startswith(GZIP):
        with suppress(zlib.error):
            head = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(head, MOST_BESIDE) + _second_member(head)
    return head.startswith(b"WARC/") and TEXT_RECORD.search(head[: 2 * MOST_BESIDE]) is not None


def _second_member(head: bytes) -> bytes:
    stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
    stream.decompress(head, MOST_BESIDE)
    with suppress(zlib.error):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(stream.unused_data.lstrip(b"\0"), MOST_BESIDE)
    return b""


def describe_bytes(head: bytes) -> str:
    """Say what a file is that begins like this, as far as its first bytes tell."""
    start = head.lstrip()
    if not start:
        return "an empty file"
    kind = next((text for magic, text in KINDS.items() if start.startswith(magic)), None)
    return kind or (
        "binary data" if b"\0" in start[:1024] else f"text that begins {start[:40].decode('utf-8', 'replace')!r}"
    )
