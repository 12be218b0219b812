"""Waline: a comment server beside the site; threads with all their replies, errors with status 200."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment
from crawler.pages.page import BadPage, Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

PER_PAGE = 100
STAFF = ("administrator", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class WalineClaim(EmbedClaim):
    """The comments on a path of a site."""

    def fill(self, listing: Listing) -> Requests:
        """Read all pages, the oldest first."""

        def parse(page: Page) -> Batch:
            if at(page.json(), "errno"):
                raise BadPage(f"{page.url}: error {at(page.json(), 'errno')}: {str(at(page.json(), 'errmsg'))[:200]}")
            data = object_of(page)
            data = data["data"] if isinstance(data.get("data"), dict) else data  # old servers have no errno
            listing.stated = number(data.get("count"))
            current, pages = (number(data.get(name)) or 0 for name in ("page", "totalPages"))
            return Batch(list(SHAPE.comments(page, data.get("data"))), current + 1 if current < pages else None)

        def request(number: Any) -> Fetch:
            query = {"path": self.value("thread"), "pageSize": PER_PAGE, "page": number, "sortBy": "insertedAt_asc"}
            return Fetch(self.address("/api/comment", query))

        yield from listing.read_pages(request, parse, 1)


def claim(page: Page) -> WalineClaim | None:
    """The page names the server."""
    return claim_embed(page, "waline", WalineClaim, "host", "thread")


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    if comment.author is not None:
        is_staff = True if item.get("type") in STAFF else None
        is_guest = comment.author.native_id is None
        comment = replace(comment, author=replace(comment.author, is_guest=is_guest, is_staff=is_staff))
    return comment


SHAPE = Shape(
    id=("objectId",),
    body=("comment", "orig"),
    parent=("pid",),
    replies="children",
    name=("nick",),
    author_id=("user_id",),
    posted=("time", "insertedAt"),
    likes=("like",),
    featured=("sticky",),
    amend=_amend,
)
