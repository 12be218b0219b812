"""Undo Content-Encoding (gzip, deflate, br, zstd) up to a maximal size.

warcio's `content_stream()` is no substitute: it knows no zstd and no two codings in a row, has no bound, and gives the
beginning of a damaged body as if it were the whole.
"""

import re
import zlib
from collections.abc import Sequence

import brotli
import zstandard

MAX_DECODED_BYTES = 64 << 20
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32  # zlib then tells them apart by their first bytes
PLAIN_LENGTH = 512
PLAIN_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*[<{\[]")
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


class BadEncoding(ValueError):
    """The bytes are not what their headers say, or too many."""


def is_plain_text(body: bytes) -> bool:
    """Whether a body is markup or JSON that nobody compressed, whatever its headers say."""
    start = body[:PLAIN_LENGTH]
    return PLAIN_START.match(start) is not None and CONTROLS.search(start) is None


def decode_body(body: bytes, codings: Sequence[str], max_bytes: int = MAX_DECODED_BYTES) -> bytes:
    """Undo codings that were applied in this order; stop at an unknown one. Raise BadEncoding.

    Headers name codings that a proxy or an archiving program has undone: then the plain bytes are the body.
    """
    for coding in reversed([coding.strip().lower() for coding in codings]):
        decode = DECODERS.get(coding)
        if decode is None:
            break
        try:
            body = decode(body, max_bytes + 1) if body else body
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            if is_plain_text(body):
                break
            raise BadEncoding(f"not {coding}: {error}") from error
        if len(body) > max_bytes:
            raise BadEncoding(f"more than {max_bytes >> 20} MB when decoded")
    return body


def _gzip(body: bytes, max_bytes: int) -> bytes:
    """Decompress all members; of one that is cut off, what there is of it."""
    parts, left, size = [], body, 0
    while left and size < max_bytes:
        stream = zlib.decompressobj(GZIP_OR_ZLIB)
        try:
            parts.append(stream.decompress(left, max_bytes - size))
        except zlib.error:
            if parts:  # padding after the last member
                break
            raise
        size += len(parts[-1])
        left = stream.unused_data
    return b"".join(parts)


def _deflate(body: bytes, max_bytes: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, max_bytes)
    except zlib.error:  # some servers send the bare stream, without zlib's header
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        decoded = stream.decompress(body, max_bytes)
        if not stream.eof and is_plain_text(body):
            raise zlib.error("plain text") from None
        return decoded


def _brotli(body: bytes, max_bytes: int) -> bytes:
    stream = brotli.Decompressor()
    parts, size, rest = [], 0, body
    while size < max_bytes and not stream.is_finished():
        part = stream.process(rest, output_buffer_limit=max_bytes - size)
        if not part and not rest:
            break
        parts.append(part)
        size += len(part)
        rest = b""
    if size < max_bytes and not stream.is_finished() and is_plain_text(body):
        raise brotli.error("plain text")
    return b"".join(parts)


def _zstd(body: bytes, max_bytes: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as stream:
        return stream.read(max_bytes)


DECODERS = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}
