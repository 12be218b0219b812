"""The keys of corpora: what each is taken for, and what none is."""

from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importers.corpus_keys import Row, is_comment, parse_time, take_text

URL = "https://courier.example/ferry"
FETCHED = "2026-03-05T10:00:00Z"


@pytest.mark.parametrize(
    "metadata",
    [
        {"url": URL, "date": FETCHED, "dump": "CC-MAIN-2026-10"},
        {"url": URL, "timestamp": FETCHED},
        {"url": URL, "timestamp": "2026/03/05 10:00:00"},
        {"source": "cc", "added": "2026-03-07", "created": FETCHED, "metadata": {"url": URL}},
        {"id": URL, "source": "common-crawl", "created": FETCHED, "added": FETCHED},
        {"url": URL, "date_download": FETCHED, "title": "Ferry timetable to change"},
        {"warc_headers": {"warc-target-uri": URL, "warc-date": FETCHED}},
        {"meta": {"warc_headers": {"warc-target-uri": URL, "warc-date": FETCHED}}, "id": 7},
        {"u": URL, "ts": FETCHED},
        {"metadata": {"url": URL, "warc_metadata": {"warc_date": FETCHED}}},
        {"metadata": {"WARC-Target-URI": URL, "WARC-Date": FETCHED}},
        {"url": URL, "timestamp": 1772704800},
        {"url": URL, "timestamp": 1772704800000},
        {"url": URL, "ts": "20260305100000"},
    ],
)
def test_address_and_visit(metadata):
    row = Row.of(metadata)
    assert (row.url(), row.fetched_at()) == (URL, FETCHED)
    assert row.published() is None


def test_a_date_beside_a_title_is_publication():
    row = Row.of({"title": "Ferry timetable to change", "date": "2026-03-02", "source": URL, "author": "K. Brandt"})
    assert (row.url(), row.fetched_at(), row.byline()) == (URL, None, "K. Brandt")
    assert row.published() is not None
    assert (row.published().at, row.published().precision) == ("2026-03-02T00:00:00Z", "day")


def test_both_times():
    row = Row.of({"date_publish": "2026-03-02 14:05:00", "date_download": FETCHED, "authors": ["Ann", "Bo"]})
    assert (row.published().at, row.fetched_at(), row.byline()) == ("2026-03-02T14:05:00Z", FETCHED, "Ann, Bo")


@pytest.mark.parametrize(
    ("value", "language"),
    [("en", "en"), ("deu_Latn", "de"), (["eng_Latn", "fra_Latn"], "en"), ({"de": 0.2, "en": 0.7}, "en"),
     ({"code": "fr", "prob": "high"}, "fr"), ("xyz", "xyz"), ("eng,deu", "en"), ([], None), ({}, None), (7, None)],
)  # fmt: skip
def test_language(value, language):
    assert Row.of({"lang": value}).language() == language


@pytest.mark.parametrize("value", ["", "soon", "0001-01-01", None, True, [], {}, 10**30, float("nan"), "9" * 14])
def test_what_is_no_time(value):
    assert parse_time(value) is None


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"text": "a", "content": "b"}, "a"),
        ({"text": None, "maintext": "b"}, "b"),
        ({"text": "", "raw_content": "b"}, "b"),
        ({"text": None}, ""),
        ({"content": " "}, ""),
        ({"text": 7}, None),
        ({"title": "a"}, None),
    ],
)
def test_text(record, text):
    assert take_text(record) == text


def test_a_comment_by_itself():
    assert is_comment("I agree.", {"parent_id": "7"})
    assert not is_comment("I agree." * 100, {"parent_id": "7"})
    assert not is_comment("I agree.", {"author": "Ann"})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(timezones=st.just(UTC)).map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = st.sampled_from(
    ["url", "id", "source", "date", "ts", "title", "metadata", "meta", "lang", "author", "published"]
)


@settings(deadline=None)
@given(st.dictionaries(KEYS | st.text(), VALUES))
def test_no_row_breaks_it(metadata):
    row = Row.of(metadata)
    row.url(), row.language(), row.byline(), row.text("title")
    fetched = row.fetched_at()
    assert fetched is None or (len(fetched) == 20 and fetched[-1] == "Z")
    assert not (row.published() and "title" in metadata and row.published().at is None)
