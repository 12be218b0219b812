"""Security headers on every response, and paths that are refused: what stands between a browser and hostile texts."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from datasette.utils.asgi import Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

OWN_PATHS = re.compile(
    r"/(((search|flags|removals|threads|outlets|dossier)(\.(csv|json))?|agreement|review|about|statistics(/.*)?|dumps"
    r"|robots\.txt|sitemap.*|feeds/.*|(thread|comment|commenter|article|outlet|copies)/.*|questions(/.*)?"
    r"|-/below/.*)?)\Z"
)


def source_hash(script: str) -> str:
    """Return the Content-Security-Policy source that allows exactly this inline script."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _inline_scripts() -> Iterable[str]:
    """Yield Datasette's own: one on table pages (whether facets are allowed), one that starts the SQL editor."""
    yield from ("DATASETTE_ALLOW_FACET = true;", "DATASETTE_ALLOW_FACET = false;")
    editor = (files("datasette") / "templates" / "_codemirror_foot.html").read_text("utf-8")
    yield from re.findall(r"<script>(.*?)</script>", editor, re.DOTALL)


_EVERYWHERE = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
OWN_POLICY = _EVERYWHERE + "img-src 'self'; style-src 'self'"
# Pages with a script of this site: single keys for reviewers, the marks of a dossier. They work without it.
SCRIPT_POLICY = OWN_POLICY + "; script-src 'self'"
SCRIPT_PATHS = frozenset({"/review", "/dossier"})

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


@cache
def datasette_policy() -> str:
    """Return the policy of Datasette's own pages, which have inline scripts and styles."""
    return (
        _EVERYWHERE
        + "img-src 'self' data:; connect-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' "
        + " ".join(map(source_hash, _inline_scripts()))
    )


def policy(path: str) -> str:
    if path in SCRIPT_PATHS:
        return SCRIPT_POLICY
    return OWN_POLICY if OWN_PATHS.match(path) else datasette_policy()


def is_refused(raw_path: str) -> bool:
    """Whether Datasette would redirect a path to what a browser reads as another host."""
    path = raw_path.partition("?")[0]
    return path.startswith("//") or "\\" in path or "%5c" in path.lower() or path.lower().startswith(("/%2f", "%2f"))


def guard(app: App, *, signs_in_by_header: bool = False, more: Mapping[str, str] | None = None) -> App:
    """Wrap an application: refuse unsafe paths, and add the headers, and `more` of them, to every response.

    Passwords in headers are left out where nobody signs in by them: datasette-auth-passwords would check each, and
    fails at what it cannot read."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if not signs_in_by_header:
            scope = {**scope, "headers": [pair for pair in scope["headers"] if not _is_password(*pair)]}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _headers(message.get("headers", []), scope["path"], more or {})}
            await send(message)

        raw = (scope.get("raw_path") or b"").decode("latin-1") or scope["path"]
        if is_refused(raw) or is_refused(scope["path"]):
            await Response.text("This address is not one of this site's.\n", status=400).asgi_send(send_with_headers)
        else:
            await app(scope, receive, send_with_headers)

    return guarded


def _is_password(name: bytes, value: bytes) -> bool:
    return name.lower() == b"authorization" and value[:6].lower() == b"basic "


def _headers(headers: Iterable[tuple[bytes, bytes]], path: str, more: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    own = {**HEADERS, **more, "content-security-policy": policy(path)}
    others = [(name, _cookie(name, value)) for name, value in headers if name.decode("latin-1").lower() not in own]
    return others + [(name.encode(), value.encode()) for name, value in own.items()]


def _cookie(name: bytes, value: bytes) -> bytes:
    """Put the cookie that says who is signed in out of reach of scripts."""
    signs_in = name.lower() == b"set-cookie" and value.startswith(b"ds_actor=")
    return value + b"; HttpOnly" if signs_in and b"httponly" not in value.lower() else value
