"""Crawls that nobody watches: nothing due, one page missing, an outlet taken out of the file, paused, stopped, down."""

import json

import pytest

from tests.news_server import Answer, serving

TREE = [(1, 0, "Anna", "The new timetable is a relief."), (2, 1, "Tom", "Only for those who get up at five.")]


@pytest.fixture
def site():
    with serving() as running:
        yield running


@pytest.fixture
def other():
    with serving() as running:
        yield running


def write_outlets(desk, *sites, more=""):
    tables = [f'[[outlets]]\nname = "{i}"\nhome = "{site.url}/"\n{more}' for i, site in enumerate(sites)]
    (desk.folder / "outlets.toml").write_text("\n".join(tables))
    return "outlets.toml"


def hosts(*sites):
    return [part for site in sites for part in ("--allow-host", site.address)]


def outlets(desk, *arguments):
    return {row["home"]: row for row in json.loads(desk.btl("outlets", *arguments, "--json").stdout)["outlets"]}


def test_a_run_with_nothing_due_leaves_nothing(site, desk):
    site.post(comments=TREE)
    file = write_outlets(desk, site)
    desk.btl("crawl", "--due", file, *hosts(site), "--db", "typo.db", status=1)
    assert not (desk.folder / "typo.db").exists()
    desk.crawl(file, hosts=[site.address])
    warcs, runs = desk.warcs(), desk.query("select id, outcome from runs")
    result = desk.crawl("--due", file, hosts=[site.address])
    assert (result["run"], result["counts"]["visits"], result["left_out"]) == (None, 0, [])
    assert result["next_at"] == desk.query("select min(next_at) from frontier")[0][0]
    assert "Nothing is due" in desk.btl("crawl", "--due", file, *hosts(site)).stdout
    assert (desk.warcs(), desk.query("select id, outcome from runs")) == (warcs, runs)


def test_a_missing_page_is_named_and_the_run_is_done(site, desk):
    post = site.post(comments=TREE)
    site.robots = Answer(b"User-agent: *\nDisallow: /private/\n", media_type="text/plain")
    links = [site.url + path for path in (post.path, "/2026/gone/", "/private/list/")]
    result = desk.crawl(*links, hosts=[site.address], status=0)
    reasons = {row["url"]: row["reason"] for row in result["counts"]["failures"]}
    assert reasons == {links[1]: "HTTP 404", links[2]: "disallowed by robots.txt"}
    assert [result["counts"][name] for name in ("visits", "errors", "internal_errors")] == [1, 2, 0]
    assert desk.query("select outcome from runs") == [("done",)]
    assert {type(number) for name, number in result["counts"].items() if name != "failures"} <= {int, dict, list}
    desk.crawl(links[1], hosts=[site.address], status=1)
    assert desk.query("select outcome from runs order by id desc limit 1") == [("failed",)]


def test_a_site_that_cannot_be_reached_leaves_no_empty_warc_file(desk):
    with serving() as gone:
        address, url = gone.address, f"{gone.url}/2026/ferry/"
    desk.crawl(url, hosts=[address], status=1)
    assert desk.warcs() == []
    assert desk.query("select outcome from runs") == [("failed",)]


def test_what_the_file_lacks_or_excludes_and_what_is_paused_is_left_out_with_the_reason(site, other, desk):
    for place in (site, other):
        for number in range(2):
            place.post(f"the-harbour-office-news-{number}", comments=TREE)
    both = [site.address, other.address]
    desk.crawl(write_outlets(desk, site, other), hosts=both)
    # Two outlets on one host name stay two.
    assert sorted(desk.query("select domain from outlets")) == sorted([(address,) for address in both])
    desk.make_due()
    for place in (site, other):
        place.asked.clear()
    file = write_outlets(desk, site, more='exclude = ["news-1"]\n')
    result = desk.crawl("--due", file, hosts=both)
    assert other.asked == []
    assert site.posts[1].path in site.paths()
    assert site.posts[2].path not in site.paths()
    assert [(row["outlet"], row["reason"]) for row in result["left_out"]] == [
        (f"{other.url}/", "not in outlets.toml"),
        (f"{site.url}/", "excluded by outlets.toml"),
    ]
    assert outlets(desk, "list", file)[f"{other.url}/"]["status"] == "unlisted"

    desk.btl("outlets", "pause", "127.0.0.1", status=1)
    assert "no crawl has visited" in desk.btl("outlets", "stop", "courier.example", status=1).stderr
    desk.btl("outlets", "pause", other.address, "--until", "2100-01-01", "--note", "they move")
    desk.btl("outlets", "stop", f"{site.url}/")
    left_out = desk.crawl("--due", hosts=both)["left_out"]
    assert {row["outlet"]: row["reason"].partition(" since")[0] for row in left_out} == {
        f"{site.url}/": "stopped",
        f"{other.url}/": "paused",
    }
    assert (
        "until 2100-01-01T00:00:00Z (they move)" in {row["outlet"]: row["reason"] for row in left_out}[f"{other.url}/"]
    )
    (named,) = desk.crawl(other.urls()[0], hosts=both)["left_out"]
    assert (named["pages"], other.asked) == (1, [])
    desk.btl("outlets", "resume", f"{other.url}/")
    desk.crawl("--due", hosts=both)
    assert other.posts[1].path in other.paths()
    desk.change("update paused_outlets set until = '2000-01-01T00:00:00Z'")  # its time has come
    assert outlets(desk)[f"{site.url}/"]["status"] == "active"


def test_an_outlet_that_is_down_is_listed_with_since_when_and_why(site, desk):
    site.post(comments=TREE)
    file = write_outlets(desk, site)
    desk.crawl(file, hosts=[site.address])
    assert outlets(desk)[f"{site.url}/"]["failing"] == 0
    site.hook("/", Answer(b"down", 503))
    desk.make_due()
    desk.crawl("--due", file, hosts=[site.address], status=1)
    state = outlets(desk)[f"{site.url}/"]
    assert (state["failing"], state["given_up"]) == (3, 0)
    assert {row["kind"] for row in state["failures"]} == {"front", "feed", "article"}
    assert {row["last_error"] for row in state["failures"]} == {"robots.txt could not be read, which means no"}
    since, shown = state["failing_since"], desk.btl("outlets").stdout
    assert f"3 pages fail, the first since {since}" in shown
    # Lists of articles are tried for ever.
    desk.change("update frontier set failures = 30, next_at = '2000-01-01T00:00:00Z' where kind <> 'article'")
    desk.crawl("--due", file, hosts=[site.address], status=1)
    assert desk.query("select count(*) from frontier where next_at is null and kind <> 'article'") == [(0,)]
    assert outlets(desk)[f"{site.url}/"]["failing_since"] == since
    site.hooks.clear()
    desk.make_due()
    desk.crawl("--due", file, hosts=[site.address])
    assert outlets(desk)[f"{site.url}/"]["failing_since"] is None
