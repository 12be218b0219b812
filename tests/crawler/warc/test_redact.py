"""Records taken out of WARC files: found however they are written, overwritten in place, readable by everybody after."""

import gzip
import html
import json
import os
import signal
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.takedown.text_search import Texts, fold, readings
from crawler.warc.reader import Redacted, read_record
from crawler.warc.redact import redact, resume, search
from crawler.warc.redaction_record import Redaction, written
from crawler.warc.writer import Exchange, WarcFile

AT, REASON = "2026-03-20T10:00:00Z", "court-order"
TEXT = "Does the kiosk open at nine, I ask? The harbour office's “café” & its <old> clerk said so: naïve!"
OTHER = "Ten past six is when the ferry leaves, says the timetable on the pier."
ESCAPED = html.escape(TEXT)


def _page(inside, head=""):
    return f"<!doctype html><html><head>{head}</head><body><p>Quay.</p><p>{inside}</p></body></html>"


HOLDING = {
    "html": (_page(ESCAPED).encode(), "text/html; charset=utf-8", ""),
    "tags": (_page(ESCAPED.replace("kiosk", "<b>ki</b>osk<br>\n")).encode(), "text/html; charset=utf-8", ""),
    "entities": (_page("".join(f"&#{ord(c)};" for c in TEXT)).encode(), "text/html", ""),
    "latin": (_page(ESCAPED.replace("“", '"').replace("”", '"')).encode("latin-1"), "text/html; charset=latin-1", ""),
    "utf-16": (_page(ESCAPED).encode("utf-16"), "text/html; charset=utf-16", ""),
    "attribute": (_page("", f'<meta name="description" content="{ESCAPED}">').encode(), "text/html", ""),
    "script": (
        _page("", f"<script>x = {json.dumps({'t': f'<p>{ESCAPED}</p>'})}</script>").encode(),
        "text/html; charset=utf-8",
        "",
    ),
    "json": (json.dumps([{"content": {"rendered": f"<p>{ESCAPED}</p>"}}]).encode(), "application/json", ""),
    "json in json": (json.dumps({"data": json.dumps({"body": TEXT})}).encode(), "application/json", ""),
    "json of markup": (json.dumps({"b": TEXT}).replace("<", "\\u003c").encode(), "application/json", ""),
    "feed": (f"<rss><item><d>{html.escape(f'<p>{ESCAPED}</p>')}</d></item></rss>".encode(), "text/xml", ""),
    "cdata": (f"<rss><item><d><![CDATA[<p>{ESCAPED}</p>]]></d></item></rss>".encode(), "text/xml", ""),
    "plain": (TEXT.encode(), "text/plain; charset=utf-8", ""),
    "address": (f"text={quote(TEXT)}".encode(), "application/x-www-form-urlencoded", ""),
    "excerpt": (_page(html.escape(TEXT[:85]) + " [...]").encode(), "text/html; charset=utf-8", ""),
    "gzip": (gzip.compress(_page(ESCAPED).encode()), "text/html; charset=utf-8", "gzip"),
    "deflate": (zlib.compress(_page(ESCAPED).encode()), "text/html; charset=utf-8", "deflate"),
    "br": (brotli.compress(_page(ESCAPED).encode()), "text/html; charset=utf-8", "br"),
    "zstd": (zstandard.compress(_page(ESCAPED).encode()), "text/html; charset=utf-8", "zstd"),
}
INNOCENT = {
    "other": (_page(OTHER * 40).encode(), "text/html; charset=utf-8", ""),
    "words": (_page("Does the kiosk open? I ask.").encode(), "text/html; charset=utf-8", ""),
    "picture": (os.urandom(5_000), "image/png", ""),
    "nothing": (b"", "text/html", ""),
}


def _write(path: Path, bodies):
    """A WARC file as a crawl writes it; gives name -> (offset, length)."""
    warc, places = WarcFile(path, {}), {}
    for number, (name, (body, media_type, coding)) in enumerate(bodies.items()):
        headers = [
            (b"Content-Type", media_type.encode()),
            *([(b"Content-Encoding", coding.encode())] if coding else []),
        ]
        url = f"https://courier.example/{number}/"
        asked = [(b"Accept", b"*/*")]
        stored = warc.write(Exchange(url, "GET", asked, b"", 200, "OK", headers, body, "2026-03-14T05:40:00Z"))
        places[name] = stored.offset, stored.length
    warc.close()
    return places


def _search(path, *texts):
    wanted = Texts(texts or [TEXT])
    return search(path, lambda record, read: wanted.find(read), AT, REASON)


def _places(redactions):
    return {(one.offset, one.length) for one in redactions}


def _refused(*_):
    raise AssertionError("no earlier page is asked for")


def _is_redacted(path, offset, length):
    try:
        read_record(path, offset, length, earlier=_refused)
    except Redacted as redacted:
        return REASON in str(redacted)
    return False


@pytest.fixture
def warc(tmp_path):
    path = tmp_path / "crawl.warc.gz"
    return path, _write(path, HOLDING | INNOCENT)


