"""Le Monde's own comments: numbered pages of small trees."""

from dataclasses import dataclass
from typing import Any

from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, list_of, object_of
from crawler.platforms.listing import Batch, Listing, Requests, may_go_on

SERVER = "https://www.lemonde.fr"
PATH = "/ajax/feedbacks/page"
PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LeMondeClaim(EmbedClaim):
    """The comments on an article, by its number. A page for subscribers is not asked for as one."""

    def fill(self, listing: Listing) -> Requests:
        """Read numbered pages."""
        number = 1

        def parse(page: Page) -> Batch:
            items = list_of(page, object_of(page).get("comments"))
            nonlocal number
            number += 1
            return Batch(list(SHAPE.comments(page, items)), number if may_go_on(items) else None)

        def request(number: Any) -> Fetch:
            query = {"pageId": self.value("thread"), "page": number, "limit": PER_PAGE, "order": "likes"}
            return Fetch(self.address(PATH, query))

        yield from listing.read_pages(request, parse, 1, is_doubtful=True)


def claim(page: Page) -> LeMondeClaim | None:
    """The page is the outlet's own, and names its article's number."""
    return claim_embed(page, "lemonde", LeMondeClaim, "thread", server=SERVER)


SHAPE = Shape(
    id=("commentId",),
    body=("content",),
    parent=("parentId",),
    replies="replies",
    name=("userName",),
    author_id=("userId",),
    posted=("publishedAt",),
    likes=("likes",),
)
