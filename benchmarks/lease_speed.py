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

from sqlalchemy import text

from archive.store.archive import Archive
from crawler.frontier.frontier import Frontier, VisitResult
from crawler.state import LEASED_PER_HOST, MAX_LEASED

MOST_MS = 5.0


FILL = """
insert into frontier (url, host, outlet, kind, added_at, next_at, interval_s, failures)
with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < :due),
  named as (select n, 'outlet-' || (n % :hosts) || '.example' as host from numbers)
select 'https://' || host || '/' || n, host, 'https://' || host || '/', 'article', '2026-01-01T00:00:00Z',
  '2026-01-' || substr('0' || (1 + n % 28), -2) || 'T00:00:00Z', 3600, 0 from named"""


def fill(archive: Archive, due: int, hosts: int) -> None:
    """Add so many pages that are due, spread over so many hosts."""
    with archive.transaction() as connection:
        connection.execute(text(FILL), {"due": due, "hosts": hosts})


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
