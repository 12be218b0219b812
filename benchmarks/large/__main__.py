"""Makes a large archive, as crawls and imports would have left it, by bulk SQL: for measuring what only size shows.

python -m benchmarks.large OUT.db --comments 10000000 [--seed 1] [--check] [--json]

Without OUT.db an archive is made for the time of the measurement alone. Exit status 1 where --check finds a fault.
"""

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.large.fill import faults, fill


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, metavar="OUT.db")
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="look for faults at the end: integrity, keys, full text")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    say = (lambda _: None) if options.json else partial(print, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or Path(folder) / "archive.db"
        began = time.monotonic()
        try:
            fill(out, options.comments, options.seed, say)
        except FileExistsError as error:
            parser.error(str(error))
        seconds = time.monotonic() - began
        found = faults(out) if options.check else []
        result = {
            "comments": options.comments,
            "seconds": round(seconds, 1),
            "comments_per_s": round(options.comments / seconds),
            "megabytes": round(out.stat().st_size / 1e6),
            "faults": found,
        }
    print(json.dumps(result) if options.json else "  ".join(f"{name} {value}" for name, value in result.items()))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
