"""The captures of some files by their addresses: pages in order, and what answers a request. Nothing is fetched."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from archive.takedown.warc_records import Problem
from archive.text.urls import canonical, host_and_path
from archive.thread import Capture
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.warc.nearest import IndexedCapture, nearest_to
from crawler.warc.reader import Damaged, Redacted, read_record
from crawler.warc.record_heads import REDACTED, RecordHead
from crawler.warc.saved_pages import HTML, read_saved_page
from crawler.warc.similar import POSTED, Values, asks_alike, request_values

MAX_REDIRECTS = 5
MOST_SIMILAR = 2_000  # captures of one path that are compared
COMMENT_PAGE = re.compile(r"[?&](?:cpage|replytocom)=\d|/comment-page-\d+", re.IGNORECASE)
EarlierCapture = Callable[[str, str, str | None], Page | None]
ConfirmedCapture = Callable[[str, str], Page | None]


@dataclass
class CaptureIndex:
    """The captures of some files by address. Heads are in memory (0.5 KB each), bodies are read when needed.

    `errors` and `unreadable` grow as files and records are read, and `unconfirmed`, the 304s whose page is nowhere.
    `texts` are files of plain texts (WET), which an importer reads. `addresses` are those of files that are copies.
    """

    base: Path
    earlier: EarlierCapture | None = None
    confirmed: ConfirmedCapture | None = None
    errors: list[Problem] = field(default_factory=list)
    unreadable: list[tuple[IndexedCapture, Problem]] = field(default_factory=list)
    unconfirmed: list[IndexedCapture] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    captures: list[IndexedCapture] = field(default_factory=list)
    by_address: dict[str, list[IndexedCapture]] = field(default_factory=dict)
    used: set[tuple[str | None, int | None]] = field(default_factory=set)
    by_path: dict[str, list[IndexedCapture]] | None = None
    values_by_path: dict[str, list[tuple[IndexedCapture, Values]]] = field(default_factory=dict)
    addresses: Mapping[Path, str] = field(default_factory=dict)

    def add(self, path: Path, head: RecordHead | Problem) -> None:
        """Add a capture of a file, or what kept one from being read."""
        if isinstance(head, Problem):
            self.errors.append(head)
            return
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
                elif self._may_be_page(capture):
                    self.unconfirmed.append(capture)
            except Redacted:
                continue
            except (Damaged, OSError, ValueError) as error:
                self.unreadable.append((capture, Problem(f"{capture.file}:{capture.head.offset}", str(error))))

    def problems(self) -> list[Problem]:
        """Return what could not be read, without the further pages of a thread: the flag of the thread names these."""
        return self.errors + [problem for capture, problem in self.unreadable if capture.key not in self.used]

    def is_fetched(self, page: Page) -> bool:
        """Whether `fetch` has returned a page, as a further one of another."""
        return (page.capture.file, page.capture.offset) in self.used

    def _may_be_page(self, capture: IndexedCapture) -> bool:
        """Whether what has not changed may be a page: neither its type nor its other captures say that it is a feed."""
        others = (c for c in self.by_address.get(_address_key(capture.head.url), []) if c.head.url == capture.head.url)
        types = {c.head.media_type for c in others if c.head.status != HTTPStatus.NOT_MODIFIED}
        return capture.head.media_type in ("", *HTML) and types <= {"", *HTML}

    def _read_confirmed(self, capture: IndexedCapture) -> Page | None:
        """Return the page that a 304 confirms, the last one before it from its address; None where there is none."""
        head = capture.head
        same_address = (c for c in self.by_address.get(_address_key(head.url), []) if c.head.url == head.url)
        before = [c for c in same_address if _is_page(c) and (c.head.date or "") <= (head.date or "")]
        if before:
            page = self._read_page(max(before, key=lambda c: c.head.date or ""))
        else:
            confirmed_page = self.confirmed(head.url, head.date) if self.confirmed and head.date else None
            if confirmed_page is None:
                return None
            page = confirmed_page
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
        return nearest_to(near, exact or candidates)

    def _similar(self, request: Fetch, near: str | None) -> IndexedCapture | None:
        """Return the capture of a request to the same path that asked for the same comments, nearest to a time."""
        ours, is_posted = request_values(request.url, request.body), request.body is not None
        matching = [
            capture
            for capture, theirs in self._captures_of_path(host_and_path(request.url))
            if (capture.head.request_sha256 is not None or POSTED in capture.head.url) == is_posted
            and asks_alike(ours, theirs)
        ]
        return nearest_to(near, matching)

    def _captures_of_path(self, path: str) -> list[tuple[IndexedCapture, Values]]:
        """Return the captures of a path with what their requests said, parsed when the path is first requested."""
        if self.by_path is None:
            self.by_path = {}
            for capture in self.captures:
                if capture.head.media_type not in HTML or urlsplit(capture.head.url).query:
                    self.by_path.setdefault(host_and_path(capture.head.url), []).append(capture)
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


def _address_key(url: str) -> str:
    """Return what addresses of one page have in common: no scheme, fragment or tracking."""
    return (canonical(url) or url).partition("://")[2]
