"""An import run: files are cut into documents, worker processes read them, one writer saves them batch by batch."""

import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from archive.importers import HEAD_LENGTH, BadDocument, Document, Importer, importer_for
from archive.importers._files import STANDARD_INPUT, files, open_file
from archive.store import Archive, Run
from archive.thread import Thread

CHUNK_BYTES = 1 << 19
CHUNK_DOCUMENTS = 200
BATCH_COMMENTS = 10_000
BATCH_THREADS = 2_000
CHUNKS_WITHOUT_WORKERS = 2
CHUNKS_A_WORKER = 2


@dataclass(slots=True)
class Progress:
    """What a run did so far: `done` bytes of `size` bytes on disk; `size` is None where that is not known."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[BadDocument] = field(default_factory=list)
    size: int | None = None
    done: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents of one format, read by one worker in one go."""

    importer: str
    documents: list[Document]


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
    return bytes(file.peek(HEAD_LENGTH)[:HEAD_LENGTH])


def parse_chunk(chunk: Chunk) -> list[Thread | BadDocument]:
    """What a worker does. An error of the parser itself is that document's error."""
    importer: Importer = import_module(chunk.importer)  # type: ignore[assignment]
    results: list[Thread | BadDocument] = []
    for document in chunk.documents:
        try:
            results.append(importer.parse(document))
        except BadDocument as error:
            results.append(error)
        except Exception as error:  # noqa: BLE001 one document must not stop the others
            results.append(BadDocument(document.place, f"{type(error).__name__}: {error}"))
    return results


def _parsed(chunks: Iterable[Chunk], progress: Progress, workers: int) -> Iterator[list[Thread]]:
    for results in _in_order(chunks, workers):
        threads = [result for result in results if isinstance(result, Thread)]
        for result in results:
            if isinstance(result, BadDocument):
                _fail(progress, result)
        yield threads


def _in_order(chunks: Iterable[Chunk], workers: int) -> Iterator[list[Thread | BadDocument]]:
    """Results in the order of the chunks; workers are started only where there is enough for them to do."""
    pending = iter(chunks)
    for _, chunk in zip(range(CHUNKS_WITHOUT_WORKERS), pending, strict=False):
        yield parse_chunk(chunk)
    first = next(pending, None)
    if first is None:
        return
    if workers < 1 or not workers_start():
        yield parse_chunk(first)
        yield from map(parse_chunk, pending)
        return
    with _Pool(workers) as pool:
        yield from pool.run(first, pending)


def workers_start() -> bool:
    """Whether processes can be started from here: not so in an interactive session or from a script on standard input."""
    try:
        with _executor(1) as executor:
            return executor.submit(bool, True).result()
    except BrokenProcessPool:
        return False


def _executor(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


class _Pool:
    """Worker processes with a bounded number of chunks under way; a document that kills its worker is an error."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.executor = _executor(workers)

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *exception: object) -> None:
        self.executor.shutdown(wait=True, cancel_futures=True)

    def run(self, first: Chunk, rest: Iterator[Chunk]) -> Iterator[list[Thread | BadDocument]]:
        under_way: deque[tuple[Chunk, Future[list[Thread | BadDocument]]]] = deque()
        under_way.append((first, self.executor.submit(parse_chunk, first)))
        for chunk in rest:
            under_way.append((chunk, self._submit(chunk)))
            if len(under_way) >= self.workers * CHUNKS_A_WORKER:
                yield self._result(*under_way.popleft())
        while under_way:
            yield self._result(*under_way.popleft())

    def _submit(self, chunk: Chunk) -> "Future[list[Thread | BadDocument]]":
        try:
            return self.executor.submit(parse_chunk, chunk)
        except BrokenProcessPool:
            self.executor = _executor(self.workers)
            return self.executor.submit(parse_chunk, chunk)

    def _result(self, chunk: Chunk, future: "Future[list[Thread | BadDocument]]") -> list[Thread | BadDocument]:
        try:
            return future.result()
        except BrokenProcessPool:
            return list(self._one_by_one(chunk))

    def _one_by_one(self, chunk: Chunk) -> Iterator[Thread | BadDocument]:
        executor = _executor(1)
        for document in chunk.documents:
            try:
                yield executor.submit(parse_chunk, Chunk(chunk.importer, [document])).result()[0]
            except BrokenProcessPool:
                yield BadDocument(document.place, "reading it ended the process that read it")
                executor = _executor(1)
        executor.shutdown()
