"""Ask a host only while this worker has its lease, and hand it over to a worker that waits for it.

A worker keeps a host as long as it has pages of it in hand or due: then a request costs no look into the database. A
comment service, which has no pages of its own, is leased for one request after the other, so that workers take turns.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import ceil
from time import monotonic

from scrapy.exceptions import IgnoreRequest

from archive.store.disk import Storing
from crawler.frontier.host_leases import LEASE, LONGEST_WAIT, HostLease, HostTable

logger = logging.getLogger(__name__)
POLL_S = 0.1
YIELD_S = 3 * POLL_S  # before a host that another worker waited for is taken again
PATIENCE_S = 120.0
RENEW_S = LEASE.total_seconds() / 10
MARGIN_S = LEASE.total_seconds() / 5  # before its end a lease is no longer trusted


class HostPostponed(IgnoreRequest):
    """A host asked for a longer wait than a run has; `seconds` is how long."""

    def __init__(self, host: str, seconds: int) -> None:
        super().__init__(f"{host} asks to wait {seconds} s")
        self.host, self.seconds = host, seconds


class HostBusy(IgnoreRequest):
    """Another worker asks the host all the time."""


class LeaseNotStored(IgnoreRequest):
    """There is no room to store which worker asks the host."""


@dataclass(slots=True)
class _LeasedHost:
    """A host of this worker: until when it is sure to be, and from when on it may be asked (monotonic seconds).

    `rest_until` is when the next worker may ask it; `sending` counts requests without a response.
    """

    trusted_until: float
    not_before: float
    rest_until: float
    sending: int = 0
    is_wanted: bool = False


class LeasedHosts:
    """The hosts that this worker may ask.

    `pause_s` tells a host's usual pause. Hosts for which `is_needed` are kept; `storing` handles a full disk.
    """

    def __init__(
        self,
        hosts: HostTable,
        pause_s: Callable[[str], float],
        is_needed: Callable[[str], bool],
        storing: Callable[[], AbstractContextManager[Storing]],
    ) -> None:
        self.hosts, self.pause_s, self.is_needed, self.storing = hosts, pause_s, is_needed, storing
        self.leased: dict[str, _LeasedHost] = {}
        self.yielded: dict[str, float] = {}
        self.crawl_delays: dict[str, float] = {}
        self.renewed_at = monotonic()

    def add(self, leases: Iterable[HostLease]) -> None:
        """Note hosts that were leased for their pages, or leased again."""
        now = monotonic()
        for lease in leases:
            not_before = now + lease.wait_s
            leased = self.leased.setdefault(lease.host, _LeasedHost(0.0, not_before, not_before))
            leased.trusted_until = now + LEASE.total_seconds() - MARGIN_S

    async def take(self, host: str) -> None:
        """Wait until this worker may ask a host. Raise HostPostponed, HostBusy or LeaseNotStored."""
        patience = monotonic() + PATIENCE_S
        while True:
            now, leased = monotonic(), self.leased.get(host)
            if leased is None or leased.is_wanted or now > leased.trusted_until:
                if now > patience:
                    raise HostBusy(f"another worker has asked {host} for {PATIENCE_S:.0f} s")
                await self._acquire(host)
                continue
            wait = leased.not_before - now
            if wait > LONGEST_WAIT.total_seconds():
                self._give_back_unneeded(host)
                raise HostPostponed(host, ceil(wait))
            if wait <= 0:
                leased.sending += 1
                return
            await asyncio.sleep(min(wait, RENEW_S))

    async def _acquire(self, host: str) -> None:
        """Lease a host, or wait a moment where it cannot be had yet."""
        leased = self.leased.get(host)
        if self.yielded.get(host, 0.0) <= monotonic() and not (leased and leased.is_wanted):
            with self.storing() as storing:
                lease = self.hosts.take(host)
            if not storing.is_done:
                raise LeaseNotStored(f"no room to store that {host} is asked")
            if lease is not None:
                self.yielded.pop(host, None)
                self.add([lease])
                return
        await asyncio.sleep(POLL_S)

    def note_response(self, host: str, delay: float) -> None:
        """Note that a host has responded, or failed to; the next worker waits for its pace: `delay` seconds or more."""
        leased = self.leased.get(host)
        if leased is None:  # its lease was lost
            return
        leased.sending -= 1
        leased.rest_until = monotonic() + max(delay, self.crawl_delays.get(host, 0.0))
        if leased.sending == 0 and (leased.is_wanted or not self.is_needed(host)):
            self.give_back([host])

    def give_back(self, hosts: Iterable[str]) -> None:
        """Let other workers ask these hosts; those that still have to respond are kept."""
        now, waits = monotonic(), {}
        for host in hosts:
            leased = self.leased.get(host)
            if leased is None or leased.sending:
                continue
            waits[host] = max(0.0, leased.rest_until - now)
            if leased.is_wanted:
                self.yielded[host] = now + YIELD_S
            del self.leased[host]
        if waits:
            with self.storing():
                self.hosts.give_back(waits)

    def _give_back_unneeded(self, host: str) -> None:
        if not self.is_needed(host):
            self.give_back([host])

    def keep_up(self) -> None:
        """Hand over what others wait for, end the leases of the dead, prolong those of this worker: once a second."""
        with self.storing():
            self.hosts.free_dead(self.pause_s)
            for host in self.hosts.find_wanted():
                if (leased := self.leased.get(host)) is not None:
                    leased.is_wanted = True
            self.give_back([host for host, leased in self.leased.items() if leased.is_wanted])
            if monotonic() - self.renewed_at >= RENEW_S:
                self.hosts.free_expired()
                self._renew()

    def _renew(self) -> None:
        began = monotonic()
        names = self.hosts.renew()
        self.renewed_at = began
        for host, leased in list(self.leased.items()):
            if host in names:
                leased.trusted_until = began + LEASE.total_seconds() - MARGIN_S
            elif not leased.sending:
                del self.leased[host]
            else:
                leased.trusted_until = 0.0

    def close(self) -> None:
        """Give back every host, and the pages that were in hand."""
        for leased in self.leased.values():
            leased.sending = 0
        self.give_back(list(self.leased))
        self.hosts.free_own()
