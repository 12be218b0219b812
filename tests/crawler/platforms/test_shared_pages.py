"""Real pages as structural twins, which lie beside the project: what is read of them may not become less."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from crawler.pages.page import FetchFailed, Page
from crawler.platforms import driver
from tests.conftest import missing

PAGES = Path(__file__).parents[4] / "shared" / "pages"
EVERY = 3  # of the pages, so that the test stays short; all of them: shared/pages/measure
FLOORS = {
    ("found", "gold"): 0.95,
    ("parent", "found"): 0.99,
    ("replies_right", "replies"): 0.97,
    ("author", "authors"): 0.98,
    ("body", "bodies"): 0.94,
    ("date", "dates"): 0.93,
}
MOST_INVENTED = 0.02
MOST_TRAPS = 1


def load_measure() -> ModuleType:
    module = ModuleType("measure")
    exec(compile((PAGES / "measure").read_text(), "measure", "exec"), vars(module))
    return module


def refuse(request):
    raise FetchFailed(request.url, "no network", 404)


def read(gold: dict) -> list[dict]:
    body = gzip.decompress((PAGES / f"{gold['page']}.html.gz").read_bytes())
    body = re.sub(rb"<link[^>]+canonical[^>]*>|<meta[^>]+og:url[^>]*>", b"", body)
    url = f"https://page-{gold['page']}.example/2026/03/a-story-{gold['page']}.html"
    page = Page(url, body, {"content-type": "text/html; charset=utf-8"}, "2026-03-14T06:00:00Z")
    comments: list[dict] = []
    for thread in driver.run(driver.visit(page), refuse):
        first = len(comments)
        comments += [
            {
                "id": first + number,
                "native_id": comment.native_id,
                "parent_id": None if comment.parent is None else first + comment.parent,
                "author": comment.author.name if comment.author else None,
                "body": comment.body,
                "posted_at": comment.posted.at if comment.posted else None,
            }
            for number, comment in enumerate(thread.comments)
        ]
    return comments


@pytest.fixture(scope="module")
def counts() -> Counter:
    if not (PAGES / "gold.jsonl").exists():
        missing("the real pages are not beside the project")
    measure = load_measure()
    golds = [json.loads(line) for line in (PAGES / "gold.jsonl").read_text().split("\n") if line]
    total: Counter = Counter()
    for gold in golds[::EVERY]:
        total.update(measure.count(gold, read(gold)))
    return total


@pytest.mark.parametrize("ratio", FLOORS, ids="_of_".join)
def test_no_less_is_read_than_before(counts: Counter, ratio: tuple[str, str]) -> None:
    part, whole = ratio
    assert counts[part] >= FLOORS[ratio] * counts[whole]


def test_next_to_nothing_is_invented(counts: Counter) -> None:
    assert counts["invented"] <= MOST_INVENTED * counts["gold"]
    assert counts["trap_hit"] <= MOST_TRAPS
