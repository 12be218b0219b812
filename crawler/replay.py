"""Read captured pages into the archive by the same platforms as a crawl, without network: `btl replay`."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.flags.annotate import annotate_thread
from archive.importers import wet
from archive.importers.base import BadDocument, Source
from archive.importers.files import open_file
from archive.importers.parsing import parse_document
from archive.store.archive import Archive, Run
from archive.store.disk import is_disk_full
from archive.store.remote_files import list_warcs
from archive.thread import Thread
from crawler.evidence.captures import Evidence
from crawler.outlets import OutletConfig, find_hints
from crawler.pages import discovery
from crawler.pages.page import BadPage, CommentHints, Page
from crawler.platforms import driver
from crawler.report import CrawlReport
from crawler.warc.capture_index import CaptureIndex
from crawler.warc.sources import open_captures, open_copies

BATCH = 50  # threads saved in one transaction


@dataclass(slots=True)
class ReplayResult:
    """Counts of a replay, and each file or page that could not be read with the reason."""

    report: CrawlReport = field(default_factory=CrawlReport)
    errors: list[tuple[str, str]] = field(default_factory=list)


def replay_captures(
    archive: Archive,
    paths: Iterable[Path | str],
    url: str | None,
    on_progress: Callable[[CrawlReport], None],
    outlets: Sequence[OutletConfig] = (),
) -> ReplayResult:
    """Save every article that the files hold. Captures that the archive has already are skipped.

    A path that is a text is an address, of a WARC file or, where it ends in a slash, of a folder of them. `outlets` say
    what their pages hide of their comments.
    """
    hints = {outlet.home: outlet.comments for outlet in outlets if outlet.comments is not None}
    paths = list(paths)
    result = ReplayResult()
    with archive.running("replay", {"paths": [str(path) for path in paths]}, result.report.counts) as run:
        _replay(archive, run, paths, url, result, on_progress, hints)
    nothing = bool(result.errors) and not result.report.total["threads"]
    archive.end_run(run, "failed" if nothing else "done", result.report.counts())
    return result


def _replay(
    archive: Archive,
    run: Run,
    paths: Iterable[Path | str],
    url: str | None,
    result: ReplayResult,
    on_progress: Callable[[CrawlReport], None],
    hints: Mapping[str, CommentHints],
) -> None:
    for path in paths:
        try:
            captures = _open_address(archive, path) if isinstance(path, str) else _open_path(archive, path, url)
        except (OSError, ValueError) as error:
            result.errors.append((str(path), str(error)))
            continue
        _replay_index(archive, run, captures, result, on_progress, hints)
        for file in captures.texts:
            _import_texts(archive, run, file, result, on_progress)
        result.errors += [(problem.location, problem.reason) for problem in captures.errors]
        _count_unconfirmed(captures, result)
    for location, reason in result.errors:
        result.report.count_failure(location, reason)


def _count_unconfirmed(captures: CaptureIndex, result: ReplayResult) -> None:
    """Name the visits that found a page as it was, where neither the files nor the archive hold that page.

    What they brought is missing, so they are errors; where the address does not look like an article's, it may be a
    section's front page, and is named only.
    """
    for capture in captures.unconfirmed:
        url, place = capture.head.url, f"{capture.name}:{capture.head.offset}"
        if discovery.looks_like_article(url):
            result.errors.append((place, f"{url}: not changed since a capture that is not there"))
        elif discovery.may_be_article(url):
            result.report.count_skipped(url, f"not changed since a capture that is not there ({place})")


def _open_path(archive: Archive, path: Path, url: str | None) -> CaptureIndex:
    evidence = Evidence(archive)
    base = archive.path.parent
    return open_captures(path, url=url, base=base, earlier=evidence.earlier, confirmed=evidence.confirmed)


def _open_address(archive: Archive, address: str) -> CaptureIndex:
    """Copy the files of an address first: a page may have been captured in one of them and its comments in another."""
    addresses = list_warcs(address) if address.endswith("/") else [address]
    if not addresses:
        raise ValueError(f"no WARC file lies at {address}")
    copies = {archive.copies.fetch(file, keep=True): file for file in addresses}
    if missing := [file for copy, file in copies.items() if not copy.exists()]:
        raise ValueError(f"there is no file {missing[0]}")
    evidence = Evidence(archive)
    return open_copies(copies, base=archive.path.parent, earlier=evidence.earlier, confirmed=evidence.confirmed)


def _replay_index(
    archive: Archive,
    run: Run,
    captures: CaptureIndex,
    result: ReplayResult,
    on_progress: Callable[[CrawlReport], None],
    hints: Mapping[str, CommentHints],
) -> None:
    batch: list[Thread] = []
    for page in captures.pages():
        try:
            batch += _parse_threads(captures, page.with_hints(find_hints(page.url, hints)))
        except BadPage as bad:
            result.errors.append((page.url, str(bad)))
        except Exception as error:
            if is_disk_full(error):
                raise
            result.errors.append((page.url, f"{type(error).__name__}: {error}"))
        if len(batch) >= BATCH:
            _save(archive, run, batch, result)
            batch = []
        on_progress(result.report)
    _save(archive, run, batch, result)


def _import_texts(
    archive: Archive, run: Run, path: Path, result: ReplayResult, on_progress: Callable[[CrawlReport], None]
) -> None:
    """Save what a file of plain texts (WET) holds, as `btl import` does: there is no page to read."""
    batch: list[Thread] = []
    try:
        with open_file(str(path)) as (file, _):
            for document in wet.documents(Source(file, str(path), path)):
                try:
                    if isinstance(document, BadDocument):
                        raise document
                    batch.append(annotate_thread(parse_document(wet, document)))
                except BadDocument as bad:
                    result.errors.append((bad.location, bad.reason))
                if len(batch) >= BATCH:
                    _save(archive, run, batch, result)
                    batch = []
                    on_progress(result.report)
    except (OSError, EOFError, zlib.error) as error:
        result.errors.append((str(path), str(error)))
    _save(archive, run, batch, result)


def _parse_threads(captures: CaptureIndex, page: Page) -> tuple[Thread, ...]:
    """Parse a page; return nothing for one that neither has comments nor looks like an article, such as a menu."""
    threads = driver.run(driver.visit(page), lambda request: captures.fetch(request, page.fetched_at))
    has_comments = any(thread.comments for thread in threads)
    return threads if has_comments or discovery.classify_page(page) == "article" else ()


def _save(archive: Archive, run: Run, batch: list[Thread], result: ReplayResult) -> None:
    saved = archive.save(batch, run)
    for thread, visit in zip(batch, saved.outcomes, strict=True):
        result.report.count_thread(thread, visit)
    for thread, reason in saved.failures:
        result.errors.append((thread.capture.url or thread.capture.file or "?", reason))
