"""Read what a public copy is: its release, its counts, and the files beside it."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from archive.store.private_tables import PRIVATE_TABLES

NAME = "archive"
DUMPS = "dumps/"
CHAIN = "chain/"
BESIDE = {
    "manifest.json": "What this release is: its counts, what was withheld, and each file with its SHA-256",
    "SHA256SUMS": "SHA-256 of each file, as sha256sum reads it",
    "codebook.md": "Every table and column",
}


class NotPublic(Exception):
    """The file is no public copy; the message says why."""


@dataclass(frozen=True, slots=True)
class Dump:
    """A file of a release to download; `path` was checked to lie in the release's folder."""

    name: str
    path: Path
    size: int
    what: str
    sha256: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A public copy, by the file that its link names now: a link that changes later changes nothing here.

    `missing` are dumps of the manifest that are not there, or not of the size that it states; `tag` identifies release
    and software, for ETags; `inspected` is what `datasette --inspect-file` reads.
    """

    path: Path
    values: Mapping[str, str]
    dumps: Mapping[str, Dump] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    inspected: Mapping[str, Any] | None = None
    tag: str = ""

    @property
    def number(self) -> str:
        return self.values.get("number", "")

    @property
    def url(self) -> str:
        """The public address of the site without a slash at its end; empty if it is unknown."""
        return self.values.get("url", "")

    @property
    def is_indexed(self) -> bool:
        return self.values.get("robots") == "index"


def is_release(path: str | Path) -> bool:
    """Return whether a file is a public copy; False if it is no database."""
    try:
        return "release" in _tables(Path(path))
    except sqlite3.DatabaseError:
        return False


def read(path: str | Path) -> Release:
    """Read the release that a file or link leads to. Raise FileNotFoundError, and NotPublic if it is none."""
    real = Path(path).resolve()
    if not real.is_file():
        raise FileNotFoundError(f"There is no public copy at {path}")
    try:
        tables = _tables(real)
    except sqlite3.DatabaseError as error:
        raise NotPublic(f"{path} is no archive: {error}") from error
    if "release" not in tables or tables & PRIVATE_TABLES:
        raise NotPublic(f"{path} is a live archive; btl publish makes a public copy of it")
    written = real.with_name(real.name + "-wal")
    if written.exists() and written.stat().st_size:
        raise NotPublic(f"{path} is being written to ({written.name} is there); serve what btl publish made")
    with closing(_opened(real)) as connection:
        values = {str(name): str(value) for name, value in connection.execute("select name, value from release")}
    values["url"] = _address(values.get("url"))
    inspected = _inspected(real)
    files = dict(_dumps(real.parent, values))
    dumps = {name: dump for name, dump in files.items() if dump is not None}
    missing = tuple(name for name, dump in files.items() if dump is None)
    return Release(real, values, dumps, missing, inspected, _tag(real, values, inspected))


def sha256_sums(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return SHA256SUMS, as `sha256sum -c` reads it: the manifest and every file that it names."""
    own = sha256((folder / "manifest.json").read_bytes()).hexdigest()
    lines = [(own, "manifest.json"), *((entry["sha256"], entry["path"]) for entry in manifest["files"])]
    return "".join(f"{digest}  {path}\n" for digest, path in lines)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)


def _tables(path: Path) -> set[str]:
    with closing(_opened(path.resolve())) as connection:
        return {str(name) for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}


def _address(url: str | None) -> str:
    """Return the site's address if it is a plain web address, which is safe to put into headers; else ""."""
    text = (url or "").rstrip("/")
    parts = urlsplit(text)
    is_plain = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    return text if is_plain and text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\?#") else ""


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _inspected(path: Path) -> Mapping[str, Any] | None:
    """Return the counts of `datasette inspect` if they are of this very file: same size, and not older than it."""
    beside = path.with_name("inspect.json")
    document = _json(beside)
    entry = document.get(NAME) if isinstance(document, dict) else None
    if not isinstance(entry, dict) or entry.get("size") != path.stat().st_size:
        return None
    tables = entry.get("tables")
    has_counts = isinstance(tables, dict) and all(isinstance(table.get("count"), int) for table in tables.values())
    is_fresh = beside.stat().st_mtime >= path.stat().st_mtime - 1
    return {NAME: entry} if has_counts and is_fresh and isinstance(entry.get("hash"), str) else None


def _dumps(folder: Path, values: Mapping[str, str]) -> Iterator[tuple[str, Dump | None]]:
    """Yield the dumps of the manifest; None for one that is not there, or not of the size that it states."""
    manifest = _json(folder / "manifest.json")
    if not isinstance(manifest, dict) or str(manifest.get("number")) != values.get("number"):
        return
    for entry in manifest.get("files", []):
        name = str(entry.get("path", ""))
        path = _within(folder, name)
        if not name.startswith(DUMPS):
            continue
        short = name.removeprefix(DUMPS)
        if path is None or path.stat().st_size != entry.get("bytes"):
            yield short, None
            continue
        rows = entry.get("rows") if isinstance(entry.get("rows"), int) else None
        what, digest = str(entry.get("what", "")), str(entry.get("sha256", ""))
        yield short, Dump(short, path, path.stat().st_size, what, digest, rows)
    for name, what in BESIDE.items():
        path = _within(folder, name)
        if path is not None:
            yield name, Dump(name, path, path.stat().st_size, what)
    for file in sorted((folder / "chain").glob("[0-9]*.json")):
        path = _within(folder, f"{CHAIN}{file.name}")
        if path is not None:
            yield f"{CHAIN}{file.name}", Dump(f"{CHAIN}{file.name}", path, path.stat().st_size, "An earlier manifest")


def _within(folder: Path, name: str) -> Path | None:
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not name.isascii() or not name.isprintable():
        return None
    path = (folder / pure).resolve()
    return path if path.is_relative_to(folder) and path.is_file() else None


def _tag(path: Path, values: Mapping[str, str], inspected: Mapping[str, Any] | None) -> str:
    """Return a digest of release and software: as long as it stays, so do all pages."""
    stat = path.stat()
    parts = [values.get("number", ""), values.get("published_at", ""), str(stat.st_size)]
    parts += [str(inspected[NAME]["hash"]) if inspected else str(stat.st_mtime_ns)]
    parts += [version("belowtheline"), version("datasette"), _software()]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _software() -> str:
    """Return a digest of the site's own files: a checkout changes without a new version."""
    folder = Path(__file__).parents[1] / "site"
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".html", ".css", ".js"):
            digest.update(path.read_bytes())
    return digest.hexdigest()
