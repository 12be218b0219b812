"""Write the dumps of a release, check its database and hash its files: jobs that run in processes of their own.

A large release has its dumps in parts by thread, so that each can be read by itself and they are made at the same time.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from hashlib import file_digest
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from archive.workers.garbage import collect_less_often
from archive.workers.processes import end_on_interrupt

T = TypeVar("T")

PART_COMMENTS = 250_000
FEW_COMMENTS = 50_000
THREAD_SIZES = "select id, comment_count from threads order by id"
# They run at the same time. That of the indexes takes the lock for writing, and so is one for both of them.
CHECKS = ("indexes", "integrity_check", "foreign_key_check")
INDEXES = ("comments_fts", "articles_fts")


@dataclass(frozen=True, slots=True)
class DumpJob:
    """A file to write: its format, its path in the release, and its first and last thread (None: all).

    `csv_path` is the CSV of the same threads, which a Parquet job writes in the same pass.
    """

    form: str
    path: str
    threads: tuple[int, int] | None = None
    csv_path: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it holds every table, and not only the texts."""
        return self.threads is None


def executor(comments: int) -> Executor:
    """Return a pool with a process for each core, or for a small release one that runs everything at once, here."""
    if comments <= FEW_COMMENTS:
        return InlineExecutor()
    # Spawned processes share no SQLite connection and no lock with this one.
    processes = len(os.sched_getaffinity(0))
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_start_process)


def _start_process() -> None:
    end_on_interrupt()
    collect_less_often()


class InlineExecutor(Executor):
    """Run each job when it is submitted: to start processes would take longer than a small release."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def plan_dumps(database: Path, forms: Iterable[str]) -> list[DumpJob]:
    """List the dumps of a release, the longest jobs first. CSV and Parquet of a part are one job."""
    from archive.export.formats import FORMATS

    with closing(sqlite3.connect(database)) as connection:
        parts = _parts(connection)
    jobs = []
    for form in forms:
        dump = FORMATS[form].DUMP
        if dump is None:
            continue
        if not FORMATS[form].SELECTS:
            jobs.append(DumpJob(form, f"dumps/{dump.stem}{dump.suffix}"))
            continue
        numbers = [""] if len(parts) == 1 else [f"-{number:04}" for number in range(1, len(parts) + 1)]
        paths = (f"dumps/{dump.stem}{number}{dump.suffix}" for number in numbers)
        jobs += [DumpJob(form, path, part) for path, part in zip(paths, parts, strict=True)]
    csv_paths = {job.threads: job.path for job in jobs if job.form == "csv"}
    if any(job.form == "parquet" for job in jobs):
        jobs = [
            DumpJob(job.form, job.path, job.threads, csv_paths.get(job.threads)) if job.form == "parquet" else job
            for job in jobs
            if job.form != "csv"
        ]
    return sorted(jobs, key=lambda job: (job.threads is not None, job.form != "parquet"))


def _parts(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """Return the first and last thread of each part."""
    parts, size = [(0, 0)], 0
    for thread, comments in connection.execute(THREAD_SIZES):
        if size and size + comments > PART_COMMENTS:
            parts.append((thread, thread))
            size = 0
        parts[-1] = (parts[-1][0], thread)
        size += comments
    return parts


def write_dump(database: str, folder: str, job: DumpJob) -> list[dict[str, Any]]:
    """Write the files of a job; return their manifest entries."""
    from archive.export.formats import FORMATS
    from archive.export.output import output
    from archive.export.selection import ExportOptions, Selection
    from archive.export.write import write

    root = Path(folder)
    selection = Selection(threads=range(job.threads[0], job.threads[1] + 1)) if job.threads else Selection()
    uri = f"{Path(database).resolve().as_uri()}?immutable=1"
    with (
        closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection,
        output(root / job.path) as out,
        output(root / job.csv_path) if job.csv_path else nullcontext() as csv_copy,
    ):
        connection.execute("pragma cache_size = -65536")
        written = write(connection, job.form, out, selection, ExportOptions(csv_copy=csv_copy))
    paths = {job.form: job.path} | ({"csv": job.csv_path} if job.csv_path else {})
    threads = {"threads": list(job.threads)} if job.threads else {}
    entries = []
    for form, path in paths.items():
        dump = FORMATS[form].DUMP
        assert dump is not None
        rows = written.rows if written.lines is None or form != job.form else written.lines
        entries.append(file_entry(root, path, dump.description, rows=rows) | threads)
    return entries


def file_entry(folder: Path, path: str, what: str, *, rows: int | None = None) -> dict[str, Any]:
    """Return the manifest's entry of a file: its size, hash and rows."""
    size, sha256 = (folder / path).stat().st_size, sha256_of(folder / path)
    return {"path": path, "bytes": size, "sha256": sha256, "rows": rows, "what": what}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def check_database(database: str, check: str) -> list[str]:
    """Run one of CHECKS; return what is wrong, in at most five lines."""
    uri = f"{Path(database).resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("pragma cache_size = -200000")
        if check == "foreign_key_check":
            rows = connection.execute("pragma foreign_key_check").fetchmany(5)
            return [f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there" for row in rows]
        if check == "integrity_check":
            rows = connection.execute("pragma integrity_check(5)").fetchall()
            return [row[0] for row in rows if row[0] != "ok"]
        return [problem for index in INDEXES for problem in _check_index(connection, index)]


def _check_index(connection: sqlite3.Connection, index: str) -> list[str]:
    # FTS5 checks an index by a statement that is an INSERT, though it writes nothing.
    connection.execute("begin")
    try:
        connection.execute(f"insert into {index}({index}, rank) values ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        return [f"{index}: {error}"]
    finally:
        connection.execute("rollback")
    return []
