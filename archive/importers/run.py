"""Import files as one run: cut them into documents, have workers parse those, save the threads batch by batch."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DatabaseError

from archive.importers import own_archive
from archive.importers.already_imported import ImportedDocuments, count_capture
from archive.importers.base import BadDocument, EmptyDocument, Options
from archive.importers.failed_visits import add_failed_visits
from archive.importers.files import files
from archive.importers.sources import Sources, opened, size_of, unreadable
from archive.importers.tables.mapping import as_table
from archive.importers.worker import Item, Result, lost_document, parse_documents
from archive.store.archive import Archive, Run
from archive.thread import Thread
from archive.workers.executors import Workers
from archive.workers.ordered import run_in_order
from archive.workers.processes import give_back_memory

# What a worker is given at a time: enough to be worth the trip to another process.
CHUNK_BYTES = 1 << 18
CHUNK_DOCUMENTS = 100
# One transaction each.
BATCH_COMMENTS = 5_000
BATCH_THREADS = 2_000
MOST_ERRORS = 10_000  # that are listed: of a file of millions of rows each may be one
NO_OPTIONS = Options()


@dataclass(slots=True)
class ImportProgress:
    """What a run did so far: `done` bytes of `size` bytes on disk; `size` is None where that is not known.

    `passed_over` names the files that are about a corpus and hold none of its texts, `kept` the copies that were kept.
    `remarks` says what importers made of files, a line each. `run` is its number in the archive. `mappings` says how
    the columns of each table were read, so that it can be read the same way again.
    """

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[BadDocument] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    mappings: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    run: int | None = None
    size: int | None = None
    done: int = 0

    def begin(self, names: list[str]) -> None:
        """Note how much there is to read, and count what is passed over."""
        self.size = size_of(names)
        if self.passed_over:
            self.counts["files_passed_over"] = len(self.passed_over)

    def add_error(self, error: BadDocument) -> None:
        """Note what could not be read, or count a document without a text, which is no error."""
        if isinstance(error, EmptyDocument):
            self.counts["empty"] += 1
            self.counts.update({name: error.rows for name in ("rows", "rows_empty") if error.rows})
        else:
            self.counts["errors"] += 1
            if len(self.errors) < MOST_ERRORS:
                self.errors.append(error)


Report = Callable[[ImportProgress], None]
Merge = Callable[[Archive, Run, Archive], Counter[str]]  # of what another archive holds beside its threads


def import_files(
    archive: Archive,
    paths: list[str],
    *,
    workers: Workers | int | None = None,
    keep: bool = False,
    options: Options = NO_OPTIONS,
    report: Report = lambda _: None,
    progress: ImportProgress | None = None,
    merges: Sequence[Merge] = (),
) -> ImportProgress:
    """Import files and folders as one run. A document that cannot be read is an error, and the others are saved.

    What standard input holds, and with `keep` every file, is kept beside the archive. `progress` is filled in also
    where an import fails or is stopped. `merges` bring what other archives hold beside their threads.
    """
    progress = progress or ImportProgress()
    sources = Sources(archive.path, options, keep=keep)
    names = list(files(paths, but=archive.path, passed_over=progress.passed_over))
    progress.begin(names)
    stated = {"format": options.format} if options.format else {}
    with archive.running("import", {"paths": paths, **stated}, lambda: dict(progress.counts)) as run:
        progress.run = run.id
        try:
            saver = _ThreadSaver(archive, run, sources, progress)
            imported = ImportedDocuments(archive, progress.counts)
            cutter = Cutter(sources, progress, report, imported)
            with closing(parse_chunks(cutter.chunks(names), Workers.of(workers))) as results:
                saver.save_all(results)
            for path in cutter.archives:
                _merge_rest(archive, run, path, (add_failed_visits, *merges), progress)
        finally:
            progress.kept = sources.remove_needless(archive)
    progress.done = progress.size or progress.done  # what lies behind the last document is read, too
    report(progress)
    is_nothing = bool(progress.errors) and not (saver.saved or progress.counts["empty"] or progress.counts["unchanged"])
    archive.end_run(run, "failed" if is_nothing else "done", dict(progress.counts))
    return progress


def parse_chunks(
    chunks: Iterable[Sequence[Item]], workers: Workers
) -> Generator[tuple[Sequence[Item], list[Result]], None, None]:
    """Yield each chunk of documents with their threads, in order, as workers parse them."""
    return run_in_order(parse_documents, chunks, workers, lost_document, preload="archive.flags.loaded")


def _merge_rest(archive: Archive, run: Run, path: str, merges: Sequence[Merge], progress: ImportProgress) -> None:
    """Add what another archive holds beside what each visit found: it needs the threads, which are saved first."""
    try:
        with opened(path, Options(format=own_archive.NAME)) as (_, source, _), own_archive.opened(source) as other:
            for merge in merges:
                progress.counts.update(merge(archive, run, other))
    except BadDocument as error:
        progress.add_error(error)
    except (OSError, EOFError, ValueError, DatabaseError, sqlite3.Error) as error:
        progress.add_error(unreadable(path, error))


class Cutter:
    """Cuts files into documents, leaves out those that are imported already, and gathers the others to chunks.

    `archives` are the files among them that are archives of btl, or copies that are kept of those.
    """

    def __init__(
        self, sources: Sources, progress: ImportProgress, report: Report, imported: ImportedDocuments | None = None
    ) -> None:
        self.sources, self.progress, self.report, self.imported = sources, progress, report, imported
        self.archives: list[str] = []

    def chunks(self, paths: list[str]) -> Iterator[list[Item]]:
        """Yield the documents that are new, in order, a chunk of them at a time."""
        items: list[Item] = []
        size = 0
        for item in self._items(paths):
            items.append(item)
            size += len(item[1].raw)
            if size >= CHUNK_BYTES or len(items) >= CHUNK_DOCUMENTS:
                yield from self._new(items)
                items, size = [], 0
        yield from self._new(items)

    def _new(self, items: list[Item]) -> Iterator[list[Item]]:
        new = self.imported.leave_out(items) if self.imported else items
        self.report(self.progress)
        if new:
            yield new

    def _items(self, paths: list[str]) -> Iterator[Item]:
        for path in paths:
            try:
                yield from self._items_of(path)
            except BadDocument as error:
                self.progress.add_error(error)
            except Exception as error:  # noqa: BLE001 a decompressor's errors have no common base
                self.progress.add_error(unreadable(path, error))

    def _items_of(self, path: str) -> Iterator[Item]:
        progress, before = self.progress, self.progress.done
        with self.sources.opened(path) as (importer, source, position):
            for document in importer.documents(source):
                if isinstance(document, BadDocument):
                    progress.add_error(document)
                    continue
                progress.done = before + position()
                progress.counts["documents"] += 1
                if document.mapping is not None and document.file not in progress.mappings:
                    progress.mappings[document.file] = as_table(document.mapping)
                yield importer.__name__, document
            if importer.NAME == own_archive.NAME:
                self.archives.append(str(self.sources.kept.get(source.name, path)))
            progress.remarks += [f"{source.name}: {remark}" for remark in source.remarks]


class _ThreadSaver:
    """Saves what was parsed, in transactions of bounded size; `saved` is how many threads could be."""

    def __init__(self, archive: Archive, run: Run, sources: Sources, progress: ImportProgress) -> None:
        self.archive, self.run, self.sources, self.progress = archive, run, sources, progress
        self.saved = self._mappings_noted = 0

    def save_all(self, results: Iterator[tuple[object, list[Thread | BadDocument]]]) -> None:
        """Save the threads of all results."""
        batch: list[Thread] = []
        for _, parsed in results:
            for result in parsed:
                if isinstance(result, BadDocument):
                    self.progress.add_error(result)
                else:
                    batch.append(result)
            if len(batch) >= BATCH_THREADS or sum(len(thread.comments) for thread in batch) >= BATCH_COMMENTS:
                self._save(batch)
                batch = []
        self._save(batch)

    def _save(self, batch: list[Thread]) -> None:
        if not batch:
            return
        self._note_mappings()
        names = {file: self.sources.stored_name(file) for thread in batch if (file := thread.capture.file)}
        named = [replace(t, capture=replace(t.capture, file=names.get(t.capture.file or ""))) for t in batch]
        saved = self.archive.save(named, self.run)
        self.progress.counts.update(saved.counts)
        for thread in batch:
            count_capture(self.progress.counts, thread.capture)
        typed = {name: file for file, name in names.items()}
        for thread, reason in saved.failures:
            file = typed.get(thread.capture.file or "") or thread.capture.url or "?"
            location = f"{file}:{thread.capture.line}" if thread.capture.line else file
            self.progress.add_error(BadDocument(location, reason))
        self.saved += len(batch) - len(saved.failures)
        give_back_memory()

    def _note_mappings(self) -> None:
        if len(self.progress.mappings) > self._mappings_noted:
            self._mappings_noted = len(self.progress.mappings)
            by_name = {self.sources.stored_name(file): mapping for file, mapping in self.progress.mappings.items()}
            self.archive.note_setting(self.run, "mappings", by_name)
