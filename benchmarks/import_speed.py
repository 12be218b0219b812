"""How fast an import is, beside the rate at which bare sqlite3 puts the very same rows into the very same tables.

python -m benchmarks.import_speed [--documents 20000] [--files] [--json]

Times whole runs of `btl import` over generated documents, reads every row back, and writes those rows with
`executemany`, one transaction, into an empty archive with the same tables, indexes, triggers and full text.
"""

import argparse
import json
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


def imported(database: Path, source: Path) -> tuple[float, int]:
    """Seconds of one whole `btl import`, and the peak memory of writer and two workers together (MB)."""
    run = [sys.executable, "-c", RUN, "import", str(source), "--db", str(database)]
    began = time.perf_counter()
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return time.perf_counter() - began, int(done.stdout.split()[-1])


def bare(source: Path, target: Path) -> tuple[int, float]:
    """Rows that bare sqlite3 wrote, and the seconds that `executemany` and the commit took."""
    Archive(target).close()
    read, write = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = normal", "foreign_keys = on", "cache_size = -32768"):
        write.execute(f"pragma {pragma}")
    seconds, written = 0.0, 0
    write.execute("begin")
    for table in TABLES:
        width = len(read.execute(f"pragma table_info({table})").fetchall())
        cursor = read.execute(f"select * from {table}")
        statement = f"insert into {table} values ({', '.join('?' * width)})"
        write.execute(views.BEGIN_BULK)
        while rows := cursor.fetchmany(100_000):
            began = time.perf_counter()
            write.executemany(statement, rows)
            seconds += time.perf_counter() - began
            written += len(rows)
        write.execute(views.END_BULK)
    began = time.perf_counter()
    for table in views.FULL_TEXT:
        write.execute(*views.index_from(table, 0))
    write.execute("commit")
    seconds += time.perf_counter() - began
    read.close()
    write.close()
    return written, seconds


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
    written, seconds = bare(folder / "archive.db", folder / "bare.db")
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
