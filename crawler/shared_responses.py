"""Responses that many threads of one run need, such as what a comment service says of a site: fetched once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from crawler.pages.page import Fetch, FetchFailed, Page

MOST_RESPONSES = 1_000


class SharedResponses:
    """The last MOST_RESPONSES of them, by request; whoever needs one that is on its way waits for it."""

    def __init__(self) -> None:
        self.tasks: OrderedDict[Fetch, asyncio.Future[Page]] = OrderedDict()

    async def get(self, fetch: Fetch, download: Callable[[Fetch], Awaitable[Page]]) -> Page:
        """Return the response to a request, downloaded where it has not been yet. Raise FetchFailed.

        A server error, or no response, is not remembered: the next thread asks again.
        """
        task = self.tasks.get(fetch)
        if task is None:
            task = self.tasks[fetch] = asyncio.ensure_future(download(fetch))
            if len(self.tasks) > MOST_RESPONSES:
                self.tasks.popitem(last=False)
        self.tasks.move_to_end(fetch)
        try:
            return await asyncio.shield(task)
        except FetchFailed as failure:
            if not _is_final(failure) and self.tasks.get(fetch) is task:
                del self.tasks[fetch]
            raise


def _is_final(failure: FetchFailed) -> bool:
    status = failure.status or HTTPStatus.INTERNAL_SERVER_ERROR
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
