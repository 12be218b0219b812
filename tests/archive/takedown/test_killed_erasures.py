"""An erasure that is killed, at whatever step, is simply run again."""

import json
import subprocess
import sys

from archive.store.archive import Archive
from crawler.replay import replay_captures
from crawler.warc.writer import Exchange, WarcFile
from tests.conftest import ROOT
from tests.news_server import NewsSite

TEXT = "The cashier of the kiosk is called Ottilie and sleeps until noon, says her neighbour from the pier."
OTHER = "The ferry was ten minutes late again, as it is on every Monday."
LATER = "And on Tuesday too, I must say."


def _visit(archive, site, day):
    """Captures the site's article as a crawl does, without a server."""
    name = archive.path.parent / "archive-warc" / f"crawl-{day}.warc.gz"
    warc = WarcFile(name, {})
    post = site.posts[1]
    headers = [(b"Content-Type", b"text/html; charset=utf-8")]
    body, at = site._article(post, "").body, f"2026-03-{day}T05:40:00Z"
    warc.write(Exchange(f"https://courier.example{post.path}", "GET", [], b"", 200, "OK", headers, body, at))
    warc.close()
    assert replay_captures(archive, [name], None, lambda _: None).errors == []


def test_a_kill_at_every_step(path):
    desk = path.parent / "desk"
    desk.mkdir()
    site = NewsSite("courier.example")
    site.rest = False
    site.post(comments=[(1, 0, "Finn", TEXT), (2, 0, "Ruth", OTHER)])
    with Archive(desk / "archive.db") as archive:
        _visit(archive, site, 14)
        site.posts[1].comments.append((3, 0, "Ada", LATER))
        _visit(archive, site, 15)
        [(number,)] = archive.read("select id from comments where native_id = '1'")
        assert archive.read("select count(*) from captures where warc_file like 'archive-warc/%'") == [(2,)]
    command = [sys.executable, "-m", "tests.archive.takedown.killed_erasures", str(desk), str(number), TEXT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["wrong"] == [], done.stderr
    for step in ("fsync", "copyfileobj", "commit", "vacuum", "pragma wal_checkpoint"):
        assert any(name.startswith(step) for name in result["steps"]), result["steps"]
    assert result["steps"].count("unlink") == 2  # the old files, one after the other
