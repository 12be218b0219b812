"""The whole crawl by its command against a site on loopback: what is kept, what a second visit writes, how it ends."""

import json
import threading
from importlib.metadata import version

import pytest

from tests.news_server import Answer, Asked, serving

TREE = [
    (1, 0, "Anna", "The new timetable is a relief."),
    (2, 1, "Tom", "Only for those who get up at five."),
    (3, 2, "Anna", "True, I do."),
    (4, 0, "Lea", "Is the kiosk open as well?"),
]
STORED = """select native_id, (select native_id from comments p where p.id = c.parent_id), body, state
from comments c order by position"""


@pytest.fixture
def site():
    with serving() as running:
        yield running


def visible(tree):
    return [(str(n), str(above) if above else None, text, "visible") for n, above, _, text in tree]


def rows_of(desk, *tables):
    return {table: desk.query(f"select * from {table}") for table in tables}


def test_an_article_with_its_thread(site, desk):
    site.post(comments=TREE)
    result = desk.visit(site)
    assert result["counts"]["comments_new"] == 4
    assert desk.query(STORED) == visible(TREE)
    assert desk.query("select completeness, stated_count, platform from threads") == [("full", 4, "wordpress")]
    assert desk.query("select title, url from articles") == [("ferry-timetable-for-spring", site.urls()[0])]
    assert desk.query("select outcome, comment_count from visits") == [("new", 4)]
    (warc,) = desk.warcs()
    assert desk.query("select distinct warc_file from captures") == [(f"archive-warc/{warc.name}",)]
    assert {a.headers["user-agent"].split("/")[0] for a in site.asked} == {"belowtheline"}
    desk.check_warcs()
    assert "0 differences" in desk.btl("verify").stdout


def test_an_unchanged_second_visit_writes_no_comments_and_no_bodies(site, desk):
    site.post(comments=TREE)
    desk.visit(site)
    before = rows_of(desk, "events", "comment_revisions", "article_revisions", "flags", "commenters")
    texts = desk.query("select body, revision, capture_id from comments")
    size = sum(warc.stat().st_size for warc in desk.warcs())
    desk.visit(site)
    assert rows_of(desk, *before) == before
    assert desk.query("select body, revision, capture_id from comments") == texts
    assert desk.query("select outcome from visits order by id") == [("new",), ("unchanged",)]
    second = desk.warcs()[1].read_bytes()
    assert len(second) < size
    assert site.posts[1].text.encode() not in second
    desk.check_warcs()
    assert "0 differences" in desk.btl("verify").stdout


def test_the_server_says_that_the_page_stands(site, desk):
    site.validators = True
    site.post(comments=TREE)
    desk.visit(site)
    desk.visit(site)
    asked = [a for a in site.asked if a.path == site.posts[1].path]
    assert "if-none-match" not in asked[0].headers
    assert "if-none-match" in asked[1].headers
    assert desk.query("select outcome from visits order by id") == [("new",), ("unchanged",)]
    assert (304,) in desk.query("select http_status from captures")
    desk.check_warcs()
    assert "0 differences" in desk.btl("verify").stdout
    site.posts[1].comments = [*TREE, (5, 4, "Tom", "It opens at seven.")]
    desk.visit(site)
    assert desk.query(STORED) == visible(site.posts[1].comments)


def test_pages_of_comments_where_the_api_does_not_answer(site, desk):
    site.rest, site.per_page = False, 51
    many = [(n, n - 1 if n % 3 == 2 else 0, f"Reader {n % 7}", f"Remark {n} on the ferry.") for n in range(1, 181)]
    site.post(comments=many)
    desk.visit(site)
    assert len(desk.query(STORED)) == 180
    assert desk.query("select completeness from threads") == [("full",)]
    assert sorted(desk.query(STORED)) == sorted(visible(many))
    assert desk.query("select count(*) from captures where page_of is not null") == [(3,)]


def test_a_front_page_leads_to_articles(site, desk):
    for number in range(5):
        site.post(f"the-harbour-office-news-{number}", comments=TREE[:number])
    counts = desk.crawl(site.url + "/", hosts=[site.address])["counts"]
    assert counts["without_comments"] == [{"url": site.url + "/", "reason": "is read as a front page of 6 links"}]
    assert desk.query("select count(*) from articles") == [(5,)]
    assert desk.query("select count(*) from comments") == [(10,)]
    assert dict(desk.query("select kind, count(*) from frontier group by kind")) == {
        "article": 5,
        "feed": 1,
        "front": 1,
    }


