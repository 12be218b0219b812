"""The interface of a platform: a module that claims a page, and a claim that reads its thread.

A platform is a module of this package, listed in `crawler.platforms.PLATFORMS`, with one function, `claim`, and one
frozen subclass of Claim whose fields are what `claim` has seen in the page and `read` needs. See
docs/adding-a-platform.md.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from lxml.html import HtmlElement

from archive.thread import Article, Flag, Thread
from crawler.pages.embeds import Embed
from crawler.pages.page import Fetch, Page

CERTAIN = 1.0
NAMED = 0.9
COUNTED = 0.8
LIKELY = 0.7
FALLBACK = 0.2
# What reading a response raises that is not as it is expected to be, where no check of its shape came first.
UNKNOWN_SHAPE = (AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
LONGEST_REASON = 200
ThreadReader = Generator[Fetch, Page, Thread]
"""Yields requests, is sent their pages, or thrown FetchFailed where there is none, and returns the thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(ABC):
    """A platform's claim to hold the thread of a page.

    `score` is 0 to 1: the best claim is read first. `native_id` names the thread in its system, the same however it is
    read. `sections` are the elements that hold comments or the form for them, and so no article text. `in_page` counts
    the comments that stand in the page itself.
    """

    page: Page
    score: float
    native_id: str | None = None
    sections: tuple[HtmlElement, ...] = ()
    in_page: int = 0

    @abstractmethod
    def read(self, article: Article) -> ThreadReader:
        """Read the thread. After a FetchFailed, go on with what there is and call the thread partial.

        Raises BadPage where a response has a shape that the platform does not know.
        """


class Platform(Protocol):
    """What a module of this package offers. Its name is what `threads.platform` holds."""

    __name__: str

    def claim(self, page: Page) -> Claim | None:
        """Return a claim where the page holds a thread of this system. Called for every page: be quick."""


class NamesApart(Protocol):
    """What a module offers whose service names authors by a request each."""

    __name__: str

    def name_request(self, address: str, author: str) -> Fetch | None:
        """Return the request for the name of an author, by the address that their comments were read from."""

    def read_name(self, page: Page) -> str | None:
        """Return the name in the response. Raise BadPage."""


def platform_name(platform: Platform | NamesApart) -> str:
    """Return the platform's name as `threads.platform` has it: that of its module."""
    return platform.__name__.rpartition(".")[2]


def embed_score(embed: Embed) -> float:
    """Return how sure it is that a page's thread is in a system: it is named, embedded, or counted."""
    return COUNTED if not embed.certain else CERTAIN if "thread" in embed.values else NAMED


def describe_shape(error: Exception) -> str:
    """Say that a response could not be read, and why; an error may quote all of it."""
    return f"a response has another shape than known: {type(error).__name__}: {error}"[:LONGEST_REASON]


def partial_flags(reasons: Iterable[str]) -> tuple[Flag, ...]:
    """Return a flag for each reason why a thread may lack comments."""
    return tuple(Flag("capture.partial_thread", "not-all-read", reason) for reason in reasons)


def shortfall(stated: int | None, count: int) -> list[str]:
    """Return the reason why a thread is partial if its source states more comments than were read; else none."""
    return [f"{stated} stated, {count} held"] if stated is not None and stated > count else []
