"""What the writer wrote is read back; other writers' digests and chunks are understood; damage is named."""

import gzip
from hashlib import sha256

import pytest

from crawler.warc.reader import Damaged, read_record
from crawler.warc.record_heads import RecordHead, read_heads
from crawler.warc.writer import Exchange, WarcFile

URL = "https://courier.example/ferry"
DATE = "2026-03-14T05:40:00Z"
BODY = b"<p>The ferry was late again.</p>" * 10
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


def exchange(body=BODY, *headers, status=200):
    pairs = [(b"Content-Type", b"text/html; charset=utf-8"), *headers]
    return Exchange(URL, "GET", [(b"Cookie", b"a=b")], b"", status, "OK", pairs, body, DATE)


def no_earlier(url, date, digest):
    return None


def test_a_response_is_read_back(tmp_path):
    path = tmp_path / "w" / "a.warc.gz"
    warc = WarcFile(path, {})
    stored = warc.write(exchange(gzip.compress(BODY), (b"Content-Encoding", b"gzip"), (b"Set-Cookie", b"a=b")))
    warc.close()
    page = read_record(path, stored.offset, stored.length, earlier=no_earlier)
    assert (page.url, page.body, page.fetched_at) == (URL, BODY, DATE)
    assert page.headers["set-cookie"] == "removed"
    assert b"a=b" not in gzip.decompress(path.read_bytes())
    (head,) = read_heads(path, 0, None, "a.warc.gz")
    assert isinstance(head, RecordHead)
    assert (head.kind, head.url, head.status, head.media_type) == ("response", URL, 200, "text/html")
    assert (head.offset, head.length, head.payload_digest) == (stored.offset, stored.length, stored.payload_digest)


def test_the_same_payload_becomes_a_revisit_that_needs_the_earlier_page(tmp_path):
    path = tmp_path / "w" / "a.warc.gz"
    warc = WarcFile(path, {}, earlier=lambda url, digest: (URL, DATE))
    stored = warc.write(exchange())
    warc.close()
    assert stored.revisit
    with pytest.raises(Damaged, match="the record that it repeats is not there"):
        read_record(path, stored.offset, stored.length, earlier=no_earlier)


def other_writer(tmp_path, body, digest, *headers):
    """A record as another program writes it: chunks and all."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body
    record = (
        (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <{URL}>\r\nWARC-Date: {DATE}\r\n"
            f"WARC-Payload-Digest: {digest}\r\nContent-Type: application/http; msgtype=response\r\n"
            f"Content-Length: {len(http)}\r\n\r\n"
        ).encode()
        + http
        + b"\r\n\r\n"
    )
    (tmp_path / "other.warc").write_bytes(record)
    return read_record(tmp_path / "other.warc", 0, len(record), earlier=no_earlier)


@pytest.mark.parametrize("digested", [BODY, CHUNKED])
def test_a_digest_may_be_of_the_chunks_or_of_their_content(tmp_path, digested):
    digest = "sha256:" + sha256(digested).hexdigest()
    assert other_writer(tmp_path, CHUNKED, digest, b"Transfer-Encoding: chunked").body == BODY


@pytest.mark.parametrize("digest", ["crc32:0", "sha1:unreadable", "", "sha256"])
def test_a_digest_of_another_form_is_not_checked(tmp_path, digest):
    assert other_writer(tmp_path, BODY, digest).body == BODY


def test_another_digest_is_damage(tmp_path):
    with pytest.raises(Damaged, match="not those of the record's digest"):
        other_writer(tmp_path, BODY, "sha256:" + sha256(b"other").hexdigest())


def test_a_body_that_is_not_chunked_although_it_says_so_is_read_as_it_is(tmp_path):
    assert other_writer(tmp_path, BODY, "", b"Transfer-Encoding: chunked").body == BODY
