"""Copy an archive from one engine to the other, row by row with its ids, and compare the two.

The source is read as it is at one moment, the target is written in one transaction: it has all of it, or nothing.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.text.storable import replace_unstorable

CHUNK = 5_000
# What opening an archive writes, and the source has too.
WRITTEN_ON_OPENING = ("flag_codes",)


class CannotCopy(Exception):
    """The target holds something already, or is not what the source is; says what."""


@dataclass(slots=True)
class Transfer:
    """Rows by table, and the places of texts of which the target cannot hold every character."""

    rows: dict[str, int] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)


def copy_archive(source: Archive, target: Archive, *, report: Callable[[Transfer], None] = lambda _: None) -> Transfer:
    """Copy all tables, and compare each with its source before anything is kept. Raise CannotCopy."""
    result = Transfer()
    with source.snapshot() as original, target.unchecked_transaction() as connection:
        _require_empty(target, connection)
        for table in TABLES.values():
            digest = blake2b(digest_size=32)
            result.rows[table.name] = 0
            for rows in read_rows(original, table):
                if not target.dialect.holds_nul:
                    rows = [_storable(table, row, result) for row in rows]
                with target.dialect.bulk(connection):
                    target.dialect.insert_rows(connection, table.name, rows)
                _update(digest, rows)
                result.rows[table.name] += len(rows)
                report(result)
            result.digests[table.name] = digest.hexdigest()
        target.dialect.end_copy(connection)
        if broken := target.dialect.broken_references(connection):
            raise CannotCopy(f"rows of {source.name} refer to rows that are not there: {', '.join(broken)}")
        _compare(connection, target, result)
    target.forget_ids()
    return result


def digest_table(connection: Connection, table: Table) -> tuple[int, str]:
    """Return how many rows a table has, and a hash of all that they hold, in the order of its key."""
    digest, count = blake2b(digest_size=32), 0
    for rows in read_rows(connection, table):
        _update(digest, rows)
        count += len(rows)
    return count, digest.hexdigest()


def read_rows(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Yield all rows of a table in chunks, in the order of its key."""
    (key,) = table.primary_key.columns
    statement = select(table).order_by(key).limit(CHUNK)
    rows = connection.execute(statement).mappings().all()
    while rows:
        yield [dict(row) for row in rows]
        if len(rows) < CHUNK:
            return
        rows = connection.execute(statement.where(key > rows[-1][key.name])).mappings().all()


def _update(digest: "blake2b", rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        digest.update(json.dumps(list(row.values()), ensure_ascii=False).encode())


def _storable(table: Table, row: dict[str, Any], result: Transfer) -> dict[str, Any]:
    if not any(isinstance(value, str) and "\0" in value for value in row.values()):
        return row
    (key,) = table.primary_key.columns
    result.replaced.append(f"{table.name} {row[key.name]}")
    return {name: replace_unstorable(value) if isinstance(value, str) else value for name, value in row.items()}


def _require_empty(target: Archive, connection: Connection) -> None:
    for table in TABLES.values():
        if table.name in WRITTEN_ON_OPENING:
            connection.execute(table.delete())
        elif connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise CannotCopy(f"{target.name} holds an archive already: its table {table.name} is not empty")


def _compare(connection: Connection, target: Archive, result: Transfer) -> None:
    """Raise CannotCopy where a table of the target is not what was read."""
    for table in TABLES.values():
        if digest_table(connection, table) != (result.rows[table.name], result.digests[table.name]):
            raise CannotCopy(f"{table.name} of {target.name} is not what the source has: nothing was kept")


def copy_to_file(source: Archive, path: Path, *, report: Callable[[Transfer], None] = lambda _: None) -> Transfer:
    """Copy an archive into a new file, which is there when all of it is."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with Archive(part) as target:
            target.maintain("pragma journal_mode = off")  # a file that is not whole is deleted anyway
            result = copy_archive(source, target, report=report)
        part.replace(path)
    finally:
        for name in (part.name, f"{part.name}-wal", f"{part.name}-shm"):
            part.with_name(name).unlink(missing_ok=True)
    return result
