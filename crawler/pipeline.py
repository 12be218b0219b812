"""A Scrapy pipeline: what a visit found goes to the archive, and when to come again to the frontier."""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from scrapy.crawler import Crawler

from archive.urls import canonical
from crawler.frontier import Answer
from crawler.items import VisitItem

if TYPE_CHECKING:
    from crawler.spiders.news import NewsSpider

logger = logging.getLogger(__name__)


class Save:
    """One transaction for the threads of a page, then one for its place in the frontier."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Save":
        return cls(crawler)

    def process_item(self, item: VisitItem) -> VisitItem:
        spider = cast("NewsSpider", self.crawler.spider)
        try:
            self._save(item, spider)
        except Exception as error:
            logger.exception("%s was not saved", item.entry.url)
            spider.fail(item.entry, f"not saved: {type(error).__name__}: {error}")
        return item

    def _save(self, item: VisitItem, spider: "NewsSpider") -> None:
        work = spider.work
        work.warc.flush()  # a row points at nothing that a killed run could lose
        saved = work.archive.save(item.threads, work.run)
        for thread, visit in zip(item.threads, saved.visits, strict=True):
            work.report.visited(thread, visit)
        if saved.failures:
            spider.fail(item.entry, saved.failures[0][1])
            return
        visits = [visit for visit in saved.visits if visit is not None]
        article_changed = bool(saved.counts["articles_changed"])
        answer = Answer(
            changed=article_changed or any(visit.outcome in ("new", "changed") for visit in visits),
            kind="article",
            etag=item.etag,
            last_modified=item.last_modified,
            content_sha256=item.threads[0].capture.sha256,
            capture_id=item.kept_capture_id or (visits[0].capture_id if visits else None),
            settled=any(thread.closed for thread in item.threads),
            moved_to=_moved(item),
        )
        spider.finish(item.entry, answer, datetime.now(UTC))


def _moved(item: VisitItem) -> str | None:
    found = canonical(item.url)
    return None if found == item.entry.url else found
