"""Run one crawl from beginning to end: run row, WARC file, Scrapy, report."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import scrapy.core.downloader.handlers.http11  # noqa: F401 — early: it inspects the stack, and each loaded module costs
from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import select

from archive.store.archive import Archive, Run
from archive.store.disk import DiskFull, find_full
from archive.store.remote_files import require_file_system
from archive.store.schema import TABLES
from archive.text.formatting import format_time
from archive.text.urls import canonical
from crawler.browser.chromium import Chromium, find_chromium
from crawler.evidence.captures import CaptureReader
from crawler.evidence.redact_erased import redact_erased
from crawler.frontier.frontier import Candidate, Frontier, host_of
from crawler.frontier.outlet_states import LeftOut, due_left_out
from crawler.frontier.page_leases import Scope
from crawler.outlets import DEFAULT_DELAY_S, OutletConfig, OutletFile, outlet_keys
from crawler.pages.page import CommentHints
from crawler.parser.pool import ParsePool
from crawler.report import CrawlReport, find_warnings
from crawler.settings import user_agent, warc_info
from crawler.spiders.news import NewsSpider
from crawler.state import CrawlState
from crawler.warc.run_writer import open_warc

RUNS_COMPARED = 5


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How to crawl.

    `allow_hosts` are HOST:PORTs that need not be public; they get a request every `delay` seconds, `concurrency` at
    once, all other hosts one a second. `timeout` (seconds) is for one response, `limit` the number of visits,
    `most_requests` how many requests may be made for one page besides the page itself. `warc` is the address of a
    folder for WARC files, which else lie beside the archive.
    """

    contact: str | None = None
    allow_hosts: tuple[str, ...] = ()
    delay: float = 0.0
    concurrency: int = 1
    timeout: float = 30.0
    limit: int | None = None
    verbose: bool = False
    most_requests: int | None = None
    warc: str | None = None


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """What to crawl: URLs, or outlets of `file`, or whatever is due (of the outlets, if there are any).

    `hints` are what is known of the comments of a URL's site, by its home.
    """

    urls: tuple[str, ...] = ()
    outlets: tuple[OutletConfig, ...] = ()
    due: bool = False
    file: str | None = None
    hints: Mapping[str, CommentHints] = field(default_factory=dict)

    def seeds(self) -> list[Candidate]:
        """Return the pages that the crawl begins with: all of them now or, where it visits what is due, new ones."""
        seeds = [Candidate(url, "article", home_of(url), now=True) for url in self.urls]
        for outlet in self.outlets:
            pages = [(outlet.home, "front"), *((url, "feed") for url in outlet.feeds)]
            pages += [(url, "sitemap") for url in outlet.sitemaps]
            seeds += [Candidate(canonical(url) or url, kind, outlet.home, now=not self.due) for url, kind in pages]
        return seeds


@dataclass(slots=True)
class CrawlOutcome:
    """The report of a crawl, and warnings from comparing it with earlier ones; `finished` if it was not interrupted.

    A crawl that found nothing due has no run: its `next_at` is when something is. `left_out` is due and not visited.
    """

    run_id: int | None
    report: CrawlReport
    warnings: list[str] = field(default_factory=list)
    finished: bool = True
    left_out: list[LeftOut] = field(default_factory=list)
    next_at: str | None = None


