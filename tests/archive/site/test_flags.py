"""What the site says of flags once people have judged them, and what it shows of personal data."""

import re
import sqlite3
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.search.index_schema import FlagParts
from archive.site import params, search_filters, search_queries
from archive.site.app import application
from archive.text.span_masking import MASK, MaskedParts, find_occurrences, mask_spans, merge_spans, shift_span
from tests import archive_fixture
from tests.archive.site.test_site import parsed, text_of
from tests.archive_fixture import (
    ANSWER,
    CALM,
    CLOWN,
    DISPUTED,
    MAIL,
    NUMBER,
    PERSONAL,
    PHONE,
    QUAY,
    THREAT,
    VERMIN,
    get,
    page,
)

PUBLIC = [
    "/",
    "/flags",
    "/agreement",
    "/removals",
    *(f"/thread/{QUAY}{query}" for query in ("", "?view=newest", "?view=flagged", "?view=changed")),
    *(f"/thread/{QUAY}?at={at}" for at in ("2026-03-14", "2026-03-15", "2026-03-16")),
    *(f"/search?q={words}" for words in ("quay", "call", "write+about", "number", "nobody", '"at+the+quay"', "wri*")),
    *(f"/search?{query}" for query in ("flag=content.pii", "source=content", "severity=high&status=unreviewed")),
    *(f"/comment/{number}" for number in range(THREAT, CALM + 1)),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def block(html, number):
    return html.partition(f'id="c{number}"')[2].partition("</article>")[0]


@pytest.mark.parametrize("address", PUBLIC)
def test_personal_data_and_reviewers_stand_on_no_page(site, address):
    html = page(site, address)
    for secret in (MAIL, PHONE, NUMBER, "anna.quay", "900123", "900456", "irene", "oskar", "seen by"):
        assert secret not in html, secret
    parsed(html)


def test_what_is_masked_is_said(site):
    html = page(site, f"/thread/{QUAY}")
    assert block(html, PERSONAL).count('<span class="masked" title="personal data, masked">████</span>') == 2
    assert "or call" in block(html, PERSONAL)
    for address in ("/search?q=write", "/removals", f"/comment/{PERSONAL}", f"/comment/{ANSWER}"):
        assert 'title="personal data, masked"' in page(site, address), address


def test_a_snippet_of_a_masked_text_is_marked(site):
    assert "<mark>Write</mark> to <span" in page(site, "/search?q=write")


def test_what_reviewers_refused_is_gone(site):
    html = page(site, f"/thread/{QUAY}")
    assert "chip" not in block(html, CLOWN)
    assert "<mark" not in block(html, CLOWN)
    assert "insult" not in block(html, VERMIN)
    assert "confirmed by a reviewer: dehumanising comparison" in block(html, VERMIN)
    assert 'id="c26"' not in page(site, f"/thread/{QUAY}?view=flagged")
    assert "Only flagged (6)" in text_of(html)
    assert "7 flags" in text_of(html)  # two of the personal comment, none of the context
    assert "1 comment matches" in page(site, "/search?flag=content.insult&target=&q=fool")
    assert f'id="c{CLOWN}"' not in page(site, "/search?flag=content.insult")
    assert f'id="c{CALM}"' in page(site, "/search?flag=content.insult")


def test_wording_follows_the_reviews(site):
    html = page(site, f"/thread/{QUAY}")
    threat = block(html, THREAT)
    assert "confirmed by 2 reviewers: threat" in threat
    assert 'class="chip review"' in threat
    assert "Folded: confirmed by 2 reviewers as “threat”. Show the text" in threat
    disputed = text_of(block(html, DISPUTED))
    assert "matched rule: call to violence, reviewers disagree" in disputed
    assert "Folded: matched a rule for “call to violence”, reviewers disagree. Show the text" in disputed
    assert "quoted" not in disputed
    assert "matched rule: insult" in block(html, CALM)
    assert "Folded: matched a rule for “personal data”, not reviewed." in text_of(block(html, PERSONAL))


def test_the_page_of_a_comment_lists_every_flag(site):
    html = text_of(page(site, f"/comment/{DISPUTED}"))
    assert "reviewers disagree, judged by 2 reviewers: 1 confirmed, 1 dismissed" in html
    assert "quoted" in html
    assert "dismissed, judged by 1 reviewer: 1 dismissed" in text_of(page(site, f"/comment/{CLOWN}"))
    corrected = text_of(page(site, f"/comment/{VERMIN}"))
    assert "corrected by a reviewer: insult" in corrected
    assert "what reviewers corrected another flag to" in corrected
    assert "judge it" not in corrected
    assert "Add a flag" not in corrected


def test_flags_have_rules_counts_and_error_rates(site):
    html = page(site, "/flags")
    insult = html.partition('id="content.insult"')[2].partition("</div>")[0]
    for words in (
        'href="/search?flag=content.insult"',
        "Perspective:INSULT",
        "insult.name",
        "will &lt;harm&gt; (you | whoever)",
        "An intention, said by the writer.",
        "2 reviewed: 1 dismissed, 1 corrected; error rate 100%",
        "1 rule",
    ):
        assert words in insult, words
    threat = html.partition('id="content.threat"')[2].partition("</div>")[0]
    assert "1 reviewed: 1 confirmed; error rate 0%" in threat
    assert "no reviews yet" in html.partition('id="content.slur"')[2].partition("</div>")[0]
    assert "reviews" not in html.partition('id="crawl.edited"')[2].partition("</div>")[0]


@pytest.mark.parametrize("address", ["/flags", "/agreement", "/search?flag=content.threat", f"/comment/{DISPUTED}"])
def test_every_link_leads_somewhere(site, address):
    for href in set(parsed(page(site, address)).hrefs):
        if href.startswith("/"):
            assert get(site, href.replace("&amp;", "&")).status_code == 200, href


def test_counts_of_flags_are_those_that_stand(site, path):
    with sqlite3.connect(path) as db:
        totals = dict(db.execute("select substr(name, 7), value from totals where name like 'flags:content.%'"))
    db.close()
    html = page(site, "/flags")
    for code, total in totals.items():
        part = html.partition(f'id="{code}"')[2].partition("</div>")[0]
        assert f">{total} flag" in part, code
        if total:
            found = re.search(r"(\d+) comments? match", page(site, f"/search?flag={code}"))[1]
            assert int(found) <= total


def test_agreement(site):
    text = text_of(page(site, "/agreement").replace("</t", " </t"))
    assert "all codes 2 2 50%" in text
    assert "threat 1 2 100% – –" in text
    assert "No flag has been judged" in page(application(archive_path(site, "plain.db")), "/agreement")


def archive_path(site, name):
    from pathlib import Path

    return archive_fixture.fill(Path(site.get_database("archive").path).with_name(name))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("flag=content.threat", 1),
        ("flag=content.insult", 3),
        ("flag=content.insult&target=commenter", 0),
        ("target=politician", 1),
        ("severity=critical", 6),
        ("severity=high", 8),
        ("severity=medium", 11),
        ("source=crawl", 2),
        ("source=content&status=confirmed", 2),
        ("status=disputed", 1),
        ("status=unreviewed&severity=high", 3),
        ("q=quay&flag=content.pii", 2),
        ("q=quay&severity=high", 3),
        ("q=quay&source=review", 0),
        ("q=fool&status=unreviewed", 1),
        ("q=drown&status=confirmed&severity=critical&target=politician&source=content", 1),
        ("flag=content.threat&severity=nonsense&target=%27&source=x&status=1", 1),
        ("flag=no.such", 0),
        ("flag=context.quoted", 0),
    ],
)
def test_filters_of_flags(site, query, found):
    assert f"{found} comment" in page(site, f"/search?{query}"), query


