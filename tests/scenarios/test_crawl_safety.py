"""The crawl against hosts that are hostile, slow or not to be asked; and what is left of it when it is killed."""

import gzip
import random
import signal
import time
from itertools import pairwise

import pytest

from tests.news_server import Answer, serving
from tests.waiting import until

TREE = [(1, 0, "Anna", "The new timetable is a relief."), (2, 1, "Tom", "Only for those who get up at five.")]
SECRET = Answer(b"<html><title>Inside</title><article><p>not for the public</p></article></html>")


@pytest.fixture
def site():
    with serving() as running:
        yield running


@pytest.fixture
def inside():
    """A server that the crawl was not allowed to ask."""
    with serving() as running:
        running.hook("/", SECRET)
        yield running


def reasons(result):
    return [failure["reason"] for failure in result["counts"]["failures"]]


def meta_refresh(address):
    return Answer(f'<html><head><meta http-equiv="refresh" content="0;url={address}"></head></html>'.encode())


def numbers(port):
    """The same loopback server by the names that address filters forget."""
    hosts = ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "127.1", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"]
    return [f"http://{host}:{port}/" for host in hosts]


def test_no_redirect_leads_inside(site, inside, desk):
    port = inside.address.rpartition(":")[2]
    for i, address in enumerate(numbers(port)):
        site.hook(f"/redirect-{i}/", Answer(status=302, headers={"Location": address}))
        site.hook(f"/refresh-{i}/", meta_refresh(address))
    paths = [f"/{way}-{i}/" for way in ("redirect", "refresh") for i in range(len(numbers(port)))]
    result = desk.crawl(*(site.url + path for path in paths), hosts=[site.address], status=1)
    assert len(reasons(result)) == len(paths)
    assert inside.asked == []
    assert desk.query("select count(*) from articles") == [(0,)]


GREETING = (
    '<html><head><title>Grüße vom Hafen</title></head><body><article><h1>Grüße vom Hafen</h1><p>Die Fähre fährt heute '
    'später als sonst, sagt das Hafenamt.</p></article><ol class="commentlist"><li class="comment" id="comment-1">'
    '<cite>Jörg</cite> <a href="#">2 March 2026</a><p>Schöne Grüße.</p></li></ol></body></html>'
).encode()  # fmt: skip
NO_CHARSETS = ("bz2", "hex", "rot13", "idna", "undefined", "base64", "punycode", "x-unknown", "utf-32", "a" * 3_000)
WRONG_CODINGS = ("gzip", "br", "zstd", "deflate", "gzip, br", "x-unknown", "none")


def test_no_page_is_lost_to_a_charset_that_is_none_or_a_compression_that_is_not_there(site, desk):
    addresses = []
    for i, charset in enumerate(NO_CHARSETS):
        addresses.append(f"/2026/charset-of-the-harbour-{i}/")
        site.hook(addresses[-1], Answer(GREETING, media_type=f"text/html; charset={charset}"))
    for i, coding in enumerate(WRONG_CODINGS):
        addresses.append(f"/2026/coding-of-the-harbour-{i}/")
        site.hook(addresses[-1], Answer(GREETING, headers={"Content-Encoding": coding}))
    result = desk.crawl(*(site.url + address for address in addresses), hosts=[site.address])
    assert reasons(result) == []
    read = (
        "select articles.url, articles.title, comments.body from comments join threads on threads.id = thread_id "
        "join articles on articles.id = article_id"
    )
    assert sorted(desk.query(read)) == sorted(
        (site.url + address, "Grüße vom Hafen", "Schöne Grüße.") for address in addresses
    )
    flagged = desk.query("select count(distinct article_id) from flags where code like 'capture.encoding_%'")
    assert flagged[0][0] >= len(NO_CHARSETS)
    assert "0 differences" in desk.btl("verify").stdout


def test_a_body_that_is_neither_plain_nor_what_its_header_says_is_named(site, desk):
    address = "/2026/harbour-office-news/"
    site.hook(address, Answer(gzip.compress(GREETING), headers={"Content-Encoding": "br"}))
    (reason,) = reasons(desk.crawl(site.url + address, hosts=[site.address], status=1))
    assert reason.startswith("its Content-Encoding is wrong: not br")


def test_a_meta_refresh_is_followed_whatever_charset_its_page_states(site, desk):
    target = site.post(comments=TREE).path
    refresh = meta_refresh(target)
    site.hook("/moved/", Answer(refresh.body, media_type="text/html; charset=bz2"))
    desk.crawl(f"{site.url}/moved/", hosts=[site.address])
    assert target in site.paths()


def test_no_address_inside_is_asked_without_leave(inside, desk):
    port = inside.address.rpartition(":")[2]
    result = desk.crawl(*numbers(port), "--contact", "desk@example.org", status=1)
    assert len(reasons(result)) == len(numbers(port))
    assert inside.asked == []


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:text/html,inside"])
def test_no_other_scheme_is_followed(site, desk, address):
    site.hook("/away/", Answer(status=302, headers={"Location": address}))
    site.hook("/refresh/", meta_refresh(address))
    desk.crawl(site.url + "/away/", site.url + "/refresh/", hosts=[site.address], status=0)
    assert desk.query("select count(*) from articles where body like '%inside%'") == [(0,)]


def test_a_comment_api_elsewhere_inside_is_not_asked(site, inside, desk):
    post = site.post(comments=TREE)
    page = site._article(post, "").body.replace(b'href="/wp-json/"', f'href="{inside.url}/wp-json/"'.encode())
    site.hook(post.path, Answer(page))
    desk.visit(site)
    assert inside.asked == []
    assert desk.query("select count(*) from comments") == [(2,)]


