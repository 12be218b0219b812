"""`btl record`: one visit, kept as a case for tests."""

from pathlib import Path

from archive.store import Archive
from crawler import cases, crawl, drive
from crawler.crawl import Options, Plan
from crawler.page import Fetch, FetchFailed, Page
from crawler.spiders.news import NewsSpider


class Exists(Exception):
    """The case is there already."""


class RecordingSpider(NewsSpider):
    """Remembers what was asked and what came."""

    name = "record"
    visited: list[tuple[Fetch, Page | FetchFailed]]

    async def fetch(self, wanted: Fetch) -> Page:
        try:
            page = await super().fetch(wanted)
        except FetchFailed as failure:
            self.visited.append((wanted, failure))
            raise
        self.visited.append((wanted, page))
        return page


def record_case(
    archive: Archive, plan: Plan, options: Options, pages: Path, name: str
) -> tuple[Path | None, list[tuple[str, str]]]:
    """Makes the directory of a case; gives it, or None with what failed. Raises Exists."""
    if "/" in name and (pages / name).exists():
        raise Exists(f"{pages / name} is there already")
    visited: list[tuple[Fetch, Page | FetchFailed]] = []
    article: list[Page] = []

    class Spider(RecordingSpider):
        def _page(self, response, entry):  # type: ignore[no-untyped-def]
            page, kept = super()._page(response, entry)
            article.append(page)
            return page, kept

    Spider.visited = visited
    outcome = crawl.run(archive, plan, options, spider=Spider)
    if not article:
        return None, outcome.report.errors
    answers = {fetch: answer for fetch, answer in visited}

    def again(wanted: Fetch) -> Page:
        answer = answers[wanted]
        if isinstance(answer, FetchFailed):
            raise answer
        return answer

    threads = drive.run(drive.visit(article[0]), again)
    folder = pages / (name if "/" in name else f"{threads[0].platform}/{name}")
    if folder.exists():
        raise Exists(f"{folder} is there already")
    cases.write(folder, [(Fetch(article[0].url), article[0]), *visited], threads)
    return folder, outcome.report.errors
