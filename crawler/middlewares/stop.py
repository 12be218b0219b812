"""Request nothing more once the crawl cannot store what comes."""

from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest


class CrawlStopped(IgnoreRequest):
    """The crawl ends: no request is made any more."""


class StopMiddleware:
    """Refuse every request of a crawl that has failed: also the further pages of a visit, retries and redirects."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "StopMiddleware":
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise CrawlStopped."""
        del request
        spider: Any = self.crawler.spider
        if spider.state.failure is not None:
            raise CrawlStopped("the crawl has stopped")
