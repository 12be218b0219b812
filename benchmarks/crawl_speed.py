"""How fast a whole crawl is, beside the sum of what its parts need when each of them runs alone over the same pages.

python -m benchmarks.crawl_speed [--pages 2000] [--comments 200] [--json]

The parts: bare Scrapy that fetches and drops, trafilatura's extraction, a walk over the comments with lxml, warcio's
writer, and sqlite3's `executemany` of the comments in one transaction. The crawl is `btl crawl` over the same site,
with everything that it does besides; then it runs again over the unchanged site.
"""

import argparse
import gzip
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import lxml.html
import trafilatura
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks import crawl_site

AT_ONCE = 16
BTL = [sys.executable, "-c", "from archive.cli import main; main()"]
BARE = """
import sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for url in sys.stdin.read().split():
            yield scrapy.Request(url, self.parse)
    def parse(self, response):
        pass
process = AsyncCrawlerProcess({"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
    "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16})
process.crawl(Bare)
process.start()
"""
WRITTEN = ("comments", "comment_revisions", "article_revisions", "commenters", "events", "flags")


@contextmanager
def serving(pages: int, comments: int) -> Iterator[str]:
    """Serve the site; yield its host and port."""
    command = [sys.executable, "-m", "benchmarks.crawl_site", str(pages), str(comments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def time_scrapy(urls: Iterable[str]) -> float:
    """Return the seconds that a Scrapy process takes to request the pages and drop them."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE], input="\n".join(urls), text=True, check=True)
    return time.perf_counter() - began


def time_trafilatura(html: Iterable[str]) -> float:
    began = time.perf_counter()
    for page in html:
        trafilatura.extract(page, fast=True, include_comments=False)
    return time.perf_counter() - began


def time_lxml(html: Iterable[str]) -> tuple[float, list[tuple[Any, ...]]]:
    """Return the seconds of the least that finds a page's comments, and the rows."""
    rows: list[tuple[Any, ...]] = []
    began = time.perf_counter()
    for page in html:
        items = lxml.html.document_fromstring(page).iter("li")
        rows += [_parse_comment(element) for element in items if element.get("id", "").startswith("comment-")]
    return time.perf_counter() - began, rows


def _parse_comment(item: Any) -> tuple[Any, ...]:
    parent = item.getparent().getparent()
    name = body = posted = None
    for element in item[0].iter():
        kind = element.get("class")
        if kind == "fn":
            name = element.text
        elif kind == "comment-content":
            body = "\n\n".join(paragraph.text_content() for paragraph in element)
        elif element.tag == "time":
            posted = element.get("datetime")
    return item.get("id"), parent.get("id"), name, posted, body


def time_warcio(html: Iterable[str], path: Path) -> float:
    began = time.perf_counter()
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number, page in enumerate(html):
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            url = f"http://courier.example{crawl_site.path(number)}"
            body = BytesIO(page.encode())
            writer.write_record(writer.create_warc_record(url, "response", payload=body, http_headers=headers))
    return time.perf_counter() - began


def time_sqlite(rows: list[tuple[Any, ...]], path: Path) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table comments (id text primary key, parent text, name text, posted text, body text)")
    connection.execute("create index comments_parent on comments (parent)")
    began = time.perf_counter()
    connection.execute("begin")
    connection.executemany("insert into comments values (?, ?, ?, ?, ?)", rows)
    connection.execute("commit")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def time_crawl(host: str, folder: Path) -> float:
    """Return the seconds of a whole `btl crawl`: of the sitemap at first, then of all that is due."""
    target = "--due" if (folder / "archive.db").exists() else f"http://{host}/sitemap.xml"
    options = ["--allow-host", host, "--concurrency", str(AT_ONCE), "--json"]
    began = time.perf_counter()
    subprocess.run([*BTL, "crawl", target, *options], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def count_rows(database: Path) -> dict[str, int]:
    """Count the rows of tables that an unchanged page must not touch, and the threads that were read whole."""
    connection = sqlite3.connect(database)
    counts = {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in WRITTEN}
    counts["whole"] = connection.execute("select count(*) from threads where completeness = 'full'").fetchone()[0]
    with connection:
        connection.execute("update frontier set next_at = '2000-01-01T00:00:00Z' where kind = 'article'")
    connection.close()
    return counts


def warc_sizes(folder: Path) -> list[int]:
    """Return the decompressed size of each WARC file, in bytes."""
    sizes = []
    for file in sorted((folder / "archive-warc").iterdir()):
        with gzip.open(file) as stream:
            sizes.append(sum(len(block) for block in iter(lambda: stream.read(1 << 20), b"")))
    return sizes


def time_parts(urls: list[str], pages: int, comments: int, folder: Path) -> dict[str, float]:
    html = [text for _, text in crawl_site.pages(pages, comments)]
    walk, rows = time_lxml(html)
    return {
        "scrapy": time_scrapy(urls),
        "trafilatura": time_trafilatura(html),
        "walk": walk,
        "warcio": time_warcio(html, folder / "parts.warc.gz"),
        "sqlite3": time_sqlite(rows, folder / "parts.db"),
    }


def measure(pages: int, comments: int, folder: Path) -> dict[str, Any]:
    with serving(pages, comments) as host:
        urls = [f"http://{host}{crawl_site.path(number)}" for number in range(pages)]
        alone = time_parts(urls, pages, comments, folder)
        first = time_crawl(host, folder)
        before = count_rows(folder / "archive.db")
        again = time_crawl(host, folder)
        after = count_rows(folder / "archive.db")
    sizes = warc_sizes(folder)
    return {
        "pages": pages,
        "comments": before["comments"],
        "as_expected": before["comments"] == pages * comments and before["whole"] == pages,
        **{f"{name}_ms_a_page": round(1000 * seconds / pages, 2) for name, seconds in alone.items()},
        "parts_seconds": round(sum(alone.values()), 1),
        "crawl_seconds": round(first, 1),
        "crawl_pages_per_s": round(pages / first, 1),
        "ratio_to_parts": round(sum(alone.values()) / first, 2),
        "second_crawl_seconds": round(again, 1),
        "second_crawl_new_rows": sum(after.values()) - sum(before.values()),
        "second_crawl_share_of_bytes": round(sizes[1] / sizes[0], 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--comments", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.pages, options.comments, Path(folder))
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:<28} {value:,}" if isinstance(value, (int, float)) else f"{name:<28} {value}")
    return 0 if result["as_expected"] and result["second_crawl_new_rows"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