def home_of(url: str) -> str:
    """Return the address of the outlet that a page is taken for where no file says which it is of."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def run_crawl(
    archive: Archive,
    plan: CrawlPlan,
    options: CrawlOptions,
    on_progress: Callable[[CrawlReport], None] = lambda _: None,
) -> CrawlOutcome:
    """Crawl, beside other crawls of the archive; once a process, since Twisted's reactor cannot restart.

    The caller holds the archive's crawl lock with them. Where nothing is due, nothing is written: no run, no WARC file.
    Raise DiskFull where there is no room for what comes; what was saved before is whole. Raise BrowserMissing where an
    outlet needs a browser that is not there, RemoteError where WARC files cannot be put where they should be.
    """
    if options.warc is not None:
        require_file_system(options.warc)
    browser = _browser(plan, options)
    settings = scrapy_settings(options, OutletFile(plan.outlets).slots())
    report, frontier = CrawlReport(), Frontier(archive)
    frontier.hosts.refresh()
    frontier.hosts.free_dead(pause_of(settings))
    scope = _PlannedPages(archive, frontier, plan)
    if not frontier.leases.is_due(Scope(scope.ids, scope.homes)):
        next_at = frontier.leases.next_due(Scope(outlets=scope.homes))
        return CrawlOutcome(None, report, left_out=scope.left_out, next_at=next_at)
    state = _begin(archive, plan, options, frontier, partial(on_progress, report), report, pause_of(settings))
    state.browser = browser
    scope.restrict(state)
    finished = False
    try:
        finished = _run_scrapy(state, settings)
    finally:
        state.pool.close()
        outcome = _end_run(state, finished=finished)
    outcome.left_out = scope.left_out
    return outcome


def _begin(
    archive: Archive,
    plan: CrawlPlan,
    options: CrawlOptions,
    frontier: Frontier,
    show_progress: Callable[[], None],
    report: CrawlReport,
    pause_s: Callable[[str], float],
) -> CrawlState:
    """Begin a run, its WARC file and the processes that parse pages."""
    stated = {"urls": plan.urls, "outlets": [outlet.name for outlet in plan.outlets], "due": plan.due}
    run = archive.begin_run("crawl", stated | {"file": plan.file})
    evidence = CaptureReader(archive)
    warc = open_warc(archive, run, warc_info(options.contact), options.warc, earlier=evidence.find_payload)
    state = CrawlState(
        archive, run, warc, report, show_progress, frontier.hosts, pause_s, frontier, evidence, ParsePool()
    )
    state.limit, state.most_requests, state.hints = options.limit, options.most_requests, plan.hints
    state.most_in_hand = dict.fromkeys(options.allow_hosts, 2 * options.concurrency)  # as many parsed as fetched
    return state


def pause_of(settings: Mapping[str, Any]) -> Callable[[str], float]:
    """Return the usual pause of a host, in seconds, by Scrapy's settings of a run."""
    slots = settings["DOWNLOAD_SLOTS"]
    return lambda host: float(slots[host]["delay"]) if host in slots else DEFAULT_DELAY_S


def _browser(plan: CrawlPlan, options: CrawlOptions) -> Chromium | None:
    outlets = frozenset(outlet.home for outlet in plan.outlets if outlet.browser)
    return Chromium(find_chromium(), user_agent(options.contact), outlets) if outlets else None


