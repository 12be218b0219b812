"""Zeit's own comments: the next page is what is not among the ids that the request lists."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment, Flag
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, list_of
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://comments.zeit.de"
LONGEST_ADDRESS = 7_000  # servers refuse much longer ones


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeitClaim(EmbedClaim):
    """The comments on an article, by its uuid."""

    def fill(self, listing: Listing) -> Requests:
        """Read what has not been seen until nothing is left, or the list of what was seen grows too long."""
        seen: dict[str, None] = {}  # in order

        def parse(page: Page) -> Batch:
            data = page.json()
            items = list_of(page, data.get("comments") if isinstance(data, dict) else data)
            comments = list(SHAPE.comments(page, items))
            held = {comment.native_id for comment in comments}
            roots = [c.native_id for c in comments if c.native_id and c.parent_native_id not in held]
            seen.update(dict.fromkeys(roots))
            return Batch(comments, ",".join(seen) if comments else None)

        def request(ids: Any) -> Fetch:
            query = {"uuid": self.value("thread"), "mode": "newest"} | ({"seen": f"{{{ids}}}"} if ids else {})
            return Fetch(self.address("/comments/rpc/roots", query))

        cursor: Any = None
        while len(request(cursor).url) <= LONGEST_ADDRESS:
            page = yield from listing.get(request(cursor))
            if page is None:
                return
            batch = parse(page)
            if not listing.add(batch.comments) or batch.following is None:
                return
            cursor = batch.following
        listing.reasons.append("more comments than the service can be asked for")


def claim(page: Page) -> ZeitClaim | None:
    """The page is the outlet's own, and names its uuid."""
    return claim_embed(page, "zeit", ZeitClaim, "thread", server=SERVER)


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    status = item.get("status")
    if isinstance(status, str) and status.startswith("deleted"):
        flag = Flag("platform.removed", "status", status[:100])
        comment = replace(comment, body="", state="removed", flags=(flag,))
    return comment


SHAPE = Shape(
    id=("id",),
    body=("content",),
    parent=("parent", "parent_id"),
    replies="replies",
    name=("user.name", "author.name", "user_name", "username"),
    author_id=("user.id", "author.id", "user_id"),
    posted=("created",),
    likes=("likes", "recommendations"),
    amend=_amend,
)
