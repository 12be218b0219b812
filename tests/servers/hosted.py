"""What each comment service of the tests answers: its shapes, and its traps."""

import json
from typing import Any

from crawler.platforms.coral import load_queries
from tests.servers.own_systems import OWN
from tests.servers.services import CAP, KEY, Answer, Asked, Said, Service, Services

JSONS = {"Content-Type": "application/json"}
SECTION, CONTAINER = "00000000-0000-4000-8000-5ec710000000", "00000000-0000-4000-8000-c0a7a10e0000"


def html(each: Said) -> str:
    return f"<p>{each.text}</p>"


def part(items: list[Any], start: int, size: int = CAP) -> list[Any]:
    return items[start : start + size]


# Viafoura: ids only; an unknown cursor is the first page; what is pinned comes first; counts are too high.


def viafoura(at: Services, asked: Asked) -> Any:
    path, query = asked.path, asked.query
    if path.startswith("/v3/sections/sites/"):
        return {"uuid": SECTION}
    if path.startswith(f"/v3/sections/{SECTION}/users/u-"):
        name = path.rpartition("-")[2]
        known = {"uuid": f"u-{name}", "preferred_username": name, "account_status": "active", "vf_badges": []}
        return Answer("no such user", 404, "text/plain") if name == "Lea" else known
    if path == f"/v4/livecomments/{SECTION}":
        if query.get("container_id") != "c-1":
            return Answer("no such container", 404, "text/plain")
        return {
            "container": {"content_container_uuid": CONTAINER, "counts": {"total_visible_content": len(at.said) + 1}}
        }
    prefix = f"/v4/livecomments/{SECTION}/{CONTAINER}/comments"
    if not path.startswith(prefix) or int(query.get("limit", 20)) > 100:
        return Answer("limit is too high", 400, "text/plain")

    def item(each: Said) -> dict[str, Any]:
        root = at.root_of(each)
        below = at.thread(each) if each is root else at.below(each.id)
        found = {
            "content_uuid": each.id, "parent_uuid": each.parent or CONTAINER, "thread_uuid": root.id,
            "section_uuid": SECTION, "content_container_uuid": CONTAINER, "actor_uuid": f"u-{each.author}", "actor": None,
            "date_created": each.at * 1000, "time": each.at * 1000, "state": "visible", "total_likes": each.likes,
            "total_dislikes": each.dislikes, "total_replies": len(below), "is_edited": each.edited,
            "is_picked": each.featured, "is_pinned": each.id == "112", "metadata": {"origin_url": at.article_url("viafoura")},
        }  # fmt: skip
        return found | ({"content": html(each)} if each.state == "visible" else {"state": "banned"})

    thread = path.removeprefix(prefix).strip("/")
    if thread:
        root = next(each for each in at.said if each.id == thread)
        return {"more_available": False, "contents": [item(each) for each in at.thread(root)]}
    roots = at.roots()
    ids = [root.id for root in roots]
    start = ids.index(query["starting_from"]) + 1 if query.get("starting_from") in ids else 0
    shown = part(roots, start)
    pinned = [root for root in roots if root.id == "112" and start == 0 and root not in shown]
    contents = [each for root in (*pinned, *shown) for each in (root, *at.thread(root)[:3])]
    return {"more_available": start + CAP < len(roots), "contents": [item(each) for each in contents]}


# Coral: ids of one release only, an unknown one is a server error; six levels, then flat; 10 replies come along.


