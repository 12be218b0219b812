"""Search, asked in every way."""

import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.search import bm25
from archive.search import query as search_query
from archive.search.tokenizer import SearchTerm
from archive.site.app import application
from tests import archive_fixture
from tests.archive.site.test_site import text_of
from tests.archive_fixture import get, page


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill(tmp_path_factory.mktemp("site") / "any name.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def test_search_marks_words_and_says_what_a_comment_answers(site):
    html = page(site, "/search?q=sleepless+OR")
    assert "0 comments match" in html
    html = page(site, "/search?q=queue+deeper")
    assert "12 comments match" in html
    assert "<mark>Deeper</mark>" in html
    assert "<bdi>Deeper still, says number 3 of the ferry queue.</bdi>" in html


def test_search_folds_what_a_thread_folds(site):
    html = page(site, "/search?q=pier")
    assert "not reviewed. Show the text</summary>" in html
    assert html.index("<details") < html.index("<mark>pier</mark>")
    assert "(folded)" not in html


def test_search_folds_what_is_no_longer_on_its_site_and_quotes_it_in_no_reply(tmp_path):
    path = archive_fixture.fill(tmp_path / "gone.db")
    with closing(sqlite3.connect(path)) as db, db:
        parent, child = db.execute("select parent_id, id from comments where parent_id is not null limit 1").fetchone()
        db.execute("update comments set body = 'a lantern for everybody', codes = null where id = ?", (parent,))
        db.execute("update comments set body = 'a candle instead', codes = null where id = ?", (child,))
        db.execute("delete from flags where comment_id in (?, ?)", (parent, child))
        db.execute("insert into comments_fts(comments_fts) values ('rebuild')")
    assert "in reply to" in page(application(path), "/search?q=candle")
    assert "a lantern for everybody" in page(application(path), "/search?q=candle")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update comments set state = 'missing' where id = ?", (parent,))
    reply, hit = page(application(path), "/search?q=candle"), page(application(path), "/search?q=lantern")
    assert "(folded)" in reply
    assert "a lantern for everybody" not in reply
    assert hit.index("Removed from the site, no notice. Show the text</summary>") < hit.index("<mark>lantern</mark>")


def test_search_finds_articles_names_without_accents_and_phrases(site):
    assert "Articles that match" in page(site, "/search?q=noise")
    assert "1 comment matches" in page(site, '/search?q="diesel+engine"')
    assert "0 comments match" in page(site, '/search?q="engine+diesel"')
    assert "1 comment matches" in page(site, "/search?q=dies*")


def test_search_filters_are_links_with_counts(site):
    html = page(site, "/search?q=ferry")
    assert re.search(r'q=ferry&amp;outlet=2"[^>]*><bdi>plain.example</bdi></a> <span class="note">12<', html)
    for query, found in (
        ("outlet=1", 2),
        ("commenter=7", 1),
        ("flag=platform.featured", 1),
        ("date=2026-03", 14),
        ("year=2025", 0),
        ("from=2026-03-14&to=2026-03-14", 14),
        ("from=2026-03-15", 0),
        ("outlet=x&commenter=-1&flag=';--&date=soon", 14),
    ):
        assert f"{found} comment" in page(site, f"/search?q=ferry&{query}"), query


def test_an_empty_result_offers_help(site):
    text = text_of(page(site, "/search?q=zzzzqqq+xyzxyz"))
    assert "Try fewer words" in text
    assert "Search without filters" not in text
    html = page(site, "/search?q=ferry&from=2026-04-01&to=2026-03-01")
    assert "Nothing lies between 2026-04-01 and 2026-03-01" in text_of(html)
    assert '<a href="/search?q=ferry">Search without filters</a>' in html
    assert "Try fewer words" not in text_of(page(site, "/search?q=ferry"))
    assert "Nothing lies between" not in text_of(page(site, "/search?q=ferry&from=2026-03-14&to=2026-03"))


def test_search_says_what_it_left_out(site):
    assert "Enter at least one word." in page(site, "/search?q=%22%3F%21")
    assert "only its first 16 words" in page(site, "/search?q=" + "ferry+" * 40)
    assert "needs at least" in page(site, "/search?q=f*")


def test_search_ranks_the_newest_of_too_many(tmp_path, monkeypatch):
    from archive.site import search_results

    monkeypatch.setattr(search_results, "MAX_HITS", 5)
    html = page(application(archive_fixture.fill(tmp_path / "many.db")), "/search?q=ferry")
    assert "More than 5 comments match; showing the best of the latest 5." in html
    assert html.count('<li class="c"') == 5


def test_search_ranks_by_itself_where_the_archive_is_large(path, monkeypatch):
    """FTS5 would first count the words of the whole archive."""
    from archive.site import search_results

    def order(html):
        return re.findall(r'<li class="c" id="c(\d+)"', html)

    expected = order(page(application(path), "/search?q=ferry+queue"))
    monkeypatch.setattr(search_results, "MAX_RANKED_BY_FTS5", 0)
    html = page(application(path), "/search?q=ferry+queue")
    assert sorted(order(html)) == sorted(expected)
    assert "12 comments match" in html


def test_rare_words_short_texts_and_many_occurrences_rank_first():
    texts = ["quay", "quay and a long row of other words that say nothing", "Quáy quay quay", "ferry", "pier", "boat"]
    found = bm25.rank(texts, [SearchTerm(("quay",))])
    assert sorted(range(6), key=found.__getitem__)[:3] == [2, 0, 1]
    assert bm25.rank([], [SearchTerm(("x",))]) == []
    assert bm25.rank(["", ""], [SearchTerm(("x",))]) == [0, 0]


def test_slow_search_is_a_page_that_says_what_to_do(path):
    site = application(path)
    site.sql_time_limit_ms = 0
    response = get(site, "/search?q=ferry")
    assert response.status_code == 503
    assert "Search for a rarer word" in response.text


AWKWARD = [
    '"',
    '""',
    "'",
    "*",
    "NEAR(",
    "NEAR(a b, 2)",
    "body:x",
    "{a b}: c",
    "^a",
    "a AND",
    "OR",
    "NOT",
    "(",
    ")",
    "\0",
    "a\0b",
    "-",
    "😀",
]
AWKWARD += [
    "",
    " ",
    "x" * 10_000,
    "a " * 5_000,
    '"a',
    'a"b',
    "a*b*",
    "+",
    "--",
    ";",
    "%",
    "\\",
    "é",
    "日本",
    "\u202e",
    "a^2",
    "rowid:1",
    "᳀",
    "\ud7ff",
    "🜁*",
]


@pytest.mark.parametrize("typed", AWKWARD)
def test_any_question_gives_a_page(site, typed):
    assert get(site, "/search", params={"q": typed}).status_code == 200


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(['"', "*", "a", " ", "NEAR", "(", ")", ":", "-", "^", "OR", "+"])).map("".join)
)
def test_no_question_is_misread(typed):
    match = search_query.parse_query(typed).match
    db = _full_text()
    if match:
        db.execute("select rowid from t where t match ?", (match,)).fetchall()


_kept = []


def _full_text():
    if not _kept:
        db = sqlite3.connect(":memory:")
        db.execute("create virtual table t using fts5(body, tokenize='unicode61 remove_diacritics 2')")
        db.execute("insert into t values ('a near or')")
        _kept.append(db)
    return _kept[0]
