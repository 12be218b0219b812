"""robots.txt: what it allows, and that none at all means no."""

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from archive.store.disk import Storing
from crawler.middlewares.robots_txt import DisallowedByRobotsTxt, StrictRobotsTxtMiddleware

RULES = b"User-agent: *\nDisallow: /private\n"


class Engine:
    """Answers each request with one response, or raises it."""

    def __init__(self, answer):
        self.answer, self.requests = answer, []

    async def download_async(self, request):
        self.requests.append(request.url)
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def allowed(answer, *paths):
    crawler = get_crawler(settings_dict={"USER_AGENT": "belowtheline/1"})
    crawler.engine = Engine(answer)
    stored = []
    hosts = SimpleNamespace(robots_txt=lambda _: None, store_robots_txt=lambda *stated: stored.append(stated))
    state = SimpleNamespace(
        hosts=hosts, leased_hosts=SimpleNamespace(crawl_delays={}), storing=lambda: nullcontext(Storing())
    )
    crawler.spider = SimpleNamespace(state=state)
    middleware = StrictRobotsTxtMiddleware.from_crawler(crawler)

    async def ask():
        requests = [Request(f"https://courier.example{path}") for path in paths]
        return await asyncio.gather(*map(middleware.process_request, requests), return_exceptions=True)

    outcomes = asyncio.run(ask())
    assert crawler.engine.requests == ["https://courier.example/robots.txt"]
    assert all(outcome is None or isinstance(outcome, DisallowedByRobotsTxt) for outcome in outcomes)
    assert len(stored) == (not isinstance(answer, Exception) and answer.status < 429)
    return [outcome is None for outcome in outcomes]


def response(status, body=b""):
    return Response("https://courier.example/robots.txt", status=status, body=body)


def test_rules_are_fetched_once_and_obeyed():
    assert allowed(response(200, RULES), "/ferry", "/private/x", "/harbour") == [True, False, True]


@pytest.mark.parametrize("status", [404, 403, 410])
def test_no_such_file_allows_everything(status):
    assert allowed(response(status, RULES), "/private") == [True]


@pytest.mark.parametrize("answer", [response(500), response(503), response(429), OSError("no route")])
def test_a_server_that_cannot_say_disallows_everything(answer):
    assert allowed(answer, "/ferry", "/harbour") == [False, False]
