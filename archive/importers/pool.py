"""Import files: cut them into documents, parse those in worker processes, save the threads batch by batch."""

import multiprocessing
import os
import pickle
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from archive.importers import choose_importer
from archive.importers.base import (
    GROUPED,
    HEAD_LENGTH,
    BadDocument,
    Document,
    EmptyDocument,
    Importer,
    Options,
    Probe,
    Source,
)
from archive.importers.documents import LEFT_OUT
from archive.importers.files import STANDARD_INPUT, files, open_file
from archive.importers.keep import keep_content
from archive.importers.tables.mapping import as_table
from archive.importers.worker import Chunk, lower_priority, parse_chunk, pickled_chunk
from archive.store.archive import Archive, Run
from archive.store.files import stored_name
from archive.store.paths import kept_folder
from archive.store.processes import interrupts_blocked
from archive.thread import Thread

if TYPE_CHECKING:
    from io import BufferedReader

# What a worker is given at a time: enough to be worth the trip to another process.
CHUNK_BYTES = 1 << 18
CHUNK_DOCUMENTS = 100
# One transaction each.
BATCH_COMMENTS = 10_000
ROW_COUNTS = ("rows", "rows_merged", "rows_empty")
BATCH_THREADS = 2_000
# An import of fewer chunks is over before a worker would have started.
CHUNKS_WITHOUT_WORKERS = 2
# Bounds memory: so many chunks are in work or waiting to be saved.
CHUNKS_A_WORKER = 8
NAMED = "select 1 from captures where warc_file = ? limit 1"
Result = list[Thread | BadDocument]
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


def import_files(
    archive: Archive,
    paths: list[str],
    *,
    workers: int | None = None,
    keep: bool = False,
    options: Options = NO_OPTIONS,
    report: Callable[[ImportProgress], None] = lambda _: None,
    progress: ImportProgress | None = None,
) -> ImportProgress:
    """Import files and folders as one run. A document that cannot be read is an error, and the others are saved.

    What standard input holds, and with `keep` every file, is kept beside the archive. `progress` is filled in also
    where an import fails or is stopped.
    """
    progress = progress or ImportProgress()
    keeper = _Sources(archive.path, keep=keep)
    sources = list(files(paths, but=archive.path, passed_over=progress.passed_over))
    progress.size = _size(sources)
    if progress.passed_over:
        progress.counts["files_passed_over"] = len(progress.passed_over)
    if workers is None:
        workers = min(2, os.cpu_count() or 1)
    stated = {"format": options.format} if options.format else {}
    run = archive.begin_run("import", {"paths": paths, **stated})
    progress.run = run.id
    with archive.ending(run, lambda: dict(progress.counts)):
        try:
            saved = _import_sources(archive, run, sources, progress, keeper, workers, options, report)
        finally:
            progress.kept = keeper.remove_needless(archive)
    nothing = bool(progress.errors) and not (saved or progress.counts["empty"])
    archive.end_run(run, "failed" if nothing else "done", dict(progress.counts))
    return progress


def _import_sources(
    archive: Archive,
    run: Run,
    sources: list[str],
    progress: ImportProgress,
    keeper: "_Sources",
    workers: int,
    options: Options,
    report: Callable[[ImportProgress], None],
) -> int:
    """Parse and save what the sources hold; return the number of threads that were read."""
    batch: list[Thread] = []
    number = 0
    for results in _parse_in_order(_chunks(sources, progress, keeper, options), workers):
        for result in results:
            if isinstance(result, EmptyDocument):
                progress.counts["empty"] += 1
                progress.counts.update({name: result.rows for name in ("rows", "rows_empty") if result.rows})
            elif isinstance(result, BadDocument):
                _add_error(progress, result)
            else:
                batch.append(result)
        if len(batch) >= BATCH_THREADS or sum(len(thread.comments) for thread in batch) >= BATCH_COMMENTS:
            number += _save(archive, run, batch, progress, keeper)
            batch = []
        report(progress)
    number += _save(archive, run, batch, progress, keeper)
    progress.done = progress.size or progress.done  # what lies behind the last document is read, too
    report(progress)
    return number


