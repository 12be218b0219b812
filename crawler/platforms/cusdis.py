"""Cusdis: a small comment server, ten threads a page."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Author, Comment
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://cusdis.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class CusdisClaim(EmbedClaim):
    """The comments on a page of an app."""

    def fill(self, listing: Listing) -> Requests:
        """Read all pages; of replies the service gives 100 at most, and says how many there are."""
        page_number = 1

        def parse(page: Page) -> Batch:
            data = object_of(page, "data")
            listing.stated, listing.stated_kind = number(data.get("commentCount")), "roots"
            items = data.get("data") or []
            comments = list(SHAPE.comments(page, items))
            cut = [item for item in items if (number(at(item, "replies.pageCount")) or 0) > 1]
            if cut:
                listing.reasons.append(f"{len(cut)} comments have more replies than the service gives")
            nonlocal page_number
            page_number += 1
            return Batch(comments, page_number if page_number <= (number(data.get("pageCount")) or 0) else None)

        def request(number: Any) -> Fetch:
            query = {"appId": self.value("key"), "pageId": self.value("thread"), "page": number}
            return Fetch(self.address("/api/open/comments", query))

        yield from listing.read_pages(request, parse, 1)


def claim(page: Page) -> CusdisClaim | None:
    """The page names app and page."""
    embed = claim_embed(page, "cusdis", CusdisClaim, "key", "thread", server=SERVER)
    return embed and replace(embed, native_id=f"{embed.native_id}@{embed.value('key')}")


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    staff = at(item, "moderator.displayName")
    if item.get("moderator"):
        name = staff if isinstance(staff, str) else comment.author and comment.author.name
        return replace(comment, author=Author(name, None, is_guest=False, is_staff=True)) if name else comment
    return replace(comment, author=replace(comment.author, is_guest=True)) if comment.author else comment


SHAPE = Shape(
    id=("id",),
    body=("parsedContent", "content"),
    parent=("parentId",),
    replies="replies",
    name=("by_nickname",),
    posted=("createdAt",),
    staff=("moderator",),
    amend=_amend,
)
