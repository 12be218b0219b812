"""Lease due pages to a worker: it leases a host, and then pages of it.

Looking for due pages everywhere would take longer the more of them wait, and two workers would ask one host.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from time import monotonic
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Select,
    Text,
    Update,
    bindparam,
    exists,
    func,
    select,
    true,
    update,
)

from archive.store.schema import TABLES
from archive.text.formatting import format_time
from crawler.frontier.dialects import POSTGRESQL, among, among_parameter, as_list, list_parameter
from crawler.frontier.host_leases import LEASE, HostLease, HostTable, correct_due
from crawler.frontier.intervals import FrontierEntry

BARREN_S = 10.0  # for which a host is passed over that has due pages, none of them for this crawl
ROUNDS = 4  # of looking for hosts in one call
FRONTIER, HOSTS, PAUSED = TABLES["frontier"], TABLES["hosts"], TABLES["paused_outlets"]
COLUMNS = [FRONTIER.c[name] for name in FrontierEntry.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries a crawl visits: those of `ids` and of `outlets`, None for all."""

    ids: Iterable[int] | None = None
    outlets: Iterable[str] | None = None


@dataclass(slots=True)
class Lease:
    """The entries that a worker has leased, and their hosts.

    `is_waiting` says that another worker has what this crawl is for.
    """

    entries: list[FrontierEntry] = field(default_factory=list)
    hosts: list[HostLease] = field(default_factory=list)
    is_waiting: bool = False


ALL = Scope()


@dataclass(frozen=True, slots=True)
class PageSlots:
    """The slots of each host: how many more of its entries may be in hand."""

    per_host: int
    most_in_hand: Mapping[str, int]
    in_hand: Mapping[str, int]

    def free(self, host: str) -> int:
        return max(0, self.most_in_hand.get(host, self.per_host) - self.in_hand.get(host, 0))

    def full(self) -> list[str]:
        return [host for host in self.in_hand if not self.free(host)]


