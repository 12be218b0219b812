"""Der Standard's own forum: a tree by GraphQL, whose query the service takes as text."""

import json
from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Comment, Flag
from crawler.pages.page import BadPage, Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, list_of, number, object_of, reactions, token
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://capi.ds.at"
PATH = "/forum-serve-graphql/v1/"
NODE = (
    "id title text lifecycleStatus flags author { id name } reactions { aggregated { name value } } "
    "history { created } legacy { postingId }"
)
REPLIES = 8  # levels that are asked for: a query cannot name all


@dataclass(frozen=True, slots=True, kw_only=True)
class DerStandardClaim(EmbedClaim):
    """A forum, by the address of its article."""

    def fill(self, listing: Listing) -> Requests:
        """Look up the forum, then read its pages."""
        context = f"contextUri: {json.dumps(self.value('thread'))}"
        forum = f"{{ getForumByContextUri({context}) {{ id totalPostingCount flags }} }}"
        page = yield from listing.get(self._query("GetForumInfo", forum))
        if page is None:
            return
        forum = at(_data(page), "getForumByContextUri")
        forum_id = identifier(at(forum, "id"))
        if forum_id is None:
            listing.is_unknown = True
            return
        listing.stated = number(at(forum, "totalPostingCount"))

        def parse(page: Page) -> Batch:
            postings = at(_data(page), "getForumRootPostingsV2")
            edges = list_of(page, at(postings, "edges"))
            cursor = at(postings, "pageInfo.nextCursor") if at(postings, "pageInfo.hasNextPage") is True else None
            return Batch(list(SHAPE.comments(page, [at(edge, "node") for edge in edges])), token(cursor))

        yield from listing.read_pages(lambda cursor: self._page(forum_id, cursor), parse)

    def _page(self, forum: str, cursor: Any) -> Fetch:
        node = NODE
        for _ in range(REPLIES):
            node = f"{NODE} replies {{ {node} }}"
        arguments = f"id: {json.dumps(forum)}, first: Max, sortOrder: ByTime"
        arguments += f", nextCursor: {json.dumps(cursor)}" if cursor else ""
        connection = f"edges {{ node {{ {node} }} }} pageInfo {{ nextCursor hasNextPage }}"
        return self._query("ThreadsByForumQuery", f"{{ getForumRootPostingsV2({arguments}) {{ {connection} }} }}")

    def _query(self, name: str, query: str) -> Fetch:
        body = json.dumps({"operationName": name, "query": f"query {name} {query}"}).encode()
        return Fetch(self.address(PATH), (("x-apollo-operation-name", name),), body)


def claim(page: Page) -> DerStandardClaim | None:
    """The page is the outlet's own."""
    return claim_embed(page, "derstandard", DerStandardClaim, "thread", server=SERVER)


def _data(page: Page) -> dict[str, Any]:
    if not isinstance(at(page.json(), "data"), dict):
        raise BadPage(f"{page.url}: no data: {str(at(page.json(), 'errors'))[:200]}")
    return object_of(page, "data")


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    status = item.get("lifecycleStatus")
    title, counts = item.get("title"), at(item, "reactions.aggregated")
    if isinstance(counts, list):
        counts = {str(at(count, "name")): at(count, "value") for count in counts}
    comment = replace(comment, reactions=reactions(counts))
    if isinstance(status, str) and "delet" in status.lower():
        return replace(comment, body="", state="removed", flags=(Flag("platform.removed", "lifecycleStatus", status),))
    if isinstance(title, str) and title.strip():
        comment = replace(comment, body=f"{title.strip()}\n\n{comment.body}".strip())
    return comment


SHAPE = Shape(
    id=("id", "legacy.postingId"),
    body=("text",),
    replies="replies",
    name=("author.name",),
    author_id=("author.id",),
    posted=("history.created",),
    amend=_amend,
)
