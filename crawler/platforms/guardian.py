"""The Guardian's discussion API: threads of one visible level, whose replies name the comment that they answer."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment, Flag
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, number, object_of
from crawler.platforms.listing import Batch, Listing, Requests

API = "https://discussion.theguardian.com"
PATH = "/discussion-api"
PER_PAGE = 100
LINEAR_ONLY = "DISCUSSION_ONLY_AVAILABLE_IN_LINEAR_FORMAT"
KEY = "discussion-rendering"  # the same for everybody: it names the client


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianClaim(EmbedClaim):
    """A discussion, by the short address of its article."""

    def fill(self, listing: Listing) -> Requests:
        """Read all pages, as a tree where the service has one, then the replies that it cut short."""
        cut_short: list[str] = []

        def parse(page: Page) -> Batch:
            data = object_of(page)
            items = at(data, "discussion.comments") or []
            comments = list(SHAPE.comments(page, items))
            short = (i for i in items if (number(i.get("numResponses")) or 0) > len(i.get("responses") or []))
            cut_short.extend(own for i in short if is_threaded and (own := identifier(i.get("id"))))
            current, pages = (number(data.get(name)) or 0 for name in ("currentPage", "pages"))
            return Batch(comments, current + 1 if current < pages else None)

        def request(number: Any) -> Fetch:
            return self._request(number, is_threaded=is_threaded)

        page, is_threaded = yield from self._first_page(listing)
        if page is None:
            return
        discussion = object_of(page, "discussion")
        closed, listing.stated = discussion.get("isClosedForComments"), number(discussion.get("commentCount"))
        listing.closed = closed if isinstance(closed, bool) else None
        batch = parse(page)
        listing.add(batch.comments)
        if batch.following is not None:
            yield from listing.read_pages(request, parse, batch.following)
        for comment in cut_short:
            query = {"displayThreaded": "true", "displayResponses": "true", "api-key": KEY}
            page = yield from listing.get(Fetch(self.address(f"{PATH}/comment/{comment}", query)))
            if page is not None:
                listing.add(SHAPE.comments(page, [object_of(page, "comment")]))

    def _first_page(self, listing: Listing) -> Requests:
        """Return the first page, and whether it is a tree: of very long discussions the service has a list only."""
        for is_threaded in (True, False):
            try:
                page = yield self._request(1, is_threaded=is_threaded)
            except FetchFailed as failure:
                if failure.page is None or LINEAR_ONLY not in failure.page.text:
                    listing.reasons.append(str(failure))
                    break
                page = failure.page
            listing.keep(page)
            if at(page.json(), "errorCode") != LINEAR_ONLY:
                return page, is_threaded
        return None, False

    def _request(self, page: Any, *, is_threaded: bool) -> Fetch:
        thread = self.value("thread").strip("/")
        thread = thread if thread.startswith("p/") else f"p/{thread}"
        query = {"orderBy": "oldest", "pageSize": PER_PAGE, "displayThreaded": str(is_threaded).lower()}
        query |= {"maxResponses": PER_PAGE, "page": page, "api-key": KEY}
        return Fetch(self.address(f"{PATH}/discussion/{thread}", query), retry=False)


def claim(page: Page) -> GuardianClaim | None:
    """The page names the discussion, and may say that nobody can comment."""
    embed = claim_embed(page, "guardian", GuardianClaim, "thread", server=API)
    return embed and replace(embed, server=embed.server.removesuffix(PATH))


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    answers = identifier(at(item, "responseTo.commentId"))
    if answers is not None:
        comment = replace(comment, parent_native_id=answers)
    status = item.get("status")
    if isinstance(status, str) and status != "visible":
        flag = Flag("platform.removed", "status", status[:100])
        comment = replace(comment, body="", state="removed", flags=(*comment.flags, flag))
    badges = at(item, "userProfile.badge")
    names = [at(badge, "name") for badge in badges] if isinstance(badges, list) else []
    if comment.author is not None and "Staff" in names:
        flag = Flag("platform.staff", "badge", "Staff")
        comment = replace(comment, author=replace(comment.author, is_staff=True), flags=(*comment.flags, flag))
    return comment


SHAPE = Shape(
    id=("id",),
    body=("body",),
    replies="responses",
    name=("userProfile.displayName",),
    author_id=("userProfile.userId",),
    posted=("isoDateTime", "date"),
    likes=("numRecommends",),
    url=("webUrl",),
    featured=("isHighlighted",),
    amend=_amend,
)
