"""Captures in the containers that people have: each is read whole, and proven by `btl verify`."""

import gzip
import hashlib
import io
import plistlib
import quopri
import random
import zipfile
import zlib
from base64 import b32encode
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

from archive.text.content_encoding import decode_body
from crawler.warc import record_heads
from crawler.warc.sources import open_captures

URL = "https://courier.example/2026/03/the-ferry-leaves-later"
HTML = (
    "<!DOCTYPE html><html><head><title>Ferry</title></head><body><h1>The ferry leaves later</h1>"
    "<p>Für alle: the boat waits for the last train, the harbour office said.</p></body></html>"
)


def record(body: bytes, *, headers: str = "Content-Type: text/html; charset=utf-8\r\n", stated: str = "") -> bytes:
    http = f"HTTP/1.1 200 OK\r\n{headers}\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2026-03-05T10:00:00Z\r\nWARC-Target-URI: {URL}\r\n{stated}"
        "WARC-Record-ID: <urn:uuid:147110b0-5f33-469c-9707-ab2d55fb8469>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def read(path: Path, **options: str) -> list[tuple[str, str, str | None]]:
    captures = open_captures(path, base=path.parent, **options)
    pages = [(page.url, page.text, page.fetched_at) for page in captures.pages()]
    assert not captures.errors
    return pages


PAGE = (URL, HTML, "2026-03-05T10:00:00Z")


@pytest.mark.parametrize("dictionary", [None, "plain", "compressed"])
def test_a_warc_of_zstd_frames(tmp_path: Path, dictionary: str | None) -> None:
    samples = [record(f"{HTML}{number}".encode() * 3) for number in range(200)]
    trained = zstandard.train_dictionary(8_000, samples) if dictionary else None
    begin = b""
    if trained is not None:
        raw = trained.as_bytes()
        raw = zstandard.ZstdCompressor().compress(raw) if dictionary == "compressed" else raw
        begin = b"\x5d\x2a\x4d\x18" + len(raw).to_bytes(4, "little") + raw
    compressor = zstandard.ZstdCompressor(dict_data=trained, write_checksum=True)
    frames = [compressor.compress(record(HTML.encode())), compressor.compress(record(b"\0" * 300_000))]
    path = tmp_path / "a.warc.zst"
    path.write_bytes(begin + b"".join(frames) + frames[0])
    assert [page for page in read(path) if "\0" not in page[1]] == [PAGE, PAGE]


def test_cut_and_joined_zstd_is_named(tmp_path: Path) -> None:
    frame = zstandard.ZstdCompressor().compress(record(HTML.encode()))
    path = tmp_path / "a.warc.zst"
    path.write_bytes(frame + frame[:-9])
    captures = open_captures(path)
    assert len(list(captures.pages())) == 1
    assert "cut short" in captures.errors[0].reason
    path.write_bytes(zstandard.ZstdCompressor().compress(record(HTML.encode()) * 2))
    captures = open_captures(path)
    assert len(list(captures.pages())) == 1
    assert "zstd -d" in captures.errors[0].reason


