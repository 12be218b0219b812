"""A host that states how many requests it still allows is slowed down before it refuses one."""

from types import SimpleNamespace

import pytest
from scrapy import Request, Spider
from scrapy.http import Headers, Response
from scrapy.utils.test import get_crawler

from crawler.extensions import rate_limits
from crawler.extensions.rate_limits import Budget, RateLimitPace, parse_budget
from crawler.middlewares.retry_after import HostPostponed, RetryAfterMiddleware
from tests.crawling import Desk
from tests.servers.services import Budget as ServersBudget
from tests.servers.services import serving

NOW = 1_773_466_800.0
URL = "https://comments.example/list"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Ratelimit-Remaining": "10", "X-Ratelimit-Reset": "30", "X-Ratelimit-Limit": "100"}, Budget(10, 30.0)),
        ({"X-RateLimit-Remaining": "10", "X-RateLimit-Reset": str(int(NOW) + 90)}, Budget(10, 90.0)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW + 5) * 1000)}, Budget(0, 5.0)),
        ({"RateLimit-Remaining": "3", "RateLimit-Reset": "0.5"}, Budget(3, 0.5)),
        ({"X-Rate-Limit-Remaining": "3", "X-Rate-Limit-Reset": "999999999"}, Budget(3, 86_400.0)),
        ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": str(int(NOW) - 7)}, Budget(3, 0.0)),
        ({"RateLimit": "limit=100, remaining=50, reset=5"}, Budget(50, 5.0)),
        ({"RateLimit": '"default";r=50;t=5'}, Budget(50, 5.0)),
        ({"X-RateLimit-Remaining": "10"}, None),
        ({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "1e9"}, None),
        ({"RateLimit": "x" * 100_000}, None),
        ({}, None),
    ],
)
def test_what_a_response_states(headers, expected):
    assert parse_budget(Headers(headers), NOW) == expected


def test_the_rest_is_spread_over_the_time_and_the_usual_pace_comes_back(monkeypatch):
    clock = 1000.0
    monkeypatch.setattr(rate_limits, "monotonic", lambda: clock)
    crawler = get_crawler()
    crawler.spider = Spider.from_crawler(crawler, "news")
    middleware = RetryAfterMiddleware.from_crawler(crawler)
    slot = SimpleNamespace(delay=1.0, transferring={1}, lastseen=clock)
    engine = SimpleNamespace(downloader=SimpleNamespace(slots={"comments.example": slot}))
    stub = SimpleNamespace(engine=engine, get_downloader_middleware=lambda _: middleware)
    pace = RateLimitPace(stub)
    request = Request(URL, meta={"download_slot": "comments.example"})

    def delay(remaining=None, reset=None) -> float:
        stated = {} if remaining is None else {"X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(reset)}
        pace.adjust(Response(URL, headers=stated), request)
        return slot.delay

    assert delay() == 1.0
    assert delay(3600, 3600) == 1.0
    assert delay(1000, 3600) == 3.6
    assert delay() == 3.6  # a response that says nothing
    assert delay(5, 3600) == 60.0  # longer is no pace
    assert delay(100, 10) == 1.0
    slot.transferring = {1, 2, 3}
    assert delay(12, 20) == 2.0  # two are on their way
    assert delay(2, 20) == 20.0
    clock += 21
    assert delay() == 1.0
    clock, slot.transferring = slot.lastseen + 2, {1}
    assert delay(1, 20) == 22.0  # the slot counts from the request
    assert delay(0, 600) == 22.0
    with pytest.raises(HostPostponed):
        middleware.process_request(Request(URL))
    pace.adjust(Response(URL), Request(URL, meta={"download_slot": "elsewhere.example"}))


def test_a_server_that_states_its_limit_need_not_refuse(tmp_path):
    desk = Desk(tmp_path)
    with serving() as services:
        services.budget = ServersBudget(3, 1.5)
        address = services.url.removeprefix("http://")
        counts = desk.crawl(services.article_url("discourse"), hosts=[address])["counts"]
        assert (services.budget.refused, counts["errors"], counts["partial"]) == (0, 0, 0)
        assert counts["comments"] == len(services.said)
        assert len(services.asked) > services.budget.number
