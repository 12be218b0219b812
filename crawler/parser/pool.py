"""Parse pages in processes beside the crawl, and fetch for them what their platforms request."""

import asyncio
import multiprocessing
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from archive.workers.processes import interrupts_blocked
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.parser.process import TIMEOUT_S, ParsedPage, ParseFailed, Step, serve

MAX_PROCESSES = 3
PAGES_PER_PROCESS = 4  # with more in hand, another process is started
FetchPage = Callable[[Fetch], Awaitable[Page]]


class PageUnreadable(Exception):
    """A page that could not be parsed, and why; `refused` as in ParseFailed."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class _ProcessDied(Exception):
    """The process ended while it had pages in hand."""


class _ParserProcess:
    """A process that runs `parse_page.serve`, and the thread that waits for its replies."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy Twisted's threads and locks
        self.connection, other_end = context.Pipe()
        self.process = context.Process(target=serve, args=(other_end,), daemon=True)
        with interrupts_blocked():  # Ctrl-C ends the crawl, which then ends its processes
            self.process.start()
        other_end.close()  # else the pipe would not break when the process ends
        self.thread = ThreadPoolExecutor(1)
        self.pages = 0

    async def advance(self, number: int, kind: str, responses: list[Page | FetchFailed]) -> Step:
        """Send responses to a visit and return its next step. Raise _ProcessDied."""
        try:
            future = self.thread.submit(self._exchange, (number, kind, responses))
        except RuntimeError as closed:  # while this visit was fetching, a page of another one ended the process
            raise _ProcessDied from closed
        return await asyncio.wrap_future(future)

    def _exchange(self, message: tuple[int, str, list[Page | FetchFailed]]) -> Step:
        try:
            self.connection.send(message)
            step: Step = self.connection.recv()
        except (EOFError, OSError) as error:
            raise _ProcessDied from error
        return step

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        self.thread.shutdown()  # at once: the pipe is broken
        self.connection.close()


class ParsePool:
    """One process, and more, up to the number of processors, while pages have to wait."""

    def __init__(self) -> None:
        self.processes = [_ParserProcess()]
        self.max_processes = min(MAX_PROCESSES, os.cpu_count() or 1)
        self.visit_numbers = count(1)
        self.alone = asyncio.Lock()

    def close(self) -> None:
        for process in self.processes:
            process.close()

    async def parse(self, page: Page, kind: str, fetch: FetchPage) -> ParsedPage:
        """Parse a page; `fetch` raises FetchFailed. Raise PageUnreadable."""
        process = min(self.processes, key=lambda process: process.pages)
        if process.pages >= PAGES_PER_PROCESS and len(self.processes) < self.max_processes:
            process = _ParserProcess()
            self.processes.append(process)
        responses: list[Page | FetchFailed] = [page]
        process.pages += 1
        try:
            return await self._visit(process, kind, responses, fetch)
        except _ProcessDied:
            if process in self.processes:
                self.processes[self.processes.index(process)] = _ParserProcess()
                process.close()
        finally:
            process.pages -= 1
        return await self._parse_alone(kind, responses, fetch)

    async def _visit(
        self, process: _ParserProcess, kind: str, responses: list[Page | FetchFailed], fetch: FetchPage
    ) -> ParsedPage:
        """Pass the requests of a visit to `fetch` and `responses` to the process, until the page is parsed."""
        number, sent = next(self.visit_numbers), 0
        while True:
            step = await process.advance(number, kind, responses[sent:])
            if isinstance(step, ParseFailed):
                raise PageUnreadable(step.reason, refused=step.refused)
            if isinstance(step, ParsedPage):
                return step
            sent = len(responses)
            try:
                responses.append(await fetch(step))
            except FetchFailed as failure:
                # Once Dask is loaded, exceptions take along what caused them, which may not cross process borders.
                failure.__cause__ = failure.__context__ = None
                responses.append(failure.with_traceback(None))

    async def _parse_alone(self, kind: str, responses: list[Page | FetchFailed], fetch: FetchPage) -> ParsedPage:
        """Parse once more, in a process without other pages: which of them ended the shared one is not known."""
        async with self.alone:
            process = _ParserProcess()
            try:
                return await self._visit(process, kind, responses, fetch)
            except _ProcessDied as died:
                raise PageUnreadable(
                    f"reading it took {TIMEOUT_S} seconds, or ended the process that read it"
                ) from died
            finally:
                process.close()