class _Sources:
    """The files that are read: copies of those that are kept, and what captures call each."""

    def __init__(self, archive: Path, *, keep: bool) -> None:
        self.archive, self.keep = archive, keep
        self.kept: dict[str, Path] = {}
        self.mappings_noted = 0
        self.stored_name = lru_cache(1024)(self._stored_name)

    @contextmanager
    def open_content(self, path: str, label: str, file: BinaryIO) -> Iterator[BinaryIO]:
        """Yield what an open file holds, from a copy that is kept where it must not be lost."""
        if not self.is_kept(path):
            yield file
            return
        self.kept[label] = keep_content(kept_folder(self.archive), file, Path(label).name)
        with open_file(str(self.kept[label])) as (copy, _):
            yield copy

    def is_kept(self, path: str) -> bool:
        """Whether a copy of a file is kept."""
        return self.keep or path == STANDARD_INPUT

    def remove_needless(self, archive: Archive) -> list[Path]:
        """Delete the copies that no capture names, since the archive had their documents; return the others."""
        for label, path in list(self.kept.items()):
            if not archive.read(NAMED, (self.stored_name(label),)):
                path.unlink()
                del self.kept[label]
        return list(self.kept.values())

    def _stored_name(self, label: str) -> str:
        if label not in self.kept and Path(label).is_absolute():
            return label  # as it was typed
        return stored_name(self.archive, self.kept.get(label) or Path(label))


def _save(archive: Archive, run: Run, batch: list[Thread], progress: ImportProgress, sources: _Sources) -> int:
    """Save threads; return how many of them could be."""
    if not batch:
        return 0
    if len(progress.mappings) > sources.mappings_noted:
        sources.mappings_noted = len(progress.mappings)
        mappings = {sources.stored_name(file): mapping for file, mapping in progress.mappings.items()}
        archive.note_setting(run, "mappings", mappings)
    names = {file: sources.stored_name(file) for thread in batch if (file := thread.capture.file)}
    named = [replace(t, capture=replace(t.capture, file=names.get(t.capture.file or ""))) for t in batch]
    saved = archive.save(named, run)
    progress.counts.update(saved.counts)
    if left_out := sum(len((thread.capture.metadata or {}).get(LEFT_OUT, ())) for thread in batch):
        progress.counts["personal_left_out"] += left_out
    for thread in batch:
        if (thread.capture.media_type or "").endswith(GROUPED):
            counts = thread.capture.metadata or {}
            progress.counts.update({name: counts[name] for name in ROW_COUNTS if counts.get(name)})
    typed = {name: file for file, name in names.items()}
    for thread, reason in saved.failures:
        file = typed.get(thread.capture.file or "") or thread.capture.url or "?"
        location = f"{file}:{thread.capture.line}" if thread.capture.line else file
        _add_error(progress, BadDocument(location, reason))
    return len(batch) - len(saved.failures)


def _add_error(progress: ImportProgress, error: BadDocument) -> None:
    progress.errors.append(error)
    progress.counts["errors"] += 1


def _chunks(paths: list[str], progress: ImportProgress, sources: _Sources, options: Options) -> Iterator[Chunk]:
    """Yield documents in order, gathered to chunks of one format."""
    documents: list[Document] = []
    size, name = 0, ""
    for importer, document in _documents(paths, progress, sources, options):
        full = size >= CHUNK_BYTES or len(documents) >= CHUNK_DOCUMENTS
        if documents and (full or importer != name):
            yield Chunk(name, documents)
            documents, size = [], 0
        name = importer
        documents.append(document)
        size += len(document.raw)
        progress.counts["documents"] += 1
    if documents:
        yield Chunk(name, documents)


def _size(paths: list[str]) -> int | None:
    if STANDARD_INPUT in paths:
        return None
    return sum(Path(path).stat().st_size for path in paths if Path(path).is_file())


def _documents(
    paths: list[str], progress: ImportProgress, sources: _Sources, options: Options
) -> Iterator[tuple[str, Document]]:
    for path in paths:
        before = progress.done
        try:
            with (
                _opened(path, options) as (importer, source, position),
                sources.open_content(path, source.name, source.file) as content,
            ):
                for document in importer.documents(replace(source, file=content, is_kept=sources.is_kept(path))):
                    if isinstance(document, EmptyDocument):
                        progress.counts["empty"] += 1
                    elif isinstance(document, BadDocument):
                        _add_error(progress, document)
                    else:
                        progress.done = before + position()
                        if document.mapping is not None and document.file not in progress.mappings:
                            progress.mappings[document.file] = as_table(document.mapping)
                        yield importer.__name__, document
                progress.remarks += [f"{source.name}: {remark}" for remark in source.remarks]
        except BadDocument as error:
            _add_error(progress, error)
        except Exception as error:  # noqa: BLE001 a decompressor's errors have no common base
            _add_error(progress, BadDocument(path, f"{getattr(error, 'strerror', None) or error}"))