def test_a_feed_says_that_a_thread_grew(site, desk):
    for number in range(4):
        site.post(f"the-harbour-office-news-{number}", comments=TREE[:2])
    desk.crawl(site.url + "/feed/", hosts=[site.address])
    site.asked.clear()
    site.posts[2].comments = TREE[:3]
    desk.crawl(site.url + "/feed/", hosts=[site.address])
    assert site.paths("/2026/") == [site.posts[2].path]
    assert desk.query("select count(*) from events where kind = 'added'") == [(1,)]


def test_an_outlets_file(site, desk):
    for number in range(4):
        site.post(f"the-harbour-office-news-{number}", comments=TREE[:2])
    outlets = desk.folder / "outlets.toml"
    outlets.write_text(f'[[outlets]]\nname = "Courier"\nhome = "{site.url}/"\nexclude = ["news-3"]\n')
    result = desk.crawl(outlets, hosts=[site.address])
    assert desk.query("select count(*) from articles") == [(3,)]
    assert result["counts"]["outlets"]["127.0.0.1"]["threads"] == 3


def test_what_is_due_and_nothing_else(site, desk):
    site.post(comments=TREE)
    desk.visit(site)
    site.asked.clear()
    desk.crawl("--due", hosts=[site.address])
    assert site.asked == []
    desk.make_due()
    desk.crawl("--due", hosts=[site.address])
    assert site.posts[1].path in site.paths()


def test_many_at_once(site, desk):
    for number in range(40):
        site.post(f"the-harbour-office-news-{number}", comments=[(number + 1, 0, "Anna", "The kiosk is open.")])
    desk.visit(site, "--concurrency", "16")
    assert desk.query("select count(*) from comments") == [(40,)]
    assert len(site.paths("/robots.txt")) == 1


def test_what_changed_between_two_visits(site, desk):
    post = site.post(comments=TREE)
    desk.visit(site)
    post.comments = [
        (1, 0, "Anna", "The new timetable is a relief. (Edited)"),
        (3, 1, "Anna", "True, I do."),
        (4, 0, "Lea K.", "Is the kiosk open as well?"),
        (5, 4, "Tom", "It opens at seven."),
    ]
    desk.visit(site)
    names = "kind, (select native_id from comments where id = comment_id), confidence"
    assert sorted(desk.query(f"select {names} from events")) == [
        ("added", "5", "high"),
        ("edited", "1", "high"),
        ("moved", "3", "high"),
        ("removed", "2", "high"),
        ("renamed", "4", "high"),
    ]
    assert desk.query("select body from comment_revisions") == [("The new timetable is a relief.",)]
    assert ("2", "1", "Only for those who get up at five.", "missing") in desk.query(STORED)
    post.comments = TREE
    desk.visit(site)
    assert [row[:4] for row in desk.query(STORED)][1] == ("2", "1", "Only for those who get up at five.", "visible")
    assert ("restored",) in desk.query("select kind from events")
    assert "0 differences" in desk.btl("verify").stdout


def test_a_failed_visit_proves_nothing(site, desk):
    site.post(comments=TREE)
    desk.visit(site)
    site.hook("/2026/", Answer(b"gone fishing", 500))
    result = desk.visit(site, status=1)
    assert "HTTP 500" in result["counts"]["failures"][0]["reason"]
    assert desk.query("select outcome, reason from visits order by id")[1] == ("failed", "HTTP 500")
    assert desk.query(STORED) == visible(TREE)
    assert desk.query("select failures from frontier") == [(1,)]


@pytest.mark.parametrize("failure", ["500", "cut", "login", "other", "stall"])
def test_a_thread_that_was_read_in_part_loses_nothing(site, desk, failure):
    many = [(n, 0, f"Reader {n % 7}", f"Remark {n} on the ferry.") for n in range(1, 251)]
    site.post(comments=many)
    desk.visit(site)
    assert len(desk.query(STORED)) == 250
    answers = {
        "500": Answer(b"broken", 500),
        "cut": Answer(b"[{", media_type="application/json", cut=True),
        "login": Answer(b"<html><title>Sign in</title></html>"),
        "other": Answer(b'{"code": "rest_forbidden"}', media_type="application/json"),
        "stall": Answer(b"[]", media_type="application/json", stall_s=20),
    }
    site.posts[1].comments = many[:150]
    site.hook("/wp-json", lambda asked: answers[failure] if asked.query.get("page") == "2" else None)
    site.hook(site.posts[1].path, _without_comments(site))
    desk.visit(site, "--timeout", "3", status=0)
    assert desk.query("select completeness from threads") == [("partial",)]
    assert desk.query("select count(*) from comments where state = 'visible'") == [(250,)]
    assert desk.query("select kind from events") == []


def _without_comments(site):
    """The page as a theme prints that loads its comments by script."""

    def answer(asked):
        found = site._answer(asked)
        head, _, _ = found.body.partition(b'<div id="comments"')
        return Answer(head + b"</body></html>")

    return answer


