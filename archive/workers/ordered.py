"""Run a function over chunks of items, in order: a few at a time, an item that kills its worker at its own cost."""

import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, suppress
from itertools import chain, islice
from types import TracebackType
from typing import Generic, TypeVar

from archive.workers.executors import Workers
from archive.workers.processes import ended_after, interrupts_blocked

Item = TypeVar("Item")
Result = TypeVar("Result")
# A run of fewer chunks is over before a worker would have started.
CHUNKS_WITHOUT_WORKERS = 2
# Bounds memory: so many chunks are in work or waiting to be taken, and no more once they are of so many bytes.
CHUNKS_A_WORKER = 8
MOST_BYTES = 128 << 20
# What a chunk may take, or an item by itself after its chunk was lost.
TIMEOUT_S = 300.0
ENDED = f"reading it took {TIMEOUT_S:.0f} seconds, or ended the process that read it"
Function = Callable[[Sequence[Item]], list[Result]]
Failed = Callable[[Item, str], Result]


def gather(items: Iterable[Item], size: Callable[[Item], int], *, most: int, number: int) -> Iterator[list[Item]]:
    """Gather items to chunks that are worth a trip to another process: of `number` of them, or of the size `most`."""
    chunk: list[Item] = []
    total = 0
    for item in items:
        chunk.append(item)
        total += size(item)
        if total >= most or len(chunk) >= number:
            yield chunk
            chunk, total = [], 0
    if chunk:
        yield chunk


def run_in_order(
    function: Function[Item, Result],
    chunks: Iterable[Sequence[Item]],
    workers: Workers,
    failed: Failed[Item, Result],
    *,
    without_workers: int | None = None,
    preload: str | None = None,
    size: Callable[[Sequence[Item]], int] | None = None,
) -> Generator[tuple[Sequence[Item], list[Result]], None, None]:
    """Yield each chunk with the results of its items, in order. `failed` is the result of an item that has none.

    `function` is of a module, so that other processes find it; it takes a chunk and has a result for each item. No
    worker is started for `without_workers` chunks or fewer: this process then does them, and else not one. `preload` is
    a module that loads what workers of this machine can share. `size` says how many bytes a chunk holds, where an item
    may hold many.
    """
    chunks = iter(chunks)
    most = CHUNKS_WITHOUT_WORKERS if without_workers is None else without_workers
    first = list(islice(chunks, most + 1))
    if len(first) <= most or not workers.count:
        for chunk in chain(first, chunks):
            yield chunk, function(chunk)
        return
    with _Run(function, workers, failed, preload) as run:
        yield from run.results(chain(first, chunks), size or _no_bytes)


def _no_bytes(_: object) -> int:
    return 0


class _Run(Generic[Item, Result]):
    """The chunks that are in work, and the executor that works on them: a new one where its workers died."""

    def __init__(
        self,
        function: Function[Item, Result],
        workers: Workers,
        failed: Failed[Item, Result],
        preload: str | None,
    ) -> None:
        self.function, self.workers, self.failed, self.preload = function, workers, failed, preload
        self._stack = ExitStack()  # closes the executor
        self._executor: Executor | None = None
        self._has_started = False
        self._is_alone = False  # no process can be started: this one does it all

    def __enter__(self) -> "_Run[Item, Result]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def results(
        self, chunks: Iterable[Sequence[Item]], size: Callable[[Sequence[Item]], int]
    ) -> Iterator[tuple[Sequence[Item], list[Result]]]:
        """Yield the results of chunks, of which a bounded number is read ahead."""
        submitted: deque[tuple[Sequence[Item], Future[bytes] | None, Executor | None]] = deque()
        waiting = 0
        for chunk in chunks:
            submitted.append((chunk, self._submit(chunk), self._executor))
            waiting += size(chunk)
            while submitted and (len(submitted) >= self.workers.count * CHUNKS_A_WORKER or waiting > MOST_BYTES):
                waiting -= size(submitted[0][0])
                yield self._result(*submitted.popleft())
        while submitted:
            yield self._result(*submitted.popleft())

    def _submit(self, chunk: Sequence[Item]) -> Future[bytes] | None:
        """Return None where the executor has broken down: the chunk is then done when its turn comes."""
        if self._is_alone:
            return None
        if self._executor is None:
            self._executor = self._stack.enter_context(self.workers.executor(preload=self.preload))
        try:
            return _submit(self._executor, self.function, chunk)
        except self.workers.deaths:
            return None

    def _result(
        self, chunk: Sequence[Item], future: Future[bytes] | None, executor: Executor | None
    ) -> tuple[Sequence[Item], list[Result]]:
        with suppress(*self.workers.deaths):
            if future is not None:
                results: list[Result] = pickle.loads(future.result())  # noqa: S301 our own worker's
                self._has_started = True
                return chunk, results
        if not self.workers.is_lasting and executor is self._executor:  # also where it broke down between two chunks
            self._executor = None
            self._stack.close()
        if not (self._has_started or self._is_alone):
            self._is_alone = not self.workers.can_start()
            self._has_started = not self._is_alone
        return chunk, self.function(chunk) if self._is_alone else list(self._run_singly(chunk))

    def _run_singly(self, chunk: Sequence[Item]) -> Iterator[Result]:
        """Do each item by itself, to tell which of them ends its process."""
        items = deque(chunk)
        while items:
            with self.workers.executor(1, preload=self.preload) as executor:
                try:
                    while items:
                        yield pickle.loads(_submit(executor, self.function, [items[0]]).result())[0]  # noqa: S301
                        items.popleft()
                except self.workers.deaths:
                    yield self.failed(items.popleft(), ENDED)


def _submit(executor: Executor, function: Function[Item, Result], chunk: Sequence[Item]) -> Future[bytes]:
    with interrupts_blocked():
        return executor.submit(pickled_results, function, chunk, TIMEOUT_S)


def pickled_results(function: Function[Item, Result], chunk: Sequence[Item], timeout_s: float) -> bytes:
    """Return the results of a chunk, pickled: who waits for them unpickles, not a thread of the executor."""
    with ended_after(timeout_s):
        return pickle.dumps(function(chunk), pickle.HIGHEST_PROTOCOL)
