"""A small news site on loopback that can be told to misbehave: what a crawl meets, and what it asked for."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PER_PAGE = 100
PARAGRAPH = (
    "The ferry to the island leaves at twenty to six, says the timetable that the harbour office put up on Monday. "
)


@dataclass
class Answer:
    """What the server sends. `stall_s` waits before the body, `cut` sends less of it than announced."""

    body: bytes = b""
    status: int = 200
    media_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    stall_s: float = 0.0
    cut: bool = False


@dataclass
class Asked:
    """A request as it came."""

    path: str
    at: float
    headers: dict[str, str]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass
class Post:
    """An article; `comments` are (id, parent id, author, text)."""

    id: int
    slug: str
    comments: list[tuple[int, int, str, str]] = field(default_factory=list)
    text: str = PARAGRAPH * 6
    canonical: str | None = None

    @property
    def path(self) -> str:
        return f"/2026/03/14/{self.slug}/"


Hook = Callable[[Asked], Answer | None]


class NewsSite:
    """Posts with their comments by REST or, with `rest` off, in HTML pages of `per_page`; `hooks` answer first."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.url = f"http://{address}"
        self.posts: dict[int, Post] = {}
        self.hooks: list[Hook] = []
        self.asked: list[Asked] = []
        self.robots = Answer(b"User-agent: *\nAllow: /\n", media_type="text/plain")
        self.rest = True
        self.validators = False
        self.per_page: int | None = None

    def post(self, slug: str = "ferry-timetable-for-spring", **more: Any) -> Post:
        number = len(self.posts) + 1
        self.posts[number] = Post(number, slug, **more)
        return self.posts[number]

    def urls(self) -> list[str]:
        return [self.url + post.path for post in self.posts.values()]

    def paths(self, beginning: str = "/") -> list[str]:
        """What was asked, in order."""
        return [asked.path for asked in self.asked if asked.path.startswith(beginning)]

    def hook(self, beginning: str, answer: Answer | Callable[[Asked], Answer | None]) -> None:
        """Answers paths that begin so."""

        def answering(asked: Asked) -> Answer | None:
            if not asked.path.startswith(beginning):
                return None
            return answer if isinstance(answer, Answer) else answer(asked)

        self.hooks.insert(0, answering)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        for hook in self.hooks:
            if (found := hook(asked)) is not None:
                return found
        found = self._answer(asked)
        if self.validators and found.status == 200:
            etag = f'"{sha256(found.body).hexdigest()[:16]}"'
            if asked.headers.get("if-none-match") == etag:
                return Answer(status=304, headers={"ETag": etag})
            found.headers["ETag"] = etag
        return found

    def _answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        if path == "/robots.txt":
            return self.robots
        if path == "/":
            return Answer(self._front().encode())
        if path == "/feed/":
            return Answer(self._feed().encode(), media_type="application/rss+xml")
        if path == "/wp-json/wp/v2/comments" and self.rest:
            return self._rest(asked)
        for post in self.posts.values():
            if path.startswith(post.path):
                return self._article(post, path.removeprefix(post.path))
        return Answer(b"not here", 404, "text/plain")

    def _front(self) -> str:
        links = "".join(
            f'<h2><a href="{p.path}">{p.slug.replace("-", " ").title()}</a></h2>' for p in self.posts.values()
        )
        feed = '<link rel="alternate" type="application/rss+xml" href="/feed/">'
        return f"<html><head><title>Courier</title>{feed}</head><body><main>{links}</main></body></html>"

    def _feed(self) -> str:
        items = "".join(
            f"<item><title>{p.slug}</title><link>{self.url}{p.path}</link><pubDate>Sat, 14 Mar 2026 05:40:00 +0000</pubDate>"
            f"<slash:comments>{len(p.comments)}</slash:comments></item>"
            for p in self.posts.values()
        )
        space = 'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
        return f'<?xml version="1.0"?><rss version="2.0" {space}><channel><title>Courier</title>{items}</channel></rss>'

    def _rest(self, asked: Asked) -> Answer:
        query = asked.query
        comments = self.posts[int(query["post"])].comments
        size = int(query.get("per_page", 10))
        first = size * (int(query.get("page", 1)) - 1)
        listed = [self._as_json(int(query["post"]), *comment) for comment in comments[first : first + size]]
        headers = {"X-WP-Total": str(len(comments)), "X-WP-TotalPages": str(-(-len(comments) // size))}
        return Answer(json.dumps(listed).encode(), media_type="application/json; charset=UTF-8", headers=headers)

    def _as_json(self, post: int, number: int, parent: int, author: str, text: str) -> dict[str, Any]:
        return {
            "id": number,
            "post": post,
            "parent": parent,
            "author": 0,
            "author_name": author,
            "date_gmt": _date(number),
            "content": {"rendered": f"<p>{text}</p>\n"},
            "link": f"{self.url}{self.posts[post].path}#comment-{number}",
            "status": "approved",
            "type": "comment",
        }

    def _article(self, post: Post, rest: str) -> Answer:
        count = len(post.comments)
        size = self.per_page or max(count, 1)
        pages = max(1, -(-count // size))
        number = int(rest.strip("/").removeprefix("comment-page-") or 1)
        shown = post.comments[(number - 1) * size : number * size]
        links = "".join(
            f'<a class="page-numbers" href="{post.path}comment-page-{n}/#comments">{n}</a>'
            if n != number
            else f'<span class="page-numbers current">{n}</span>'
            for n in range(1, pages + 1)
        )
        heading = f'<h2 class="comments-title">{count} thoughts on the ferry</h2>' if count else ""
        api = '<link rel="https://api.w.org/" href="/wp-json/">' if self.rest else ""
        body = f"""<!doctype html><html lang="en"><head><title>{post.slug} - Courier</title>{api}
<link rel="canonical" href="{post.canonical or self.url + post.path}">
<meta property="og:title" content="{post.slug}"><meta property="og:type" content="article">
<meta property="article:published_time" content="2026-03-14T05:40:00Z"></head>
<body class="single single-post postid-{post.id}"><article><h1>{post.slug}</h1>
<p>{post.text}</p><p>{PARAGRAPH * 3}</p></article>
<div id="comments" class="comments-area">{heading}<ol class="comment-list">{_items(shown)}</ol>
<nav class="comments-pagination">{links}</nav>
<div id="respond" class="comment-respond"><form id="commentform" action="/wp-comments-post.php">
<textarea name="comment"></textarea><input type="hidden" name="comment_post_ID" value="{post.id}"></form></div></div>
</body></html>"""
        return Answer(body.encode())


def _date(number: int) -> str:
    return f"2026-03-{14 + number // 1440 % 14:02}T{number // 60 % 24:02}:{number % 60:02}:00"


def _items(comments: list[tuple[int, int, str, str]]) -> str:
    """Nested as WordPress does it; a comment whose parent is on another page stands at the top."""
    shown = {number for number, *_ in comments}
    children: dict[int, list[tuple[int, int, str, str]]] = {}
    for comment in comments:
        children.setdefault(comment[1] if comment[1] in shown else 0, []).append(comment)

    def item(comment: tuple[int, int, str, str]) -> str:
        number, _, author, text = comment
        below = "".join(item(each) for each in children.get(number, ()))
        replies = f'<ol class="children">{below}</ol>' if below else ""
        return (
            f'<li id="comment-{number}" class="comment"><article id="div-comment-{number}" class="comment-body">'
            f'<footer class="comment-meta"><div class="comment-author vcard"><b class="fn">{author}</b>'
            f'<span class="says">says:</span></div><div class="comment-metadata"><a href="#comment-{number}">'
            f'<time datetime="{_date(number)}+00:00">then</time></a></div></footer>'
            f'<div class="comment-content"><p>{text}</p></div></article>{replies}</li>'
        )

    return "".join(item(comment) for comment in children.get(0, ()))


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[NewsSite]:
    """A news site on a free port; it ends with its threads."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = site.answer(Asked(self.path, time.monotonic(), headers))
            try:
                self._send(answer)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            if answer.status != 304:
                self.send_header("Content-Type", answer.media_type)
                self.send_header("Content-Length", str(len(answer.body) + (1_000 if answer.cut else 0)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if answer.stall_s:
                self.wfile.flush()
                ending.wait(answer.stall_s)
            self.wfile.write(answer.body)
            if answer.cut:
                self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            pass

    ending = threading.Event()
    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    site = NewsSite(f"{host}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
