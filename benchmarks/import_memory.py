"""How much memory an import takes over all its processes: the sum of their proportional shares (PSS, Linux).

python -m benchmarks.import_memory [--rows 1000000] [--threads 50000] [--seconds 110] [--json]

Makes a CSV of short comments, runs `btl import` over it, and adds up the shares of the command and all that it started
several times a second. After `--seconds` the import is interrupted: memory has reached its height long before.
"""

import argparse
import csv
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

MOST_MB = 300
PAUSE_S = 0.2


def write_table(path: Path, rows: int, threads: int) -> None:
    """A CSV of short comments whose threads lie scattered over it."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["comment_id", "parent_id", "article_url", "author", "comment_text", "created_at", "likes"])
        for number in range(rows):
            thread, parent = number % threads, number - threads if number % 3 and number >= threads else ""
            text = f"The {number % 97}th ferry was late again, and nobody at the quay said why ({number})."
            url, at = f"https://courier.example/{thread}", f"2026-03-{number % 28 + 1:02}T{number % 24:02}:05:00Z"
            writer.writerow([number, parent, url, f"reader {number % 9973}", text, at, number % 40])


def children(process: int) -> list[int]:
    """A process and all that it started, present ones."""
    ids, todo = [], [process]
    while todo:
        ids.append(todo.pop())
        for task in Path(f"/proc/{ids[-1]}/task").glob("*/children"):
            try:
                todo += map(int, task.read_text().split())
            except OSError:  # it has ended
                continue
    return ids


def share_kb(process: int) -> int:
    """The proportional share of memory of a process, in kB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def measure(rows: int, threads: int, seconds: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        table, database = Path(folder, "comments.csv"), Path(folder, "archive.db")
        write_table(table, rows, threads)
        command = [sys.executable, "-m", "archive.cli", "import", str(table), "--db", str(database)]
        began, peak, shares, when = time.monotonic(), 0, [], 0.0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None:
                now = [share_kb(one) for one in children(process.pid)]
                if sum(now) > peak:
                    peak, shares, when = sum(now), now, time.monotonic() - began
                if time.monotonic() - began > seconds:
                    process.send_signal(signal.SIGINT)
                    seconds = float("inf")
                time.sleep(PAUSE_S)
        took = time.monotonic() - began
        with closing(sqlite3.connect(database)) as connection:
            saved = connection.execute("select count(*) from comments").fetchone()[0]
    return {
        "rows": rows,
        "comments_saved": saved,
        "seconds": round(took, 1),
        "peak_mb": peak // 1024,
        "processes_mb": sorted((share // 1024 for share in shares), reverse=True),
        "peak_after_s": round(when, 1),
        "ended_with": process.returncode,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=110.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.rows, options.threads, options.seconds)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        print(
            f"{result['peak_mb']} MB at most over all processes ({result['processes_mb']}), floor {MOST_MB}: {result}"
        )
    sys.exit(1 if int(str(result["peak_mb"])) > MOST_MB else 0)


if __name__ == "__main__":
    main()
