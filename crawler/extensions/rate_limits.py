"""Slow down at hosts that state how many requests they still allow, before they refuse one."""

import re
from dataclasses import dataclass
from time import monotonic, time

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response

from crawler.middlewares.retry_after import MAX_POSTPONEMENT_S, MAX_WAIT_S, RetryAfterMiddleware

PREFIXES = ("X-RateLimit-", "X-Rate-Limit-", "RateLimit-")
IN_ONE = "RateLimit"  # `remaining=5, reset=30`, or `"default";r=5;t=30`
REMAINING_IN_ONE = re.compile(r"(?:^|[\s,;])(?:remaining|r)\s*=\s*(\d{1,9})(?![\d.])")
RESET_IN_ONE = re.compile(r"(?:^|[\s,;])(?:reset|t)\s*=\s*(\d{1,9})(?![\d.])")
NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
EPOCH, EPOCH_MS = 1e9, 1e12  # larger numbers are times and no seconds to wait


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests a host still allows within so many seconds."""

    remaining: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Slowed:
    usual: float
    delay: float
    until: float


class RateLimitPace:
    """A Scrapy extension that spreads what a host still allows over the time that it names, by the delay of its slot.

    Where nothing is left, and the wait is longer than a run has, the host is postponed as by Retry-After.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.slowed: dict[str, _Slowed] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RateLimitPace":
        pace = cls(crawler)
        # Before the downloader takes the slot's next request, and after AutoThrottle, which is connected first.
        crawler.signals.connect(pace.adjust, signals.response_downloaded)
        return pace

    def adjust(self, response: Response, request: Request) -> None:
        """Handle the signal `response_downloaded`."""
        assert self.crawler.engine is not None
        key = request.meta["download_slot"]
        slot = self.crawler.engine.downloader.slots.get(key)
        if slot is None:
            return
        now, slowed, budget = monotonic(), self.slowed.get(key), parse_budget(response.headers, time())
        usual = slot.delay if slowed is None else slowed.usual
        delay, until = 0.0, now
        if budget is not None:
            remaining = budget.remaining - max(0, len(slot.transferring) - 1)  # others are on their way
            if remaining <= 0 and budget.seconds > MAX_WAIT_S:
                self._postpone(key, budget.seconds)
                return
            since = now - slot.lastseen  # the slot counts from the request
            delay, until = min(since + budget.seconds / max(1, remaining), MAX_WAIT_S), now + budget.seconds
        elif slowed is not None and now < slowed.until:
            delay, until = slowed.delay, slowed.until
        if delay > usual:
            self.slowed[key] = _Slowed(usual, delay, until)
            slot.delay = delay
        elif slowed is not None:
            del self.slowed[key]
            slot.delay = usual

    def _postpone(self, host: str, seconds: float) -> None:
        middleware = self.crawler.get_downloader_middleware(RetryAfterMiddleware)
        if isinstance(middleware, RetryAfterMiddleware):
            middleware.postpone(host, seconds)


def parse_budget(headers: Headers, now: float) -> Budget | None:
    """Parse what a response states of further requests; None where it does not say how many, or for how long.

    `now` is the time since 1970: some hosts name the time at which they count anew, others the seconds until then.
    """
    for prefix in PREFIXES:
        remaining, reset = (_number(headers, f"{prefix}{name}") for name in ("Remaining", "Reset"))
        if remaining is not None and reset is not None:
            return Budget(int(remaining), _seconds(reset, now))
    stated = (headers.get(IN_ONE) or b"").decode("latin-1")[:1_000]
    left, wait = REMAINING_IN_ONE.search(stated), RESET_IN_ONE.search(stated)
    return Budget(int(left[1]), _seconds(float(wait[1]), now)) if left and wait else None


def _number(headers: Headers, name: str) -> float | None:
    text = (headers.get(name) or b"").decode("latin-1").strip()
    return float(text) if NUMBER.fullmatch(text) else None


def _seconds(reset: float, now: float) -> float:
    at = reset / 1000 if reset >= EPOCH_MS else reset
    return min(max(0.0, at - now if reset >= EPOCH else at), MAX_POSTPONEMENT_S)
