"""Isso: a comment server beside the site, which gives a thread as JSON, replies below their comments."""

from collections.abc import Generator, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from archive.thread import Article, Author, Comment, Flag, State, Thread
from crawler.pages.html_text import epoch, html_text
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms.base import CERTAIN, Claim, Reading
from crawler.platforms.nesting import nested

PER_PAGE = 100
PENDING, DELETED = 2, 4
STATES: dict[object, State] = {PENDING: "withheld", DELETED: "removed"}
Steps = Generator[Fetch, Page, None]


def claim(page: Page) -> Claim | None:
    """The page names the server in its script, and the thread in `#isso-thread`, or else by its own path."""
    scripts = (script.get("data-isso") for script in page.html.iter("script"))
    server = next((page.absolute(stated) for stated in scripts if stated), None)
    if server is None:
        return None
    place = next((e for e in page.html.iter("section", "div") if e.get("id") == "isso-thread"), None)
    stated = place.get("data-isso-id") if place is not None else None
    uri = stated or urlsplit(page.url).path or "/"
    server = server.rstrip("/")
    return Claim(
        CERTAIN,
        f"{urlsplit(server).netloc}{urlsplit(server).path}{uri}",
        {"server": server, "uri": uri},
        () if place is None else (place,),
    )


def read(page: Page, claim: Claim, article: Article) -> Reading:
    """All comments at the top, then the replies that an answer left out."""
    thread = _Thread(claim.ids["server"], claim.ids["uri"])
    yield from thread.level(None)
    for number in thread.unfinished:
        yield from thread.level(number)
    comments = nested(thread.comments)
    if thread.total is not None and thread.total > len(comments) and not thread.whys:
        thread.whys.append(f"{thread.total} stated, {len(comments)} held")
    return Thread(
        article,
        comments,
        "isso",
        page.capture,
        claim.native_id,
        article.url,
        thread.total,
        "partial" if thread.whys else "full",
        flags=tuple(Flag("capture.partial_thread", "not-all-read", why) for why in thread.whys),
        pages=tuple(each.capture for each in thread.pages),
    )


class _Thread:
    """What was read of one thread so far."""

    def __init__(self, server: str, uri: str) -> None:
        self.server, self.uri = server, uri
        self.comments: list[Comment] = []
        self.pages: list[Page] = []
        self.unfinished: list[str] = []
        self.whys: list[str] = []
        self.total: int | None = None

    def level(self, parent: str | None) -> Steps:
        """The comments at the top, or all replies to one comment, oldest first."""
        offset, going = 0, True
        while going:
            query = {"uri": self.uri, "limit": PER_PAGE, "nested_limit": PER_PAGE, "sort": "oldest", "offset": offset}
            query |= {"parent": parent} if parent else {}
            try:
                answer = yield Fetch(f"{self.server}/?{urlencode(query)}")
            except FetchFailed as failure:
                self.whys.append(str(failure))
                return
            listed, hidden = self._take(answer, first=parent is None and offset == 0)
            offset += listed
            going = hidden > 0 and listed > 0

    def _take(self, answer: Page, *, first: bool) -> tuple[int, int]:
        """How many comments an answer holds at its top, and how many come after them. Raises BadPage."""
        found = answer.json()
        replies = found.get("replies") if isinstance(found, dict) else None
        if not isinstance(replies, list):
            raise BadPage(f"{answer.url}: no thread of Isso")
        self.pages.append(answer)
        for item in replies:
            self.comments += self._comments(item, None if first else found.get("id"))
        if first:
            self.total = _number(found.get("total_replies"))
        return len(replies), _number(found.get("hidden_replies")) or 0

    def _comments(self, item: Any, parent: Any) -> Iterator[Comment]:
        if not isinstance(item, dict) or _number(item.get("id")) is None:
            raise BadPage(f"{self.pages[-1].url}: an entry that is no comment")
        yield _comment(item, parent, len(self.pages))
        replies = item.get("replies")
        for reply in replies if isinstance(replies, list) else ():
            if not isinstance(reply, dict) or _number(reply.get("id")) is None:
                raise BadPage(f"{self.pages[-1].url}: an entry that is no comment")
            yield _comment(reply, item["id"], len(self.pages))
        if (_number(item.get("hidden_replies")) or 0) > 0:
            self.unfinished.append(str(item["id"]))


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def _comment(item: dict[str, Any], parent: Any, page: int) -> Comment:
    state = STATES.get(item.get("mode"), "visible")
    html, name = item.get("text"), item.get("author")
    above = _number(item.get("parent")) or _number(parent)
    return Comment(
        html_text(html) if isinstance(html, str) and state == "visible" else "",
        author=Author(name, is_guest=True) if isinstance(name, str) and name.strip() else None,
        posted=epoch(item.get("created")),
        native_id=str(item["id"]),
        parent_native_id=None if above is None else str(above),
        parent_source="api",
        state=state,
        likes=_number(item.get("likes")),
        dislikes=_number(item.get("dislikes")),
        flags=tuple(_flags(item, state)),
        page=page,
    )


def _flags(item: dict[str, Any], state: State) -> Iterator[Flag]:
    if state == "removed":
        yield Flag("platform.removed", "mode", f"mode {item['mode']}")
    if state == "withheld":
        yield Flag("platform.withheld", "mode", f"mode {item['mode']}")
    if item.get("modified") is not None and state == "visible":
        yield Flag("platform.edited", "modified", str(item["modified"]))
