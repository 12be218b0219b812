"""Ghost: members' comments on a post, pages of threads with their first replies."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from archive.thread import Comment, Flag, State
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

PER_PAGE = 100
API = "/members/api/comments"
STATES: dict[Any, State] = {"deleted": "removed", "hidden": "withheld"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GhostClaim(EmbedClaim):
    """The comments on a post, by its id."""

    def fill(self, listing: Listing) -> Requests:
        """Read all pages, then the replies of those threads that have more than came along."""
        cut_short: list[str] = []

        def parse(page: Page) -> Batch:
            data = object_of(page)
            items = data.get("comments") or []
            comments = list(SHAPE.comments(page, items))
            short = (i for i in items if (number(at(i, "count.replies")) or 0) > len(at(i, "replies") or []))
            cut_short.extend(own for item in short if (own := identifier(at(item, "id"))))
            if listing.stated is None:
                listing.stated, listing.stated_kind = number(at(data, "meta.pagination.total")), "roots"
            return Batch(comments, number(at(data, "meta.pagination.next")))

        def request(number: Any) -> Fetch:
            query = {"limit": PER_PAGE, "page": number, "order": "created_at asc"}
            return Fetch(self.address(f"{API}/post/{quote(self.value('thread'), '')}/", query))

        yield from listing.read_pages(request, parse, 1)
        for root in cut_short:

            def parse_replies(page: Page, root: str = root) -> Batch:
                data = object_of(page)
                comments = list(SHAPE.comments(page, data.get("comments") or [], root))
                return Batch(comments, number(at(data, "meta.pagination.next")))

            def request_replies(number: Any, root: str = root) -> Fetch:
                query = {"limit": PER_PAGE, "page": number}
                return Fetch(self.address(f"{API}/{quote(root, '')}/replies/", query))

            yield from listing.read_pages(request_replies, parse_replies, 1, is_doubtful=True)


def claim(page: Page) -> GhostClaim | None:
    """The page names post and site in its script."""
    return claim_embed(page, "ghost", GhostClaim, "thread", "host")


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    status = item.get("status")
    if status not in STATES:
        return comment
    state = STATES[status]
    # A deleted comment still names the member who wrote it.
    return replace(comment, body="", author=None, state=state, flags=(Flag(f"platform.{state}", "status", status),))


SHAPE = Shape(
    id=("id",),
    body=("html",),
    parent=("in_reply_to_id", "parent_id"),
    replies="replies",
    name=("member.name",),
    author_id=("member.id",),
    posted=("created_at",),
    likes=("count.likes",),
    edited=("edited_at",),
    amend=_amend,
)
