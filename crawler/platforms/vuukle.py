"""Vuukle: comments of a site's articles as nested JSON, by the site's own public key."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, first, list_of, object_of
from crawler.platforms.listing import Batch, Listing, Requests, may_go_on

SERVER = "https://api.vuukle.com"
PER_PAGE = 100
ITEMS = ("data.comments.items", "data.comments", "data.items")


@dataclass(frozen=True, slots=True, kw_only=True)
class VuukleClaim(EmbedClaim):
    """A thread: the site's key, the article's id, and the host that the key is of."""

    def fill(self, listing: Listing) -> Requests:
        """Read page after page, the newest first."""
        count = 0

        def request(start: Any) -> Fetch:
            query = {
                "apiKey": self.value("key"),
                "articleId": self.value("thread"),
                "host": self.value("site") or urlsplit(self.page.url).netloc,
                "pageSize": PER_PAGE,
                "start": start,
                "sortBy": "get_latest",
            }
            return Fetch(self.address("/api/v1/Comments/getCommentFeedBySort", query))

        def parse(page: Page) -> Batch:
            items = list_of(page, first(object_of(page), ITEMS) or [])
            nonlocal count
            count += len(items)
            return Batch(list(SHAPE.comments(page, items)), count if may_go_on(items) else None)

        yield from listing.read_pages(request, parse, 0, is_doubtful=True)


def claim(page: Page) -> VuukleClaim | None:
    """The page names key and article, or the operator does."""
    embed = claim_embed(page, "vuukle", VuukleClaim, "key", "thread", server=SERVER)
    return embed and replace(embed, native_id=f"vuukle.com/{embed.value('key')}/{embed.value('thread')}")


SHAPE = Shape(
    id=("id", "_id", "commentId"),
    body=("commentText",),
    parent=("parentId",),
    replies="replies",
    name=("name",),
    author_id=("userId",),
    posted=("createAt", "createdAt"),
    likes=("upVotes", "upvotes"),
    dislikes=("downVotes", "downvotes"),
    staff=("isModerator",),
)
