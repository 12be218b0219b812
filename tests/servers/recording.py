"""Many hosts on loopback that record every request: who asked, when, and for what. Each is a port of its own."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from tests.news_server import Answer, NewsSite

HEAD = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """A request as it came; `worker` is the contact in its User-Agent."""

    path: str
    worker: str
    at: float


@dataclass
class Host:
    """A news site and the requests to it; each response comes after `wait_s`, as over a network."""

    site: NewsSite
    requests: list[Request] = field(default_factory=list)

    def pages(self) -> list[str]:
        return [request.path for request in self.requests if request.path != "/robots.txt"]

    def gaps(self) -> list[tuple[float, bool]]:
        """Return the seconds between each request and the next, and whether another worker made it."""
        return [(later.at - earlier.at, later.worker != earlier.worker) for earlier, later in pairwise(self.requests)]


@dataclass
class Hosts:
    """All hosts by address."""

    by_address: dict[str, Host] = field(default_factory=dict)

    def urls(self) -> list[str]:
        return [url for host in self.by_address.values() for url in host.site.urls()]

    def count(self, worker: str) -> int:
        """Return how many pages a worker has asked for."""
        requests = [request for host in self.by_address.values() for request in list(host.requests)]
        return sum(request.worker == worker and request.path != "/robots.txt" for request in requests)


@contextmanager
def recording(hosts: int, pages: int, wait_s: float) -> Iterator[Hosts]:
    """Serve so many hosts with so many articles each, of one comment each."""
    served, loop, ready = Hosts(), asyncio.new_event_loop(), threading.Event()
    servers: list[asyncio.Server] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = "{}:{}".format(*writer.get_extra_info("sockname"))
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                at = time.monotonic()
                path = head.split(" ", 2)[1]
                agent = head.lower().partition("user-agent: ")[2].partition("\r")[0]
                host = served.by_address[address]
                host.requests.append(Request(path, agent.partition("(+")[2].rstrip(")"), at))
                await asyncio.sleep(wait_s)
                answer = host.site.robots if path == "/robots.txt" else _article(host.site, path)
                status = f"{answer.status} {'OK' if answer.status == 200 else 'Not Found'}"
                writer.write(HEAD.format(status=status, kind=answer.media_type, size=len(answer.body)).encode())
                writer.write(answer.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def serve() -> None:
        for number in range(hosts):
            server = await asyncio.start_server(respond, "127.0.0.1", 0)
            servers.append(server)
            site = NewsSite("{}:{}".format(*server.sockets[0].getsockname()))
            site.rest = False
            for page in range(pages):
                comment = number * pages + page + 1
                site.post(f"the-harbour-office-news-{page}", comments=[(comment, 0, "Anna", f"At {comment}.")])
            served.by_address[site.address] = Host(site)
        ready.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(_end(servers))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _article(site: NewsSite, path: str) -> Answer:
    post = next((post for post in site.posts.values() if post.path == path), None)
    return site._article(post, "") if post else Answer(b"not here", 404, "text/plain")


async def _end(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks)
