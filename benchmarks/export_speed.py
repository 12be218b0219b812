"""How quickly `btl export` writes each format, beside `sqlite3 -csv` of the same view; each in a process of its own.

python -m benchmarks.export_speed [--comments 200000] [--db ARCHIVE.db] [--rounds 3] [--json]

Without --db an archive is generated. Seconds are those of whole commands, of which "csv of nothing" is the start. Rates
and ratios are by seconds of processor time, which other work on the machine changes least, and the best of --rounds
counts. Exit status 1 where a command fails, or where one writes another number of comments than there are.
"""

import argparse
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

VIEW = "select * from comment_list order by thread_id, position"
SHELL = "sqlite3 -csv"
NOTHING = "csv of nothing"
# Seconds of processor time, seconds, peak memory (MB).
Used = tuple[float, float, int]
EXPORTS: dict[str, list[str]] = {
    NOTHING: ["-o", "x.csv", "--where", "false"],
    "csv": ["-o", "x.csv"],
    "csv --excel": ["-o", "x.csv", "--excel"],
    "csv.gz": ["-o", "x.csv.gz"],
    "csv.zst": ["-o", "x.csv.zst"],
    "csv --sql": ["-o", "x.csv", "--sql", VIEW],
    "csv --flag content.*": ["-o", "x.csv", "--flag", "content.*"],
    "jsonl": ["-o", "x.jsonl"],
    "jsonl --flag content.*": ["-o", "x.jsonl", "--flag", "content.*"],
    "parquet": ["-o", "x.parquet"],
    "sql": ["-o", "x.sql"],
    "convokit": ["-f", "convokit", "-o", "x"],
}


def timed(command: list[str], out: Path, said: Path) -> Used:
    """What a command took. Raises RuntimeError where it fails."""
    opened = [(os.POSIX_SPAWN_OPEN, number, str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
              for number, path in ((1, out), (2, said))]  # fmt: skip
    began = time.perf_counter()
    _, status, used = os.wait4(os.posix_spawn(command[0], command, os.environ, file_actions=opened), 0)
    seconds = time.perf_counter() - began
    if status:
        raise RuntimeError(f"{' '.join(command)} failed: {said.read_text('utf-8')[-2000:]}")
    return used.ru_utime + used.ru_stime, seconds, used.ru_maxrss // 1024


def once(name: str, database: Path, folder: Path) -> tuple[Used, int]:
    """What one way to write the archive took, and how many rows it wrote."""
    out, said = folder / "out", folder / "said"
    if name == SHELL:
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute("select count(*) from comments").fetchone()[0]
        return timed([str(shutil.which("sqlite3")), "-csv", str(database), VIEW], out, said), rows
    options = [str(folder / option) if option.startswith("x") else option for option in EXPORTS[name]]
    used = timed([sys.executable, "-m", "archive.cli", "export", "--db", str(database), *options], out, said)
    shutil.rmtree(folder / "x", ignore_errors=True)
    found = re.search(r"([\d,]+) written", said.read_text("utf-8"))
    return used, int(found[1].replace(",", "")) if found else 0


def measure(database: Path, folder: Path, rounds: int) -> dict[str, dict[str, float | None]]:
    """For each way: rate, its ratio to that of the shell (None where there is no shell), peak memory."""
    names = [SHELL, *EXPORTS] if shutil.which("sqlite3") else list(EXPORTS)
    best: dict[str, tuple[Used, int]] = {}
    for _ in range(rounds):
        for name in names:
            found = once(name, database, folder)
            best[name] = min(found, best.get(name, found))
    shell = best[SHELL][1] / best[SHELL][0][0] if SHELL in best else None
    return {
        name: {
            "rows": rows,
            "s": round(seconds, 2),
            "cpu_s": round(cpu, 2),
            "rows_per_s": round(rows / cpu),
            "of_sqlite3": round(rows / cpu / shell, 2) if shell else None,
            "peak_mb": memory,
        }
        for name, ((cpu, seconds, memory), rows) in best.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=200_000)
    parser.add_argument("--db", type=Path, help="an archive or public copy to measure instead of a generated one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = options.db or Path(folder) / "archive.db"
        if options.db is None:
            made = [sys.executable, "-m", "benchmarks.large", str(database), "--comments", str(options.comments)]
            subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        found = measure(database, Path(folder), options.rounds)
    if options.json:
        print(json.dumps(found))
    else:
        if SHELL not in found:
            print("this machine has no sqlite3 to compare with")
        for name, row in found.items():
            print(f"{name:<24}" + "  ".join(f"{key} {value:>9,}" for key, value in row.items() if value is not None))
    whole = {row["rows"] for name, row in found.items() if "--flag" not in name and name not in (NOTHING, "sql")}
    return 0 if len(whole) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
