"""A page's body as JSON."""

import pytest

from crawler.pages.page import BadPage, Page


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
