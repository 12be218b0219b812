"""Verify a release by itself, without the archive: every byte of its files, the chain of releases, the database."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow.parquet as pq
from isal import igzip

from archive.publish.dumps import executor, sha256_of
from archive.publish.manifest import sha256_sums
from archive.search.index import IndexUnusable, SearchIndex
from archive.store.private_tables import PRIVATE_TABLES
from archive.text.formatting import format_count

Problem = tuple[str, str]

LARGEST_MANIFEST = 64 << 20
BLOCK = 1 << 20
# Each comment of a JSON Lines dump has this key once; within a text the quotation marks are escaped.
COMMENT_KEY = b'"parent_id":'
NO_MARKS = bytes(set(range(256)) - set(b'"\n'))
NOT_IN_MANIFEST = {"manifest.json", "SHA256SUMS"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
READABLE = """
select count(*) from comments join threads on threads.id = thread_id join articles on articles.id = article_id
where comments.withheld is null and threads.withheld is null and articles.withheld is null"""
BODIES = """
select 'comment ' || id, body, body_sha256 from comments
union all select 'text ' || revision || ' of comment ' || comment_id, body, body_sha256 from comment_revisions"""


def verify_release(path: Path) -> list[Problem]:
    """Return what is wrong with a release, by file; nothing if it is whole. `path` is its folder or a file in it."""
    folder = path if path.is_dir() else path.resolve().parent
    try:
        manifest = _manifest(folder)
    except (OSError, ValueError) as error:
        return [("manifest.json", str(error))]
    with executor(manifest["counts"].get("comments", 0)) as pool:
        entries = list(pool.map(check_file, [folder] * len(manifest["files"]), manifest["files"]))
        problems = [problem for entry in entries for problem in entry]
        problems += [*_unlisted(folder, manifest), *_check_sums(folder, manifest), *_check_chain(folder, manifest)]
        # A database with wrong bytes may be made to do anything: it is not opened.
        if not any(path == "archive.db" for path, _ in problems):
            checks = (check_structure, check_counts, check_texts, check_index)
            results = [pool.submit(check, folder, manifest) for check in checks]
            problems += [problem for result in results for problem in result.result()]
    return problems


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / "manifest.json"
    if file.stat().st_size > LARGEST_MANIFEST:
        raise ValueError("it is larger than any manifest")
    document: Any = json.loads(file.read_text("utf-8"))
    is_manifest = (
        isinstance(document, dict)
        and isinstance(document.get("number"), int)
        and isinstance(document.get("counts"), dict)
        and all(isinstance(count, int) for count in document["counts"].values())
        and isinstance(document.get("files"), list)
        and all(_is_entry(entry) for entry in document["files"])
    )
    if not is_manifest:
        raise ValueError("it is not the manifest of a release")
    manifest: dict[str, Any] = document
    return manifest


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("path"), str)
        and isinstance(entry.get("bytes"), int)
        and isinstance(entry.get("sha256"), str)
        and bool(_SHA256.fullmatch(entry["sha256"]))
    )


def check_file(folder: Path, entry: Mapping[str, Any]) -> list[Problem]:
    """Check a file against the size, hash and rows of its entry in the manifest."""
    path = entry["path"]
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()) or file.is_symlink():
        return [(path, "it lies outside of the release")]
    if not file.is_file():
        return [(path, "it is not there")]
    if file.stat().st_size != entry["bytes"] or sha256_of(file) != entry["sha256"]:
        return [(path, "its bytes are not those of its SHA-256")]
    stated = entry.get("rows")
    rows = None if stated is None else _count_rows(file, stated)
    if rows is not None and rows != stated:
        return [(path, f"it holds {format_count(rows, 'row')}; the manifest says {stated:,}")]
    return []


def _unlisted(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Report files that the manifest does not name."""
    listed = {entry["path"] for entry in manifest["files"]} | NOT_IN_MANIFEST
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if not file.is_dir() and path not in listed and not path.startswith("chain/"):
            yield path, "the manifest does not name it"


def _count_rows(file: Path, stated: int) -> int | None:
    """Count the rows of a dump; None for an SQL script, whose text does not show where a row ends.

    The rows of JSON Lines are threads; earlier manifests have their comments `stated`."""
    if file.name.endswith(".jsonl.gz"):
        threads = sum(block.count(b"\n") for block in _blocks(file))
        return stated if threads != stated and _count_comments(file) == stated else threads
    if file.suffix == ".parquet":
        return int(pq.ParquetFile(file).metadata.num_rows)
    return _count_csv_rows(file) if file.name.endswith(".csv.gz") else None


