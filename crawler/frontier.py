"""What is due: the archive's list of pages to visit again, with leases that expire and intervals that follow change."""

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
SHORTEST = {"article": HOUR, "feed": HOUR // 2, "sitemap": HOUR, "front": HOUR}
LONGEST = {"article": 30 * DAY, "feed": DAY, "sitemap": DAY, "front": DAY}
DENSE = timedelta(days=2)
SETTLED = timedelta(days=60)
LATE_VISIT = timedelta(days=180)
LEASE = timedelta(minutes=15)
MOST_FAILURES = 8
FRONTIER = TABLES["frontier"]

DUE = """
select * from (
  select *, row_number() over (partition by host order by next_at, id) as place from frontier
  where next_at <= :now and (lease_until is null or lease_until <= :now)
    and (:ids is null or id in (select value from json_each(:ids)))
    and (:outlets is null or outlet in (select value from json_each(:outlets)))
    and host not in (select value from json_each(:busy))
) where place <= coalesce((select value from json_each(:paces) where key = host), :each)
order by next_at, id limit :most"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `frontier`, leased."""

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
class Wanted:
    """A page to be listed; `now` says that it is to be visited in this run whatever its interval."""

    url: str
    kind: str
    outlet: str
    published_at: str | None = None
    comment_count: int | None = None
    now: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visit brought; `settled` where the thread is closed, `moved_to` where a redirect led."""

    changed: bool
    kind: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_sha256: str | None = None
    capture_id: int | None = None
    settled: bool = False
    moved_to: str | None = None


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_interval(entry: Entry, now: datetime, *, changed: bool) -> int:
    """Seconds to the next visit: an hour in an article's first two days, then half as long where something changed and
    twice as long where nothing did."""
    shortest, longest = SHORTEST[entry.kind], LONGEST[entry.kind]
    if entry.kind == "article" and now - _born(entry) < DENSE:
        return shortest
    interval = entry.interval_s // 2 if changed else entry.interval_s * 2
    return min(max(interval, shortest), longest)


def next_visit(entry: Entry, now: datetime, *, changed: bool, settled: bool = False) -> datetime | None:
    """When to come again. An article that has been quiet for long, or whose thread is closed, gets one late visit,
    since removals come late; after that None."""
    following = now + timedelta(seconds=next_interval(entry, now, changed=changed))
    if entry.kind != "article":
        return following
    added = datetime.fromisoformat(entry.added_at)
    quiet = not changed and (now - added > SETTLED or (settled and now - added > DENSE))
    if not quiet:
        return following
    return added + LATE_VISIT if now < added + LATE_VISIT else None


def _born(entry: Entry) -> datetime:
    try:
        return datetime.fromisoformat(entry.published_at or entry.added_at)
    except ValueError:
        return datetime.fromisoformat(entry.added_at)


class Frontier:
    """The list of one archive. Every change is a transaction of its own."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def add(self, wanted: Iterable[Wanted], now: datetime) -> list[int]:
        """Lists pages, and gives the ids of those that are due now: new ones, those asked for, and those whose feed
        announces another number of comments than before. Articles that the archive withholds are not visited."""
        unique = {each.url: each for each in wanted}
        if not unique:
            return []
        with self.archive.transaction() as connection:
            if ledger := SuppressionList.load(connection):
                unique = {url: each for url, each in unique.items() if ledger.find([article_key(url)]) is None}
            known = self._known(connection, list(unique))
            fresh = [self._row(each, now) for each in unique.values() if each.url not in known]
            if fresh:
                connection.execute(insert(FRONTIER).on_conflict_do_nothing(index_elements=["url"]), fresh)
            sooner = [known[url] for url, each in unique.items() if url in known and _sooner(known[url], each)]
            for row in sooner:
                count = unique[row["url"]].comment_count
                values = {"next_at": stamp(now), "comment_count": row["comment_count"] if count is None else count}
                connection.execute(update(FRONTIER).where(FRONTIER.c.id == row["id"]).values(values))
            added = self._known(connection, [row["url"] for row in fresh])
        return [row["id"] for row in (*added.values(), *sooner)]

    def _known(self, connection: Connection, urls: Sequence[str]) -> dict[str, dict[str, Any]]:
        listed = func.json_each(json.dumps(list(urls))).table_valued("value")
        among = FRONTIER.c.url.in_(select(listed.c.value))
        found = connection.execute(select(FRONTIER).where(among).order_by(FRONTIER.c.id))
        return {row["url"]: dict(row) for row in found.mappings()}

    def _row(self, wanted: Wanted, now: datetime) -> dict[str, Any]:
        return {
            "url": wanted.url,
            "host": _host(wanted.url),
            "outlet": wanted.outlet,
            "kind": wanted.kind,
            "added_at": stamp(now),
            "published_at": wanted.published_at,
            "next_at": stamp(now),
            "interval_s": SHORTEST[wanted.kind],
            "comment_count": wanted.comment_count,
            "failures": 0,
        }

    def lease(
        self,
        now: datetime,
        most: int,
        *,
        each: int = 1,
        paces: Mapping[str, int] | None = None,
        ids: Iterable[int] | None = None,
        outlets: Iterable[str] | None = None,
        busy: Iterable[str] = (),
    ) -> list[Entry]:
        """Takes up to `most` due entries, at most `each` of a host (`paces` names hosts with another number), none of
        the `busy` ones. `ids` and `outlets` say which are meant; without them all are."""
        values = {
            "now": stamp(now),
            "ids": None if ids is None else json.dumps(list(ids)),
            "outlets": None if outlets is None else json.dumps(list(outlets)),
            "busy": json.dumps(list(busy)),
            "each": each,
            "paces": json.dumps(paces or {}),
            "most": most,
        }
        with self.archive.transaction() as connection:
            found = connection.exec_driver_sql(DUE, values).mappings().all()
            until = update(FRONTIER).where(FRONTIER.c.id.in_([row["id"] for row in found]))
            if found:
                connection.execute(until.values(lease_until=stamp(now + LEASE)))
        return [Entry(**{name: row[name] for name in Entry.__dataclass_fields__}) for row in found]

    def free_leases(self) -> int:
        """Gives back what a crawl that was killed had in hand; to be called by whoever is the only crawl."""
        with self.archive.transaction() as connection:
            held = update(FRONTIER).where(FRONTIER.c.lease_until.is_not(None)).values(lease_until=None)
            return connection.execute(held).rowcount

    def done(self, entry: Entry, answer: Answer, now: datetime) -> None:
        """Notes a visit that was answered, and when to come again."""
        self.all_done([(entry, answer)], now)

    def all_done(self, answered: Iterable[tuple[Entry, Answer]], now: datetime) -> None:
        """`done` for several visits, in one transaction."""
        with self.archive.transaction() as connection:
            for entry, answer in answered:
                self._done(connection, entry, answer, now)

    def _done(self, connection: Connection, entry: Entry, answer: Answer, now: datetime) -> None:
        following = next_visit(entry, now, changed=answer.changed, settled=answer.settled)
        values = {
            "kind": answer.kind or entry.kind,
            "next_at": following and stamp(following),
            "interval_s": next_interval(entry, now, changed=answer.changed),
            "lease_until": None,
            "visited_at": stamp(now),
            "etag": answer.etag,
            "last_modified": answer.last_modified,
            "content_sha256": answer.content_sha256,
            "capture_id": answer.capture_id,
            "failures": 0,
            "last_error": None,
        }
        if answer.moved_to is not None:
            values = self._moved(connection, entry, answer.moved_to, values)
        connection.execute(update(FRONTIER).where(FRONTIER.c.id == entry.id).values(values))

    def _moved(self, connection: Connection, entry: Entry, url: str, values: dict[str, Any]) -> dict[str, Any]:
        """The page is visited at its new address from now on; the old one stays listed, so that it is not new again."""
        moved: dict[str, Any] = {"url": url, "host": _host(url), "outlet": entry.outlet, "added_at": entry.added_at}
        moved |= {"published_at": entry.published_at, "comment_count": entry.comment_count}
        connection.execute(insert(FRONTIER).on_conflict_do_nothing(index_elements=["url"]), moved | values)
        return {"next_at": None, "lease_until": None, "visited_at": values["visited_at"]}

    def failed(self, entry: Entry, reason: str, now: datetime, *, wait_s: int | None = None) -> None:
        """Notes a visit that failed: come again later, each time twice as long, and no longer after MOST_FAILURES."""
        failures = entry.failures + 1
        wait = max(wait_s or 0, min(SHORTEST[entry.kind] * 2**failures, LONGEST[entry.kind]))
        following = stamp(now + timedelta(seconds=wait)) if failures < MOST_FAILURES else None
        values = {"next_at": following, "lease_until": None, "failures": failures, "last_error": reason[:500]}
        self._set(entry, values)

    def postpone(self, host: str, seconds: int, now: datetime) -> None:
        """Leaves a whole host alone for a while, as it asked."""
        later = stamp(now + timedelta(seconds=seconds))
        waiting = (FRONTIER.c.host == host) & (FRONTIER.c.next_at < later)
        with self.archive.transaction() as connection:
            connection.execute(update(FRONTIER).where(waiting).values(next_at=later))

    def due(self, now: datetime) -> int:
        """How many entries are due."""
        count = select(func.count()).where(FRONTIER.c.next_at <= stamp(now))
        with self.archive.transaction() as connection:
            return int(connection.execute(count).scalar_one())

    def hosts(self) -> list[str]:
        """The hosts of all entries that are to be visited."""
        with self.archive.transaction() as connection:
            return list(
                connection.execute(select(FRONTIER.c.host).where(FRONTIER.c.next_at.is_not(None)).distinct()).scalars()
            )

    def _set(self, entry: Entry, values: dict[str, Any]) -> None:
        with self.archive.transaction() as connection:
            connection.execute(update(FRONTIER).where(FRONTIER.c.id == entry.id).values(values))


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _sooner(row: dict[str, Any], wanted: Wanted) -> bool:
    return wanted.now or (wanted.comment_count is not None and wanted.comment_count != row["comment_count"])
