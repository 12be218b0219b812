"""The search page asks the index beside the archive: exact counts, all values, forms of words; else FTS5, as ever."""

import logging
import re
import sqlite3

import pytest

from archive.search import build
from archive.search.current_index import keep_current
from archive.site.app import application
from archive.store.archive import Archive
from archive.takedown.erase_rows import destroy_rows
from archive.takedown.withhold import withhold
from tests import archive_fixture
from tests.archive_fixture import get, page


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    path = archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")
    assert keep_current(path) == "built"
    assert keep_current(path) == "current"
    datasette = application(path)
    datasette.sql_time_limit_ms = 30_000  # other tests may run beside these
    return datasette


def found(site, address):
    html = page(site, address)
    match = re.search(r"<b>([\d,]+) comments? match", html)
    assert match, html
    return int(match[1]), re.findall(r'<li class="c" id="c(\d+)"', html)


def test_words_in_their_forms_are_found_and_marked(site):
    assert found(site, "/search?q=ferries")[0] == 14
    assert "<mark>ferry</mark>" in page(site, "/search?q=ferries")
    assert found(site, '/search?q="ferries"')[0] == 0


def test_the_newest_come_first_by_the_time_of_the_comment(site):
    total, ids = found(site, "/search?q=ferry&sort=newest")
    assert "newest first; those without a time come last" in page(site, "/search?q=ferry&sort=newest")
    assert (total, len(ids)) == (14, 14)
    assert ids[0] == "22"


@pytest.mark.parametrize(
    "query",
    ["q=quay", "q=ferry", "flag=content.insult", "severity=high", "q=quay&severity=high", "status=unreviewed", "q=a*"],
)
def test_the_number_beside_a_filter_is_what_it_leaves(site, query):
    html = page(site, f"/search?{query}")
    links = re.findall(
        r'<li><a href="(/search[^"]+)" rel="nofollow"><bdi>.*?</bdi></a> <span class="note">(\d+)<', html
    )
    assert links
    for href, number in links:
        assert found(site, href.replace("&amp;", "&"))[0] == int(number), href


def test_every_value_of_a_filter_can_be_reached(site, monkeypatch):
    from archive.site import search_filters

    monkeypatch.setattr(search_filters, "LISTED_VALUES", 1)
    html = page(site, "/search?q=ferry+OR+quay&sort=newest")
    address = re.search(r'<a href="([^"]+values=commenter)" rel="nofollow">All (\d+)</a>', html)
    listed = page(site, address[1].replace("&amp;", "&"))
    values = listed.partition("All values: commenter")[2].partition("</section>")[0]
    assert values.count("<li>") == int(address[2]) > 1


def test_commenters_of_many_matches_are_counted_on_request(site, monkeypatch):
    from archive.site import search_results

    monkeypatch.setattr(search_results, "MAX_WITH_COMMENTERS", 13)
    html = page(site, "/search?q=ferry&sort=newest")
    address = re.search(
        r'<h2>Commenter</h2><ul class="plain filter"></ul><p><a href="([^"]+)"[^>]*>Count by comm', html
    )
    listed = page(site, address[1].replace("&amp;", "&"))
    assert listed.count("<li>", listed.index("All values: commenter")) > 1
    href, number = re.search(r'<a href="(/search[^"]+commenter=\d+[^"]*)".*?class="note">(\d+)<', listed).groups()
    assert found(site, href.replace("&amp;", "&"))[0] == int(number)


def test_an_empty_result_says_what_would_find_something(site):
    html = page(site, "/search?q=fery")
    assert re.search(r'href="/search\?q=ferry"><bdi>ferry</bdi></a> <span class="note">14 comments<', html)
    html = page(site, "/search?q=ferry&outlet=1&from=2027-01-01")
    assert re.search(r'href="/search\?q=ferry"><bdi>the same without filters</bdi>', html)


def test_what_is_wrong_is_said_and_nothing_else_is_searched_for(site):
    html = page(site, "/search?q=ferry+after:soon")
    assert "after:soon is no date. Write after:2026-03-14" in html
    assert "The search was not run." in html
    assert "date=soon was ignored: it is not a date such as" in page(site, "/search?q=ferry&date=soon")


def test_files_have_every_hit_in_the_order_of_the_page(site):
    ids = found(site, "/search?q=ferry&sort=newest")[1]
    answer = get(site, "/search.json?q=ferry&sort=newest").json()
    assert [str(row["id"]) for row in answer["comments"]] == ids
    assert (answer["matched"], answer["limited"]) == (14, False)


def test_nothing_withheld_is_found_or_counted_and_erased_words_are_gone(tmp_path):
    path = archive_fixture.fill(tmp_path / "archive.db")
    keep_current(path)
    site = application(path)
    site.sql_time_limit_ms = 30_000
    assert found(site, "/search?q=diesel")[0] == 1
    with Archive(path) as archive:
        withhold(archive, "comment", 1, "privacy")
        assert build.SearchIndex(build.index_path(path)).view.count(None) == 22  # by the command itself
        assert found(site, "/search?q=diesel")[0] == 0
        assert "fery" not in page(site, "/search?q=diesal")
        destroy_rows(archive, "comment", 1, "privacy")
    view = build.SearchIndex(build.index_path(path)).view
    assert not view.searcher.terms_with_prefix("words", "diesel")
    assert view.searcher.terms_with_prefix("words", "ferry")


def test_what_is_saved_or_judged_is_found_at_once(tmp_path):
    path = archive_fixture.fill(tmp_path / "archive.db")
    keep_current(path)
    site = application(path)
    site.sql_time_limit_ms = 30_000
    assert found(site, "/search?q=pelican")[0] == 0
    with sqlite3.connect(path) as db:
        db.execute("update comments set body = 'A pelican.' where id = 2")
    db.close()
    assert found(site, "/search?q=pelicans")[0] == 1


def test_without_a_sound_index_full_text_answers_and_the_operator_is_told(tmp_path, caplog):
    path = archive_fixture.fill(tmp_path / "archive.db")
    keep_current(path)
    for file in build.index_path(path).glob("*.term"):
        file.write_bytes(b"")
    site = application(path)
    site.sql_time_limit_ms = 30_000
    with caplog.at_level(logging.WARNING):
        assert found(site, "/search?q=ferry")[0] == 14
        assert found(site, "/search?q=ferries")[0] == 0
    assert len([record for record in caplog.records if "`btl index` makes it anew" in record.message]) == 1


def test_no_statement_cuts_excerpts_of_a_word_repeated_thousands_of_times(tmp_path):
    """snippet() and highlight() take time that grows with the square of it; test_words counts the work of ours."""
    path = archive_fixture.fill(tmp_path / "archive.db")
    with sqlite3.connect(path) as db:
        db.execute("update comments set body = ? where id = 2", ("anchor buoy " * 8_000,))
    db.close()
    site = application(path)
    site.sql_time_limit_ms = 30_000
    statements, connect = [], site.databases["archive"].connect

    def traced(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    site.databases["archive"].connect = traced
    html = page(site, "/search?q=" + "+".join(["anchor", "buoy", '"anchor+buoy"', "anch*", "bu*"] * 2))
    assert "<mark>anchor" in html
    assert any("comments_fts match" in sql for sql in statements)
    assert not any("snippet(" in sql or "highlight(" in sql for sql in statements)
