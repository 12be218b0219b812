"""Captured pages in files: WARC and WACZ, pages saved by a browser, folders of them. Nothing is fetched or unpacked."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from archive.takedown.warc_records import Problem
from archive.text.urls import canonical
from archive.thread import Capture
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.warc.reader import REDACTED, Damaged, RecordHead, Redacted, read_heads, read_record

HTML = ("text/html", "application/xhtml+xml")
SAVED_FROM = re.compile(rb"saved from url=\(\d+\)(\S+)")
HTML_SUFFIXES = (".html", ".htm", ".xhtml")
SUFFIXES = (*HTML_SUFFIXES, ".warc", ".warc.gz", ".wacz")  # other files of a folder are skipped without a word
HEAD_LENGTH = 1 << 20
MAX_SAVED_PAGE_BYTES = 64 << 20
MAX_REDIRECTS = 5
COMMENT_PAGE = re.compile(r"[?&](?:cpage|replytocom)=\d|/comment-page-\d+", re.IGNORECASE)
ZIP_NAME_LENGTHS = 26  # offset of two 16-bit numbers in a zip's local header of 30 bytes
ZIP_LOCAL_HEADER = 30
EarlierCapture = Callable[[str, str, str | None], Page | None]


def open_captures(
    path: Path, *, url: str | None = None, base: Path | None = None, earlier: EarlierCapture | None = None
) -> "CaptureIndex":
    """List the captures of a file or folder.

    `url` is the address of a saved page that does not name its own. Files are named relative to `base`. `earlier`
    returns what a revisit record refers to where these files do not hold it. Raise ValueError where a file is neither
    of these, OSError where it cannot be read.
    """
    captures = CaptureIndex(base or Path.cwd(), earlier)
    if path.is_dir():
        for file in _walk_files(path, captures.errors):
            problem = captures.add(file, None)
            if problem is not None and file.name.lower().endswith(SUFFIXES):
                captures.errors.append(Problem(str(file), problem))
    else:
        problem = captures.add(path, url)
        if problem is not None:
            raise ValueError(problem)
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


@dataclass(slots=True)
class IndexedCapture:
    """A WARC record or a saved page: its file, the name that the archive gives the file, and its head."""

    file: Path
    name: str
    head: RecordHead

    @property
    def key(self) -> tuple[str, int]:
        return str(self.file), self.head.offset


@dataclass
class CaptureIndex:
    """The captures of some files by address. Heads are in memory (0.5 KB each), bodies are read when needed.

    `errors` grows as files and records are read.
    """

    base: Path
    earlier: EarlierCapture | None = None
    errors: list[Problem] = field(default_factory=list)
    captures: list[IndexedCapture] = field(default_factory=list)
    by_address: dict[str, list[IndexedCapture]] = field(default_factory=dict)
    used: set[tuple[str, int]] = field(default_factory=set)

    def add(self, path: Path, url: str | None) -> str | None:
        """Index a file; return the reason where it cannot be."""
        try:
            with path.open("rb") as file:
                head = file.read(HEAD_LENGTH)
        except OSError as error:
            self.errors.append(Problem(str(path), error.strerror or "cannot be read"))
            return None
        if head.startswith((b"WARC/", b"\x1f\x8b")):
            return self._add_warc(path, 0, None, str(path))
        if head.startswith(b"PK\x03\x04"):
            return self._add_wacz(path)
        if path.suffix.lower() in HTML_SUFFIXES or b"<html" in head.lower() or b"<!doctype html" in head.lower():
            return self._add_saved_page(path, head, url)
        return f"{path}: neither WARC, WACZ nor a saved page"

    def _add_warc(self, path: Path, start: int, end: int | None, name: str) -> str | None:
        before = len(self.captures)
        for head in read_heads(path, start, end, name):
            if isinstance(head, Problem):
                self.errors.append(head)
            else:
                self._add_capture(path, head)
        return None if len(self.captures) > before or self.errors else f"{name}: holds no answers"

    def _add_wacz(self, path: Path) -> str | None:
        try:
            with ZipFile(path) as archive:
                members = [info for info in archive.infolist() if info.filename.endswith((".warc.gz", ".warc"))]
        except BadZipFile as error:
            return f"{path}: {error}"
        for info in members:
            name = f"{path}!{info.filename}"
            if info.compress_type != ZIP_STORED:
                self.errors.append(Problem(name, "is compressed once more, which WACZ does not allow"))
                continue
            start = zip_data_offset(path, info.header_offset)
            self._add_warc(path, start, start + info.file_size, name)
        return None if members else f"{path}: holds no WARC file"

    def _add_saved_page(self, path: Path, head: bytes, url: str | None) -> str | None:
        size = path.stat().st_size
        if size > MAX_SAVED_PAGE_BYTES:
            return f"{path}: a page of {size >> 20} MB"
        address = canonical(url or _stated_address(head))
        if address is None:
            return f"{path}: does not say its address; --url says it"
        self._add_capture(path, RecordHead("saved", address, None, None, "text/html", 0, size))
        return None

    def _add_capture(self, path: Path, head: RecordHead) -> None:
        whole, base = path.resolve(), self.base.resolve()
        name = whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(whole)
        capture = IndexedCapture(path, name, head)
        self.captures.append(capture)
        self.by_address.setdefault(_address_key(head.url), []).append(capture)

    def pages(self) -> Iterator[Page]:
        """Yield HTML pages by date, without those that `fetch` returned as further pages of an earlier one."""
        candidates = [c for c in self.captures if c.head.media_type in HTML and c.head.status in (200, None)]
        # Further pages of a thread come last: by then their article has fetched them.
        candidates.sort(key=lambda c: (bool(COMMENT_PAGE.search(c.head.url)), c.head.date or ""))
        for capture in candidates:
            if capture.key in self.used:
                continue
            try:
                yield self._read_page(capture)
            except Redacted:
                continue
            except (Damaged, OSError) as error:
                self.errors.append(Problem(f"{capture.file}:{capture.head.offset}", str(error)))

    def fetch(self, request: Fetch, near: str | None) -> Page:
        """Return the capture of an address that is nearest to a time, preferably not before it. Raise FetchFailed."""
        if request.body is not None:
            raise FetchFailed(request.url, "not captured")
        url = request.url
        for _ in range(MAX_REDIRECTS):
            capture = self._nearest(url, near)
            if capture is None:
                raise FetchFailed(request.url, "not captured")
            self.used.add(capture.key)
            if capture.head.location is None:
                break
            url = urljoin(url, capture.head.location)
        else:
            raise FetchFailed(request.url, "redirected for ever")
        if capture.head.status not in (200, None):
            raise FetchFailed(request.url, f"HTTP {capture.head.status}", capture.head.status)
        try:
            return self._read_page(capture, request.url)
        except (Damaged, OSError) as error:
            raise FetchFailed(request.url, str(error)) from error

    def _nearest(self, url: str, near: str | None) -> IndexedCapture | None:
        candidates = self.by_address.get(_address_key(url), [])
        exact = [capture for capture in candidates if capture.head.url == url]
        ordered = sorted(exact or candidates, key=lambda capture: capture.head.date or "")
        after = [capture for capture in ordered if (capture.head.date or "") >= (near or "")]
        return after[0] if after else ordered[-1] if ordered else None

    def _read_page(self, capture: IndexedCapture, requested: str | None = None) -> Page:
        head = capture.head
        if head.kind == "saved":
            page = read_saved_page(capture.file, head.offset, head.length, head.url, head.date)
        else:
            page = self._read_record(capture)
        redirected = requested is not None and requested != page.url
        stored = Capture(
            sha256(page.body).hexdigest(),
            url=page.url,
            fetched_at=head.date,
            http_status=head.status,
            media_type=head.media_type or None,
            file=capture.name,
            offset=head.offset,
            length=head.length,
            metadata={"requested": requested} if redirected else None,
            payload_digest=head.payload_digest,
        )
        return Page(page.url, page.body, page.headers, head.date, stored)

    def _read_record(self, capture: IndexedCapture) -> Page:
        return read_record(capture.file, capture.head.offset, capture.head.length, earlier=self._find_earlier)

    def _find_earlier(self, url: str, date: str, digest: str | None) -> Page | None:
        for capture in self.by_address.get(_address_key(url), []):
            same = digest is None or capture.head.payload_digest in (None, digest)
            if capture.head.date == date and same and capture.head.kind in ("response", REDACTED):
                return self._read_record(capture)
        return self.earlier(url, date, digest) if self.earlier else None


def read_saved_page(file: Path, offset: int, length: int, url: str, date: str | None) -> Page:
    """Read a page as a browser saved it. Raise OSError."""
    with file.open("rb") as stream:
        stream.seek(offset)
        return Page(url, stream.read(length), {"content-type": "text/html"}, date)


def zip_data_offset(path: Path, header_offset: int) -> int:
    """Return where a stored member's bytes begin: after the zip's local header, its file name and extra field."""
    with path.open("rb") as file:
        file.seek(header_offset + ZIP_NAME_LENGTHS)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return header_offset + ZIP_LOCAL_HEADER + name + extra


def _stated_address(head: bytes) -> str | None:
    """Return the address that a saved page states: in the browser's comment, else as its canonical link."""
    comment = SAVED_FROM.search(head)
    if comment is not None:
        return comment[1].decode("latin-1")
    links = Page("http://unknown.invalid/", head).html.iter("link")
    return next((link.get("href", "") for link in links if link.get("rel") == "canonical"), None)


def _address_key(url: str) -> str:
    """Return what addresses of one page have in common: no scheme, fragment or tracking."""
    return (canonical(url) or url).partition("://")[2]
