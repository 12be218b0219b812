"""Run one crawl from beginning to end: run row, WARC file, Scrapy, report."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import scrapy.core.downloader.handlers.http11  # noqa: F401 — early: it inspects the stack, and each loaded module costs
from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import select

from archive.store.archive import Archive, Run
from archive.store.paths import warc_folder
from archive.store.schema import TABLES
from archive.text.urls import canonical
from crawler.evidence.captures import Evidence
from crawler.evidence.recheck import forget_again
from crawler.frontier import Candidate, format_time
from crawler.outlets import OutletConfig
from crawler.parse_pool import ParsePool
from crawler.report import CrawlReport, find_warnings
from crawler.settings import DEFAULT_DELAY_S, user_agent
from crawler.spiders.news import NewsSpider
from crawler.state import CrawlState
from crawler.warc.writer import WarcFile

RUNS_COMPARED = 5


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How to crawl.

    `allow_hosts` are HOST:PORTs that need not be public; they get a request every `delay` seconds, `concurrency` at
    once, all other hosts one a second. `timeout` (seconds) is for one response, `limit` the number of visits.
    """

    contact: str | None = None
    allow_hosts: tuple[str, ...] = ()
    delay: float = 0.0
    concurrency: int = 1
    timeout: float = 30.0
    limit: int | None = None
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """What to crawl: URLs, or outlets, or else whatever is due."""

    urls: tuple[str, ...] = ()
    outlets: tuple[OutletConfig, ...] = ()

    def seeds(self) -> list[Candidate]:
        """Return the pages that the crawl begins with."""
        seeds = [Candidate(url, "article", _home(url), now=True) for url in self.urls]
        for outlet in self.outlets:
            pages = [(outlet.home, "front"), *((url, "feed") for url in outlet.feeds)]
            pages += [(url, "sitemap") for url in outlet.sitemaps]
            seeds += [Candidate(canonical(url) or url, kind, outlet.home, now=True) for url, kind in pages]
        return seeds


@dataclass(slots=True)
class CrawlOutcome:
    """The report of a crawl, and warnings from comparing it with earlier ones; `finished` if it was not interrupted."""

    run_id: int
    report: CrawlReport
    warnings: list[str] = field(default_factory=list)
    finished: bool = True


def _home(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def run_crawl(
    archive: Archive,
    plan: CrawlPlan,
    options: CrawlOptions,
    on_progress: Callable[[CrawlReport], None] = lambda _: None,
) -> CrawlOutcome:
    """Crawl. The caller holds the archive's crawl lock, and crawls once a process: Twisted's reactor cannot restart."""
    run = archive.begin_run("crawl", {"urls": plan.urls, "outlets": [outlet.name for outlet in plan.outlets]})
    evidence, report = Evidence(archive), CrawlReport()
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-run{run.id}.warc.gz"
    info = {"http-header-user-agent": user_agent(options.contact), "robots": "obey", "operator": options.contact or ""}
    warc = WarcFile(warc_folder(archive.path) / name, info, earlier=evidence.find_payload)
    pool = ParsePool()
    state = CrawlState(archive, run, warc, report, lambda: on_progress(report), evidence, pool)
    finished = False
    try:
        _prepare(state, plan, options)
        finished = _run_scrapy(state, plan, options)
    finally:
        pool.close()
        warc.close()
        state.frontier.free_leases()
        forget_again(archive, run.id)
        outcome = _end_run(archive, run, report, finished=finished)
    return outcome


def _prepare(state: CrawlState, plan: CrawlPlan, options: CrawlOptions) -> None:
    """Add the plan's pages to the frontier and restrict the state to what the plan names."""
    state.frontier.free_leases()
    ids = state.frontier.add(plan.seeds(), datetime.now(UTC))
    state.limit = options.limit
    state.paces = dict.fromkeys(options.allow_hosts, 2 * options.concurrency)  # as many parsed as fetched
    if plan.urls:
        state.ids = set(ids)
    elif plan.outlets:
        outlets, now = {outlet.home: outlet for outlet in plan.outlets}, format_time(datetime.now(UTC))
        state.outlets = set(outlets)
        state.hints = {outlet.home: outlet.comments for outlet in plan.outlets if outlet.comments is not None}

        def accepts(candidate: Candidate) -> bool:
            outlet = outlets.get(candidate.outlet)
            is_article = candidate.kind == "article"
            return outlet is None or not is_article or outlet.accepts(candidate.url, candidate.published_at, now)

        state.accepts = accepts


def _run_scrapy(state: CrawlState, plan: CrawlPlan, options: CrawlOptions) -> bool:
    """Run Scrapy and return whether it came to its end, and was not interrupted."""
    slots = {host: {"delay": options.delay, "concurrency": options.concurrency} for host in options.allow_hosts}
    for outlet in plan.outlets:
        if outlet.delay is not None or outlet.concurrency is not None:
            delay = DEFAULT_DELAY_S if outlet.delay is None else outlet.delay
            slots[urlsplit(outlet.home).netloc] = {"delay": delay, "concurrency": outlet.concurrency or 1}
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
    process.crawl(crawler, state=state)
    process.start()
    return crawler.stats is not None and bool(crawler.stats.get_value("finish_reason") == "finished")


def _end_run(archive: Archive, run: Run, report: CrawlReport, *, finished: bool) -> CrawlOutcome:
    counts = report.counts()
    outcome = CrawlOutcome(run.id, report, find_warnings(counts, _earlier_counts(archive, run)), finished)
    status = "interrupted" if not finished else "failed" if report.errors else "done"
    archive.end_run(run, status, counts | {"warnings": outcome.warnings})
    return outcome


def _earlier_counts(archive: Archive, run: Run) -> Sequence[dict[str, Any]]:
    runs = TABLES["runs"]
    earlier = (runs.c.kind == "crawl") & (runs.c.id < run.id) & runs.c.counts.is_not(None)
    statement = select(runs.c.counts).where(earlier).order_by(runs.c.id.desc()).limit(RUNS_COMPARED)
    with archive.engine.connect() as connection:
        return [json.loads(counts) for counts in connection.execute(statement).scalars()]
