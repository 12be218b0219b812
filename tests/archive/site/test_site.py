"""The site's pages on an archive of invented threads, asked through Datasette in process."""

import re
import sqlite3
from html.parser import HTMLParser

import pytest

from archive.site import chart, formatting
from archive.site.app import application
from archive.store.archive import Archive
from archive.thread import Article, Author, Capture, Comment, Thread
from tests import archive_fixture
from tests.archive.site.macros import render
from tests.archive_fixture import DEEP, FERRY, FOLDED, MARKET, SILENT, get, page

PAGES = [
    "/",
    "/flags",
    "/search",
    "/search?q=ferry",
    "/search?q=ferry&sort=newest&date=2026&outlet=1",
    *(
        f"/thread/{FERRY}{query}"
        for query in ("", "?view=newest", "?view=flagged", "?view=changed", "?view=nonsense&page=x")
    ),
    f"/thread/{FERRY}?at=2026-12-31",
    "/removals",
    "/removals?month=2026-03&outlet=1",
    f"/thread/{DEEP}",
    f"/thread/{SILENT}",
    f"/thread/{MARKET}",
    *(f"/comment/{number}" for number in range(1, 25)),
]
DATA = ["/archive", "/archive/comments", "/archive/comments/4", "/archive?sql=select+1", "/archive/comment_list"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill(tmp_path_factory.mktemp("site") / "any name.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).replace("&#x27;", "'").replace("&#39;", "'")


class Balanced(HTMLParser):
    """Fails where elements are not closed in the order in which they were opened."""

    EMPTY = ("meta", "link", "input", "br", "img", "rect", "line", "circle")

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.hrefs = [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.hrefs += [attributes["href"]] if "href" in attributes else []
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(html):
    parser = Balanced()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_whole(site, address):
    html = page(site, address)
    found = parsed(html)
    assert len(found.ids) == len(set(found.ids))
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert 'href="#main"' in html
    assert 'lang="en"' in html
    assert html.count('class="theline"') <= 1


@pytest.mark.parametrize(
    "address", ["/", f"/thread/{FERRY}", f"/thread/{FERRY}?view=changed", "/comment/4", "/flags", "/search?q=ferry"]
)
def test_every_link_within_the_site_leads_somewhere(site, address):
    for href in set(parsed(page(site, address)).hrefs):
        if href.startswith("/"):
            assert get(site, href.replace("&amp;", "&")).status_code == 200, href


@pytest.mark.parametrize("address", DATA)
def test_data_pages_wear_the_same_dress(site, address):
    html = page(site, address)
    assert 'class="bar"' in html
    assert 'action="/search"' in html
    assert "below/style" in html


def test_home_says_what_the_archive_holds(site, path):
    text = text_of(page(site, "/"))
    assert "This archive holds 24 comments in 4 threads under 4 articles from 2 outlets, by 9 names. It keeps" in text
    lead = page(site, "/").partition('<p class="lead">')[2].partition("</p>")[0]
    pages = re.findall(r'href="([^"]*)"', lead)
    assert pages == ["/search", "/threads", "/questions/articles", "/outlets", "/removals", "/flags"], "no raw tables"
    assert "An invented town. This archive holds" in text_of(page(application(path, notice="An invented town."), "/"))
    assert "gone between 15 and 16 March 2026" in text


def test_home_of_an_empty_archive_says_the_first_command(tmp_path):
    archive_fixture.empty(tmp_path / "empty.db").close()
    assert "btl import FOLDER" in page(application(tmp_path / "empty.db"), "/")


def test_home_never_counts(path):
    """Its statements walk indexes, whatever the archive holds."""
    from archive.site import queries

    db = sqlite3.connect(path)
    lately = queries.FLAGGED_THREADS_LATELY.replace(":limit", "500")  # sorts so many comments of each flag at most
    for statement in (queries.TOTALS, queries.NEWEST_THREADS, lately, queries.REMOVALS):
        plan = [row[3] for row in db.execute(f"explain query plan {statement}")]
        assert not any(re.match(r"SCAN (comments|threads|flags|events)\b(?!.* USING)", step) for step in plan), plan
        assert statement == lately or not any("TEMP B-TREE" in step for step in plan), plan
        assert statement != lately or not any(step.startswith("SCAN comments") for step in plan), plan
    db.close()


def test_thread_shows_what_is_known_and_what_is_not(site):
    html = page(site, f"/thread/{FERRY}")
    text = text_of(html)
    for words_ in (
        "10 comments: 8 of the 9 on the site, and 2 no longer there",
        "1 by unknown authors",
        "author unknown",
        "time not stated",
        "14 March 2026, 09:02",
        "matched rule: call to violence",
        "edited 15 March 2026",
        "gone between 15 and 16 March 2026",
        "Removed from the site, no notice; the text as it stood on 15 March 2026",
        "Removed from the site; the text was not captured.",
        "Folded: matched a rule for “call to violence”, not reviewed. Show the text",
        "unnamed account",
        "2026-03-16.warc.gz",
        "88,102 for 4,096 bytes",
    ):
        assert words_ in text, words_
    assert 'title="The source says: 14. März">14 March 2026</time>' in html
    assert "swearing" not in text  # withdrawn


def test_thread_nests_as_it_was(site):
    html = page(site, f"/thread/{FERRY}")
    shape = re.findall(r'<ol|</ol>|id="c(\d+)"', html)
    depths, depth = {}, 0
    for token in re.findall(r'<ol[ >]|</ol>|<li class="c[^"]*" id="c\d+"', html):
        depth += token.startswith("<ol")
        depth -= token == "</ol>"
        if token.startswith("<li"):
            depths[int(re.search(r"c(\d+)\"$", token)[1])] = depth - 1
    assert shape
    assert depths == {1: 0, 2: 1, 3: 2, 4: 1, 5: 0, 6: 1, 7: 0, 8: 0, 9: 0, 10: 0}


def test_spans_are_marked_where_they_overlap(site):
    html = page(site, f"/thread/{FERRY}")
    start = html.index("Whoever voted")
    folded = html[start : html.index("</p>", start)]
    assert text_of(folded) == FOLDED
    marks = [text_of(mark) for mark in re.findall(r"<mark.*?</mark>", folded)]
    assert marks == ["should be ", "thrown ", "off", " the pier", ", ballot"]


def test_partial_thread_says_so_first(site):
    html = page(site, f"/thread/{DEEP}")
    main = text_of(html[html.index("<main") :])
    assert main.strip().startswith(
        "This thread is incomplete: 12 of the 40 comments that the site counts are archived."
    )


def test_indent_stops_and_a_line_says_whom_a_comment_answers(site):
    html = page(site, f"/thread/{DEEP}")
    assert html.count("<ol>") == 8
    assert 'in reply to <a href="#c19">' in html  # the tenth level answers the ninth
    assert html.count("in reply to") == 3


def test_thread_without_comments(site):
    assert "No comments: commenting is closed." in text_of(page(site, f"/thread/{SILENT}"))


def test_what_changed_shows_both_texts(site):
    html = page(site, f"/thread/{FERRY}?view=changed")
    assert "<del>all</del>" in html or "<del>all </del>" in html
    assert "work" in "".join(re.findall("<ins>(.*?)</ins>", html))
    assert "no longer there, medium confidence" in html


def test_withheld_text_is_on_no_page(site):
    for address in (f"/thread/{MARKET}", "/comment/23", "/comment/24", "/search?q=unmistakably"):
        html = page(site, address)
        assert "unmistakably." not in html
        assert "This archive does not show the text." in html or address == "/comment/24"


def test_comment_page_tells_the_whole_story(site):
    text = text_of(page(site, "/comment/2"))
    for words_ in ("Comment #2 by Tom Billes", "Half past five!", "Move inland then", "Earlier texts", "text changed"):
        assert words_ in text
    html = page(site, "/comment/22")
    assert html.count("Deeper still") >= 12
    assert 'href="/thread/2#c22"' in html


@pytest.mark.parametrize(
    "number", ["abc", "0", "-1", "999999999999999999999", "99999", "1.5", "٣", "1e3", "~2Fx", "1%00"]
)
@pytest.mark.parametrize("kind", ["thread", "comment"])
def test_what_is_not_there_is_a_page_that_says_so(site, kind, number):
    response = get(site, f"/{kind}/{number}", follow_redirects=True)
    assert response.status_code == 404
    assert "Not found" in response.text


def test_page_beyond_the_last_is_not_found(site):
    assert get(site, f"/thread/{FERRY}?page=2").status_code == 404


def test_long_thread_is_paged(tmp_path):
    path = archive_fixture.fill(tmp_path / "long.db")
    db = sqlite3.connect(path)
    db.execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1200) insert into comments (thread_id"
        ", parent_id, identity, position, depth, body, body_sha256, revision, state, first_seen_at, last_seen_at) "
        "select 3, null, i, i - 1, 0, 'number ' || i, '', 0, 'visible', '2026', '2026' from n"
    )
    db.execute("update comments set parent_id = id - 1, depth = 1 where thread_id = 3 and position = 500")
    db.execute("update threads set comment_count = 1200 where id = 3")
    db.commit()
    site = application(path)
    first, second, third = (page(site, f"/thread/3?page={number}") for number in (1, 2, 3))
    assert [html.count('<li class="c"') for html in (first, second, third)] == [500, 500, 200]
    assert "Page 2 of 3" in second
    assert "in reply to" in second[: second.index("number 502")]
    assert "number 1200<" in third
    number = db.execute("select id from comments where thread_id = 3 and position = 700").fetchone()[0]
    db.close()
    assert f'href="/thread/3?page=2#c{number}"' in page(site, f"/comment/{number}")


def test_pages_follow_the_archive(tmp_path):
    """What was worked out before is forgotten as soon as another connection has written."""
    path = archive_fixture.fill(tmp_path / "live.db")
    site = application(path)
    assert "rewritten" not in page(site, f"/thread/{FERRY}")
    db = sqlite3.connect(path)
    db.execute("update comments set body = 'rewritten' where id = 1")
    db.commit()
    db.close()
    for _ in range(4):
        assert "rewritten" in page(site, f"/thread/{FERRY}")
        assert "rewritten" in page(site, "/search?q=rewritten")


def test_every_flag_is_defined(site):
    html = page(site, "/flags")
    with sqlite3.connect(site.get_database("archive").path) as db:
        codes = [code for (code,) in db.execute("select code from flag_codes")]
    db.close()
    assert all(f'id="{code}"' in html for code in codes)
    assert len(codes) > 40


@pytest.mark.parametrize(
    ("at", "precision", "shown"),
    [
        ("2026-03-14T09:02:31Z", "second", "14 March 2026, 09:02"),
        ("2026-03-14T09:02:00Z", None, "14 March 2026, 09:02"),
        ("2026-03-14T09:00:00Z", "hour", "14 March 2026, around 09:00"),
        ("2026-03-14T00:00:00Z", "day", "14 March 2026"),
        ("2026-03-01T00:00:00Z", "month", "March 2026"),
        ("2026-01-01T00:00:00Z", "year", "2026"),
        ("2026-03", "month", "March 2026"),
        ("soon", None, "soon"),
        (None, None, "time not stated"),
    ],
)
def test_times_are_shown_as_far_as_they_are_known(at, precision, shown):
    assert formatting.moment(at, precision) == shown


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("2026-03-15T06:00:00Z", "2026-03-16T06:00:00Z", "between 15 and 16 March 2026"),
        ("2026-03-15T06:00:00Z", "2026-04-16T06:00:00Z", "between 15 March and 16 April 2026"),
        ("2026-05-10T06:00:00Z", "2026-02-15T06:00:00Z", "before 15 February 2026"),  # it came back
        ("2025-03-15T06:00:00Z", "2026-04-16T06:00:00Z", "between 15 March 2025 and 16 April 2026"),
        ("2026-03-15T06:00:00Z", "2026-03-15T09:00:00Z", "on 15 March 2026"),
        (None, "2026-03-15T09:00:00Z", "before 15 March 2026"),
    ],
)
def test_spans_of_time(first, last, shown):
    assert formatting.between(first, last) == shown