def coral(at: Services, asked: Asked) -> Any:
    if asked.path == "/api/version":
        return {"version": "9.11.7", "revision": "abc"}
    if asked.path == "/api/story/count.js":
        return Answer('CoralCount.setCount({"ref":"x","count":3,"id":"story-1"});', media_type="text/javascript")
    queries = next(row for row in load_queries() if row.release <= (9, 11, 7))
    variables, query_id = json.loads(asked.query["variables"]), asked.query["id"]

    def connection(items: list[Said], level: int, cursor: str | None, size: int) -> dict[str, Any]:
        ids = [each.id for each in items]
        start = ids.index(cursor) + 1 if cursor else 0
        shown = part(items, start, size)
        more = start + size < len(items)
        return {
            "edges": [{"node": node(each, level), "cursor": each.id} for each in shown],
            "pageInfo": {"endCursor": shown[-1].id if shown else None, "hasNextPage": more},
        }

    def node(each: Said, level: int) -> dict[str, Any]:
        gone = each.state != "visible"
        tags = [code for code, is_so in (("FEATURED", each.featured), ("STAFF", each.staff)) if is_so]
        below = at.below(each.id) if level < 6 else _descendants(at, each)
        found: dict[str, Any] = {
            "id": each.id, "body": None if gone else html(each), "createdAt": each.iso, "deleted": gone, "status": "NONE",
            "author": None if gone else {"id": f"u-{each.author}", "username": each.author, "avatar": "https://x.example/a"},
            "parent": {"id": each.parent} if each.parent else None, "editing": {"edited": each.edited},
            "actionCounts": {"reaction": {"total": each.likes}}, "tags": [{"code": code} for code in tags],
            "replies": connection(below, level + 1, None, 10) if level < 7 else None,
        }  # fmt: skip
        if each.parent is None:
            listed = [*at.thread(each), *([Said("999", "998", "x", "", 0)] if each.id == "101" else [])]
            found["allChildComments"] = {
                "edges": [{"node": {"id": o.id, "ancestorIDs": _ancestors(at, o), "deleted": False}} for o in listed]
            }
        return found

    if query_id == queries.comments:
        return {"data": {"story": {
            "id": "story-1", "isClosed": True, "commentCounts": {"totalPublished": len(at.said) + 1},
            "comments": connection(at.roots(), 0, variables["cursor"], CAP),
        }}}  # fmt: skip
    if query_id == queries.replies:
        below = at.below(variables["commentID"])
        return {
            "data": {
                "comment": {"id": variables["commentID"], "replies": connection(below, 1, variables["cursor"], CAP)}
            }
        }
    return Answer({"error": {"code": "PERSISTED_QUERY_NOT_FOUND"}}, 500)


def _descendants(at: Services, each: Said) -> list[Said]:
    found, queue = [], [each]
    while queue:
        below = at.below(queue.pop().id)
        found += below
        queue += below
    return found


def _ancestors(at: Services, each: Said) -> list[str]:
    by_id = {other.id: other for other in at.said}
    found, parent = [], each.parent
    while parent is not None:
        found.append(parent)
        parent = by_id[parent].parent if parent in by_id else None
    return found


# OpenWeb: all by POST to one address, for guests with a token that expires after two requests.


def openweb(at: Services, asked: Asked) -> Any:
    if asked.path == "/v1.0.0/guests/token":
        at.tokens += 1
        return {"accessToken": f"guest-token-{at.tokens}"}
    read = [each for each in at.asked if each.path.endswith("/conversation/read")]
    token = asked.headers.get("x-access-token")
    if token is None or sum(each.headers.get("x-access-token") == token for each in read) > 2:
        return Answer({"error": "token"}, 403)
    body = asked.body
    assert body["conversation_id"] == "sp_abc_p-1"
    assert asked.headers["x-spot-id"] == "sp_abc"
    parent = body["parent_id"] or None
    items = at.below(parent) if parent else at.roots()
    shown = part(items, body["offset"])

    def item(each: Said, depth: int) -> dict[str, Any]:
        below = at.below(each.id)
        replies = below[:5] if depth > 1 else []
        return {
            "id": each.id, "root_comment": at.root_of(each).id, "parent_id": each.parent or "", "depth": 0,
            "user_id": f"u-{each.author}", "written_at": each.at, "replies_count": len(below), "offset": len(replies),
            "has_next": 0 < len(replies) < len(below), "status": "publish_and_moderate", "edited": each.edited,
            "deleted": each.state != "visible", "rank": {"ranks_up": each.likes, "ranks_down": each.dislikes},
            "content": [{"type": "text", "text": each.text}] if each.state == "visible" else [],
            "replies": [item(reply, depth - 1) for reply in replies],
        }  # fmt: skip

    users = {f"u-{each.author}": {"id": f"u-{each.author}", "display_name": each.author} for each in at.said}
    following = body["offset"] + len(shown)
    return {"conversation": {
        "messages_count": len(at.said), "offset": following, "has_next": following < len(items), "read_only": False,
        "users": users, "comments": [item(each, body["depth"]) for each in shown],
    }}  # fmt: skip


