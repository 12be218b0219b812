"""A key of the operator's own is sent, and seen nowhere else."""

import logging

import pytest
from scrapy.http import Response

from crawler.download_handler import KEY_MARK, _repeats, _without_keys

KEY = "k3y of/mine"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response("https://s.example/", body=b"all is well"), False),
        (Response("https://s.example/", body=b"Invalid key k3y of/mine"), True),
        (Response("https://s.example/", body=b"?api_key=k3y+of%2Fmine"), True),
        (Response("https://s.example/", headers={"Location": "/?api_key=k3y%20of%2Fmine"}), True),
    ],
)
def test_a_response_that_repeats_the_key_is_noticed(response, expected):
    assert _repeats(response, [KEY]) is expected


def test_a_warning_about_an_address_with_a_key_is_dropped():
    def record(url):
        return logging.LogRecord("scrapy", logging.WARNING, "", 1, "Cancelling download of %s", (url,), None)

    assert _without_keys(record("https://s.example/?a=1"))
    assert not _without_keys(record(f"https://s.example/?api_key=k{KEY_MARK}"))
