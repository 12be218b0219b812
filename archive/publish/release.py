"""Publish an archive: releases that strangers may read, one after the other, each provable by itself.

A release is a folder: the database, its dumps, a codebook, a manifest with the hash of every file and of the manifest
before it. A link, which is the last thing to change, names the release to serve. Every release is built whole.
"""

import fcntl
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archive.export.formats import FORMATS
from archive.publish import dumps, public_copy
from archive.publish.codebook import codebook
from archive.publish.manifest import sha256_sums
from archive.publish.policy import Policy
from archive.search.build import build as build_index
from archive.search.build import index_path, rename_segments
from archive.store.archive import Archive
from archive.store.disk import sync_path
from archive.store.statistics import COMPLETENESS, select_rows
from archive.store.suppressions import secret_key
from archive.text.formatting import now
from archive.workers.processes import interrupts_blocked

Say = Callable[[str], None]
Manifest = dict[str, Any]

MANIFEST_FORMAT = 1
PSEUDONYM_KEY = "pseudonym_key"
BUILDING = ".building"
LOCK = ".lock"
# What changes whenever the archive does: the greatest ids of the tables that grow with every change, the suppressions,
# and the runs that read or flagged anything.
STATE = """
select json_array((select max(id) from visits), (select max(id) from comments), (select max(id) from events),
  (select max(id) from flags), (select count(*) from flags where withdrawn_at is not null),
  (select max(id) from reviews), (select max(retracted_at) from reviews),
  (select max(id) from captures), (select count(*) from withheld),
  (select json_group_array(id || ':' || coalesce(lifted_at, '') || ':' || coalesce(erased_at, '')) from suppressions),
  (select max(id) from runs where kind not in ('publish', 'withhold', 'restore', 'erase')))"""


class NotPublished(Exception):
    """The copy is not whole, or another publication is under way."""


@dataclass(slots=True)
class Published:
    """A release; `is_new` is False if nothing had changed since the one before."""

    number: int
    folder: Path
    manifest: Manifest
    is_new: bool = True


def publish(
    archive: Archive, out: Path, policy: Policy, *, keep: int = 1, force: bool = False, say: Say = lambda _: None
) -> Published:
    """Make the next release of an archive and let the link `out` name it.

    If nothing has changed since the release that `out` names, that one is returned, unless `force` is set. `keep` is
    how many earlier releases keep their files; all keep their manifests.

    Raise NotPublished, OSError and sqlite3.Error; the link then names what it named.
    """
    out = out.absolute()
    releases = out.with_suffix(".releases") if out.suffix else out.with_name(f"{out.name}.releases")
    if out.exists() and not out.is_symlink():
        raise NotPublished(f"{out} is a file of its own, not a link to a release; name another place")
    releases.mkdir(parents=True, exist_ok=True)
    with _locked(releases):
        # What a publication that was killed has left.
        for path in releases.glob(f"{BUILDING}*"):
            shutil.rmtree(path)
        before = last_release(releases)
        key = _pseudonym_key(archive)
        state = sha256(str(archive.read(STATE)[0][0]).encode()).hexdigest()
        if before and not force:
            folder, manifest = before
            is_same = manifest["state"] == state and manifest["recipe"] == public_copy.recipe(policy)
            if is_same and out.is_symlink() and out.resolve().parent == folder:
                return Published(manifest["number"], folder, manifest, is_new=False)
        number = before[1]["number"] + 1 if before else 1
        with _run(archive, {"out": str(out), "number": number, "policy": policy.digest}) as counts:
            published = _ReleaseBuilder(archive, releases, number, policy, before, say).build(state, key)
            counts |= {"number": number} | published.manifest["counts"]
            _link(out, published.folder)
        for path in releases.glob("[0-9]*"):
            if path.name.isdigit() and int(path.name) < number - keep:
                shutil.rmtree(path)
        return published


