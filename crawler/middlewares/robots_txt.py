"""Obey robots.txt: no request without it, and Crawl-delay between requests."""

import asyncio
import logging
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser

from archive.text.charsets import decode_text

logger = logging.getLogger(__name__)
MAX_CRAWL_DELAY_S = 60.0
ROBOTS_TXT_PRIORITY = 1000


class DisallowedByRobotsTxt(IgnoreRequest):
    """robots.txt disallows the address, or could not be read."""


class StrictRobotsTxtMiddleware:
    """Ignore requests that robots.txt disallows, and those to hosts whose robots.txt cannot be read.

    Scrapy's own middleware takes a server error or no response for leave to crawl and ignores Crawl-delay; RFC 9309
    (2.3.1.4) says "complete disallow". It has no public hook for either, hence this one in its place.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.parsers: dict[str, RobotParser | None] = {}
        self.fetch_locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.delay_locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.last_requests: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "StrictRobotsTxtMiddleware":
        return cls(crawler)

    async def process_request(self, request: Request, spider: Any = None) -> None:
        """Raise DisallowedByRobotsTxt, or return once Crawl-delay has passed."""
        del spider
        if request.meta.get("dont_obey_robotstxt"):  # only ever the request for robots.txt itself
            return
        host = urlsplit(request.url).netloc
        async with self.fetch_locks[host]:  # the first request to a host fetches the file, the others wait for it
            if host not in self.parsers:
                self.parsers[host] = self._stored_parser(host) or await self._fetch_parser(request)
        parser, agent = self.parsers[host], self.crawler.settings["USER_AGENT"]
        if parser is None:
            raise DisallowedByRobotsTxt("robots.txt could not be read, which means no")
        if not parser.allowed(request.url, agent):
            raise DisallowedByRobotsTxt("disallowed by robots.txt")
        # Scrapy's DOWNLOAD_DELAY covers shorter ones.
        delay = self._crawl_delay(parser)
        if delay > self.crawler.settings.getfloat("DOWNLOAD_DELAY"):
            await self._wait_turn(host, delay)

    async def _fetch_parser(self, request: Request) -> RobotParser | None:
        """Download a host's robots.txt and parse it; None where that is not possible."""
        parts = urlsplit(request.url)
        robots_txt = Request(
            f"{parts.scheme}://{parts.netloc}/robots.txt",
            NO_CALLBACK,
            priority=ROBOTS_TXT_PRIORITY,
            meta={"dont_obey_robotstxt": True},
        )
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(robots_txt)
            if response.status >= 500 or response.status == 429:
                return None
            # Other errors mean that there is no such file: everything is allowed (RFC 9309, 2.3.1.3).
            body = response.body if response.status < 400 else b""
            # A byte order mark, or an encoding that the parser does not know, would hide the rules.
            text = decode_text(body, None).removeprefix("\ufeff").replace("\0", "")
            parser = self._parse(parts.netloc, text)
            self._store(parts.netloc, text, parser)
            return parser
        except Exception as error:  # noqa: BLE001 whatever it was, there are no rules to go by
            logger.info("no robots.txt of %s: %r", parts.netloc, error)
            return None

    def _stored_parser(self, host: str) -> RobotParser | None:
        """Return what another worker has read beside this one."""
        text = self._state.hosts.robots_txt(host)
        return None if text is None else self._parse(host, text)

    def _parse(self, host: str, text: str) -> RobotParser:
        parser = ProtegoRobotParser.from_crawler(self.crawler, text.encode("utf-8", "replace"))
        self._state.leased_hosts.crawl_delays[host] = self._crawl_delay(parser)
        return parser

    def _store(self, host: str, text: str, parser: RobotParser) -> None:
        with self._state.storing():
            self._state.hosts.store_robots_txt(host, text, self._crawl_delay(parser) or None)

    def _crawl_delay(self, parser: RobotParser) -> float:
        return min(parser.crawl_delay(self.crawler.settings["USER_AGENT"]) or 0.0, MAX_CRAWL_DELAY_S)

    @property
    def _state(self) -> Any:
        spider: Any = self.crawler.spider
        return spider.state

    async def _wait_turn(self, host: str, delay: float) -> None:
        async with self.delay_locks[host]:
            wait = self.last_requests.get(host, 0.0) + delay - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.last_requests[host] = time.monotonic()
