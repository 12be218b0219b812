"""Look at a live thread with a few requests, and say how its service differs from what its platform knows."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from archive.store.archive import Archive
from archive.store.paths import warc_folder
from archive.store.schema import TABLES
from crawler.outlets import find_hints
from crawler.pages.key_log import KeyLog
from crawler.pages.page import CommentHints
from crawler.platforms.driver import NO_PLATFORM
from crawler.platforms.known_keys import KeyChanges, compare_keys, load_known_keys, read_with_keys
from crawler.run import CrawlOptions, CrawlPlan, home_of, run_crawl
from crawler.spiders.news import LEFT_OUT
from crawler.warc.sources import open_captures

MOST_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class ProbedThread:
    """A thread as far as it was read: `reasons` say what failed, `has_more` that more requests would bring more.

    `changes` is None where nothing was read whose keys are known, such as comments in the page itself.
    """

    platform: str
    native_id: str
    comments: int
    stated_count: int | None
    stated_kind: str
    closed: bool | None
    reasons: tuple[str, ...]
    has_more: bool
    changes: KeyChanges | None

    @property
    def is_well(self) -> bool:
        """Whether comments were read, and all that came was as it is known."""
        return bool(self.comments) and not self.reasons and not self.changes


@dataclass(slots=True)
class ServiceProbe:
    """What a page's threads are, how many responses came in all, and why something did not."""

    url: str
    threads: list[ProbedThread] = field(default_factory=list)
    responses: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether the page's thread was read, the first of several, and none is unlike what is known."""
        is_known = all(not thread.changes and not thread.reasons for thread in self.threads)
        return bool(self.threads) and self.threads[0].is_well and is_known and not self.failures


def probe_page(
    url: str, contact: str | None, allow_hosts: tuple[str, ...], hints: Mapping[str, CommentHints]
) -> ServiceProbe:
    """Fetch a page, and at most MOST_REQUESTS more, as a crawl does; nothing of it is kept."""
    stated = find_hints(url, hints)
    plan = CrawlPlan((url,), hints={} if stated is None else {home_of(url): stated})
    options = CrawlOptions(contact, allow_hosts, limit=1, most_requests=MOST_REQUESTS)
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder) / "probe.db")
        try:
            outcome = run_crawl(archive, plan, options)
            logs = _read_keys(archive, stated)
            probe = ServiceProbe(url, _read_threads(archive, logs), outcome.report.total["pages"])
        finally:
            archive.close()
    probe.failures = [f"{place}: {reason}" for place, reason in (*outcome.report.errors, *outcome.report.skipped)]
    return probe


def _read_keys(archive: Archive, hints: CommentHints | None) -> dict[str, KeyLog]:
    """Read the page again from what was captured; return the keys of its services' responses, by platform."""
    warc = next(warc_folder(archive.path).glob("*"), None)
    captures = open_captures(warc) if warc is not None else None
    page = next(captures.pages(), None) if captures is not None else None
    if captures is None or page is None:
        return {}
    return read_with_keys(page.with_hints(hints), lambda request: captures.fetch(request, page.fetched_at))[1]


def _read_threads(archive: Archive, logs: Mapping[str, KeyLog]) -> list[ProbedThread]:
    """Return the threads of the page, that with the most comments first."""
    threads, comments, flags, known = TABLES["threads"], TABLES["comments"], TABLES["flags"], load_known_keys()
    count = select(func.count()).where(comments.c.thread_id == threads.c.id).scalar_subquery()
    rows = select(threads, count.label("comments")).where(threads.c.platform != NO_PLATFORM).order_by(count.desc())
    probed = []
    with archive.engine.connect() as connection:
        for row in connection.execute(rows).mappings():
            partial = (flags.c.thread_id == row["id"]) & (flags.c.code == "capture.partial_thread")
            reasons = connection.execute(select(flags.c.evidence).where(partial)).scalars().all()
            failed = tuple(reason for reason in reasons if reason and LEFT_OUT not in reason)
            has_more = len(failed) < len(reasons)
            if has_more:  # counts of what did not come follow from that
                failed = tuple(reason for reason in failed if not reason[:1].isdigit())
            log = logs.get(row["platform"])
            is_known = log is not None and log.uses and row["platform"] in known
            changes = compare_keys(known[row["platform"]], log) if log is not None and is_known else None
            probed.append(
                ProbedThread(
                    row["platform"],
                    row["native_id"],
                    row["comments"],
                    row["stated_count"],
                    row["stated_kind"],
                    None if row["closed"] is None else bool(row["closed"]),
                    failed,
                    has_more,
                    changes,
                )
            )
    return probed