def test_what_holds_the_text_is_found_and_nothing_else(warc):
    path, places = warc
    found = _search(path)
    assert found.left == found.unsearched == []
    named = {place: name for name, place in places.items()}
    assert {named.get(place) for place in _places(found.redactions)} == set(HOLDING)


def test_all_else_stays_where_it_is_byte_by_byte(warc):
    path, places = warc
    before = path.read_bytes()
    found = _search(path)
    redact(path, found.redactions)
    after = path.read_bytes()
    assert len(after) == len(before)
    changed = [range(one.offset, one.offset + one.length) for one in found.redactions]
    assert all(before[i] == after[i] for i in range(len(before)) if not any(i in stretch for stretch in changed))
    for name, place in places.items():
        assert _is_redacted(path, *place) == (name in HOLDING), name
    plain = gzip.decompress(after)
    assert fold("kiosk open at nine") not in "".join(fold(read) for read in readings(plain.decode("latin-1")))
    assert list(path.parent.iterdir()) == [path]
    again = _search(path)
    assert again.redactions == []
    assert set(again.done) == {one.offset for one in found.redactions}


def test_every_reader_reads_what_is_left(warc):
    path, _ = warc
    with path.open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file)]
    found = _search(path)
    redact(path, found.redactions)
    expected = ["metadata" if kind == "response" else kind for kind in kinds[: 1 + 2 * len(HOLDING)]]
    expected += kinds[1 + 2 * len(HOLDING) :]
    with path.open("rb") as file:
        assert [record.rec_type for record in ArchiveIterator(file)] == expected
    read = [
        (record.headers["WARC-Type"], record.stream_pos, record.verify_block_digest())
        for record in FastIterator(str(path))
    ]
    assert [kind for kind, *_ in read] == expected
    assert all(whole for kind, _, whole in read if kind == "metadata")
    assert {one.offset for one in found.redactions} == {position for kind, position, _ in read if kind == "metadata"}
    for command in (["gzip", "-t", path], ["zcat", path], [sys.executable, "-m", "warcio.cli", "check", path]):
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    with path.open("rb") as file:
        notes = [record for record in ArchiveIterator(file) if record.rec_type == "metadata"]
    for note, one in zip(notes, found.redactions, strict=True):
        stated = note.rec_headers.get_header
        assert stated("WARC-Refers-To") == one.refers_to != stated("WARC-Record-ID")
        assert stated("WARC-Target-URI") == one.url
        assert stated("WARC-Date") == "2026-03-14T05:40:00Z"
        assert stated("WARC-Payload-Digest") is None
        assert stated("Redacted-Payload-Digest") == one.payload_digest


def test_a_file_that_is_not_compressed(tmp_path):
    packed = tmp_path / "packed.warc.gz"
    _write(packed, HOLDING | INNOCENT)
    path = tmp_path / "plain.warc"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    size = path.stat().st_size
    found = _search(path)
    assert len(found.redactions) == len(HOLDING)
    redact(path, found.redactions)
    assert path.stat().st_size == size
    with path.open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file)]
    assert kinds.count("metadata") == len(HOLDING)
    assert kinds.count("response") == len(INNOCENT)
    assert [record.headers["WARC-Type"] for record in FastIterator(str(path))] == kinds
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", path], capture_output=True, check=False)
    assert done.returncode == 0
    assert all(_is_redacted(path, one.offset, one.length) for one in found.redactions)


def test_an_address_that_holds_the_text_goes_too(tmp_path):
    path = tmp_path / "crawl.warc.gz"
    warc = WarcFile(path, {})
    slug = "the-kiosk-on-the-quay-opens-at-nine"
    warc.write(Exchange(f"https://courier.example/{slug}/", "GET", [], b"", 200, "OK", [], b"Gone.", AT))
    warc.close()
    found = _search(path, "The kiosk on the quay opens at nine")
    assert [one.url for one in found.redactions] == [None, None]  # the answer and the request
    redact(path, found.redactions)
    assert slug.encode() not in gzip.decompress(path.read_bytes())


def test_what_cannot_be_overwritten_is_named(tmp_path):
    packed = tmp_path / "packed.warc.gz"
    _write(packed, {"html": HOLDING["html"]} | INNOCENT)
    whole = tmp_path / "stream.warc.gz"
    whole.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes())))
    before = whole.read_bytes()
    found = _search(whole)
    assert found.redactions == []
    assert str(whole) in (found.left + found.unsearched)[0].place
    redact(whole, found.redactions)
    assert whole.read_bytes() == before
    small = tmp_path / "small.warc"
    small.write_bytes(
        b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 28\r\n\r\nDoes the kiosk open at nine?\r\n\r\n"
    )
    found = _search(small, "Does the kiosk open at nine?")
    assert found.redactions == []
    assert "too small" in found.left[0].reason
    arc = tmp_path / "old.arc"
    first = (
        b"filedesc://old.arc 0.0.0.0 20010101000000 text/plain 77\n1 0 Quay\nURL IP-address Archive-date Content-type"
    )
    body = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + HOLDING["html"][0]
    head = f"https://courier.example/ 127.0.0.1 20010101000000 text/html {len(body)}\n".encode()
    arc.write_bytes(first + b" Archive-length\n\n" + head + body + b"\n")
    found = _search(arc)
    assert found.redactions == []
    assert "ARC" in found.left[0].reason


