"""Records erased from WARC files: matched however they are written, replaced by notes, readable by everybody after."""

import gzip
import html
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator as FastIterator
from sqlalchemy import insert
from warcio.archiveiterator import ArchiveIterator

from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.takedown.text_search import TextSearch, decodings
from archive.takedown.warc_files import remove_leftover, rewrite_warc
from archive.takedown.warc_search import search_warc
from archive.text.fold import fold_letters
from crawler.warc.reader import Redacted, read_record
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
    search = TextSearch(texts or [TEXT])
    return search_warc(path, lambda record, variants: REASON if search.matches(variants) else None, AT)


def _spans(replacements):
    return {(each.offset, each.length) for each in replacements}


def _refused(*_):
    raise AssertionError("no earlier page is asked for")


def _is_redacted(path, offset, length):
    try:
        read_record(path, offset, length, earlier=_refused)
    except Redacted as redacted:
        return REASON in str(redacted)
    return False


def _add_captures(archive, path, places):
    """Have the archive name the records of a file, each by its name as its address."""
    run = archive.begin_run("replay", {})
    rows = [
        {
            "run_id": run.id, "url": name, "warc_file": path.name, "warc_offset": offset, "warc_length": length,
            "sha256": "0" * 64, "fetched_at": AT, "http_status": 200,
        }
        for name, (offset, length) in places.items()
    ]  # fmt: skip
    with archive.transaction() as connection:
        connection.execute(insert(TABLES["captures"]), rows)


def _rewrite(archive, search):
    """The new file, and where its captures now say that its records are."""
    rewrite_warc(archive, search, [search.path.name], AT)
    rows = archive.read("select url, warc_file, warc_offset, warc_length from captures")
    (name,) = {row[1] for row in rows} or {_names(search.path.parent)[0]}
    return search.path.parent / name, {row[0]: (row[2], row[3]) for row in rows}


def _names(folder):
    return sorted(path.name for path in folder.iterdir() if ".warc" in path.name)


@pytest.fixture
def warc(archive, tmp_path):
    path = tmp_path / "crawl.warc.gz"
    places = _write(path, HOLDING | INNOCENT)
    _add_captures(archive, path, places)
    return path, places


def test_what_holds_the_text_is_found_and_nothing_else(warc):
    path, places = warc
    found = _search(path)
    assert found.left == found.unsearched == []
    named = {place: name for name, place in places.items()}
    assert {named.get(span) for span in _spans(found.replacements)} == set(HOLDING)


@pytest.mark.parametrize("name", ["crawl.warc.gz", "plain.warc"])
def test_all_else_is_copied_byte_by_byte_and_captures_follow(archive, tmp_path, name):
    path = tmp_path / "crawl.warc.gz"
    places = _write(path, HOLDING | INNOCENT)
    if name == "plain.warc":
        path, places = _unpacked(path, places)
    _add_captures(archive, path, places)
    before = path.read_bytes()
    found = _search(path)
    expected = before
    for each in sorted(found.replacements, key=lambda each: -each.offset):
        expected = expected[: each.offset] + each.record + expected[each.offset + each.length :]
    new, moved = _rewrite(archive, found)
    after = new.read_bytes()
    assert after == expected
    assert _names(tmp_path) == [new.name] != [path.name]
    for name, (offset, length) in moved.items():
        assert _is_redacted(new, offset, length) == (name in HOLDING), name
        if name in INNOCENT:
            old, old_length = places[name]
            assert after[offset : offset + length] == before[old : old + old_length]
    plain = gzip.decompress(after) if new.suffix == ".gz" else after
    assert fold_letters("kiosk open at nine") not in "".join(map(fold_letters, decodings(plain.decode("latin-1"))))
    marked = {row[0] for row in archive.read("select url from captures where redacted_at = ?", (AT,))}
    assert marked == set(HOLDING)
    again = _search(new)
    assert again.replacements == []
    assert set(again.redacted) == {moved[name][0] for name in HOLDING}


