"""`btl record`: one visit, kept as a case for tests."""

from pathlib import Path

from archive.store.archive import Archive
from crawler import case_files, run
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import driver
from crawler.run import Options, Plan
from crawler.state import warc_folder
from crawler.warc.sources import open_source


class Exists(Exception):
    """The case is there already."""


def record_case(
    archive: Archive, plan: Plan, options: Options, pages: Path, name: str
) -> tuple[Path | None, list[tuple[str, str]]]:
    """Makes the directory of a case; gives it, or None with what failed. Raises Exists."""
    if "/" in name and (pages / name).exists():
        raise Exists(f"{pages / name} is there already")
    outcome = run.run(archive, plan, options)
    (warc,) = warc_folder(archive.path).iterdir()
    source = open_source(warc)
    page = next((visitable.page for visitable in source.pages()), None)
    if page is None:
        return None, outcome.report.errors
    visited: list[tuple[Fetch, Page | FetchFailed]] = [(Fetch(page.url), page)]

    def fetch(wanted: Fetch) -> Page:
        try:
            answer = source.answer(wanted, page.fetched_at)
        except FetchFailed as failure:
            visited.append((wanted, failure))
            raise
        visited.append((wanted, answer))
        return answer

    threads = driver.run(driver.visit(page), fetch)
    folder = pages / (name if "/" in name else f"{threads[0].platform}/{name}")
    if folder.exists():
        raise Exists(f"{folder} is there already")
    case_files.write(folder, visited, threads)
    return folder, outcome.report.errors
