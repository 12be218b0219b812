"""A host is asked by one worker at a time, goes to whoever waits for it, and takes its pace along."""

import asyncio
import os
from contextlib import contextmanager, suppress
from unittest.mock import Mock

import pytest

from archive.store import process_identity
from archive.store.archive import Archive
from archive.store.disk import DiskFull, Storing
from crawler.frontier.host_leases import LEASE, LONGEST_ROBOTS_TXT, REST_AFTER_DEATH_S, HostTable
from crawler.frontier.leased_hosts import HostPostponed, LeasedHosts, LeaseNotStored

HOST = "courier.example"


@contextmanager
def storing():
    block = Storing()
    with suppress(DiskFull):
        yield block
        block.is_done = True


def start(archive, name, *, needed=(), pause_s=0.0):
    return LeasedHosts(HostTable(archive, name), lambda _: pause_s, lambda host: host in needed, storing)


@pytest.fixture
def other_archive(place, archive):
    with Archive(place) as opened:
        yield opened


def test_a_host_that_is_needed_is_kept_until_another_worker_waits(archive, other_archive):
    first, second = start(archive, "first", needed=[HOST]), start(other_archive, "second")

    async def run():
        await first.take(HOST)
        waiting = asyncio.ensure_future(second.take(HOST))
        while not first.hosts.find_wanted():
            await asyncio.sleep(0)
        first.keep_up()
        assert not waiting.done()
        assert first.leased[HOST].sending == 1
        answered_at = asyncio.get_running_loop().time()
        first.note_response(HOST, 0.2)
        await waiting
        assert asyncio.get_running_loop().time() >= answered_at + 0.2
        assert HOST not in first.leased

    asyncio.run(run())


def test_a_host_without_pages_is_given_back_after_each_request(archive, other_archive, query):
    first, second = start(archive, "first"), start(other_archive, "second")

    async def run():
        for leases in (first, second, first):
            await leases.take(HOST)
            leases.note_response(HOST, 0.0)

    asyncio.run(run())
    assert query("select owner, lease_until from hosts") == [(None, None)]


def test_a_host_that_asked_for_hours_is_asked_by_nobody(archive, other_archive):
    first, second = start(archive, "first"), start(other_archive, "second")
    with archive.transaction() as connection:
        first.hosts.postpone(connection, HOST, 7200)

    async def run():
        with pytest.raises(HostPostponed) as raised:
            await second.take(HOST)
        assert 7000 < raised.value.seconds <= 7201

    asyncio.run(run())
    assert second.leased == {}


def test_a_full_disk_is_not_waited_for(archive, monkeypatch):
    leases = LeasedHosts(HostTable(archive, "first"), lambda _: 0.0, lambda _: False, storing)
    monkeypatch.setattr(leases.hosts, "take", Mock(side_effect=DiskFull(archive.path)))
    with pytest.raises(LeaseNotStored):
        asyncio.run(leases.take(HOST))


def test_robots_txt_is_read_once_for_workers_that_run_beside_each_other(archive, other_archive):
    first, second = HostTable(archive, "first"), HostTable(other_archive, "second")
    assert second.robots_txt(HOST) is None
    first.store_robots_txt(HOST, "User-agent: *\nCrawl-delay: 5\n", 5.0)
    assert second.robots_txt(HOST) == "User-agent: *\nCrawl-delay: 5\n"
    first.store_robots_txt("harbour.example", "#" * (LONGEST_ROBOTS_TXT + 1), None)
    assert second.robots_txt("harbour.example") is None
    second.began = "9999"
    assert second.robots_txt(HOST) is None


def test_a_lease_that_was_lost_is_not_trusted(archive, other_archive):
    first, second = start(archive, "first", needed=[HOST]), start(other_archive, "second")

    async def run():
        await first.take(HOST)
        first.note_response(HOST, 0.0)
        first.hosts.free_own()
        await second.take(HOST)
        first._renew()
        assert HOST not in first.leased
        assert second.hosts.renew() == {HOST}

    asyncio.run(run())


def test_the_hosts_of_a_dead_worker_are_free_at_once_and_rest(archive, other_archive, query):
    dead = process_identity.worker_name().rpartition(":")[0] + ":0"  # this process's number, with another beginning
    gone, second = start(archive, dead), start(other_archive, "elsewhere/1:1:1")
    asyncio.run(gone.take(HOST))
    lease = second.hosts.take(HOST)
    assert lease is None
    assert second.hosts.free_dead(lambda _: 3.0) == [HOST]
    lease = second.hosts.take(HOST)
    assert 2.0 + REST_AFTER_DEATH_S < lease.wait_s <= 3.01 + REST_AFTER_DEATH_S
    assert second.hosts.free_dead(lambda _: 3.0) == []


def test_a_process_is_dead_when_its_number_is_free_or_anothers():
    name = process_identity.worker_name()
    assert process_identity.worker_name(os.getppid()) != name
    assert not process_identity.is_dead(name)
    assert process_identity.is_dead(name.rpartition(":")[0] + ":0")
    assert not process_identity.is_dead("elsewhere/1/1:1:1")
    assert not process_identity.is_dead("")
    assert LEASE.total_seconds() >= 60
