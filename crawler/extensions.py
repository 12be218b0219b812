"""A Scrapy extension: every answer goes to the run's WARC file before anything else sees it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response

from crawler.frontier import stamp
from crawler.warc.writer import Exchange

if TYPE_CHECKING:
    from crawler.spiders.news import NewsSpider


class Recorder:
    """Leaves where an answer lies in `request.meta["stored"]`, and when it came in `request.meta["fetched_at"]`."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Recorder":
        recorder = cls()
        crawler.signals.connect(recorder.response_downloaded, signals.response_downloaded)
        return recorder

    def response_downloaded(self, response: Response, request: Request, spider: Any) -> None:
        """The body is still as it was received: content-encoded."""
        work = cast("NewsSpider", spider).work
        fetched_at = stamp(datetime.now(UTC))
        exchange = Exchange(
            url=request.url,
            method=request.method,
            request_headers=_pairs(request.headers),
            request_body=request.body,
            status=response.status,
            reason=_reason(response.status),
            response_headers=_pairs(response.headers),
            body=response.body,
            fetched_at=fetched_at,
            ip=str(response.ip_address) if response.ip_address else None,
            protocol=response.protocol,
        )
        request.meta["stored"] = work.warc.write(exchange)
        request.meta["fetched_at"] = fetched_at
        work.report.fetched(request.meta["download_slot"], len(response.body))
        work.progress.show()


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, values in headers.items() for value in values or ()]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
