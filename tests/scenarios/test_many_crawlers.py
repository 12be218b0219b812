"""Several `btl crawl --due` at once on one archive, two of which are killed: polite, and nothing lost or saved twice."""

import signal
import time
from pathlib import Path

import pytest

from archive.store.archive import Archive
from crawler.frontier.frontier import Candidate, Frontier
from tests.archive.store.conftest import place
from tests.both_engines import query_of
from tests.btl import StartedBtl
from tests.crawling import Desk
from tests.servers.recording import Hosts, recording

__all__ = ["place"]
DELAY_S = 0.3  # not longer than the server waits: so a worker's own requests are never closer than this


def add_due(place: Path | str, hosts: Hosts) -> None:
    with Archive(place) as archive:
        urls = [(f"http://{address}/", url) for address, host in hosts.by_address.items() for url in host.site.urls()]
        frontier = Frontier(archive)
        candidates = [Candidate(url, "article", home) for home, url in urls]
        frontier.add(candidates, frontier.hosts.now())


def start_worker(desk: Desk, place: Path | str, hosts: Hosts, name: str, delay: float = DELAY_S) -> StartedBtl:
    allowed = [part for address in hosts.by_address for part in ("--allow-host", address)]
    options = ("--delay", delay, "--contact", f"{name}@example.org", "--json")
    return desk.start("crawl", "--due", "--db", place, *allowed, *options)


@pytest.mark.slow
def test_workers_share_hosts_politely_and_lose_nothing_when_killed(desk, place):
    number = 12 if isinstance(place, Path) else 6
    with recording(hosts=number, pages=3, wait_s=DELAY_S) as hosts, query_of(place) as query:
        add_due(place, hosts)
        workers = {name: start_worker(desk, place, hosts, name) for name in ("one", "two")}
        killed = []
        for name, worker in workers.items():
            while worker.poll() is None and hosts.count(f"{name}@example.org") < 2:
                time.sleep(0.02)
            killed.append(worker.poll() is None)
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
            workers[name] = start_worker(desk, place, hosts, f"{name}-again")
        for worker in workers.values():
            worker.communicate()
        allowed = list(hosts.by_address)
        while desk.crawl("--due", "--db", place, "--delay", DELAY_S, "--contact", "last@example.org", hosts=allowed)[
            "run"
        ]:
            pass
        assert any(killed)
        assert query.is_intact()
        pages = len(hosts.urls())
        assert query("select count(*), count(distinct native_id) from comments") == [(pages, pages)]
        assert query("select thread_id from visits where outcome <> 'failed' group by 1 having count(*) > 1") == []
        assert query("select count(*) from frontier where failures > 0 or lease_until <> '' or owner <> ''") == [(0,)]
        assert query("select count(*) from hosts where lease_until <> '' or owner <> ''") == [(0,)]
        for address, host in hosts.by_address.items():
            assert set(host.pages()) == {post.path for post in host.site.posts.values()}, address
            assert len(host.pages()) <= len(host.site.posts) + 2 * len(killed), address
            assert min(gap for gap, _ in host.gaps()) >= DELAY_S, (address, host.requests)
        outcomes = [outcome for (outcome,) in query("select outcome from runs order by id")]
    assert outcomes.count("interrupted") >= sum(killed)
    assert set(outcomes) == {"done", "interrupted"}
    assert "0 differences" in desk.btl("verify", "--db", place).stdout
