"""Runs one crawl from beginning to end: lock, run, WARC file, Scrapy, report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import select

from archive.store.archive import Archive, Run
from archive.store.schema import TABLES
from archive.text.urls import canonical
from crawler import report as reports
from crawler.evidence.captures import Evidence
from crawler.evidence.recheck import forget_again
from crawler.frontier import Wanted, stamp
from crawler.outlets import Outlet
from crawler.parse_pool import Reader
from crawler.report import Progress, Report
from crawler.settings import user_agent
from crawler.spiders.news import NewsSpider
from crawler.state import Work, warc_folder
from crawler.warc.writer import WarcFile

RUNS_COMPARED = 5


@dataclass(frozen=True, slots=True)
class Options:
    """How to crawl. `allow_hosts` are HOST:PORTs outside the public network, asked every `delay` seconds by
    `concurrency` at once; other hosts once a second. An answer may take `timeout` seconds."""

    contact: str | None = None
    allow_hosts: tuple[str, ...] = ()
    delay: float = 0.0
    concurrency: int = 1
    timeout: float = 30.0
    most: int | None = None
    verbose: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to crawl: addresses, outlets, or whatever is due."""

    urls: tuple[str, ...] = ()
    outlets: tuple[Outlet, ...] = ()

    def seeds(self) -> list[Wanted]:
        """The pages that the run begins with."""
        found = [Wanted(url, "article", home(url), now=True) for url in self.urls]
        for outlet in self.outlets:
            found.append(Wanted(_address(outlet.home), "front", outlet.home, now=True))
            found += [Wanted(_address(url), "feed", outlet.home, now=True) for url in outlet.feeds]
            found += [Wanted(_address(url), "sitemap", outlet.home, now=True) for url in outlet.sitemaps]
        return found


@dataclass(slots=True)
class Outcome:
    """How a run went: its report, and what the runs before let one doubt."""

    run_id: int
    report: Report
    warnings: list[str] = field(default_factory=list)
    finished: bool = True


def home(url: str) -> str:
    """The front page of the site that an address belongs to."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _address(url: str) -> str:
    return canonical(url) or url


def run(archive: Archive, plan: Plan, options: Options) -> Outcome:
    """Crawls. To be called once a process, by whoever holds the archive's crawl lock."""
    started = archive.begin_run("crawl", {"urls": plan.urls, "outlets": [outlet.name for outlet in plan.outlets]})
    evidence = Evidence(archive)
    report = Report()
    progress = Progress(report, quiet=options.quiet)
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-run{started.id}.warc.gz"
    info = {"http-header-user-agent": user_agent(options.contact), "robots": "obey", "operator": options.contact or ""}
    warc = WarcFile(warc_folder(archive.path) / name, info, earlier=evidence.find_payload)
    reader = Reader()
    work = Work(archive, started, warc, report, progress, evidence.page, reader)
    _aim(work, plan, options)
    finished = False
    try:
        finished = _scrapy(work, plan, options)
    finally:
        progress.end()
        reader.close()
        warc.close()
        work.frontier.free_leases()
        forget_again(archive, started.id)
        outcome = _ended(archive, started, work, finished=finished)
    return outcome


def _aim(work: Work, plan: Plan, options: Options) -> None:
    """Lists what the plan names, and says what of all that is listed is meant."""
    work.frontier.free_leases()
    ids = work.frontier.add(plan.seeds(), datetime.now(UTC))
    work.most = options.most
    work.paces = dict.fromkeys(options.allow_hosts, 2 * options.concurrency)
    if plan.urls:
        work.ids = set(ids)
    elif plan.outlets:
        work.outlets = {outlet.home for outlet in plan.outlets}
        work.wants = partial(_wants, {outlet.home: outlet for outlet in plan.outlets}, stamp(datetime.now(UTC)))


def _wants(outlets: dict[str, Outlet], now: str, wanted: Wanted) -> bool:
    """Whether an outlet's file lets a page be visited."""
    outlet = outlets.get(wanted.outlet)
    return outlet is None or wanted.kind != "article" or outlet.wants(wanted.url, wanted.published_at, now)


def _scrapy(work: Work, plan: Plan, options: Options) -> bool:
    """Whether it came to its end, and was not interrupted."""
    slots = {place: {"delay": options.delay, "concurrency": options.concurrency} for place in options.allow_hosts}
    for outlet in plan.outlets:
        if outlet.delay is not None or outlet.concurrency is not None:
            pace = {"delay": 1.0 if outlet.delay is None else outlet.delay, "concurrency": outlet.concurrency or 1}
            slots[urlsplit(outlet.home).netloc] = pace
    settings = {
        "ADDONS": {"crawler.settings.PoliteCrawling": 100},
        "USER_AGENT": user_agent(options.contact),
        "ALLOWED_HOSTS": list(options.allow_hosts),
        "DOWNLOAD_SLOTS": slots,
        "DOWNLOAD_TIMEOUT": options.timeout,
        "LOG_LEVEL": "INFO" if options.verbose else "CRITICAL",
        "TWISTED_DNS_RESOLVER": "crawler.resolver.PublicAddressResolver",
    }
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(NewsSpider)
    process.crawl(crawler, work=work)
    process.start()
    return crawler.stats is not None and bool(crawler.stats.get_value("finish_reason") == "finished")


def _ended(archive: Archive, started: Run, work: Work, *, finished: bool) -> Outcome:
    counts = work.report.counts()
    outcome = Outcome(started.id, work.report, reports.warnings(counts, _earlier(archive, started)), finished)
    result = "interrupted" if not finished else "failed" if work.report.errors else "done"
    archive.end_run(started, result, counts | {"warnings": outcome.warnings})
    return outcome


def _earlier(archive: Archive, started: Run) -> Sequence[dict[str, Any]]:
    """The counts of the last crawls before this one."""
    runs = TABLES["runs"]
    before = (runs.c.kind == "crawl") & (runs.c.id < started.id) & runs.c.counts.is_not(None)
    statement = select(runs.c.counts).where(before).order_by(runs.c.id.desc()).limit(RUNS_COMPARED)
    with archive.engine.connect() as connection:
        return [json.loads(counts) for counts in connection.execute(statement).scalars()]
