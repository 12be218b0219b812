"""Retry-After is obeyed: short waits in the run, long ones by postponing the host."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.middlewares import retry_after
from crawler.middlewares.retry_after import MAX_POSTPONEMENT_S, HostPostponed, RetryAfterMiddleware, parse_retry_after

URL = "https://courier.example/ferry"


def response(value, status=503):
    return Response(URL, status=status, headers={} if value is None else {"Retry-After": value})


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("99999999999999999999", MAX_POSTPONEMENT_S),
        pytest.param(format_datetime(datetime.now(UTC) - timedelta(hours=1)), 0, id="an hour ago"),
        ("Wed, 21 Oct 2065 07:28:00 GMT", MAX_POSTPONEMENT_S),
        ("soon", None),
        (None, None),
    ],
)
def test_the_header_is_a_number_or_a_date(value, seconds):
    assert parse_retry_after(response(value)) == seconds


def test_a_long_wait_postpones_the_host_and_a_short_one_is_a_retry(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(retry_after, "monotonic", lambda: now)
    crawler = get_crawler(settings_dict={"RETRY_TIMES": 1})
    crawler.spider = Spider.from_crawler(crawler, "news")
    middleware = RetryAfterMiddleware.from_crawler(crawler)
    with pytest.raises(HostPostponed) as postponed:
        asyncio.run(middleware.process_response(Request(URL), response("7200")))
    assert (postponed.value.host, postponed.value.seconds) == ("courier.example", 7200)
    now += 3600
    with pytest.raises(HostPostponed) as postponed:
        middleware.process_request(Request(f"{URL}?page=2"))
    assert (postponed.value.host, postponed.value.seconds) == ("courier.example", 3600)
    middleware.process_request(Request("https://evening.example/"))
    now += 3600
    middleware.process_request(Request(URL))
    again = asyncio.run(middleware.process_response(Request(URL), response("0")))
    assert isinstance(again, Request)
    unlimited = asyncio.run(middleware.process_response(Request(URL), response("7200", status=200)))
    assert unlimited.status == 200