def test_redirects_in_a_ring_end(site, desk):
    site.hook("/ring/", lambda asked: Answer(status=302, headers={"Location": f"/ring/{len(site.asked)}"}))
    desk.crawl(site.url + "/ring/", hosts=[site.address], status=1)
    assert len(site.paths("/ring/")) < 10


def test_a_bomb_is_not_unpacked(site, desk):
    bomb = gzip.compress(bytes(512 << 20), 9)
    site.hook("/bomb/", Answer(bomb, headers={"Content-Encoding": "gzip"}))
    post = site.post(comments=TREE)
    result = desk.crawl(site.url + "/bomb/", site.url + post.path, hosts=[site.address], status=0)
    assert len(reasons(result)) == 1
    assert desk.query("select count(*) from comments") == [(2,)]


def test_robots_txt_is_obeyed(site, desk):
    site.robots = Answer(b"User-agent: *\nDisallow: /private/\n", media_type="text/plain")
    site.hook("/private/", SECRET)
    result = desk.crawl(site.url + "/private/", hosts=[site.address], status=1)
    assert reasons(result) == ["disallowed by robots.txt"]
    assert site.paths("/private/") == []


def test_robots_txt_is_obeyed_by_platforms_as_well(site, desk):
    site.robots = Answer(b"User-agent: *\nDisallow: /wp-json/\n", media_type="text/plain")
    site.post(comments=TREE)
    desk.visit(site)
    assert site.paths("/wp-json") == []
    assert desk.query("select count(*) from comments") == [(2,)]


@pytest.mark.parametrize(
    "answer", [Answer(b"", 503), Answer(b"", 500), Answer(b"", stall_s=15)], ids=["503", "500", "no answer"]
)
def test_where_robots_txt_cannot_be_read_nothing_is_asked(site, desk, answer):
    answer.body = b"User-agent: *\nAllow: /\n" if answer.stall_s else b"busy"
    site.robots = answer
    site.post(comments=TREE)
    result = desk.visit(site, "--timeout", "2", status=1)
    assert reasons(result) == ["robots.txt could not be read, which means no"]
    assert site.paths("/2026/") == []


def test_a_host_is_asked_once_in_a_while(site, desk):
    for number in range(3):
        site.post(f"the-harbour-office-news-{number}", comments=TREE)
    desk.visit(site, "--delay", "0.4")
    times = [asked.at for asked in site.asked]
    assert len(times) >= 6
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.35


def test_crawl_delay_is_kept(site, desk):
    site.robots = Answer(b"User-agent: *\nCrawl-delay: 1.5\n", media_type="text/plain")
    site.rest = False
    for number in range(3):
        site.post(f"the-harbour-office-news-{number}", comments=TREE)
    desk.visit(site)
    times = [asked.at for asked in site.asked if asked.path.startswith("/2026/")]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1.4


def test_retry_after_is_waited_for(site, desk):
    post = site.post(comments=TREE)
    answers = iter([Answer(b"busy", 429, headers={"Retry-After": "2"})])
    site.hook(post.path, lambda asked: next(answers, None))
    desk.visit(site)
    first, second = (asked.at for asked in site.asked if asked.path == post.path)
    assert second - first >= 1.9
    assert desk.query("select count(*) from comments") == [(2,)]


def test_a_host_that_asks_for_hours_is_left_alone(site, desk):
    for number in range(3):
        site.post(f"the-harbour-office-news-{number}", comments=TREE)
    site.hook("/2026/", Answer(b"busy", 503, headers={"Retry-After": "7200"}))
    desk.visit(site, status=1)
    assert len(site.paths("/2026/")) <= 2
    assert desk.query(
        "select count(*) from frontier where next_at <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+1 hour')"
    ) == [(0,)]


def test_markup_in_comments_is_text(site, desk):
    text = "&lt;script&gt;alert(1)&lt;/script&gt; <b>bold</b>"
    site.post(comments=[(1, 0, "Anna", text)])
    desk.visit(site)
    assert desk.query("select body from comments") == [("<script>alert(1)</script> bold",)]


def test_a_crawl_that_is_killed_loses_nothing(site, desk):
    """Killed at random moments until all is there; every file it leaves can be read, and nothing is there twice."""
    chance = random.Random(20260314)
    for number in range(40):
        first, second = 2 * number + 1, 2 * number + 2
        comments = [(first, 0, "Anna", "The kiosk is open."), (second, first, "Tom", "Since when?")]
        site.post(f"the-harbour-office-news-{number}", comments=comments)
    start = ["crawl", *site.urls()]
    for _ in range(5):
        process = desk.start(*start, "--allow-host", site.address, "--delay", "0.02", "--json")
        asked = len(site.asked)
        while process.poll() is None and len(site.asked) - asked < chance.randint(5, 30):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert desk.query("pragma integrity_check") == [("ok",)]
        start = ["crawl", "--due"]
    desk.crawl("--due", hosts=[site.address])
    assert desk.query("select count(*), count(distinct native_id) from comments") == [(80, 80)]
    assert desk.query("select count(*) from threads where completeness <> 'full'") == [(0,)]
    desk.check_warcs()
    assert "0 differences" in desk.btl("verify").stdout


def test_a_crawl_that_is_interrupted_ends_well(site, desk):
    for number in range(30):
        site.post(f"the-harbour-office-news-{number}", comments=TREE)
    process = desk.start("crawl", *site.urls(), "--allow-host", site.address, "--delay", "0.3")
    until(lambda: len(site.paths("/2026/")) >= 3, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert "Traceback" not in errors
    assert desk.query("select outcome from runs") == [("interrupted",)]
    assert desk.query("select count(*) from frontier where lease_until is not null") == [(0,)]
    desk.check_warcs()
