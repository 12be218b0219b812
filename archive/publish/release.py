"""Publication: releases of an archive that strangers may read, one after the other, each provable by itself.

A release is a folder: the database, its dumps, a codebook, a manifest with the hash of every file and of the manifest
before it. A link, which is the last thing to change, names the one that is served.
"""

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from archive.publish import copy, dumps
from archive.publish.codebook import codebook
from archive.publish.dumps import Dump
from archive.publish.policy import Policy
from archive.store.archive import Archive, now
from archive.store.suppressions import secret_key

T = TypeVar("T")
Say = Callable[[str], None]
Manifest = dict[str, Any]

FORMAT = 1
PSEUDONYM_KEY = "pseudonym_key"
PROCESSES = 2
FEW_COMMENTS = 50_000
BUILDING = ".building"
LOCK = ".lock"
# What tells whether an archive has changed: the greatest ids of what grows with every change, and the ledger.
STATE = """
select json_array((select max(id) from visits), (select max(id) from comments), (select max(id) from events),
  (select max(id) from flags), (select count(*) from flags where withdrawn_at is not null),
  (select max(id) from reviews), (select max(id) from captures), (select count(*) from withheld),
  (select json_group_array(id || ':' || coalesce(lifted_at, '') || ':' || coalesce(erased_at, '')) from suppressions),
  (select max(id) from runs where kind not in ('publish', 'withhold', 'restore', 'erase')))"""
COMPLETENESS = """
select completeness, count(*), sum(comment_count), sum(stated_count),
  sum(case when stated_count is not null then comment_count end) from threads group by completeness order by 1"""


class NotPublished(Exception):
    """The copy that was made is not whole, or another publication is under way."""


@dataclass(slots=True)
class Published:
    """A release; `is_new` is False where nothing had changed since the one before."""

    number: int
    folder: Path
    manifest: Manifest
    is_new: bool = True
    reused: list[str] = field(default_factory=list)
    whole: bool = True


def publish(
    archive: Archive, out: Path, policy: Policy, *, keep: int = 1, whole: bool = False, say: Say = lambda _: None
) -> Published:
    """Makes the next release of an archive and has the link at `out` name it; the one before stays what it is until
    then. `keep` is how many earlier releases keep their files (their manifests all stay).

    Raises NotPublished, and OSError and sqlite3.Error; the link then names what it named."""
    out = out.absolute()
    releases = out.with_suffix(".releases") if out.suffix else out.with_name(f"{out.name}.releases")
    if out.exists() and not out.is_symlink():
        raise NotPublished(f"{out} is a file of its own, not a link to a release; name another place")
    releases.mkdir(parents=True, exist_ok=True)
    with _only_one(releases):
        _clear(releases)
        before = last(releases)
        with archive.transaction() as connection:
            key = secret_key(connection, PSEUDONYM_KEY)
        state = _state(archive)
        if before and not whole and _same(before[1], state, policy) and _named(out) == before[0]:
            return Published(before[1]["number"], before[0], before[1], is_new=False)
        number = before[1]["number"] + 1 if before else 1
        run = archive.begin_run("publish", {"out": str(out), "number": number, "policy": policy.digest})
        try:
            work = _Release(archive, releases, number, policy, before, say)
            published = work.make(state, key, whole=whole)
        except BaseException:
            archive.end_run(run, "failed", {})
            raise
        _point(out, published.folder)
        _thin(releases, number, keep)
        archive.end_run(run, "done", {"number": number} | published.manifest["counts"])
        return published


def last(releases: Path) -> tuple[Path, Manifest] | None:
    """The newest release of a folder, and its manifest."""
    found = sorted(path for path in releases.glob("[0-9]*") if (path / "manifest.json").is_file())
    return (found[-1], json.loads((found[-1] / "manifest.json").read_text("utf-8"))) if found else None


def _state(archive: Archive) -> str:
    return sha256(str(archive.read(STATE)[0][0]).encode()).hexdigest()


def _same(manifest: Manifest, state: str, policy: Policy) -> bool:
    return bool(manifest["state"] == state and manifest["recipe"] == copy.recipe(policy))


def _named(out: Path) -> Path | None:
    return out.resolve().parent if out.is_symlink() else None


