"""A Scrapy pipeline: what visits found goes to the archive, and when to come again to the frontier."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from scrapy.crawler import Crawler

from archive.store.save import SavedThread
from archive.text.urls import canonical
from crawler.frontier import Answer, Entry
from crawler.items import VisitItem

if TYPE_CHECKING:
    from crawler.spiders.news import NewsSpider

logger = logging.getLogger(__name__)
MOST_COMMENTS = 2_000
MOST_ITEMS = 50
SECONDS = 0.5


class Save:
    """Gathers visits for SECONDS, or until there are enough of them; then one transaction for all their threads, and
    one for their places in the frontier."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.waiting: list[VisitItem] = []
        self.comments = 0
        self.timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Save":
        return cls(crawler)

    def process_item(self, item: VisitItem) -> VisitItem:
        self.waiting.append(item)
        self.comments += sum(len(thread.comments) for thread in item.threads)
        if self.comments >= MOST_COMMENTS or len(self.waiting) >= MOST_ITEMS:
            self.save()
        elif self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(SECONDS, self.save)
        return item

    def close_spider(self) -> None:
        self.save()

    def save(self) -> None:
        """Saves what waits."""
        if self.timer is not None:
            self.timer.cancel()
        items, self.waiting, self.comments, self.timer = self.waiting, [], 0, None
        if not items:
            return
        try:
            self._save(items)
        except Exception as error:
            logger.exception("%d visits were not saved", len(items))
            for item in items:
                self._spider.fail(item.entry, f"not saved: {type(error).__name__}: {error}")

    @property
    def _spider(self) -> "NewsSpider":
        return cast("NewsSpider", self.crawler.spider)

    def _save(self, items: Sequence[VisitItem]) -> None:
        work = self._spider.work
        work.warc.flush()  # a row points at nothing that a killed run could lose
        saved = work.archive.save([thread for item in items for thread in item.threads], work.run)
        reasons = {id(thread): reason for thread, reason in saved.failures}
        visits = iter(saved.outcomes)
        answered: list[tuple[Entry, Answer]] = []
        for item in items:
            of_item = [next(visits) for _ in item.threads]
            for thread, visit in zip(item.threads, of_item, strict=True):
                work.report.visited(thread, visit)
            reason = next((reasons[id(thread)] for thread in item.threads if id(thread) in reasons), None)
            if reason is None:
                answered.append((item.entry, _answer(item, of_item)))
            else:
                self._spider.fail(item.entry, reason)
        self._spider.finish_all(answered, datetime.now(UTC))


def _answer(item: VisitItem, visits: Iterable[SavedThread | None]) -> Answer:
    made = [visit for visit in visits if visit is not None]
    return Answer(
        changed=any(visit.outcome in ("new", "changed") or visit.counts["articles_changed"] for visit in made),
        kind="article",
        etag=item.etag,
        last_modified=item.last_modified,
        content_sha256=item.threads[0].capture.sha256,
        capture_id=item.kept_capture_id or (made[0].capture_id if made else None),
        settled=any(thread.closed for thread in item.threads),
        moved_to=_moved(item),
    )


def _moved(item: VisitItem) -> str | None:
    found = canonical(item.url)
    return None if found == item.entry.url else found
