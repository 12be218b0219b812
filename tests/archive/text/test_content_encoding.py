"""Content codings are undone, alone and in a row, and never beyond the bound."""

import gzip
import zlib

import brotli
import pytest
import zstandard

from archive.text.content_encoding import BadEncoding, decode_body

TEXT = b"The ferry was late again. " * 40
RAW = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
RAW_DEFLATE = RAW.compress(TEXT) + RAW.flush()


@pytest.mark.parametrize(
    ("body", "codings"),
    [
        (gzip.compress(TEXT, mtime=0), ["gzip"]),
        (gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0), ["x-gzip"]),
        (gzip.compress(TEXT, mtime=0) + b"\0" * 8, [" GZIP "]),
        (zlib.compress(TEXT), ["deflate"]),
        (RAW_DEFLATE, ["deflate"]),
        (brotli.compress(TEXT), ["br"]),
        (zstandard.compress(TEXT), ["zstd"]),
        (brotli.compress(gzip.compress(TEXT, mtime=0)), ["gzip", "br"]),
        (TEXT, ["identity"]),
        (TEXT, [""]),
    ],
)
def test_codings_are_undone(body, codings):
    assert decode_body(body, codings) == TEXT


def test_a_body_that_was_cut_off_gives_its_beginning():
    decoded = decode_body(gzip.compress(TEXT, 0)[:-200], ["gzip"])
    assert decoded
    assert TEXT.startswith(decoded)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_is_not_so_encoded_is_refused(coding):
    with pytest.raises(BadEncoding, match=f"not {coding}"):
        decode_body(b"\x01\x02 no such coding", [coding])


@pytest.mark.parametrize("body", [gzip.compress(bytes(3 << 20), mtime=0), gzip.compress(bytes(1 << 20), mtime=0) * 3])
def test_a_bomb_stops_at_the_bound(body):
    with pytest.raises(BadEncoding, match="more than 2 MB"):
        decode_body(body, ["gzip"], 2 << 20)
