"""Every benchmark in turn: `make bench`."""

import subprocess
import sys

NAMES = (
    "import_quality", "crawl_quality", "flags.quality", "import_speed", "crawl_speed", "flags.speed", "flags.fuzz",
    "site_speed", "large",
)  # fmt: skip
COMMANDS = tuple([f"benchmarks.{name}"] for name in NAMES)

if __name__ == "__main__":
    failed = False
    for command in COMMANDS:
        print(f"\n== python -m {' '.join(command)}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", *command], check=False).returncode != 0
    sys.exit(failed)