def _pseudonym_key(archive: Archive) -> bytes:
    """Return the archive's key; of a read-only one that has none, a new one: names then change with each release."""
    if archive.read_only:
        stored = archive.read("select value from settings where name = ?", (PSEUDONYM_KEY,))
        return bytes.fromhex(stored[0][0]) if stored else secrets.token_bytes(32)
    with archive.transaction() as connection:
        return secret_key(connection, PSEUDONYM_KEY)


@contextmanager
def _run(archive: Archive, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Open a run and end it with the counts that the block fills in. A read-only archive keeps no record."""
    counts: dict[str, Any] = {}
    if archive.read_only:
        yield counts
        return
    with archive.running("publish", settings, dict) as run:
        yield counts
    archive.end_run(run, "done", counts)


def last_release(releases: Path) -> tuple[Path, Manifest] | None:
    """Return the newest release in a folder, and its manifest."""
    folders = sorted(path for path in releases.glob("[0-9]*") if (path / "manifest.json").is_file())
    return (folders[-1], json.loads((folders[-1] / "manifest.json").read_text("utf-8"))) if folders else None


@contextmanager
def _locked(releases: Path) -> Iterator[None]:
    with (releases / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotPublished(f"another publication to {releases} is under way") from error
        yield


class _ReleaseBuilder:
    """Build a release in a temporary folder, which gets its name when it is whole."""

    def __init__(
        self,
        archive: Archive,
        releases: Path,
        number: int,
        policy: Policy,
        before: tuple[Path, Manifest] | None,
        say: Say,
    ) -> None:
        self.archive, self.releases, self.number, self.policy, self.say = archive, releases, number, policy, say
        self.before = before
        self.folder = releases / f"{BUILDING}-{number:04}"
        self.database = self.folder / "archive.db"
        self.published_at = now()

    def build(self, state: str, key: bytes) -> Published:
        (self.folder / "dumps").mkdir(parents=True)
        try:
            policy = self.policy
            release = {
                "number": str(self.number),
                "published_at": self.published_at,
                "software_version": version("belowtheline"),
                "title": policy.title,
                "robots": policy.robots,
                "commenters": policy.commenters,
                "blur": json.dumps(policy.blur),
            }
            release |= {name: value for name, value in (("url", policy.url), ("contact", policy.contact)) if value}
            try:
                counts, files = self._build_files(key, release)
            except public_copy.NotShareable as error:
                raise NotPublished(str(error)) from error
            manifest = self._write_manifest(state, counts, files)
            target = self.releases / f"{self.number:04}"
            self.folder.replace(target)
            sync_path(self.releases)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return Published(self.number, target, manifest)

    def _build_files(self, key: bytes, release: dict[str, str]) -> tuple[public_copy.CopyCounts, list[dict[str, Any]]]:
        """Build the database, its index and its dumps, as much as can be at the same time; return the files' entries.

        Raise NotPublished if the database is not whole, public_copy.NotShareable and sqlite3.Error.
        """
        with public_copy.open_copy(self.database, self.archive.path) as connection:
            counts = public_copy.copy_rows(connection, self.policy, key, release, say=self.say)
            jobs = dumps.plan_dumps(self.database, self.policy.dumps)
            # Leaving the block of the pool waits for its jobs, also for those of a database that is not whole.
            with dumps.executor(counts.rows["comments"]) as pool:
                with interrupts_blocked():
                    indexed = pool.submit(index_copy, self.database)  # the longest
                    dumped = [self._submit_dump(pool, job) for job in jobs if not job.is_whole]
                public_copy.derive(connection, say=self.say)
                self.say("writing the search index and dumps")
                indexes = indexed.result()
                entries = [entry for job in dumped for entry in job.result()]
                counts = public_copy.finish(connection, counts)
                connection.close()
                self.say("checking it")
                with interrupts_blocked():
                    checks = [pool.submit(dumps.check_database, str(self.database), check) for check in dumps.CHECKS]
                    dumped = [self._submit_dump(pool, job) for job in jobs if job.is_whole]
                    rows = sum(counts.rows.values())
                    what = "The database (SQLite)"
                    hashed = pool.submit(dumps.file_entry, self.folder, "archive.db", what, rows=rows)
                problems = [problem for check in checks for problem in check.result()]
                if problems:
                    raise NotPublished("the copy is not whole: " + "; ".join(problems[:5]))
                entries += [entry for job in dumped for entry in job.result()]
                return counts, [hashed.result(), *self._sort_dumps(entries), *indexes]

    def _submit_dump(self, pool: Executor, job: dumps.DumpJob) -> "Future[list[dict[str, Any]]]":
        return pool.submit(dumps.write_dump, str(self.database), str(self.folder), job)

    def _sort_dumps(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Sort dumps by format, not in the order of the jobs; what is not in parts comes first."""
        suffixes = [dump.suffix for form in self.policy.dumps if (dump := FORMATS[form].DUMP)]
        return sorted(
            entries, key=lambda e: ("threads" in e, suffixes.index(e["path"][e["path"].index(".") :]), e["path"])
        )

    def _write_manifest(self, state: str, counts: public_copy.CopyCounts, files: list[dict[str, Any]]) -> Manifest:
        """Write the codebook, the counts for Datasette, the manifest, the sums and the chain of earlier manifests."""
        self.say("writing the manifest")
        with closing(sqlite3.connect(f"{self.database.as_uri()}?immutable=1", uri=True)) as connection:
            text = codebook(connection, counts.rows, str(self.number))
            completeness = select_rows(connection, COMPLETENESS)
        (self.folder / "codebook.md").write_text(text, "utf-8")
        tables = {name: {"count": rows} for name, rows in counts.rows.items()}
        inspected = {"hash": files[0]["sha256"], "size": files[0]["bytes"], "file": "archive.db", "tables": tables}
        _write_json(self.folder / "inspect.json", {"archive": inspected})
        manifest = {
            "format": MANIFEST_FORMAT,
            "number": self.number,
            "published_at": self.published_at,
            "software": f"belowtheline {version('belowtheline')}",
            "previous": self._copy_chain(),
            "state": state,
            "recipe": public_copy.recipe(self.policy),
            "counts": counts.rows,
            "completeness": completeness,
            "withheld": counts.withheld,
            "policy": self.policy.as_dict(),
            "files": [
                *files,
                dumps.file_entry(self.folder, "codebook.md", "Every table and column"),
                dumps.file_entry(self.folder, "inspect.json", "Counts for datasette --inspect-file"),
            ],
        }
        _write_json(self.folder / "manifest.json", manifest)
        (self.folder / "SHA256SUMS").write_text(sha256_sums(self.folder, manifest), "utf-8")
        for path in self.folder.rglob("*"):
            sync_path(path)
        return manifest

    def _copy_chain(self) -> dict[str, Any] | None:
        """Copy the manifests of all earlier releases beside this one; return number and hash of the last."""
        chain = self.folder / "chain"
        chain.mkdir()
        if self.before is None:
            return None
        folder, manifest = self.before
        for path in sorted((folder / "chain").glob("*.json")):
            shutil.copyfile(path, chain / path.name)
        raw = (folder / "manifest.json").read_bytes()
        (chain / f"{manifest['number']:04}.json").write_bytes(raw)
        return {"number": manifest["number"], "sha256": sha256(raw).hexdigest()}


def index_copy(database: Path) -> list[dict[str, Any]]:
    """Build the search index beside a copy, readable by whoever can read that, and return the entries of its files."""
    build_index(database)
    folder = index_path(database)
    for lock in folder.glob(".*.lock"):
        lock.unlink()  # nobody writes to it any more
    rename_segments(folder)
    for file in folder.iterdir():
        file.chmod(database.stat().st_mode & 0o777)  # Tantivy lets nobody but the owner read some of them
    names = sorted(path.relative_to(database.parent).as_posix() for path in folder.iterdir())
    return [dumps.file_entry(database.parent, name, "The search index (Tantivy)") for name in names]


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _link(out: Path, folder: Path) -> None:
    """Let the link name a release, in one step."""
    new = out.with_name(f".{out.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(folder / "archive.db", out.parent))
    new.replace(out)
    sync_path(out.parent)
