"""VnExpress' own comments: comments at the top by offset, more replies of one by its id."""

from dataclasses import dataclass
from typing import Any

from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, list_of, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://usi-saas.vnexpress.net"
PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class VnExpressClaim(EmbedClaim):
    """The comments on an object of a site."""

    def fill(self, listing: Listing) -> Requests:
        """Read the comments at the top, then the replies that did not come along."""
        cut_short: list[str] = []
        offset = 0

        def parse(page: Page) -> Batch:
            data = object_of(page, "data")
            items = list_of(page, data.get("items") or [])
            for item in items:
                replies = at(item, "replys.items")
                if (number(at(item, "replys.total")) or 0) > len(replies if isinstance(replies, list) else ()):
                    cut_short.append(str(identifier(at(item, "comment_id"))))
            listing.stated = number(data.get("totalitem"))
            nonlocal offset
            offset += len(items)
            more = items and offset < (number(data.get("total")) or 0)
            return Batch(list(SHAPE.comments(page, items)), offset if more else None)

        yield from listing.read_pages(lambda start: self._request("get", {"offset": start}), parse, 0)
        for root in cut_short:
            yield from self._read_replies(listing, root)

    def _read_replies(self, listing: Listing, root: str) -> Requests:
        offset = 0

        def parse(page: Page) -> Batch:
            data = object_of(page, "data")
            items = list_of(page, data.get("items") or [])
            nonlocal offset
            offset += len(items)
            more = items and offset < (number(data.get("total")) or 0)
            return Batch(list(SHAPE.comments(page, items, root)), offset if more else None)

        yield from listing.read_pages(lambda start: self._request("getreplay", {"id": root, "offset": start}), parse, 0)

    def _request(self, method: str, more: dict[str, Any]) -> Fetch:
        query = {"objectid": self.value("thread"), "objecttype": self.value("kind", "1")}
        query |= {"siteid": self.value("key", "1000000"), "limit": str(PER_PAGE)}
        return Fetch(self.address(f"/index/{method}", query | more))


def claim(page: Page) -> VnExpressClaim | None:
    """The page is the outlet's own, and names its object."""
    return claim_embed(page, "vnexpress", VnExpressClaim, "thread", server=SERVER)


SHAPE = Shape(
    id=("comment_id",),
    body=("content",),
    parent=("parent_id",),  # a comment's own id at the top
    replies="replys.items",
    name=("full_name", "name"),
    author_id=("userid", "user_id"),
    posted=("creation_time", "time"),
    likes=("userlike",),
)
