"""The spider: visit the pages that are due, follow links to articles, and fetch what platforms request."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from twisted.python.failure import Failure

from archive.store.disk import DiskFull
from archive.text.formatting import format_count, format_time
from archive.thread import Capture
from crawler.browser.tab import BrowserFailed
from crawler.frontier.frontier import Candidate, VisitResult
from crawler.frontier.intervals import FrontierEntry
from crawler.frontier.leased_hosts import HostPostponed
from crawler.items import VisitItem
from crawler.pages.page import CommentHints, Fetch, FetchFailed, Page
from crawler.parser.pool import PageUnreadable
from crawler.parser.process import ParsedPage
from crawler.spiders.responses import capture_of, describe_error, page_from_response, validators
from crawler.state import CrawlState

logger = logging.getLogger(__name__)
POLL_S = 0.02
LEFT_OUT = "left out"


class NewsSpider(Spider):
    """Request pages of the frontier, and what a platform requests while it reads one of them."""

    name = "news"

    def __init__(self, state: CrawlState, **options: Any) -> None:
        super().__init__(**options)
        self.state = state

    async def start(self) -> AsyncIterator[Request]:
        """Yield requests for what is due, until nothing is due and nothing in hand."""
        while True:
            entries: list[FrontierEntry] = []
            with self.state.storing():
                entries = self.state.lease()
            for entry in entries:
                yield self._request(entry)
            if self.state.failure is not None or not (entries or self.state.leased or self.state.is_waiting):
                return
            await asyncio.sleep(POLL_S)

    def _request(self, entry: FrontierEntry) -> Request:
        headers = {}
        if self._needs_browser(entry):  # what a server confirms is the page without its comments
            entry = replace(entry, etag=None, last_modified=None)
        if entry.capture_id is not None and entry.etag:
            headers["If-None-Match"] = entry.etag
        if entry.capture_id is not None and entry.last_modified:
            headers["If-Modified-Since"] = entry.last_modified
        meta = {"entry": entry, "handle_httpstatus_list": [HTTPStatus.NOT_MODIFIED]}
        meta |= {"dont_retry": self.state.most_requests is not None}
        return Request(entry.url, self.parse, headers=headers, meta=meta, errback=self.on_error)

    async def parse(self, response: Response) -> AsyncIterator[VisitItem]:
        """Parse a page of the frontier: an article with its threads, or a list of links to articles."""
        entry: FrontierEntry = response.meta["entry"]
        if self.state.failure is not None:
            self._release(entry)
            return
        try:
            page, confirmed_capture_id = self._page(response, entry)
            parsed = await self._read_page(page, entry)
            self.state.elsewhere.add(entry.id)
            etag, last_modified = validators(response, entry)
            if self.state.failure is not None:  # the visit may lack what came last
                self._release(entry)
            elif parsed.kind == "article":
                yield VisitItem(entry, page.url, parsed.threads, etag, last_modified, confirmed_capture_id)
            else:
                due = self._follow(parsed, entry)
                if entry.kind == "article" and parsed.kind == "front":
                    links = format_count(len(parsed.leads), "link")
                    self.state.report.count_skipped(entry.url, f"is read as a front page of {links}")
                digest = sha256(page.body).hexdigest()
                result = VisitResult(due > 0, parsed.kind, etag, last_modified, digest)
                self.record_visits([(entry, result)], datetime.now(UTC))
        except DiskFull as error:
            self.state.stop(error)
            self._release(entry)
        except BrowserFailed as error:
            self.record_failure(entry, f"Chromium: {error}", ours=True)
        except PageUnreadable as error:
            self.record_failure(entry, str(error), ours=not error.refused)
        except Exception as error:
            logger.exception("%s could not be read", entry.url)
            self.record_failure(entry, f"{type(error).__name__}: {error}", ours=True)

    async def _read_page(self, page: Page, entry: FrontierEntry) -> ParsedPage:
        """Parse a page: as it was fetched, or as it stands in a browser that has loaded its comments."""
        browser = self.state.browser
        if browser is None or not self._needs_browser(entry):
            return await self.state.pool.parse(page, entry.kind, partial(self.fetch, entry))
        async with browser.open(page, self._download) as tab:
            html, rendered_at = await tab.html(), format_time(datetime.now(UTC))
            try:
                position = self.state.warc.write_rendered(page.url, html, rendered_at)
            except OSError as error:
                self.state.stop(error)
                raise BrowserFailed(str(error)) from error
            capture = Capture(
                sha256(html).hexdigest(),
                url=page.url,
                fetched_at=rendered_at,
                http_status=HTTPStatus.OK,
                media_type="text/html",
                file=position.file,
                offset=position.offset,
                length=position.length,
                payload_digest=position.payload_digest,
            )
            rendered = Page(page.url, html, {"content-type": "text/html; charset=utf-8"}, rendered_at, capture)

            async def fetch(request: Fetch) -> Page:
                return await tab.fetch(request) or await self.fetch(entry, request)

            return await self.state.pool.parse(rendered.with_hints(page.hints), entry.kind, fetch)

    def _needs_browser(self, entry: FrontierEntry) -> bool:
        """Whether a page is to be shown in the browser: not where its requests are counted, for it makes its own."""
        browser = self.state.browser
        is_counted = self.state.most_requests is not None
        return browser is not None and not is_counted and entry.kind == "article" and entry.outlet in browser.outlets

    async def closed(self, reason: str) -> None:
        """End the browser."""
        del reason
        if self.state.browser is not None:
            await self.state.browser.close()

    def _page(self, response: Response, entry: FrontierEntry) -> tuple[Page, int | None]:
        """Return the page and, for a 304, the id of the capture that it confirms.

        A confirmed page is parsed again: it may have comments that are fetched separately, and those may have changed.
        """
        hints = self._hints(entry)
        if response.status != HTTPStatus.NOT_MODIFIED or entry.capture_id is None:
            return page_from_response(response).with_hints(hints), None
        earlier = self.state.evidence.page(entry.capture_id)
        capture = capture_of(response, earlier.body)
        page = Page(earlier.url, earlier.body, earlier.headers, capture.fetched_at, capture)
        return page.with_hints(hints), entry.capture_id

    def _hints(self, entry: FrontierEntry) -> CommentHints | None:
        """Return what the outlets file says of an article's comments; without a file, what it said the last time."""
        state = self.state
        if entry.kind != "article" or state.outlets is not None or entry.capture_id is None:
            return state.hints.get(entry.outlet)
        return state.evidence.hints(entry.capture_id)

    def _follow(self, parsed: ParsedPage, entry: FrontierEntry) -> int:
        return self.state.follow(
            Candidate(
                lead.url, lead.kind, entry.outlet, lead.published.at if lead.published else None, lead.comment_count
            )
            for lead in parsed.leads
        )

    async def fetch(self, entry: FrontierEntry, fetch: Fetch) -> Page:
        """Fetch what a platform requests for a page, or what another thread has fetched. Raise FetchFailed.

        Once it waits for another host, the page's own may be asked for the next one.
        """
        most = self.state.most_requests
        if most is not None and self.state.requests[entry.id] >= most:
            raise FetchFailed(fetch.url, f"{LEFT_OUT}: at most {most} requests were to be made")
        self.state.requests[entry.id] += most is not None
        is_elsewhere = urlsplit(fetch.url).netloc != entry.host
        (self.state.elsewhere.add if is_elsewhere else self.state.elsewhere.discard)(entry.id)
        return await (self.state.shared.get(fetch, self._download) if fetch.shared else self._download(fetch))

    async def _download(self, fetch: Fetch) -> Page:
        if missing := [variable for _, variable in fetch.keys if not os.environ.get(variable)]:
            raise FetchFailed(fetch.url, f"needs a key of your own, in {missing[0]}")
        method = "GET" if fetch.body is None else "POST"
        headers = dict(fetch.headers)
        if fetch.body is not None:
            headers.setdefault("Content-Type", "application/json")
        is_once = not fetch.retry or self.state.most_requests is not None
        meta: dict[str, Any] = {"dont_retry": is_once, "confidential": fetch.confidential}
        if fetch.keys:  # a redirect might lead the key elsewhere
            meta |= {"keys": fetch.keys, "dont_redirect": True}
        request = Request(fetch.url, NO_CALLBACK, method, headers, fetch.body or b"", meta=meta)
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            raise FetchFailed(fetch.url, describe_error(error)) from error
        if self.state.failure is not None:
            raise FetchFailed(fetch.url, "the crawl has stopped")
        page = page_from_response(response, fetch)
        if response.status != HTTPStatus.OK:
            raise FetchFailed(fetch.url, f"HTTP {response.status}", response.status, page)
        return page

    def on_error(self, failure: Failure) -> None:
        """Record that no page came. Nothing follows from it for the thread: its comments are not removed."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy's own addition
        if self.state.failure is not None:
            self._release(request.meta["entry"])
            return
        error = failure.value or RuntimeError("no reason")
        wait_s = None
        if isinstance(error, HostPostponed):
            wait_s = error.seconds
            with self.state.storing():
                self.state.frontier.postpone(error.host, error.seconds, datetime.now(UTC))
        self.record_failure(request.meta["entry"], describe_error(error), wait_s=wait_s)

    def record_visits(self, visits: Iterable[tuple[FrontierEntry, VisitResult]], now: datetime) -> None:
        """Record successful visits in the frontier and release their entries."""
        visits = list(visits)
        with self.state.storing() as storing:
            self.state.frontier.record_visits(visits, now)
        for entry, _ in visits:
            if storing.is_done:
                self.release_visit(entry)
            else:
                self._release(entry)

    def release_visit(self, entry: FrontierEntry) -> None:
        """Count a visit that is recorded in the frontier, and release its entry."""
        self.state.report.count_visits(1)
        self._release(entry)

    def record_failure(
        self, entry: FrontierEntry, reason: str, *, wait_s: int | None = None, ours: bool = False
    ) -> None:
        """Record a failed visit: in the report, in the frontier, and on the threads of the page.

        `ours` are failures that no site has caused.
        """
        state = self.state
        state.report.count_failure(entry.url, reason, ours=ours)
        with state.storing():
            state.frontier.record_failure(entry, reason, datetime.now(UTC), wait_s=wait_s)
            if entry.capture_id is not None:
                state.archive.note_failure(entry.capture_id, state.run, reason)
        self._release(entry)

    def _release(self, entry: FrontierEntry) -> None:
        self.state.leased.pop(entry.id, None)
        self.state.elsewhere.discard(entry.id)
        self.state.show_progress()
