"""Captured pages in files: WARC, ARC and WACZ, pages saved by a browser, folders of them. Nothing is fetched."""

import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from archive.takedown.warc_records import ARC_START, ZSTD_DICTIONARY_FRAME, Problem
from archive.text.urls import canonical
from archive.thread import Capture
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.warc.reader import (
    REDACTED,
    Damaged,
    PostedBody,
    RecordHead,
    Redacted,
    read_heads,
    read_record,
    read_zstd_heads,
)
from crawler.warc.saved_pages import HEAD_LENGTH, HTML, find_origin, is_bundle, read_saved_page
from crawler.warc.similar import POSTED, Values, asks_alike, request_values
from crawler.warc.stored import LARGEST_MEMBER, MOST_RATIO, ZSTD

HTML_SUFFIXES = (".html", ".htm", ".xhtml")
BUNDLE_SUFFIXES = (".mhtml", ".mht", ".webarchive")
WARC_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".wet", ".wet.gz")
# Other files of a folder are skipped without a word.
SUFFIXES = (*HTML_SUFFIXES, *BUNDLE_SUFFIXES, *WARC_SUFFIXES, ".wacz")
MAX_SAVED_PAGE_BYTES = 64 << 20
MAX_REDIRECTS = 5
FAILED = 400
MOST_SIMILAR = 2_000  # captures of one path that are compared
RETRIES_MINUTES = 5  # within which a crawl asks a failing server again
COMMENT_PAGE = re.compile(r"[?&](?:cpage|replytocom)=\d|/comment-page-\d+", re.IGNORECASE)
GZIP = b"\x1f\x8b"
TEXT_RECORD = re.compile(rb"^WARC-Type:\s*conversion\b", re.IGNORECASE | re.MULTILINE)
MOST_BESIDE = 1 << 16  # bytes within which a file of texts has its first
KINDS = {
    b"%PDF": "a PDF file",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "a Parquet file: btl import reads tables",
    b"{": "JSON: btl import reads the formats that it knows",
    b"[": "JSON: btl import reads the formats that it knows",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
ZIP_NAME_LENGTHS = 26  # offset of two 16-bit numbers in a zip's local header of 30 bytes
ZIP_LOCAL_HEADER = 30
EarlierCapture = Callable[[str, str, str | None], Page | None]
ConfirmedCapture = Callable[[str, str], Page | None]


def open_captures(
    path: Path,
    *,
    url: str | None = None,
    base: Path | None = None,
    earlier: EarlierCapture | None = None,
    confirmed: ConfirmedCapture | None = None,
) -> "CaptureIndex":
    """List the captures of a file or folder.

    `url` is the address of a saved page that does not name its own. Files are named relative to `base`. `earlier`
    returns what a revisit record refers to where these files do not hold it, and `confirmed` the last page of an
    address up to a time, which a 304 says is as it was. Raise ValueError where a file is neither of these, OSError
    where it cannot be read.
    """
    captures = CaptureIndex(base or Path.cwd(), earlier, confirmed)
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


def open_copies(
    addresses: Mapping[Path, str],
    *,
    base: Path,
    earlier: EarlierCapture | None,
    confirmed: ConfirmedCapture | None,
) -> "CaptureIndex":
    """List the captures of copies of WARC files, which are called by the addresses of these."""
    captures = CaptureIndex(base, earlier, confirmed, addresses=addresses)
    for copy, address in addresses.items():
        if (problem := captures.add(copy, None)) is not None:
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

    `errors` grows as files and records are read. `texts` are files of plain texts (WET), which an importer reads.
    `addresses` are those of files that are copies.
    """

    base: Path
    earlier: EarlierCapture | None = None
    confirmed: ConfirmedCapture | None = None
    errors: list[Problem] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    captures: list[IndexedCapture] = field(default_factory=list)
    by_address: dict[str, list[IndexedCapture]] = field(default_factory=dict)
    used: set[tuple[str, int]] = field(default_factory=set)
    by_path: dict[str, list[IndexedCapture]] | None = None
    values_by_path: dict[str, list[tuple[IndexedCapture, Values]]] = field(default_factory=dict)
    addresses: Mapping[Path, str] = field(default_factory=dict)

    def add(self, path: Path, url: str | None) -> str | None:
        """Index a file; return the reason where it cannot be."""
        try:
            with path.open("rb") as file:
                head = file.read(HEAD_LENGTH)
        except OSError as error:
            self.errors.append(Problem(str(path), error.strerror or "cannot be read"))
            return None
        if is_text_file(head):
            self.texts.append(path)
            return None
        is_zstd = head.startswith((ZSTD, ZSTD_DICTIONARY_FRAME))
        if is_zstd or head.startswith((b"WARC/", GZIP, ARC_START)):
            return self._add_warc(path, 0, None, str(path), is_zstd=is_zstd)
        if head.startswith(b"PK\x03\x04"):
            return self._add_wacz(path)
        is_html = path.suffix.lower() in HTML_SUFFIXES or b"<html" in head.lower() or b"<!doctype html" in head.lower()
        if is_bundle(head) or is_html:
            return self._add_saved_page(path, url)
        return f"{path}: neither WARC, WACZ nor a saved page, but {describe_bytes(head)}"

    def _add_warc(self, path: Path, start: int, end: int | None, name: str, *, is_zstd: bool = False) -> str | None:
        before = len(self.captures), len(self.errors)
        posted: dict[str, PostedBody] = {}
        heads: list[RecordHead] = []
        for head in read_zstd_heads(path, name) if is_zstd else read_heads(path, start, end, name):
            if isinstance(head, Problem):
                self.errors.append(head)
            elif isinstance(head, PostedBody):
                posted.update(dict.fromkeys(head.ids, head))
            else:
                heads.append(head)
        for head in heads:  # writers put the request before its response, or after
            body = next((posted[id_] for id_ in head.ids if id_ in posted), None) if posted else None
            digest, content = (body.sha256, body.body) if body is not None else (None, None)
            self._add_capture(path, replace(head, ids=(), request_sha256=digest, request_body=content))
        is_empty = (len(self.captures), len(self.errors)) == before
        return f"{name}: holds no record of a page" if is_empty else None

    def _add_wacz(self, path: Path) -> str | None:
        try:
            with ZipFile(path) as archive:
                members = [info for info in archive.infolist() if info.filename.endswith(WARC_SUFFIXES)]
                names = [info.filename for info in archive.infolist()]
        except BadZipFile as error:
            return f"{path}: {error}"
        for info in members:
            name = f"{path}!{info.filename}"
            is_zstd = info.filename.endswith(".zst")
            if info.compress_type != ZIP_STORED or is_zstd:
                if info.file_size > LARGEST_MEMBER or info.file_size > MOST_RATIO * max(1, info.compress_size):
                    self.errors.append(Problem(name, f"is a member of {info.file_size >> 20} MB"))
                    continue
                self._add_unpacked(Path(name), is_zstd=is_zstd)
                continue
            start = zip_data_offset(path, info.header_offset)
            self._add_warc(path, start, start + info.file_size, name)
        return None if members else f"{path}: holds no WARC file, but {', '.join(names[:3]) or 'nothing'}"

    def _add_unpacked(self, member: Path, *, is_zstd: bool) -> None:
        try:
            self._add_warc(member, 0, None, str(member), is_zstd=is_zstd)
        except (OSError, ValueError, zlib.error) as error:
            self.errors.append(Problem(str(member), str(error)))

    def _add_saved_page(self, path: Path, url: str | None) -> str | None:
        size = path.stat().st_size
        if size > MAX_SAVED_PAGE_BYTES:
            return f"{path}: a page of {size >> 20} MB"
        try:
            origin = find_origin(path.read_bytes())
        except ValueError as error:
            return f"{path}: {error}"
        address = canonical(url) or origin.url
        if address is None:
            return f"{path}: the page does not say its address: name it with --url https://..."
        self._add_capture(path, RecordHead("saved", address, origin.date, None, "text/html", 0, size))
        return None

    def _add_capture(self, path: Path, head: RecordHead) -> None:
        whole, base = path.resolve(), self.base.resolve()
        name = whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(whole)
        capture = IndexedCapture(path, self.addresses.get(path, name), head)
        self.captures.append(capture)
        self.by_address.setdefault(_address_key(head.url), []).append(capture)

    def pages(self) -> Iterator[Page]:
        """Yield HTML pages by date, without those that `fetch` returned as further pages of an earlier one.

        A 304 is the page that it confirms, at its own time: its comments may come from elsewhere.
        """
        candidates = [c for c in self.captures if _is_page(c) or c.head.status == HTTPStatus.NOT_MODIFIED]
        # Further pages of a thread come last: by then their article has fetched them.
        candidates.sort(key=lambda c: (bool(COMMENT_PAGE.search(c.head.url)), c.head.date or ""))
        for capture in candidates:
            if capture.key in self.used:
                continue
            try:
                page = self._read_page(capture) if _is_page(capture) else self._read_confirmed(capture)
                if page is not None:
                    yield page
            except Redacted:
                continue
            except (Damaged, OSError, ValueError) as error:
                self.errors.append(Problem(f"{capture.file}:{capture.head.offset}", str(error)))

    def _read_confirmed(self, capture: IndexedCapture) -> Page | None:
        """Return the page that a 304 confirms, the last one before it from its address; None where there is none."""
        head = capture.head
        same_address = (c for c in self.by_address.get(_address_key(head.url), []) if c.head.url == head.url)
        before = [c for c in same_address if _is_page(c) and (c.head.date or "") <= (head.date or "")]
        if before:
            page = self._read_page(max(before, key=lambda c: c.head.date or ""))
        else:
            found = self.confirmed(head.url, head.date) if self.confirmed and head.date else None
            if found is None:
                return None
            page = found
        stored = replace(
            page.capture,
            fetched_at=head.date,
            http_status=head.status,
            file=capture.name,
            offset=head.offset,
            length=head.length,
            payload_digest=None,
        )
        return Page(page.url, page.body, page.headers, head.date, stored)

    def fetch(self, request: Fetch, near: str | None) -> Page:
        """Return the capture of a request that is nearest to a time, preferably not before it. Raise FetchFailed.

        Where nobody made that very request, it is one that asked for the same, as a browser does.
        """
        url, body = request.key
        for number in range(MAX_REDIRECTS):
            capture = self._nearest(url, near, body)
            if capture is None and number == 0:
                capture = self._similar(request, near)
            if capture is None:
                raise FetchFailed(
                    request.url, f"redirected to {url}, which was not captured" if number else "not captured"
                )
            self.used.add(capture.key)
            if capture.head.location is None:
                break
            url = urljoin(url, capture.head.location)
        else:
            raise FetchFailed(request.url, "redirected for ever")
        try:
            page = self._read_page(capture, request)
        except (Damaged, OSError) as error:
            raise FetchFailed(request.url, str(error)) from error
        if capture.head.status not in (200, None):
            raise FetchFailed(request.url, f"HTTP {capture.head.status}", capture.head.status, page)
        return page

    def _nearest(self, url: str, near: str | None, body: str | None) -> IndexedCapture | None:
        candidates = [c for c in self.by_address.get(_address_key(url), []) if c.head.status != HTTPStatus.NOT_MODIFIED]
        same_body = [capture for capture in candidates if capture.head.request_sha256 == body]
        # The one response of an address whose request nobody recorded is the response to this one.
        is_alone = len(candidates) == 1 and candidates[0].head.request_sha256 is None
        candidates = candidates if is_alone else same_body
        exact = [capture for capture in candidates if capture.head.url == url]
        return _nearest_to(near, exact or candidates)

    def _similar(self, request: Fetch, near: str | None) -> IndexedCapture | None:
        """Return the capture of a request to the same path that asked for the same comments, nearest to a time."""
        ours, is_posted = request_values(request.url, request.body), request.body is not None
        matching = [
            capture
            for capture, theirs in self._captures_of_path(_path_key(request.url))
            if (capture.head.request_sha256 is not None or POSTED in capture.head.url) == is_posted
            and asks_alike(ours, theirs)
        ]
        return _nearest_to(near, matching)

    def _captures_of_path(self, path: str) -> list[tuple[IndexedCapture, Values]]:
        """Return the captures of a path with what their requests said, parsed when the path is first requested."""
        if self.by_path is None:
            self.by_path = {}
            for capture in self.captures:
                if capture.head.media_type not in HTML or urlsplit(capture.head.url).query:
                    self.by_path.setdefault(_path_key(capture.head.url), []).append(capture)
        if path not in self.values_by_path:
            captures = self.by_path.get(path, [])
            self.values_by_path[path] = [
                (capture, request_values(capture.head.url, capture.head.request_body))
                for capture in captures[:MOST_SIMILAR]
            ]
            if len(captures) > MOST_SIMILAR:
                reason = f"{len(captures):,} captures of this path; only the first {MOST_SIMILAR:,} were compared"
                self.errors.append(Problem(path, reason))
        return self.values_by_path[path]

    def _read_page(self, capture: IndexedCapture, request: Fetch | None = None) -> Page:
        head = capture.head
        if head.kind == "saved":
            page = read_saved_page(capture.file, head.offset, head.length, head.url, head.date)
        else:
            page = self._read_record(capture)
        requested, posted = request.key if request is not None else (None, head.request_sha256)
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
            request_sha256=posted,
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


def _is_page(capture: IndexedCapture) -> bool:
    """Whether a capture is an HTML page with its content."""
    return capture.head.media_type in HTML and capture.head.status in (200, None)


def _nearest_to(near: str | None, captures: Iterable[IndexedCapture]) -> IndexedCapture | None:
    """Return the first capture from a time on, else the last before it."""
    ordered = sorted(captures, key=lambda capture: capture.head.date or "")
    after = [capture for capture in ordered if (capture.head.date or "") >= (near or "")]
    return _after_retries(after) or (ordered[-1] if ordered else None)


def _after_retries(captures: Sequence[IndexedCapture]) -> IndexedCapture | None:
    """Return the first of some captures of one request, in order; of one that failed, what asking again brought."""
    if not captures:
        return None
    first = captures[0].head
    until = _minutes_after(first.date, RETRIES_MINUTES)
    soon = [capture for capture in captures if (capture.head.date or "") <= until]
    return next((capture for capture in soon if (capture.head.status or 200) < FAILED), captures[0])


def _minutes_after(date: str | None, minutes: int) -> str:
    """Return a time as WARC records write it, so much later; the same text where it is no such time."""
    try:
        return (datetime.fromisoformat(date or "") + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return date or ""


def zip_data_offset(path: Path, header_offset: int) -> int:
    """Return where a stored member's bytes begin: after the zip's local header, its file name and extra field."""
    with path.open("rb") as file:
        file.seek(header_offset + ZIP_NAME_LENGTHS)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return header_offset + ZIP_LOCAL_HEADER + name + extra


def is_text_file(head: bytes) -> bool:
    """Whether a file that begins like this is WET: records of plain texts, extracted from pages."""
    if head.startswith(GZIP):
        with suppress(zlib.error):
            head = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(head, MOST_BESIDE) + _second_member(head)
    return head.startswith(b"WARC/") and TEXT_RECORD.search(head[: 2 * MOST_BESIDE]) is not None


def _second_member(head: bytes) -> bytes:
    stream = zlib.decompressobj(zlib.MAX_WBITS | 32)
    stream.decompress(head, MOST_BESIDE)
    with suppress(zlib.error):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(stream.unused_data.lstrip(b"\0"), MOST_BESIDE)
    return b""


def describe_bytes(head: bytes) -> str:
    """Say what a file is that begins like this, as far as its first bytes tell."""
    start = head.lstrip()
    if not start:
        return "an empty file"
    kind = next((text for magic, text in KINDS.items() if start.startswith(magic)), None)
    return kind or (
        "binary data" if b"\0" in start[:1024] else f"text that begins {start[:40].decode('utf-8', 'replace')!r}"
    )


def _path_key(url: str) -> str:
    """Return host and path of an address."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path.rstrip('/')}"


def _address_key(url: str) -> str:
    """Return what addresses of one page have in common: no scheme, fragment or tracking."""
    return (canonical(url) or url).partition("://")[2]
