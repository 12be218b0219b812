"""The files beside a public copy: everything as CSV, JSON Lines, Parquet and SQL, large ones in parts by thread.

A part whose threads have not changed since the release before is that release's file. All of it runs in processes of
its own, beside the checks of the database.
"""

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

PART_COMMENTS = 250_000
BY_THREAD = ("csv", "jsonl", "parquet")
NAMES = {
    "csv": ("comments", ".csv.gz", "Comments, one a row, with author, article and outlet (CSV, UTF-8, RFC 4180)"),
    "jsonl": ("threads", ".jsonl.gz", "Threads, one a line, with their comments and flags (JSON Lines)"),
    "parquet": ("comments", ".parquet", "Comments, one a row (Parquet)"),
    "sql": ("archive", ".sql.gz", "All tables as an SQL script for any SQLite"),
}
SIZES = "select id, comment_count from threads order by id"


@dataclass(frozen=True, slots=True)
class Dump:
    """A file to be made: a format, its path within the release, and the threads that it holds (None is all)."""

    form: str
    path: str
    threads: tuple[int, int] | None = None


def planned(database: Path, forms: Iterable[str], before: Iterable[Mapping[str, Any]] = ()) -> list[Dump]:
    """The files that a release is to have. Threads stay in the part that they were in in the release before."""
    with closing(sqlite3.connect(database)) as connection:
        parts = _parts(connection, _bounds(before))
    found = []
    for form in forms:
        stem, suffix, _ = NAMES[form]
        if form not in BY_THREAD or len(parts) == 1:
            found.append(Dump(form, f"dumps/{stem}{suffix}", parts[0] if form in BY_THREAD else None))
        else:
            named = (f"dumps/{stem}-{number:04}{suffix}" for number in range(1, len(parts) + 1))
            found += [Dump(form, path, part) for path, part in zip(named, parts, strict=True)]
    return found


def _bounds(before: Iterable[Mapping[str, Any]]) -> list[int]:
    """Where the parts of the release before began, but for the first and the last of them, which may grow."""
    firsts = sorted({one["threads"][0] for one in before if one.get("threads")})
    return firsts[1:]


def _parts(connection: sqlite3.Connection, bounds: Sequence[int]) -> list[tuple[int, int]]:
    """First and last thread of each part."""
    parts, held = [(0, 0)], 0
    for thread, comments in connection.execute(SIZES):
        starts = thread in bounds if thread <= max(bounds, default=0) else held + comments > PART_COMMENTS and held > 0
        if starts:
            parts.append((thread, thread))
            held = 0
        parts[-1] = (parts[-1][0], thread)
        held += comments
    return parts


def write(database: str, folder: str, dump: Dump) -> dict[str, Any]:
    """Makes one file, and says what the manifest says of it."""
    from archive.export.output import output
    from archive.export.selection import Selection
    from archive.export.write import write as export

    path = Path(folder) / dump.path
    path.parent.mkdir(exist_ok=True)
    selection = Selection(threads=range(dump.threads[0], dump.threads[1] + 1)) if dump.threads else Selection()
    with closing(_opened(database)) as connection, output(path) as out:
        written = export(connection, dump.form, out, selection)
    return entry(Path(folder), dump.path, NAMES[dump.form][2], rows=written.rows) | _of(dump)


def reused(folder: Path, earlier: Path, dump: Dump, told: Mapping[str, Any]) -> dict[str, Any] | None:
    """Takes a file over from the release before; None where it is not what that release's manifest says."""
    source, target = earlier / str(told["path"]), folder / dump.path
    if not source.is_file() or source.stat().st_size != told["bytes"] or sha256_of(source) != told["sha256"]:
        return None
    target.parent.mkdir(exist_ok=True)
    os.link(source, target)
    return {**told, "path": dump.path} | _of(dump)


def entry(folder: Path, path: str, what: str, *, rows: int | None = None) -> dict[str, Any]:
    """What a manifest says of a file: its size, its hash, its rows."""
    size, sha256 = (folder / path).stat().st_size, sha256_of(folder / path)
    return {"path": path, "bytes": size, "sha256": sha256, "rows": rows, "what": what}


def _of(dump: Dump) -> dict[str, Any]:
    return {"threads": list(dump.threads)} if dump.threads else {}


def _opened(database: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{Path(database).resolve().as_uri()}?immutable=1", uri=True, isolation_level=None)
    connection.execute("pragma cache_size = -65536")
    return connection


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def check(database: str, what: str) -> list[str]:
    """What one of CHECKS finds wrong with a database: nothing, if it is whole."""
    uri = f"{Path(database).resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("pragma cache_size = -200000")
        if what == "foreign_key_check":
            rows = connection.execute("pragma foreign_key_check").fetchmany(5)
            return [f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there" for row in rows]
        if what == "integrity_check":
            rows = connection.execute("pragma integrity_check(5)").fetchall()
            return [row[0] for row in rows if row[0] != "ok"]
        try:
            connection.execute("begin")
            connection.execute(f"insert into {what}({what}, rank) values ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            return [f"{what}: {error}"]
        finally:
            connection.execute("rollback")
        return []


CHECKS = ("comments_fts", "integrity_check", "articles_fts", "foreign_key_check")