def _unpack(file: Path) -> BinaryIO:
    return cast("BinaryIO", cast("Any", igzip).open(file))


def _blocks(file: Path) -> Iterator[bytes]:
    with _unpack(file) as stream:
        yield from iter(lambda: stream.read(BLOCK), b"")


def _count_comments(file: Path) -> int:
    with _unpack(file) as stream:
        return sum(line.count(COMMENT_KEY) for line in stream)


def _count_csv_rows(file: Path) -> int:
    """Count the line ends outside of quotes, without the header's."""
    rows, quoted = -1, False
    for block in _blocks(file):
        # Of two quotation marks without a line end between them nothing has to be known.
        marks = block.translate(None, NO_MARKS).replace(b'""', b"")
        for number, part in enumerate(marks.split(b'"')):
            quoted ^= number > 0
            if not quoted:
                rows += part.count(b"\n")
    return rows


def _check_sums(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        if (folder / "SHA256SUMS").read_text("utf-8") != sha256_sums(folder, manifest):
            yield "SHA256SUMS", "it is not what the manifest and its files come to"
    except (OSError, UnicodeDecodeError) as error:
        yield "SHA256SUMS", str(error)


def _check_chain(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Check each earlier manifest against the hash in the next one, back to the first release."""
    expected, number = manifest.get("previous"), manifest["number"]
    links = set()
    while expected is not None:
        path = f"chain/{expected.get('number', 0):04}.json" if isinstance(expected, dict) else "chain"
        links.add(path)
        try:
            if expected["number"] != number - 1:
                yield path, f"it is said to come before release {number}"
                return
            raw = (folder / path).read_bytes()
            if sha256(raw).hexdigest() != expected["sha256"]:
                yield path, "it is not the manifest that the next release came after"
                return
            number, expected = expected["number"], json.loads(raw)["previous"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            yield path, str(error)
            return
    if number != 1:
        yield "manifest.json", f"nothing came before release {number}"
    for file in sorted((folder / "chain").glob("**/*")):
        path = file.relative_to(folder).as_posix()
        if path not in links:
            yield path, "no later release came after it"


def check_structure(folder: Path, _manifest: Mapping[str, Any]) -> list[Problem]:
    """Check pages, indexes and constraints of the database."""
    with closing(_open(folder)) as connection:
        try:
            rows = connection.execute("pragma integrity_check(5)").fetchall()
        except sqlite3.DatabaseError as error:
            return [("archive.db", str(error))]
        return [("archive.db", text) for (text,) in rows if text != "ok"]


def check_counts(folder: Path, manifest: Mapping[str, Any]) -> list[Problem]:
    """Check the rows of each table against the manifest, and that there is no private table."""
    with closing(_open(folder)) as connection:
        try:
            names = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
            problems = [("archive.db", f"it holds the private table {name}") for name in sorted(names & PRIVATE_TABLES)]
            for name, count in manifest["counts"].items():
                rows = connection.execute(f'select count(*) from "{name}"').fetchone()[0] if name in names else None
                if rows != count:
                    state = "is not there" if rows is None else f"has {format_count(rows, 'row')}"
                    problems.append(("archive.db", f"{name} {state}; the manifest says {count}"))
        except sqlite3.DatabaseError as error:
            return [("archive.db", str(error))]
        return problems


def check_index(folder: Path, _manifest: Mapping[str, Any]) -> list[Problem]:
    """Check that the search index has as many comments as can be read; a release of an older version has none."""
    # Loading it takes as long as to hash a gigabyte, and only one of the processes needs it.
    from archive.search.build import index_path

    path = index_path(folder / "archive.db")
    if not path.exists():
        return []
    with closing(_open(folder)) as connection:
        readable = connection.execute(READABLE).fetchone()[0]
    try:
        indexed = SearchIndex(path, read_only=True).view.count(None)
    except IndexUnusable as error:
        return [(path.name, str(error))]
    if indexed != readable:
        return [(path.name, f"it has {format_count(indexed, 'comment')}; the database {readable:,} that can be read")]
    return []


def check_texts(folder: Path, _manifest: Mapping[str, Any]) -> list[Problem]:
    """Check each text against its hash."""
    with closing(_open(folder)) as connection:
        connection.text_factory = bytes
        try:
            return [
                (f"archive.db: {label.decode()}", "its text is not that of its SHA-256")
                for label, body, digest in connection.execute(BODIES)
                if sha256(body).hexdigest().encode() != digest
            ]
        except sqlite3.DatabaseError as error:
            return [("archive.db", str(error))]


def _open(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{(folder / 'archive.db').resolve().as_uri()}?immutable=1", uri=True)
