"""What a page of the frontier is, and what it holds: read in a process of its own, since pages are hostile and slow.

A page that takes too long or too much memory ends that process and not the crawl.
"""

import gc
import os
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process

from archive.thread import Thread
from crawler.pages import discovery
from crawler.pages.discovery import Lead
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import driver

MOST_SECONDS = 60
MOST_MEMORY = 4 << 30
GARBAGE = 100_000  # objects: a page makes that many, and next to none that are garbage
FOLLOWED = ("feed", "sitemap")


@dataclass(frozen=True, slots=True)
class Found:
    """An article's threads, or what a feed, sitemap or front page leads to."""

    kind: str
    threads: tuple[Thread, ...] = ()
    leads: tuple[Lead, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a page could not be read."""

    reason: str


Reading = Generator[Fetch, Page, Found]
Step = Fetch | Found | Failed


def read(page: Page, kind: str) -> Reading:
    """`kind` is what the page was listed as; whether that is an article shows only the page."""
    kind = kind if kind in FOLLOWED else discovery.classify_page(page)
    if kind != "article":
        return Found(kind, leads=tuple(discovery.find_leads(page, kind)))
    return Found(kind, (yield from driver.visit(page)))


# in the process that reads

_open: dict[int, Reading] = {}


def begin() -> None:
    """What the process does first. It ends with the crawl, however that ends, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(GARBAGE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = MOST_MEMORY if most == resource.RLIM_INFINITY else min(MOST_MEMORY, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def step(number: int, kind: str, answers: Sequence[Page | FetchFailed]) -> Step:
    """Goes on with reading `number` by the answers to its requests; the first answer of all is the page itself."""
    _set_alarm(MOST_SECONDS)
    try:
        return _step(number, kind, answers)
    except StopIteration as stop:
        found: Found = stop.value
        return found
    except Exception as error:  # noqa: BLE001 one page that cannot be read must not stop the others
        return Failed(f"{type(error).__name__}: {error}")
    finally:
        _set_alarm(0)


def _step(number: int, kind: str, answers: Sequence[Page | FetchFailed]) -> Fetch:
    reading = _open.pop(number, None)
    wanted: Fetch | None = None
    for answer in answers:
        if isinstance(answer, FetchFailed):
            assert reading is not None
            wanted = reading.throw(answer)
        elif reading is None:
            reading = read(answer, kind)
            wanted = next(reading)
        else:
            wanted = reading.send(answer)
    assert reading is not None
    assert wanted is not None
    _open[number] = reading
    return wanted


def _set_alarm(seconds: int) -> None:
    """Nobody handles the signal: it ends the process, even within a parser written in C."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)
