"""A page's body as JSON."""

import pytest

from archive.thread import digest
from crawler.pages.page import MOST_TAGS, BadPage, Page
from crawler.parser.process import ParseFailed, advance


def read(body: bytes):
    return Page("https://courier.example/wp-json/", body).json()


@pytest.mark.parametrize(
    "body", [b'[{"id": 1}]', b'\xef\xbb\xbf[{"id": 1}]', b'[{"id": 1}]\n<!-- cached at 09:30 -->\n']
)
def test_a_byte_order_mark_and_a_note_behind_it_are_no_part_of_json(body):
    assert read(body) == [{"id": 1}]


@pytest.mark.parametrize("body", [b"", b"<!-- cached -->", b"-->", b"[1] [2]", b"[" * 100_000])
def test_what_is_no_json_is_named(body):
    with pytest.raises(BadPage, match="not JSON"):
        read(body)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'{"a": [{"body": "cut \ud83d"}]}', "cut \ufffd"),
        (rb'{"a": [{"body": "whole \ud83d\ude00"}]}', "whole \U0001f600"),
        (rb'{"a": [{"body": "a\u0000b \uDE00"}]}', "a\ufffdb \ufffd"),
        (b'{"a": [{"body": "raw \xed\xa0\xbd\xed\xb8\x80"}]}', "raw \U0001f600"),
        (rb'{"a": [{"body": "no escape \\ud83d"}]}', r"no escape \ud83d"),
    ],
)
def test_halves_of_characters_are_replaced(body, text):
    value = read(body)
    assert value == {"a": [{"body": text}]}
    assert read(body.replace(b"body", rb"\udc00")) == {"a": [{"\ufffd": text}]}
    text.encode()


def test_a_cut_character_costs_no_thread():
    deep = b'{"a":' * 500 + rb'"\ud83d"' + b"}" * 500
    digest(str(read(deep)))


def test_a_page_of_more_tags_than_any_thread_has_is_refused_whole():
    page = Page("https://courier.example/story", b"<b>x</b>" * (MOST_TAGS // 2 + 1))
    with pytest.raises(BadPage, match=r"^page of 250,002 tags; at most 250,000 are read$"):
        page.html  # noqa: B018
    failed = advance({}, 1, "article", [page])
    assert failed == ParseFailed("page of 250,002 tags; at most 250,000 are read", refused=True)


def test_a_page_of_many_tags_that_nests_too_deep_for_libxml2_is_refused():
    page = Page("https://courier.example/story", b"<div>" * 100_001)
    with pytest.raises(BadPage, match=r"^page of 100,001 tags, thousands of levels deep; at most 100,000 are read$"):
        page.html  # noqa: B018
