"""A claim by what a page says of a comment service that it embeds."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from archive.thread import Article, Thread
from crawler.pages.embeds import Embed, find_embed
from crawler.pages.page import BadPage, Page
from crawler.platforms.base import UNKNOWN_SHAPE, Claim, ThreadReader, describe_shape, embed_score
from crawler.platforms.listing import Listing, Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedClaim(Claim):
    """A thread of a service: what the page says of it, and the service's address."""

    platform: str
    embed: Embed
    server: str

    def read(self, article: Article) -> ThreadReader:
        """Read the thread into a listing. Of one with a response that cannot be read, what came before it stays."""
        listing = Listing()
        try:
            yield from self.fill(listing)
        except BadPage as bad:
            listing.reasons.append(str(bad))
        except UNKNOWN_SHAPE as error:
            listing.reasons.append(describe_shape(error))
        thread: Thread = listing.thread(self, self.platform, article)
        return thread

    @abstractmethod
    def fill(self, listing: Listing) -> Requests:
        """Request the thread, and add what comes."""

    def value(self, name: str, default: str = "") -> str:
        """Return what the page says of the thread, by name."""
        return self.embed.values.get(name, default)

    def address(self, path: str, query: Mapping[str, object] | None = None) -> str:
        """Return an address of the service."""
        return f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")


Kind = TypeVar("Kind", bound=EmbedClaim)


def claim_embed(
    page: Page, platform: str, kind: type[Kind], *needed: str, server: str | None = None, within: str | None = None
) -> Kind | None:
    """Return a claim where the page embeds a system and says what is `needed` to ask for the thread, else None.

    `server` is where the service is unless the page, or the operator, says so. `within` is what its
    threads' names are unique in, where that is not the server.
    """
    embed = find_embed(page, platform)
    if embed is None or embed.off or any(name not in embed.values for name in needed):
        return None
    address = embed.server() or server
    if address is None:
        return None
    thread = embed.values.get("thread", "").lstrip("/")
    names = (urlsplit(address).netloc if within is None else within, thread)
    return kind(
        page=page,
        score=embed_score(embed),
        native_id="/".join(names) if thread else None,
        platform=platform,
        embed=embed,
        server=address.rstrip("/"),
    )
