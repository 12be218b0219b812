"""The about page, statistics, cards for other sites, and what stands where something is withheld."""

import csv
import io
import json
import re
import sqlite3

import pytest

from archive.site import chart, security
from archive.site.app import application
from archive.site.views import statistics as statistics_page
from archive.store import statistics
from tests import archive_fixture, readers
from tests.archive.site.macros import render
from tests.archive.site.test_security import assert_harmless
from tests.archive.site.test_site import parsed, text_of
from tests.archive_fixture import DEEP, FERRY, get, page

PAGES = ["/about", "/statistics", "/", f"/thread/{FERRY}", "/comment/1"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy") / "0003"
    (folder / "chain").mkdir(parents=True)
    for number in (1, 2):
        told = {"number": number, "published_at": f"2026-0{number}-01T00:00:00Z"}
        (folder / "chain" / f"{number:04}.json").write_text(json.dumps(told), "utf-8")
    (folder / "chain" / "0000.json").write_text("[broken", "utf-8")
    return application(readers.published(archive_fixture.fill_reviewed(folder / "archive.db")), immutable=True)


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_whole_and_harmless(site, copy, address):
    for one in (site, copy):
        html = page(one, address)
        found = parsed(html)
        assert len(found.ids) == len(set(found.ids))
        assert html.count("<h1") == 1
        assert_harmless(html)
        assert get(one, address).headers["content-security-policy"] == security.OWN_POLICY


@pytest.mark.parametrize("address", ["/about", "/statistics", "/flags", "/removals", "/comment/2"])
def test_links_lead_somewhere(site, address):
    for href in set(parsed(page(site, address)).hrefs):
        if href.startswith("/"):
            assert get(site, href.replace("&amp;", "&")).status_code == 200, href


def test_about_says_what_is_here(site):
    text = text_of(page(site, "/about"))
    for words in (
        "32 comments, 5 threads, 5 articles, 2 outlets and 9 names of commenters.",
        "The comments were posted on 14 March 2026",
        "visited from 14 March 2026 to 16 March 2026",
        "complete4",
        "incomplete1",
        "count 49. Of the same threads, 22 comments are archived here",
        "disqus1",
        "Harbour Courier · plain.example",
        "obeys every site’s robots.txt",
        "withheld 121 comment",
        "tell whoever gave you this archive",
        "Apache License 2.0",
        "The texts belong to the people who wrote them",
    ):
        assert words in text, words
    assert "This release" not in text


def test_about_of_a_release(copy):
    text = text_of(page(copy, "/about"))
    for words in (
        "Release 3, published 1 April 2026, 10:00 UTC, with version 0.1.0",
        "Earlier: release 2 (1 February 2026, 00:00), release 1 (1 January 2026, 00:00).",
        "write to desk@below.example",
        "made-up ones",
        "court-order2 comments",
        "privacy1 comment",
    ):
        assert words in text, words
    assert 'href="/dumps"' in page(copy, "/about")


def test_a_release_says_so_on_every_page(copy, site):
    for address in PAGES:
        assert "Release 3</a> of 1 April 2026." in page(copy, address)
        assert "Release" not in page(site, address).rpartition("<footer")[2]
    assert "Tables and SQL" not in page(copy, "/")
    assert 'href="/dumps"' in page(copy, "/")
    assert "Tables and SQL" in page(site, "/")
    assert "/dumps" not in page(site, "/")


def test_about_survives_a_release_without_facts(tmp_path):
    facts = dict.fromkeys(readers.FACTS)
    site = application(readers.published(archive_fixture.fill(tmp_path / "a.db"), **facts), immutable=True)
    assert "tell whoever gave you this archive" in page(site, "/about")
    broken = {"withheld": "{not json", "published_at": "soon", "number": None}
    other = application(readers.published(archive_fixture.fill(tmp_path / "b.db"), **broken), immutable=True)
    assert "This release" in page(other, "/about")
    assert page(other, "/comment/1.bib")


@pytest.mark.parametrize("name", statistics.STATISTICS)
def test_statistics_as_files(site, copy, path, name):
    db = sqlite3.connect(path)
    expected = sorted(map(tuple, db.execute(statistics.STATISTICS[name])))
    db.close()
    assert expected
    for one in (site, copy):
        answer = get(one, f"/statistics/{name}.csv")
        head, *rows = list(csv.reader(io.StringIO(answer.text, newline="")))
        assert head == list(statistics.COLUMNS[name])
        assert sorted((a, b, int(n)) for a, b, n in rows) == expected
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
        assert get(one, f"/statistics/{name}.json").json()["count"] == len(expected)


def test_no_other_statistics(site):
    for name in ("nothing", "sqlite_master", "comments_by_day;x", "../about"):
        assert get(site, f"/statistics/{name}.csv").status_code == 404


def test_sums_are_right(path):
    db = sqlite3.connect(path)

    def found(name):
        return {(row[0], row[1]): row[2] for row in db.execute(statistics.STATISTICS[name])}

    dated = db.execute("select count(*) from comments where posted_at is not null").fetchone()[0]
    assert sum(found("comments_by_day").values()) == dated
    assert set(found("comments_by_day")) == {("2026-03-14", "Harbour Courier"), ("2026-03-14", "plain.example")}
    assert found("removals_by_outlet") == {
        ("Harbour Courier", "seen"): 20,
        ("plain.example", "seen"): 12,
        ("Harbour Courier", "removed"): 2,
    }
    assert found("flags_by_month")["2026-03", "content.incitement"] == 2
    assert ("2026-03", "content.profanity") not in found("flags_by_month")  # withdrawn
    assert ("2026-03", "context.quoted") not in found("flags_by_month")
    assert found("comments_stated") == {("stated", ""): 49, ("stored", ""): 22}
    db.close()


def test_long_spans_are_by_month_and_strange_dates_are_passed_over(tmp_path):
    path = archive_fixture.fill(tmp_path / "archive.db")
    with sqlite3.connect(path) as db:
        for number, at in ((1, "2019-05-01T00:00:00Z"), (2, "soon"), (3, "9999-12-31T00:00:00Z"), (4, "-4"), (6, "")):
            db.execute("update comments set posted_at = ? where id = ?", (at, number))
        db.execute("update comments set posted_at = '2025-01-01T00:00:00Z', posted_precision = 'year' where id = 7")
        rows = list(db.execute(statistics.STATISTICS["comments_by_day"]))
    db.close()
    assert {row[0] for row in rows} == {"2019-05", "2026-03"}
    html = page(application(path), "/statistics")
    assert "Comments by month and outlet" in html
    assert "May 2019" in html
    assert len(re.findall("<rect", html.partition('id="flags_by_month"')[0])) < 10


def test_every_chart_has_its_table_and_words(site):
    html = page(site, "/statistics")
    for section in html.split('<section id="')[1:]:
        assert 'role="img" aria-label="' in section
        assert "<caption" in section
        name = section.partition('"')[0].replace("faults", "flags")
        assert f'href="/statistics/{name}.csv"' in section
    text = text_of(html)
    assert "Harbour Courier2" in text.replace(",", "")


def test_what_takes_too_long_is_said(path, monkeypatch):
    site = application(path)
    monkeypatch.setattr(statistics_page, "MAX_COUNTED", 3)
    assert page(site, "/statistics").count("Not available here") == 5
    assert get(site, "/statistics/comments_by_day.csv").status_code == 503
    assert "too large to count complete threads here" in page(site, "/about")


def test_charts_stay_small_and_say_what_they_leave_out():
    many = [(f"{1900 + n // 12}-{1 + n % 12:02}", f"outlet {n % 40}", n) for n in range(1500)]
    drawn = statistics_page.column_section("Comments", many, "Month")
    assert len(drawn["legend"]) == 7
    assert drawn["legend"][-1] == "all others (34)"
    assert render("_chart.html", "columns", drawn["columns"]).count("<rect") <= 7 * statistics_page.MAX_COLUMNS
    assert len(drawn["rows"]) == statistics_page.MAX_COLUMNS
    assert drawn["cut"] == 1500 - statistics_page.MAX_COLUMNS
    last = drawn["rows"][0]
    assert last[0] == "Dec 2024"
    assert sum(int(cell.replace(",", "")) for cell in last[1:]) == 1499


def test_months_without_anything_stand_between():
    drawn = statistics_page.column_section("C", [("2025-11", "a", 1), ("2026-02", "a", 2)], "Month")
    assert [row[0] for row in drawn["rows"]] == ["Feb 2026", "Jan 2026", "Dec 2025", "Nov 2025"]
    days = statistics_page.column_section("C", [("2026-02-27", "a", 1), ("2026-03-02", "a", 2)], "Day")
    assert [row[0] for row in days["rows"]] == ["2 Mar 2026", "1 Mar 2026", "28 Feb 2026", "27 Feb 2026"]
    assert statistics_page.column_section("C", [("2026-99", "a", 1)], "Month")["rows"] == [["2026-99", "1"]]


@pytest.mark.parametrize(
    ("value", "quarter"),
    [(0, 1), (1, 1), (4, 1), (5, 2), (9, 3), (41, 15), (100, 25), (4100, 1500), (999_999, 250_000)],
)
def test_axes_have_round_numbers(value, quarter):
    assert chart.round_quarter(value) == quarter


def test_charts_escape_what_they_are_given():
    columns = chart.column_chart("<b>", ["<i>", "b"], [("</svg><script>", [1, 2]), ('"x', [0, 3])])
    for drawn in (
        render("_chart.html", "columns", columns),
        render("_chart.html", "bars", chart.rate_chart('"><script>', [("</title><u>", 1, 3), ("b", 0, 0)])),
    ):
        assert_harmless(drawn)
        assert "<script" not in drawn


def test_cards_hold_titles_and_numbers_only(site):
    html = page(site, "/comment/1")
    assert '<meta property="og:title" content="Comment #1">' in html
    assert "under “Ferry timetable to change in spring" in html
    head = html.partition("</head>")[0]
    assert "Half past five" not in head
    assert "quayside_anna" not in re.sub("<title>.*?</title>", "", head)
    assert '<meta property="og:url" content="http://localhost/comment/1">' in head
    assert '<link rel="canonical" href="http://localhost/thread/1">' in page(site, "/thread/1?view=newest")
    assert (
        "10 comments: 8 of the 9 on the site, and 2 no longer there" in page(site, "/thread/1").partition("</head>")[0]
    )
    assert "32 comments in 5 threads" in page(site, "/").partition("</head>")[0]
    assert "og:image" not in html


def test_hostile_titles_stay_words_everywhere(tmp_path):
    site = application(readers.poison(archive_fixture.fill(tmp_path / "archive.db")))
    for address in (*PAGES, "/removals", "/search?q=ferry"):
        html = page(site, address)
        assert_harmless(html)
        for content in re.findall(r'<meta property="og:[^>]*content="([^"]*)"', html):
            assert not re.search("[\x00-\x1f\u202e]", content)
            assert len(content) < 600


def test_a_withheld_thread_is_its_shape(tmp_path):
    site = application(readers.withheld(tmp_path / "archive.db"))
    html = page(site, f"/thread/{FERRY}")
    assert "for the reason <code>court-order</code>" in html
    assert "Withheld by this archive" in html
    assert html.count('<li class="c') == 10
    assert "10 comments: 8 of the 9 on the site, and 2 no longer there" in html
    assert html.count("This archive does not show the text.") == 10
    everything = html + "".join(
        page(site, address)
        for address in (
            "/",
            "/comment/1",
            "/comment/5",
            "/search?q=ferry",
            "/removals",
            "/thread/1.json",
            "/thread/1.csv",
            "/comment/1.json",
            "/thread/1.bib",
            "/comment/1.bib",
            "/removals.csv",
            "/search.json?q=ferry",
        )
    )
    for gone in ("Ferry timetable", "harbour-courier.example/ferry", "example.org/1", "The first ferry of the day"):
        assert gone not in everything, gone
    assert "Comment 1, withheld by this archive" in everything


def test_a_withheld_article_has_neither_title_nor_link(tmp_path):
    site = application(readers.withheld(tmp_path / "archive.db"))
    html = page(site, f"/thread/{DEEP}")
    assert "for the reason <code>copyright</code>" in html
    assert html.count('<li class="c') == 12
    for gone in ("How deep", "urn:withheld", "Twelve metres", "Untitled", "harbour-courier.example/ferry"):
        assert gone not in html, gone
    assert "Withheld by this archive" in page(site, "/")
    assert get(site, f"/thread/{DEEP}.json").json()["thread"]["article_url"] is None
