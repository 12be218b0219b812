"""The only spider: visits what is due, follows what leads to articles, and drives platforms over live pages."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from twisted.python.failure import Failure

from archive.thread import Capture, Moment
from crawler.frontier import Answer, Entry, Wanted
from crawler.items import VisitItem
from crawler.middlewares.retry_after import HostPostponed
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.parse_page import Found
from crawler.parse_pool import Unreadable
from crawler.state import Work

if TYPE_CHECKING:
    from crawler.warc.writer import WarcPosition

logger = logging.getLogger(__name__)
PAUSE_S = 0.02
NOT_MODIFIED = 304


class NewsSpider(Spider):
    """Every request comes from the frontier, or from a platform that reads a page of it."""

    name = "news"

    def __init__(self, work: Work, **options: Any) -> None:
        super().__init__(**options)
        self.work = work

    async def start(self) -> AsyncIterator[Request]:
        """Requests for what is due, as there is room, until nothing is due and nothing in hand."""
        while True:
            entries = self.work.take()
            for entry in entries:
                yield self._request(entry)
            if not entries and not self.work.in_hand:
                return
            await asyncio.sleep(PAUSE_S)

    def _request(self, entry: Entry) -> Request:
        headers = {}
        if entry.capture_id is not None and entry.etag:
            headers["If-None-Match"] = entry.etag
        if entry.capture_id is not None and entry.last_modified:
            headers["If-Modified-Since"] = entry.last_modified
        meta = {"entry": entry, "handle_httpstatus_list": [NOT_MODIFIED]}
        return Request(entry.url, self.parse, headers=headers, meta=meta, errback=self.unanswered)

    async def parse(self, response: Response) -> AsyncIterator[VisitItem]:
        """A page of the frontier: an article with its threads, or leads to articles."""
        entry: Entry = response.meta["entry"]
        try:
            page, kept = self._page(response, entry)
            found = await self.work.reader.read(page, entry.kind, self.fetch)
            if found.kind == "article":
                etag, last_modified = _validators(response, entry)
                yield VisitItem(entry, page.url, found.threads, etag, last_modified, kept)
            else:
                self._lead(page, found, entry, response)
        except Unreadable as error:
            self.fail(entry, str(error))
        except Exception as error:
            logger.exception("%s could not be read", entry.url)
            self.fail(entry, f"{type(error).__name__}: {error}")

    def _page(self, response: Response, entry: Entry) -> tuple[Page, int | None]:
        """The page, and the id of its kept capture where the server said that it stands."""
        if response.status != NOT_MODIFIED or entry.capture_id is None:
            return page_of(response), None
        kept = self.work.stored_page(entry.capture_id)
        stands = _capture(response, kept.body)
        return Page(kept.url, kept.body, kept.headers, response.meta["fetched_at"], stands), entry.capture_id

    def _lead(self, page: Page, found: Found, entry: Entry, response: Response) -> None:
        wanted = [
            Wanted(lead.url, lead.kind, entry.outlet, _at(lead.published), lead.comment_count) for lead in found.leads
        ]
        due = self.work.follow(wanted)
        digest = sha256(page.body).hexdigest()
        etag, last_modified = _validators(response, entry)
        answer = Answer(due > 0, found.kind, etag, last_modified, digest)
        self.finish(entry, answer, datetime.now(UTC))

    async def fetch(self, wanted: Fetch) -> Page:
        """What a platform asked for. Raises FetchFailed."""
        method = "GET" if wanted.body is None else "POST"
        headers = dict(wanted.headers)
        if wanted.body is not None:
            headers.setdefault("Content-Type", "application/json")
        request = Request(wanted.url, NO_CALLBACK, method, headers, wanted.body or b"")
        engine = self.crawler.engine
        assert engine is not None
        try:
            response = await engine.download_async(request)
        except Exception as error:
            raise FetchFailed(wanted.url, reason(error)) from error
        if response.status != 200:
            raise FetchFailed(wanted.url, f"HTTP {response.status}", response.status)
        return page_of(response, wanted.url)

    def unanswered(self, failure: Failure) -> None:
        """No page came: the visit failed, and nothing follows from it for the thread."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy's own addition
        error = failure.value or RuntimeError("no reason")
        wait = None
        if isinstance(error, HostPostponed):
            wait = error.seconds
            self.work.frontier.postpone(error.host, error.seconds, datetime.now(UTC))
        self.fail(request.meta["entry"], reason(error), wait_s=wait)

    def finish(self, entry: Entry, answer: Answer, now: datetime) -> None:
        """Notes a visit that was answered."""
        self.finish_all([(entry, answer)], now)

    def finish_all(self, answered: Sequence[tuple[Entry, Answer]], now: datetime) -> None:
        """Notes visits that were answered, all at once."""
        self.work.frontier.all_done(answered, now)
        for entry, _ in answered:
            self._let_go(entry)

    def fail(self, entry: Entry, why: str, *, wait_s: int | None = None) -> None:
        """Notes a visit that failed: in the report, in the frontier, and on the threads that it was for."""
        work = self.work
        work.report.failed(entry.url, why)
        work.frontier.failed(entry, why, datetime.now(UTC), wait_s=wait_s)
        if entry.capture_id is not None:
            work.archive.note_failure(entry.capture_id, work.run, why)
        self._let_go(entry)

    def _let_go(self, entry: Entry) -> None:
        self.work.in_hand.pop(entry.id, None)
        self.work.progress.show()


def reason(error: BaseException) -> str:
    """Why a request got no page, for people."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status}"
    words = str(error).strip() or type(error).__name__
    return words if isinstance(error, IgnoreRequest) else f"{type(error).__name__}: {words}"


def page_of(response: Response, requested: str | None = None) -> Page:
    """The page that an answer holds, with the place of its bytes."""
    headers = {
        name.decode("latin-1").lower(): b", ".join(values or ()).decode("latin-1")
        for name, values in response.headers.items()
    }
    stored = _capture(response, response.body, requested)
    return Page(response.url, response.body, headers, response.meta["fetched_at"], stored)


def _capture(response: Response, body: bytes, requested: str | None = None) -> Capture:
    stored: WarcPosition = response.meta["stored"]
    moved = requested is not None and requested != response.url
    return Capture(
        sha256(body).hexdigest(),
        url=response.url,
        fetched_at=response.meta["fetched_at"],
        http_status=response.status,
        media_type=(response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip() or None,
        file=stored.file,
        offset=stored.offset,
        length=stored.length,
        metadata={"requested": requested} if moved else None,
        payload_digest=stored.payload_digest,
    )


def _at(published: Moment | None) -> str | None:
    return None if published is None else published.at


def _validators(response: Response, entry: Entry) -> tuple[str | None, str | None]:
    """ETag and Last-Modified, which a 304 may leave out."""
    etag, last_modified = (response.headers.get(name) for name in ("ETag", "Last-Modified"))
    kept = (entry.etag, entry.last_modified) if response.status == NOT_MODIFIED else (None, None)
    return etag.decode("latin-1") if etag else kept[0], last_modified.decode("latin-1") if last_modified else kept[1]
