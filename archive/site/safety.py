"""What stands between a browser and a hostile archive: headers on every answer, and paths that are refused."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

OWN_PATHS = re.compile(
    r"/(((search|flags|removals)(\.(csv|json))?|agreement|review|about|statistics(/.*)?|dumps|robots\.txt|sitemap.*"
    r"|feeds/.*|thread/.*|comment/.*|-/below/.*)?)\Z"
)


def source_hash(script: str) -> str:
    """The Content-Security-Policy source that allows exactly this inline script."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _inline_scripts() -> Iterable[str]:
    """Datasette's own: one on table pages (it says whether facets are allowed), one that starts the SQL editor."""
    yield from ("DATASETTE_ALLOW_FACET = true;", "DATASETTE_ALLOW_FACET = false;")
    editor = (files("datasette") / "templates" / "_codemirror_foot.html").read_text("utf-8")
    yield from re.findall(r"<script>(.*?)</script>", editor, re.DOTALL)


_EVERYWHERE = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
OWN_POLICY = _EVERYWHERE + "img-src 'self'; style-src 'self'"
REVIEW_POLICY = OWN_POLICY + "; script-src 'self'"
DATASETTE_POLICY = (
    _EVERYWHERE
    + "img-src 'self' data:; connect-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' "
    + " ".join(map(source_hash, _inline_scripts()))
)

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


def policy(path: str) -> str:
    if path == "/review":
        return REVIEW_POLICY
    return OWN_POLICY if OWN_PATHS.match(path) else DATASETTE_POLICY


def is_refused(raw_path: str) -> bool:
    """Datasette redirects such paths to what a browser reads as another host."""
    path = raw_path.partition("?")[0]
    return path.startswith("//") or "\\" in path or "%5c" in path.lower() or path.lower().startswith(("/%2f", "%2f"))


def guard(app: App, *, signs_in_by_header: bool = False, more: Mapping[str, str] | None = None) -> App:
    """Wraps an ASGI application: refuses unsafe paths, and adds headers, and `more` of them, to whatever it answers.

    Passwords in headers are left out where nobody signs in by them: datasette-auth-passwords would check each, and
    fails at what it cannot read."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if not signs_in_by_header:
            scope = {**scope, "headers": [one for one in scope["headers"] if not _is_password(*one)]}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _headers(message.get("headers", []), scope["path"], more or {})}
            await send(message)

        raw = (scope.get("raw_path") or b"").decode("latin-1") or scope["path"]
        if is_refused(raw) or is_refused(scope["path"]):
            await _refuse(send_with_headers)
        else:
            await app(scope, receive, send_with_headers)

    return guarded


def _is_password(name: bytes, value: bytes) -> bool:
    return name.lower() == b"authorization" and value[:6].lower() == b"basic "


def _headers(found: Iterable[tuple[bytes, bytes]], path: str, more: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    wanted = {**HEADERS, **more, "content-security-policy": policy(path)}
    kept = [(name, _cookie(name, value)) for name, value in found if name.decode("latin-1").lower() not in wanted]
    return kept + [(name.encode(), value.encode()) for name, value in wanted.items()]


def _cookie(name: bytes, value: bytes) -> bytes:
    """The cookie that says who is signed in, out of reach of scripts."""
    signs_in = name.lower() == b"set-cookie" and value.startswith(b"ds_actor=")
    return value + b"; HttpOnly" if signs_in and b"httponly" not in value.lower() else value


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": b"This address is not one of this site's.\n"})
