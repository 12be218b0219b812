"""Answers that are kept, for as long as a process runs: a public copy is immutable, so each page stays what it is."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from archive.site.safety import App, Message, Receive, Send

MOST_BYTES = 64 * 2**20
LARGEST = 2**20
PAGE_S, ERROR_S, STATIC_S, FOREVER_S = 300, 60, 3600, 31_536_000
DROPPED = (b"set-cookie", b"cache-control", b"vary", b"etag", b"date", b"server")

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    headers: Headers
    body: bytes


class Kept:
    """Finished answers by what was asked, the least recently asked dropped first; never more than MOST_BYTES."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self.size = 0
        self._answers: OrderedDict[Any, Answer] = OrderedDict()

    def get(self, key: Any) -> Answer | None:
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: Any, answer: Answer) -> None:
        if _weight(key, answer) > self.most or key in self._answers:
            return
        self._answers[key] = answer
        self.size += _weight(key, answer)
        while self.size > self.most:
            old, dropped = self._answers.popitem(last=False)
            self.size -= _weight(old, dropped)

    def __len__(self) -> int:
        return len(self._answers)


def _weight(key: Any, answer: Answer) -> int:
    return (
        512 + sum(map(len, key[:2])) + len(answer.body) + sum(len(name) + len(value) for name, value in answer.headers)
    )


def etag(tag: str, path: str, query: bytes) -> bytes:
    """Weak, since a compressed answer is another one, byte by byte."""
    return b'W/"%s"' % sha256(f"{tag} {path}?".encode() + query).hexdigest()[:24].encode()


def cached(app: App, tag: str, kept: Kept | None = None) -> App:
    """Wraps an application over one release: says how long its answers may be kept, answers 304 where the browser has
    one already, and keeps finished answers. Several who ask for one page wait for the first of them."""
    answers = kept if kept is not None else Kept()
    in_work: dict[Any, asyncio.Event] = {}

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        path, query = scope["path"], scope["query_string"]
        mark = etag(tag, path, query)
        asked = {name: value for name, value in scope["headers"] if name in (b"if-none-match", b"accept-encoding")}
        if mark in [one.strip() for one in asked.get(b"if-none-match", b"").split(b",")]:
            await send({"type": "http.response.start", "status": 304, "headers": _lasting(200, path, query, mark)})
            await send({"type": "http.response.body", "body": b""})
            return
        key = (path, query, b"gzip" in asked.get(b"accept-encoding", b""))
        found = answers.get(key)
        if found is None and key in in_work:
            await in_work[key].wait()
            found = answers.get(key)
        if found is not None:
            await send({"type": "http.response.start", "status": 200, "headers": found.headers})
            await send({"type": "http.response.body", "body": found.body})
            return
        mine = asyncio.Event()
        is_head = bool(scope.get("belowtheline.head"))  # whose answer may have no body
        if not is_head and not path.endswith((".csv", ".json")):
            in_work.setdefault(key, mine)

        def finished(answer: Answer | None) -> None:
            if answer is not None and not is_head:
                answers.put(key, answer)
            mine.set()
            if in_work.get(key) is mine:
                del in_work[key]

        try:
            await app(scope, receive, _Keeper(send, lambda status: _lasting(status, path, query, mark), finished).send)
        finally:
            finished(None)

    return answer


class _Keeper:
    """Passes an answer on, and hands it over whole where it is one to keep: before its last bytes go to a reader who
    may be slow to take them."""

    def __init__(self, send: Send, lasting: Callable[[int], Headers], finished: Callable[[Answer], None]) -> None:
        self._send, self._lasting, self._finished = send, lasting, finished
        self._headers: Headers = []
        self._parts: list[bytes] | None = None
        self._size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.lower(), value) for name, value in message.get("headers", [])]
            headers = [(name, value) for name, value in own if name not in DROPPED]
            headers += self._lasting(message["status"])
            message = {**message, "headers": headers}
            if message["status"] == 200:
                self._headers, self._parts = headers, []
        elif self._parts is not None:
            self._collect(self._parts, message)
        await self._send(message)

    def _collect(self, parts: list[bytes], message: Message) -> None:
        parts.append(bytes(message.get("body", b"")))
        self._size += len(parts[-1])
        if self._size > LARGEST:
            self._parts = None
        elif not message.get("more_body"):
            body = b"".join(parts)
            rest = [(name, value) for name, value in self._headers if name != b"content-length"]
            self._finished(Answer([*rest, (b"content-length", str(len(body)).encode())], body))


def _lasting(status: int, path: str, query: bytes, mark: bytes) -> Headers:
    """How long an answer may be kept, and by what it is known. Addresses with a digest in them never change."""
    vary = (b"vary", b"Accept-Encoding")
    if status in (200, 304):
        hashed = path.startswith("/-/below/") or (path.startswith("/-/static/") and query)
        seconds = FOREVER_S if hashed else STATIC_S if path.startswith("/-/static") else PAGE_S
        more = ", immutable" if hashed else ""
        return [vary, (b"etag", mark), (b"cache-control", f"public, max-age={seconds}{more}".encode())]
    if status in (301, 302, 308, 400, 404):
        return [vary, (b"cache-control", f"public, max-age={ERROR_S}".encode())]
    return [vary, (b"cache-control", b"no-store")]
