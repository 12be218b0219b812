"""Artalk: a comment server beside the site, read as a flat list."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from archive.thread import Comment, Flag
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, list_of, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtalkClaim(EmbedClaim):
    """The comments on a page of a site, by its key."""

    def fill(self, listing: Listing) -> Requests:
        """Read the list from offset to offset, the oldest first."""
        offset = 0

        def parse(page: Page) -> Batch:
            data = object_of(page)
            items = list_of(page, data.get("comments") or [])
            listing.stated = number(data.get("count"))
            comments = list(SHAPE.comments(page, items))
            nonlocal offset
            offset += len(items)
            return Batch(comments, offset if items and offset < (listing.stated or 0) else None)

        def request(start: Any) -> Fetch:
            query = {"page_key": self.value("thread"), "site_name": self.value("key"), "limit": PER_PAGE}
            query |= {"offset": start, "flat_mode": "true", "sort_by": "date_asc"}
            return Fetch(self.address("/api/v2/comments", query))

        yield from listing.read_pages(request, parse, 0)


def claim(page: Page) -> ArtalkClaim | None:
    """The page names the server."""
    embed = claim_embed(page, "artalk", ArtalkClaim, "host", "thread")
    thread = f"{embed.value('key')}/{embed.value('thread').lstrip('/')}" if embed else ""
    return embed and replace(embed, native_id=f"{urlsplit(embed.server).netloc}/{thread}")


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    if item.get("is_collapsed") is True:
        comment = replace(comment, flags=(*comment.flags, Flag("platform.withheld", "is_collapsed", "is_collapsed")))
    return comment


SHAPE = Shape(
    id=("id",),
    body=("content_marked", "content"),
    parent=("rid",),
    name=("nick",),
    author_id=("user_id",),
    posted=("date",),
    likes=("vote_up",),
    dislikes=("vote_down",),
    featured=("is_pinned",),
    withheld=("is_pending",),
    staff=("badge_name",),
    amend=_amend,
)
