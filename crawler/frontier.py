"""The frontier: pages to visit and when, with leases that expire and intervals that follow change."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.store.suppressions import SuppressionList, article_key

HOUR = 3600
DAY = 24 * HOUR
MIN_INTERVAL_S = {"article": HOUR, "feed": HOUR // 2, "sitemap": HOUR, "front": HOUR}
MAX_INTERVAL_S = {"article": 30 * DAY, "feed": DAY, "sitemap": DAY, "front": DAY}
NEW_ARTICLE = timedelta(days=2)  # most comments come in this time
QUIET_ARTICLE = timedelta(days=60)
LATE_VISIT = timedelta(days=180)  # removals come late
LEASE = timedelta(minutes=15)
MAX_FAILURES = 8  # of an article; lists of articles are tried for ever, for a site that is down comes back
MAX_REASON = 500  # characters of an error that are stored
FRONTIER = TABLES["frontier"]

# The due entries, at most :per_host of each host, so that one large outlet does not fill a batch alone.
DUE = """
select * from (
  select *, row_number() over (partition by host order by next_at, id) as host_rank from frontier
  where next_at <= :now and (lease_until is null or lease_until <= :now)
    and (:ids is null or id in (select value from json_each(:ids)))
    and (:outlets is null or outlet in (select value from json_each(:outlets)))
    and host not in (select value from json_each(:busy))
    and outlet not in (select home from paused_outlets where until is null or until > :now)
    and id not in (select id from temp.excluded)
) where host_rank <= coalesce((select value from json_each(:paces) where key = host), :per_host)
order by next_at, id limit :limit"""
NEXT_DUE = """
select min(next_at) from frontier where (:outlets is null or outlet in (select value from json_each(:outlets)))
  and outlet not in (select home from paused_outlets where until is null or until > :now)
  and id not in (select id from temp.excluded)"""


@dataclass(frozen=True, slots=True)
class FrontierEntry:
    """A row of `frontier` that this crawl has leased."""

    id: int
    url: str
    host: str
    outlet: str
    kind: str
    added_at: str
    published_at: str | None
    interval_s: int
    etag: str | None
    last_modified: str | None
    content_sha256: str | None
    capture_id: int | None
    comment_count: int | None
    failures: int


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


def format_time(moment: datetime) -> str:
    """Write a time as the archive does: ISO-8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_interval(entry: FrontierEntry, now: datetime, *, changed: bool) -> int:
    """Return the seconds until the next visit.

    An hour in an article's first two days; then half as long as before if something changed, else twice as long.
    """
    shortest, longest = MIN_INTERVAL_S[entry.kind], MAX_INTERVAL_S[entry.kind]
    if entry.kind == "article" and now - _first_seen(entry) < NEW_ARTICLE:
        return shortest
    interval = entry.interval_s // 2 if changed else entry.interval_s * 2
    return min(max(interval, shortest), longest)


def next_visit(entry: FrontierEntry, now: datetime, *, changed: bool, settled: bool = False) -> datetime | None:
    """Return the time of the next visit, or None for no more.

    An article that has been quiet for long, or whose thread is closed, gets one late visit: removals come late.
    """
    following = now + timedelta(seconds=next_interval(entry, now, changed=changed))
    if entry.kind != "article":
        return following
    added = datetime.fromisoformat(entry.added_at)
    quiet = not changed and (now - added > QUIET_ARTICLE or (settled and now - added > NEW_ARTICLE))
    if not quiet:
        return following
    return added + LATE_VISIT if now < added + LATE_VISIT else None


def _first_seen(entry: FrontierEntry) -> datetime:
    try:
        return datetime.fromisoformat(entry.published_at or entry.added_at)
    except ValueError:
        return datetime.fromisoformat(entry.added_at)


