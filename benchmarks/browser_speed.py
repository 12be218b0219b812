"""Articles whose comments only a browser loads: seconds and memory a page, and that no comment is lost.

python -m benchmarks.browser_speed [--pages 20] [--tabs 1 2 4] [--delay 0]

A site and a comment service on loopback, each a host of its own. A page's script asks the service for its thread once
it is scrolled to, and for the rest by two clicks, 10 of 30 comments each. `btl` opens two tabs at most; for the
figures of others that is changed here. Memory is the largest sum of the processes' proportional shares (PSS), of
Chromium with its driver and of all others. Exit status 1 where a comment is lost, or a robots.txt was not asked for.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.crawling import Desk
from tests.servers.services import ARTICLE, PARAGRAPH, START

COMMENTS, PER_PAGE = 30, 10
SECTION = "00000000-0000-4000-8000-5ec710000000"
HEAD = f'<meta name="vf:site_id" content="{SECTION}">'
LISTS = f"/v4/livecomments/{SECTION}"
BTL = "from crawler.browser import chromium; chromium.MOST_TABS = {tabs}; from archive.cli import main; main()"
POLL_S = 1.0
SCRIPT = """
const box = document.createElement("vf-conversations");
box.setAttribute("vf-container-id", document.body.dataset.thread);
box.style.cssText = "display: block; margin-top: 3000px";
document.body.append(box);
async function load(list, after) {
  const data = await (await fetch(list + (after ? "&starting_from=" + after : ""))).json();
  box.append(...data.contents.map(c => Object.assign(document.createElement("p"), {textContent: c.content})));
  if (!data.more_available) return;
  const button = Object.assign(document.createElement("button"), {textContent: "Load more comments"});
  button.onclick = () => { button.remove(); load(list, data.contents.at(-1).content_uuid); };
  box.append(button);
}
async function start() {
  const head = await (await fetch("BASE?limit=0&container_id=" + document.body.dataset.thread)).json();
  load("BASE/" + head.container.content_container_uuid + "/comments?limit=10&sorted_by=oldest&reply_limit=3");
}
new IntersectionObserver((seen, self) => { if (seen[0].isIntersecting) { self.disconnect(); start(); } }).observe(box);
"""
Answer = Callable[[str, dict[str, str]], tuple[str, str]]


@contextmanager
def serving(answer: Answer, asked: list[str]) -> Iterator[str]:
    """Serve what `answer` returns for a path and its parameters: text and media type; note the paths."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked.append(parts.path)
            parameters = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            text, media_type = ("User-agent: *\nAllow: /\n", "text/plain")
            if parts.path != "/robots.txt":
                text, media_type = answer(parts.path, parameters)
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{media_type}; charset=utf-8")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer_of_service(path: str, parameters: dict[str, str]) -> tuple[str, str]:
    """Return a thread's container, or a page of its comments."""
    if path == LISTS:
        answer: Any = {"container": {"content_container_uuid": f"u-{parameters['container_id']}"}}
    else:
        container = path.removeprefix(f"{LISTS}/").partition("/")[0]
        after = parameters.get("starting_from", "")
        first = int(after.rpartition("-")[2]) + 1 if after else 0
        numbers = range(first, min(first + PER_PAGE, COMMENTS))
        answer = {
            "more_available": first + PER_PAGE < COMMENTS,
            "contents": [comment_of_service(container, number) for number in numbers],
        }
    return json.dumps(answer), "application/json"


def comment_of_service(container: str, number: int) -> dict[str, Any]:
    """Return a comment at the top, as Viafoura has it."""
    own = f"{container}-{number}"
    return {
        "content_uuid": own, "thread_uuid": own, "parent_uuid": container, "content_container_uuid": container,
        "section_uuid": SECTION, "actor_uuid": f"actor-{number % 7}", "content": f"Remark {number} on {container}.",
        "date_created": (START + 60 * number) * 1000, "state": "visible", "total_likes": number, "total_dislikes": 0,
        "total_replies": 0, "total_direct_replies": 0, "is_edited": False, "is_pinned": False, "is_picked": False,
    }  # fmt: skip


