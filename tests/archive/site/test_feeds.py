"""Feeds and the sitemap, read as their readers read them."""

import re
import sqlite3

import feedparser
import pytest
from lxml import etree

from archive.site import feeds
from archive.site.app import application
from tests import archive_fixture, readers
from tests.archive_fixture import FERRY, get, page

ATOM = "{http://www.w3.org/2005/Atom}"
PLACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def xml(site, address, kind="application/atom+xml; charset=utf-8"):
    answer = get(site, address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == kind
    return etree.fromstring(answer.content, etree.XMLParser(resolve_entities=False, no_network=True))


def valid(root):
    """What RFC 4287 asks of a feed."""
    assert root.tag == f"{ATOM}feed"
    for node in (root, *root.findall(f"{ATOM}entry")):
        for tag in ("id", "title", "updated"):
            assert len(node.findall(f"{ATOM}{tag}")) == 1, tag
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", node.findtext(f"{ATOM}updated"))
        assert re.match(r"https?://|tag:", node.findtext(f"{ATOM}id"))
        alternates = [link for link in node.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternates) == 1
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert len([link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]) == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    return root


@pytest.mark.parametrize("name", ["threads", "removals"])
def test_feeds_are_valid(site, name):
    root = valid(xml(site, f"/feeds/{name}.atom"))
    assert root.find(f"{ATOM}link[@rel='self']").get("href") == f"http://localhost/feeds/{name}.atom"
    assert root.find(f"{ATOM}entry") is not None


def test_the_feed_of_threads(site):
    found = feedparser.parse(get(site, "/feeds/threads.atom").content)
    assert not found.bozo
    assert [entry.link for entry in found.entries] == [f"http://localhost/thread/{n}" for n in (5, 4, 3, 2, 1)]
    ferry = found.entries[-1]
    assert ferry.title.startswith("Ferry timetable to change")
    assert ferry.summary == "Harbour Courier · 10 comments · 10 flags"
    assert ferry.updated == "2026-03-16T06:00:00Z"
    assert found.entries[2].title == "Untitled article"


def test_the_feed_of_removals_says_that_and_not_what(site):
    text = page(site, "/feeds/removals.atom")
    found = feedparser.parse(text)
    assert not found.bozo
    assert {entry.link for entry in found.entries} == {"http://localhost/comment/5", "http://localhost/comment/31"}
    assert "between 15 and 16 March 2026; confidence" in found.entries[0].summary
    for hidden in ("fuel barge", "My number", "Mrs. P.", archive_fixture.NUMBER):
        assert hidden not in text


def test_pages_name_the_feeds(site):
    for address in ("/", f"/thread/{FERRY}", "/about", "/archive/comments"):
        html = page(site, address)
        for name in ("threads", "removals"):
            assert re.search(rf'<link rel="alternate" type="application/atom\+xml"[^>]*/feeds/{name}\.atom', html)


def test_hostile_titles_make_no_broken_feed(tmp_path):
    site = application(readers.poison(archive_fixture.fill(tmp_path / "archive.db")))
    for name in ("threads", "removals"):
        root = valid(xml(site, f"/feeds/{name}.atom"))
        assert not root.xpath("//*[local-name() = 'script']")
        assert not feedparser.parse(get(site, f"/feeds/{name}.atom").content).bozo
    titles = xml(site, "/feeds/threads.atom").findall(f"{ATOM}entry/{ATOM}title")
    assert all("<script>alert(1)</script>" in title.text for title in titles)
    xml(site, "/sitemap-1.xml", "application/xml; charset=utf-8")


def test_an_empty_archive_has_an_empty_feed(tmp_path):
    archive_fixture.empty(tmp_path / "empty.db").close()
    site = application(tmp_path / "empty.db")
    assert valid(xml(site, "/feeds/threads.atom")).find(f"{ATOM}entry") is None
    assert xml(site, "/sitemap.xml", "application/xml; charset=utf-8") is not None


def test_feeds_of_a_release_are_at_its_address(tmp_path):
    site = application(readers.published(archive_fixture.fill(tmp_path / "copy.db")), immutable=True)
    root = valid(xml(site, "/feeds/threads.atom"))
    assert root.findtext(f"{ATOM}id") == "https://below.example/feeds/threads.atom"
    assert root.findtext(f"{ATOM}title") == "Harbour threads: newest threads"
    assert root.findtext(f"{ATOM}updated") == "2026-04-01T10:00:00Z"


def test_withheld_threads_have_no_title_in_feeds(tmp_path):
    site = application(readers.withheld(tmp_path / "archive.db"))
    text = page(site, "/feeds/threads.atom") + page(site, "/feeds/removals.atom")
    assert "Ferry timetable" not in text
    assert "How deep" not in text
    assert text.count("Withheld by this archive") == 3


def places(root):
    return [node.text for node in root.iter(f"{PLACE}loc")]


def test_the_sitemap_leads_to_every_thread(site, monkeypatch):
    monkeypatch.setattr(feeds, "PART", 2)
    index = xml(site, "/sitemap.xml", "application/xml; charset=utf-8")
    assert index.tag == f"{PLACE}sitemapindex"
    parts = places(index)
    assert parts == [f"http://localhost/sitemap-{number}.xml" for number in (1, 2, 3)]
    found = []
    for part in parts:
        root = xml(site, part.removeprefix("http://localhost"), "application/xml; charset=utf-8")
        assert root.tag == f"{PLACE}urlset"
        found += places(root)
    assert [one for one in found if "/thread/" in one] == [f"http://localhost/thread/{n}" for n in range(1, 6)]
    assert "http://localhost/about" in found
    for one in found:
        assert get(site, one.removeprefix("http://localhost")).status_code == 200
    assert root.findtext(f"{PLACE}url/{PLACE}lastmod") == "2026-03-16T06:00:00Z"
    for address in ("/sitemap-0.xml", "/sitemap-4.xml", "/sitemap-99999999999999999999.xml", "/sitemap-x.xml"):
        assert get(site, address).status_code == 404


def test_a_copy_that_wants_no_robots_has_no_sitemap(tmp_path):
    site = application(readers.published(archive_fixture.fill(tmp_path / "a.db"), robots="none"), immutable=True)
    assert get(site, "/sitemap.xml").status_code == 404
    assert get(site, "/sitemap-1.xml").status_code == 404


def test_withheld_threads_are_in_no_sitemap(tmp_path):
    site = application(readers.withheld(tmp_path / "archive.db"))
    found = places(xml(site, "/sitemap-1.xml", "application/xml; charset=utf-8"))
    assert "http://localhost/thread/1" not in found
    assert "http://localhost/thread/5" in found


def test_the_sitemap_walks_the_ids(path):
    from archive.site import queries

    db = sqlite3.connect(path)
    plan = " ".join(row[3] for row in db.execute(f"explain query plan {queries.SITEMAP}", {"after": 0, "last": 9}))
    assert "SEARCH threads USING INTEGER PRIMARY KEY" in plan
    assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "")
    db.close()


def test_a_copy_that_does_not_say_where_it_is_has_names_for_ids(path):
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    root = valid(etree.fromstring(feeds.threads(db, "")))
    assert root.findtext(f"{ATOM}entry/{ATOM}id") == "tag:below-the-line,2026:/thread/5"
    assert feeds.sitemap(db, "") is None
    db.close()
