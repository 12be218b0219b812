"""The frontier: pages to visit and when, and what visits brought."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, select, update

from archive.store.archive import Archive
from archive.store.process_identity import worker_name
from archive.store.schema import TABLES
from archive.store.suppressions import SuppressionList, article_key
from archive.text.formatting import format_time
from crawler.frontier.dialects import among, database_now, insert
from crawler.frontier.host_leases import Clock, HostTable, note_due
from crawler.frontier.intervals import MAX_INTERVAL_S, MIN_INTERVAL_S, FrontierEntry, next_interval, next_visit
from crawler.frontier.page_leases import PageLeases

MAX_FAILURES = 8  # of an article; lists of articles are tried for ever, for a site that is down comes back
MAX_REASON = 500  # characters of an error that are stored
FRONTIER = TABLES["frontier"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A page to add to the frontier; `now` makes it due at once, whatever its interval."""

    url: str
    kind: str
    outlet: str
    published_at: str | None = None
    comment_count: int | None = None
    now: bool = False


@dataclass(frozen=True, slots=True)
class VisitResult:
    """What a successful visit brought; `settled` if the thread is closed, `moved_to` is where a redirect led."""

    changed: bool
    kind: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_sha256: str | None = None
    capture_id: int | None = None
    settled: bool = False
    moved_to: str | None = None


