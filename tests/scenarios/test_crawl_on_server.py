"""The crawl and what reads its captures, on an archive on PostgreSQL: as on a file."""

import json
import re

import pytest
from click.testing import CliRunner

from archive.cli import main
from archive.takedown.warc_search import read_record_texts
from tests.archive.store.test_writers import CONTENTS
from tests.both_engines import query_of
from tests.news_server import serving
from tests.scenarios.test_crawl import TREE

TEXT = "The ferry\n\nIt leaves at nine from the second quay.\n\n1 Comment\n\nAnna\n14 March 2026\n\nAt nine?\n"
FRONTIER = "select url, host, outlet, kind, failures, last_error, owner, lease_until, comment_count from frontier"
CAPTURES = "select url, http_status, media_type, sha256, payload_digest, redacted_at from captures"


@pytest.fixture
def site():
    with serving() as running:
        yield running


TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def contents(place):
    """Return what an archive holds, but for when it was read."""
    with query_of(place) as query:
        rows = [query(statement) for statement in (*CONTENTS, FRONTIER, CAPTURES)]
    return [sorted(TIME.sub("a time", repr(row)) for row in table) for table in rows]


@pytest.fixture
def btl(desk, server_address, monkeypatch):
    """Run a command that does not crawl on the archive, in this process."""
    monkeypatch.chdir(desk.folder)

    def run(*arguments):
        done = CliRunner().invoke(main, [*map(str, arguments), "--db", server_address])
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def test_a_crawl_into_a_server_gives_what_one_into_a_file_gives(site, desk, server_address, btl):
    """And verify, replay, outlets, withhold, restore and erase work on it, with its captures."""
    post, _ = site.post(comments=TREE), site.post("quay-closed", comments=[(9, 0, "Anna", "The quay is closed.")])
    for targets in ([site.url + "/"], site.urls()):
        desk.crawl(*targets, hosts=[site.address])
        result = desk.crawl(*targets, "--db", server_address, hosts=[site.address])
        post.comments = TREE[:3]
    assert result["counts"]["comments_removed"] == 1
    assert "host=" not in result["db"]
    assert contents(server_address) == contents(desk.path)
    (folder,) = desk.folder.glob("archive_*-warc")
    with query_of(server_address) as query:
        assert query("select kind, outcome from runs") == [("crawl", "done"), ("crawl", "done")]
        assert query("select count(*) from hosts where owner is not null") == [(0,)]
        assert "0 differences" in btl("verify")
        assert "is paused" in btl("outlets", "pause", site.address)
        (outlet,) = json.loads(btl("outlets", "list", "--json"))["outlets"]
        assert (outlet["status"], outlet["pages"]) == ("paused", len(query("select id from frontier")))
        assert ", 0 new" in btl("replay", folder)
        ((number,),) = query("select id from comments where body like 'The quay%'")
        btl("withhold", "comment", number, "--reason", "privacy")
        assert "1 comment withheld" in btl("verify")
        btl("restore", "comment", number)
        assert query("select body from comments where id = ?", number) == [("The quay is closed.",)]
        btl("erase", "comment", number, "--reason", "court-order", "--yes")
        assert query("select count(*) from captures where redacted_at is not null") != [(0,)]
        assert "redacted" in btl("verify")
    texts = [text for file in folder.iterdir() for text in read_texts(file)]
    assert len(texts) > 4
    assert not any("The quay is closed" in text for text in texts)


def read_texts(warc):
    return [text for record in read_record_texts(warc, 0, None, "", is_gzip=True) for text in record.texts]


def test_files_are_where_they_were_wherever_a_command_runs(desk, server_address, btl, monkeypatch):
    (desk.folder / "ferry.txt").write_text(TEXT, "utf-8")
    btl("import", "ferry.txt")
    (desk.folder / "elsewhere").mkdir()
    monkeypatch.chdir(desk.folder / "elsewhere")
    counts = json.loads(btl("verify", "--json"))["counts"]
    assert (counts["captures"], counts["present"], counts["moved"]) == (1, 1, 0)
