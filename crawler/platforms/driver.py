"""Read the article and the threads of a page from any source of pages: live, WARC, folder. The same code for all."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace

from archive.thread import Article, Completeness, Flag, Thread
from crawler.pages.article import read_article, without_comments
from crawler.pages.embeds import find_hosted_threads
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms import FALLBACKS, PLATFORMS, generic
from crawler.platforms.base import CERTAIN, Claim, Platform, ThreadReader, partial_flags, platform_name, shortfall

NO_PLATFORM = "none"  # of an article whose page shows no comment system
MOST_PAGES = 500
PageReader = Generator[Fetch, Page, tuple[Thread, ...]]


def visit(page: Page, *, most_pages: int = MOST_PAGES) -> PageReader:
    """Read the article of a page and its threads.

    The claims are read from the best to the least, until one gives comments and no other saw more in the page. Every
    hosted system that no platform reads yet adds an empty thread, so that the archive knows of it.
    """
    claims = _claims(page, PLATFORMS)
    has_sections = any(claim.in_page and claim.sections for _, claim in claims)
    if not any(claim.score == CERTAIN and claim.in_page for _, claim in claims):
        fallbacks = _claims(page, FALLBACKS)
        # What a known system says are its comments, the fallback may take for more: the first post of a forum.
        claims += [(name, replace(claim, sections=()) if has_sections else claim) for name, claim in fallbacks]
    hosted = find_hosted_threads(page)
    article = read_article(page, tuple(element for _, claim in claims for element in claim.sections))
    threads = [Thread(article, (), name, page.capture, native_id=native_id) for name, native_id in hosted.items()]
    best: Thread | None = None
    for number, (name, claim) in enumerate(claims):
        thread = yield from _read(name, claim, article, most_pages)
        if best is None or _substance(thread) > _substance(best):
            best = thread
        most_in_page = max((rest.in_page for _, rest in claims[number + 1 :]), default=0)
        if best.comments and _substance(best) >= 2 * most_in_page:
            break
    # That the fallback, which knows no system, found nothing says nothing.
    if best is not None and (best.comments or best.platform != "generic"):
        threads.insert(0, best)
    if best is not None and best.comments:
        parted = without_comments(article, best.comments)
        threads = [replace(thread, article=parted) for thread in threads] if parted is not article else threads
    return tuple(threads) or (_without_comments(page, article),)


def _without_comments(page: Page, article: Article) -> Thread:
    """Return the thread of a page in which no comment was seen: in part, where a heading says that there are some."""
    stated = generic.stated_in_headings(page)
    reasons = shortfall(stated, 0)
    completeness: Completeness = "partial" if reasons else "unknown"
    return Thread(
        article,
        (),
        NO_PLATFORM,
        page.capture,
        stated_count=stated,
        completeness=completeness,
        flags=tuple(partial_flags(reasons)),
    )


def _substance(thread: Thread) -> int:
    """Return how many names and texts the comments of a thread have."""
    return sum(
        (comment.author is not None) + (bool(comment.body) or comment.state != "visible") for comment in thread.comments
    )


def _claims(page: Page, platforms: Iterable[Platform]) -> list[tuple[str, Claim]]:
    """Return the claims to a page with their platforms' names, the best first."""
    claims = ((platform_name(platform), platform.claim(page)) for platform in platforms)
    return sorted(((name, claim) for name, claim in claims if claim is not None), key=lambda pair: -pair[1].score)


def _read(name: str, claim: Claim, article: Article, most_pages: int) -> ThreadReader:
    """Pass the platform's requests on, except those that would go round in circles or never end.

    A response that the platform cannot read leaves a partial thread: nothing follows from it.
    """
    reader = claim.read(article)
    sent: set[Fetch] = set()
    try:
        fetch = next(reader)
        while True:
            if fetch in sent:
                fetch = reader.throw(FetchFailed(fetch.url, "asked for twice: the pages repeat"))
                continue
            if len(sent) >= most_pages:
                fetch = reader.throw(FetchFailed(fetch.url, f"thread of more than {most_pages} pages"))
                continue
            sent.add(fetch)
            try:
                page = yield fetch
            except FetchFailed as failure:
                fetch = reader.throw(failure)
            else:
                fetch = reader.send(page)
    except StopIteration as stop:
        thread: Thread = stop.value
        return thread
    except BadPage as bad:
        unread = Flag("capture.partial_thread", "unreadable-answer", str(bad))
        return Thread(article, (), name, claim.page.capture, claim.native_id, completeness="partial", flags=(unread,))


def run(reader: PageReader, fetch: Callable[[Fetch], Page]) -> tuple[Thread, ...]:
    """Drive a visit to its end with pages from `fetch`, which raises FetchFailed where it has none."""
    try:
        request = next(reader)
        while True:
            try:
                page = fetch(request)
            except FetchFailed as failure:
                request = reader.throw(failure)
            else:
                request = reader.send(page)
    except StopIteration as stop:
        threads: tuple[Thread, ...] = stop.value
        return threads