class Frontier:
    """The frontier of one archive, for one worker. Every change is a transaction of its own."""

    def __init__(self, archive: Archive, worker: str | None = None, clock: Clock = database_now) -> None:
        self.archive = archive
        self.hosts = HostTable(archive, worker or worker_name(), clock)
        self.leases = PageLeases(self.hosts)

    def add(self, candidates: Iterable[Candidate], now: datetime) -> list[int]:
        """Add pages and return the ids of those that are due now.

        Due are new pages, those with `now`, and those whose feed states another number of comments than before.
        Articles that the archive withholds are skipped.
        """
        by_url = {candidate.url: candidate for candidate in candidates}
        if not by_url:
            return []
        with self.archive.transaction(alone=False) as connection:
            if suppressions := SuppressionList.load(connection):
                by_url = {url: c for url, c in by_url.items() if suppressions.find([article_key(url)]) is None}
            stored = self._rows_by_url(connection, list(by_url))
            new = [_new_row(candidate, now) for url, candidate in by_url.items() if url not in stored]
            if new:
                connection.execute(insert(connection, FRONTIER).on_conflict_do_nothing(index_elements=["url"]), new)
            due = [row for url, row in stored.items() if _is_due_sooner(row, by_url[url])]
            for row in due:
                count = by_url[row["url"]].comment_count
                values = {"next_at": format_time(now)} | ({} if count is None else {"comment_count": count})
                connection.execute(update(FRONTIER).where(FRONTIER.c.id == row["id"]).values(values))
            added = self._rows_by_url(connection, [row["url"] for row in new])
            self._note_due(connection, {row["host"]: format_time(now) for row in (*new, *due)})
        return [row["id"] for row in (*added.values(), *due)]

    def _note_due(self, connection: Connection, due: dict[str, str]) -> None:
        note_due(connection, due)
        for host in due:
            self.leases.barren.pop(host, None)

    def _rows_by_url(self, connection: Connection, urls: Sequence[str]) -> dict[str, dict[str, Any]]:
        statement = select(FRONTIER).where(among(connection, FRONTIER.c.url, urls)).order_by(FRONTIER.c.id)
        return {row["url"]: dict(row) for row in connection.execute(statement).mappings()}

    def record_visits(self, visits: Iterable[tuple[FrontierEntry, VisitResult]], now: datetime) -> None:
        """Store what visits brought and when the next ones are due, in one transaction."""
        with self.archive.transaction(alone=False) as connection:
            self.record_visits_in(connection, visits, now)

    def record_visits_in(
        self, connection: Connection, visits: Iterable[tuple[FrontierEntry, VisitResult]], now: datetime
    ) -> None:
        """Do the same in the caller's transaction: then a worker that is killed has saved a page and visited it."""
        for entry, result in sorted(visits, key=lambda visit: visit[0].host):  # as leases lock them
            self._record_visit(connection, entry, result, now)

    def _record_visit(self, connection: Connection, entry: FrontierEntry, result: VisitResult, now: datetime) -> None:
        following = next_visit(entry, now, changed=result.changed, settled=result.settled)
        values: dict[str, Any] = {
            "kind": result.kind or entry.kind,
            "next_at": following and format_time(following),
            "interval_s": next_interval(entry, now, changed=result.changed),
            "lease_until": None,
            "owner": None,
            "visited_at": format_time(now),
            "etag": result.etag,
            "last_modified": result.last_modified,
            "content_sha256": result.content_sha256,
            "capture_id": result.capture_id,
            "failures": 0,
            "last_error": None,
            "failing_since": None,
        }
        if result.moved_to is not None:
            # From now on the new address is visited; the old one stays in the table, so that it is not new again.
            moved: dict[str, Any] = {"url": result.moved_to, "host": host_of(result.moved_to), "outlet": entry.outlet}
            moved |= {"added_at": entry.added_at, "published_at": entry.published_at}
            moved |= {"comment_count": entry.comment_count} | values
            connection.execute(insert(connection, FRONTIER).on_conflict_do_nothing(index_elements=["url"]), moved)
            if values["next_at"] is not None:
                self._note_due(connection, {moved["host"]: values["next_at"]})
            values = {"next_at": None, "lease_until": None, "owner": None, "visited_at": values["visited_at"]}
            values |= {"failures": 0, "last_error": None, "failing_since": None}
        connection.execute(update(FRONTIER).where(FRONTIER.c.id == entry.id).values(values))
        if values["next_at"] is not None:
            self._note_due(connection, {entry.host: values["next_at"]})

    def record_failure(self, entry: FrontierEntry, reason: str, now: datetime, *, wait_s: int | None = None) -> None:
        """Store a failed visit; come again after twice as long each time, to an article MAX_FAILURES times at most."""
        failures = entry.failures + 1
        wait = max(
            wait_s or 0, min(MIN_INTERVAL_S[entry.kind] * 2 ** min(failures, MAX_FAILURES), MAX_INTERVAL_S[entry.kind])
        )
        ends = entry.kind == "article" and failures >= MAX_FAILURES
        following = None if ends else format_time(now + timedelta(seconds=wait))
        since = func.coalesce(FRONTIER.c.failing_since, format_time(now))
        values: dict[str, Any] = {"next_at": following, "lease_until": None, "owner": None, "failures": failures}
        values |= {"last_error": reason[:MAX_REASON], "failing_since": since}
        with self.archive.transaction(alone=False) as connection:
            connection.execute(update(FRONTIER).where(FRONTIER.c.id == entry.id).values(values))
            if following is not None:
                self._note_due(connection, {entry.host: following})

    def postpone(self, host: str, seconds: int, now: datetime) -> None:
        """Visit nothing of a host for so long, and have no worker ask it, as its Retry-After asks."""
        later = format_time(now + timedelta(seconds=seconds))
        due_before = (FRONTIER.c.host == host) & (FRONTIER.c.next_at < later)
        with self.archive.transaction(alone=False) as connection:
            connection.execute(update(FRONTIER).where(due_before).values(next_at=later))
            self.hosts.postpone(connection, host, seconds)

    def articles(self, outlets: Iterable[str]) -> list[tuple[int, str, str, str]]:
        """Return id, address, outlet and time of the next visit of the articles of these outlets that have one."""
        wanted = (FRONTIER.c.kind == "article") & FRONTIER.c.next_at.is_not(None)
        columns = (FRONTIER.c.id, FRONTIER.c.url, FRONTIER.c.outlet, FRONTIER.c.next_at)
        with self.archive.engine.connect() as connection:
            statement = select(*columns).where(wanted & among(connection, FRONTIER.c.outlet, outlets))
            return [(row.id, row.url, row.outlet, row.next_at) for row in connection.execute(statement)]

    def urls(self, ids: Iterable[int]) -> set[str]:
        """Return the addresses of entries."""
        with self.archive.engine.connect() as connection:
            statement = select(FRONTIER.c.url).where(among(connection, FRONTIER.c.id, ids))
            return set(connection.execute(statement).scalars())

    def outlets(self) -> list[str]:
        """Return the homes of all outlets."""
        with self.archive.engine.connect() as connection:
            return list(connection.execute(select(FRONTIER.c.outlet).distinct()).scalars())

    def host_names(self) -> list[str]:
        """Return the hosts of all entries that will be visited again."""
        statement = select(FRONTIER.c.host).where(FRONTIER.c.next_at.is_not(None)).distinct()
        with self.archive.engine.connect() as connection:
            return list(connection.execute(statement).scalars())


def _new_row(candidate: Candidate, now: datetime) -> dict[str, Any]:
    return {
        "url": candidate.url,
        "host": host_of(candidate.url),
        "outlet": candidate.outlet,
        "kind": candidate.kind,
        "added_at": format_time(now),
        "published_at": candidate.published_at,
        "next_at": format_time(now),
        "interval_s": MIN_INTERVAL_S[candidate.kind],
        "comment_count": candidate.comment_count,
        "failures": 0,
    }


def host_of(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _is_due_sooner(row: dict[str, Any], candidate: Candidate) -> bool:
    count = candidate.comment_count
    return candidate.now or (count is not None and count != row["comment_count"])
