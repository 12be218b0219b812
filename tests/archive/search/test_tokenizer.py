"""Words are folded and found as FTS5 does it, and excerpts are cut around them, in bounded time."""

import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.search.query import parse_query
from archive.search.tokenizer import MAX_MATCHES, SearchTerm, WordMatch, best_start, find_matches, fold
from archive.site.excerpts import EXCERPT_LETTERS, compare_texts, cut_excerpt
from archive.store.views import TOKENIZE
from tests.call_count import count_calls

LETTERS = (
    st.text(st.sampled_from("aAbéÉß İıſσςΣæ e\u0301\u0327-_,.\0\u202e\u3042漢字٣½²ⅫｱĳЙй\u0306\U0001f600\x01\x02"))
    | st.text()
)


@pytest.fixture(scope="module")
def db():
    connection = sqlite3.connect(":memory:")
    connection.execute(f"create virtual table texts using fts5(text, tokenize='{TOKENIZE}')")
    connection.execute("create virtual table words using fts5vocab(texts, instance)")
    yield connection
    connection.close()


def stored(db, text):
    db.execute("delete from texts")
    db.execute("insert into texts(rowid, text) values (1, ?)", (text,))


@given(LETTERS)
@example("\u0301a\u0301\u0301b e\u0301")
def test_texts_fold_as_fts5_folds_them(db, text):
    stored(db, text)
    assert fold(text).split() == [word for (word,) in db.execute('select term from words order by "offset"')]


@given(LETTERS, st.lists(LETTERS.filter(lambda text: '"' not in text), min_size=1, max_size=3))
@example("a b a c", ["a b", "a"])
@example("Quáy, quays", ["quay"])
def test_matches_are_those_that_fts5_highlights(db, text, typed):
    stored(db, text)
    query = parse_query(" ".join(f'"{words}"' for words in typed))
    if not query.match:
        return
    matches = find_matches(text, query.terms)
    sql = "select highlight(texts, 0, '', '') from texts where texts match ?"
    row = db.execute(sql, (query.match,)).fetchone()
    if row is None:
        assert len({match.term for match in matches}) < len(query.terms)
        return
    for match in matches:
        assert fold(text[match.start : match.end]) == " ".join(query.terms[match.term].words)
    if not any(len(term.words) > 1 for term in query.terms):  # those may overlap
        assert {match.term for match in matches} == set(range(len(query.terms)))


def test_prefixes_phrases_and_repeated_words():
    assert parse_query("Quay quáy QUAY").match == '"quay"'
    assert parse_query("well-known dies*").terms == (
        SearchTerm(("well", "known")),
        SearchTerm(("dies",), is_prefix=True),
    )
    text = "Dieselé engines. DIE, die\u0301s"
    found = [text[start:end] for start, end, _ in find_matches(text, parse_query("di* engines").terms)]
    assert found == ["Dieselé", "engines", "DIE", "die\u0301s"]
    assert find_matches("engines", parse_query("engine").terms) == []
    assert find_matches("engine", ()) == []


def test_an_excerpt_begins_where_most_words_stand():
    text = "quay " + "x " * 300 + "ferry, or the quay"
    matches = find_matches(text, parse_query("ferry quay").terms)
    assert text[best_start(matches, 280) :].startswith("ferry")
    assert best_start([WordMatch(5, 6, 0), WordMatch(9, 10, 0)], 3) == 5
    assert best_start([], 9) == 0


def cut(text, *marks, at=None):
    pieces = cut_excerpt(text, marks, at)
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


def test_an_excerpt_holds_what_was_found():
    text = " ".join(f"w{number}" for number in range(200))
    start = text.index("w100")
    excerpt = cut(text, (start, start + 4))
    assert excerpt.startswith("…w88")
    assert excerpt.endswith("w127…")
    assert "[w100]" in excerpt
    assert cut("") == ""
    assert cut("one  two ") == "one  two"
    assert cut(f"{'one ' * 20}two", at=80) == f"{'one ' * 20}two"
    assert cut("a" * 10_000 + " quay", (10_001, 10_005)).endswith("[quay]")
    assert cut("quay" * 10_000, (0, 40_000)) == f"[{'quay' * (EXCERPT_LETTERS // 4)}]…"


@pytest.mark.parametrize(
    "text", ["anchor " * 8_000, "x" * 50_000, "anchor buoy " * 4_000, "a\u0301" * 25_000, "é" * 50_000]
)
def test_work_grows_no_faster_than_a_text(text):
    terms = parse_query("anchor buoy aa* " + '"anchor anchor anchor buoy"').terms

    def excerpt(text):
        matches = find_matches(text, terms)
        assert len(matches) <= MAX_MATCHES
        pieces = cut_excerpt(text, [(start, end) for start, end, _ in matches], best_start(matches, 280))
        assert sum(len(piece.text) for piece in pieces) <= EXCERPT_LETTERS + 140

    excerpt(text)  # whatever is computed once
    assert count_calls(excerpt, text) <= 2 * count_calls(excerpt, text[: len(text) // 2]) + 100


def test_texts_of_one_repeated_word_are_not_compared():
    assert compare_texts("a " * 299, "b a " * 149).before is not None
    assert compare_texts("a quay", "a pier").changes