def test_charts_say_in_words_what_they_show():
    bars = chart.bar_chart("Flags", [("a < b", 1200), ("c", 3)])
    assert 'aria-label="Flags: a &lt; b 1,200, c 3"' in render("_chart.html", "bars", bars)
    assert "2 of 4 stated comments are stored" in render("_chart.html", "meter", 2, 4)
    assert render("_chart.html", "meter", 2, None) == ""


def visited(at, comments):
    article = Article("Ferry", "Late.", url="https://courier.example/ferry", outlet="courier.example")
    said = tuple(
        Comment(text, author=Author(name, native_id=f"u{number}"), native_id=str(number), parent_source="api")
        for number, name, text in comments
    )
    return Thread(article, said, "isso", Capture(str(at), article.url, at), "t", completeness="full")


@pytest.fixture(scope="module")
def revisited(tmp_path_factory):
    path = tmp_path_factory.mktemp("revisited") / "archive.db"
    first = [(1, "Anna", "The kiosk opens at nine."), (2, "Finn", "I doubt it."), (3, "Harbour Desk", "It does.")]
    second = [(1, "Anna", "The kiosk opens at ten."), (3, "Harbour Office", "It does."), (4, "Ruth", "Late to this.")]
    with Archive(path) as archive:
        run = archive.begin_run("crawl", {})
        archive.save([visited("2026-03-02T08:00:00Z", first)], run)
        archive.save([visited("2026-03-20T08:00:00Z", second)], run)
    return application(path)


