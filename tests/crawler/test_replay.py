"""Captured bytes read again: own WARC files, saved pages, folders, WACZ; and the proof that rows come from them."""

import gzip
import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from archive.store.archive import Archive
from archive.workers.executors import Workers
from crawler.replay import replay_captures
from crawler.warc.capture_index import CaptureIndex
from crawler.warc.writer import Exchange, WarcFile
from tests.captured_cases import write_cases

PAGES = Path(__file__).parents[1] / "pages"
SAVED = PAGES / "wordpress" / "html5" / "00.html"
URL = "https://courier.example/2026/ferry/"
TREE = [(1, 0, "Anna", "Does the kiosk open?"), (2, 1, "Finn", "At nine."), (3, 0, "Ruth", "Late again.")]
EVERY_TEXT = "select id, thread_id, parent_id, body, native_id, state, posted_at, revision from comments order by id"
EVERY_FLAG = "select comment_id, thread_id, article_id, code, rule, evidence from flags order by id"
TABLES = "select native_id, parent_native_id, body, state, posted_at from comments order by native_id"


@pytest.fixture
def site():
    from tests.news_server import serving

    with serving() as site:
        yield site


def test_a_saved_page_is_read_once_and_proven(desk):
    shutil.copy(SAVED, desk.folder / "ferry.html")
    first = desk.btl("replay", "ferry.html", "--url", URL)
    assert "4" in first.stdout + first.stderr
    assert desk.query("select count(*) from comments") == [(4,)]
    assert desk.query("select articles.url, platform from threads join articles on articles.id = article_id") == [
        (URL, "wordpress")
    ]
    rows = desk.query(TABLES)
    desk.btl("replay", "ferry.html", "--url", URL)
    assert desk.query(TABLES) == rows
    assert desk.query("select count(*) from events") == [(0,)]
    assert "0 differences" in desk.btl("verify").stdout
    spoilt = SAVED.read_bytes().replace(b"It does.", b"It does!")
    (desk.folder / "ferry.html").write_bytes(spoilt)
    assert "another SHA-256" in desk.btl("verify", status=1).stdout


def test_a_crawl_read_again_from_its_own_file(desk, site, tmp_path):
    site.rest, site.per_page = False, 2
    site.post(comments=TREE)
    desk.visit(site)
    rows = desk.query(TABLES)
    assert len(rows) == 3
    desk.btl("replay", *desk.warcs())
    assert desk.query(TABLES) == rows
    assert desk.query("select count(*) from events") == [(0,)]
    desk.btl("replay", *desk.warcs(), "--db", "other.db")
    other = sqlite3.connect(desk.folder / "other.db")
    assert other.execute(TABLES).fetchall() == rows
    assert other.execute("select completeness from threads").fetchall() == [("full",)]
    other.close()
    assert "0 differences" in desk.btl("verify", "--db", "other.db").stdout


def test_other_peoples_files(desk, site):
    site.post(comments=TREE)
    desk.visit(site)
    rows = desk.query(TABLES)
    (own,) = desk.warcs()
    folder = desk.folder / "given"
    folder.mkdir()
    (folder / "plain.warc").write_bytes(gzip.decompress(own.read_bytes()))
    with zipfile.ZipFile(folder / "pages.wacz", "w", zipfile.ZIP_STORED) as wacz:
        wacz.write(own, "archive/data.warc.gz")
    for number, name in enumerate(("plain.warc", "pages.wacz")):
        database = f"other{number}.db"
        desk.btl("replay", f"given/{name}", "--db", database)
        other = sqlite3.connect(desk.folder / database)
        assert other.execute(TABLES).fetchall() == rows, name
        other.close()
        assert "0 differences" in desk.btl("verify", "--db", database).stdout


def test_what_is_no_page_is_named_and_the_rest_is_read(desk):
    folder = desk.folder / "mixed"
    folder.mkdir()
    shutil.copy(SAVED, folder / "ferry.html")
    (folder / "broken.warc.gz").write_bytes(b"\x1f\x8b\x08\x00not gzip at all")
    (folder / "broken.wacz").write_bytes(b"PK\x03\x04 no zip")
    done = desk.btl("replay", "mixed", status=1)
    assert "broken.warc.gz" in done.stdout + done.stderr
    assert "broken.wacz" in done.stdout + done.stderr
    assert desk.query("select count(*) from comments") == [(4,)]


def test_a_changed_row_differs_from_its_bytes(desk, site):
    """One crawl for all: each begins with the file as it was."""
    site.post(comments=TREE)
    desk.visit(site)
    assert "0 differences" in desk.btl("verify").stdout
    whole = desk.path.read_bytes()
    for spoil, said in (
        ("update comments set body = 'Something else.' where native_id = '2'", "comment 2"),
        ("update comments set body_sha256 = 'x' where native_id = '2'", "comment 2"),
        ("delete from comments where native_id = '3'", "not stored"),
        ("update comments set parent_id = null where native_id = '2'", "comment 2"),
        ("update commenters set name = 'Somebody' where name = 'Finn'", "comment 2"),
        ("update captures set sha256 = replace(sha256, substr(sha256, 1, 1), 'x')", "another SHA-256"),
    ):
        desk.path.write_bytes(whole)
        desk.change(spoil)
        assert said in desk.btl("verify", status=1).stdout, spoil


