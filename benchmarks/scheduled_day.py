"""A whole day of scheduled crawls, every quarter of an hour, checked as the suite checks a shorter one.

python -m benchmarks.scheduled_day [--runs 96] [--minutes 15]

Two sites on loopback; one is down for hours, changes meanwhile, and comes back. Time is simulated between the runs.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.crawling import Desk
from tests.news_server import serving
from tests.scenarios.test_scheduled_day import run_day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=96)
    parser.add_argument("--minutes", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as steady, serving() as failing:
        desk, began = Desk(Path(folder)), time.monotonic()
        run: Any = run_day
        summaries = run(desk, steady, failing, options.runs, options.minutes)
        figures = {
            "runs": len(summaries),
            "runs_that_did_something": sum(summary["run"] is not None for summary in summaries),
            "warc_files": len(desk.warcs()),
            "visits": sum(summary["counts"]["visits"] for summary in summaries),
            "errors": sum(summary["counts"]["errors"] for summary in summaries),
            "seconds": round(time.monotonic() - began, 1),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