class Frontier:
    """The frontier of one archive. Every change is a transaction of its own."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        with archive.transaction() as connection:
            connection.exec_driver_sql("create temp table if not exists excluded (id integer primary key)")

    def exclude(self, ids: Iterable[int]) -> None:
        """Lease these entries to nobody in this process, and those of an earlier call again."""
        with self.archive.transaction() as connection:
            connection.exec_driver_sql("delete from temp.excluded")
            connection.exec_driver_sql(
                "insert into temp.excluded select value from json_each(?)", (json.dumps(list(ids)),)
            )

    def is_due(self, now: datetime, ids: Iterable[int] | None = None, outlets: Iterable[str] | None = None) -> bool:
        """Return whether `lease` would give an entry."""
        with self.archive.engine.connect() as connection:
            rows = connection.exec_driver_sql(DUE, _due_values(now, 1, ids=ids, outlets=outlets))
            return rows.first() is not None

    def next_due(self, outlets: Iterable[str] | None = None) -> str | None:
        """Return when the next entry is due of those that may be visited."""
        values = {
            "outlets": None if outlets is None else json.dumps(list(outlets)),
            "now": format_time(datetime.now(UTC)),
        }
        with self.archive.engine.connect() as connection:
            next_at: str | None = connection.exec_driver_sql(NEXT_DUE, values).scalar()
        return next_at

    def add(self, candidates: Iterable[Candidate], now: datetime) -> list[int]:
        """Add pages and return the ids of those that are due now.

        Due are new pages, those with `now`, and those whose feed states another number of comments than before.
        Articles that the archive withholds are skipped.
        """
        by_url = {candidate.url: candidate for candidate in candidates}
        if not by_url:
            return []
        with self.archive.transaction() as connection:
            if suppressions := SuppressionList.load(connection):
                by_url = {url: c for url, c in by_url.items() if suppressions.find([article_key(url)]) is None}
            stored = self._rows_by_url(connection, list(by_url))
            new = [_new_row(candidate, now) for url, candidate in by_url.items() if url not in stored]
            if new:
                connection.execute(insert(FRONTIER).on_conflict_do_nothing(index_elements=["url"]), new)
            due = [row for url, row in stored.items() if _is_due_sooner(row, by_url[url])]
            for row in due:
                count = by_url[row["url"]].comment_count
                values = {"next_at": format_time(now)} | ({} if count is None else {"comment_count": count})
                connection.execute(update(FRONTIER).where(FRONTIER.c.id == row["id"]).values(values))
            added = self._rows_by_url(connection, [row["url"] for row in new])
        return [row["id"] for row in (*added.values(), *due)]

    def _rows_by_url(self, connection: Connection, urls: Sequence[str]) -> dict[str, dict[str, Any]]:
        # json_each, since SQLite limits the number of parameters and a sitemap has up to 50,000 addresses
        listed = func.json_each(json.dumps(list(urls))).table_valued("value")
        statement = select(FRONTIER).where(FRONTIER.c.url.in_(select(listed.c.value))).order_by(FRONTIER.c.id)
        return {row["url"]: dict(row) for row in connection.execute(statement).mappings()}

    def lease(
        self,
        now: datetime,
        limit: int,
        *,
        per_host: int = 1,
        paces: Mapping[str, int] | None = None,
        ids: Iterable[int] | None = None,
        outlets: Iterable[str] | None = None,
        busy: Iterable[str] = (),
    ) -> list[FrontierEntry]:
        """Lease up to `limit` due entries, at most `per_host` of a host, or what `paces` has for it.

        Hosts in `busy` are skipped. `ids` and `outlets` restrict the entries. A lease expires after LEASE, so that
        what a killed crawl had leased becomes due again.
        """
        values = _due_values(now, limit, per_host=per_host, paces=paces, ids=ids, outlets=outlets, busy=busy)
        with self.archive.transaction() as connection:
            rows = connection.exec_driver_sql(DUE, values).mappings().all()
            if rows:
                leased = update(FRONTIER).where(FRONTIER.c.id.in_([row["id"] for row in rows]))
                connection.execute(leased.values(lease_until=format_time(now + LEASE)))
        return [FrontierEntry(**{name: row[name] for name in FrontierEntry.__dataclass_fields__}) for row in rows]

    def free_leases(self) -> int:
        """End all leases, which a killed crawl has left, and return how many. Only the one running crawl may do so."""
        with self.archive.transaction() as connection:
            leased = update(FRONTIER).where(FRONTIER.c.lease_until.is_not(None)).values(lease_until=None)
            return connection.execute(leased).rowcount

    def record_visits(self, visits: Iterable[tuple[FrontierEntry, VisitResult]], now: datetime) -> None:
        """Store what visits brought and when the next ones are due, in one transaction."""
        with self.archive.transaction() as connection:
            for entry, result in visits:
                self._record_visit(connection, entry, result, now)

    def _record_visit(self, connection: Connection, entry: FrontierEntry, result: VisitResult, now: datetime) -> None:
        following = next_visit(entry, now, changed=result.changed, settled=result.settled)
        values: dict[str, Any] = {
            "kind": result.kind or entry.kind,
            "next_at": following and format_time(following),
            "interval_s": next_interval(entry, now, changed=result.changed),
            "lease_until": None,
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
            moved: dict[str, Any] = {"url": result.moved_to, "host": _host(result.moved_to), "outlet": entry.outlet}
            moved |= {"added_at": entry.added_at, "published_at": entry.published_at}
            moved |= {"comment_count": entry.comment_count} | values
            connection.execute(insert(FRONTIER).on_conflict_do_nothing(index_elements=["url"]), moved)
            values = {"next_at": None, "lease_until": None, "visited_at": values["visited_at"]}
            values |= {"failures": 0, "last_error": None, "failing_since": None}
        connection.execute(update(FRONTIER).where(FRONTIER.c.id == entry.id).values(values))

    def record_failure(self, entry: FrontierEntry, reason: str, now: datetime, *, wait_s: int | None = None) -> None:
        """Store a failed visit; come again after twice as long each time, to an article MAX_FAILURES times at most."""
        failures = entry.failures + 1
        wait = max(
            wait_s or 0, min(MIN_INTERVAL_S[entry.kind] * 2 ** min(failures, MAX_FAILURES), MAX_INTERVAL_S[entry.kind])
        )
        ends = entry.kind == "article" and failures >= MAX_FAILURES
        following = None if ends else format_time(now + timedelta(seconds=wait))
        since = func.coalesce(FRONTIER.c.failing_since, format_time(now))
        values: dict[str, Any] = {"next_at": following, "lease_until": None, "failures": failures}
        values |= {"last_error": reason[:MAX_REASON], "failing_since": since}
        with self.archive.transaction() as connection:
            connection.execute(update(FRONTIER).where(FRONTIER.c.id == entry.id).values(values))

    def postpone(self, host: str, seconds: int, now: datetime) -> None:
        """Visit nothing of a host for so long, as its Retry-After asks."""
        later = format_time(now + timedelta(seconds=seconds))
        due_before = (FRONTIER.c.host == host) & (FRONTIER.c.next_at < later)
        with self.archive.transaction() as connection:
            connection.execute(update(FRONTIER).where(due_before).values(next_at=later))

    def articles(self, outlets: Iterable[str]) -> list[tuple[int, str, str, str]]:
        """Return id, address, outlet and time of the next visit of the articles of these outlets that have one."""
        listed = func.json_each(json.dumps(list(outlets))).table_valued("value")
        wanted = (FRONTIER.c.kind == "article") & FRONTIER.c.next_at.is_not(None)
        columns = (FRONTIER.c.id, FRONTIER.c.url, FRONTIER.c.outlet, FRONTIER.c.next_at)
        statement = select(*columns).where(wanted & FRONTIER.c.outlet.in_(select(listed.c.value)))
        with self.archive.engine.connect() as connection:
            return [(row.id, row.url, row.outlet, row.next_at) for row in connection.execute(statement)]

    def urls(self, ids: Iterable[int]) -> set[str]:
        """Return the addresses of entries."""
        listed = func.json_each(json.dumps(list(ids))).table_valued("value")
        statement = select(FRONTIER.c.url).where(FRONTIER.c.id.in_(select(listed.c.value)))
        with self.archive.engine.connect() as connection:
            return set(connection.execute(statement).scalars())

    def outlets(self) -> list[str]:
        """Return the homes of all outlets."""
        with self.archive.engine.connect() as connection:
            return list(connection.execute(select(FRONTIER.c.outlet).distinct()).scalars())

    def hosts(self) -> list[str]:
        """Return the hosts of all entries that will be visited again."""
        statement = select(FRONTIER.c.host).where(FRONTIER.c.next_at.is_not(None)).distinct()
        with self.archive.engine.connect() as connection:
            return list(connection.execute(statement).scalars())


def _due_values(
    now: datetime,
    limit: int,
    *,
    per_host: int = 1,
    paces: Mapping[str, int] | None = None,
    ids: Iterable[int] | None = None,
    outlets: Iterable[str] | None = None,
    busy: Iterable[str] = (),
) -> dict[str, Any]:
    return {
        "now": format_time(now),
        "ids": None if ids is None else json.dumps(list(ids)),
        "outlets": None if outlets is None else json.dumps(list(outlets)),
        "busy": json.dumps(list(busy)),
        "per_host": per_host,
        "paces": json.dumps(paces or {}),
        "limit": limit,
    }


def _new_row(candidate: Candidate, now: datetime) -> dict[str, Any]:
    return {
        "url": candidate.url,
        "host": _host(candidate.url),
        "outlet": candidate.outlet,
        "kind": candidate.kind,
        "added_at": format_time(now),
        "published_at": candidate.published_at,
        "next_at": format_time(now),
        "interval_s": MIN_INTERVAL_S[candidate.kind],
        "comment_count": candidate.comment_count,
        "failures": 0,
    }


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _is_due_sooner(row: dict[str, Any], candidate: Candidate) -> bool:
    count = candidate.comment_count
    return candidate.now or (count is not None and count != row["comment_count"])