def test_visits_that_found_a_page_as_it_was_are_named_where_it_is_not_there(desk):
    def exchange(path: str, status: int = 304, media_type: str = "") -> Exchange:
        headers = [(b"Content-Type", media_type.encode())] if media_type else []
        url = f"https://courier.example{path}"
        return Exchange(url, "GET", [], b"", status, "-", headers, b"", f"2026-03-14T0{status % 9}:00:00Z")

    file = WarcFile(desk.folder / "a.warc.gz", {})
    for path in (
        "/2026/03/ferry-leaves-later",
        "/ferry",
        "/",
        "/feed/",
        "/sitemap.xml",
        "/politics-of-the-old-harbour",
    ):
        file.write(exchange(path))
    file.write(exchange("/wp-json-of-some-other-kind", media_type="application/json"))
    file.write(exchange("/list-of-all-the-news", 200, "application/rss+xml"))
    file.write(exchange("/list-of-all-the-news"))
    file.close()
    counts = json.loads(desk.btl("replay", "a.warc.gz", "--json", status=1).stdout)["counts"]
    assert [failure["reason"].partition(": ")[0] for failure in counts["failures"]] == [
        "https://courier.example/2026/03/ferry-leaves-later",
        "https://courier.example/politics-of-the-old-harbour",
    ]
    assert [page["url"] for page in counts["without_comments"]] == ["https://courier.example/ferry"]
    assert (counts["errors"], counts["skipped"]) == (2, 1)


def test_workers_read_what_one_process_reads(tmp_path, monkeypatch):
    monkeypatch.setattr("crawler.replay.CHUNK_PAGES", 3)
    visits = write_cases(tmp_path / "cases.warc.gz")
    contents = []
    for count in (0, 2):
        with Archive(tmp_path / f"{count}.db") as archive:
            result = replay_captures(archive, [tmp_path / "cases.warc.gz"], None, lambda _: None, (), Workers(count))
            assert result.report.total["threads"] >= visits
            contents.append((result.errors, result.report.total, archive.read(EVERY_TEXT), archive.read(EVERY_FLAG)))
    assert contents[0] == contents[1]
    assert len(contents[0][2]) > 100


def test_a_further_page_that_its_article_fetched_is_no_page_of_its_own(desk, site, monkeypatch):
    """The page is read ahead, before its article was parsed, which is when it turns out to be fetched."""
    monkeypatch.setattr("crawler.replay.CHUNK_PAGES", 1)
    site.rest, site.per_page = False, 2
    site.post(comments=TREE)
    desk.visit(site)
    with Archive(desk.folder / "other.db") as archive:
        result = replay_captures(archive, desk.warcs(), None, lambda _: None, (), Workers(2))
        assert archive.read("select count(*), sum(completeness = 'full') from threads") == [(1, 1)]
    assert result.report.total["threads"] == 1


@pytest.mark.parametrize("pages_a_chunk", [1, 20])
def test_a_damaged_further_page_is_named_once_however_far_ahead_it_is_read(desk, site, monkeypatch, pages_a_chunk):
    monkeypatch.setattr("crawler.replay.CHUNK_PAGES", pages_a_chunk)
    site.rest, site.per_page = False, 2
    site.post(comments=TREE)
    desk.visit(site)
    (warc,) = desk.warcs()
    offset, length = desk.query("select warc_offset, warc_length from captures where url like '%comment-page%'")[0]
    whole = Path(warc).read_bytes()
    spoilt = gzip.compress(gzip.decompress(whole[offset : offset + length]).replace(b"</p>", b"</q>"))
    Path(warc).write_bytes(whole[:offset] + spoilt + whole[offset + length :])
    with Archive(desk.folder / "other.db") as archive:
        result = replay_captures(archive, desk.warcs(), None, lambda _: None, (), Workers(2))
        flags = archive.read("select evidence from flags where code = 'capture.partial_thread'")
    assert result.errors == []
    assert sum("not those of the record's digest" in evidence for (evidence,) in flags) == 1


def test_large_pages_are_not_read_far_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr("crawler.replay.CHUNK_PAGES", 1)
    monkeypatch.setattr("archive.workers.ordered.MOST_BYTES", 1)
    file, reads, leads = WarcFile(tmp_path / "pages.warc.gz", {}), [], []
    for number in range(12):
        head = [(b"content-type", b"text/html")]
        url, body = f"https://courier.example/2026/ferry-{number}/", SAVED.read_bytes()
        file.write(Exchange(url, "GET", [], b"", 200, "OK", head, body, f"2026-01-02T03:04:{number:02}Z"))
    file.close()
    read_record = CaptureIndex._read_record
    monkeypatch.setattr(CaptureIndex, "_read_record", lambda *of: reads.append(of) or read_record(*of))
    with Archive(tmp_path / "archive.db") as archive:
        paths = [tmp_path / "pages.warc.gz"]
        replay_captures(archive, paths, None, lambda _: leads.append(len(reads) - len(leads)), (), Workers(2))
    assert len(leads) == 12
    assert max(leads) <= 3
