"""`btl replay`: captured bytes -> the same platforms -> the archive, without network."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from archive.store.archive import Archive, Run
from archive.thread import Thread
from crawler.evidence.captures import Evidence
from crawler.pages import discovery
from crawler.pages.page import Page
from crawler.platforms import driver
from crawler.report import Report
from crawler.warc.sources import Source, Visitable, open_source

BATCH = 50


@dataclass(slots=True)
class Reread:
    """What a replay did: counts, and what could not be read with its place and reason."""

    report: Report = field(default_factory=Report)
    errors: list[tuple[str, str]] = field(default_factory=list)


def replay(archive: Archive, paths: Iterable[Path], url: str | None, progress: Callable[[Report], None]) -> Reread:
    """Reads every article that the files hold into the archive; what it has from the same capture is passed over."""
    paths = list(paths)
    run = archive.begin_run("replay", {"paths": [str(path) for path in paths]})
    result = Reread()
    for path in paths:
        try:
            source = open_source(path, url=url, base=archive.path.parent, earlier=Evidence(archive).earlier)
        except (OSError, ValueError) as error:
            result.errors.append((str(path), str(error)))
            continue
        _read(archive, run, source, result, progress)
        result.errors += [(problem.place, problem.reason) for problem in source.errors]
    for place, reason in result.errors:
        result.report.failed(place, reason)
    archive.end_run(run, "failed" if result.errors else "done", result.report.counts())
    return result


def _read(archive: Archive, run: Run, source: Source, result: Reread, progress: Callable[[Report], None]) -> None:
    batch: list[Thread] = []
    for visitable in source.pages():
        try:
            batch += _threads(source, visitable)
        except Exception as error:  # noqa: BLE001 one page that cannot be read must not stop the others
            result.errors.append((visitable.page.url, f"{type(error).__name__}: {error}"))
        if len(batch) >= BATCH:
            _save(archive, run, batch, result)
            batch = []
        progress(result.report)
    _save(archive, run, batch, result)


def _threads(source: Source, visitable: Visitable) -> tuple[Thread, ...]:
    page = visitable.page
    threads = driver.run(driver.visit(page), lambda wanted: source.answer(wanted, page.fetched_at))
    return threads if is_article(page, threads) else ()


def is_article(page: Page, threads: tuple[Thread, ...]) -> bool:
    """Whether a page is worth a place: it holds comments, or looks like an article."""
    return any(thread.comments for thread in threads) or discovery.kind_of(page) == "article"


def _save(archive: Archive, run: Run, batch: list[Thread], result: Reread) -> None:
    saved = archive.save(batch, run)
    for thread, visit in zip(batch, saved.outcomes, strict=True):
        result.report.visited(thread, visit)
    for thread, reason in saved.failures:
        result.errors.append((thread.capture.url or thread.capture.file or "?", reason))
