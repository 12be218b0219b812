"""A Scrapy extension that keeps the leases of hosts while its spider runs."""

import asyncio
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler

KEEP_S = 1.0


class LeaseKeeper:
    """Keep the leases of this worker, once a second, as long as its spider runs."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "LeaseKeeper":
        keeper = cls(crawler)
        crawler.signals.connect(keeper.start, signals.spider_opened)
        crawler.signals.connect(keeper.stop, signals.spider_closed)
        return keeper

    def start(self) -> None:
        """Handle the signal `spider_opened`, and go on from there."""
        self.timer = asyncio.get_running_loop().call_later(KEEP_S, self.start)
        spider: Any = self.crawler.spider
        spider.state.leased_hosts.keep_up()

    def stop(self) -> None:
        """Handle the signal `spider_closed`."""
        if self.timer is not None:
            self.timer.cancel()
