"""Pages are read in other processes: what ends one of them, or takes too long there, costs that page and no other."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.parser.pool import PageUnreadable, ParsePool
from tests.btl import PATIENCE_S

HERE = Path(__file__).parents[2]
HTML = (HERE / "pages" / "wordpress" / "pages" / "00.html").read_bytes()
MORE = (HERE / "pages" / "wordpress" / "pages" / "01.html").read_bytes()
URL = "https://courier.example/2026/ferry/"
SLOW = """
import time
from crawler.parser import process
from crawler.pages.page import Page
process.TIMEOUT_S = 1
process.discovery.classify_page = lambda page: time.sleep(100_000)
process.advance({}, 1, "article", [Page("https://courier.example/", b"<p>")])
"""


class Deadly:
    """Ends the process that it is sent to."""

    def __reduce__(self):
        return os._exit, (1,)


def page(url=URL, body=HTML):
    return Page(url, body, {"content-type": "text/html; charset=utf-8"})


async def fetch(wanted):
    if wanted.url.endswith("comment-page-2/"):
        return page(wanted.url, MORE)
    raise FetchFailed(wanted.url, "HTTP 404", 404)


async def fetch_deadly(wanted):
    return Deadly()


def read_all(*jobs):
    async def run():
        pool = ParsePool()
        try:
            return await asyncio.gather(
                *(pool.parse(page, "article", fetch) for page, fetch in jobs), return_exceptions=True
            )
        finally:
            pool.close()

    return asyncio.run(run())


def test_what_a_platform_requests_is_fetched():
    (found,) = read_all((page(), fetch))
    assert found.kind == "article"
    assert [comment.native_id for comment in found.threads[0].comments] == ["11", "12", "13", "14", "21", "22"]


def test_a_page_that_ends_its_process_costs_no_other_page():
    found = read_all(*[(page(), fetch)] * 5, (page(), fetch_deadly), *[(page(), fetch)] * 5)
    assert isinstance(found.pop(5), PageUnreadable)
    assert [len(each.threads[0].comments) for each in found] == [6] * 10


def test_a_page_that_cannot_be_read_says_why():
    (found,) = read_all((Page(URL, b"<p>", {"content-type": None}), fetch))  # type: ignore[dict-item]
    assert isinstance(found, PageUnreadable)
    assert "AttributeError" in str(found)


@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="this system has no alarm")
def test_a_page_that_takes_too_long_ends_its_process():
    done = subprocess.run([sys.executable, "-c", SLOW], timeout=PATIENCE_S, check=False)
    assert done.returncode == -signal.SIGALRM


def test_failures_cross_processes():
    import pickle

    failure = pickle.loads(pickle.dumps(FetchFailed(URL, "HTTP 500", 500)))
    assert (failure.url, failure.reason, failure.status) == (URL, "HTTP 500", 500)
    assert pickle.loads(pickle.dumps(Fetch(URL, (("Accept", "x"),), b"{}"))) == Fetch(URL, (("Accept", "x"),), b"{}")
