"""Open an archive: transactions, runs, and saving threads batch by batch."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update
from sqlalchemy.exc import DatabaseError, OperationalError

from archive.flags.codes import codes
from archive.store.address import ServerAddress, is_address
from archive.store.dialects import dialect_of
from archive.store.dialects.sqlite import reading_engine, writing_engine
from archive.store.disk import DiskFull, find_full
from archive.store.preparation import NotAnArchive, ReadOnly, check_version, prepare
from archive.store.process_identity import worker_name
from archive.store.remote_files import DownloadedFiles
from archive.store.save import SaveResult, lock_name, save_threads, storable
from archive.store.save_batch import IdCache
from archive.store.schema import TABLES
from archive.store.writer import ChangeLog, RowWriter
from archive.text.formatting import now
from archive.thread import Thread

__all__ = ["UNDOABLE", "Archive", "Busy", "NotAnArchive", "ReadOnly", "Run", "now"]
LONGEST_WAIT_S = 600.0
MOST_TRIES = 5  # of a batch, where other writers are faster
UNDOABLE = "import"  # the kind of run that notes what it changes, and can be taken back
RUNS_THAT_READ_NOTHING = ("flag", "review", "withhold", "restore", "erase", "copies", "publish")


Then = Callable[[Connection, SaveResult], None]


class Busy(Exception):
    """Another process held the archive for longer than LONGEST_WAIT_S."""


@dataclass(frozen=True, slots=True)
class Run:
    """A row of `runs`. What it reads and nothing dates counts as seen at `started_at`."""

    id: int
    started_at: str
    kind: str = ""


class Archive:
    """An archive, made or brought up to date on opening. `on_wait` is called once where another process writes.

    It is a file of SQLite, or a database of PostgreSQL where its address is given: `name` is what people call it,
    `address` how it is opened, `path` where the files beside it lie. With `read_only` it must be there, and up to
    date; nothing can be saved.
    """

    def __init__(
        self,
        path: str | Path | ServerAddress,
        *,
        on_wait: Callable[[], None] = lambda: None,
        read_only: bool = False,
    ) -> None:
        address = ServerAddress(path) if isinstance(path, str) and is_address(path) else path
        self.name = str(address)
        self.address = Path(address) if isinstance(address, str) else address
        self.path = address.path if isinstance(address, ServerAddress) else Path(address)
        self.on_wait = on_wait
        self.read_only = read_only
        if isinstance(address, ServerAddress):
            address.require_driver()
            from archive.store.dialects.postgresql import server_engine

            self.engine = server_engine(address, read_only=read_only)
        else:
            self.engine = reading_engine(self.path) if read_only else writing_engine(self.path)
        self.downloads = DownloadedFiles()  # of the WARC files that lie elsewhere
        self._cache = IdCache()
        try:
            self._connection = self.engine.connect()
            self.dialect = dialect_of(self._connection)
            if read_only:
                check_version(self._connection, self.name)
            else:
                prepare(self._connection, self.name, self._when_free)
                self._list_codes()
        except DatabaseError as error:
            self.engine.dispose()
            if isinstance(error, OperationalError) and "locked" in str(error.orig):
                raise Busy(f"{self.name} is held by another process") from error
            if (reason := find_full(error)) is not None:
                raise DiskFull(f"{self.name}: {reason}") from error
            raise NotAnArchive(f"{self.name}: {error.orig}") from error
        except Exception:
            self.engine.dispose()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; SQLite then folds its -wal file into it, unless another process has it open."""
        self._connection.close()
        self.engine.dispose()

    def _list_codes(self) -> None:
        table, listed = TABLES["flag_codes"], codes()
        stored = {row.code: dict(row._mapping) for row in self._connection.execute(select(table))}
        changed = [row for row in listed if stored.get(row["code"]) != row]
        if changed:
            statement = self.dialect.upsert(table)
            fresh = {name: statement.excluded[name] for name in listed[0] if name != "code"}
            severity = select(table.c.severity).where(table.c.code == TABLES["flags"].c.code).scalar_subquery()
            codes_changed = [row["code"] for row in changed]
            with self.transaction() as connection:
                connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=fresh), changed)
                flags = TABLES["flags"]
                of_these = flags.c.code.in_(codes_changed) & (flags.c.severity != severity)
                connection.execute(update(flags).where(of_these).values(severity=severity))

    def _when_free(self, work: Callable[[], object]) -> None:
        """Run `work`, again while another process has the file locked. Raises Busy after LONGEST_WAIT_S."""
        began, notified = time.monotonic(), False
        while True:
            try:
                work()
                return
            except Exception as error:
                if not self.dialect.is_locked(error):
                    raise
                if time.monotonic() - began > LONGEST_WAIT_S:
                    raise Busy(f"{self.name} was held by another process for {LONGEST_WAIT_S:.0f} s") from error
                if not notified:
                    self.on_wait()
                    notified = True

    @contextmanager
    def transaction(self, *, alone: bool = True) -> Iterator[Connection]:
        """Commit unless the block raises. Waits while another process writes. Raise DiskFull where there is no room.

        One that is not `alone` shares the archive with others that are not either, where the engine can do that.
        """
        connection = self._connection
        if self.read_only:
            raise ReadOnly(f"{self.name} is read-only")
        self._when_free(lambda: self.dialect.begin(connection, alone=alone, on_wait=self.on_wait))
        try:
            yield connection
            connection.exec_driver_sql("commit")
        except BaseException as error:
            with suppress(DatabaseError):
                connection.exec_driver_sql("rollback")
            if isinstance(error, Exception) and (reason := find_full(error)) is not None:
                raise DiskFull(f"{self.name}: {reason}") from error
            raise

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read everything as it is at one moment."""
        self.dialect.begin_reading(self._connection)
        try:
            yield self._connection
        finally:
            self._connection.exec_driver_sql("rollback")

    @contextmanager
    def unchecked_transaction(self) -> Iterator[Connection]:
        """Begin a transaction in which rows may refer to rows that are gone, until the dialect is asked for those."""
        with self.dialect.unchecked(self._connection), self.transaction() as connection:
            self.dialect.defer_references(connection)
            yield connection

    def begin_run(self, kind: str, settings: dict[str, Any]) -> Run:
        """Open a run. Runs of the same kind that never ended, and that nobody works on, are closed as interrupted."""
        with self.transaction(alone=False) as connection:
            return self._insert_run(connection, kind, settings)

    def _insert_run(self, connection: Connection, kind: str, settings: dict[str, Any]) -> Run:
        table = TABLES["runs"]
        settings = settings | {"worker": worker_name()}
        killed = table.c.finished_at.is_(None) & table.c.outcome.is_(None) & (table.c.kind == kind)
        if kind not in RUNS_THAT_READ_NOTHING:
            settings |= {"folder": str(self.path.resolve().parent)}  # see files.py
        row = {
            "kind": kind,
            "started_at": now(),
            "software_version": version("belowtheline"),
            "settings": json.dumps(settings, ensure_ascii=False),
        }
        unfinished = connection.execute(select(table.c.id).where(killed)).scalars().all()
        if dead := self.dialect.dead_runs(connection, unfinished):
            connection.execute(update(table).where(table.c.id.in_(dead)).values(outcome="interrupted"))
        run_id = connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
        self.dialect.open_run(connection, run_id)
        return Run(run_id, row["started_at"], kind)

    def end_run(self, run: Run, outcome: str, counts: dict[str, Any]) -> None:
        """Close a run; `outcome` is done, failed (something of ours broke, or nothing could be read) or interrupted."""
        table = TABLES["runs"]
        values = {"finished_at": now(), "outcome": outcome, "counts": json.dumps(counts)}
        with self.transaction(alone=False) as connection:
            connection.execute(update(table).where(table.c.id == run.id).values(values))

    @contextmanager
    def running(self, kind: str, settings: dict[str, Any], counts: Callable[[], dict[str, Any]]) -> Iterator[Run]:
        """Open a run, and close it as failed or interrupted where the block raises, as far as that can be written.

        That holds from its first row on: Ctrl-C may come between the commit of that and the block.
        """
        run = None
        try:
            with self.transaction(alone=False) as connection:
                run = self._insert_run(connection, kind, settings)
            yield run
        except BaseException as error:
            if run is not None:
                with suppress(DiskFull, DatabaseError, Busy):
                    self.end_run(run, "failed" if isinstance(error, Exception) else "interrupted", counts())
            raise

    def forget_ids(self) -> None:
        """Look rows up anew, whose ids this process knows: some were deleted."""
        self._cache.clear()

    def note_setting(self, run: Run, name: str, value: Any) -> None:
        """Add to the settings of a run what it found out on its way."""
        table = TABLES["runs"]
        with self.transaction(alone=False) as connection:
            settings = connection.execute(select(table.c.settings).where(table.c.id == run.id)).scalar_one()
            changed = json.dumps(json.loads(settings) | {name: value}, ensure_ascii=False)
            connection.execute(update(table).where(table.c.id == run.id).values(settings=changed))

    def note_failure(self, capture_id: int, run: Run, reason: str) -> None:
        """Record a failed visit for every thread that was read from a capture."""
        visits = TABLES["visits"]
        read = select(visits.c.thread_id).where(visits.c.capture_id == capture_id).distinct()
        common = {"run_id": run.id, "seen_at": now(), "outcome": "failed", "reason": reason}
        with self.transaction(alone=False) as connection:
            rows = [{"thread_id": thread_id, **common} for thread_id in connection.execute(read).scalars()]
            if rows:
                connection.execute(insert(visits), rows)

    def has_other_runs_than(self, path: str) -> bool:
        """Return whether a run read anything but this path and what lies below it."""
        outcome = func.coalesce(TABLES["runs"].c.outcome, "")
        read = and_(TABLES["runs"].c.kind.not_in(RUNS_THAT_READ_NOTHING), outcome != "undone")
        runs = self._connection.execute(select(TABLES["runs"].c.settings).where(read)).scalars()
        paths = [json.loads(settings).get("paths") or [""] for settings in runs]
        return not all(Path(read).is_relative_to(path) for listed in paths for read in listed)

    def read(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """Return the rows of a statement that only reads."""
        return list(self._connection.exec_driver_sql(sql, parameters).fetchall())

    def maintain(self, *statements: str) -> None:
        """Run statements that stand outside of any transaction, such as VACUUM. Waits while another process writes."""
        for statement in statements:
            self._when_free(partial(self._connection.exec_driver_sql, statement))

    def count_comments(self, since: int | None = None) -> int:
        """Count the comments, or those that a run from `since` on read last."""
        comments, captures = TABLES["comments"], TABLES["captures"]
        counted = select(func.count()).select_from(comments)
        if since is not None:
            counted = counted.join(captures, captures.c.id == comments.c.capture_id).where(captures.c.run_id >= since)
        return int(self._connection.execute(counted).scalar_one())

    def save(self, threads: Sequence[Thread], run: Run, then: Then | None = None) -> SaveResult:
        """Save a batch in one transaction. If one thread cannot be saved the others are, each in its own.

        `then` writes what follows from what was saved: in the same transaction, or else in one after all of them.

        Where another writer was faster, all of it is looked up and saved again. A thread with a text that the engine
        cannot hold is saved with what can be held of it, see `storable`.
        """
        for tries in range(MOST_TRIES):
            try:
                return self._save(threads, run, then)
            except (DatabaseError, ValueError) as error:
                self._cache.clear()
                if self.dialect.is_conflict(error) and tries < MOST_TRIES - 1:
                    continue
                if len(threads) > 1:
                    break
                cleaned = storable(threads[0])
                if cleaned == threads[0]:
                    failure = (threads[0], str(getattr(error, "orig", error)))
                    return self._follow(SaveResult(failures=[failure], outcomes=[None]), then)
                threads = [cleaned]
            except BaseException:
                self._cache.clear()
                raise
        result = SaveResult()
        for thread in threads:
            part = self.save([thread], run)
            result.counts.update(part.counts)
            result.failures += part.failures
            result.outcomes += part.outcomes
        return self._follow(result, then)

    def _follow(self, saved: SaveResult, then: Then | None) -> SaveResult:
        if then is not None:
            with self.transaction(alone=False) as connection:
                then(connection, saved)
        return saved

    def _save(self, threads: Sequence[Thread], run: Run, then: Then | None) -> SaveResult:
        with self.transaction(alone=False) as connection:
            self.dialect.lock(connection, (lock_name(thread) for thread in threads))
            log = ChangeLog(connection, run.id) if run.kind == UNDOABLE else None
            writer = RowWriter(connection, log, self.dialect)
            saved = save_threads(writer, self._cache, threads, run.id, run.started_at)
            if then is not None:
                then(connection, saved)
            return saved
