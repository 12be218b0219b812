"""Many articles whose comments four services hold, at once: each host is asked once a second, and no time is wasted.

python -m benchmarks.hosted_pace [--articles 50]

Four outlets and four services on loopback, each a host of its own. A crawl can be no quicker than its busiest host
allows; status 1 where a host was asked more often than once a second, or the crawl took much longer than that.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.crawling import Desk
from tests.servers.hosted import SERVICES
from tests.servers.services import ARTICLE, PARAGRAPH, Answer, Services, parse

NAMES = ("waline", "remark42", "comentario", "cusdis")  # that tell articles apart by what their pages say
DELAY_S = 1.0
TOLERANCE_S = 0.15  # a busy machine notes a request late, and the next in time
LAST_S = 5.0  # for the pages of the last article, one after the other
MOST_WASTE = 1.1


@dataclass
class Host:
    """A server of articles and of one service, and when each request came."""

    url: str
    times: list[float] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")

    def smallest_gap(self) -> float:
        return min((later - earlier for earlier, later in pairwise(self.times)), default=DELAY_S)


@contextmanager
def serving(name: str, service: str | None) -> Iterator[Host]:
    """Serve articles that embed a service which is at `service`; or, without that, the service itself."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._respond("GET", None)

        def do_POST(self) -> None:
            self._respond("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _respond(self, method: str, body: bytes | None) -> None:
            host.times.append(time.monotonic())
            answer = self._answer(method, body)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _answer(self, method: str, body: bytes | None) -> Answer:
            if service is None or self.path == "/robots.txt":
                headers = {key.lower(): value for key, value in self.headers.items()}
                return services.answer(parse(method, self.path, headers, body))
            url, title = f"{host.url}{self.path}", f"Ferry {self.path.rpartition('-')[2].strip('/')}"
            embed = SERVICES[name].body.replace("{base}", service).replace('page-id="5"', f'page-id="{self.path}"')
            page = ARTICLE.format(title=title, url=url, text=f"{title}. {PARAGRAPH * 4}", head="", body=embed)
            return Answer(page, media_type="text/html; charset=utf-8")

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host = Host(f"http://127.0.0.1:{server.server_port}")
    services = Services(host.url)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def measure(articles: int) -> dict[str, Any]:
    """Crawl so many articles, and return what came of it."""
    with ExitStack() as stack:
        services = {name: stack.enter_context(serving(name, None)) for name in NAMES}
        sites = [stack.enter_context(serving(name, f"{services[name].url}/{name}")) for name in NAMES]
        hosts = {f"{name} service": host for name, host in services.items()}
        hosts |= {f"{name} outlet": host for name, host in zip(NAMES, sites, strict=True)}
        urls = [f"{sites[n % len(sites)].url}/2026/03/14/ferry-{n}/" for n in range(articles)]
        allowed = [part for host in hosts.values() for part in ("--allow-host", host.address)]
        desk = Desk(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        done = desk.btl("crawl", *urls, *allowed, "--delay", DELAY_S, "--json")
        times = [each for host in hosts.values() for each in host.times]
        counts = json.loads(done.stdout)["counts"]
        whole = desk.query("select count(*) from threads where completeness = 'full' and comment_count > 0")[0][0]
        return {
            "articles": articles,
            "whole_threads": whole,
            "errors": counts["errors"],
            "seconds": round(max(times) - min(times), 1),
            "seconds_at_the_busiest_host": round(max(len(host.times) for host in hosts.values()) * DELAY_S, 1),
            "hosts": {
                name: {"requests": len(host.times), "smallest_gap_s": round(host.smallest_gap(), 3)}
                for name, host in hosts.items()
            },
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=50)
    figures = measure(parser.parse_args().articles)
    print(json.dumps(figures, indent=2))
    is_polite = all(host["smallest_gap_s"] >= DELAY_S - TOLERANCE_S for host in figures["hosts"].values())
    is_quick = figures["seconds"] <= MOST_WASTE * figures["seconds_at_the_busiest_host"] + LAST_S
    if not (is_polite and is_quick and figures["whole_threads"] == figures["articles"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
