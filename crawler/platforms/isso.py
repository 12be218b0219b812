"""Isso: a comment server beside the site, which returns a thread as JSON, replies below their comments."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from archive.text.dates import parse_epoch
from archive.text.html_text import html_text
from archive.thread import Article, Author, Comment, Flag, State, Thread, nest
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms.base import CERTAIN, Claim, ThreadReader, partial_flags, shortfall

PER_PAGE = 100
PENDING, DELETED = 2, 4
STATES: dict[object, State] = {PENDING: "withheld", DELETED: "removed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssoClaim(Claim):
    """A thread of Isso: the address of its server, and the path or name by which the server knows the page."""

    server: str
    uri: str

    def read(self, article: Article) -> ThreadReader:
        """Read all comments at the top, then the replies that a response left out."""
        listing = _IssoListing(self.server, self.uri)
        yield from listing.read_level(None)
        for comment in listing.cut_short:
            yield from listing.read_level(comment)
        comments = nest(listing.comments)
        reasons = listing.reasons or shortfall(listing.total, len(comments))
        return Thread(
            article,
            comments,
            "isso",
            self.page.capture,
            self.native_id,
            article.url,
            listing.total,
            "partial" if reasons else "full",
            flags=partial_flags(reasons),
            pages=tuple(page.capture for page in listing.pages),
        )


def claim(page: Page) -> IssoClaim | None:
    """The page names the server in its script, and the thread in `#isso-thread`, or else by its own path."""
    scripts = (script.get("data-isso") for script in page.html.iter("script"))
    server = next((page.absolute(address) for address in scripts if address), None)
    if server is None:
        return None
    server = server.rstrip("/")
    section = next((e for e in page.html.iter("section", "div") if e.get("id") == "isso-thread"), None)
    stated = section.get("data-isso-id") if section is not None else None
    uri = stated or urlsplit(page.url).path or "/"
    return IssoClaim(
        page=page,
        score=CERTAIN,
        native_id=f"{urlsplit(server).netloc}{urlsplit(server).path}{uri}",
        sections=() if section is None else (section,),
        server=server,
        uri=uri,
    )


@dataclass(slots=True)
class _IssoListing:
    """The comments read so far; `cut_short` are those whose replies did not all come along."""

    server: str
    uri: str
    comments: list[Comment] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    cut_short: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    total: int | None = None

    def read_level(self, parent: str | None) -> Generator[Fetch, Page, None]:
        """Read the comments at the top, or all replies to one comment, oldest first."""
        offset, more = 0, True
        while more:
            query = {"uri": self.uri, "limit": PER_PAGE, "nested_limit": PER_PAGE, "sort": "oldest", "offset": offset}
            query |= {"parent": parent} if parent else {}
            try:
                response = yield Fetch(f"{self.server}/?{urlencode(query)}")
            except FetchFailed as failure:
                self.reasons.append(str(failure))
                return
            count, hidden = self._add(response, first=parent is None and offset == 0)
            offset += count
            more = hidden > 0 and count > 0

    def _add(self, response: Page, *, first: bool) -> tuple[int, int]:
        """Add the comments of a response; return how many stand at its top, and how many follow. Raises BadPage."""
        level = response.json()
        items = level.get("replies") if isinstance(level, dict) else None
        if not isinstance(items, list):
            raise BadPage(f"{response.url}: no thread of Isso")
        self.pages.append(response)
        for item in items:
            self.comments.append(self._comment(item, None if first else level.get("id")))
            replies = item.get("replies")
            for reply in replies if isinstance(replies, list) else ():
                self.comments.append(self._comment(reply, item["id"]))
            if (_count(item.get("hidden_replies")) or 0) > 0:
                self.cut_short.append(str(item["id"]))
        if first:
            self.total = _count(level.get("total_replies"))
        return len(items), _count(level.get("hidden_replies")) or 0

    def _comment(self, item: Any, parent: Any) -> Comment:
        if not isinstance(item, dict) or _count(item.get("id")) is None:
            raise BadPage(f"{self.pages[-1].url}: an entry that is no comment")
        mode = item.get("mode")
        state = STATES.get(mode, "visible") if isinstance(mode, int) else "visible"
        html, name = item.get("text"), item.get("author")
        parent_id = _count(item.get("parent")) or _count(parent)
        return Comment(
            html_text(html) if isinstance(html, str) and state == "visible" else "",
            author=Author(name, is_guest=True) if isinstance(name, str) and name.strip() else None,
            posted=parse_epoch(item.get("created")),
            native_id=str(item["id"]),
            parent_native_id=None if parent_id is None else str(parent_id),
            parent_source="api",
            state=state,
            likes=_count(item.get("likes")),
            dislikes=_count(item.get("dislikes")),
            flags=tuple(_flags(item, state)),
            page=len(self.pages),
        )


def _count(value: Any) -> int | None:
    """Return a number that SQLite can hold, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def _flags(item: dict[str, Any], state: State) -> Iterator[Flag]:
    if state == "removed":
        yield Flag("platform.removed", "mode", f"mode {item['mode']}")
    elif state == "withheld":
        yield Flag("platform.withheld", "mode", f"mode {item['mode']}")
    elif item.get("modified") is not None:
        yield Flag("platform.edited", "modified", str(item["modified"]))
