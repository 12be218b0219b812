"""Many crawl workers on one archive, which are killed: no host asked too fast, no page saved twice, none lost.

python -m benchmarks.many_crawlers [--workers 8] [--hosts 400] [--pages 5] [--kills 50] [--wait 0.5] [--delay 0.5]
                                   [--speed 1,2,4,8] [--engine sqlite|postgresql]

A server in this process is all hosts, each a port of its own; it records every request and responds after `--wait`
seconds, as over a network. Killed workers (SIGKILL, at random moments) are replaced until nothing is due. With
`--speed`, also the pages a second of so many workers without kills. Exit status 1 where a promise is not kept.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive.text.formatting import now
from tests.both_engines import query_of
from tests.crawling import Desk
from tests.postgres_server import find_programs, running_cluster
from tests.scenarios.test_many_crawlers import add_due, start_worker
from tests.servers.recording import Hosts, recording


def crawl(
    desk: Desk, place: Path | str, hosts: Hosts, delay: float, workers: int, kills: int, choose: random.Random
) -> dict[str, Any]:
    """Run workers until nothing is due, kill so many of them, and return what came of it."""
    began, started, killed = time.monotonic(), 0, 0
    running: dict[str, Any] = {}
    next_kill = began
    while True:
        running = {name: worker for name, worker in running.items() if worker.poll() is None}
        if not count_due(place):
            break
        # Without kills, as many workers as are to be measured, and more only where all of them have ended too early.
        missing = workers - len(running) if started < workers or kills else 1 - len(running)
        for _ in range(missing):
            started += 1
            running[f"worker-{started}"] = start_worker(desk, place, hosts, f"worker-{started}", delay)
        busy = [name for name in running if hosts.count(f"{name}@example.org") > 1]  # the others still load their code
        if killed < kills and busy and time.monotonic() > next_kill:
            victim = running.pop(choose.choice(busy))
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            killed += 1
            next_kill = time.monotonic() + choose.uniform(0.2, 1)
        time.sleep(0.1)
    for worker in running.values():
        worker.communicate()
    requests = [request for host in hosts.by_address.values() for request in host.requests]
    seconds = max(request.at for request in requests) - min(request.at for request in requests)
    return {
        "started": started,
        "killed": killed,
        "wall_s": round(time.monotonic() - began, 1),
        **check(place, hosts),
    } | {"pages_per_s": round(len(hosts.urls()) / seconds, 1)}


def count_due(place: Path | str) -> int:
    """Return how many pages wait for a worker, or are in the hands of one."""
    with query_of(place) as query:
        return int(query("select count(*) from frontier where next_at <= ?", now())[0][0])


def check(place: Path | str, hosts: Hosts) -> dict[str, Any]:
    """Return what was asked, and what the archive has."""
    pages = len(hosts.urls())
    asked = sum(len(host.pages()) for host in hosts.by_address.values())
    gaps = [gap for host in hosts.by_address.values() for gap, _ in host.gaps()]
    handed_over = [gap for host in hosts.by_address.values() for gap, is_other in host.gaps() if is_other]
    twice = "select thread_id from visits where outcome <> 'failed' group by 1 having count(*) > 1"
    with query_of(place) as query:
        saved, distinct = query("select count(*), count(distinct native_id) from comments")[0]
        saved_twice = len(query(twice))
    return {
        "pages": pages,
        "asked": asked,
        "saved": saved,
        "lost": pages - distinct,
        "saved_twice": saved_twice,
        "smallest_gap_s": round(min(gaps), 4),
        "handed_over": len(handed_over),
        "smallest_gap_when_handed_over_s": round(min(handed_over), 4) if handed_over else None,
    }


@contextmanager
def empty_archive(engine: str, folder: Path) -> Iterator[Path | str]:
    """Yield where an archive may be: a file, or a database of a cluster of its own."""
    if engine == "sqlite":
        yield folder / "archive.db"
        return
    if (programs := find_programs()) is None:
        sys.exit("PostgreSQL is not installed")
    with running_cluster(programs) as cluster:
        yield cluster.address(cluster.create())


def measure(options: argparse.Namespace, workers: int, kills: int) -> dict[str, Any]:
    choose = random.Random(18)
    with (
        tempfile.TemporaryDirectory() as folder,
        empty_archive(options.engine, Path(folder)) as place,
        recording(options.hosts, options.pages, options.wait) as hosts,
    ):
        add_due(place, hosts)
        figures = crawl(Desk(Path(folder)), place, hosts, options.delay, workers, kills, choose)
        return {"engine": options.engine, "workers": workers, "hosts": options.hosts} | figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--hosts", type=int, default=400)
    parser.add_argument("--pages", type=int, default=5)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--wait", type=float, default=0.5)
    parser.add_argument("--delay", type=float, default=0.5)
    parser.add_argument("--speed", default="", help="numbers of workers, such as 1,2,4,8")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    runs = [measure(options, int(number), 0) for number in options.speed.split(",") if number]
    if options.kills:
        runs.append(measure(options, options.workers, options.kills))
    for figures in runs:
        print(json.dumps(figures), flush=True)
    kept = all(not run["lost"] and not run["saved_twice"] and run["smallest_gap_s"] >= options.delay for run in runs)
    sys.exit(not kept)


if __name__ == "__main__":
    main()
