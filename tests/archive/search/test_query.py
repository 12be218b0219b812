"""Whatever is typed is parsed, means the same to every engine, and what is wrong with it is named."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.search.query import MAX_TERMS, full_text, parse_query
from archive.search.query_names import resolve
from archive.search.query_nodes import AndNode, FieldNode, FlagFilter, NotNode, OrNode, WordNode, is_date
from archive.search.query_sql import select_comments
from archive.search.tokenizer import SearchTerm
from tests.archive.search.texts import TEXTS, matching

OUTLETS = [(1, "Harbour Courier", "harbour-courier.example"), (2, "plain.example", "plain.example")]
CODES = {"content.insult": "Insult", "content.threat": "Threat", "review.insult": "Insult, by hand"}
WORDS = ("quay", "ferry", "fer", "boat", "Böat")
PIECES = st.sampled_from(
    [*WORDS, "fer*", '"quay ferry"', "AND", "OR", "NOT", "(", ")", "-", "-quay", "quay-boat", "after:2026", "or", '"']
)


AFTER = FieldNode("after", ("2026-11",))


def word(text, *, exact=False):
    return WordNode(SearchTerm(tuple(text.split())), exact)


@pytest.mark.parametrize(
    ("typed", "node"),
    [
        ("quay ferry", AndNode((word("quay"), word("ferry")))),
        ("quay AND ferry", AndNode((word("quay"), word("ferry")))),
        ("quay OR ferry boat", OrNode((word("quay"), AndNode((word("ferry"), word("boat")))))),
        ("(quay OR ferry) boat", AndNode((OrNode((word("quay"), word("ferry"))), word("boat")))),
        ("quay NOT ferry", AndNode((word("quay"), NotNode(word("ferry"))))),
        ('quay -"ferry boat"', AndNode((word("quay"), NotNode(word("ferry boat", exact=True))))),
        ("NOT NOT quay", word("quay")),
        ("fer*", WordNode(SearchTerm(("fer",), is_prefix=True), is_exact=True)),
        ("well-known", word("well known")),
        ("author:tom*", FieldNode("author", (SearchTerm(("tom",), is_prefix=True),))),
        ('Author:"Tom Billes"', FieldNode("author", (SearchTerm(("tom", "billes")),))),
        ("after:2026-03 before:2027", AndNode((FieldNode("after", ("2026-03",)), FieldNode("before", ("2027",))))),
        ("quay Quáy QUAY", word("quay")),
        ("quay OR ferry after:2026-11", AndNode((OrNode((word("quay"), word("ferry"))), AFTER))),
        (
            "after:2026-11 quay OR ferry boat OR rope",
            AndNode((OrNode((word("quay"), AndNode((word("ferry"), word("boat"))), word("rope"))), AFTER)),
        ),
        ("(quay OR ferry after:2026-11) boat", AndNode((OrNode((word("quay"), word("ferry"))), AFTER, word("boat")))),
        ("quay OR (ferry after:2026-11)", OrNode((word("quay"), AndNode((word("ferry"), AFTER))))),
        ("quay OR after:2026-11", OrNode((word("quay"), AFTER))),
        ("quay after:2026-11 OR ferry", OrNode((AndNode((word("quay"), AFTER)), word("ferry")))),
        (
            "quay before:2026 OR ferry after:2026-11",
            OrNode((AndNode((word("quay"), FieldNode("before", ("2026",)))), AndNode((word("ferry"), AFTER)))),
        ),
        ("quay OR ferry -after:2026-11", AndNode((OrNode((word("quay"), word("ferry"))), NotNode(AFTER)))),
        ("quay or ferry", AndNode((word("quay"), word("or"), word("ferry")))),
        ("", None),
        ("()", None),
    ],
)
def test_what_a_query_means(typed, node):
    query = parse_query(typed)
    assert (query.node, query.notes, query.errors) == (node, (), ())


@pytest.mark.parametrize(
    ("typed", "node", "part"),
    [
        ("quay OR", word("quay"), "OR needs a word on both"),
        ("OR quay", word("quay"), "OR needs a word on both"),
        ("quay AND", word("quay"), "AND needs a word on both"),
        ("quay NOT", word("quay"), "NOT needs a word after it"),
        ("(quay", word("quay"), "never closed"),
        ("quay)", word("quay"), "without an opening one"),
        ("body:x", word("body x"), "body: is not a field, so its words were searched for. Fields are author, outlet"),
        (
            'quay "ferry boat',
            AndNode((word("quay"), word("ferry boat", exact=True))),
            "quotation mark was never closed",
        ),
        ("f*", word("f", exact=True), "at least 2 letters"),
        ("quay " * 8 + "ferry " * 12, AndNode((word("quay"), word("ferry"))), f"only its first {MAX_TERMS} words"),
        ("(" * 30 + "quay" + ")" * 30, word("quay"), "within 20 others"),
    ],
)
def test_what_is_ignored_is_named(typed, node, part):
    query = parse_query(typed)
    assert query.node == node
    assert part in " ".join(query.notes)
    assert query.errors == ()


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("after:soon", "after:soon is no date. Write after:2026-03-14"),
        ("before:2026-02-30", "before:2026-02-30 is no date"),
        ("author: tom", "author: has no value. Write author:name"),
        ("author:(tom OR anna)", "author: has no value"),
        ('outlet:""', "outlet: has no value"),
        ("flag:?!", "flag:?! has no letter or digit"),
        ("outlet:curier", "No outlet here is called “curier”."),
        ("outlet:harbour-courier.exampel", "Did you mean outlet:harbour-courier.example?"),
        ('outlet:"harbor courier"', 'Did you mean outlet:"harbour courier"?'),
        ("flag:insults", "There is no flag called “insults”. Did you mean flag:insult?"),
    ],
)
def test_wrong_values_are_named(typed, part):
    assert part in " ".join(resolve(parse_query(typed), OUTLETS, CODES).errors)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("outlet:courier", FieldNode("outlet", (1,))),
        ("outlet:example", FieldNode("outlet", (1, 2))),
        ('outlet:"Harbour Courier"', FieldNode("outlet", (1,))),
        ("flag:insult", FieldNode("flag", (FlagFilter(("content.insult", "review.insult")),))),
        ("flag:content.threat", FieldNode("flag", (FlagFilter(("content.threat",)),))),
        ("flag:content", FieldNode("flag", (FlagFilter(("content.insult", "content.threat")),))),
        ('flag:"Insult, by hand"', FieldNode("flag", (FlagFilter(("review.insult",)),))),
    ],
)
def test_names_are_looked_up(typed, field):
    query = resolve(parse_query(f"NOT ({typed} OR quay)"), OUTLETS, CODES)
    assert query.errors == ()
    assert query.node == NotNode(OrNode((field, word("quay"))))


def test_dates_are_those_of_the_calendar():
    dates = ["2026", "2026-03", "2028-02-29"]
    assert [is_date(text) for text in dates] == [True] * 3
    others = ["2026-02-29", "2026-13", "26", "2026-3", "0000", "2026-03-14-15", "", "-", "²⁰²⁶", "٢٠٢٦"]
    assert not any(is_date(text) for text in others)


@given(st.text(max_size=80) | st.lists(PIECES, max_size=30).map(" ".join))
def test_whatever_is_typed_is_parsed_and_fts5_reads_it(typed):
    query = parse_query(typed)
    if query.match:
        _archive().execute("select rowid from comments_fts where comments_fts match ?", (query.match,)).fetchall()
    assert len(query.terms) <= MAX_TERMS


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_sql_selects_what_the_query_means(typed):
    node = parse_query(typed).node
    if node is None:
        return
    selection = select_comments(node)
    found = {row[0] for row in _archive().execute(selection.sql(), selection.parameters)}
    assert found == matching(node, with_forms=False), full_text(node)


_kept = []


def _archive():
    if not _kept:
        db = sqlite3.connect(":memory:")
        db.execute("create table comments (id integer primary key, body text, posted_at text, withheld text)")
        db.execute(
            "create virtual table comments_fts using fts5(body, content='comments', content_rowid='id', "
            "tokenize='unicode61 remove_diacritics 2')"
        )
        rows = [(number, text, "2026-03-14T09:00:00Z", None) for number, text in TEXTS.items()]
        db.executemany("insert into comments values (?, ?, ?, ?)", rows)
        db.execute("insert into comments_fts(comments_fts) values ('rebuild')")
        _kept.append(db)
    return _kept[0]
