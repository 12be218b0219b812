"""The table `hosts`: which worker may ask a host, when it may be asked again, and what its robots.txt says.

A worker that asks a host holds its lease. What a host asks for is stored with it, so that the next worker keeps it too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, Text, Update, bindparam, case, func, or_, select, union, update

from archive.store.archive import Archive
from archive.store.process_identity import is_dead
from archive.store.schema import TABLES
from archive.text.formatting import format_milliseconds, format_time
from crawler.frontier.dialects import among, among_parameter, as_list, database_now, insert

HOSTS, FRONTIER = TABLES["hosts"], TABLES["frontier"]
LEASE = timedelta(minutes=5)
WANTED = timedelta(seconds=5)  # a worker that waits for a host says so again all the time
LONGEST_WAIT = timedelta(minutes=1)
# A request of a worker that died may still be on its way, and reach the host after a new worker's first one.
REST_AFTER_DEATH_S = 1.0
LONGEST_ROBOTS_TXT = 500 << 10  # characters that are stored: as many as RFC 9309 has every crawler read
Clock = Callable[[Connection], datetime]


@dataclass(frozen=True, slots=True)
class HostLease:
    """A host that this worker may ask, in `wait_s` seconds at the earliest."""

    host: str
    wait_s: float


class HostTable:
    """The hosts of one archive, for one worker. Methods with a connection are part of a transaction."""

    def __init__(self, archive: Archive, worker: str, clock: Clock = database_now) -> None:
        self.archive, self.worker, self.clock = archive, worker, clock
        with archive.engine.connect() as connection:
            self.began = format_milliseconds(clock(connection))

    def now(self) -> datetime:
        """Return the time that all workers go by."""
        with self.archive.engine.connect() as connection:
            return self.clock(connection)

    def refresh(self) -> None:
        """List hosts that are not listed yet, or whose pages became due earlier than the list says.

        An archive of an older version has no list, and whoever changes the frontier by hand need not know of it.
        """
        self.free_expired()
        due = select(FRONTIER.c.host, func.min(FRONTIER.c.next_at).label("next_at"))
        due_by_host = due.where(FRONTIER.c.next_at.is_not(None)).group_by(FRONTIER.c.host).subquery()
        differs = HOSTS.c.next_at.is_(None) | (HOSTS.c.next_at > due_by_host.c.next_at)
        statement = select(due_by_host.c.host, due_by_host.c.next_at)
        statement = statement.outerjoin(HOSTS, HOSTS.c.host == due_by_host.c.host).where(differs)
        with self.archive.engine.connect() as connection:
            rows = connection.execute(statement).all()
        if rows:
            with self.archive.transaction(alone=False) as connection:
                note_due(connection, {row.host: row.next_at for row in rows})

    def find(self, connection: Connection, now: datetime, limit: int, busy: Iterable[str]) -> list[Row[Any]]:
        """Return the hosts with due pages that this worker has or may have, but for busy ones, the longest due first.

        Not those that another worker waits for, and those that ask for a longer wait than a run has.
        """
        parameters = {
            "worker": self.worker,
            "due": format_time(now),
            "moment": format_milliseconds(now),
            "soon": format_milliseconds(now + LONGEST_WAIT),
            "busy": as_list(connection, busy),
            "most": limit,
        }
        return list(connection.execute(_free_hosts(connection.dialect.name), parameters).all())

    def find_named(self, connection: Connection, names: Iterable[str]) -> list[Row[Any]]:
        """Return these hosts, whoever has them."""
        statement = select(HOSTS).where(among(connection, HOSTS.c.host, names))
        return list(connection.execute(statement.with_for_update(skip_locked=True)).all())

    def is_free_row(self, row: Row[Any], now: datetime) -> bool:
        """Return whether this worker has a host, or may have it."""
        return row.owner in (None, self.worker) or bool(row.lease_until <= format_milliseconds(now))

    def is_taken(self, now: datetime) -> Any:
        """Return the condition that another worker has a host."""
        return (HOSTS.c.owner != self.worker) & (HOSTS.c.lease_until > format_milliseconds(now))

    def hold(self, connection: Connection, rows: Iterable[Row[Any]], now: datetime) -> list[HostLease]:
        """Give this worker the lease of free hosts; end what another one had in hand there, whose lease is over."""
        rows = list(rows)
        for row in rows:
            if row.owner not in (None, self.worker):
                of_owner = (FRONTIER.c.owner == row.owner) & (FRONTIER.c.host == row.host)
                connection.execute(update(FRONTIER).where(of_owner).values(owner=None, lease_until=None))
        parameters = {"worker": self.worker, "until": format_milliseconds(now + LEASE)}
        names = as_list(connection, [row.host for row in rows])
        connection.execute(_hold(connection.dialect.name), parameters | {"names": names})
        return [HostLease(row.host, _wait(row.not_before, now)) for row in rows]

    def take(self, host: str) -> HostLease | None:
        """Lease one host, whether pages of it are due or not; where another worker has it, say that it is wanted."""
        with self.archive.transaction(alone=False) as connection:
            connection.execute(insert(connection, HOSTS).values(host=host).on_conflict_do_nothing())
            now = self.clock(connection)
            row = connection.execute(select(HOSTS).where(HOSTS.c.host == host).with_for_update()).one()
            if self.is_free_row(row, now):
                return self.hold(connection, [row], now)[0]
            self.want(connection, [host], now)
        return None

    def want(self, connection: Connection, hosts: Iterable[str], now: datetime) -> None:
        """Let the workers that have these hosts know that this one waits for them."""
        wanted = update(HOSTS).where(among(connection, HOSTS.c.host, hosts))
        connection.execute(wanted.values(wanted_until=format_milliseconds(now + WANTED)))

    def find_wanted(self) -> list[str]:
        """Return the hosts of this worker that others wait for."""
        with self.archive.engine.connect() as connection:
            moment = format_milliseconds(self.clock(connection))
            wanted = (HOSTS.c.owner == self.worker) & (HOSTS.c.wanted_until > moment)
            return list(connection.execute(select(HOSTS.c.host).where(wanted)).scalars())

    def give_back(self, waits: Mapping[str, float]) -> None:
        """End leases of this worker: anybody may ask these hosts, each after so many seconds."""
        with self.archive.transaction(alone=False) as connection:
            now = self.clock(connection)
            rows = [{"of_host": host, "then": _after(now, wait_s)} for host, wait_s in waits.items()]
            own = (HOSTS.c.host == bindparam("of_host")) & (HOSTS.c.owner == self.worker)
            later = _later(HOSTS.c.not_before, bindparam("then", type_=Text))
            connection.execute(update(HOSTS).where(own).values(**_given_back(), not_before=later), rows)

    def renew(self) -> set[str]:
        """Prolong the leases of this worker, of hosts and pages; return the hosts that it still has."""
        with self.archive.transaction(alone=False) as connection:
            now = self.clock(connection)
            until, page_until = format_milliseconds(now + LEASE), format_time(now + LEASE)
            renewed = update(HOSTS).where(HOSTS.c.owner == self.worker).values(lease_until=until)
            names = set(connection.execute(renewed.returning(HOSTS.c.host)).scalars())
            pages = update(FRONTIER).where(FRONTIER.c.owner == self.worker)
            connection.execute(pages.values(lease_until=page_until))
        return names

    def free_dead(self, pause_s: Callable[[str], float]) -> list[str]:
        """End the leases of workers of this machine that have died, and return their hosts.

        Such a host is left alone for its pace (seconds), and a little longer, from now on: when it was asked last is
        not known.
        """
        owners = union(*(select(column).where(column.is_not(None)) for column in (HOSTS.c.owner, FRONTIER.c.owner)))
        with self.archive.engine.connect() as connection:
            owner_names = connection.execute(owners).scalars().all()
        dead = [name for name in owner_names if name != self.worker and is_dead(name)]
        if not dead:
            return []
        with self.archive.transaction(alone=False) as connection:
            now = self.clock(connection)
            pages = update(FRONTIER).where(FRONTIER.c.owner.in_(dead)).values(owner=None, lease_until=None)
            correct_due(connection, set(connection.execute(pages.returning(FRONTIER.c.host)).scalars()))
            left = connection.execute(select(HOSTS).where(HOSTS.c.owner.in_(dead)).with_for_update()).all()
            for row in left:
                delay = max(pause_s(row.host), row.crawl_delay_s or 0.0)
                then = _after(now, delay + REST_AFTER_DEATH_S if delay else 0.0)
                given_back = _given_back() | {"not_before": _later(HOSTS.c.not_before, then)}
                connection.execute(update(HOSTS).where(HOSTS.c.host == row.host).values(given_back))
        return [row.host for row in left]

    def free_expired(self) -> None:
        """End the leases of pages that nobody has prolonged."""
        with self.archive.engine.connect() as connection:
            over = FRONTIER.c.lease_until <= format_time(self.clock(connection))
            leased = select(FRONTIER.c.id, FRONTIER.c.host).where(FRONTIER.c.owner.is_not(None), over)
            rows = connection.execute(leased).all()
        if rows:
            with self.archive.transaction(alone=False) as connection:
                expired = update(FRONTIER).where(among(connection, FRONTIER.c.id, [row.id for row in rows]), over)
                connection.execute(expired.values(owner=None, lease_until=None))
                correct_due(connection, {row.host for row in rows})

    def free_own(self) -> int:
        """End all leases of this worker, of hosts and pages; return how many pages it still had in hand."""
        with self.archive.transaction(alone=False) as connection:
            pages = update(FRONTIER).where(FRONTIER.c.owner == self.worker).values(owner=None, lease_until=None)
            hosts = connection.execute(pages.returning(FRONTIER.c.host)).scalars().all()
            correct_due(connection, set(hosts))
            connection.execute(update(HOSTS).where(HOSTS.c.owner == self.worker).values(_given_back()))
        return len(hosts)

    def postpone(self, connection: Connection, host: str, seconds: float) -> None:
        """Let nobody ask a host for so long."""
        then = _after(self.clock(connection), seconds)
        connection.execute(insert(connection, HOSTS).values(host=host).on_conflict_do_nothing())
        later = _later(HOSTS.c.not_before, then)
        connection.execute(update(HOSTS).where(HOSTS.c.host == host).values(not_before=later))

    def robots_txt(self, host: str) -> str | None:
        """Return the robots.txt of a host, empty where it has none, if a worker has read it since this one began."""
        recent = (HOSTS.c.host == host) & (HOSTS.c.robots_at >= self.began)
        with self.archive.engine.connect() as connection:
            text: str | None = connection.execute(select(HOSTS.c.robots_txt).where(recent)).scalar()
        return text

    def store_robots_txt(self, host: str, text: str, crawl_delay_s: float | None) -> None:
        """Store what a host's robots.txt says, for the workers beside this one; each reads a longer one itself."""
        with self.archive.transaction(alone=False) as connection:
            read_at = format_milliseconds(self.clock(connection))
            short = text if len(text) <= LONGEST_ROBOTS_TXT else None
            values = {"robots_txt": short, "robots_at": read_at, "crawl_delay_s": crawl_delay_s}
            statement = insert(connection, HOSTS).values(host=host, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))