def test_zstd_frames_after_one_that_cannot_be_read_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_heads, "MAX_RECORD_BYTES", 4_000)
    compress = zstandard.ZstdCompressor().compress
    good, large = compress(record(HTML.encode())), compress(record(b"\0" * 5_000))
    incompressible = compress(record(random.Random(5).randbytes(6_000)))
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters.from_level(1, window_log=31, enable_ldm=True)
    ).compress(record(HTML.encode()))
    torn = bytearray(good)
    torn[len(good) // 2 : len(good) // 2 + 40] = bytes(40)
    path = tmp_path / "a.warc.zst"
    between = (large, incompressible, bytes(torn), b"no frame at all", wide, good[:-20])
    path.write_bytes(good + b"".join(bad + good for bad in between))
    captures = open_captures(path)
    pages = [(page.url, page.text, page.fetched_at) for page in captures.pages()]
    assert pages.count(PAGE) >= 1 + len(between)
    assert {"no zstd frame"} <= {problem.reason for problem in captures.errors}
    assert sum("a record of more than" in problem.reason for problem in captures.errors) == 2
    places = [(problem.offset, problem.offset + problem.length) for problem in captures.errors]
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    assert max(end for _, end in places) <= path.stat().st_size - len(good)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["data.warc.gz", "data.warc", "data.warc.zst"])
def test_a_wacz_however_it_is_packed(tmp_path: Path, desk, method: int, name: str) -> None:
    pack = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}.get(Path(name).suffix, bytes)
    path = desk.folder / "a.wacz"
    with zipfile.ZipFile(path, "w", method) as wacz:
        wacz.writestr("datapackage.json", "{}")
        wacz.writestr(f"archive/{name}", pack(record(HTML.encode())))
    assert read(path) == [PAGE]
    desk.btl("replay", "a.wacz")
    assert desk.query("select url from articles") == [(URL,)]
    assert "0 differences" in desk.btl("verify").stdout


def test_a_wacz_of_several(tmp_path: Path, desk) -> None:
    path, inner = desk.folder / "a.wacz", io.BytesIO()
    with zipfile.ZipFile(inner, "w") as wacz:
        wacz.writestr("archive/a.warc.gz", gzip.compress(record(HTML.encode())))
        wacz.writestr("archive/b.warc.gz", gzip.compress(record(HTML.encode())), zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path, "w") as outer:
        outer.writestr("datapackage.json", '{"profile": "multi-wacz-package"}')
        outer.writestr("one.wacz", inner.getvalue())
        outer.writestr("two.wacz", inner.getvalue(), zipfile.ZIP_DEFLATED)
    captures = open_captures(path)
    assert [(page.url, page.text, page.fetched_at) for page in captures.pages()] == [PAGE]
    assert [problem.location.partition("!")[2] for problem in captures.errors] == [
        "one.wacz!archive/b.warc.gz",
        "two.wacz",
    ]
    desk.btl("replay", "a.wacz", status=None)
    assert "0 differences" in desk.btl("verify").stdout


