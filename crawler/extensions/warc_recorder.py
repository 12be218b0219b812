"""A Scrapy extension that writes every response into the run's WARC file."""

from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response

from archive.text.formatting import format_time
from crawler.state import RunState
from crawler.warc.writer import Exchange


class RunSpider(Protocol):
    """A spider of ours."""

    state: RunState


class WarcRecorder:
    """Write each response; put its WarcPosition and time into `request.meta` as `warc_position` and `fetched_at`.

    A response that is a secret, such as a token, is counted and not written. Where one cannot be written the crawl
    stops: what is not kept is not requested.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "WarcRecorder":
        recorder = cls()
        # Sent by the downloader, before any middleware has decoded the body or followed a redirect.
        crawler.signals.connect(recorder.record, signals.response_downloaded)
        return recorder

    def record(self, response: Response, request: Request, spider: "RunSpider") -> None:
        """Handle the signal `response_downloaded`."""
        fetched_at = request.meta["fetched_at"] = format_time(datetime.now(UTC))
        spider.state.report.count_response(request.meta["download_slot"], len(response.body))
        spider.state.show_progress()
        if request.meta.get("confidential"):
            return
        exchange = Exchange(
            url=request.url,
            method=request.method,
            request_headers=_header_pairs(request.headers),
            request_body=request.body,
            status=response.status,
            reason=_reason_phrase(response.status),
            response_headers=_header_pairs(response.headers),
            body=response.body,
            fetched_at=fetched_at,
            ip=str(response.ip_address) if response.ip_address else None,
            protocol=response.protocol,
        )
        try:
            request.meta["warc_position"] = spider.state.warc.write(exchange)
        except OSError as error:  # Scrapy would log it and go on
            spider.state.stop(error)


def _header_pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, values in headers.items() for value in values or ()]


def _reason_phrase(status: int) -> str:
    with suppress(ValueError):
        return HTTPStatus(status).phrase
    return ""
