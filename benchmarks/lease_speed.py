"""How much processor time a lease of due pages takes, however many of them wait.

python -m benchmarks.lease_speed [--due 1000000] [--hosts 2000] [--leases 100] [--json]

Each lease is of up to 64 pages, as a crawl takes them; what it leased is recorded as visited, and its hosts go on.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import insert

from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.store.times import format_time
from crawler.frontier import Frontier, VisitResult
from crawler.state import LEASED_PER_HOST, MAX_LEASED

BATCH = 50_000
MOST_MS = 5.0


def fill(archive: Archive, due: int, hosts: int) -> None:
    """Add so many pages that are due, spread over so many hosts."""
    at = format_time(datetime.now(UTC))
    for first in range(0, due, BATCH):
        rows = [
            {
                "url": f"https://outlet-{number % hosts}.example/{number}",
                "host": f"outlet-{number % hosts}.example",
                "outlet": f"https://outlet-{number % hosts}.example/",
                "kind": "article",
                "added_at": at,
                "next_at": f"2026-01-{1 + number % 28:02}T00:00:00Z",
                "interval_s": 3600,
                "failures": 0,
            }
            for number in range(first, min(first + BATCH, due))
        ]
        with archive.transaction() as connection:
            connection.execute(insert(TABLES["frontier"]), rows)


def measure(path: Path, due: int, hosts: int, leases: int) -> dict[str, float]:
    """Return milliseconds of processor time: of the look at all hosts when a crawl begins, and of a lease."""
    with Archive(path) as archive:
        fill(archive, due, hosts)
        frontier = Frontier(archive)
        began = time.process_time()
        frontier.hosts.refresh()
        start = time.process_time() - began
        times, pages = [], 0
        for _ in range(leases):
            began = time.process_time()
            lease = frontier.leases.lease(MAX_LEASED, per_host=LEASED_PER_HOST)
            times.append(time.process_time() - began)
            pages += len(lease.entries)
            frontier.record_visits([(entry, VisitResult(changed=False)) for entry in lease.entries], datetime.now(UTC))
            # Half of the hosts are kept, as by a crawl that goes on with them.
            done = list(Counter(entry.host for entry in lease.entries))[::2]
            frontier.hosts.give_back(dict.fromkeys(done, 0.0))
    return {
        "due": due,
        "hosts": hosts,
        "pages_a_lease": pages / leases,
        "first_look_ms": round(1000 * start, 1),
        "lease_ms": round(1000 * median(times), 2),
        "slowest_lease_ms": round(1000 * max(times), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--due", type=int, default=1_000_000)
    parser.add_argument("--hosts", type=int, default=2_000)
    parser.add_argument("--leases", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder, "archive.db"), options.due, options.hosts, options.leases)
    print(json.dumps(figures) if options.json else "\n".join(f"{name}: {value:,}" for name, value in figures.items()))
    sys.exit(figures["lease_ms"] > MOST_MS)


if __name__ == "__main__":
    main()
