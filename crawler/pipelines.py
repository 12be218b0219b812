"""A Scrapy pipeline that saves visits to the archive, and their next visits to the frontier."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from scrapy.crawler import Crawler
from sqlalchemy import Connection

from archive.store.disk import is_disk_full
from archive.store.remote_files import RemoteError
from archive.store.save import SavedThread, SaveResult
from archive.text.urls import canonical
from crawler.frontier.frontier import VisitResult
from crawler.items import VisitItem
from crawler.spiders.news import NewsSpider
from crawler.state import CrawlState

if TYPE_CHECKING:
    from crawler.frontier.intervals import FrontierEntry

logger = logging.getLogger(__name__)
BATCH_COMMENTS = 2_000
BATCH_ITEMS = 50


class SavePipeline:
    """Gather visits for as long as the WARC file may wait, or until a batch is full, and save them in one transaction.

    A transaction for each page would wait for the disk each time.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.batch: list[VisitItem] = []
        self.comments = 0
        self.timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SavePipeline":
        return cls(crawler)

    def process_item(self, item: VisitItem) -> VisitItem:
        self.batch.append(item)
        self.comments += sum(len(thread.comments) for thread in item.threads)
        if self.comments >= BATCH_COMMENTS or len(self.batch) >= BATCH_ITEMS:
            self.save_batch()
        elif self.timer is None:
            flush_s = cast("NewsSpider", self.crawler.spider).state.warc.flush_s
            self.timer = asyncio.get_running_loop().call_later(flush_s, self.save_batch)
        return item

    def close_spider(self) -> None:
        self.save_batch()

    def save_batch(self) -> None:
        """Save the visits that were gathered; those that cannot be saved count as failed."""
        if self.timer is not None:
            self.timer.cancel()
        items, self.batch, self.comments, self.timer = self.batch, [], 0, None
        if not items:
            return
        spider = cast("NewsSpider", self.crawler.spider)
        try:
            if spider.state.failure is None:
                _save(spider, items)
        except Exception as error:
            if is_disk_full(error) or isinstance(error, RemoteError):
                spider.state.stop(error)
            else:
                logger.exception("%d visits were not saved", len(items))
                for item in items:
                    spider.record_failure(item.entry, f"not saved: {type(error).__name__}: {error}", ours=True)
        if spider.state.failure is not None:
            for item in items:
                spider.state.leased.pop(item.entry.id, None)


def _save(spider: NewsSpider, items: Sequence[VisitItem]) -> None:
    state = spider.state
    state.warc.flush()  # first, so that a run that is killed leaves no rows that point at nothing
    items = [_name_outlet(state, item) for item in items]

    def record(connection: Connection, saved: SaveResult) -> None:
        """Record the visits whose threads are saved with them: a kill in between would have pages visited twice."""
        state.frontier.record_visits_in(connection, _visits(items, saved), datetime.now(UTC))

    saved = state.archive.save([thread for item in items for thread in item.threads], state.run, record)
    for thread, saved_thread in zip((thread for item in items for thread in item.threads), saved.outcomes, strict=True):
        state.report.count_thread(thread, saved_thread)
    failures = {id(thread): reason for thread, reason in saved.failures}
    for item in items:
        if (reason := _failure(item, failures)) is not None:
            spider.record_failure(item.entry, reason, ours=True)
        else:
            spider.release_visit(item.entry)


def _visits(items: Sequence[VisitItem], saved: SaveResult) -> list[tuple["FrontierEntry", VisitResult]]:
    """Return the visits all of whose threads were saved."""
    failures = {id(thread): reason for thread, reason in saved.failures}
    outcomes, visits = iter(saved.outcomes), []
    for item in items:
        saved_threads = [next(outcomes) for _ in item.threads]
        if _failure(item, failures) is None:
            visits.append((item.entry, _visit_result(item, saved_threads)))
    return visits


def _failure(item: VisitItem, failures: Mapping[int, str]) -> str | None:
    return next((failures[id(thread)] for thread in item.threads if id(thread) in failures), None)


def _name_outlet(state: CrawlState, item: VisitItem) -> VisitItem:
    """Tell outlets that share a host apart; elsewhere the host is the outlet."""
    key = state.outlet_keys.get(item.entry.outlet)
    if key is None:
        return item
    named = (replace(thread, article=replace(thread.article, outlet=key)) for thread in item.threads)
    return replace(item, threads=tuple(named))


def _visit_result(item: VisitItem, saved_threads: Iterable[SavedThread | None]) -> VisitResult:
    saved = [thread for thread in saved_threads if thread is not None]
    url = canonical(item.url)
    return VisitResult(
        changed=any(thread.outcome in ("new", "changed") or thread.counts["articles_changed"] for thread in saved),
        kind="article",
        etag=item.etag,
        last_modified=item.last_modified,
        content_sha256=item.threads[0].capture.sha256,
        capture_id=item.confirmed_capture_id or (saved[0].capture_id if saved else None),
        settled=any(thread.closed for thread in item.threads),
        moved_to=None if url == item.entry.url else url,
    )
