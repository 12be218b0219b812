"""Comment services on loopback, in the shapes and with the traps of the real ones: one conversation, told by each.

`Services.answer` is pure, so that a platform can be driven without a network; `serving` puts it behind HTTP.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawler.pages.page import CommentHints, Fetch, FetchFailed, Page

START = 1_773_466_800  # 2026-03-14 05:40
KEY = "k3y-of-the-desk"  # that the operator has for Disqus
CAP = 10  # what a page holds at most, whatever was asked for
PARAGRAPH = "The ferry to the island leaves at twenty to six, says the timetable that the harbour office put up. "
ARTICLE = """<!doctype html><html lang="en"><head><title>{title} - Courier</title><link rel="canonical" href="{url}">
<meta property="og:type" content="article"><meta property="article:published_time" content="2026-03-14T05:00:00Z">
{head}</head><body><article><h1>{title}</h1><p>{text}</p><p>{text}</p></article>{body}</body></html>"""


@dataclass
class Said:
    """A comment as it is; `state` is visible, removed or author_deleted."""

    id: str
    parent: str | None
    author: str
    text: str
    minute: int
    likes: int = 0
    dislikes: int = 0
    state: str = "visible"
    edited: bool = False
    featured: bool = False
    staff: bool = False

    @property
    def at(self) -> int:
        return START + 60 * self.minute

    @property
    def iso(self) -> str:
        minutes = 5 * 60 + 40 + self.minute
        return f"2026-03-14T{minutes // 60:02}:{minutes % 60:02}:00Z"


def conversation() -> list[Said]:
    """Threads at the top, one with many replies, one that goes nine levels deep, in the order of time."""
    names = ("Anna", "Finn", "Ruth", "Omar", "Lea")
    said = [Said(str(100 + n), None, names[n % 5], f"Remark {n} on the timetable.", n, likes=n) for n in range(1, 13)]
    said += [
        Said(str(200 + n), "101", names[n % 5], f"Reply {n}: at six, I think.", 20 + n, 1, 2) for n in range(1, 13)
    ]
    deep = ["102", *(str(300 + n) for n in range(1, 10))]
    said += [Said(own, above, "Lea", f"And {own}?", 40 + n) for n, (above, own) in enumerate(pairwise(deep))]
    by_id = {each.id: each for each in said}
    by_id["107"].state = "removed"
    by_id["108"].edited = True
    by_id["109"].featured = True
    by_id["110"].staff = True
    return said


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None
    raw: str = ""


@dataclass
class Answer:
    value: Any
    status: int = 200
    media_type: str = "application/json"

    @property
    def body(self) -> bytes:
        return self.value.encode() if isinstance(self.value, str) else json.dumps(self.value).encode()


@dataclass
class Service:
    """One service: what its pages say of it, what an outlets file must add, and what it answers below /NAME."""

    name: str
    answer: Callable[["Services", Asked], Any]
    head: str = ""
    body: str = ""
    hints: dict[str, str] | None = None
    keeps_removed: bool = True  # whether it shows that a comment was removed
    site: str = ""  # where the platform works only on pages of that site


@dataclass
class Budget:
    """A server that allows `number` requests in each `seconds`, says how many are left, and refuses more."""

    number: int
    seconds: float
    ends: float = 0.0
    left: int = 0
    refused: int = 0

    def spend(self) -> tuple[bool, dict[str, str]]:
        """Whether a request is within it, and the headers of the response."""
        now = time.monotonic()
        if now >= self.ends:
            self.ends, self.left = now + self.seconds, self.number
        is_within = self.left > 0
        self.left -= is_within
        self.refused += not is_within
        stated = {"Limit": str(self.number), "Remaining": str(self.left), "Reset": f"{self.ends - now:.3f}"}
        return is_within, {f"X-Ratelimit-{name}": value for name, value in stated.items()}


@dataclass
class Services:
    """All services at `url`. `said` is the conversation; `broken` names a service that fails after
    `patience` answers; `amend` changes the JSON that services answer."""

    url: str
    said: list[Said] = field(default_factory=conversation)
    asked: list[Asked] = field(default_factory=list)
    broken: str | None = None
    patience: int = 1
    tokens: int = 0
    amend: Callable[[Any], Any] = lambda value: value
    budget: Budget | None = None
    extra: dict[str, Answer] = field(default_factory=dict)

    # what the conversation is

    def roots(self) -> list[Said]:
        return [each for each in self.said if each.parent is None]

    def below(self, parent: str) -> list[Said]:
        return [each for each in self.said if each.parent == parent]

    def root_of(self, each: Said) -> Said:
        by_id = {other.id: other for other in self.said}
        while each.parent is not None:
            each = by_id[each.parent]
        return each

    def thread(self, root: Said) -> list[Said]:
        return [each for each in self.said if each is not root and self.root_of(each) is root]

    # HTTP

    def article(self, name: str) -> str:
        from tests.servers import hosted

        service, url = hosted.SERVICES[name], self.article_url(name)
        values = {"base": f"{self.url}/{name}", "url": url}
        head, body = (
            text.replace("{base}", values["base"]).replace("{url}", url) for text in (service.head, service.body)
        )
        return ARTICLE.format(title=f"Ferry by {name}", url=url, text=PARAGRAPH * 4, head=head, body=body)

    def article_url(self, name: str) -> str:
        return f"{self.url}/news/{name}/2026/03/14/ferry-timetable-{name}/"

    def hints(self, name: str) -> CommentHints | None:
        from tests.servers import hosted

        stated = hosted.SERVICES[name].hints
        return None if stated is None else CommentHints(name, f"{self.url}/{name}", **stated)

    def page(self, name: str) -> Page:
        headers = {"content-type": "text/html; charset=utf-8"}
        body = self.article(name).encode()
        return Page(self.article_url(name), body, headers, "2026-03-15T06:00:00Z", hints=self.hints(name))

    def answer(self, asked: Asked) -> Answer:
        from tests.servers import hosted

        self.asked.append(asked)
        if asked.path in self.extra:
            return self.extra[asked.path]
        name, _, rest = asked.path.lstrip("/").partition("/")
        if name == "robots.txt":
            return Answer("User-agent: *\nAllow: /\n", media_type="text/plain")
        if name == "news":
            service, _, slug = rest.partition("/")
            page = self.article(service) if slug else self._front(service)
            return Answer(page, media_type="text/html; charset=utf-8")
        if name not in hosted.SERVICES:
            return Answer("not here", 404, "text/plain")
        later = sum(each.path.startswith(f"/{name}/") for each in self.asked)
        if self.broken == name and later > self.patience:
            return Answer("out of order", 403, "text/plain")
        found = hosted.SERVICES[name].answer(self, replace(asked, path=f"/{rest}"))
        return found if isinstance(found, Answer) else Answer(self.amend(found))

    def _front(self, name: str) -> str:
        link = f'<h2><a href="{self.article_url(name)}">The new timetable of the ferry to the island</a></h2>'
        return f"<html><head><title>Courier</title></head><body><main>{link}</main></body></html>"

    def fetch(self, fetch: Fetch) -> Page:
        """The fetch function of a visit without a network; the operator has KEY."""
        parts = urlsplit(fetch.url)
        keys = {name: KEY for name, _ in fetch.keys}
        raw = "&".join(filter(None, (parts.query, *(f"{name}={value}" for name, value in keys.items()))))
        headers = {name.lower(): value for name, value in fetch.headers}
        asked = parse(("GET" if fetch.body is None else "POST"), f"{parts.path}?{raw}", headers, fetch.body)
        answer = self.answer(asked)
        page = Page(fetch.url, answer.body, {"content-type": answer.media_type}, "2026-03-15T06:00:00Z")
        if answer.status != 200:
            raise FetchFailed(fetch.url, f"HTTP {answer.status}", answer.status, page)
        return page


def parse(method: str, target: str, headers: dict[str, str], body: bytes | None) -> Asked:
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    value = json.loads(body) if body else None
    return Asked(method, parts.path, query, headers, value, parts.query)


@contextmanager
def serving() -> Iterator[Services]:
    """The services on a free port of loopback; they end with their threads."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._respond("GET", None)

        def do_POST(self) -> None:
            self._respond("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _respond(self, method: str, body: bytes | None) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            is_within, more = services.budget.spend() if services.budget is not None else (True, {})
            answer = Answer("too many requests", 429, "text/plain")
            if is_within:
                answer = services.answer(parse(method, self.path, headers, body))
            self.send_response(answer.status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    services = Services(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