def test_the_last_record_of_a_crawl_that_was_killed(warc):
    path, places = warc
    offset, length = places["br"]
    whole = path.read_bytes()
    path.write_bytes(whole[: offset + length - 30])
    found = _search(path)
    assert (offset, length - 30) in _places(found.redactions)
    assert found.unsearched == found.left == []
    redact(path, found.redactions)
    assert gzip.decompress(path.read_bytes()).count(b"WARC-Type: metadata") == len(found.redactions)
    offset, length = places["other"]
    path.write_bytes(whole[: offset + length - 30])
    assert _search(path).unsearched == []


def test_a_broken_record_that_holds_it_goes_and_one_that_cannot_be_read_is_named(warc):
    path, places = warc
    whole = bytearray(path.read_bytes())
    offset, length = places["html"]
    whole[offset + length - 6] ^= 0xFF  # the checksum
    broken, _size = places["other"]
    whole[broken + 200] ^= 0xFF
    path.write_bytes(whole)
    found = _search(path)
    assert (offset, length) in _places(found.redactions)
    assert len(found.redactions) == len(HOLDING)
    assert [problem.offset for problem in found.unsearched] == [broken]
    redact(path, found.redactions)
    assert _is_redacted(path, offset, length)


KILL = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from crawler import redact
from crawler.holding import Texts
wanted, path = Texts([sys.argv[3]]), Path(sys.argv[1])
found = redact.search(path, lambda record, read: wanted.find(read), "2026-03-20T10:00:00Z", "court-order")
whole, left = redact.written, [int(sys.argv[4])]
def written(redaction):
    note = whole(redaction)
    if left[0] == 0:
        with path.open("r+b", buffering=0) as file:
            file.seek(redaction.offset)
            file.write(note[: len(note) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return note
redact.written = written
redact.redact(path, found.redactions)
"""


@pytest.mark.parametrize("after", [0, 1, len(HOLDING) - 1])
def test_a_kill_in_the_middle_harms_no_other_record_and_is_made_good(warc, after):
    path, places = warc
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", KILL, str(path), root, TEXT, str(after)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    for name in INNOCENT:
        assert read_record(path, *places[name], earlier=_refused).url.startswith("https://courier.example/")
    assert resume(path)
    assert not resume(path)
    for name, place in places.items():
        assert _is_redacted(path, *place) == (name in HOLDING), name
    with path.open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file)]
    assert kinds.count("metadata") == len(HOLDING)
    assert list(path.parent.iterdir()) == [path]
    assert _search(path).redactions == []


def _redaction(length, *, is_gzip, url="https://courier.example/2026/03/14/ferry/"):
    ids = "<urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e>", "<urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7>"
    digests = "sha1:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "sha1:BBCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return Redaction(0, length, is_gzip, AT, REASON, ids[0], "WARC/1.1", "response", AT, url, ids[1], *digests)


@given(st.integers(100, 2_000) | st.integers(3_900, 4_300) | st.integers(64_000, 140_000), st.booleans())
def test_a_note_has_any_length_that_is_asked_for(length, is_gzip):
    note = written(_redaction(length, is_gzip=is_gzip))
    if note is None:
        assert length < 230
        return
    assert len(note) == length
    plain = gzip.decompress(note) if is_gzip else note
    record = next(iter(ArchiveIterator(BytesIO(plain))))
    assert record.rec_headers.get_header("Redacted-Reason") == REASON
    record.content_stream().read()
    assert record.raw_stream.limit == 0
    if length > 900:
        assert record.rec_headers.get_header("Redacted-Block-Digest").startswith("sha1:")
        assert b"was redacted on 2026-03-20T10:00:00Z, for the reason court-order" in plain


PROSE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=20, max_size=200)


@given(PROSE.filter(lambda text: len(fold(text)) >= 12 and "<" not in text and "\\" not in text and "&" not in text))
def test_a_text_is_found_in_all_that_pages_make_of_it(text):
    wanted = Texts([text])
    escaped = html.escape(text)
    for made in (
        text,
        f"<p>{escaped}</p>",
        html.escape(escaped),
        json.dumps({"a": f"<p>{escaped}</p>"}),
        json.dumps(json.dumps(text)),
        quote(text),
        "<br>".join(map(html.escape, text)),
    ):
        assert wanted.find(list(readings(made))), made
    assert not wanted.find(list(readings(_page(OTHER))))


def test_short_texts_are_told_by_their_words():
    wanted = Texts(["At nine.", "👍"])
    assert not wanted.find(["At nine."])
    assert wanted.find_short(list(readings("<p>At&nbsp;<i>nine</i>!</p>")))
    assert wanted.find_short(["well 👍 done"])
    assert not wanted.find_short(list(readings("<p>That nineteenth time</p>")))
    assert not Texts(["", "  "])
