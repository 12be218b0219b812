"""Fetch the names of commenters whose service gives ids alone, and each name by a request of its own: `btl names`.

What has a name is not asked for again, and neither is whoever had none: a run goes on after the last commenter that the
runs before it came to. No thread is read, so none is partial because of it. The responses, which are people's profiles,
are not kept: a name that is erased from the archive is in no file beside it.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import func, select, update

from archive.store.archive import Archive
from archive.store.disk import DiskFull, find_full
from archive.store.process_identity import worker_name
from archive.store.schema import TABLES
from crawler.evidence.captures import CaptureReader
from crawler.frontier.host_leases import HostTable
from crawler.platforms import NAMES_APART
from crawler.platforms.base import NamesApart, platform_name
from crawler.report import CrawlReport
from crawler.run import CrawlOptions, pause_of, scrapy_settings
from crawler.settings import warc_info
from crawler.spiders.names import NameLookup, NamesSpider
from crawler.state import RunState
from crawler.warc.run_writer import open_warc

BATCH = 50
KIND = "names"
COMMENTERS, COMMENTS, CAPTURES, RUNS = (TABLES[name] for name in ("commenters", "comments", "captures", "runs"))


@dataclass(slots=True)
class NamesOutcome:
    """How many were asked for, named, and have none; `errors` are what failed, by address."""

    asked: int = 0
    named: int = 0
    nameless: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    finished: bool = True


def find_lookups(archive: Archive, limit: int, *, again: bool = False) -> tuple[list[NameLookup], int]:
    """Return the next lookups, in order, and how many more commenters wait; `again` begins with the first."""
    after = 0 if again else _last_asked(archive)
    lookups: list[NameLookup] = []
    left = 0
    with archive.engine.connect() as connection:
        for platform in NAMES_APART:
            waiting = (
                (COMMENTERS.c.platform == platform_name(platform))
                & COMMENTERS.c.name.is_(None)
                & COMMENTERS.c.native_id.is_not(None)
                & COMMENTERS.c.native_id.not_like("withheld:%")
                & COMMENTS.c.withheld.is_(None)
                & (COMMENTS.c.state == "visible")
                & (COMMENTERS.c.id > after)
            )
            rows = (
                select(COMMENTERS.c.id, COMMENTERS.c.native_id, func.min(CAPTURES.c.url))
                .join(COMMENTS, COMMENTS.c.commenter_id == COMMENTERS.c.id)
                .join(CAPTURES, CAPTURES.c.id == COMMENTS.c.capture_id)
                .where(waiting)
                .group_by(COMMENTERS.c.id)
                .order_by(COMMENTERS.c.id)
            )
            lookups_of_platform = _lookups(platform, connection.execute(rows))
            for lookup in lookups_of_platform:
                if len(lookups) < limit:
                    lookups.append(lookup)
                else:
                    left += 1
    return sorted(lookups, key=lambda lookup: lookup.commenter_id), left


def _lookups(platform: NamesApart, rows: Iterable[tuple[int, str, str | None]]) -> Iterable[NameLookup]:
    for commenter_id, native_id, url in rows:
        fetch = platform.name_request(url or "", native_id)
        if fetch is not None:
            yield NameLookup(commenter_id, fetch, platform.read_name)


def _last_asked(archive: Archive) -> int:
    """Return the number of the last commenter that was asked for."""
    statement = select(RUNS.c.counts).where((RUNS.c.kind == KIND) & RUNS.c.counts.is_not(None))
    with archive.engine.connect() as connection:
        return max((json.loads(counts).get("last", 0) for counts in connection.execute(statement).scalars()), default=0)


class _NameSaver:
    """Save names in batches; `last` is the last commenter before the first that could not be asked for."""

    def __init__(self, archive: Archive, lookups: list[NameLookup]) -> None:
        self.archive, self.outcome = archive, NamesOutcome()
        self.order = [lookup.commenter_id for lookup in lookups]
        self.batch: dict[int, str] = {}
        self.place, self.last = 0, 0

    def add(self, commenter_id: int, name: str | None) -> None:
        """Take the name of a commenter, None where there is none."""
        self.outcome.asked += 1
        if self.order[self.place] == commenter_id:  # else one before it failed, and is asked for again
            self.place, self.last = self.place + 1, commenter_id
        if name is None:
            self.outcome.nameless += 1
            return
        self.outcome.named += 1
        self.batch[commenter_id] = name
        if len(self.batch) >= BATCH:
            self.save()

    def save(self) -> None:
        """Write the names that were gathered, each where there is still none."""
        batch, self.batch = self.batch, {}
        if not batch:
            return
        with self.archive.transaction() as connection:
            for commenter_id, name in batch.items():
                own = (COMMENTERS.c.id == commenter_id) & COMMENTERS.c.name.is_(None)
                account = COMMENTERS.c.native_id.not_like("withheld:%")
                connection.execute(update(COMMENTERS).where(own & account).values(name=name))


def fetch_names(
    archive: Archive,
    lookups: list[NameLookup],
    options: CrawlOptions,
    on_progress: Callable[[CrawlReport], None] = lambda _: None,
) -> NamesOutcome:
    """Make the lookups. The caller holds the archive's crawl lock, and calls once a process, as `run_crawl`.

    Raise DiskFull where there is no room for what comes; the names that were saved before stay.
    """
    report, saver = CrawlReport(), _NameSaver(archive, lookups)
    run = archive.begin_run(KIND, {"limit": options.limit})
    warc = open_warc(
        archive, run, warc_info(options.contact), options.warc, earlier=CaptureReader(archive).find_payload
    )
    settings = scrapy_settings(options, {})
    hosts = HostTable(archive, worker_name())
    state = RunState(archive, run, warc, report, lambda: on_progress(report), hosts, pause_of(settings))
    outcome = saver.outcome
    outcome.finished = False
    try:
        process = AsyncCrawlerProcess(settings | {"ITEM_PIPELINES": {}})
        crawler = process.create_crawler(NamesSpider)
        process.crawl(crawler, state=state, lookups=lookups, on_name=saver.add)
        process.start()
        outcome.finished = crawler.stats is not None and crawler.stats.get_value("finish_reason") == "finished"
    finally:
        with state.storing():
            saver.save()
        outcome.errors = report.errors
        _end(state, saver)
    return outcome


def _end(state: RunState, saver: _NameSaver) -> None:
    outcome, archive = saver.outcome, state.archive
    status = "failed" if state.failure is not None else "done" if outcome.finished else "interrupted"
    counts = {"named": outcome.named, "nameless": outcome.nameless, "errors": len(outcome.errors), "last": saver.last}
    try:
        state.warc.close()
        state.leased_hosts.close()
        archive.end_run(state.run, status, counts)
    except (DiskFull, OSError) as error:
        state.stop(error)
    if state.failure is not None:
        if (full := find_full(state.failure)) is None:
            raise state.failure
        raise DiskFull(full) from state.failure
