"""How much of the site one reader, and all readers at once, may ask for: so that everybody gets an answer."""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from archive.site.safety import App, Message, Receive, Send

RATE = 10
WINDOW_S = 10
MOST_CLIENTS = 20_000
COSTS = (("/-/", 0), ("/dumps/", 5), ("/search", 4), ("/archive", 2))
FILE_COST = 8


class Bounded(MemoryStorage):
    """limits' own storage grows with every client and starts a thread to forget them; this one forgets the client that
    was quiet for longest."""

    STORAGE_SCHEME = ["bounded-memory"]  # noqa: RUF012  # limits reads it so

    def __init__(self, most: int = MOST_CLIENTS) -> None:
        super().__init__()
        self.timer.cancel()
        self.most = most
        self.seen: OrderedDict[str, deque[float]] = OrderedDict()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.monotonic()
        times = self.seen.setdefault(key, deque())
        self.seen.move_to_end(key)
        while times and times[0] <= now - expiry:
            times.popleft()
        if len(times) + amount > limit:
            return False
        times.extend([now] * amount)
        while len(self.seen) > self.most:
            self.seen.popitem(last=False)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002
        times = self.seen.get(key) or deque([time.monotonic()])
        return time.time() - (time.monotonic() - times[0]), len(times)


def client(scope: Message) -> str | None:
    """Who asks, as far as addresses say: IPv6 by the /64 that a line has. None for this machine itself, where no proxy
    says that it asks for somebody else (uvicorn has read X-Forwarded-For by now, of proxies that it trusts)."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback and all(name != b"x-forwarded-for" for name, _ in scope["headers"]):
        return None
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def cost(path: str) -> int:
    if path.endswith((".csv", ".json")) and not path.startswith("/dumps/"):
        return FILE_COST
    return next((cost for start, cost in COSTS if path.startswith(start)), 1)


def limited(app: App, rate: int = RATE, storage: Bounded | None = None) -> App:
    """Refuses, with 429, who asks for more than `rate` pages a second over ten seconds. 0 is no limit."""
    if rate <= 0:
        return app
    store = storage or Bounded()
    limiter, limit = MovingWindowRateLimiter(store), RateLimitItemPerSecond(rate * WINDOW_S, WINDOW_S)

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        who, price = client(scope), min(cost(scope["path"]), rate * WINDOW_S)
        if who is None or not price or limiter.hit(limit, who, cost=price):
            await app(scope, receive, send)
            return
        reset = limiter.get_window_stats(limit, who).reset_time - time.time()
        wait = min(WINDOW_S, max(1, math.ceil(reset)))
        await refuse(send, 429, "You ask for more pages than this site can give one reader. Wait a moment.\n", wait)

    return answer


async def refuse(send: Send, status: int, text: str, retry_s: int | None = None) -> None:
    """A short answer in plain text."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    if retry_s is not None:
        headers.append((b"retry-after", str(retry_s).encode()))
    body = text.encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Full(Exception):
    """Nobody more can wait."""


class Room:
    """Room for so many at once; so many more wait their turn, for so long."""

    def __init__(self, inside: int, waiting: int, patience_s: float) -> None:
        self.waiting, self.patience_s = waiting, patience_s
        self._places = asyncio.Semaphore(inside)
        self._queue = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Raises Full."""
        await self._enter()
        try:
            yield
        finally:
            self._places.release()

    async def _enter(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        if self._queue >= self.waiting:
            raise Full
        self._queue += 1
        try:
            await asyncio.wait_for(self._places.acquire(), self.patience_s)
        except TimeoutError:
            raise Full from None
        finally:
            self._queue -= 1


def roomy(app: App, rooms: dict[str, Room], kind: Callable[[Message], str | None]) -> App:
    """Works an answer out once there is room for its kind: `kind` says which of `rooms`. Then it needs
    room in "any" as all others do."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        name = kind(scope)
        try:
            async with AsyncExitStack() as stack:
                for one in (name, "any"):
                    if one is not None:
                        await stack.enter_async_context(rooms[one].place())
                await app(scope, receive, send)
        except Full:
            await refuse(send, 503, "Many people are asking at once. Load this page again in a moment.\n", 5)

    return answer
