"""Parse pages in a process of its own: a page that takes too long, or too much memory, ends that process only."""

import gc
import signal
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from archive.thread import Thread
from archive.workers.processes import limit_memory
from crawler.pages import discovery
from crawler.pages.discovery import Lead
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms import driver

TIMEOUT_S = 60
GC_THRESHOLD = 100_000  # a page makes that many objects, and next to none that need the garbage collector
LISTINGS = ("feed", "sitemap")


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """An article's threads, or what a feed, sitemap or front page links to."""

    kind: str
    threads: tuple[Thread, ...] = ()
    leads: tuple[Lead, ...] = ()


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """Why a page could not be parsed; `refused` if that lies with the page, not with what parses it."""

    reason: str
    refused: bool = False


PageVisit = Generator[Fetch, Page, ParsedPage]
Step = Fetch | ParsedPage | ParseFailed


def parse_page(page: Page, kind: str) -> PageVisit:
    """Parse a page; yield the requests of its platform. `kind` is what it was listed as: it may be no article."""
    kind = kind if kind in LISTINGS else discovery.classify_page(page)
    if kind != "article":
        return ParsedPage(kind, leads=tuple(discovery.find_leads(page, kind)))
    return ParsedPage(kind, (yield from driver.visit(page)))


def serve(connection: Connection) -> None:
    """Run the process: answer messages (visit number, kind, responses) with a Step, until the crawl closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the crawl ends this process itself
    gc.set_threshold(GC_THRESHOLD)
    limit_memory()
    visits: dict[int, PageVisit] = {}
    with suppress(EOFError, OSError):
        while True:
            connection.send(advance(visits, *connection.recv()))


def advance(visits: dict[int, PageVisit], number: int, kind: str, responses: Sequence[Page | FetchFailed]) -> Step:
    """Send responses to visit `number` and return its next step. The first response of a visit is the page itself."""
    _set_alarm(TIMEOUT_S)
    try:
        visit = visits.pop(number, None)
        request: Fetch | None = None
        for response in responses:
            if visit is None:
                assert isinstance(response, Page)
                visit = parse_page(response, kind)
                request = next(visit)
            elif isinstance(response, FetchFailed):
                request = visit.throw(response)
            else:
                request = visit.send(response)
        assert visit is not None
        assert request is not None
        visits[number] = visit
        return request
    except StopIteration as stop:
        parsed: ParsedPage = stop.value
        return parsed
    except BadPage as bad:
        return ParseFailed(str(bad), refused=True)
    except Exception as error:  # noqa: BLE001 one page that cannot be read must not stop the others
        return ParseFailed(f"{type(error).__name__}: {error}")
    finally:
        _set_alarm(0)


def _set_alarm(seconds: int) -> None:
    """Let SIGALRM, which nobody handles, end the process: even within a parser written in C."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)
