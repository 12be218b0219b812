"""Manners: robots.txt where silence means no, Crawl-delay, Retry-After. Downloader middlewares for Scrapy."""

import asyncio
import email.utils
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from twisted.internet.defer import Deferred

LONGEST_CRAWL_DELAY_S = 60.0
LONGEST_WAIT_S = 60
LONGEST_POSTPONEMENT_S = 24 * 3600


class Disallowed(IgnoreRequest):
    """robots.txt says no, or could not be asked."""


class AskedToWait(IgnoreRequest):
    """The host answered 429 or 503 and asks for more patience than a run has; `seconds` is how much."""

    def __init__(self, host: str, seconds: int) -> None:
        super().__init__(f"{host} asks to wait {seconds} s")
        self.host, self.seconds = host, seconds


class NoAnswer(RobotParser):
    """Stands for a robots.txt that could not be read: everything is disallowed (RFC 9309, 2.3.1.4)."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> "NoAnswer":
        del crawler, robotstxt_body
        return cls()

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        del url, user_agent
        return False


class Robots(RobotsTxtMiddleware):
    """Scrapy's own, except that errors of the server and no answer at all mean no, and that Crawl-delay is kept."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.turns: dict[str, float] = {}
        self.locks: dict[str, asyncio.Lock] = {}

    async def process_request(self, request: Request, spider: Any = None) -> None:
        """Raises Disallowed."""
        del spider
        if request.meta.get("dont_obey_robotstxt"):  # only ever robots.txt itself
            return
        await self.robot_parser(request)  # of several that wait, its Deferred gives only one the parser
        parser = self._parsers[urlsplit(request.url).netloc]
        agent = self.crawler.settings["USER_AGENT"]
        if not isinstance(parser, RobotParser) or isinstance(parser, NoAnswer):
            raise Disallowed("robots.txt could not be read, which means no")
        if not parser.allowed(request.url, agent):
            raise Disallowed("disallowed by robots.txt")
        await self._turn(urlsplit(request.url).netloc, parser.crawl_delay(agent))

    async def _turn(self, host: str, delay: float | None) -> None:
        """Waits until Crawl-delay has passed since the last request to the host."""
        if not delay or delay <= self.crawler.settings.getfloat("DOWNLOAD_DELAY"):
            return
        async with self.locks.setdefault(host, asyncio.Lock()):
            wait = self.turns.get(host, 0.0) + min(delay, LONGEST_CRAWL_DELAY_S) - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.turns[host] = time.monotonic()

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._no_answer(netloc)
        elif response.status >= 400:
            await super()._parse_robots(response.replace(body=b""), netloc, request)
        else:
            await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        del exc
        self._no_answer(netloc)

    def _no_answer(self, netloc: str) -> None:
        waiting, none = self._parsers[netloc], NoAnswer()
        self._parsers[netloc] = none
        if isinstance(waiting, Deferred):
            waiting.callback(none)


class Retry(RetryMiddleware):
    """Scrapy's own, except that Retry-After is obeyed: a short wait is waited, a long one postpones the host."""

    async def process_response(  # type: ignore[override]  # Scrapy awaits it
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        del spider
        seconds = retry_after(response)
        if response.status not in (429, 503) or seconds is None:
            found: Request | Response = super().process_response(request, response)
            return found
        if seconds > LONGEST_WAIT_S:
            raise AskedToWait(urlsplit(request.url).netloc, seconds)
        again: Request | Response = super().process_response(request, response)
        if isinstance(again, Request):
            await asyncio.sleep(seconds)
        return again


def retry_after(response: Response) -> int | None:
    """The seconds that a Retry-After header asks for, as number or as date; at most a day."""
    stated = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if stated.isdigit():
        return min(int(stated[:9]), LONGEST_POSTPONEMENT_S)
    try:
        then = email.utils.parsedate_to_datetime(stated)
    except (ValueError, TypeError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return min(max(0, round((then - datetime.now(UTC)).total_seconds())), LONGEST_POSTPONEMENT_S)