@contextmanager
def _only_one(releases: Path) -> Iterator[None]:
    with (releases / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotPublished(f"another publication to {releases} is under way") from error
        yield


def _clear(releases: Path) -> None:
    """Removes what a publication that was killed has left."""
    for path in releases.glob(f"{BUILDING}*"):
        shutil.rmtree(path)


class _Release:
    """The making of one release, in a folder that gets its name when it is whole."""

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
        self.taken: list[str] = []

    def make(self, state: str, key: bytes, *, whole: bool) -> Published:
        self.folder.mkdir()
        (self.folder / "dumps").mkdir()
        try:
            shares = not whole and self._take_database()
            built = self._build(key, whole=not shares, new_words=whole)
            files = self._check_and_dump(built)
            manifest = self._finish(state, built, files)
            target = self.releases / f"{self.number:04}"
            self.folder.replace(target)
            _to_disk(self.releases)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return Published(self.number, target, manifest, reused=self.taken, whole=built.whole)

    def _take_database(self) -> bool:
        """Begins with the database of the release before, if that was built in the same way."""
        if self.before is None or self.before[1]["recipe"] != copy.recipe(self.policy):
            return False
        earlier = self.before[0] / "archive.db"
        if not earlier.is_file():
            return False
        self.say(f"taking over release {self.before[1]['number']}")
        shutil.copyfile(earlier, self.database)
        return True

    def _build(self, key: bytes, *, whole: bool, new_words: bool) -> copy.Built:
        policy, source = self.policy, self.archive.path
        told = {
            "number": str(self.number),
            "published_at": self.published_at,
            "software_version": version("belowtheline"),
            "title": policy.title,
            "robots": policy.robots,
            "commenters": policy.commenters,
            "blur": json.dumps(policy.blur),
        }
        told |= {name: value for name, value in (("url", policy.url), ("contact", policy.contact)) if value}
        return copy.build(self.database, source, policy, key, told, whole=whole, new_words=new_words, say=self.say)

    def _check_and_dump(self, built: copy.Built) -> list[dict[str, Any]]:
        """The dumps and the checks of the database, at the same time. Raises NotPublished where it is not whole."""
        self.say("checking it, and writing dumps")
        earlier = {one["path"]: one for one in self.before[1]["files"]} if self.before else {}
        plan = dumps.planned(self.database, self.policy.dumps, earlier.values())
        database = str(self.database)
        with _workers(built.counts["comments"]) as pool:
            checks = {what: pool.submit(dumps.check, database, what) for what in dumps.CHECKS[:1]}
            made: list[tuple[Dump, Future[dict[str, Any]] | dict[str, Any]]] = []
            for dump in sorted(plan, key=lambda dump: dump.threads is not None):  # what is not in parts takes longest
                told = self._taken_over(dump, built, earlier)
                made.append((dump, told or pool.submit(dumps.write, database, str(self.folder), dump)))
            checks |= {what: pool.submit(dumps.check, database, what) for what in dumps.CHECKS[1:]}
            problems = [problem for check in checks.values() for problem in check.result()]
            if problems:
                raise NotPublished("the copy is not whole (--whole makes all of it anew): " + "; ".join(problems[:5]))
            return [one.result() if isinstance(one, Future) else one for _, one in made]

    def _taken_over(
        self, dump: Dump, built: copy.Built, earlier: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any] | None:
        """A dump of the release before that holds what this one is to hold."""
        if built.whole or self.before is None or dump.threads is None:
            return None
        first, final = dump.threads
        same = [
            one for one in earlier.values() if one.get("threads") == [first, final] and _kind(one) == _kind_of(dump)
        ]
        if not same or any(first <= thread <= final for thread in built.changed_threads):
            return None
        found = dumps.reused(self.folder, self.before[0], dump, same[0])
        if found:
            self.taken.append(dump.path)
        return found

    def _finish(self, state: str, built: copy.Built, files: list[dict[str, Any]]) -> Manifest:
        """Codebook, counts for Datasette, manifest, sums and the chain of earlier manifests."""
        self.say("writing the manifest")
        database = dumps.entry(self.folder, "archive.db", "The database (SQLite)", rows=sum(built.counts.values()))
        with closing(sqlite3.connect(f"{self.database.as_uri()}?immutable=1", uri=True)) as connection:
            text = codebook(connection, built.counts, str(self.number))
            completeness = [
                dict(zip(("completeness", "threads", "stored", "stated", "stored_of_stated"), row, strict=True))
                for row in connection.execute(COMPLETENESS)
            ]
        (self.folder / "codebook.md").write_text(text, "utf-8")
        tables = {name: {"count": rows} for name, rows in built.counts.items()}
        inspected = {"hash": database["sha256"], "size": database["bytes"], "file": "archive.db", "tables": tables}
        _write_json(self.folder / "inspect.json", {"archive": inspected})
        told = [("codebook.md", "Every table and column"), ("inspect.json", "Counts for datasette --inspect-file")]
        manifest = {
            "format": FORMAT,
            "number": self.number,
            "published_at": self.published_at,
            "software": f"belowtheline {version('belowtheline')}",
            "previous": self._chain(),
            "state": state,
            "recipe": copy.recipe(self.policy),
            "counts": built.counts,
            "completeness": completeness,
            "withheld": built.withheld,
            "policy": self.policy.as_dict(),
            "files": [database, *files, *(dumps.entry(self.folder, *one) for one in told)],
        }
        _write_json(self.folder / "manifest.json", manifest)
        (self.folder / "SHA256SUMS").write_text(sums(self.folder, manifest), "utf-8")
        for path in self.folder.rglob("*"):
            _to_disk(path)
        return manifest

    def _chain(self) -> dict[str, Any] | None:
        """Puts the manifests of all earlier releases beside this one, and gives the hash of the last."""
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


def _workers(comments: int) -> Executor:
    """Processes for the work beside each other, or this one where starting others would take longer."""
    return ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) if comments > FEW_COMMENTS else _Here()


class _Here(Executor):
    """Does what it is given at once."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def _kind(told: Mapping[str, Any]) -> str:
    return str(told["path"]).partition(".")[2]


def _kind_of(dump: Dump) -> str:
    return dump.path.partition(".")[2]


def sums(folder: Path, manifest: Manifest) -> str:
    """SHA256SUMS, as `sha256sum -c` reads it: the manifest and every file that it names."""
    own = sha256((folder / "manifest.json").read_bytes()).hexdigest()
    lines = [(own, "manifest.json"), *((one["sha256"], one["path"]) for one in manifest["files"])]
    return "".join(f"{digest}  {path}\n" for digest, path in lines)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _point(out: Path, folder: Path) -> None:
    """Has the link name a release, at one moment."""
    new = out.with_name(f".{out.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(folder / "archive.db", out.parent))
    new.replace(out)
    _to_disk(out.parent)


def _thin(releases: Path, number: int, keep: int) -> None:
    """Removes earlier releases but for the last ones. Their manifests stay in the chain."""
    for path in releases.glob("[0-9]*"):
        if path.name.isdigit() and int(path.name) < number - keep:
            shutil.rmtree(path)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
