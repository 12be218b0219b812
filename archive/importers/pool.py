"""An import run: files are cut into documents, worker processes read them, one writer saves them batch by batch."""

import multiprocessing
import os
import pickle
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from archive.importers import importer_for
from archive.importers.base import HEAD_LENGTH, BadDocument, Document
from archive.importers.files import STANDARD_INPUT, files, open_file
from archive.importers.worker import Chunk, begin, packed, parse_chunk
from archive.store.archive import Archive, Run
from archive.thread import Thread

if TYPE_CHECKING:
    from io import BufferedReader

CHUNK_BYTES = 1 << 18
CHUNK_DOCUMENTS = 100
BATCH_COMMENTS = 10_000
BATCH_THREADS = 2_000
CHUNKS_WITHOUT_WORKERS = 2
CHUNKS_A_WORKER = 8
Result = list[Thread | BadDocument]


@dataclass(slots=True)
class Progress:
    """What a run did so far: `done` bytes of `size` bytes on disk; `size` is None where that is not known."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[BadDocument] = field(default_factory=list)
    size: int | None = None
    done: int = 0


def import_files(
    archive: Archive, paths: list[str], *, workers: int | None = None, report: Callable[[Progress], None] | None = None
) -> Progress:
    """Imports files and folders into the archive as one run. A document that cannot be read is an error of the run's
    Progress, and the others are saved."""
    found = list(files(paths, but=archive.path))
    progress, tell = Progress(size=_size(found)), report or (lambda _: None)
    run = archive.begin_run("import", {"paths": paths})
    batch: list[Thread] = []
    for chunk_threads in _parsed(_chunks(found, progress), progress, _workers(workers)):
        batch += chunk_threads
        if len(batch) >= BATCH_THREADS or sum(len(t.comments) for t in batch) >= BATCH_COMMENTS:
            _save(archive, run, batch, progress)
            batch = []
        tell(progress)
    _save(archive, run, batch, progress)
    tell(progress)
    archive.end_run(run, "failed" if progress.errors else "done", dict(progress.counts))
    return progress


def _workers(wanted: int | None) -> int:
    return min(2, (os.cpu_count() or 1)) if wanted is None else wanted


def _save(archive: Archive, run: Run, batch: list[Thread], progress: Progress) -> None:
    if not batch:
        return
    saved = archive.save(batch, run)
    progress.counts.update(saved.counts)
    for thread, reason in saved.failures:
        place = thread.capture.file or thread.capture.url or "?"
        _fail(progress, BadDocument(f"{place}:{thread.capture.line}" if thread.capture.line else place, reason))


def _fail(progress: Progress, error: BadDocument) -> None:
    progress.errors.append(error)
    progress.counts["errors"] += 1


def _chunks(paths: list[str], progress: Progress) -> Iterator[Chunk]:
    """Documents in order, gathered to chunks that are worth the way to a worker."""
    documents: list[Document] = []
    size, name = 0, ""
    for importer, document in _documents(paths, progress):
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


def _documents(paths: list[str], progress: Progress) -> Iterator[tuple[str, Document]]:
    for path in paths:
        before = progress.done
        try:
            with open_file(path) as (file, position):
                importer = importer_for(_peek(file))
                if importer is None:
                    _fail(progress, BadDocument(path, "no importer knows this format"))
                    continue
                for document in importer.documents(file, "standard input" if path == STANDARD_INPUT else path):
                    if isinstance(document, BadDocument):
                        _fail(progress, document)
                    else:
                        progress.done = before + position()
                        yield importer.__name__, document
        except Exception as error:  # noqa: BLE001 a decompressor's errors have no common base
            _fail(progress, BadDocument(path, f"{getattr(error, 'strerror', None) or error}"))


def _peek(file: BinaryIO) -> bytes:
    return cast("BufferedReader", file).peek(HEAD_LENGTH)[:HEAD_LENGTH]


def _parsed(chunks: Iterable[Chunk], progress: Progress, workers: int) -> Iterator[list[Thread]]:
    for results in _in_order(chunks, workers):
        threads = [result for result in results if isinstance(result, Thread)]
        for result in results:
            if isinstance(result, BadDocument):
                _fail(progress, result)
        yield threads


def _in_order(chunks: Iterable[Chunk], workers: int) -> Iterator[Result]:
    """Results in the order of the chunks; workers are started only where there is enough for them to do."""
    pending = iter(chunks)
    for _, chunk in zip(range(CHUNKS_WITHOUT_WORKERS), pending, strict=False):
        yield parse_chunk(chunk)
    first = next(pending, None)
    if first is None:
        return
    rest = chain([first], pending)
    if workers:
        with _Pool(workers) as pool:
            yield from pool.run(rest)
    yield from map(parse_chunk, rest)


class _Pool:
    """Worker processes with a bounded number of chunks under way; a document that kills its worker is an error."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.executor = _executor(workers)

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *exception: object) -> None:
        self.executor.shutdown(wait=True, cancel_futures=True)

    def run(self, chunks: Iterator[Chunk]) -> Iterator[Result]:
        """The results in the order of the chunks. Reads chunks itself until the first worker is there; leaves them all
        where none can be started, as from a script that stands on standard input."""
        started = [self.executor.submit(int) for _ in range(self.workers)]
        yield from self._until_started(started, chunks)
        if any(future.done() and future.exception() for future in started):
            return
        under_way: deque[tuple[Chunk, Future[bytes]]] = deque()
        for chunk in chunks:
            under_way.append((chunk, self._submit(chunk)))
            if len(under_way) >= self.workers * CHUNKS_A_WORKER:
                yield self._result(*under_way.popleft())
        while under_way:
            yield self._result(*under_way.popleft())

    def _until_started(self, started: "list[Future[int]]", chunks: Iterator[Chunk]) -> Iterator[Result]:
        while not any(future.done() for future in started):
            if (chunk := next(chunks, None)) is None:
                return
            yield parse_chunk(chunk)

    def _submit(self, chunk: Chunk) -> Future[bytes]:
        try:
            return self.executor.submit(packed, chunk)
        except BrokenProcessPool:
            self.executor = _executor(self.workers)
            return self.executor.submit(packed, chunk)

    def _result(self, chunk: Chunk, future: Future[bytes]) -> Result:
        try:
            return _unpacked(future.result())
        except BrokenProcessPool:
            return list(self._one_by_one(chunk))

    def _one_by_one(self, chunk: Chunk) -> Iterator[Thread | BadDocument]:
        executor = _executor(1)
        for document in chunk.documents:
            try:
                yield _unpacked(executor.submit(packed, Chunk(chunk.importer, [document])).result())[0]
            except BrokenProcessPool:
                yield BadDocument(document.place, "reading it ended the process that read it")
                executor = _executor(1)
        executor.shutdown()


def _unpacked(results: bytes) -> Result:
    unpacked: Result = pickle.loads(results)  # noqa: S301 our own worker's
    return unpacked


def _executor(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=begin)