class PageLeases:
    """The due pages of one archive, for one worker. `hosts` are those of the same worker."""

    def __init__(self, hosts: HostTable) -> None:
        self.hosts = hosts
        self.archive, self.worker, self.clock = hosts.archive, hosts.worker, hosts.clock
        self.excluded: dict[str, set[int]] = {}
        self.barren: dict[str, float] = {}
        self.paused: set[str] = set()

    def exclude(self, pages: Iterable[tuple[int, str]]) -> None:
        """Set the entries, by id and host, that this process must not lease; those of an earlier call it may again."""
        self.excluded.clear()
        for id_, host in pages:
            self.excluded.setdefault(host, set()).add(id_)

    def is_due(self, scope: Scope = ALL) -> bool:
        """Return whether `lease` would give an entry. One that is named by its id may be waited for."""
        with self.archive.engine.connect() as connection:
            now = self.clock(connection)
            due = select(FRONTIER.c.id).where(FRONTIER.c.next_at <= format_time(now))
            if scope.ids is None:
                is_free = FRONTIER.c.lease_until.is_(None) | (FRONTIER.c.lease_until <= format_time(now))
                hosts = select(HOSTS.c.host).where(self.hosts.is_taken(now))
                due = due.where(is_free, FRONTIER.c.host.not_in(hosts))
            due = self._restrict(connection, due, scope, self._read_paused(connection, now))
            return connection.execute(select(exists(due))).scalar_one()

    def next_due(self, scope: Scope = ALL) -> str | None:
        """Return when the next entry is due of those that may be visited."""
        with self.archive.engine.connect() as connection:
            now = self.clock(connection)
            earliest = select(func.min(FRONTIER.c.next_at))
            statement = self._restrict(connection, earliest, scope, self._read_paused(connection, now))
            next_at: str | None = connection.execute(statement).scalar()
        return next_at

    def _restrict(self, connection: Connection, statement: Any, scope: Scope, paused: Iterable[str]) -> Any:
        """Add the conditions that a page is for this crawl."""
        if scope.ids is not None:
            statement = statement.where(among(connection, FRONTIER.c.id, scope.ids))
        if scope.outlets is not None:
            statement = statement.where(among(connection, FRONTIER.c.outlet, scope.outlets))
        if paused := list(paused):
            statement = statement.where(~among(connection, FRONTIER.c.outlet, paused))
        if excluded := [id_ for ids in self.excluded.values() for id_ in ids]:
            statement = statement.where(~among(connection, FRONTIER.c.id, excluded))
        return statement

    def _read_paused(self, connection: Connection, now: datetime) -> set[str]:
        """Return the outlets that are paused or stopped. What was passed over before a change is looked at again."""
        paused = set(connection.execute(_PAUSED, {"now": format_time(now)}).scalars())
        if paused != self.paused:
            self.barren.clear()
            self.paused = paused
        return paused

    def lease(
        self,
        limit: int,
        *,
        per_host: int = 1,
        most_in_hand: Mapping[str, int] | None = None,
        scope: Scope = ALL,
        in_hand: Mapping[str, int] | None = None,
    ) -> Lease:
        """Lease up to `limit` due entries and their hosts, of hosts that this worker has or that nobody has.

        At most `per_host` entries of a host, or what `most_in_hand` has for it, are in hand at once: `in_hand` says how
        many there are. A lease expires after LEASE, so that what a killed worker had leased becomes due again.
        """
        slots = PageSlots(per_host, most_in_hand or {}, in_hand or {})
        if scope.ids is None and not self._is_worth_it(slots):
            return Lease()
        with self.archive.transaction(alone=False) as connection:
            now = self.clock(connection)
            paused = self._read_paused(connection, now)
            if scope.ids is not None:
                lease = self._lease_named(connection, now, limit, slots, scope, paused)
            else:
                lease = self._lease_due(connection, now, limit, slots, scope, paused)
            if lease.entries:
                ids = as_list(connection, [entry.id for entry in lease.entries])
                parameters = {"ids": ids, "until": format_time(now + LEASE), "worker": self.worker}
                connection.execute(_lease_pages(connection.dialect.name), parameters)
        return lease

    def _is_worth_it(self, slots: PageSlots) -> bool:
        """Look whether there may be something to lease, without keeping others from writing."""
        moment = monotonic()
        self.barren = {host: until for host, until in self.barren.items() if until > moment}
        with self.archive.engine.connect() as connection:
            now = self.clock(connection)
            self._read_paused(connection, now)
            return bool(self.hosts.find(connection, now, 1, [*slots.full(), *self.barren]))

    def _lease_due(
        self, connection: Connection, now: datetime, limit: int, slots: PageSlots, scope: Scope, paused: set[str]
    ) -> Lease:
        lease, passed = Lease(), {*slots.full(), *self.barren}
        for _ in range(ROUNDS):
            left = limit - len(lease.entries)
            # As many as it takes if each has a page for every slot: rows that are too many cost most of a lease.
            hosts = self.hosts.find(connection, now, -(-left // slots.per_host), passed) if left > 0 else []
            if not hosts:
                break
            passed.update(row.host for row in hosts)
            pages = self._find_pages(connection, now, hosts, slots, scope, paused)
            self._take(connection, now, lease, [page for of_host in pages.values() for page in of_host][:left], hosts)
            self._pass_over(connection, now, [host for host, of_host in pages.items() if not of_host])
        return lease

    def _take(
        self, connection: Connection, now: datetime, lease: Lease, pages: list[FrontierEntry], hosts: list[Row[Any]]
    ) -> None:
        with_pages = {page.host for page in pages}
        lease.entries += pages
        lease.hosts += self.hosts.hold(connection, [row for row in hosts if row.host in with_pages], now)

    def _pass_over(self, connection: Connection, now: datetime, hosts: list[str]) -> None:
        """Correct when hosts are due that had no page for this crawl; where others' are due, look again later."""
        for host, next_at in (correct_due(connection, hosts) if hosts else {}).items():
            if next_at is not None and next_at <= format_time(now):
                self.barren[host] = monotonic() + BARREN_S

    def _find_pages(
        self,
        connection: Connection,
        now: datetime,
        hosts: list[Row[Any]],
        slots: PageSlots,
        scope: Scope,
        paused: set[str],
    ) -> dict[str, list[FrontierEntry]]:
        """Return due entries of hosts, as many as each has slots for."""
        pages: dict[str, list[FrontierEntry]] = {row.host: [] for row in hosts}
        excluded = [id_ for name in pages for id_ in self.excluded.get(name, ())]
        parameters = {
            "hosts": as_list(connection, pages),
            "now": format_time(now),
            "paused": as_list(connection, paused),
            "excluded": as_list(connection, excluded),
            "outlets": as_list(connection, scope.outlets or ()),
            "any_outlet": int(scope.outlets is None),
            "most": max(map(slots.free, pages)),
        }
        for row in connection.execute(_due_pages(connection.dialect.name), parameters):
            pages[row.host].append(FrontierEntry(*row))
        return {name: of_host[: slots.free(name)] for name, of_host in pages.items()}

    def _lease_named(
        self, connection: Connection, now: datetime, limit: int, slots: PageSlots, scope: Scope, paused: set[str]
    ) -> Lease:
        """Lease entries that the crawl is for by their ids; what another worker has is waited for."""
        due = select(*COLUMNS, FRONTIER.c.lease_until, FRONTIER.c.owner).where(FRONTIER.c.next_at <= format_time(now))
        due = self._restrict(connection, due, scope, paused).order_by(FRONTIER.c.next_at, FRONTIER.c.id)
        rows = connection.execute(due).all()
        hosts = {row.host: row for row in self.hosts.find_named(connection, {row.host for row in rows})}
        free = {name for name, row in hosts.items() if self.hosts.is_free_row(row, now)}
        lease, left = Lease(), dict.fromkeys(free, 0)
        pages: list[FrontierEntry] = []
        for row in rows:
            is_own = row.owner == self.worker
            if row.lease_until is not None and row.lease_until > format_time(now):
                lease.is_waiting = lease.is_waiting or not is_own
            elif row.host not in free:
                lease.is_waiting = True
            elif left[row.host] < slots.free(row.host) and len(pages) < limit:
                left[row.host] += 1
                pages.append(FrontierEntry(*row[: len(COLUMNS)]))
        self._take(connection, now, lease, pages, list(hosts.values()))
        taken = {row.host for row in rows} - free
        if taken:
            self.hosts.want(connection, taken, now)
        return lease


@lru_cache
def _due_pages(dialect: str) -> Select[Any]:
    """Return a statement for the first due pages of each of some hosts."""
    hosts, pages = list_parameter(dialect, "hosts", Text()), FRONTIER.alias("due")
    now: Any = bindparam("now")
    most: Any = bindparam("most", type_=Integer)
    due = (
        select(*(pages.c[column.name] for column in COLUMNS) if dialect == POSTGRESQL else (pages.c.id,))
        .where(pages.c.host == hosts.c.value, pages.c.next_at <= now)
        .where(pages.c.lease_until.is_(None) | (pages.c.lease_until <= now))
        .where((bindparam("any_outlet", type_=Integer) == 1) | among_parameter(dialect, pages.c.outlet, "outlets"))
        .where(~among_parameter(dialect, pages.c.outlet, "paused"), ~among_parameter(dialect, pages.c.id, "excluded"))
        .order_by(pages.c.next_at, pages.c.id)
        .limit(most)
        .correlate(hosts)
    )
    if dialect == POSTGRESQL:
        of_host = due.lateral()
        return select(of_host).select_from(hosts.join(of_host, true()))
    return select(*COLUMNS).select_from(hosts.join(FRONTIER, FRONTIER.c.id.in_(due)))


@lru_cache
def _lease_pages(dialect: str) -> Update:
    leased = update(FRONTIER).where(among_parameter(dialect, FRONTIER.c.id, "ids"))
    return leased.values(lease_until=bindparam("until"), owner=bindparam("worker"))


_PAUSED = select(PAUSED.c.home).where(PAUSED.c.until.is_(None) | (PAUSED.c.until > bindparam("now")))
