"""How fast an import is, beside the rate at which bare sqlite3 puts the very same rows into the very same tables.

python -m benchmarks.import_speed [--documents 20000] [--files] [--json]

Imports generated documents with `btl import`'s own code in a process of its own, reads every row back, and writes those
rows with `executemany`, one transaction, into an empty archive with the same tables, indexes, triggers and full text.
"""

import argparse
import json

import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archive.rows import ORDER
from archive.store import Archive
from benchmarks.corpus import COMMENTS, Corpus

TABLES = ("runs", *ORDER, "totals")
CHILD = """
import json, resource, sys, time
from archive.importing import import_files
from archive.store import Archive
if __name__ == "__main__":
    with Archive(sys.argv[1]) as archive:
        began = time.perf_counter()
        progress = import_files(archive, [sys.argv[2]])
        seconds = time.perf_counter() - began
    assert not progress.errors, progress.errors[:3]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + 2 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"seconds": seconds, "counts": progress.counts, "peak_mb": peak / 1024}))
"""


def imported(database: Path, source: Path) -> dict[str, object]:
    """One import in a process of its own: seconds, counts, and peak memory of writer and two workers (MB)."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(CHILD)
        script.flush()
        run = [sys.executable, script.name, str(database), str(source)]
        return dict(json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout))


def bare(source: Path, target: Path) -> tuple[int, float]:
    """Rows that bare sqlite3 wrote, and the seconds that `executemany` and the commit took."""
    Archive(target).close()
    read, write = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = normal", "foreign_keys = on", "cache_size = -65536"):
        write.execute(f"pragma {pragma}")
    seconds, written = 0.0, 0
    write.execute("begin")
    for table in TABLES:
        width = len(read.execute(f"pragma table_info({table})").fetchall())
        cursor = read.execute(f"select * from {table}")
        statement = f"insert into {table} values ({', '.join('?' * width)})"
        while rows := cursor.fetchmany(100_000):
            began = time.perf_counter()
            write.executemany(statement, rows)
            seconds += time.perf_counter() - began
            written += len(rows)
    began = time.perf_counter()
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
    first = imported(folder / "archive.db", source)
    rows = counted(folder / "archive.db")
    second = imported(folder / "archive.db", source)
    written, seconds = bare(folder / "archive.db", folder / "bare.db")
    comments = rows["comments"]
    took = float(str(first["seconds"]))
    return {
        "documents": documents,
        "comments": comments,
        "as_expected": comments == documents * COMMENTS,
        "import_seconds": round(took, 1),
        "import_comments_per_s": round(comments / took),
        "bare_sqlite_comments_per_s": round(comments / seconds),
        "bare_rows": written,
        "ratio_to_bare": round(seconds / took, 2),
        "peak_mb": round(float(str(first["peak_mb"]))),
        "second_import_seconds": round(float(str(second["seconds"])), 1),
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
