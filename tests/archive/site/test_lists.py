"""The pages that people click to: threads, outlets, commenters, articles and copies; their figures and files."""

import csv
import io
import re
import sqlite3
from contextlib import closing

import pytest

from archive.site.app import application
from tests.archive.site.desk_archive import fill_desk
from tests.archive.site.test_figures import FIGURE
from tests.archive.site.test_security import assert_harmless
from tests.archive.site.test_site import parsed, text_of
from tests.archive_fixture import THIRD, get, page

CONTENT = """select count(*) from comments where {where} and id in (select comment_id from flags
where code like 'content.%' and withdrawn_at is null and status not in ('dismissed', 'corrected'))"""
EXPECTED = {
    "listed": "select count(*) from threads",
    "stored": "select count(*) from comments where thread_id = :of",
    "content": CONTENT.format(where="thread_id = :of"),
    "comments_of_outlet": "select count(*) from comments where thread_id in (select threads.id from threads join articles "
    "on articles.id = article_id where outlet_id = :of)",
    "threads_of_outlet": "select count(*) from threads join articles on articles.id = article_id where outlet_id = :of",
    "articles_of_outlet": "select count(*) from articles where outlet_id = :of",
    "months_of_outlet": "select count(*) from comments join threads on threads.id = thread_id join articles "
    "on articles.id = article_id where outlet_id || ':' || substr(posted_at, 1, 7) = :of",
    "threads_of_commenter": "select count(distinct thread_id) from comments where commenter_id = :of",
    "gone_of_commenter": "select count(*) from comments where commenter_id = :of and state <> 'visible'",
    "comments_of_article": "select count(*) from comments join threads on threads.id = thread_id where article_id = :of",
    "comments_of_commenter": "select count(*) from comments where commenter_id = :of",
    "commenter": "select count(distinct comments.id) from comments join flags on comment_id = comments.id "
    "where commenter_id = :of and code = :key and withdrawn_at is null",
}
PAGES = ["/threads", "/outlet/gull.example", "/outlet/2", "/commenter/1", "/commenter/8", "/article/1", "/article/17"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = fill_desk(tmp_path_factory.mktemp("lists") / "live.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update articles set revision = 1, title = 'Ferry fees fall <b>' where id = 1")
        revision = (
            "insert into article_revisions (article_id, revision, title, body, body_sha256, seen_from, seen_until) "
        )
        db.execute(revision + "values (1, 0, 'Ferry fees rise', 'It was so.', 'x', ?, ?)", (THIRD, THIRD))
        db.execute("update articles set withheld = 'legal', title = null, body = '' where id = 17")
    return path


@pytest.fixture(scope="module")
def site(path):
    return application(path)


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_whole_and_their_figures_are_those_of_the_tables(site, path, address):
    html = page(site, address)
    assert html.count("<h1") == 1
    assert_harmless(html)
    assert len(parsed(html).ids) == len(set(parsed(html).ids))
    with closing(sqlite3.connect(path)) as db:
        for value, name, of, text in FIGURE.findall(html):
            kind, _, key = name.partition(":")
            parameters = {"of": of or address.rpartition("/")[2], "key": key}
            assert int(value) == db.execute(EXPECTED[kind], parameters).fetchone()[0], (name, of, text)
    for href in sorted(set(parsed(html).hrefs))[:25]:
        if href.startswith("/"):
            assert get(site, href.replace("&amp;", "&")).status_code == 200, href


def listed(site, query):
    return [
        int(number)
        for number in re.findall(r'<tr><th scope="row"><a href="/thread/(\d+)"', page(site, f"/threads?{query}"))
    ]


@pytest.mark.parametrize(
    ("query", "where", "order"),
    [
        ("", "true", "published_at"),
        ("sort=comments&outlet=2", "outlet_id = 2", "comment_count"),
        ("sort=seen&from=2026-02&to=2026-03", "substr(published_at, 1, 7) in ('2026-02', '2026-03')", "threads.last_seen_at"),
        ("sort=flagged", "true", f"({CONTENT.format(where='thread_id = threads.id')})"),
        ("flag=content.threat", "threads.id in (select comments.thread_id from comments join flags on comment_id = comments.id where code = 'content.threat')", "published_at"),
        ("completeness=partial", "completeness = 'partial'", "published_at"),
        ("least=13", "comment_count >= 13", "published_at"),
    ],
)  # fmt: skip
def test_threads_are_chosen_and_sorted(site, path, query, where, order):
    sql = f"select threads.id from threads join articles on articles.id = article_id where {where} order by {order} desc, threads.id desc"
    with closing(sqlite3.connect(path)) as db:
        expected = [row[0] for row in db.execute(sql)]
    assert listed(site, query) == expected
    rows = list(csv.DictReader(io.StringIO(get(site, f"/threads.csv?{query}").text)))
    assert [int(row["id"]) for row in rows] == expected


def test_what_cannot_be_understood_is_named(site):
    text = text_of(page(site, "/threads?outlet=x&from=yesterday&sort=colour&completeness=half"))
    for word in ("x", "yesterday", "colour", "half"):
        assert f"“{word}” is nothing to choose by" in text


def test_comments_of_a_commenter_come_with_their_place_the_newest_first(site, path):
    html = page(site, "/commenter/1")
    shown = [int(number) for number in re.findall(r'<li class="c[^"]*" id="c(\d+)"', html)]
    with closing(sqlite3.connect(path)) as db:
        newest = "select id from comments where commenter_id = 1 order by posted_at desc, id desc"
        assert shown == [row[0] for row in db.execute(newest)]
    assert text_of(html).count("Under ") >= len(shown)
    rows = list(csv.DictReader(io.StringIO(get(site, "/commenter/1.csv").text)))
    assert [int(row["id"]) for row in rows] == shown
    assert "The same name elsewhere" in text_of(html)


def test_an_article_shows_what_changed_in_it(site):
    html = page(site, "/article/1")
    assert "1 earlier text" in text_of(html)
    assert "<del>rise</del>" in html
    assert "<del>was </del><ins>is </ins>" in html
    withheld = text_of(page(site, "/article/17"))
    assert "Withheld by this archive" in withheld
    assert "Ida Reef" not in withheld


@pytest.mark.parametrize("address", ["/outlet/nowhere.example", "/commenter/999", "/article/x", "/copies/999"])
def test_what_is_not_there_is_not_found(site, address):
    assert get(site, address).status_code == 404


def test_a_large_live_outlet_reads_its_newest_threads_for_flags(site, monkeypatch):
    from archive.site.views import outlet

    def flagged(address):
        html = page(site, address)
        listed = html.partition("Threads with most flagged comments")[2].partition("</section>")[0]
        return {int(number) for number in re.findall(r'href="/thread/(\d+)"', listed)}, text_of(listed)

    every, text = flagged("/outlet/1")
    assert len(every) > 1
    assert "Of its newest" not in text
    listed = {int(number) for number in re.findall(r'href="/thread/(\d+)"', page(site, "/threads?outlet=1"))}
    read = sum(number >= max(every) for number in listed)
    monkeypatch.setattr(outlet, "MAX_THREADS_READ", read)
    newest, text = flagged("/outlet/gull.example")
    assert newest == {max(every)}
    assert f"Of its newest {read} threads." in text


def test_faults_of_the_capture_stand_apart(site):
    html = page(site, "/")
    chart = html.partition("<h2>Flags on the words</h2>")[2].partition("</figure>")[0]
    assert "insult" in chart
    assert "author missing" not in chart
    faults = html.partition("Faults of the capture</summary>")[2].partition("</section>")[0]
    assert "author missing" in faults
    flagged = html.partition("Threads with most flagged comments")[2].partition("</section>")[0]
    assert flagged.count("/thread/") == 5
    statistics = page(site, "/statistics")
    words = statistics.partition('id="flags_by_month"')[2].partition("</section>")[0]
    assert "insult" in words
    assert "author missing" not in words
    assert "author missing" in statistics.partition('id="faults_by_month"')[2].partition("</section>")[0]
