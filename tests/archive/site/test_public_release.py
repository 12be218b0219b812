"""A release as the site serves it: its files, what it says to search engines, and what is no release."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from archive.publish import manifest
from archive.publish.manifest import NotPublic
from archive.publish.policy import Policy
from archive.publish.release import publish
from archive.site.app import public_application
from archive.store.archive import Archive
from tests import public_fixture
from tests.public_fixture import PLANTED, URL, ask


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    return public_fixture.publish(tmp_path_factory.mktemp("public"))


@pytest.fixture(scope="module")
def site(link):
    return public_application(link)


def test_dumps(site, link):
    page = ask(site, "/dumps").text
    assert 'href="/dumps/comments.csv.gz"' in page
    assert "secret" not in page
    assert "unlisted" not in page
    file = link.resolve().parent / "dumps" / "comments.csv.gz"
    whole = ask(site, "/dumps/comments.csv.gz")
    assert whole.body == file.read_bytes()
    assert int(whole.headers["content-length"]) == len(whole.body)
    assert whole.headers["content-disposition"] == 'attachment; filename="comments.csv.gz"'
    assert public_fixture.digest(file) in page
    for name in ("manifest.json", "SHA256SUMS", "codebook.md"):
        assert ask(site, f"/dumps/{name}").body == (link.resolve().parent / name).read_bytes()
    assert ask(site, "/dumps/empty.csv").body == b""


def test_robots(site, tmp_path):
    text = ask(site, "/robots.txt").text
    assert "Disallow: /archive/*?*" in text
    assert "Disallow: /\n" not in text
    assert f"Sitemap: {URL}/sitemap.xml" in text
    closed = public_application(public_fixture.publish(tmp_path, robots="none", url=None, dumps=()))
    assert ask(closed, "/robots.txt").text == "User-agent: *\nDisallow: /\n"
    home = ask(closed, "/")
    assert home.headers["x-robots-tag"] == "noindex, nofollow"
    assert "strict-transport-security" not in home.headers
    assert ask(closed, "/dumps").status == 404 or "comments.csv.gz" not in ask(closed, "/dumps").text
    assert json.loads(ask(closed, "/archive/comments.json?_size=1").text)["next_url"].startswith("/archive/")


def test_a_live_archive_is_no_public_copy(tmp_path):
    path = public_fixture.live(tmp_path / "archive.db")
    with pytest.raises(NotPublic, match="live archive; btl publish"):
        public_application(path)
    link = public_fixture.publish(tmp_path / "public")
    with closing(sqlite3.connect(link.resolve())) as db:
        db.execute("create table withheld (id integer primary key)")
    with pytest.raises(NotPublic, match="live archive"):
        public_application(link)
    (tmp_path / "notes.txt").write_text("no database, but long enough to be looked at" * 9)
    with pytest.raises(NotPublic, match="no archive"):
        public_application(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError):
        public_application(tmp_path / "nothing.db")


def test_a_copy_that_is_written_to_is_not_served(tmp_path):
    link = public_fixture.publish(tmp_path)
    link.resolve().with_name("archive.db-wal").write_bytes(b"x")
    with pytest.raises(NotPublic, match="written to"):
        public_application(link)


def test_counts_of_another_file_are_not_believed(tmp_path):
    link = public_fixture.publish(tmp_path)
    assert manifest.read(link).inspected
    beside = link.resolve().with_name("inspect.json")
    told = json.loads(beside.read_text())
    told["archive"]["tables"]["comments"]["count"] = 77
    beside.write_text(json.dumps(told))
    assert "77 rows" in ask(public_application(link), "/archive/comments").text
    told["archive"]["size"] += 1
    beside.write_text(json.dumps(told))
    assert manifest.read(link).inspected is None
    site = public_application(link)
    assert "77 rows" not in ask(site, "/archive/comments").text
    for broken in ("", "[]", '{"archive": {"tables": 3}}'):
        beside.write_text(broken)
        assert manifest.read(link).inspected is None


def timeless(html):
    """A page of Datasette's without the time that its queries took."""
    return re.sub(r"took [0-9.]+ms", "", html)


def test_a_link_that_changes_changes_nothing_here(tmp_path):
    link = public_fixture.publish(tmp_path / "a")
    site = public_application(link)
    before = timeless(ask(site, "/archive/comments").text)
    link.unlink()
    link.symlink_to(public_fixture.publish(tmp_path / "b", more=50).resolve())
    assert timeless(ask(site, "/archive/comments").text) == before
    assert timeless(ask(public_application(link), "/archive/comments").text) != before


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x.example/\r\nSet-Cookie: a=b", "https://a b/", "//x", "https://u:p@x/"]
)
def test_an_address_that_is_none_does_not_come_to_stand_in_headers(tmp_path, url):
    link = public_fixture.publish(tmp_path, url=url)
    assert manifest.read(link).url == ""


def test_nothing_private_is_in_the_copy(link):
    content = link.resolve().read_bytes()
    assert not [name for name, text in PLANTED.items() if text.encode() in content]


def test_the_chain_is_offered(tmp_path):
    link = public_fixture.publish(tmp_path, extras=False)
    with Archive(next(path for path in tmp_path.glob("*.db") if not path.is_symlink())) as archive:
        publish(archive, link, Policy(title="Two"))
    site = public_application(link)
    assert 'href="/dumps/chain/0001.json"' in ask(site, "/dumps").text
    found = ask(site, "/dumps/chain/0001.json").body
    assert found == (link.resolve().parent / "chain" / "0001.json").read_bytes()
    assert ask(site, "/dumps/chain/0002.json").status == 404
    assert ask(site, "/dumps/chain/../manifest.json").status in (400, 404)
