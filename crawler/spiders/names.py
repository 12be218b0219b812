"""The spider of names: one request after the other, a commenter each."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from archive.store.disk import DiskFull
from crawler.pages.page import BadPage, Fetch, Page
from crawler.spiders.responses import describe_error, page_from_response
from crawler.state import RunState

MOST_FAILURES = 3  # one after the other


@dataclass(frozen=True, slots=True)
class NameLookup:
    """A commenter without a name, the request for it, and what reads the response."""

    commenter_id: int
    fetch: Fetch
    read: Callable[[Page], str | None]


class NamesSpider(Spider):
    """Make the lookups in order, and hand each name to `on_name`, None where the service has none.

    End where a host refuses: by robots.txt, by a long wait, or three times in a row.
    """

    name = "names"

    def __init__(
        self, state: RunState, lookups: Sequence[NameLookup], on_name: Callable[[int, str | None], None], **options: Any
    ) -> None:
        super().__init__(**options)
        self.state, self.lookups, self.on_name = state, lookups, on_name

    async def start(self) -> AsyncIterator[Request]:
        """Yield nothing: each request waits for the response to the one before."""
        failures = 0
        names: dict[str, str | None] = {}
        for lookup in self.lookups:
            url = lookup.fetch.url
            if url not in names:
                try:
                    names[url] = await self._fetch_name(lookup)
                except DiskFull as error:
                    self.state.stop(error)
                except (IgnoreRequest, _Unreadable) as error:
                    self.state.report.count_failure(url, describe_error(error))
                    failures += 1
                    if failures >= MOST_FAILURES or not isinstance(error, _Unreadable):
                        break
                    continue
            if self.state.failure is not None:
                break
            failures = 0
            with self.state.storing():
                self.on_name(lookup.commenter_id, names[url])
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    async def _fetch_name(self, lookup: NameLookup) -> str | None:
        """Return the name, None where the service knows none. Raise IgnoreRequest, or _Unreadable."""
        assert self.crawler.engine is not None
        try:
            meta = {"confidential": lookup.fetch.confidential}
            response = await self.crawler.engine.download_async(Request(lookup.fetch.url, NO_CALLBACK, meta=meta))
        except IgnoreRequest:
            raise
        except Exception as error:
            raise _Unreadable(describe_error(error)) from error
        if self.state.failure is not None:  # the response was not recorded
            return None
        if response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return None
        if response.status != HTTPStatus.OK:
            raise _Unreadable(f"HTTP {response.status}")
        try:
            return lookup.read(page_from_response(response, lookup.fetch))
        except BadPage as bad:
            raise _Unreadable(str(bad)) from bad


class _Unreadable(Exception):
    """No name came, and why."""
