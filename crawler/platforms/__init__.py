"""Comment systems: one module each, found by discovery. Pure: a platform asks for pages and never fetches.

A platform is a module here whose name does not begin with an underscore, with these two functions:

    claim(page: Page) -> Claim | None       does this page hold a thread of mine? cheap; the best score reads the page
    read(page: Page, claim: Claim, article: Article) -> Generator[Fetch, Page, Thread]
                                            yields what it wants fetched, is sent the page, returns the thread

One that sets IS_FALLBACK is asked only where no other claims the page.

A request that failed is thrown in as FetchFailed: a platform goes on with what it has and says that the thread is
partial.
"""

import pkgutil
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from lxml.html import HtmlElement

from archive.thread import Article, Thread
from crawler.page import Fetch, Page

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


@cache
def platforms() -> Mapping[str, Platform]:
    """Every platform, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name: cast("Platform", import_module(f"{__name__}.{name}")) for name in names}
