"""Read captured pages into the archive by the same platforms as a crawl, without network: `btl replay`."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from archive.flags.detect import annotate_thread
from archive.importers import wet
from archive.importers.base import BadDocument, Source
from archive.importers.files import open_file
from archive.importers.parsing import parse_document
from archive.store.archive import Archive, Run
from archive.store.remote_files import list_warcs
from archive.thread import Thread
from archive.workers.executors import Workers
from archive.workers.ordered import gather, run_in_order
from crawler.evidence.captures import CaptureReader
from crawler.outlets import OutletConfig, find_hints
from crawler.pages import discovery
from crawler.pages.page import CommentHints, Page
from crawler.parser.captured import lost_page, parse_captured, parse_pages
from crawler.report import CrawlReport
from crawler.warc.capture_index import CaptureIndex
from crawler.warc.sources import open_captures, open_copies

BATCH = 50  # threads saved in one transaction
CHUNK_BYTES, CHUNK_PAGES = 1 << 19, 20


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
    workers: Workers | None = None,
) -> ReplayResult:
    """Save every article that the files hold. Captures that the archive has already are skipped.

    A path that is a text is an address, of a WARC file or, where it ends in a slash, of a folder of them. `outlets` say
    what their pages hide of their comments. `workers`, else processes of this machine, parse pages.
    """
    hints = {outlet.home: outlet.comments for outlet in outlets if outlet.comments is not None}
    paths = list(paths)
    result = ReplayResult()
    with archive.running("replay", {"paths": [str(path) for path in paths]}, result.report.counts) as run:
        _replay(archive, run, paths, url, result, on_progress, hints, workers or Workers())
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
    workers: Workers,
) -> None:
    for path in paths:
        try:
            captures = _open_address(archive, path) if isinstance(path, str) else _open_path(archive, path, url)
        except (OSError, ValueError) as error:
            result.errors.append((str(path), str(error)))
            continue
        _replay_index(archive, run, captures, result, on_progress, hints, workers)
        for file in captures.texts:
            _import_texts(archive, run, file, result, on_progress)
        result.errors += [(problem.location, problem.reason) for problem in captures.problems()]
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
    evidence = CaptureReader(archive)
    base = archive.path.parent
    return open_captures(path, url=url, base=base, earlier=evidence.earlier, confirmed=evidence.confirmed)


def _open_address(archive: Archive, address: str) -> CaptureIndex:
    """Copy the files of an address first: a page may have been captured in one of them and its comments in another."""
    addresses = list_warcs(address) if address.endswith("/") else [address]
    if not addresses:
        raise ValueError(f"no WARC file lies at {address}")
    copies = {archive.downloads.fetch(file, keep=True): file for file in addresses}
    if missing := [file for copy, file in copies.items() if not copy.exists()]:
        raise ValueError(f"there is no file {missing[0]}")
    evidence = CaptureReader(archive)
    return open_copies(copies, base=archive.path.parent, earlier=evidence.earlier, confirmed=evidence.confirmed)


def _replay_index(
    archive: Archive,
    run: Run,
    captures: CaptureIndex,
    result: ReplayResult,
    on_progress: Callable[[CrawlReport], None],
    hints: Mapping[str, CommentHints],
    workers: Workers,
) -> None:
    """Save what the pages of some files hold: `workers` parse those that stand alone, and this process the others.

    Pages are read ahead: one that an earlier article turns out to have fetched, as a further page of its comments, is
    known as that when its turn comes.
    """
    batch: list[Thread] = []
    pages = (page.with_hints(find_hints(page.url, hints)) for page in captures.pages())
    chunks = gather(pages, _length, most=CHUNK_BYTES, number=CHUNK_PAGES)
    parsed = run_in_order(
        parse_pages,
        chunks,
        workers,
        lost_page,
        preload=parse_pages.__module__,
        size=lambda chunk: sum(map(_length, chunk)),
    )
    with closing(parsed) as results:
        for page, threads in chain.from_iterable(zip(*chunk, strict=True) for chunk in results):
            if captures.is_fetched(page):
                continue
            if threads is None:
                threads = parse_captured(page, partial(captures.fetch, near=page.fetched_at))
            if isinstance(threads, tuple):
                batch += threads
            else:
                result.errors.append((page.url, str(threads)))
            if len(batch) >= BATCH:
                _save(archive, run, batch, result)
                batch = []
            on_progress(result.report)
    _save(archive, run, batch, result)


def _length(page: Page) -> int:
    return len(page.body)


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


def _save(archive: Archive, run: Run, batch: list[Thread], result: ReplayResult) -> None:
    saved = archive.save(batch, run)
    for thread, visit in zip(batch, saved.outcomes, strict=True):
        result.report.count_thread(thread, visit)
    for thread, reason in saved.failures:
        result.errors.append((thread.capture.url or thread.capture.file or "?", reason))