def test_captures_on_a_server_follow(server_address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Archive(server_address) as archive:
        path = tmp_path / "crawl.warc.gz"
        _add_captures(archive, path, _write(path, {name: HOLDING[name] for name in ("html", "json")} | INNOCENT))
        new, moved = _rewrite(archive, _search(path))
        assert _names(tmp_path) == [new.name] != [path.name]
        assert {name for name, span in moved.items() if _is_redacted(new, *span)} == {"html", "json"}
        assert archive.read("show synchronous_commit") == [("off",)]
        assert archive.read("select * from settings") == []


def _unpacked(packed, places):
    """The same file without compression; warcio's lengths of its records leave out the blank lines between them."""
    path = packed.with_name("plain.warc")
    raw, offsets = packed.read_bytes(), {}
    for name, (offset, length) in places.items():
        start = len(gzip.decompress(raw[:offset]))
        offsets[name] = start, len(gzip.decompress(raw[offset : offset + length])) - 4
    path.write_bytes(gzip.decompress(raw))
    packed.unlink()
    return path, offsets


def test_every_reader_reads_what_is_left(archive, warc):
    path, _ = warc
    with path.open("rb") as file:
        records = [(record.rec_type, dict(record.rec_headers.headers)) for record in ArchiveIterator(file)]
    new, moved = _rewrite(archive, _search(path))
    erased = 1 + 2 * len(HOLDING)
    expected = ["metadata" if kind == "response" else kind for kind, _ in records[:erased]]
    expected += [kind for kind, _ in records[erased:]]
    with new.open("rb") as file:
        assert [record.rec_type for record in ArchiveIterator(file)] == expected
    read = [
        (record.headers["WARC-Type"], record.stream_pos, record.verify_block_digest())
        for record in FastIterator(str(new))
    ]
    assert [kind for kind, *_ in read] == expected
    assert all(whole for kind, _, whole in read if kind == "metadata")
    assert {moved[name][0] for name in HOLDING} == {position for kind, position, _ in read if kind == "metadata"}
    for command in (["gzip", "-t", new], ["zcat", new], [sys.executable, "-m", "warcio.cli", "check", new]):
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    with new.open("rb") as file:
        notes = [record for record in ArchiveIterator(file) if record.rec_type == "metadata"]
    originals = [headers for kind, headers in records[:erased] if kind == "response"]
    for note, original in zip(notes, originals, strict=True):
        stated = note.rec_headers.get_header
        assert stated("WARC-Refers-To") == original["WARC-Record-ID"] != stated("WARC-Record-ID")
        assert stated("WARC-Target-URI") == original["WARC-Target-URI"]
        assert stated("WARC-Date") == original["WARC-Date"] == "2026-03-14T05:40:00Z"
        assert stated("WARC-Payload-Digest") is None
        assert stated("Redacted-Payload-Digest") == original["WARC-Payload-Digest"]
        assert stated("Redacted-Block-Digest").startswith("sha1:")
        assert stated("Redacted-Reason") == REASON


def test_a_note_says_what_became_of_the_record(archive, warc):
    new, moved = _rewrite(archive, _search(warc[0]))
    offset, length = moved["html"]
    plain = gzip.decompress(new.read_bytes()[offset : offset + length]).decode()
    assert "was redacted on 2026-03-20T10:00:00Z, for the reason court-order" in plain


def test_an_address_that_holds_the_text_goes_too(archive, tmp_path):
    path = tmp_path / "crawl.warc.gz"
    warc = WarcFile(path, {})
    slug = "the-kiosk-on-the-quay-opens-at-nine"
    warc.write(Exchange(f"https://courier.example/{slug}/", "GET", [], b"", 200, "OK", [], b"Gone.", AT))
    warc.close()
    found = _search(path, "The kiosk on the quay opens at nine")
    assert len(found.replacements) == 2  # the answer and the request
    new, _ = _rewrite(archive, found)
    plain = gzip.decompress(new.read_bytes())
    assert slug.encode() not in plain
    assert plain.count(b"WARC-Type: metadata") == 2


def test_what_cannot_be_replaced_is_named(archive, tmp_path):
    packed = tmp_path / "packed.warc.gz"
    _write(packed, {"html": HOLDING["html"]} | INNOCENT)
    whole = tmp_path / "stream.warc.gz"
    whole.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes())))
    before = whole.read_bytes()
    found = _search(whole)
    assert found.replacements == []
    assert str(whole) in (found.left + found.unsearched)[0].location
    rewrite_warc(archive, found, [], AT)
    assert whole.read_bytes() == before
    arc = tmp_path / "old.arc"
    first = (
        b"filedesc://old.arc 0.0.0.0 20010101000000 text/plain 77\n1 0 Quay\nURL IP-address Archive-date Content-type"
    )
    body = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + HOLDING["html"][0]
    head = f"https://courier.example/ 127.0.0.1 20010101000000 text/html {len(body)}\n".encode()
    arc.write_bytes(first + b" Archive-length\n\n" + head + body + b"\n")
    found = _search(arc)
    assert found.replacements == []
    assert "ARC" in found.left[0].reason


