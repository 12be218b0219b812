"""What comment systems of single outlets answer in the tests."""

import json
import re
from typing import Any

from tests.servers.services import CAP, Asked, Said, Service, Services


def html(each: Said) -> str:
    return f"<p>{each.text}</p>"


def derstandard(at: Services, asked: Asked) -> Any:
    query = asked.body["query"]
    if "getForumByContextUri" in query:
        assert at.article_url("derstandard") in query
        return {"data": {"getForumByContextUri": {"id": "forum-1", "totalPostingCount": len(at.said), "flags": []}}}

    def node(each: Said) -> dict[str, Any]:
        return {
            "id": each.id, "title": "", "text": each.text, "author": {"id": f"u-{each.author}", "name": each.author},
            "lifecycleStatus": "Published" if each.state == "visible" else "Deleted", "history": {"created": each.iso},
            "reactions": {"aggregated": [{"name": "positive", "value": each.likes}]},
            "replies": [node(reply) for reply in at.below(each.id)],
        }  # fmt: skip

    cursor = re.search(r'nextCursor: "(\d+)"', query)
    start = int(cursor[1]) if cursor else 0
    roots = at.roots()
    page = {"nextCursor": str(start + CAP), "hasNextPage": start + CAP < len(roots)}
    edges = [{"node": node(each)} for each in roots[start : start + CAP]]
    return {"data": {"getForumRootPostingsV2": {"edges": edges, "pageInfo": page}}}


def zwanzigminuten(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        reactions = {
            "awesome": 0,
            "bad": 0,
            "nonsense": 0,
            "unnecessary": 0,
            "smart": each.likes,
            "exact": each.dislikes,
        }
        return {
            "id": each.id, "authorNickname": each.author, "body": each.text, "createdAt": each.iso, "reactions": reactions,
            "replies": [item(reply) for reply in at.below(each.id)],
        }  # fmt: skip

    start, roots = int(asked.query.get("offset", 0)), at.roots()
    link = f"{at.url}/zwanzigminuten/comment/v1/comments?tenantId=6&contentId=900001&offset={start + CAP}"
    return {
        "commentingEnabled": True, "totalCount": len(at.said), "comments": [item(e) for e in roots[start : start + CAP]],
        "nextLink": link if start + CAP < len(roots) else None,
    }  # fmt: skip


def zeit(at: Services, asked: Asked) -> Any:
    seen = set(asked.query.get("seen", "").strip("{}").split(","))

    def item(each: Said) -> dict[str, Any]:
        return {
            "id": int(each.id), "parent": each.parent and int(each.parent), "content": each.text, "created": each.iso,
            "status": "visible" if each.state == "visible" else "deleted", "user": {"name": each.author},
        }  # fmt: skip

    roots = [root for root in at.roots() if root.id not in seen][:CAP]
    return {"comments": [item(each) for root in roots for each in (root, *at.thread(root))]}


def welt(at: Services, asked: Asked) -> Any:
    items = at.below(asked.query["parent-id"]) if "parent-id" in asked.query else at.roots()
    older = [each for each in items[::-1] if each.iso < asked.query.get("created-cursor", "9")]
    return {"comments": [
        {
            "id": each.id, "parentId": each.parent, "contents": html(each), "created": each.iso, "likes": each.likes,
            "user": {"id": f"u-{each.author}", "displayName": each.author}, "childCount": len(at.below(each.id)),
        }
        for each in older[:CAP]
    ]}  # fmt: skip


def lemonde(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        return {
            "commentId": each.id, "parentId": each.parent, "userName": each.author, "publishedAt": each.iso,
            "content": each.text, "likes": each.likes, "replies": [item(reply) for reply in at.below(each.id)],
        }  # fmt: skip

    start = CAP * (int(asked.query["page"]) - 1)
    return {"comments": [item(each) for each in at.roots()[start : start + CAP]]}


def nyt(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        return {
            "commentID": int(each.id), "parentID": each.parent and int(each.parent), "userDisplayName": each.author,
            "userID": ord(each.author[0]), "commentBody": html(each), "createDate": str(each.at), "recommendations": each.likes,
            "editorsSelection": each.featured, "userLocation": "x", "replies": [item(reply) for reply in at.below(each.id)],
        }  # fmt: skip

    start, roots = int(asked.query["offset"]), at.roots()
    counts = {"totalCommentsFound": len(at.said), "totalParentCommentsFound": len(roots)}
    return {"results": counts | {"comments": [item(each) for each in roots[start : start + CAP]]}}


def vnexpress(at: Services, asked: Asked) -> Any:
    def item(each: Said, replies: bool = True) -> dict[str, Any]:
        below = at.thread(each) if replies else []
        return {
            "comment_id": each.id, "parent_id": each.parent or each.id, "content": html(each), "full_name": each.author,
            "userid": f"u-{each.author}", "creation_time": each.at, "userlike": each.likes,
            "replys": {"total": len(below), "items": [item(reply, replies=False) for reply in below[:4]]},
        }  # fmt: skip

    start = int(asked.query["offset"])
    root = next((each for each in at.said if each.id == asked.query.get("id")), None)
    items = at.thread(root) if root else at.roots()
    shown = [item(each, root is None) for each in items[start : start + CAP]]
    return {"data": {"total": len(items), "totalitem": len(at.said), "items": shown}}


def dailymail(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        below = at.below(each.id)
        return {
            "id": int(each.id), "message": each.text, "dateCreated": each.iso, "userAlias": each.author,
            "userIdentifier": ord(each.author[0]), "userLocation": "x", "voteCount": each.likes + each.dislikes,
            "voteRating": each.likes - each.dislikes,
            "replies": {"totalCount": len(below), "comments": [item(reply) for reply in below]},
        }  # fmt: skip

    start, roots = int(asked.query["offset"]), at.roots()[::-1]
    payload = {"parentCommentsCount": len(roots), "page": [item(each) for each in roots[start : start + CAP]]}
    return {"status": "success", "payload": payload}


OWN = (
    Service("derstandard", derstandard, hints={}),
    Service("zwanzigminuten", zwanzigminuten, body=f"<script>{json.dumps({'contentId': '900001'})}</script>", hints={}, keeps_removed=False),
    Service("zeit", zeit, body="<div data-uuid=u-1></div>", hints={}),
    Service("welt", welt, body="<div data-document-id=55></div>", hints={}, keeps_removed=False),
    Service("lemonde", lemonde, head='<meta property="ad:article_id" content="55">', hints={}, keeps_removed=False),
    Service("nyt", nyt, hints={}, keeps_removed=False),
    Service("vnexpress", vnexpress, body="<div data-component-objectid=55></div>", hints={}, keeps_removed=False),
    Service("dailymail", dailymail, body='<a href="/news/article-5512345/x.html">more</a>', hints={}, keeps_removed=False),
)  # fmt: skip
