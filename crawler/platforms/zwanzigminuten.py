"""20 Minuten's own comments: trees whose readers react in six ways, none of them a vote."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, number, object_of, reactions, text
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://api.20min.ch"
PATH = "/comment/v1/comments"
TENANT = "6"
PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ZwanzigMinutenClaim(EmbedClaim):
    """The comments on an article, by its number."""

    def fill(self, listing: Listing) -> Requests:
        """Read page after page, by the link to the next that each has."""

        def parse(page: Page) -> Batch:
            data = object_of(page)
            is_open = data.get("commentingEnabled")
            listing.closed = not is_open if isinstance(is_open, bool) else None
            listing.stated = number(data.get("totalCount"))
            link = text(data.get("nextLink"))
            following = page.absolute(link) if link else None
            is_own = following is not None and following.startswith(f"{self.server}/")
            return Batch(list(SHAPE.comments(page, data.get("comments"))), following if is_own else None)

        def request(link: Any) -> Fetch:
            query = {"tenantId": self.value("key", TENANT), "contentId": self.value("thread")}
            query |= {"sortBy": "created_at", "sortOrder": "desc", "limit": str(PER_PAGE)}
            return Fetch(link or self.address(PATH, query))

        yield from listing.read_pages(request, parse)


def claim(page: Page) -> ZwanzigMinutenClaim | None:
    """The page is the outlet's own, and names its number."""
    return claim_embed(page, "zwanzigminuten", ZwanzigMinutenClaim, "thread", server=SERVER)


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    return replace(comment, reactions=reactions(item.get("reactions")))


SHAPE = Shape(
    id=("id",),
    body=("body",),
    parent=("parentId",),
    replies="replies",
    name=("authorNickname",),
    author_id=("authorId",),
    posted=("createdAt",),
    is_html=False,
    amend=_amend,
)