class _PlannedPages:
    """What a plan visits: seeds are added to the frontier; what is due and left out is listed with the reason."""

    def __init__(self, archive: Archive, frontier: Frontier, plan: CrawlPlan) -> None:
        self.outlets = OutletFile(plan.outlets)
        self.homes = set(self.outlets.by_home) if plan.outlets else None
        self.ids: set[int] | None = None
        began = datetime.now(UTC)
        ids = frontier.add(plan.seeds(), began)
        self.left_out: list[LeftOut] = []
        if plan.urls:
            self.ids = set(ids)
            self.left_out += [LeftOut(url, 1, "withheld") for url in sorted(set(plan.urls) - frontier.urls(ids))]
            self.left_out += due_left_out(archive, began, ids=ids)
        else:
            due = due_left_out(archive, began, homes=self.homes, file=plan.file)
            self.left_out += due if plan.due else [row for row in due if row.outlet in (self.homes or ())]
            self._exclude(frontier, plan, format_time(began))
        self.keys = outlet_keys(self.homes or frontier.outlets())

    def _exclude(self, frontier: Frontier, plan: CrawlPlan, began: str) -> None:
        """Leave out articles of an earlier crawl that the patterns of the file do not include any more."""
        choosy = [outlet.home for outlet in plan.outlets if outlet.include or outlet.exclude]
        articles = frontier.articles(choosy) if choosy else []
        excluded = [row for row in articles if not self.outlets.by_home[row[2]].includes(row[1])]
        frontier.leases.exclude((row[0], host_of(row[1])) for row in excluded)
        elsewhere = {row.outlet for row in self.left_out}  # counted already: of paused outlets
        counts = Counter(home for _, _, home, next_at in excluded if next_at <= began and home not in elsewhere)
        self.left_out += [LeftOut(home, pages, f"excluded by {plan.file}") for home, pages in sorted(counts.items())]

    def restrict(self, state: CrawlState) -> None:
        """Let a crawl visit these entries only, and follow the links that the outlets accept."""
        state.ids, state.outlets, state.outlet_keys = self.ids, self.homes, self.keys
        if not self.outlets.by_home:
            return
        outlets, now = self.outlets.by_home, format_time(datetime.now(UTC))
        state.hints = {home: outlet.comments for home, outlet in outlets.items() if outlet.comments is not None}

        def accepts(candidate: Candidate) -> bool:
            outlet = outlets.get(candidate.outlet)
            is_article = candidate.kind == "article"
            return outlet is None or not is_article or outlet.accepts(candidate.url, candidate.published_at, now)

        def place(candidate: Candidate) -> Candidate:
            home = self.outlets.find_home(candidate.url, candidate.outlet)
            return candidate if home == candidate.outlet else replace(candidate, outlet=home)

        state.accepts, state.place = accepts, place


def _run_scrapy(state: CrawlState, settings: dict[str, Any]) -> bool:
    """Run Scrapy and return whether it came to its end, and was not interrupted."""
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(NewsSpider)
    process.crawl(crawler, state=state)
    process.start()
    return crawler.stats is not None and bool(crawler.stats.get_value("finish_reason") == "finished")


def scrapy_settings(options: CrawlOptions, slots: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return Scrapy's settings of one run; `slots` are paces of hosts besides those that the options name."""
    allowed = {host: {"delay": options.delay, "concurrency": options.concurrency} for host in options.allow_hosts}
    return {
        "ADDONS": {"crawler.settings.PoliteCrawling": 100},
        "USER_AGENT": user_agent(options.contact),
        "ALLOWED_HOSTS": list(options.allow_hosts),
        "DOWNLOAD_SLOTS": allowed | dict(slots),
        "DOWNLOAD_TIMEOUT": options.timeout,
        "LOG_LEVEL": "INFO" if options.verbose else "CRITICAL",
        "TWISTED_DNS_RESOLVER": "crawler.resolver.PublicAddressResolver",
    }


def _end_run(state: CrawlState, *, finished: bool) -> CrawlOutcome:
    """Close the WARC file and the run. Raise DiskFull where the crawl ended for want of room."""
    archive, run, report = state.archive, state.run, state.report
    counts = report.counts()
    outcome = CrawlOutcome(run.id, report, find_warnings(counts, _earlier_counts(archive, run)), finished)
    status = "failed" if state.failure or report.failed else "done" if finished else "interrupted"
    try:
        state.warc.close()
        state.leased_hosts.close()
        redact_erased(archive, run.id)
        archive.end_run(run, status, counts | {"warnings": outcome.warnings})
    except (DiskFull, OSError) as error:
        state.stop(error)
    if state.failure is not None:
        with suppress(DiskFull):
            archive.end_run(run, "failed", counts | {"warnings": outcome.warnings})
        if (full := find_full(state.failure)) is None:
            raise state.failure
        raise DiskFull(full) from state.failure
    return outcome


def _earlier_counts(archive: Archive, run: Run) -> Sequence[dict[str, Any]]:
    runs = TABLES["runs"]
    earlier = (runs.c.kind == "crawl") & (runs.c.id < run.id) & runs.c.counts.is_not(None)
    statement = select(runs.c.counts).where(earlier).order_by(runs.c.id.desc()).limit(RUNS_COMPARED)
    with archive.engine.connect() as connection:
        return [json.loads(counts) for counts in connection.execute(statement).scalars()]