@pytest.mark.parametrize("stated_length", [66, 76, 20])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_arc_file_whatever_its_first_block_states(tmp_path: Path, stated_length: int, pack) -> None:
    block = b"1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n\n"
    if pack is gzip.compress and stated_length != len(block):
        pytest.skip("members of gzip say where a record ends")
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + HTML.encode()
    first = f"filedesc://a.arc 0.0.0.0 20260305100000 text/plain {stated_length}\n".encode() + block
    page = f"{URL} 10.0.0.1 20260305100000 text/html {len(http)}\n".encode() + http + b"\n"
    path = tmp_path / "a.arc"
    path.write_bytes(pack(first) + pack(page) + pack(page))
    assert read(path) == [PAGE, PAGE]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_a_coding_that_is_stated_and_not_there(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(
        record(HTML.encode(), headers=f"Content-Type: text/html; charset=utf-8\r\nContent-Encoding: {coding}\r\n")
    )
    assert read(path) == [PAGE]
    for short in (b"<p>", b"{}", b'["a"]', b"<b>bread</b>"):
        assert decode_body(short, coding.split(",")) == short


def test_a_digest_of_the_decoded_body(tmp_path: Path) -> None:
    digest = b32encode(hashlib.sha1(HTML.encode(), usedforsecurity=False).digest()).decode()
    headers = "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
    path = tmp_path / "a.warc"
    stated = f"WARC-Payload-Digest: sha1:{digest}\r\n"
    path.write_bytes(record(gzip.compress(HTML.encode()), headers=headers, stated=stated))
    assert read(path) == [PAGE]
    path.write_bytes(record(gzip.compress(HTML.encode() + b"x"), headers=headers, stated=stated))
    captures = open_captures(path)
    assert list(captures.pages()) == []
    assert "digest" in captures.problems()[0].reason


NOTES = {
    "SingleFile": f"<!--\n Page saved with SingleFile \n url: {URL} \n saved date: Thu Mar 05 2026 11:00:00 GMT+0100 (CET)\n-->",
    "browser": f"<!-- saved from url=(0054){URL} -->",
    "Save Page WE": f'<meta name="savepage-url" content="{URL}">',
    "monolith": f"<!-- Saved from {URL} at 2026-03-05T10:00:00Z using monolith v2.8.1 -->",
    "HTTrack": f"<!-- Mirrored from {URL[8:]} by HTTrack Website Copier/3.x [XR], Thu, 05 Mar 2026 10:00:00 GMT -->",
    "canonical": f'<link rel="canonical" href="{URL[6:]}">',
    "og:url": f'<meta property="og:url" content="{URL}">',
    "archive.today": f'<link rel="canonical" href="https://archive.ph/aBc12"><link rel="bookmark" href="http://archive.today/20260305100000/{URL}">',
    "Wayback": f'<link rel="canonical" href="https://web.archive.org/web/20260305100000/{URL}">',
}


@pytest.mark.parametrize("program", NOTES)
def test_a_saved_page_names_its_address(tmp_path: Path, program: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(HTML.replace("<head>", f"<head>{NOTES[program]}"), encoding="utf-8")
    ((url, _, date),) = read(path)
    assert url.partition("://")[2] == URL.partition("://")[2]
    assert date in (None, "2026-03-05T10:00:00Z")
    assert (date is None) == (program in ("browser", "Save Page WE", "canonical", "og:url"))


def test_a_page_that_names_none_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(HTML, encoding="utf-8")
    with pytest.raises(ValueError, match="--url https://"):
        open_captures(tmp_path / "page.html")
    assert read(tmp_path / "page.html", url=URL)[0][0] == URL


@pytest.mark.parametrize("end", ["\r\n------X--\r\n", "\r\n", ""])
def test_mhtml_also_cut(desk, end: str) -> None:
    head = (
        f"From: <Saved by Blink>\r\nSnapshot-Content-Location: {URL}\r\nSubject: Ferry\r\n"
        "Date: Thu, 5 Mar 2026 11:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----X"\r\n\r\n------X\r\n'
        "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        f"Content-Location: {URL}\r\n\r\n"
    )
    path = desk.folder / "page.mhtml"
    path.write_bytes(head.encode() + quopri.encodestring(HTML.encode()) + end.encode())
    ((url, text, date),) = read(path)
    assert (url, text.rstrip(), date) == PAGE
    desk.btl("replay", "page.mhtml")
    assert "0 differences" in desk.btl("verify").stdout


def test_a_web_archive_of_safari(tmp_path: Path) -> None:
    resource = {"WebResourceData": HTML.encode(), "WebResourceURL": URL, "WebResourceTextEncodingName": "UTF-8"}
    path = tmp_path / "page.webarchive"
    path.write_bytes(plistlib.dumps({"WebMainResource": resource}, fmt=plistlib.FMT_BINARY))
    assert read(path) == [(URL, HTML, None)]
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="cannot be read"):
        open_captures(path)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [(b"%PDF-1.7", "PDF"), (b"SQLite format 3\0", "SQLite"), (b"", "empty"), (b'{"a": 1}', "JSON"), (b"Dear", "Dear")],
)
def test_a_refusal_says_what_was_seen(tmp_path: Path, raw: bytes, kind: str) -> None:
    (tmp_path / "a.bin").write_bytes(raw)
    with pytest.raises(ValueError, match=kind):
        open_captures(tmp_path / "a.bin")


def test_a_gzip_file_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(record(HTML.encode())) + gzip.compress(record(HTML.encode()))[:-30])
    captures = open_captures(path)
    assert len(list(captures.pages())) == 1
    assert captures.errors
    with pytest.raises(zlib.error):
        zlib.decompress(path.read_bytes()[:20])
