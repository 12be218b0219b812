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

from crawler.hosts import LEASE, LONGEST_WAIT, HostLease, Hosts

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


@dataclass(slots=True)
class _Held:
    """A host of this worker: until when it is sure to be, and from when on it may be asked (monotonic seconds).

    `rest_until` is when the next worker may ask it; `sending` counts requests without a response.
    """

    trusted_until: float
    not_before: float
    rest_until: float
    sending: int = 0
    is_wanted: bool = False


class HostLeases:
    """The hosts that this worker may ask.

    `pace` is the usual pause of a host in seconds. Hosts for which `is_needed` are kept; `storing` handles a full disk.
    """

    def __init__(
        self,
        hosts: Hosts,
        pace: Callable[[str], float],
        is_needed: Callable[[str], bool],
        storing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.hosts, self.pace, self.is_needed, self.storing = hosts, pace, is_needed, storing
        self.held: dict[str, _Held] = {}
        self.yielded: dict[str, float] = {}
        self.crawl_delays: dict[str, float] = {}
        self.renewed_at = monotonic()

    def add(self, leases: Iterable[HostLease]) -> None:
        """Note hosts that were leased for their pages, or leased again."""
        now = monotonic()
        for lease in leases:
            not_before = now + lease.wait_s
            held = self.held.setdefault(lease.host, _Held(0.0, not_before, not_before))
            held.trusted_until = now + LEASE.total_seconds() - MARGIN_S

    async def take(self, host: str) -> None:
        """Wait until this worker may ask a host. Raise HostPostponed or HostBusy."""
        patience = monotonic() + PATIENCE_S
        while True:
            now, held = monotonic(), self.held.get(host)
            if held is None or held.is_wanted or now > held.trusted_until:
                if now > patience:
                    raise HostBusy(f"another worker has asked {host} for {PATIENCE_S:.0f} s")
                await self._acquire(host)
                continue
            wait = held.not_before - now
            if wait > LONGEST_WAIT.total_seconds():
                self._give_back_unneeded(host)
                raise HostPostponed(host, ceil(wait))
            if wait <= 0:
                held.sending += 1
                return
            await asyncio.sleep(min(wait, RENEW_S))

    async def _acquire(self, host: str) -> None:
        """Lease a host, or wait a moment where it cannot be had yet."""
        held = self.held.get(host)
        if self.yielded.get(host, 0.0) <= monotonic() and not (held and held.is_wanted):
            with self.storing():
                lease = self.hosts.take(host)
                if lease is not None:
                    self.yielded.pop(host, None)
                    self.add([lease])
                    return
        await asyncio.sleep(POLL_S)

    def answered(self, host: str, delay: float) -> None:
        """Note that a host has responded, or failed to; the next worker waits for its pace: `delay` seconds or more."""
        held = self.held.get(host)
        if held is None:  # its lease was lost
            return
        held.sending -= 1
        held.rest_until = monotonic() + max(delay, self.crawl_delays.get(host, 0.0))
        if held.sending == 0 and (held.is_wanted or not self.is_needed(host)):
            self.give_back([host])

    def give_back(self, hosts: Iterable[str]) -> None:
        """Let other workers ask these hosts; those that still have to respond are kept."""
        now, waits = monotonic(), {}
        for host in hosts:
            held = self.held.get(host)
            if held is None or held.sending:
                continue
            waits[host] = max(0.0, held.rest_until - now)
            if held.is_wanted:
                self.yielded[host] = now + YIELD_S
            del self.held[host]
        if waits:
            with self.storing():
                self.hosts.give_back(waits)

    def _give_back_unneeded(self, host: str) -> None:
        if not self.is_needed(host):
            self.give_back([host])

    def keep_up(self) -> None:
        """Hand over what others wait for, end the leases of the dead, prolong those of this worker: once a second."""
        with self.storing():
            self.hosts.free_dead(self.pace)
            for host in self.hosts.wanted():
                if (held := self.held.get(host)) is not None:
                    held.is_wanted = True
            self.give_back([host for host, held in self.held.items() if held.is_wanted])
            if monotonic() - self.renewed_at >= RENEW_S:
                self.hosts.free_expired()
                self._renew()

    def _renew(self) -> None:
        began = monotonic()
        names = self.hosts.renew()
        self.renewed_at = began
        for host, held in list(self.held.items()):
            if host in names:
                held.trusted_until = began + LEASE.total_seconds() - MARGIN_S
            elif not held.sending:
                del self.held[host]
            else:
                held.trusted_until = 0.0

    def close(self) -> None:
        """Give back every host, and the pages that were in hand."""
        for held in self.held.values():
            held.sending = 0
        self.give_back(list(self.held))
        self.hosts.free_own()