def test_pages_that_repeat_for_ever_end(site, desk):
    site.post(comments=TREE)
    pages = 10**9

    def endless(asked):
        answer = site._rest(asked)
        comments = json.loads(site._rest(asked).body) or json.loads(answer.body)
        return Answer(json.dumps(comments * 25).encode(), 200, "application/json", {"X-WP-TotalPages": str(pages)})

    site.hook("/wp-json", endless)
    desk.visit(site)
    assert len(site.paths("/wp-json")) < 5
    assert len(desk.query(STORED)) == 4


def test_a_page_that_moved_is_one_article(site, desk):
    post = site.post(comments=TREE)
    site.hook("/old", Answer(status=301, headers={"Location": post.path}))
    desk.crawl(site.url + "/old", hosts=[site.address])
    desk.crawl(site.url + post.path, hosts=[site.address])
    assert desk.query("select count(*) from articles") == [(1,)]
    assert desk.query("select url, next_at is null from frontier order by id") == [
        (site.url + "/old", 1),
        (site.url + post.path, 0),
    ]


def test_a_platform_that_stopped_yielding_is_seen_at_once(site, desk):
    for number in range(4):
        site.post(f"the-harbour-office-news-{number}", comments=TREE)
    assert desk.visit(site)["warnings"] == []
    for post in site.posts.values():
        post.comments = []
    (warning,) = desk.visit(site)["warnings"]
    assert warning.startswith("wordpress: 100% of threads are without comments")


def test_a_second_crawl_leaves_the_first_its_hosts_and_an_erasure_waits_for_both(site, desk):
    first_post = site.post(comments=TREE)
    second_post = site.post("the-kiosk-opens-again", comments=[(9, 0, "Lea", "Good.")])
    desk.crawl(site.urls()[1], hosts=[site.address])
    go_on = threading.Event()
    site.hook(first_post.path, lambda _: None if go_on.wait(60) else Answer(status=500))
    first = desk.start("crawl", site.urls()[0], "--allow-host", site.address, "--json")
    try:
        while first_post.path not in site.paths():
            assert first.poll() is None, first.communicate()
        desk.make_due()
        idle = desk.crawl("--due", hosts=[site.address])
        assert (idle["run"], site.paths().count(second_post.path)) == (None, 1)
        erasure = desk.btl("erase", "comment", 1, "--reason", "law", "--yes", status=1)
        assert "is being crawled by" in erasure.stderr
    finally:
        go_on.set()
        first.communicate()
    assert desk.query("select outcome from runs order by id") == [("done",), ("done",)]


def test_public_hosts_are_asked_only_with_a_contact(desk):
    refused = desk.btl("crawl", "https://courier.example/ferry", status=2)
    assert "--contact" in refused.stderr


def test_the_contact_is_in_the_user_agent(site, desk):
    site.post(comments=TREE)
    desk.visit(site, "--contact", "desk@example.org")
    assert {a.headers["user-agent"] for a in site.asked} == {
        f"belowtheline/{version('belowtheline')} (+desk@example.org)"
    }


def test_a_page_that_did_not_change_is_replayed_with_what_its_comments_were_then(desk, site):
    post = site.post(comments=[(1, 0, "Anna", "The kiosk opens at nine.")])
    page = site.answer(Asked(post.path, 0.0, {})).body
    site.asked.clear()

    def unchanged(asked: Asked) -> Answer:  # its comments come from the API
        is_known = asked.headers.get("if-none-match") == '"page"'
        return Answer(b"" if is_known else page, 304 if is_known else 200, headers={"ETag": '"page"'})

    site.hook(post.path, unchanged)
    for later in ((1, 0, "Anna", "The kiosk opens at ten."), (1, 0, "Anna", "The kiosk is closed.")):
        desk.visit(site)
        post.comments[:] = [later, (2, 1, "Finn", "Since when?")]
    desk.visit(site)
    rows = (
        "select native_id, body, (select count(*) from comment_revisions where comment_id = comments.id) from comments"
    )
    assert desk.query("select count(*) from captures where http_status = 304") == [(2,)]
    assert desk.query(rows) == [("1", "The kiosk is closed.", 2), ("2", "Since when?", 0)]
    replayed = desk.replay()
    assert replayed.query(rows) == desk.query(rows)
    assert "0 differences" in replayed.btl("verify").stdout
    without_page = desk.warcs()[1:]
    named = json.loads(desk.btl("replay", *without_page, "--db", "without.db", "--json", status=1).stdout)["counts"]
    assert [failure["reason"] for failure in named["failures"]] == [
        f"{site.urls()[0]}: not changed since a capture that is not there"
    ] * 2
    places = [failure["url"].rpartition(":")[0] for failure in named["failures"]]
    assert places == [f"archive-warc/{warc.name}" for warc in without_page]
