"""Whole crawls of a real Isso server: what its database holds is what the archive holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.crawling import Desk
from tests.news_server import Answer, NewsSite, serving
from tests.servers import Missing
from tests.servers.isso import Isso, isso

URI = "/2026/ferry/"
TRUTH = """select comments.id, comments.parent, comments.text, comments.author, comments.mode, comments.likes
from comments join threads on threads.id = comments.tid where threads.uri = '/2026/ferry/' and mode <> 2 order by 1"""
ARCHIVED = """select cast(comments.native_id as integer), cast(comments.parent_native_id as integer),
iif(state = 'visible', body, ''), iif(state = 'visible', commenters.name, null), case state when 'removed' then 4 else 1 end, likes
from comments left join commenters on commenters.id = commenter_id where state <> 'missing' order by 1"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Isso]:
    folder = tmp_path / "isso"
    folder.mkdir()
    try:
        with isso(folder) as started:
            yield started
    except Missing as reason:
        missing(str(reason))


@pytest.fixture
def site(server: Isso) -> Iterator[NewsSite]:
    with serving() as news:
        news.hook(URI, lambda _: Answer(server.page(URI, "Ferry timetable for spring")))
        yield news


def crawl(desk: Desk, site: NewsSite, server: Isso, *more: object) -> dict:
    hosts = [site.address, server.address]
    return desk.crawl(site.url + URI, "--concurrency", "8", *more, hosts=hosts)


def agree(desk: Desk, server: Isso) -> None:
    assert desk.query(ARCHIVED) == server.rows(TRUTH)


def test_a_long_thread_is_archived_whole(desk, site, server):
    roots = [server.post(URI, f"The kiosk opens at {hour}.", "Anna" if hour % 3 else None) for hour in range(120)]
    for number in range(130):
        server.post(URI, f"Not on day {number}, I'm afraid 🙂", "Finn", parent=roots[1])
    below = server.post(URI, "العبّارة متأخرة", "Omar", parent=roots[2])
    server.post(URI, "So it is.", "Ruth", parent=below)  # Isso puts it below the root
    server.delete(roots[2])  # has replies: a tombstone stays
    server.delete(roots[3])
    crawl(desk, site, server)
    agree(desk, server)
    assert desk.query("select platform, completeness, stated_count, comment_count from threads") == [
        ("isso", "full", 251, 251)
    ]
    assert desk.query("select count(*) from comments where parent_source = 'api'") == [(251,)]
    assert desk.query("select code from flags where comment_id is not null") == [("platform.removed",)]


def test_a_second_visit_tells_what_was_done(desk, site, server):
    first, second, third, fourth = (server.post(URI, f"Remark {n}.", "Anna") for n in range(4))
    server.post(URI, "I agree.", "Finn", parent=third)
    crawl(desk, site, server)
    server.edit(first, "Remark 0, put better.")
    server.delete(second)
    server.delete(third)
    new = server.post(URI, "Late to the party.", "Ruth", parent=fourth)
    crawl(desk, site, server)
    found = desk.query("""select events.kind, cast(comments.native_id as integer), events.confidence
        from events join comments on comments.id = comment_id order by 1, 2""")
    assert [(kind, number) for kind, number, _ in found] == sorted(
        [("added", new), ("edited", first), ("removed", second), ("removed", third)]
    )
    agree(desk, server)
    assert desk.query("select body from comment_revisions") == [("Remark 0.",)]
    assert desk.query("select body, state from comments where native_id = ?", str(third)) == [("Remark 2.", "removed")]
    crawl(desk, site, server)
    assert desk.query("select count(*) from events") == [(4,)]
    assert desk.btl("verify").returncode == 0


def test_a_server_that_fails_removes_nothing(desk, site, server):
    for number in range(3):
        server.post(URI, f"Remark {number}.", "Anna")
    crawl(desk, site, server)
    other = "127.0.0.1:9"  # nothing listens there
    site.hook(URI, lambda _: Answer(server.page(URI, "Ferry").replace(server.address.encode(), other.encode())))
    desk.crawl(site.url + URI, hosts=[site.address, other])
    assert desk.query("select count(*) from events") == [(0,)]
    assert desk.query("select count(*) from comments where state = 'visible'") == [(3,)]
