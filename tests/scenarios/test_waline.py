"""Whole crawls of a real Waline server: what its database holds and it shows to readers is what the archive holds."""

from collections.abc import Iterator

import pytest

from tests.conftest import missing
from tests.crawling import Desk
from tests.news_server import Answer, NewsSite, serving
from tests.postgres_server import Cluster
from tests.servers import Missing
from tests.servers.waline import Waline, waline

PATH = "/2026/ferry/"
PLAIN = {  # what readers see of what was written
    "The kiosk opens at nine.": "The kiosk opens at nine.",
    "Not on *Sundays* 🙂, I'm afraid.": "Not on Sundays 🙂, I’m afraid.",
    "العبّارة متأخرة اليوم": "العبّارة متأخرة اليوم",
    "First paragraph.\n\nSecond, 3 < 5 & **all** that.": "First paragraph.\n\nSecond, 3 < 5 & all that.",
}
TRUTH = """select id, pid, comment, coalesce(display_name, nick), coalesce("like", 0), insertedat, coalesce(sticky, false)
from (select comment.*, display_name from wl_comment comment left join wl_users on wl_users.id = comment.user_id) as own
where url = %s and status = 'approved' and (rid is null or rid in (select id from wl_comment where status = 'approved'))
order by 1"""
ARCHIVED = """select cast(comments.native_id as integer), cast(parent_native_id as integer), comments.body, commenters.name,
likes, posted_at, exists (select 1 from flags where comment_id = comments.id and code = 'platform.featured' and status <> 'withdrawn')
from comments left join commenters on commenters.id = commenter_id where state <> 'missing' order by 1"""
EVENTS = """select kind, cast(native_id as integer), count(*) from events join comments on comments.id = comment_id
where kind <> 'votes' group by 1, 2 order by 1, 2"""
THREAD = """select platform, completeness, stated_kind, stated_count,
(select count(*) from comments where thread_id = threads.id and state = 'visible') from threads"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Waline]:
    try:
        with waline(tmp_path_factory.mktemp("waline"), cluster) as started:
            yield started
    except Missing as reason:
        missing(str(reason))


@pytest.fixture
def site(server: Waline) -> Iterator[NewsSite]:
    with serving() as news:
        news.hook("/2026/", lambda asked: Answer(server.page(asked.path)))
        yield news


def agree(desk: Desk, server: Waline) -> None:
    shown = [
        (own, parent, PLAIN.get(text, text), name, likes, f"{at:%Y-%m-%dT%H:%M:%SZ}", int(is_pinned))
        for own, parent, text, name, likes, at, is_pinned in server.rows(TRUTH, PATH)
    ]
    assert desk.query(ARCHIVED) == shown


def test_a_long_thread_is_archived_whole_and_a_second_visit_tells_what_was_done(desk, site, server):
    texts = list(PLAIN)
    roots = [server.post(PATH, f"At {number}.", "Anna") for number in range(101)]  # a page has 100
    plain = [server.post(PATH, text, "Finn", parent=roots[1]) for text in texts]
    below = server.post(PATH, "So it is.", "Ruth", parent=plain[0], root=roots[1])
    by_editor = server.post_as_editor(PATH, "Corrected.")
    deleted = [roots[2], server.post(PATH, "Thank you.", "Omar", parent=roots[2])]
    held = [roots[3], server.post(PATH, "Late again.", "Omar", parent=roots[3])]
    server.like(roots[0])
    server.change(roots[50], sticky=True)
    server.post("/2026/other/", "Elsewhere.")

    def crawl() -> None:
        desk.crawl(site.url + PATH, hosts=[site.address, server.address])
        agree(desk, server)

    crawl()
    assert desk.query(THREAD) == [("waline", "full", "all", 109, 109)]
    assert desk.query("select name, is_guest from commenters where is_staff") == [("Desk", 0)]
    server.change(plain[0], comment="The kiosk opens at ten.")
    server.delete(deleted[0])
    server.change(held[0], status="waiting")  # the reply below it is counted from now on, and not shown
    late = server.post(PATH, "Late to the party.", "Zoë", parent=by_editor)
    crawl()
    assert desk.query(THREAD) == [("waline", "full", "approximate", 107, 106)]
    server.change(held[0], status="approved")
    crawl()
    crawl()
    assert desk.query(THREAD) == [("waline", "full", "all", 108, 108)]
    assert desk.query(EVENTS) == sorted(
        [("added", late, 1), ("edited", plain[0], 1)]
        + [("removed", number, 1) for number in (*deleted, *held)]
        + [("restored", number, 1) for number in held]
    )
    assert desk.query("select parent_native_id from comments where native_id = ?", str(below)) == [(str(plain[0]),)]
    assert "0 differences" in desk.btl("verify").stdout
    replayed = desk.replay()
    agree(replayed, server)
    assert replayed.query(EVENTS) == desk.query(EVENTS)