def note_due(connection: Connection, due: Mapping[str, str]) -> None:
    """List hosts with the time at which a page of theirs is due, if none is due before."""
    if not due:
        return
    statement = insert(connection, HOSTS)
    is_earlier = HOSTS.c.next_at.is_(None) | (HOSTS.c.next_at > statement.excluded.next_at)
    earliest = case((is_earlier, statement.excluded.next_at), else_=HOSTS.c.next_at)
    rows = [{"host": host, "next_at": next_at} for host, next_at in sorted(due.items())]
    connection.execute(statement.on_conflict_do_update(index_elements=["host"], set_={"next_at": earliest}), rows)


def correct_due(connection: Connection, hosts: Iterable[str]) -> dict[str, str | None]:
    """Note anew when the next page of each of these hosts is due, and return it."""
    rows = connection.execute(_correct(connection.dialect.name), {"names": as_list(connection, hosts)})
    return {row.host: row.next_at for row in rows}


# Statements that every lease makes are made once: to put them together takes longer than to run them.
@lru_cache
def _free_hosts(dialect: str) -> Select[Any]:
    worker: Any = bindparam("worker")
    moment: Any = bindparam("moment")
    is_wanted = HOSTS.c.wanted_until.is_not(None) & (HOSTS.c.wanted_until > moment)
    statement = select(HOSTS.c.host, HOSTS.c.owner, HOSTS.c.not_before).where(
        HOSTS.c.next_at <= bindparam("due"),
        or_(HOSTS.c.owner.is_(None), HOSTS.c.owner == worker, HOSTS.c.lease_until <= moment),
        ~is_wanted | (HOSTS.c.owner == worker),
        HOSTS.c.not_before.is_(None) | (HOSTS.c.not_before <= bindparam("soon")),
        ~among_parameter(dialect, HOSTS.c.host, "busy"),
    )
    most: Any = bindparam("most", type_=Integer)
    return statement.order_by(HOSTS.c.next_at).limit(most).with_for_update(skip_locked=True)


