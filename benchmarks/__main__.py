"""Every benchmark in turn: `make bench`. Those of large archives run at a small size here."""

import subprocess
import sys

NAMES = (
    "import_quality", "crawl_quality", "real_pages", "real_texts", "flags.quality", "import_speed",
    "export_import_speed", "crawl_speed", "flags.speed", "flags.fuzz", "site_speed", "export_speed", "large",
    "publish_speed", "public_speed", "search_speed",
)  # fmt: skip
SMALL = {
    "large": ["--check"],
    "publish_speed": ["--comments", "50000"],
    "search_speed": ["--comments", "50000"],
    "public_speed": ["--comments", "50000", "--requests", "200"],
}
COMMANDS = tuple([f"benchmarks.{name}", *SMALL.get(name, ())] for name in NAMES)

if __name__ == "__main__":
    failed = False
    for command in COMMANDS:
        print(f"\n== python -m {' '.join(command)}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", *command], check=False).returncode != 0
    sys.exit(failed)
