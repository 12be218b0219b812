"""Parse captured pages in worker processes. A module of its own, so that a worker loads nothing but parsers."""

from collections.abc import Callable, Sequence

from archive.store.disk import is_disk_full
from archive.thread import Thread
from crawler.pages import discovery
from crawler.pages.page import BadPage, Fetch, Page
from crawler.platforms import driver

# The threads of a page, why it cannot be parsed, or None: it requests other captures, which a worker does not have.
Parsed = tuple[Thread, ...] | str | None


class _OthersRequested(Exception):
    """A platform requests another capture."""


def parse_pages(pages: Sequence[Page]) -> list[Parsed]:
    """Parse pages that need no other captures."""
    return [_parse_alone(page) for page in pages]


def parse_captured(page: Page, fetch: Callable[[Fetch], Page]) -> Parsed:
    """Parse a page; nothing comes of one that neither has comments nor looks like an article, such as a menu."""
    try:
        threads = driver.run(driver.visit(page), fetch)
    except _OthersRequested:
        return None
    except BadPage as bad:
        return str(bad)
    except Exception as error:
        if is_disk_full(error):
            raise
        return f"{type(error).__name__}: {error}"
    has_comments = any(thread.comments for thread in threads)
    return threads if has_comments or discovery.classify_page(page) == "article" else ()


def lost_page(page: Page, reason: str) -> Parsed:
    """Return why a page could not be parsed whose parser ended its process."""
    del page
    return reason


def _parse_alone(page: Page) -> Parsed:
    return parse_captured(page, _no_others)


def _no_others(request: Fetch) -> Page:
    raise _OthersRequested(request.url)