# Disqus: the first ten in the embed's page; the API wants a key, and an id is text where a parent is a number.


def disqus(at: Services, asked: Asked) -> Any:
    def post(each: Said) -> dict[str, Any]:
        return {
            "id": each.id, "parent": int(each.parent) if each.parent else None, "createdAt": each.iso.rstrip("Z"),
            "message": html(each), "likes": each.likes, "dislikes": each.dislikes, "isDeleted": each.state != "visible",
            "isEdited": each.edited, "isHighlighted": each.featured, "isApproved": True, "numReports": 0,
            "author": {"id": f"u-{each.author}", "name": each.author, "isAnonymous": False, "about": "x", "emailHash": "x"},
        }  # fmt: skip

    if asked.path == "/embed/comments/":
        cursor = {"total": len(at.said), "hasNext": True, "next": "1:0:0"}
        response = {"posts": [post(each) for each in at.said[:CAP]], "thread": {"id": "77", "isClosed": False}}
        data = json.dumps({"code": 0, "cursor": cursor, "response": response})
        return Answer(
            f'<html><script type="text/json" id="disqus-threadData">{data}</script></html>', media_type="text/html"
        )
    if asked.query.get("api_key") != KEY:
        return Answer({"code": 5, "response": f"Invalid API key {asked.query.get('api_key')}"}, 400)
    start = int(asked.query.get("cursor", "0:0:0").split(":")[0])
    cursor = {"hasNext": start + CAP < len(at.said), "next": f"{start + CAP}:0:0"}
    return {"code": 0, "cursor": cursor, "response": [post(each) for each in part(at.said, start)]}


# Vuukle: no ids, and nothing says which page is the last.


