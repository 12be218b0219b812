"""A thread in the making, for platforms that read it from a service: pages, comments, and why some may be missing.

The guards against services that never end, or send the same again, are here.
"""

from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archive.thread import Article, Capture, Comment, Completeness, Flag, StatedKind, Thread, nest
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms.base import Claim, partial_flags, shortfall
from crawler.platforms.json_comments import UNNAMED

SMALLEST_PAGE = 10
Requests = Generator[Fetch, Page, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """The comments of one response, and where the next one begins: None after the last."""

    comments: Sequence[Comment]
    following: Any = None


@dataclass(slots=True)
class Listing:
    """The comments read so far by native id, and the captures that they were read from.

    `reasons` say why the thread may lack some. `stated` is how many there are, as the source says, and `stated_kind`
    what it counts. `is_unknown` is set where the service does not know the thread.
    """

    comments: dict[str, Comment] = field(default_factory=dict)
    pages: list[Capture] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    stated: int | None = None
    stated_kind: StatedKind = "all"
    closed: bool | None = None
    is_unknown: bool = False

    def get(self, fetch: Fetch, *, optional: bool = False) -> Generator[Fetch, Page, Page | None]:
        """Yield a request and return its page. Where there is none, note the reason unless it is `optional`."""
        try:
            page = yield fetch
        except FetchFailed as failure:
            if not optional:
                self.reasons.append(f"{fetch.url}: {failure.reason}")
            return None
        self.keep(page)
        return page

    def keep(self, page: Page) -> None:
        """Count a page among those that the thread was read from. The next comments are of this one."""
        self.pages.append(page.capture)

    def add(self, comments: Iterable[Comment]) -> int:
        """Add comments of the last page, except those that are there; return how many are new."""
        before = len(self.comments)
        for comment in comments:
            key = comment.native_id or f"{UNNAMED}{len(self.comments)}"
            if key not in self.comments:
                self.comments[key] = replace(comment, native_id=key, page=len(self.pages))
        return len(self.comments) - before

    def read_pages(
        self,
        request: Callable[[Any], Fetch],
        parse: Callable[[Page], Batch],
        cursor: Hashable = None,
        *,
        is_doubtful: bool = False,
    ) -> Generator[Fetch, Page, bool]:
        """Read page after page; return whether the service said that the last one was the last.

        A service that names a cursor again, or whose page brings nothing new though more follow, goes round in circles:
        then the thread is partial, unless it is `is_doubtful` that there was more.
        """
        cursors, brought = {cursor}, set[str | None]()
        while True:
            page = yield from self.get(request(cursor))
            if page is None:
                return False
            batch = parse(page)
            self.add(batch.comments)
            ids = {comment.native_id for comment in batch.comments}
            cursor = batch.following
            if cursor is None:
                return True
            if cursor in cursors or ids <= brought:
                if not is_doubtful:
                    what = "brought nothing new" if ids <= brought else "leads back to an earlier page"
                    self.reasons.append(f"{page.url}: more were said to follow, and the page {what}")
                return False
            cursors.add(cursor)
            brought |= ids

    def thread(self, claim: Claim, platform: str, article: Article, url: str | None = None) -> Thread:
        """Return the thread: the comments nested, and partial where there are reasons."""
        comments = tuple(without_key(comment) for comment in nest(self.comments.values()))
        is_exact = self.stated_kind == "all"
        reasons = self.reasons or (shortfall(self.stated, len(comments)) if is_exact else [])
        completeness: Completeness = "partial" if reasons else "unknown" if self.is_unknown else "full"
        return Thread(
            article,
            comments,
            platform,
            claim.page.capture,
            claim.native_id,
            url or article.url,
            self.stated,
            completeness,
            self.closed,
            (*self.flags, *partial_flags(dict.fromkeys(reasons))),
            pages=tuple(self.pages),
            stated_kind=self.stated_kind,
        )


def may_go_on(items: Sequence[Any]) -> bool:
    """Return whether another page may follow one, of a service that does not say: it may give less than was asked."""
    return len(items) >= SMALLEST_PAGE


def without_key(comment: Comment) -> Comment:
    """Remove the keys that nesting needed: a comment without an id at its source has none in the archive."""
    own, parent = (
        None if key and key.startswith(UNNAMED) else key for key in (comment.native_id, comment.parent_native_id)
    )
    if (own, parent) == (comment.native_id, comment.parent_native_id):
        return comment
    return replace(comment, native_id=own, parent_native_id=parent)