@lru_cache
def _hold(dialect: str) -> Update:
    leased = update(HOSTS).where(among_parameter(dialect, HOSTS.c.host, "names"))
    return leased.values(owner=bindparam("worker"), lease_until=bindparam("until"), wanted_until=None)


@lru_cache
def _correct(dialect: str) -> Any:
    corrected = update(HOSTS).where(among_parameter(dialect, HOSTS.c.host, "names")).values(next_at=_next_due())
    return corrected.returning(HOSTS.c.host, HOSTS.c.next_at)


def _given_back() -> dict[str, Any]:
    return {"owner": None, "lease_until": None, "next_at": _next_due()}


def _next_due() -> Any:
    """Return when the first page of a host is due that is in nobody's hand, as part of a statement about hosts."""
    waiting = (FRONTIER.c.host == HOSTS.c.host) & FRONTIER.c.next_at.is_not(None) & FRONTIER.c.lease_until.is_(None)
    return select(FRONTIER.c.next_at).where(waiting).order_by(FRONTIER.c.next_at).limit(1).scalar_subquery()


def _later(column: Any, then: Any) -> Any:
    """Return the later of what stands in a column and another time."""
    return case((column > then, column), else_=then)


def _after(now: datetime, seconds: float) -> str:
    # The milliseconds are cut off, and a host is asked too late rather than too early.
    return format_milliseconds(now + timedelta(seconds=seconds, milliseconds=1 if seconds else 0))


def _wait(not_before: str | None, now: datetime) -> float:
    return max(0.0, (datetime.fromisoformat(not_before) - now).total_seconds()) if not_before else 0.0
