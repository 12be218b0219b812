"""Remark42: a comment server beside the site, which returns a whole thread at once."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, number, object_of
from crawler.platforms.listing import Listing, Requests

DELETED = "deleted"  # name and id of the author of a comment that was deleted for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark42Claim(EmbedClaim):
    """A thread of a site, by the page's address."""

    def fill(self, listing: Listing) -> Requests:
        """Read the thread; newer servers page it where they are asked to, and say how much is left."""
        query = {"site": self.value("key"), "url": self.value("thread"), "format": "plain", "sort": "+time"}
        page = yield from listing.get(Fetch(self.address("/api/v1/find", query)))
        if page is None:
            return
        data = object_of(page)
        info = data.get("info")
        closed, listing.stated = at(info, "read_only"), number(at(info, "count"))
        listing.closed = closed if isinstance(closed, bool) else None
        listing.add(SHAPE.comments(page, _flatten(data.get("comments") or [])))
        if left := number(at(info, "count_left")):
            listing.reasons.append(f"{left} comments left out")


def _flatten(items: Any) -> list[Any]:
    """Return the comments of a list, or of a tree, which servers give where they are asked without a format."""
    stack, result = list(reversed(items)) if isinstance(items, list) else [items], []
    while stack:
        item = stack.pop()
        if isinstance(item, dict) and isinstance(item.get("comment"), dict):
            replies = item.get("replies")
            stack += reversed(replies) if isinstance(replies, list) else []
            item = item["comment"]
        result.append(item)
    return result


def claim(page: Page) -> Remark42Claim | None:
    """The page names the server and the site in `remark_config`."""
    return claim_embed(page, "remark42", Remark42Claim, "host", "key", "thread")


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    score = item.get("score")
    if isinstance(score, int) and not isinstance(score, bool) and score and abs(score) < 1 << 62:
        comment = replace(comment, reactions=(("score", score),))
    if comment.author is not None and DELETED in (comment.author.native_id, comment.author.name):
        comment = replace(comment, author=None)
    return comment


SHAPE = Shape(
    id=("id",),
    body=("text",),
    parent=("pid",),
    name=("user.name",),
    author_id=("user.id",),
    posted=("time",),
    edited=("edit",),
    featured=("pin",),
    removed=("delete",),
    staff=("user.admin",),
    amend=_amend,
)
