"""The state of one crawl, which its spider, extension and pipeline share."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from archive.store.archive import Archive, Run
from archive.store.disk import DiskFull, Storing
from crawler.browser.chromium import Chromium
from crawler.evidence.captures import CaptureReader
from crawler.frontier.frontier import Candidate, Frontier
from crawler.frontier.host_leases import HostTable
from crawler.frontier.intervals import FrontierEntry
from crawler.frontier.leased_hosts import LeasedHosts
from crawler.frontier.page_leases import Scope
from crawler.pages.page import CommentHints
from crawler.parser.pool import ParsePool
from crawler.report import CrawlReport
from crawler.shared_responses import SharedResponses
from crawler.warc.writer import WarcFile

MAX_LEASED = 64  # entries in hand: as many as Scrapy's CONCURRENT_REQUESTS, since each is one page at a time
LEASED_PER_HOST = 2  # one being fetched, one being parsed
LOOK_S = 0.25  # between two looks for due pages while nothing that is in hand changes


@dataclass(slots=True)
class RunState:
    """What each run that fetches has: the archive, the WARC file, counts.

    `failure` is why nothing can be stored any more, and so nothing more is requested. `pause_s` is the usual pause of a
    host in seconds.
    """

    archive: Archive
    run: Run
    warc: WarcFile
    report: CrawlReport
    show_progress: Callable[[], None]
    hosts: HostTable
    pause_s: Callable[[str], float]
    leased_hosts: LeasedHosts = field(init=False)
    failure: Exception | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.leased_hosts = LeasedHosts(self.hosts, self.pause_s, self.needs_host, self.storing)

    def needs_host(self, host: str) -> bool:
        """Return whether this worker goes on to ask a host."""
        del host
        return False

    def stop(self, error: Exception) -> None:
        """End the run for an error after which nothing can be stored."""
        self.failure = self.failure or error

    @contextmanager
    def storing(self) -> Iterator[Storing]:
        """Stop the run where the block finds that there is no room. Raise nothing: Scrapy would swallow it.

        What follows the block is run in either case: see `is_done` of what it is given.
        """
        storing = Storing()
        try:
            yield storing
            storing.is_done = True
        except DiskFull as error:
            self.stop(error)


@dataclass(slots=True)
class CrawlState(RunState):
    """A run with its frontier, the parse pool, and the entries in hand.

    `ids` and `outlets` restrict which entries are visited, `accepts` which links are followed, `place` puts each under
    its outlet; `outlet_keys` are the names in the archive of outlets that share a host, by home. A host has
    LEASED_PER_HOST entries in hand, or what `most_in_hand` has for it. `limit` is the number of visits in all. `hints`
    are of outlets by their home. Entries in `elsewhere` wait for another host than their own, such as a comment
    service's, or to be saved. `is_waiting` says that another worker has a page that this crawl is for. A page's
    platform may make `most_requests`, and is refused more; none is made twice then. `browser` shows the articles of its
    outlets.
    """

    frontier: Frontier
    evidence: CaptureReader
    pool: ParsePool
    place: Callable[[Candidate], Candidate] = lambda candidate: candidate
    outlet_keys: Mapping[str, str] = field(default_factory=dict)
    ids: set[int] | None = None
    outlets: set[str] | None = None
    accepts: Callable[[Candidate], bool] = lambda _: True
    most_in_hand: Mapping[str, int] = field(default_factory=dict)
    limit: int | None = None
    most_requests: int | None = None
    requests: Counter[int] = field(default_factory=Counter)
    hints: Mapping[str, CommentHints] = field(default_factory=dict)
    elsewhere: set[int] = field(default_factory=set)
    browser: Chromium | None = None
    shared: SharedResponses = field(default_factory=SharedResponses)
    leased: dict[int, FrontierEntry] = field(default_factory=dict)
    lease_count: int = 0
    is_waiting: bool = False
    looked_at: float = 0.0
    in_hand: Counter[str] = field(default_factory=Counter)

    def needs_host(self, host: str) -> bool:
        """Return whether pages of a host are in hand."""
        return any(entry.host == host for entry in self.leased.values())

    def lease(self) -> list[FrontierEntry]:
        """Lease the next due entries, up to what may be in hand at once."""
        if self.failure is not None:
            return []
        free = MAX_LEASED - len(self.leased)
        if self.limit is not None:
            free = min(free, self.limit - self.lease_count)
            self.is_waiting = self.is_waiting and self.lease_count < self.limit
        in_hand = Counter(entry.host for entry in self.leased.values() if entry.id not in self.elsewhere)
        if free <= 0 or (in_hand == self.in_hand and monotonic() - self.looked_at < LOOK_S):
            return []
        lease = self.frontier.leases.lease(
            free,
            per_host=LEASED_PER_HOST,
            most_in_hand=self.most_in_hand,
            scope=Scope(self.ids, self.outlets),
            in_hand=in_hand,
        )
        self.leased_hosts.add(lease.hosts)
        # A thread of a slow service may take longer than its lease, which is then only renewed.
        entries = [entry for entry in lease.entries if entry.id not in self.leased]
        self.leased |= {entry.id: entry for entry in entries}
        self.lease_count += len(entries)
        needed = {entry.host for entry in self.leased.values()}
        self.leased_hosts.give_back([host for host in self.leased_hosts.leased if host not in needed])
        self.in_hand, self.is_waiting = in_hand, lease.is_waiting
        self.looked_at = 0.0 if entries else monotonic()
        return entries

    def follow(self, candidates: Iterable[Candidate]) -> int:
        """Add what a feed, sitemap or front page links to; return how many of those are due."""
        due = self.frontier.add(filter(self.accepts, map(self.place, candidates)), datetime.now(UTC))
        if self.ids is not None:
            self.ids.update(due)
        return len(due)
