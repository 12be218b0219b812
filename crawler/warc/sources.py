"""Captured bytes as pages: WARC and WACZ files, saved pages, folders of them. Nothing is fetched or unpacked."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from archive.takedown.warc_records import Problem
from archive.text.urls import canonical
from archive.thread import Capture
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.warc.reader import REDACTED, Damaged, Head, Redacted, heads, read_record

HTML = ("text/html", "application/xhtml+xml")
SAVED_FROM = re.compile(rb"saved from url=\(\d+\)(\S+)")
SUFFIXES = (".html", ".htm", ".xhtml")
MARKUP = re.compile(rb"<!doctype html|<html", re.IGNORECASE)
PAGES = (*SUFFIXES, ".warc", ".warc.gz", ".wacz")  # files of other names in a folder are passed over in silence
HEAD_LENGTH = 1 << 20
LARGEST_PAGE = 64 << 20
MOST_REDIRECTS = 5
COMMENT_PAGE = re.compile(r"[?&](?:cpage|replytocom)=\d|/comment-page-\d+", re.IGNORECASE)
Earlier = Callable[[str, str, str | None], Page | None]


@dataclass(frozen=True, slots=True)
class Visitable:
    """A page that may be an article."""

    page: Page


class Source(Protocol):
    """What a replay reads; `errors` grows as it is read."""

    errors: list[Problem]

    def pages(self) -> Iterator[Visitable]:
        """HTML pages in the order of their capture, without those that were further pages of an earlier one."""
        ...

    def answer(self, fetch: Fetch, near: str | None) -> Page:
        """The capture of an address that is nearest to a time, by preference not before it. Raises FetchFailed."""
        ...


def open_source(
    path: Path, *, url: str | None = None, base: Path | None = None, earlier: Earlier | None = None
) -> Source:
    """The pages of a file or folder. `url` is for a saved page that does not name its own; places are named relative
    to `base`; `earlier` knows what revisit records refer to where the files do not.

    Raises ValueError where a file is neither of these, OSError where it cannot be read.
    """
    source = Collection(base or Path.cwd(), earlier)
    if path.is_dir():
        for file in _files(path, source.errors):
            problem = source.add(file, None)
            if problem is not None and file.name.lower().endswith(PAGES):
                source.errors.append(Problem(str(file), problem))
    else:
        problem = source.add(path, url)
        if problem is not None:
            raise ValueError(problem)
    return source


def _files(folder: Path, errors: list[Problem]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        errors.append(Problem(str(error.filename), error.strerror or "cannot be read"))

    for here, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.endswith("_files"))  # what browsers save with a page
        for name in sorted(names):
            if (Path(here) / name).is_file():
                yield Path(here) / name


@dataclass(slots=True)
class Held:
    """A record or a saved page: where it lies, and what can be told without its body."""

    file: Path
    name: str
    head: Head


@dataclass
class Collection:
    """The records of some WARC and WACZ files and saved pages, by address. Heads are in memory (0.5 KB each), bodies
    are read when they are asked for."""

    base: Path
    earlier: Earlier | None = None
    errors: list[Problem] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    by_address: dict[str, list[Held]] = field(default_factory=dict)
    used: set[tuple[str, int]] = field(default_factory=set)

    def add(self, path: Path, url: str | None) -> str | None:
        """Takes a file in; gives why it was not, if it was not."""
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
        if path.suffix.lower() in SUFFIXES or b"<html" in head.lower() or b"<!doctype html" in head.lower():
            return self._add_page(path, head, url)
        return f"{path}: neither WARC, WACZ nor a saved page"

    def _add_warc(self, path: Path, start: int, end: int | None, place: str) -> str | None:
        found = 0
        for head in heads(path, start, end, place):
            if isinstance(head, Problem):
                self.errors.append(head)
            else:
                self._hold(Held(path, self._name(path), head))
                found += 1
        return None if found or self.errors else f"{place}: holds no answers"

    def _add_wacz(self, path: Path) -> str | None:
        try:
            with ZipFile(path) as archive:
                members = [info for info in archive.infolist() if info.filename.endswith((".warc.gz", ".warc"))]
        except BadZipFile as error:
            return f"{path}: {error}"
        for info in members:
            place = f"{path}!{info.filename}"
            if info.compress_type != ZIP_STORED:
                self.errors.append(Problem(place, "is compressed once more, which WACZ does not allow"))
                continue
            start = data_start(path, info.header_offset)
            self._add_warc(path, start, start + info.file_size, place)
        return None if members else f"{path}: holds no WARC file"

    def _add_page(self, path: Path, head: bytes, url: str | None) -> str | None:
        size = path.stat().st_size
        if size > LARGEST_PAGE:
            return f"{path}: a page of {size >> 20} MB"
        address = canonical(url or _own_address(head))
        if address is None:
            return f"{path}: does not say its address; --url says it"
        head_ = Head("saved", address, None, None, "text/html", 0, size)
        self._hold(Held(path, self._name(path), head_))
        return None

    def _name(self, path: Path) -> str:
        whole, base = path.resolve(), self.base.resolve()
        return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(whole)

    def _hold(self, held: Held) -> None:
        self.held.append(held)
        self.by_address.setdefault(_key(held.head.url), []).append(held)

    def pages(self) -> Iterator[Visitable]:
        candidates = [held for held in self.held if held.head.media_type in HTML and held.head.status in (200, None)]
        candidates.sort(key=lambda held: (bool(COMMENT_PAGE.search(held.head.url)), held.head.date or ""))
        for held in candidates:
            if (str(held.file), held.head.offset) in self.used:
                continue
            try:
                yield Visitable(self._page(held))
            except Redacted:
                continue
            except (Damaged, OSError) as error:
                self.errors.append(Problem(f"{held.file}:{held.head.offset}", str(error)))

    def answer(self, fetch: Fetch, near: str | None) -> Page:
        if fetch.body is not None:
            raise FetchFailed(fetch.url, "not captured")
        url = fetch.url
        for _ in range(MOST_REDIRECTS):
            held = self._nearest(url, near)
            if held is None:
                raise FetchFailed(fetch.url, "not captured")
            self.used.add((str(held.file), held.head.offset))
            if held.head.location is None:
                return self._answered(fetch, held)
            url = urljoin(url, held.head.location)
        raise FetchFailed(fetch.url, "redirected for ever")

    def _answered(self, fetch: Fetch, held: Held) -> Page:
        if held.head.status not in (200, None):
            raise FetchFailed(fetch.url, f"HTTP {held.head.status}", held.head.status)
        try:
            return self._page(held, fetch.url)
        except (Damaged, OSError) as error:
            raise FetchFailed(fetch.url, str(error)) from error

    def _nearest(self, url: str, near: str | None) -> Held | None:
        found = self.by_address.get(_key(url), [])
        exact = [held for held in found if held.head.url == url]
        ordered = sorted(exact or found, key=lambda held: held.head.date or "")
        after = [held for held in ordered if (held.head.date or "") >= (near or "")]
        return after[0] if after else ordered[-1] if ordered else None

    def _page(self, held: Held, requested: str | None = None) -> Page:
        head = held.head
        saved = head.kind == "saved"
        page = read_saved(held.file, head.offset, head.length, head.url, head.date) if saved else self._read(held)
        moved = requested is not None and requested != page.url
        stored = Capture(
            sha256(page.body).hexdigest(),
            url=page.url,
            fetched_at=head.date,
            http_status=head.status,
            media_type=head.media_type or None,
            file=held.name,
            offset=head.offset,
            length=head.length,
            metadata={"requested": requested} if moved else None,
            payload_digest=head.payload_digest,
        )
        return Page(page.url, page.body, page.headers, head.date, stored)

    def _read(self, held: Held) -> Page:
        return read_record(held.file, held.head.offset, held.head.length, earlier=self._earlier)

    def _earlier(self, url: str, date: str, digest: str | None) -> Page | None:
        for held in self.by_address.get(_key(url), []):
            same = digest is None or held.head.payload_digest in (None, digest)
            if held.head.date == date and same and held.head.kind in ("response", REDACTED):
                return self._read(held)
        return self.earlier(url, date, digest) if self.earlier else None


def read_saved(file: Path, offset: int, length: int, url: str, date: str | None) -> Page:
    """A page as a browser saved it. Raises OSError."""
    with file.open("rb") as stream:
        stream.seek(offset)
        return Page(url, stream.read(length), {"content-type": "text/html"}, date)


def data_start(path: Path, header_offset: int) -> int:
    """Where a stored member's bytes begin: after the zip's local header, its name and extra field."""
    with path.open("rb") as file:
        file.seek(header_offset + 26)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return header_offset + 30 + name + extra


def _own_address(head: bytes) -> str | None:
    """What a saved page says of where it was: a browser's note, else its canonical link."""
    note = SAVED_FROM.search(head)
    if note is not None:
        return note[1].decode("latin-1")
    links = Page("http://unknown.invalid/", head).html.iter("link")
    found: Sequence[str] = [link.get("href", "") for link in links if link.get("rel") == "canonical"]
    return found[0] if found else None


def _key(url: str) -> str:
    """What addresses of one page have in common: neither scheme nor fragment nor tracking."""
    return (canonical(url) or url).partition("://")[2]
