"""What a page in the browser asked for and got, found again by what a platform asks for."""

from dataclasses import dataclass, field, replace
from http import HTTPStatus

from archive.text.urls import host_and_path
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.warc.similar import Values, asks_alike, request_values

MOST_COMPARED = 1_000


@dataclass(frozen=True, slots=True)
class SeenResponse:
    """A response, or the failure that stands for one, and what its request said."""

    fetch: Fetch
    values: Values
    result: Page | FetchFailed


@dataclass(slots=True)
class SeenResponses:
    """The responses to one page's requests; `used` are the paths of those that a platform was given."""

    responses: list[SeenResponse] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def add(self, fetch: Fetch, result: Page | FetchFailed) -> None:
        """Add the response to a request of the page's."""
        self.responses.append(SeenResponse(fetch, request_values(fetch.url, fetch.body), result))

    def find(self, fetch: Fetch) -> Page | None:
        """Return the response to a request, or to one that asked for the same in the page's own words.

        Raise FetchFailed where that failed.
        """
        exact = [seen for seen in self.responses if seen.fetch.key == fetch.key]
        seen = _best(exact) or _best(self._alike(fetch))
        if seen is None:
            return None
        self.used.add(host_and_path(fetch.url))
        if isinstance(seen.result, FetchFailed):
            page = seen.result.page and _as_requested(seen.result.page, fetch)
            raise FetchFailed(fetch.url, seen.result.reason, seen.result.status, page)
        return _as_requested(seen.result, fetch)

    def is_begun(self, fetch: Fetch) -> bool:
        """Whether a platform reads the pages of this address from the browser: one asked for otherwise may not fit."""
        return host_and_path(fetch.url) in self.used

    def _alike(self, fetch: Fetch) -> list[SeenResponse]:
        ours, path = request_values(fetch.url, fetch.body), host_and_path(fetch.url)
        return [
            seen
            for seen in self.responses[:MOST_COMPARED]
            if host_and_path(seen.fetch.url) == path
            and (seen.fetch.body is None) == (fetch.body is None)
            and asks_alike(ours, seen.values)
        ]


def _best(candidates: list[SeenResponse]) -> SeenResponse | None:
    """Return the last that is no failure, else the last."""
    pages = [seen for seen in candidates if isinstance(seen.result, Page)]
    return next(reversed(pages or candidates), None)


def _as_requested(page: Page, fetch: Fetch) -> Page:
    """Return a page whose capture says what was requested, so that it is found when it is read again."""
    url, request_sha256 = fetch.key
    metadata = {"requested": url} if url != page.url else None
    capture = replace(page.capture, metadata=metadata, request_sha256=request_sha256)
    return replace(page, stored=replace(capture, http_status=capture.http_status or HTTPStatus.OK))
