"""Record one visit as a test case for a platform: `btl record`."""

from pathlib import Path

from archive.store.archive import Archive
from crawler import case_files, run
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import driver
from crawler.run import Options, Plan
from crawler.state import warc_folder
from crawler.warc.sources import open_captures


class CaseExists(Exception):
    """The folder of the case exists."""


def record_case(
    archive: Archive, plan: Plan, options: Options, pages: Path, name: str
) -> tuple[Path | None, list[tuple[str, str]]]:
    """Crawl the one URL of `plan` and write the folder of a case below `pages`.

    `name` is PLATFORM/NAME, or NAME for the platform that reads the page. Return the folder, or None where the page
    could not be fetched, and the errors (URL, reason). Raise CaseExists.
    """
    if "/" in name and (pages / name).exists():
        raise CaseExists(f"{pages / name} is there already")
    outcome = run.run(archive, plan, options)
    (warc,) = warc_folder(archive.path).iterdir()
    captures = open_captures(warc)
    page = next(captures.pages(), None)
    if page is None:
        return None, outcome.report.errors
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
    if folder.exists():
        raise CaseExists(f"{folder} is there already")
    case_files.write_case(folder, exchanges, threads)
    return folder, outcome.report.errors
