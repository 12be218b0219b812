"""What every platform offers: it claims a page, and reads a thread by asking for pages. Pure: it never fetches.

A platform is a module of this package, listed in `crawler.platforms.PLATFORMS`, with these two functions:

    claim(page: Page) -> Claim | None       does this page hold a thread of mine? cheap; the best score reads the page
    read(page: Page, claim: Claim, article: Article) -> Generator[Fetch, Page, Thread]
                                            yields what it wants fetched, is sent the page, returns the thread

One that sets IS_FALLBACK is asked only where no other claims the page.

A request that failed is thrown in as FetchFailed: a platform goes on with what it has and says that the thread is
partial.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml.html import HtmlElement

from archive.thread import Article, Thread
from crawler.pages.page import Fetch, Page

Reading = Generator[Fetch, Page, Thread]

CERTAIN = 1.0
LIKELY = 0.7
FALLBACK = 0.2


@dataclass(frozen=True, slots=True)
class Claim:
    """A platform's claim to a page. `score` is 0 to 1; `ids` is what `read` needs and what a later version could use;
    `sections` are the elements that hold comments, or the form for them, and so no article text."""

    score: float
    native_id: str | None = None
    ids: Mapping[str, Any] = field(default_factory=dict)
    sections: tuple[HtmlElement, ...] = ()


class Platform(Protocol):
    """What a module of this package offers."""

    __name__: str

    def claim(self, page: Page) -> Claim | None: ...
    def read(self, page: Page, claim: Claim, article: Article) -> Reading: ...


def name_of(platform: Platform) -> str:
    """Return the platform's name as `threads.platform` has it: that of its module."""
    return platform.__name__.rpartition(".")[2]
