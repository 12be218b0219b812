"""Turn a visit that was crawled into a test case for a platform: `btl record`."""

from pathlib import Path

from crawler.cases import case_files
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import driver
from crawler.warc.sources import open_captures


class CaseExists(Exception):
    """The folder of the case exists."""


def check_free(folder: Path) -> None:
    """Raise CaseExists."""
    if folder.exists():
        raise CaseExists(f"{folder} is there already")


def record_case(warc: Path, pages: Path, name: str) -> Path | None:
    """Write the visit that a WARC file begins with as a case below `pages`; return its folder.

    `name` is PLATFORM/NAME, or NAME for the platform that reads the page. Return None where the file has no page.
    Raise CaseExists.
    """
    captures = open_captures(warc)
    page = next(captures.pages(), None)
    if page is None:
        return None
    exchanges: list[tuple[Fetch, Page | FetchFailed]] = [(Fetch(page.url), page)]

    def fetch(request: Fetch) -> Page:
        try:
            response = captures.fetch(request, page.fetched_at)
        except FetchFailed as failure:
            exchanges.append((request, failure))
            raise
        exchanges.append((request, response))
        return response

    threads = driver.run(driver.visit(page), fetch)
    folder = pages / (name if "/" in name else f"{threads[0].platform}/{name}")
    check_free(folder)
    case_files.write_case(folder, exchanges, threads)
    return folder
