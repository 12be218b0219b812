"""Welt's own comments: pages by the time of the last one, replies by their parent."""

from collections import Counter, deque
from dataclasses import dataclass
from functools import partial
from typing import Any

from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, first, identifier, list_of, number, object_of, text
from crawler.platforms.listing import Batch, Listing, Requests, may_go_on

SERVER = "https://api-co.la.welt.de"
PATH = "/api/comments"
PER_PAGE = 100
CHILDREN = ("childCount", "replyCount", "childrenCount")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeltClaim(EmbedClaim):
    """The comments on an article, by its document's number."""

    def fill(self, listing: Listing) -> Requests:
        """Read the comments at the top, then the replies of those that have more than came along."""
        stated: dict[str, int] = {}
        parents: deque[str] = deque()
        counted: set[str | None] = set()
        replies: Counter[str | None] = Counter()

        def parse(page: Page) -> Batch:
            items = list_of(page, object_of(page).get("comments"))
            for item in items:
                own, count = identifier(at(item, "id")), number(first(item, CHILDREN))
                if own is not None and count and own not in stated:
                    stated[own] = count
                    parents.append(own)
            comments = list(SHAPE.comments(page, items))
            for comment in comments:
                if comment.native_id not in counted:
                    counted.add(comment.native_id)
                    replies[comment.parent_native_id] += 1
            last = text(first(items[-1], ("created", "createdAt"))) if items else None
            return Batch(comments, last if may_go_on(items) else None)

        def request(cursor: Any, parent: str | None = None) -> Fetch:
            query: dict[str, Any] = {"document-id": self.value("thread"), "sort": "NEWEST", "limit": PER_PAGE}
            query |= {"created-cursor": cursor} if cursor else {}
            return Fetch(self.address(PATH, query | ({"parent-id": parent} if parent else {})))

        yield from listing.read_pages(request, parse)
        while parents:  # those of replies come in as they are read
            parent = parents.popleft()
            if replies[parent] < stated[parent]:
                yield from listing.read_pages(partial(request, parent=parent), parse, is_doubtful=True)


def claim(page: Page) -> WeltClaim | None:
    """The page is the outlet's own, and names its document."""
    return claim_embed(page, "welt", WeltClaim, "thread", server=SERVER)


SHAPE = Shape(
    id=("id",),
    body=("contents", "content", "body"),
    parent=("parentId", "parent-id", "parent.id"),
    replies="children",
    name=("user.displayName", "user.name", "author.name", "userName"),
    author_id=("user.id", "author.id", "userId"),
    posted=("created", "createdAt"),
    likes=("likes",),
    featured=("editorsChoice",),
)
