"""How much CPU the reading of a page takes, and, beside another checkout of this project, how much it took there.

python -m benchmarks.page_speed [--beside CHECKOUT] [--rounds 3] [--pages 20]

Each page is read by both in turn, in a process each, so that whatever else the machine does hits both; the fastest of
its rounds counts. The pages are those of `benchmarks.crawl_quality` and `crawl_site`, and the real ones that lie beside
the project, where they do. Exit status 1 where this checkout takes more than a tenth longer than the other one.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from benchmarks import crawl_quality, crawl_site
from benchmarks.real_pages import SHARED

HERE = Path(__file__).parents[1]
MOST = 1.10  # of the other checkout's time
COMMENTS = 200
# Runs in either checkout: a page's number in, the seconds of CPU that it took out.
WORKER = """
import gc, json, sys, time
sys.path.insert(0, sys.argv[1])
from crawler.pages.page import FetchFailed, Page
from crawler.platforms import driver
pages = json.load(open(sys.argv[2], encoding="utf-8"))
def fetch(request):
    raise FetchFailed(request.url, "nothing else is there")
def read(number):
    url, html = pages[number]
    page = Page(url, html.encode("utf-8", "surrogateescape"), {"content-type": "text/html"}, "2026-03-14T06:00:00Z")
    gc.collect()
    began = time.process_time()
    driver.run(driver.visit(page), fetch)
    return time.process_time() - began
for line in sys.stdin:
    print(read(int(line)), flush=True)
"""
Pages = dict[str, list[tuple[str, str]]]


class Worker:
    """A process that reads pages with the code of one checkout."""

    def __init__(self, checkout: Path, corpus: Path) -> None:
        command = [sys.executable, "-c", WORKER, str(checkout), str(corpus)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=checkout)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate()

    def seconds(self, number: int) -> float:
        """Return the CPU seconds that reading a page took."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(number, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


def make_pages(count: int) -> Pages:
    """Return groups of addresses with their HTML."""
    groups: Pages = {"large": [(f"https://town.example{p}", html) for p, html in crawl_site.pages(count, COMMENTS)]}
    for family in crawl_quality.FAMILIES:
        groups[family] = [_numbered(n, case.html) for n, case in enumerate(crawl_quality.cases(family, count * 2))]
    groups["no comments"] = [_numbered(n, case.html) for n, case in enumerate(crawl_quality.silent(count * 2))]
    groups["real"] = list(_real_pages())
    return {name: pages for name, pages in groups.items() if pages}


def _numbered(number: int, html: str) -> tuple[str, str]:
    return f"https://town.example/2014/05/page-{number}/", html


def _real_pages() -> Iterator[tuple[str, str]]:
    for path in sorted((SHARED / "pages").glob("*.html.gz")):
        name = path.name.partition(".")[0]
        html = gzip.decompress(path.read_bytes()).decode("utf-8", "surrogateescape")
        yield f"https://page-{name}.example/2026/03/a-story-{name}.html", html


def measure(checkouts: Sequence[Path], groups: Pages, rounds: int) -> dict[str, list[float]]:
    """Return, for each group, the seconds of each checkout: of every page the fastest of its rounds."""
    pages = [page for group in groups.values() for page in group]
    Random(1).shuffle(pages)
    fastest = [[float("inf")] * len(pages) for _ in checkouts]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        corpus = Path(folder) / "pages.json"
        corpus.write_text(json.dumps(pages), encoding="utf-8")
        workers = [stack.enter_context(Worker(checkout, corpus)) for checkout in checkouts]
        for _ in range(rounds):
            for number in range(len(pages)):
                for worker, best in zip(workers, fastest, strict=True):
                    best[number] = min(best[number], worker.seconds(number))
    places = {page: number for number, page in enumerate(pages)}
    return {name: [sum(best[places[page]] for page in group) for best in fastest] for name, group in groups.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout of this project")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=20, help="pages of each kind that is made")
    options = parser.parse_args()
    checkouts = [HERE, *([options.beside.resolve()] if options.beside else [])]
    groups = make_pages(options.pages)
    seconds = measure(checkouts, groups, options.rounds)
    seconds["all"] = [sum(each) for each in zip(*seconds.values(), strict=True)]
    for name, figures in seconds.items():
        count = len(groups.get(name, ())) or sum(map(len, groups.values()))
        ratio = f"   {figures[0] / figures[1]:.3f} of the other checkout's" if options.beside else ""
        print(f"{name:<22}" + "".join(f"{1000 * figure / count:9.2f} ms" for figure in figures) + ratio)
    return int(options.beside is not None and seconds["all"][0] > MOST * seconds["all"][1])


if __name__ == "__main__":
    sys.exit(main())
