"""Requests that the public site is asked by, and no others: sound, small, without who asks or what name they used."""

import re
from urllib.parse import urlsplit

from archive.publish.manifest import Release
from archive.site.limiting import refuse
from archive.site.safety import App, Message, Receive, Send
from archive.site.served import MOST_PARAMETERS

LONGEST_PATH, LONGEST_QUERY, MOST_HEADERS = 1_000, 4_000, 16_384

_PATH = re.compile(r"/[\w.~,/:@!$&'()*+;=-]*", re.ASCII)
_OPEN_BELOW = ("/-/static/", "/-/static-plugins/", "/-/below/")
_ASKED_BY = {b"accept-encoding", b"if-none-match", b"if-range", b"range", b"x-forwarded-for"}


def sound(app: App, found: Release, starting: App) -> App:
    """Refuses what no page of the site is asked by, and leaves out who asks: nobody signs in here. `starting` is told
    when the server starts and ends."""
    parts = urlsplit(found.url)
    host, scheme = (parts.netloc or "localhost").encode(), parts.scheme or "http"
    robots = robots_text(found)

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await starting(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1000})
            return
        status, why = _fault(scope)
        if status:
            await refuse(send, status, why)
            return
        is_head = scope["method"] == "HEAD"
        send = _bodiless(send) if is_head else send
        path = scope["raw_path"].decode("ascii").partition("?")[0] if scope.get("raw_path") else scope["path"]
        if path == "/robots.txt":
            await _text(send, robots)
            return
        kept = [(name, value) for name, value in scope["headers"] if name in _ASKED_BY]
        changed = {"path": path, "raw_path": path.encode(), "method": "GET", "scheme": scheme}
        changed |= {"headers": [*kept, (b"host", host)], "belowtheline.head": is_head}
        await app({**scope, **changed}, receive, send)

    return answer


def _fault(scope: Message) -> tuple[int, str]:
    raw = (scope.get("raw_path") or scope["path"].encode("utf-8", "replace")).partition(b"?")[0]
    if scope["method"] not in ("GET", "HEAD"):
        return 405, "This site is only read.\n"
    if len(raw) > LONGEST_PATH or len(scope["query_string"]) > LONGEST_QUERY:
        return 414, "That address is too long.\n"
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:
        return 431, "That is too much to say before a question.\n"
    if not raw.isascii() or not _PATH.fullmatch(raw.decode("ascii")) or b"//" in raw or not _query(scope):
        return 400, "This address is not one of this site's.\n"
    path = raw.decode("ascii")
    if path.startswith("/-/") and not path.startswith(_OPEN_BELOW):
        return 404, "There is no such page here.\n"
    if path.endswith(".db") or path in ("/.json", "/.jsono") or path.startswith(("/_", "/:")):
        return 404, "There is no such page here.\n"
    return 0, ""


def _query(scope: Message) -> bool:
    found: bytes = scope["query_string"]
    return found.isascii() and found.decode("ascii").isprintable() and found.count(b"&") < MOST_PARAMETERS


def _bodiless(send: Send) -> Send:
    """Answers HEAD: what GET says before its body."""
    ended = False

    async def without_body(message: Message) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            await send(message)
        elif not ended and not message.get("more_body"):
            ended = True
            await send({"type": "http.response.body", "body": b""})

    return without_body


async def _text(send: Send, text: str) -> None:
    body = text.encode()
    said = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"public, max-age=3600")]
    said.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": said})
    await send({"type": "http.response.body", "body": body})


def robots_text(found: Release) -> str:
    if not found.is_indexed:
        return "User-agent: *\nDisallow: /\n"
    closed = ("/archive/*?*", "/*.csv", "/*.json", "/search", "/dumps/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    return "\n".join(lines + ([f"Sitemap: {found.url}/sitemap.xml"] if found.url else [])) + "\n"
