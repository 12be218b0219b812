"""Whole crawls of a real Ghost: what its database holds and it shows to readers is what the archive holds.

Collected only where `make ghost` has installed it, since it is large.
"""

from collections.abc import Iterator

import pytest

from tests.conftest import missing
from tests.crawling import Desk
from tests.servers import Missing
from tests.servers.ghost import Ghost, ghost

TEXTS = ["The kiosk opens at nine.", "Not on Sundays 🙂, I'm afraid.", "العبّارة متأخرة اليوم", "3 < 5 & all that."]
VALUES = """own.id, coalesce(own.in_reply_to_id, own.parent_id), if(own.status = 'published', own.html, ''),
if(own.status = 'published', members.name, null), own.status,
(select count(*) from comment_likes where comment_id = own.id), own.edited_at is not null and own.status = 'published'"""
SHOWN = """from comments own join members on members.id = member_id where own.status = 'published'
or exists (select 1 from comments replies where replies.parent_id = own.id and replies.status = 'published')
order by own.id"""
ARCHIVED = """select comments.native_id, parent_native_id, iif(state = 'visible', comments.body, ''),
iif(state = 'visible', commenters.name, null),
case state when 'visible' then 'published' when 'removed' then 'deleted' else 'hidden' end, likes,
exists (select 1 from flags where comment_id = comments.id and code = 'platform.edited' and status <> 'withdrawn')
from comments left join commenters on commenters.id = commenter_id where state <> 'missing' order by 1"""
EVENTS = """select kind, native_id, count(*) from events join comments on comments.id = comment_id
where kind <> 'votes' group by 1, 2 order by 1, 2"""
THREAD = "select platform, completeness, stated_kind, stated_count from threads"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ghost]:
    try:
        with ghost(tmp_path_factory.mktemp("ghost")) as started:
            yield started
    except Missing as reason:
        missing(str(reason))


def html(text: str) -> str:
    return f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>"


def agree(desk: Desk, site: Ghost) -> None:
    plain = {html(text): text for text in (*TEXTS, "Better.", "Late.", "")} | {"": ""}
    rows = site.rows(VALUES, SHOWN)
    shown = [(own, above, plain[text], *rest) for own, above, text, *rest in rows]
    assert [(*row[:-1], bool(row[-1])) for row in desk.query(ARCHIVED)] == [(*row[:-1], bool(row[-1])) for row in shown]


def test_a_thread_is_archived_whole_and_a_second_visit_tells_what_was_done(desk, site):
    for name in ("Anna", "Finn"):
        site.join(name)
    post = site.post("ferry")
    roots = [site.comment(post, "Anna", html(TEXTS[n % 4])) for n in range(6)]
    replies = [site.comment(post, "Finn", html(TEXTS[n % 4]), parent_id=roots[0]) for n in range(5)]
    deeper = site.comment(post, "Anna", html(TEXTS[0]), parent_id=roots[0], in_reply_to_id=replies[0])
    below = site.comment(post, "Finn", html(TEXTS[1]), parent_id=roots[5])
    site.like("Finn", roots[1])

    def crawl() -> None:
        desk.crawl(f"{site.url}/ferry/", hosts=[site.address])
        agree(desk, site)

    crawl()
    assert desk.query(THREAD) == [("ghost", "full", "roots", 6)]
    assert desk.query("select parent_native_id from comments where native_id = ?", deeper) == [(replies[0],)]
    site.change("Anna", roots[1], html=html("Better."))
    site.change("Anna", roots[2], status="deleted")
    site.change("Anna", roots[0], status="deleted")  # has replies: a tombstone stays, which names its author
    site.moderate(roots[3], "hidden")
    site.moderate(roots[5], "hidden")
    late = site.comment(post, "Finn", html("Late."))
    crawl()
    for hidden in (roots[3], roots[5]):
        site.moderate(hidden, "published")
    crawl()
    crawl()
    events = desk.query(EVENTS)
    assert events == sorted(
        [("added", late, 1), ("edited", roots[1], 1)]
        + [("removed", number, 1) for number in (roots[0], roots[2], roots[3], roots[5])]
        + [("restored", number, 1) for number in (roots[3], roots[5])]
    )
    assert desk.query("select state from comments where native_id = ?", below) == [("visible",)]
    assert "0 differences" in desk.btl("verify").stdout
    replayed = desk.replay()
    agree(replayed, site)
    assert replayed.query(EVENTS) == events
