"""Has pages read in processes beside the crawl, which fetches for them what their platforms ask for."""

import asyncio
import multiprocessing
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count

from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.parse_page import MOST_SECONDS, Failed, Found, Step, begin, step

MOST_PROCESSES = 3
WAITING = 4


class Unreadable(Exception):
    """A page that could not be read, and why."""


class _Process:
    """One process that keeps the readings which it has begun."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.executor = ProcessPoolExecutor(1, mp_context=context, initializer=begin)
        self.busy = 0

    async def step(self, number: int, kind: str, answers: list[Page | FetchFailed]) -> Step:
        return await asyncio.wrap_future(self.executor.submit(step, number, kind, answers))


class Reader:
    """One process, and more of them, up to the number of processors, while pages have to wait."""

    def __init__(self) -> None:
        self.processes = [_Process()]
        self.most = min(MOST_PROCESSES, os.cpu_count() or 1)
        self.alone = asyncio.Lock()
        self.numbers = count(1)
        self.processes[0].executor.submit(int)  # starts it, while the crawl starts too

    def close(self) -> None:
        for process in self.processes:
            process.executor.shutdown(wait=False, cancel_futures=True)

    async def read(self, page: Page, kind: str, fetch: Callable[[Fetch], Awaitable[Page]]) -> Found:
        """Reads a page; `fetch` raises FetchFailed where it has none. Raises Unreadable."""
        process = min(self.processes, key=lambda each: each.busy)
        if process.busy >= WAITING and len(self.processes) < self.most:
            process = _Process()
            self.processes.append(process)
        process.busy += 1
        answers: list[Page | FetchFailed] = [page]
        try:
            return await self._read(process, kind, answers, fetch)
        except BrokenProcessPool:
            self._replace(process)
            return await self._read_alone(kind, answers, fetch)
        finally:
            process.busy -= 1

    async def _read(
        self, process: _Process, kind: str, answers: list[Page | FetchFailed], fetch: Callable[[Fetch], Awaitable[Page]]
    ) -> Found:
        number, asked = next(self.numbers), 0
        while True:
            found = await process.step(number, kind, answers[asked:])
            if isinstance(found, Failed):
                raise Unreadable(found.reason)
            if isinstance(found, Found):
                return found
            asked = len(answers)
            try:
                answers.append(await fetch(found))
            except FetchFailed as failure:
                answers.append(failure)

    def _replace(self, broken: _Process) -> None:
        if broken in self.processes:
            self.processes[self.processes.index(broken)] = _Process()
            broken.executor.shutdown(wait=False)

    async def _read_alone(
        self, kind: str, answers: list[Page | FetchFailed], fetch: Callable[[Fetch], Awaitable[Page]]
    ) -> Found:
        """Again from what was fetched so far, so that it shows which of several pages ended their process."""
        async with self.alone:
            process = _Process()
            try:
                return await self._read(process, kind, answers, fetch)
            except BrokenProcessPool as broken:
                raise Unreadable(
                    f"reading it took {MOST_SECONDS} seconds, or ended the process that read it"
                ) from broken
            finally:
                process.executor.shutdown(wait=False, cancel_futures=True)