def site_of(pages: int, service: str) -> Answer:
    """Return a site whose front page leads to so many articles."""

    def answer(path: str, _: dict[str, str]) -> tuple[str, str]:
        if path == "/app.js":
            return SCRIPT.replace("BASE", f"{service}{LISTS}"), "text/javascript"
        if path == "/":
            links = (
                f'<h2><a href="/2026/03/14/ferry-timetable-{n}/">Ferry timetable {n}</a></h2>' for n in range(pages)
            )
            return f"<html><body><main>{''.join(links)}</main></body></html>", "text/html"
        number = path.strip("/").rpartition("-")[2]
        body = f'<script>document.body.dataset.thread = "c{number}"</script><script src="/app.js"></script>'
        title = f"Ferry timetable {number}"
        return ARTICLE.format(
            title=title, url=path, text=f"{title}. {PARAGRAPH * 4}", head=HEAD, body=body
        ), "text/html"

    return answer


class Memory(threading.Thread):
    """The largest memory of a process and of all below it, in MB: of the browser's, and of the others."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.browser, self.others = pid, 0.0, 0.0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(POLL_S):
            sums = {True: 0.0, False: 0.0}
            for pid in self._tree():
                with suppress(OSError, StopIteration):
                    name = Path(f"/proc/{pid}/comm").read_text().strip()
                    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                    pss = next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
                    sums[name.startswith(("chrom", "node", "google-chrome"))] += pss / 1024
            self.browser, self.others = max(self.browser, sums[True]), max(self.others, sums[False])

    def _tree(self) -> Iterator[int]:
        """Yield a process and all below it; a zygote's children too, as each names its parent."""
        parents: dict[int, list[int]] = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                    parents.setdefault(parent, []).append(int(folder.name))
        waiting = [self.pid]
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += parents.get(pid, [])


def processor_seconds() -> float:
    """Return what all processes that were started and have ended have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(pages: int, tabs: int, delay: float) -> dict[str, Any]:
    """Crawl so many pages in so many tabs, and return what came of it."""
    asked: list[str] = []
    with tempfile.TemporaryDirectory() as folder, serving(answer_of_service, asked) as service:
        with serving(site_of(pages, service), asked) as site:
            desk = Desk(Path(folder))
            hints = f'comments = {{platform = "viafoura", host = "{service}"}}'
            (desk.folder / "outlets.toml").write_text(
                f'[[outlets]]\nname = "Courier"\nhome = "{site}/"\nbrowser = true\n{hints}\n'
            )
            allowed = [part for url in (site, service) for part in ("--allow-host", url.removeprefix("http://"))]
            options = ["--delay", str(delay), "--concurrency", str(2 * tabs), "--json"]
            command = [sys.executable, "-c", BTL.format(tabs=tabs), "crawl", "outlets.toml", *allowed, *options]
            began, used = time.monotonic(), processor_seconds()
            with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
                memory = Memory(process.pid)
                memory.start()
                output, _ = process.communicate()
                memory.done.set()
                memory.join()
            seconds, used = time.monotonic() - began, processor_seconds() - used
        counts = json.loads(output)["counts"]
        whole = desk.query("select count(*) from threads where completeness = 'full'")[0][0]
    return {
        "pages": pages,
        "tabs": tabs,
        "delay_s": delay,
        "whole_threads": whole,
        "comments": counts["comments"],
        "of_comments": pages * COMMENTS,
        "robots_txt_asked": asked.count("/robots.txt"),
        "seconds": round(seconds, 1),
        "seconds_a_page": round(seconds / pages, 2),
        "processor_seconds_a_page": round(used / pages, 2),
        "browser_mb": round(memory.browser),
        "other_processes_mb": round(memory.others),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--tabs", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between two requests to a host")
    options = parser.parse_args()
    is_whole = True
    for tabs in options.tabs:
        figures = measure(options.pages, tabs, options.delay)
        print(json.dumps(figures), flush=True)
        is_whole &= figures["comments"] == figures["of_comments"] and figures["robots_txt_asked"] == 2
    if not is_whole:
        sys.exit(1)


if __name__ == "__main__":
    main()
