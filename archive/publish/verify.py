"""Proves a release by itself, without the archive: every byte of every file, the chain of releases, the database."""

import gzip
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from archive.publish.dumps import sha256_of
from archive.publish.release import sums
from archive.store.private_tables import PRIVATE_TABLES

Problem = tuple[str, str]

LARGEST_MANIFEST = 64 << 20
BLOCK = 1 << 20
# Each comment has it once; within a text its quotes are escaped.
KEY_OF_COMMENTS = b'"parent_id":'
UNNAMED = {"manifest.json", "SHA256SUMS"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
BODIES = """
select 'comment ' || id, body, body_sha256 from comments
union all select 'text ' || revision || ' of comment ' || comment_id, body, body_sha256 from comment_revisions"""


def verify_release(path: Path) -> list[Problem]:
    """What is wrong with a release, by place; nothing, where it is whole. `path` is its folder or a file in it."""
    folder = path if path.is_dir() else path.resolve().parent
    try:
        manifest = _manifest(folder)
    except (OSError, ValueError) as error:
        return [("manifest.json", str(error))]
    problems = [*_files(folder, manifest), *_sums(folder, manifest), *_chain(folder, manifest)]
    if not any(place == "archive.db" for place, _ in problems):
        problems += _database(folder, manifest)
    return problems


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / "manifest.json"
    if file.stat().st_size > LARGEST_MANIFEST:
        raise ValueError("it is larger than any manifest")
    found: Any = json.loads(file.read_text("utf-8"))
    if not _is_manifest(found):
        raise ValueError("it is not the manifest of a release")
    manifest: dict[str, Any] = found
    return manifest


def _is_manifest(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("number"), int)
        and isinstance(found.get("counts"), dict)
        and isinstance(found.get("files"), list)
        and all(_is_entry(one) for one in found["files"])
    )


def _is_entry(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("path"), str)
        and isinstance(one.get("bytes"), int)
        and isinstance(one.get("sha256"), str)
        and bool(_SHA256.fullmatch(one["sha256"]))
    )


def _files(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Each file against its size, its hash and its rows; and files that nobody named."""
    named = set()
    for told in manifest["files"]:
        place = told["path"]
        named.add(place)
        file = folder / place
        if not file.resolve().is_relative_to(folder.resolve()) or file.is_symlink():
            yield place, "it lies outside of the release"
        elif not file.is_file():
            yield place, "it is not there"
        elif file.stat().st_size != told["bytes"] or sha256_of(file) != told["sha256"]:
            yield place, "its bytes are not those of its SHA-256"
        elif told.get("rows") is not None and (rows := _rows(file)) is not None and rows != told["rows"]:
            yield place, f"it holds {rows:,} rows; the manifest says {told['rows']:,}"
    for file in sorted(folder.rglob("*")):
        place = file.relative_to(folder).as_posix()
        if not file.is_dir() and place not in named | UNNAMED and not place.startswith("chain/"):
            yield place, "the manifest does not name it"


def _rows(file: Path) -> int | None:
    """The rows of a dump, counted by what they are; None where that is not told from its text."""
    if file.name.endswith(".jsonl.gz"):
        with gzip.open(file) as stream:
            return sum(line.count(KEY_OF_COMMENTS) for line in stream)
    if file.suffix == ".parquet":
        return int(pq.ParquetFile(file).metadata.num_rows)
    if file.name.endswith(".csv.gz"):
        return _csv_rows(file)
    return None


def _csv_rows(file: Path) -> int:
    """Line ends outside of quotes, without the header's."""
    rows, quoted = -1, False
    with gzip.open(file) as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            for number, part in enumerate(block.split(b'"')):
                quoted ^= number > 0
                if not quoted:
                    rows += part.count(b"\n")
    return rows


def _sums(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        if (folder / "SHA256SUMS").read_text("utf-8") != sums(folder, dict(manifest)):
            yield "SHA256SUMS", "it is not what the manifest and its files come to"
    except (OSError, UnicodeDecodeError) as error:
        yield "SHA256SUMS", str(error)


def _chain(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Each earlier manifest against the hash that the next one has of it, back to the first release."""
    expected, number = manifest.get("previous"), manifest["number"]
    links = set()
    while expected is not None:
        place = f"chain/{expected.get('number', 0):04}.json" if isinstance(expected, dict) else "chain"
        links.add(place)
        try:
            if expected["number"] != number - 1:
                yield place, f"it is said to come before release {number}"
                return
            raw = (folder / place).read_bytes()
            if sha256(raw).hexdigest() != expected["sha256"]:
                yield place, "it is not the manifest that the next release came after"
                return
            number, expected = expected["number"], json.loads(raw)["previous"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            yield place, str(error)
            return
    if number != 1:
        yield "manifest.json", f"nothing came before release {number}"
    for file in sorted((folder / "chain").glob("**/*")):
        place = file.relative_to(folder).as_posix()
        if place not in links:
            yield place, "no later release came after it"


def _database(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Its structure, its counts, its texts against their hashes, and that it holds no private table."""
    with closing(sqlite3.connect(f"{(folder / 'archive.db').resolve().as_uri()}?immutable=1", uri=True)) as connection:
        try:
            for (said,) in connection.execute("pragma integrity_check(5)"):
                if said != "ok":
                    yield "archive.db", said
            names = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
            for name in sorted(names & PRIVATE_TABLES):
                yield "archive.db", f"it holds the private table {name}"
            for name, count in manifest["counts"].items():
                found = connection.execute(f'select count(*) from "{name}"').fetchone()[0] if name in names else None
                if found != count:
                    yield "archive.db", f"{name} has {found} rows; the manifest says {count}"
            for place, body, digest in connection.execute(BODIES):
                if sha256(body.encode()).hexdigest() != digest:
                    yield f"archive.db: {place}", "its text is not that of its SHA-256"
        except sqlite3.DatabaseError as error:
            yield "archive.db", str(error)