def vuukle(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        return {
            "commentText": each.text, "name": each.author, "userId": f"u-{each.author}", "createAt": each.iso,
            "replyCount": len(at.below(each.id)), "replies": [item(reply) for reply in at.below(each.id)],
        }  # fmt: skip

    shown = part(at.roots()[::-1], int(asked.query["start"]))
    return {"data": {"comments": {"items": [item(each) for each in shown]}}}


# The Guardian: this discussion is a list only; ids are numbers here and text there.


def guardian(at: Services, asked: Asked) -> Any:
    if asked.query.get("displayThreaded") == "true":
        return Answer({"status": "error", "errorCode": "DISCUSSION_ONLY_AVAILABLE_IN_LINEAR_FORMAT"}, 400)
    by_id = {each.id: each for each in at.said}

    def item(each: Said) -> dict[str, Any]:
        gone = each.state != "visible"
        found = {
            "id": int(each.id), "body": "This comment was removed." if gone else html(each), "isoDateTime": each.iso,
            "status": "blocked" if gone else "visible", "numRecommends": each.likes, "isHighlighted": each.featured,
            "webUrl": f"https://discussion.example/comment-permalink/{each.id}",
            "userProfile": {
                "userId": f"u-{each.author}", "displayName": each.author,
                "badge": [{"name": "Staff"}] if each.staff else [], "avatar": "https://x.example/a",
            },
        }  # fmt: skip
        if each.parent:
            found["responseTo"] = {"commentId": each.parent, "displayName": by_id[each.parent].author}
        return found

    number = int(asked.query["page"])
    discussion = {"key": "/p/abc12", "commentCount": len(at.said), "isClosedForComments": True, "isThreaded": False}
    shown = [item(each) for each in part(at.said, CAP * (number - 1))]
    pages = -(-len(at.said) // CAP)
    return {"status": "ok", "currentPage": number, "pages": pages, "discussion": discussion | {"comments": shown}}


# Comentario: everything by POST; asking for an unknown page would make it.


def comentario(at: Services, asked: Asked) -> Any:
    if asked.path == "/api/embed/comments/counts":
        return {"commentCounts": {path: len(at.said) for path in asked.body["paths"]}}
    comments = [
        {
            "id": each.id, "parentId": each.parent, "html": html(each) if each.state == "visible" else "", "score": each.likes,
            "isDeleted": each.state != "visible", "isPending": False, "isSticky": each.featured, "createdTime": each.iso,
            "editedTime": each.iso if each.edited else None, "userCreated": f"u-{each.author}", "userDeleted": None,
        }
        for each in at.said
    ]  # fmt: skip
    people = {each.author: each.staff or each.author == "Lea" for each in at.said}
    commenters = [{"id": f"u-{n}", "name": n, "isModerator": m, "email": "x@x.example"} for n, m in people.items()]
    return {"pageInfo": {"isPageReadonly": False}, "comments": comments, "commenters": commenters}


# Remark42: all at once, flat.


def remark42(at: Services, _: Asked) -> Any:
    comments = [
        {
            "id": each.id, "pid": each.parent or "", "text": html(each) if each.state == "visible" else "",
            "orig": "never", "user": {"id": f"u-{each.author}", "name": each.author, "admin": each.staff},
            "score": each.likes - each.dislikes, "time": each.iso, "delete": each.state != "visible",
            "pin": each.featured, **({"edit": {"time": each.iso, "summary": ""}} if each.edited else {}),
        }
        for each in at.said
    ]  # fmt: skip
    return {"comments": comments, "info": {"count": len(at.said), "read_only": True}}


# Discourse: the first post is the article; the topic lists all posts, and has the first of them.


def discourse(at: Services, asked: Asked) -> Any:
    numbers = {each.id: number for number, each in enumerate(at.said, 2)}

    def post(each: Said) -> dict[str, Any]:
        return {
            "id": int(each.id), "post_number": numbers[each.id], "cooked": html(each), "username": each.author,
            "user_id": ord(each.author[0]), "reply_to_post_number": numbers[each.parent] if each.parent else None,
            "created_at": each.iso, "version": 2 if each.edited else 1, "user_deleted": each.state != "visible",
            "hidden": False, "staff": each.staff, "actions_summary": [{"id": 2, "count": each.likes}], "post_type": 1,
        }  # fmt: skip

    first = {"id": 1, "post_number": 1, "cooked": "<p>The article.</p>", "username": "system", "post_type": 1}
    stream = [1, *(int(each.id) for each in at.said)]
    if asked.path == "/t/5.json":
        posts = [first, *map(post, at.said[:CAP])]
        return {"closed": False, "posts_count": len(stream), "post_stream": {"posts": posts, "stream": stream}}
    wanted = [pair.split("=")[1] for pair in asked.raw.split("&")]
    return {"post_stream": {"posts": [post(each) for each in at.said if each.id in wanted]}}


# Ghost: counts threads only, gives three replies, and names who wrote what was deleted.


def ghost(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        gone = each.state != "visible"
        below = at.thread(each) if each.parent is None else []
        answers = each.parent if at.root_of(each).id != each.parent else None
        return {
            "id": each.id, "status": "deleted" if gone else "published", "html": None if gone else html(each),
            "created_at": each.iso, "edited_at": each.iso if each.edited else None, "in_reply_to_id": answers,
            "member": {"id": f"u-{each.author}", "name": each.author, "expertise": "x", "avatar_image": "x"},
            "count": {"replies": len(below), "likes": each.likes}, "replies": [item(reply) for reply in below[:3]],
        }  # fmt: skip

    number = int(asked.query["page"])
    parts = asked.path.strip("/").split("/")
    root = next((each for each in at.said if parts[-1] == "replies" and each.id == parts[-2]), None)
    items = at.thread(root) if root else at.roots()
    pages = -(-len(items) // CAP)
    pagination = {"page": number, "pages": pages, "total": len(items), "next": number + 1 if number < pages else None}
    shown = [item(each) for each in part(items, CAP * (number - 1))]
    return {"comments": shown, "meta": {"pagination": pagination}}


# Waline: times in milliseconds, all replies below their root, the true parent beside.


def waline(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        below = at.thread(each) if each.parent is None else []
        return {
            "objectId": int(each.id), "pid": each.parent and int(each.parent), "rid": int(at.root_of(each).id),
            "comment": html(each), "nick": each.author, "like": each.likes, "time": each.at * 1000, "status": "approved",
            "type": "administrator" if each.staff else None, "avatar": "x", "addr": "x", "sticky": each.featured,
            "children": [item(reply) for reply in below],
        }  # fmt: skip

    number, roots = int(asked.query["page"]), at.roots()
    shown = [item(each) for each in part(roots, CAP * (number - 1))]
    data = {"page": number, "totalPages": -(-len(roots) // CAP), "count": len(at.said), "data": shown}
    return {"errno": 0, "errmsg": "", "data": data}


def artalk(at: Services, asked: Asked) -> Any:
    comments = [
        {
            "id": int(each.id), "rid": int(each.parent or 0), "content": each.text, "content_marked": html(each),
            "nick": each.author, "user_id": ord(each.author[0]), "date": each.iso.replace("T", " ").rstrip("Z"),
            "vote_up": each.likes, "vote_down": each.dislikes, "is_pending": False, "is_pinned": each.featured,
            "is_collapsed": False, "badge_name": "Editor" if each.staff else "", "email_encrypted": "x", "ip_region": "x",
        }
        for each in part(at.said, int(asked.query["offset"]))
    ]  # fmt: skip
    return {"comments": comments, "count": len(at.said), "roots_count": len(at.roots())}


def cusdis(at: Services, asked: Asked) -> Any:
    def item(each: Said) -> dict[str, Any]:
        below = [item(reply) for reply in at.below(each.id)]
        return {
            "id": each.id, "parentId": each.parent, "by_nickname": each.author, "content": each.text,
            "parsedContent": html(each), "createdAt": each.iso, "moderator": {"displayName": each.author} if each.staff else None,
            "replies": {"data": below, "commentCount": len(below), "pageCount": 1, "pageSize": 100},
        }  # fmt: skip

    number, roots = int(asked.query["page"]), at.roots()
    shown = [item(each) for each in part(roots, CAP * (number - 1))]
    counts = {"commentCount": len(roots), "pageSize": CAP, "pageCount": -(-len(roots) // CAP)}
    return {"data": counts | {"data": shown}}


HOSTED = (
    Service("viafoura", viafoura, head="<meta content=c-1 name=vf:container_id>", hints={}),
    Service(
        "coral", coral, body='<div id=coral_thread></div><script>Coral.createStreamEmbed({rootURL: "{base}"})</script>'
    ),
    Service(
        "openweb", openweb, hints={},
        body='<script async src="https://launcher.spot.im/spot/sp_abc" data-post-id="p-1"></script>',
    ),
    Service("disqus", disqus, body='<div id="disqus_thread"></div><script src="//courier.disqus.com/embed.js"></script>', hints={}),
    Service(
        "vuukle", vuukle, hints={}, keeps_removed=False,
        body='<script>VUUKLE_CONFIG = {apiKey: "k-1", articleId: "5", host: "courier.example"}</script>',
    ),
    Service(
        "guardian", guardian,
        body='<script>{"shortUrlId":"/p/abc12","discussionApiUrl":"{base}/discussion-api","isCommentable":true}</script>',
    ),
    Service(
        "comentario", comentario,
        body='<script defer src="{base}/comentario.js"></script><comentario-comments></comentario-comments>',
    ),
    Service("remark42", remark42, body='<div id="remark42"></div><script>var remark_config = {host: "{base}", site_id: "courier"}</script>'),
    Service("discourse", discourse, body='<script>DiscourseEmbed = {discourseUrl: "{base}/", topicId: 5}</script>'),
    Service(
        "ghost", ghost,
        body='<script defer src="https://cdn.example/comments-ui.min.js" data-ghost-comments="{base}/" data-post-id="5"></script>',
    ),
    Service("waline", waline, keeps_removed=False, body='<div id="waline"></div><script>Waline.init({serverURL: "{base}"})</script>'),
    Service(
        "artalk", artalk, keeps_removed=False,
        body='<div id="artalk"></div><script>Artalk.init({server: "{base}", site: "Courier", pageKey: "/ferry"})</script>',
    ),
    Service(
        "cusdis", cusdis, keeps_removed=False,
        body='<div id="cusdis_thread" data-host="{base}" data-app-id="a-1" data-page-id="5"></div>',
    ),
)  # fmt: skip
SERVICES = {service.name: service for service in (*HOSTED, *OWN)}