@pytest.mark.parametrize(
    "query", ["q=quay", "flag=content.insult", "severity=high", "q=quay&severity=high", "status=unreviewed"]
)
def test_the_number_beside_a_filter_is_what_it_leaves(site, query):
    html = page(site, f"/search?{query}")
    links = re.findall(
        r'<li><a href="(/search[^"]+)" rel="nofollow"><bdi>.*?</bdi></a> <span class="note">(\d+)<', html
    )
    assert links
    for href, number in links:
        assert re.search(rf"<b>{number} comment", page(site, href.replace("&amp;", "&"))), href


def test_a_list_without_words_shows_the_words_that_matched(site):
    html = page(site, "/search?flag=content.threat")
    assert "Flagged: threat" in html
    assert "I <mark>will drown</mark> whoever signed this." in html
    assert "There is no word" not in html


def test_the_list_without_words_reads_an_index(path):
    db = sqlite3.connect(path)
    values = {"code": "content.insult", "target": None, "status": None, "read": 9, "limit": 9}
    plan = [row[3] for row in db.execute(f"explain query plan {search_queries.NEWEST_FLAGGED}", values)]
    db.close()
    assert any("flags_code" in step for step in plan), plan
    assert not any(step.startswith("SCAN flags") for step in plan), plan


def test_the_newest_of_too_many_flags_are_shown(path, monkeypatch):
    from archive.site import search_results

    monkeypatch.setattr(search_results, "MAX_HITS", 2)
    html = page(application(path), "/search?severity=high")
    assert "More than 2 comments match; showing the latest 2." in html


