"""Dossiers, feeds of a search, and `btl watch`: what is new, and that it is said once."""

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest
from apprise.decorators import notify
from click.testing import CliRunner

from archive.cli import main
from archive.site import security
from archive.site.app import application
from tests.archive.site.desk_archive import fill_desk
from tests.archive.site.test_feeds import ATOM, valid, xml
from tests.archive.site.test_site import parsed, text_of
from tests.archive_fixture import get, page

LIST = "/dossier?list=3+First+%3Cb%3Enote%3C%2Fb%3E%0A%231+second%0Anot+a+number%0A9999"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return fill_desk(tmp_path_factory.mktemp("dossier") / "live.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def test_a_dossier_shows_comments_with_notes_sources_and_citations(site, path):
    html = page(site, LIST)
    text = text_of(html)
    assert [number for number in ("#3", "#1") if f". Comment {number}" in text] == ["#3", "#1"]
    assert "</b> First &lt;b&gt;note&lt;/b&gt;</p>" in html
    assert "<b>note" not in html
    assert "“not a number” does not begin with the number of a comment." in text
    assert "There is no comment #9999." in text
    with closing(sqlite3.connect(path)) as db:
        body, sha256 = db.execute("select body, body_sha256 from comments where id = 3").fetchone()
        address = db.execute("select url from articles where id = 1").fetchone()[0]
    assert body in text
    assert sha256 in text
    assert text.index(f"Source: {address}") < text.index("Archived at")
    assert len(parsed(html).ids) == len(set(parsed(html).ids))
    assert get(site, LIST).headers["content-security-policy"] == security.SCRIPT_POLICY
    rows = list(csv.DictReader(io.StringIO(get(site, LIST.replace("/dossier", "/dossier.csv")).text)))
    assert [(row["place"], row["id"], row["note"]) for row in rows] == [
        ("1", "3", "First <b>note</b>"),
        ("2", "1", "second"),
    ]
    assert rows[0]["body"] == body
    assert "/comment/3" in rows[0]["citation"]


def test_every_comment_can_be_marked(site):
    assert 'href="/dossier?add=1"' in page(site, "/thread/1")
    assert "1. Comment #5" in text_of(page(site, "/dossier?add=5"))
    assert "Nothing is marked yet" in text_of(page(site, "/dossier"))


def test_a_search_and_a_flag_have_feeds(site, path):
    for query, where in (
        ("q=harbour+meets", "body like '%harbour%meets%'"),
        ("flag=content.threat", "codes like '%content.threat%'"),
    ):
        root = valid(xml(site, f"/feeds/search.atom?{query}"))
        with closing(sqlite3.connect(path)) as db:
            ids = [row[0] for row in db.execute(f"select id from comments where {where} order by id desc limit 50")]
        links = [entry.find(f"{ATOM}link").get("href") for entry in root.findall(f"{ATOM}entry")]
        assert [int(link.rpartition("/")[2]) for link in links] == ids
        assert "old rope works" not in get(site, f"/feeds/search.atom?{query}").text, "texts are in no feed"
        assert f'href="/feeds/search.atom?{query}"' in page(site, f"/search?{query}")
    assert get(site, "/feeds/search.atom?q=").status_code == 404


def btl(*arguments, code=0):
    done = CliRunner().invoke(main, ["watch", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_watch_says_what_is_new_once(tmp_path):
    path = fill_desk(tmp_path / "live.db")
    sent, fails = [], []

    @notify(on="desktest")
    def receive(body, title, notify_type, *arguments, **options):
        sent.append((title, body))
        return not fails

    btl("add", "meeting", "harbour meets", "--db", path)
    btl("add", "threats", "/search?flag=content.threat", "--db", path)
    assert "Nothing new." in btl("run", "--db", path)
    with closing(sqlite3.connect(path)) as db, db:
        columns = [row[1] for row in db.execute("pragma table_info(comments)") if row[1] not in ("id", "identity")]
        names = ", ".join(columns)
        db.execute(f"insert into comments (identity, {names}) select 'new', {names} from comments where id = 4")
        new = db.execute("select max(id) from comments").fetchone()[0]
        flag = "insert into flags (code, comment_id, revision, detector_id, rule, created_at) values (?, 2, 0, 1, 'r', 't')"
        db.execute(flag, ("content.threat",))
    fails.append(True)
    assert "could not be sent" in btl("run", "--db", path, "--notify", "desktest://", code=1)
    fails.clear()
    sent.clear()
    said = json.loads(btl("run", "--db", path, "--notify", "desktest://", "--site", "https://desk.example", "--json"))
    assert {one["name"]: one["new"] for one in said["watches"]} == {
        "meeting": [f"https://desk.example/comment/{new}"],
        "threats": ["https://desk.example/comment/2"],
    }
    assert [title for title, _ in sent] == ["meeting: 1 new comment", "threats: 1 new comment"]
    assert "old rope works" not in str(sent)
    assert "Nothing new." in btl("run", "--db", path, "--notify", "desktest://")
    assert "meeting" in btl("list", "--db", path)
    btl("remove", "meeting", "--db", path)
    assert "no watch named meeting" in btl("run", "meeting", "--db", path, code=1)
    assert "is no search" in btl("add", "empty", "/search?page=2", "--db", path, code=1)


def test_watches_are_read_by_nobody_on_the_site(site):
    assert get(site, "/archive/watches").status_code in (403, 404)
    assert get(site, "/archive.json?sql=select+*+from+watches").status_code == 403
