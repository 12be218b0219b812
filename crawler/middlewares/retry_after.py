"""Retry as the Retry-After header asks: wait a short time, postpone the host for a long one."""

import asyncio
import email.utils
from datetime import UTC, datetime
from http import HTTPStatus
from math import ceil
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings

from crawler.frontier.leased_hosts import HostPostponed

MAX_WAIT_S = 60
MAX_POSTPONEMENT_S = 24 * 3600
RETRY_AFTER_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class RetryAfterMiddleware(RetryMiddleware):
    """Scrapy's retries, with the wait that Retry-After states.

    A postponed host is requested nothing more until its time is over, whoever asks: a platform that goes on after a
    failed page would send it the next request at once.
    """

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.postponed_until: dict[str, float] = {}

    def process_request(self, request: Request) -> None:
        """Raise HostPostponed while the host's wait lasts."""
        host = urlsplit(request.url).netloc
        seconds = self.postponed_until.get(host, 0.0) - monotonic()
        if seconds > 0:
            raise HostPostponed(host, ceil(seconds))
        self.postponed_until.pop(host, None)

    def postpone(self, host: str, seconds: float) -> None:
        """Request nothing of a host for so long."""
        self.postponed_until[host] = max(self.postponed_until.get(host, 0.0), monotonic() + seconds)

    async def process_response(  # type: ignore[override]  # Scrapy awaits it
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        """Raise HostPostponed where the wait is too long for this run."""
        del spider
        seconds = parse_retry_after(response) if response.status in RETRY_AFTER_STATUSES else None
        if seconds is not None and seconds > MAX_WAIT_S:
            host = urlsplit(request.url).netloc
            self.postpone(host, seconds)
            raise HostPostponed(host, seconds)
        result: Request | Response = super().process_response(request, response)
        if isinstance(result, Request) and seconds is not None:
            await asyncio.sleep(seconds)
        return result


def parse_retry_after(response: Response) -> int | None:
    """Parse a Retry-After header, a number or a date, into seconds from now: at most a day, None without one."""
    header = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if header.isdigit():
        return min(int(header[:9]), MAX_POSTPONEMENT_S)
    try:
        then = email.utils.parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return min(max(0, round((then - datetime.now(UTC)).total_seconds())), MAX_POSTPONEMENT_S)
