"""Content-Encoding undone: gzip, deflate, br and zstd, never to more than a bound."""

import zlib
from collections.abc import Sequence

import brotli
import zstandard

MOST_DECODED = 64 << 20
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class BadEncoding(ValueError):
    """The bytes are not what their headers say, or too many."""


def decoded(body: bytes, codings: Sequence[str], most: int = MOST_DECODED) -> bytes:
    """The body without the codings, which were applied in this order; from an unknown one on it stays as it is.

    Raises BadEncoding.
    """
    for coding in reversed([coding.strip().lower() for coding in codings]):
        decode = DECODERS.get(coding)
        if decode is None:
            break
        try:
            body = decode(body, most + 1) if body else body
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise BadEncoding(f"not {coding}: {error}") from error
        if len(body) > most:
            raise BadEncoding(f"more than {most >> 20} MB when decoded")
    return body


def _gzip(body: bytes, most: int) -> bytes:
    """All members; what is cut off gives what there is of it."""
    parts, left, size = [], body, 0
    while left and size < most:
        stream = zlib.decompressobj(GZIP_OR_ZLIB)
        try:
            parts.append(stream.decompress(left, most - size))
        except zlib.error:
            if parts:  # padding after the last member
                break
            raise
        size += len(parts[-1])
        left = stream.unused_data
    return b"".join(parts)


def _deflate(body: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, most)
    except zlib.error:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, most)


def _brotli(body: bytes, most: int) -> bytes:
    stream = brotli.Decompressor()
    parts, size, rest = [], 0, body
    while size < most and not stream.is_finished():
        part = stream.process(rest, output_buffer_limit=most - size)
        if not part and not rest:
            break
        parts.append(part)
        size += len(part)
        rest = b""
    return b"".join(parts)


def _zstd(body: bytes, most: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as stream:
        return stream.read(most)


DECODERS = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}
