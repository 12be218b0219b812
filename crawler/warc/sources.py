"""Captured pages in files: WARC, ARC and WACZ, pages saved by a browser, folders of them. Nothing is fetched."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from archive.takedown.warc_records import ARC_START, ZSTD_DICTIONARY_FRAME, Problem
from crawler.warc.capture_index import CaptureIndex, ConfirmedCapture, EarlierCapture
from crawler.warc.file_kind import GZIP, describe_bytes, is_text_file
from crawler.warc.record_heads import RecordHead, list_captures
from crawler.warc.saved_pages import HEAD_LENGTH, is_bundle, list_saved_page
from crawler.warc.stored import ZSTD
from crawler.warc.wacz import WARC_SUFFIXES, list_wacz

HTML_SUFFIXES = (".html", ".htm", ".xhtml")
BUNDLE_SUFFIXES = (".mhtml", ".mht", ".webarchive")
# Other files of a folder are skipped without a word.
SUFFIXES = (*HTML_SUFFIXES, *BUNDLE_SUFFIXES, *WARC_SUFFIXES, ".wacz")


def open_captures(
    path: Path,
    *,
    url: str | None = None,
    base: Path | None = None,
    earlier: EarlierCapture | None = None,
    confirmed: ConfirmedCapture | None = None,
) -> CaptureIndex:
    """List the captures of a file or folder.

    `url` is the address of a saved page that does not name its own. Files are named relative to `base`. `earlier`
    returns what a revisit record refers to where these files do not hold it, and `confirmed` the last page of an
    address up to a time, which a 304 says is as it was. Raise ValueError where a file is neither of these, OSError
    where it cannot be read.
    """
    captures = CaptureIndex(base or Path.cwd(), earlier, confirmed)
    if path.is_dir():
        for file in _walk_files(path, captures.errors):
            problem = _add_file(captures, file, None)
            if problem is not None and file.name.lower().endswith(SUFFIXES):
                captures.errors.append(Problem(str(file), problem))
    else:
        problem = _add_file(captures, path, url)
        if problem is not None:
            raise ValueError(problem)
    return captures


def open_copies(
    addresses: Mapping[Path, str],
    *,
    base: Path,
    earlier: EarlierCapture | None,
    confirmed: ConfirmedCapture | None,
) -> CaptureIndex:
    """List the captures of copies of WARC files, which are called by the addresses of these."""
    captures = CaptureIndex(base, earlier, confirmed, addresses=addresses)
    for copy, address in addresses.items():
        if (problem := _add_file(captures, copy, None)) is not None:
            captures.errors.append(Problem(address, problem))
    return captures


def _walk_files(folder: Path, errors: list[Problem]) -> Iterator[Path]:
    def on_error(error: OSError) -> None:
        errors.append(Problem(str(error.filename), error.strerror or "cannot be read"))

    for parent, folders, names in os.walk(folder, onerror=on_error):
        # Browsers save the images and scripts of page.html in page_files.
        folders[:] = sorted(name for name in folders if not name.endswith("_files"))
        for name in sorted(names):
            if (Path(parent) / name).is_file():
                yield Path(parent) / name


def _add_file(captures: CaptureIndex, path: Path, url: str | None) -> str | None:
    """Add the captures of a file; return the reason where it holds none, without the path: who asks names it."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_LENGTH)
    except OSError as error:
        captures.errors.append(Problem(str(path), error.strerror or "cannot be read"))
        return None
    if is_text_file(head):
        captures.texts.append(path)
        return None
    before = len(captures.captures), len(captures.errors)
    try:
        for source, item in _list_file(path, head, url):
            captures.add(source, item)
    except ValueError as error:
        return str(error).removeprefix(f"{path}: ")
    is_empty = (len(captures.captures), len(captures.errors)) == before
    return "holds no record of a page" if is_empty else None


def _list_file(path: Path, head: bytes, url: str | None) -> Iterator[tuple[Path, RecordHead | Problem]]:
    """Yield the captures of a file that begins with `head`. Raise ValueError where it is none that holds any."""
    is_zstd = head.startswith((ZSTD, ZSTD_DICTIONARY_FRAME))
    if is_zstd or head.startswith((b"WARC/", GZIP, ARC_START)):
        yield from ((path, item) for item in list_captures(path, 0, None, str(path), is_zstd=is_zstd))
    elif head.startswith(b"PK\x03\x04"):
        yield from list_wacz(path)
    elif is_bundle(head) or _is_html(path, head):
        yield from list_saved_page(path, url)
    else:
        raise ValueError(f"{path}: neither WARC, WACZ nor a saved page, but {describe_bytes(head)}")


def _is_html(path: Path, head: bytes) -> bool:
    start = head.lower()
    return path.suffix.lower() in HTML_SUFFIXES or b"<html" in start or b"<!doctype html" in start
