"""How fast an import is, beside the rate at which bare sqlite3 puts the very same rows into the very same tables.

python -m benchmarks.import_speed [--documents 20000] [--files] [--json]

Times whole runs of `btl import` over generated documents, reads every row back, and writes those rows with
`executemany`, one transaction, into an empty archive with the same tables, indexes, triggers and full text.

On a machine with other work only processor time says anything: `cpu_ratio_to_bare` is that of bare sqlite3 beside half
of what an import takes in one process (`--workers 0`), its start and the loading of its rules included. That is what
two processors that were never idle would come to.
"""

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archive.store import views
from archive.store.archive import Archive
from archive.store.writer import INSERT_ORDER
from benchmarks.corpus import COMMENTS, Corpus

TABLES = ("runs", *INSERT_ORDER, "totals")
RUN = """
import json, resource, runpy, sys
try:
    runpy.run_module("archive.cli", run_name="__main__")
except SystemExit as end:
    own, workers = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print("peak", (own + 2 * workers) // 1024)
    sys.exit(end.code)
"""


def imported(database: Path, source: Path, *options: str) -> tuple[float, int]:
    """Seconds of one whole `btl import`, and the peak memory of writer and two workers together (MB)."""
    run = [sys.executable, "-c", RUN, "import", str(source), "--db", str(database), *options]
    began = time.perf_counter()
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return time.perf_counter() - began, int(done.stdout.split()[-1])


def cpu_of_import(database: Path, source: Path) -> float:
    """Seconds of processor time of one whole `btl import` in one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    imported(database, source, "--workers", "0")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bare(source: Path, target: Path) -> tuple[int, float, float]:
    """Rows that bare sqlite3 wrote, and the seconds and processor time that `executemany` and the commit took."""
    Archive(target).close()
    read, write = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = normal", "foreign_keys = on", "cache_size = -32768"):
        write.execute(f"pragma {pragma}")
    seconds, cpu, written = 0.0, 0.0, 0
    write.execute("begin")
    for table in TABLES:
        width = len(read.execute(f"pragma table_info({table})").fetchall())
        cursor = read.execute(f"select * from {table}")
        statement = f"insert into {table} values ({', '.join('?' * width)})"
        write.execute(views.BEGIN_BULK)
        while rows := cursor.fetchmany(100_000):
            began, cpu_began = time.perf_counter(), time.process_time()
            write.executemany(statement, rows)
            seconds, cpu = seconds + time.perf_counter() - began, cpu + time.process_time() - cpu_began
            written += len(rows)
        write.execute(views.END_BULK)
    began, cpu_began = time.perf_counter(), time.process_time()
    for table in views.FULL_TEXT:
        write.execute(views.index_from(table), (0,))
    write.execute("commit")
    seconds, cpu = seconds + time.perf_counter() - began, cpu + time.process_time() - cpu_began
    read.close()
    write.close()
    return written, seconds, cpu


def counted(database: Path) -> dict[str, int]:
    """Rows of each table but `runs`."""
    connection = sqlite3.connect(database)
    counts = {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in TABLES[1:]}
    connection.close()
    return counts


def measure(documents: int, folder: Path, *, as_files: bool) -> dict[str, object]:
    """Everything that is claimed about one size."""
    source = folder / ("texts" if as_files else "texts.jsonl")
    (Corpus().write_files if as_files else Corpus().write_lines)(source, range(documents))
    took, peak = imported(folder / "archive.db", source)
    rows = counted(folder / "archive.db")
    again, _ = imported(folder / "archive.db", source)
    written, seconds, bare_cpu = bare(folder / "archive.db", folder / "bare.db")
    cpu = cpu_of_import(folder / "one_process.db", source)
    comments = rows["comments"]
    return {
        "documents": documents,
        "comments": comments,
        "as_expected": comments == documents * COMMENTS,
        "import_seconds": round(took, 1),
        "import_comments_per_s": round(comments / took),
        "bare_sqlite_comments_per_s": round(comments / seconds),
        "bare_rows": written,
        "ratio_to_bare": round(seconds / took, 2),
        "import_cpu_seconds": round(cpu, 1),
        "bare_cpu_seconds": round(bare_cpu, 1),
        "cpu_ratio_to_bare": round(2 * bare_cpu / cpu, 2),
        "peak_mb": peak,
        "second_import_seconds": round(again, 1),
        "second_import_new_rows": sum(counted(folder / "archive.db").values()) - sum(rows.values()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--files", action="store_true", help="one file a document instead of JSON Lines")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.documents, Path(folder), as_files=options.files)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:<28} {value:,}" if isinstance(value, (int, float)) else f"{name:<28} {value}")
    return 0 if found["as_expected"] and found["second_import_new_rows"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
