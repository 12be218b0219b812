"""Waline: a comment server beside the site; threads with all their replies, errors with status 200.

The address of the article is sent along as the Referer, since servers can be told to answer on their own sites alone.
"""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment, Flag
from crawler.pages.page import BadPage, Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, list_of, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

PER_PAGE = 100
STAFF = ("administrator", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class WalineClaim(EmbedClaim):
    """The comments on a path of a site."""

    def fill(self, listing: Listing) -> Requests:
        """Read all pages, the oldest first.

        The server counts replies below comments that wait for its moderators, and gives them to nobody. Where nothing
        else changed meanwhile, a count that is too high means such replies, and the thread is whole.
        """
        counts: set[int | None] = set()
        roots: list[str | None] = []

        def parse(page: Page) -> Batch:
            if at(page.json(), "errno"):
                raise BadPage(f"{page.url}: error {at(page.json(), 'errno')}: {str(at(page.json(), 'errmsg'))[:200]}")
            data = object_of(page)
            data = data["data"] if isinstance(data.get("data"), dict) else data  # old servers have no errno
            listing.stated = number(data.get("count"))
            counts.add(listing.stated)
            roots.extend(identifier(at(item, "objectId")) for item in list_of(page, data.get("data")))
            current, pages = (number(data.get(name)) or 0 for name in ("page", "totalPages"))
            return Batch(list(SHAPE.comments(page, data.get("data"))), current + 1 if current < pages else None)

        def request(number: Any) -> Fetch:
            query = {"path": self.value("thread"), "pageSize": PER_PAGE, "page": number, "sortBy": "insertedAt_asc"}
            return Fetch(self.address("/api/comment", query), (("Referer", self.page.url),))

        is_whole = yield from listing.read_pages(request, parse, 1)
        if is_whole and len(counts) == 1 and len(set(roots)) == len(roots):
            _note_unreachable(listing)


def _note_unreachable(listing: Listing) -> None:
    """Note how many comments are counted that nobody can reach."""
    count = (listing.stated or 0) - len(listing.comments)
    if count > 0:
        listing.stated_kind = "approximate"
        what = f"{count} replies stand below comments that are not public"
        listing.flags.append(Flag("platform.removed", "rejected-parent", what))


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
