"""Daily Mail's own comments: offsets into the comments at the top, each with its first replies."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, list_of, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://www.dailymail.co.uk"
PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyMailClaim(EmbedClaim):
    """The comments on an article, by its number."""

    def fill(self, listing: Listing) -> Requests:
        """Read the comments at the top, the newest first."""
        offset = 0

        def parse(page: Page) -> Batch:
            payload = object_of(page, "payload")
            items = list_of(page, payload.get("page"))
            listing.stated, listing.stated_kind = number(payload.get("parentCommentsCount")), "roots"
            short = [
                i for i in items if (number(at(i, "replies.totalCount")) or 0) > len(at(i, "replies.comments") or [])
            ]
            if short:
                listing.reasons.append(f"{len(short)} comments have more replies than came along")
            nonlocal offset
            offset += len(items)
            more = items and offset < (listing.stated or 0)
            return Batch(list(SHAPE.comments(page, items)), offset if more else None)

        def request(start: Any) -> Fetch:
            query = {"max": PER_PAGE, "offset": start, "order": "desc"}
            return Fetch(self.address(f"/reader-comments/p/asset/readcomments/{self.value('thread')}", query))

        yield from listing.read_pages(request, parse, 0)


def claim(page: Page) -> DailyMailClaim | None:
    """The page is the outlet's own, and names its article's number."""
    return claim_embed(page, "dailymail", DailyMailClaim, "thread", server=SERVER)


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    """Work out the votes for and against a comment: the service gives their sum and their difference."""
    votes, rating = number(item.get("voteCount")), item.get("voteRating")
    if votes is None or not isinstance(rating, int) or isinstance(rating, bool) or (votes + rating) % 2:
        return comment
    likes, dislikes = (votes + rating) // 2, (votes - rating) // 2
    return replace(comment, likes=likes, dislikes=dislikes) if likes >= 0 and dislikes >= 0 else comment


SHAPE = Shape(
    id=("id",),
    body=("message",),
    replies="replies.comments",
    name=("userAlias",),
    author_id=("userIdentifier",),
    posted=("dateCreated",),
    amend=_amend,
)