def test_a_thread_as_it_stood_at_a_visit(revisited):
    now = page(revisited, "/thread/1")
    before = page(revisited, "/thread/1?at=2026-03-19")
    after = page(revisited, "/thread/1?at=2026-03-20T08:00:00Z")
    assert "The kiosk opens at ten." in now
    assert "The kiosk opens at ten." not in before
    assert "The kiosk opens at nine." in before
    assert "as it was at the visit of" in before
    assert 'id="c4"' not in before
    assert 'id="c4"' in after
    assert after.count("new at this visit") == 1
    assert "new at this visit" not in before
    assert "<del>nine</del><ins>ten</ins>" in after
    assert "no longer there at this visit" in after
    assert "Removed from the site, no notice" in now
    assert "Removed from the site, no notice" not in before
    assert "Harbour Office" in after
    assert "Harbour Desk" in before
    assert "Harbour Office" not in before
    assert 'href="/thread/1?at=2026-03-20T08:00:00Z#comments"' in now
    assert get(revisited, "/thread/1?at=1999-01-01").status_code == 404
    assert "as it was at the visit" not in page(revisited, "/thread/1?at=%27%20or%201")
    again = page(revisited, "/thread/1?at=2026-03-02T08:00:00Z")
    assert again.partition("</main>")[0] == before.partition("</main>")[0]


def test_removals_by_month_and_outlet(revisited):
    html = page(revisited, "/removals")
    gone = html.partition('id="c2"')[2].partition("</article>")[0]
    assert '<details class="fold">' in gone
    assert "I doubt it." in gone
    assert 'href="/thread/1?at=2026-03-20T08:00:00Z#c2"' in gone
    assert "confidence high" in gone
    assert "March 2026" in html
    assert 'id="c2"' in page(revisited, "/removals?month=2026-03&outlet=1")
    assert "No removals found so far" in page(revisited, "/removals?month=1999-01")
    assert 'id="c2"' in page(revisited, "/removals?month=2026-99&outlet=x")