PLACES = st.lists(st.tuples(st.integers(-3, 30), st.integers(-3, 30)), max_size=5)


@given(st.text("abcdef", max_size=25), PLACES)
def test_masking_keeps_all_else(text, places):
    inside = {one for start, end in places for one in range(max(0, start), min(len(text), end))}
    kept = "".join(letter for one, letter in enumerate(text) if one not in inside)
    assert mask_spans(text, places).replace(MASK, "") == kept
    assert mask_spans(text, places).count(MASK) == len(merge_spans(places, len(text)))
    assert mask_spans(text, []) == text


@given(st.text("abcdef", max_size=25), PLACES, st.integers(0, 25), st.integers(0, 25))
def test_places_move_with_the_text(text, places, one, other):
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    left, right = shift_span((start, end), places, len(text))
    assert 0 <= left <= right <= len(mask_spans(text, places))
    inside = {at for first, last in places for at in range(max(0, first), min(len(text), last))}
    kept = "".join(letter for at, letter in enumerate(text) if start <= at < end and at not in inside)
    assert mask_spans(text, places)[left:right].replace(MASK, "") == kept


def test_words_of_personal_data_are_masked_wherever_they_stand():
    hidden = MaskedParts({1: [(0, 4)]}, {"0770", "x"})
    assert mask_spans("0770 is 0770", hidden.find("0770 is 0770")) == f"{MASK} is {MASK}"
    assert mask_spans("abcd x", hidden.find("abcd x", 1)) == f"{MASK} x"
    assert hidden.find_within(2, 6, 1, "cd 0") == [(0, 2)]
    assert list(find_occurrences("aaa", "aa")) == [(0, 2), (1, 3)]
    assert list(find_occurrences("aaa", "")) == []


def test_filters_ask_for_one_and_the_same_flag():
    claims = [
        FlagParts("content.threat", 4, "women", "unreviewed"),
        FlagParts("content.insult", 2, "men", "confirmed"),
    ]
    fact = search_filters.CommentFacts(1, 0.0, None, None, "", claims)
    for query, passes in (
        ({"flag": "content.threat", "target": "women"}, True),
        ({"flag": "content.threat", "target": "men"}, False),
        ({"severity": "high", "status": "confirmed"}, False),
        ({"severity": "high"}, True),
    ):
        assert bool(search_filters.filter_comments([fact], params.parse_search(query))) is passes, query


def test_flags_on_the_words_are_listed_before_others_and_faults_of_the_capture_last():
    counts = Counter({"capture.author_missing": 90, "crawl.removed": 50, "content.insult": 3, "content.threat": 7})
    listed = search_filters.list_values("Flag", "flag", params.SearchParams(q="quay"), counts, {})
    assert [value.label for value in listed.values] == [
        "content.threat",
        "content.insult",
        "crawl.removed",
        "capture.author_missing",
    ]
