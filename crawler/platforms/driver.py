"""Runs an article and its platforms over any source of pages: live, WARC, folder. The same code for all."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from archive.thread import Article, Flag, Thread
from crawler.pages import article as articles
from crawler.pages import embeds
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms import PLATFORMS
from crawler.platforms.base import Claim, Platform, name_of

NO_PLATFORM = "none"
MOST_PAGES = 500
Visit = Generator[Fetch, Page, tuple[Thread, ...]]


def visit(page: Page, *, most_pages: int = MOST_PAGES) -> Visit:
    """Reads the article of a page and its threads: the first platform, by score, that finds comments, and an empty
    thread for every comment system that is known but cannot be read yet."""
    claims = sorted(_claims(page, fallback=False), key=lambda found: -found[2].score)
    claims = claims or list(_claims(page, fallback=True))
    found = embeds.threads(page)
    article = articles.read(page, tuple(e for _, _, claim in claims for e in claim.sections))
    threads = [Thread(article, (), name, page.capture, native_id=native_id) for name, native_id in found]
    best: Thread | None = None
    for name, platform, claim in claims:
        thread = yield from _reading(name, platform, page, claim, article, most_pages)
        best = best or thread
        if thread.comments or thread.completeness == "partial":
            best = thread
            break
    if best is not None and (best.comments or best.platform != "generic"):
        threads.insert(0, best)
    return tuple(threads) or (Thread(article, (), NO_PLATFORM, page.capture),)


def _claims(page: Page, *, fallback: bool) -> Iterator[tuple[str, Platform, Claim]]:
    """Of the platforms, or of those that are asked only where no other claims the page."""
    for platform in PLATFORMS:
        claim = platform.claim(page) if getattr(platform, "IS_FALLBACK", False) == fallback else None
        if claim is not None:
            yield name_of(platform), platform, claim


def _reading(
    name: str, platform: Platform, page: Page, claim: Claim, article: Article, most_pages: int
) -> Generator[Fetch, Page, Thread]:
    """Passes requests up and pages down.

    A platform that meets something that it cannot read leaves a partial thread: nothing follows from it.
    """
    reading = platform.read(page, claim, article)
    asked: set[Fetch] = set()
    try:
        fetch = next(reading)
        while True:
            try:
                _refuse(fetch, asked, most_pages)
                sent = yield fetch
            except FetchFailed as failure:
                fetch = reading.throw(failure)
            else:
                fetch = reading.send(sent)
    except StopIteration as stop:
        thread: Thread = stop.value
        return replace(thread, platform=name)
    except BadPage as bad:
        unread = Flag("capture.partial_thread", "unreadable-answer", str(bad))
        return Thread(article, (), name, page.capture, claim.native_id, completeness="partial", flags=(unread,))


def _refuse(fetch: Fetch, asked: set[Fetch], most_pages: int) -> None:
    if fetch in asked:
        raise FetchFailed(fetch.url, "asked for twice: the pages repeat")
    if len(asked) >= most_pages:
        raise FetchFailed(fetch.url, f"thread of more than {most_pages} pages")
    asked.add(fetch)


def run(steps: Visit, fetch: Callable[[Fetch], Page]) -> tuple[Thread, ...]:
    """Drives a visit to its end; `fetch` raises FetchFailed where it has no page."""
    try:
        wanted = next(steps)
        while True:
            try:
                page = fetch(wanted)
            except FetchFailed as failure:
                wanted = steps.throw(failure)
            else:
                wanted = steps.send(page)
    except StopIteration as stop:
        threads: tuple[Thread, ...] = stop.value
        return threads
