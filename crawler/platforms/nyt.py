"""The New York Times' own comments: offsets into the comments at the top, each with its first replies."""

from dataclasses import dataclass
from typing import Any

from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, list_of, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://www.nytimes.com"
PATH = "/svc/community/V3/requestHandler"
PER_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class NytClaim(EmbedClaim):
    """The comments on an article, by its address."""

    def fill(self, listing: Listing) -> Requests:
        """Read the comments at the top. Replies that did not come along are only counted: nobody says how to ask."""
        offset = 0

        def parse(page: Page) -> Batch:
            data = object_of(page, "results")
            items = list_of(page, data.get("comments"))
            listing.stated = number(data.get("totalCommentsFound"))
            nonlocal offset
            offset += len(items)
            roots = number(data.get("totalParentCommentsFound")) or 0
            return Batch(list(SHAPE.comments(page, items)), offset if items and offset < roots else None)

        def request(start: Any) -> Fetch:
            query = {"cmd": "GetCommentsAll", "url": self.value("thread"), "sort": "oldest"}
            return Fetch(self.address(PATH, query | {"offset": start, "limit": PER_PAGE}))

        yield from listing.read_pages(request, parse, 0)


def claim(page: Page) -> NytClaim | None:
    """The page is the outlet's own, and has comments."""
    return claim_embed(page, "nyt", NytClaim, "thread", server=SERVER)


SHAPE = Shape(
    id=("commentID",),
    body=("commentBody",),
    parent=("parentID",),
    replies="replies",
    name=("userDisplayName",),
    author_id=("userID",),
    posted=("createDate",),
    likes=("recommendations",),
    featured=("editorsSelection",),
)