def test_a_record_smaller_than_its_note(archive, tmp_path):
    small = tmp_path / "small.warc"
    record = b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 28\r\n\r\nDoes the kiosk open at nine?\r\n\r\n"
    small.write_bytes(record + record.replace(b"Does the kiosk open at nine?", b"The ferry leaves at ten, too"))
    new, _ = _rewrite(archive, _search(small, "Does the kiosk open at nine?"))
    with new.open("rb") as file:
        assert [record.rec_type for record in ArchiveIterator(file)] == ["metadata", "resource"]
    assert b"kiosk" not in new.read_bytes()
    assert b"The ferry leaves at ten, too" in new.read_bytes()


def test_the_last_record_of_a_crawl_that_was_killed(archive, warc):
    path, places = warc
    offset, length = places["br"]
    whole = path.read_bytes()
    path.write_bytes(whole[: offset + length - 30])
    found = _search(path)
    assert (offset, length - 30) in _spans(found.replacements)
    assert found.unsearched == found.left == []
    new, _ = _rewrite(archive, found)
    assert gzip.decompress(new.read_bytes()).count(b"WARC-Type: metadata") == len(found.replacements)
    offset, length = places["other"]
    path.write_bytes(whole[: offset + length - 30])
    assert _search(path).unsearched == []


def test_a_broken_record_that_holds_it_goes_and_one_that_cannot_be_read_is_named(archive, warc):
    path, places = warc
    whole = bytearray(path.read_bytes())
    offset, length = places["html"]
    whole[offset + length - 6] ^= 0xFF  # the checksum
    broken, _size = places["other"]
    whole[broken + 200] ^= 0xFF
    path.write_bytes(whole)
    found = _search(path)
    assert (offset, length) in _spans(found.replacements)
    assert len(found.replacements) == len(HOLDING)
    assert [problem.offset for problem in found.unsearched] == [broken]
    new, moved = _rewrite(archive, found)
    assert _is_redacted(new, *moved["html"])


def test_damaged_bytes_that_look_like_a_record_of_an_arc_file(tmp_path):
    record = b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 28\r\n\r\nDoes the kiosk open at nine?\r\n\r\n"
    path = tmp_path / "small.warc"
    path.write_bytes(record.replace(b"kiosk", b"tower") + record.replace(b"WARC/1.0", b"a b c d 9") + record)
    found = _search(path, "Does the kiosk open at nine?")
    assert _spans(found.replacements) == {(2 * len(record) + 1, len(record) - 4)}
    assert [problem.offset for problem in found.left] == [len(record)]


def test_names_of_files_written_anew(archive, warc):
    path, _ = warc
    path.with_name("crawl.redacted-1.warc.gz").write_bytes(b"somebody's")
    first, _ = _rewrite(archive, _search(path))
    assert first.name == "crawl.redacted-2.warc.gz"
    second, _ = _rewrite(archive, _search(first, OTHER))
    assert second.name == "crawl.redacted-3.warc.gz"
    assert _names(path.parent) == ["crawl.redacted-1.warc.gz", "crawl.redacted-3.warc.gz"]


def test_a_link_to_a_file_elsewhere(archive, tmp_path):
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    places = _write(elsewhere / "crawl.warc.gz", HOLDING | INNOCENT)
    link = tmp_path / "crawl.warc.gz"
    link.symlink_to(elsewhere / "crawl.warc.gz")
    _add_captures(archive, link, places)
    new, moved = _rewrite(archive, _search(link))
    assert _names(tmp_path) == []
    assert new == elsewhere / "crawl.redacted-1.warc.gz"
    assert _is_redacted(new, *moved["html"])


def test_a_full_disk_leaves_all_as_it_was(archive, warc, monkeypatch):
    path, places = warc
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("archive.takedown.warc_files.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        rewrite_warc(archive, _search(path), [path.name], AT)
    assert _names(path.parent) == [path.name]
    assert path.read_bytes() == before
    rows = archive.read("select url, warc_offset, warc_length, redacted_at from captures")
    assert {row[0]: row[1:] for row in rows} == {name: (*place, None) for name, place in places.items()}
    assert archive.read("select * from settings") == []


def test_the_only_copy_is_never_deleted(archive, warc):
    """As in an archive that comes from a backup made while a file was written anew."""
    path, _ = warc
    with archive.transaction() as connection:
        values = ("erase_leftover", json.dumps([path.name, "gone.warc.gz"]))
        connection.exec_driver_sql("insert into settings (name, value) values (?, ?)", values)
    remove_leftover(archive)
    assert path.exists()
    assert archive.read("select * from settings") == []