@contextmanager
def _opened(path: str, options: Options) -> Iterator[tuple[Importer, Source, Callable[[], int]]]:
    """Open a file, with the importer that reads it. Raises BadDocument where none does."""
    with open_file(path) as (file, position):
        head = cast("BufferedReader", file).peek(HEAD_LENGTH)[:HEAD_LENGTH]
        is_pipe = path == STANDARD_INPUT
        name = "standard input" if is_pipe else path
        importer = choose_importer(Probe(head, name), options.format)
        yield importer, Source(file, name, None if is_pipe else Path(path), options), position


def open_sources(paths: list[str], options: Options) -> Iterator[tuple[Importer, Source] | BadDocument]:
    """Yield each file, open while it is looked at, with its importer; BadDocument where none reads it."""
    for path in files(paths):
        try:
            with _opened(path, options) as (importer, source, _):
                yield importer, source
        except BadDocument as error:
            yield error
        except Exception as error:  # noqa: BLE001 a decompressor's errors have no common base
            yield BadDocument(path, f"{getattr(error, 'strerror', None) or error}")


def _parse_in_order(chunks: Iterator[Chunk], workers: int) -> Iterator[Result]:
    """Yield results in the order of the chunks; start workers only where there is enough for them to do."""
    for _, chunk in zip(range(CHUNKS_WITHOUT_WORKERS), chunks, strict=False):
        yield parse_chunk(chunk)
    first = next(chunks, None)
    if first is None:
        return
    rest = chain([first], chunks)
    if workers:
        with _Pool(workers) as pool:
            yield from pool.run(rest)
    yield from map(parse_chunk, rest)


class _Pool:
    """Worker processes with a bounded number of chunks in work; a document that kills its worker is an error."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.executor = _executor(workers)

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *exception: object) -> None:
        self.executor.shutdown(wait=True, cancel_futures=True)

    def run(self, chunks: Iterator[Chunk]) -> Iterator[Result]:
        """Yield results in the order of the chunks.

        Reads chunks itself until the first worker has started, and leaves them all where none can be started, as from
        a script that stands on standard input.
        """
        with interrupts_blocked():
            started = [self.executor.submit(int) for _ in range(self.workers)]
        yield from self._until_started(started, chunks)
        if any(future.done() and future.exception() for future in started):
            return
        submitted: deque[tuple[Chunk, Future[bytes]]] = deque()
        for chunk in chunks:
            submitted.append((chunk, self._submit(chunk)))
            if len(submitted) >= self.workers * CHUNKS_A_WORKER:
                yield self._result(*submitted.popleft())
        while submitted:
            yield self._result(*submitted.popleft())

    def _until_started(self, started: "list[Future[int]]", chunks: Iterator[Chunk]) -> Iterator[Result]:
        while not any(future.done() for future in started):
            if (chunk := next(chunks, None)) is None:
                return
            yield parse_chunk(chunk)

    def _submit(self, chunk: Chunk) -> Future[bytes]:
        with interrupts_blocked():
            try:
                return self.executor.submit(pickled_chunk, chunk)
            except BrokenProcessPool:
                self.executor = _executor(self.workers)
                return self.executor.submit(pickled_chunk, chunk)

    def _result(self, chunk: Chunk, future: Future[bytes]) -> Result:
        try:
            return _unpickled(future.result())
        except BrokenProcessPool:
            return list(self._parse_singly(chunk))

    def _parse_singly(self, chunk: Chunk) -> Iterator[Thread | BadDocument]:
        """Parse each document by itself, to tell which of them kills its process."""
        executor = _executor(1)
        for document in chunk.documents:
            try:
                with interrupts_blocked():
                    future = executor.submit(pickled_chunk, Chunk(chunk.importer, [document]))
                yield _unpickled(future.result())[0]
            except BrokenProcessPool:
                yield BadDocument(document.location, "reading it ended the process that read it")
                executor = _executor(1)
        executor.shutdown()


def _unpickled(results: bytes) -> Result:
    unpickled: Result = pickle.loads(results)  # noqa: S301 our own worker's
    return unpickled


def _executor(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=lower_priority)
