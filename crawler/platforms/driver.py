"""Read the article and the threads of a page from any source of pages: live, WARC, folder. The same code for all."""

from collections.abc import Callable, Container, Generator, Iterable
from dataclasses import replace

from archive.text.relative_dates import place_day
from archive.thread import Article, Completeness, Flag, Thread
from crawler.pages.article import read_article
from crawler.pages.article_text import without_comments
from crawler.pages.embeds import find_embed, find_embeds
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms import FALLBACKS, PLATFORMS, generic
from crawler.platforms.base import (
    CERTAIN,
    COUNTED,
    LIKELY,
    UNKNOWN_SHAPE,
    Claim,
    Platform,
    ThreadReader,
    describe_shape,
    partial_flags,
    platform_name,
    shortfall,
)

NO_PLATFORM = "none"  # of an article whose page shows no comment system
MOST_PAGES = 500
PageReader = Generator[Fetch, Page, tuple[Thread, ...]]


def visit(page: Page, *, most_pages: int = MOST_PAGES) -> PageReader:
    """Read the article of a page and its threads.

    The claims are read from the best to the least, until one gives comments and no other saw more in the page, or a
    service that the page names has given all. Below the section of one service the counters of another, which sites
    keep when they move, are not asked, even where the first is out of order. A system that the page embeds and that
    cannot be read adds an empty thread, so that the archive knows of it.
    """
    claims = _claims(page, PLATFORMS)
    has_sections = any(claim.in_page and claim.sections for _, claim in claims)
    if not any(claim.score == CERTAIN and claim.in_page for _, claim in claims):
        fallbacks = _claims(page, FALLBACKS)
        # What a known system says are its comments, the fallback may take for more: the first post of a forum.
        claims += [(name, replace(claim, sections=()) if has_sections else claim) for name, claim in fallbacks]
    article = read_article(page, tuple(element for _, claim in claims for element in claim.sections))
    best: Thread | None = None
    others: list[Thread] = []
    has_service = False
    for number, (name, claim) in enumerate(claims):
        if has_service and claim.score == COUNTED:
            continue
        has_service = has_service or (claim.score > COUNTED and not claim.in_page)
        thread = yield from _read(name, claim, article, most_pages)
        others.append(thread)
        if best is None or _substance(thread) > _substance(best):
            best = thread
        most_in_page = max((rest.in_page for _, rest in claims[number + 1 :]), default=0)
        if best.comments and _substance(best) >= 2 * most_in_page:
            break
        if claim.score > LIKELY and not claim.in_page and thread.completeness == "full":
            break
    return _threads(page, article, {name for name, _ in claims}, best, others)


def _threads(
    page: Page, article: Article, claimed: Container[str], best: Thread | None, others: Iterable[Thread]
) -> tuple[Thread, ...]:
    """Return what a page's threads are: the best that was read, and those that it shows and nobody could read."""
    has_comments = best is not None and bool(best.comments)
    threads = [other for other in others if other is not best and _is_embedded(page, other)]
    threads += _unread(page, article, claimed, has_comments=has_comments)
    # That the fallback, which knows no system, found nothing says nothing.
    if best is not None and (best.comments or best.platform != "generic"):
        threads.insert(0, best)
    if best is not None and best.comments:
        parted = without_comments(article, best.comments)
        threads = [replace(thread, article=parted) for thread in threads] if parted is not article else threads
    return tuple(map(_with_years, threads)) or (_without_comments(page, article),)


def _with_years(thread: Thread) -> Thread:
    """Place the days that comments state without a year, as far as the article's own date tells which is meant."""
    published = thread.article.published
    if published is None or published.at is None or published.precision in ("year", "month"):
        return thread
    comments = []
    for comment in thread.comments:
        posted = comment.posted
        if posted is not None and posted.at is None and posted.text is not None:
            placed = place_day(posted.text, published.at, thread.capture.fetched_at)
            comment = replace(comment, posted=placed) if placed is not None else comment
        comments.append(comment)
    return replace(thread, comments=tuple(comments)) if tuple(comments) != thread.comments else thread


def _is_embedded(page: Page, thread: Thread) -> bool:
    """Whether a page shows the section of a thread, which the archive then has even where it could not be read."""
    embed = find_embed(page, thread.platform)
    return embed is not None and embed.certain


def _unread(page: Page, article: Article, claimed: Container[str], *, has_comments: bool) -> list[Thread]:
    """Return empty threads of the systems that the page embeds and no platform can read.

    Counters alone count only where nothing else does: pages keep those of a system that they have left.
    """
    embeds = [embed for name, embed in find_embeds(page).items() if name not in claimed]
    certain = [embed for embed in embeds if embed.certain]
    gone = (Flag("platform.gone", "embed"),)
    return [
        Thread(
            article,
            (),
            embed.platform,
            page.capture,
            embed.values.get("thread") or embed.values.get("key"),
            closed=True if embed.off else None,
            flags=gone if embed.gone else (),
        )
        for embed in certain or ([] if has_comments else embeds)
    ]


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
    except (BadPage, *UNKNOWN_SHAPE) as error:
        if not sent and not isinstance(error, BadPage):
            raise  # a fault of the platform's: it has read nothing but the page itself
        reason = str(error) if isinstance(error, BadPage) else describe_shape(error)
        unread = Flag("capture.partial_thread", "unreadable-answer", reason)
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
