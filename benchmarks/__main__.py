"""Every benchmark in turn: `make bench`."""

import subprocess
import sys

COMMANDS = (["benchmarks.import_quality"], ["benchmarks.import_speed"], ["benchmarks.site_speed"])

if __name__ == "__main__":
    failed = False
    for command in COMMANDS:
        print(f"\n== python -m {' '.join(command)}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", *command], check=False).returncode != 0
    sys.exit(failed)
