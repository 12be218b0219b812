"""One page in the browser: it is shown, scrolled and clicked, and what it requests is fetched by the crawl."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.browser.request_policy import RequestPolicy, own_headers
from crawler.browser.responses import SeenResponses
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms.comment_html.load_more import says_more

if TYPE_CHECKING:
    from playwright.async_api import Frame, Route
    from playwright.async_api import Page as BrowserPage

# What is a secret is not stored; a platform that needs one asks for it itself.
CONFIDENTIAL = re.compile(r"/[\w.-]*(?:tokens?|sessions?|log-?in|oauth2?|auth)(?:/|$)", re.IGNORECASE)
DROPPED = frozenset(("content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie"))
MOST_REQUESTS = 300  # of one page
IDLE_S = 0.4  # without a request, from the call on
PATIENCE_S = 5.0  # for the request that a click is to make
SCROLL_PATIENCE_S = 1.5
LONGEST_LOAD_S = 180.0  # a page may load a hundred scripts, one a second
LONGEST_VISIT_S = 600.0
LONGEST_STEP_S = 30.0  # of Chromium's own work, such as writing the page down
MOST_BYTES = 64 << 20  # of all responses to one page
LARGEST_PAGE = 16 << 20
MOST_BUTTONS = 300
SCROLL = """async () => {
  const step = Math.max(200, window.innerHeight * 0.8);
  for (let n = 0, y = 0; n < 80 && y < document.documentElement.scrollHeight; n++, y += step) {
    window.scrollTo(0, y);
    await new Promise(resolve => setTimeout(resolve, 30));
  }
  window.scrollTo(0, document.documentElement.scrollHeight);
}"""
BUTTONS = "button, [role=button], input[type=button], a:not([href]), a[href^='#'], a[href^='javascript:']"
TEXTS = f"""most => [...document.querySelectorAll("{BUTTONS}")].slice(0, most).map(
  e => e.offsetParent === null || e.disabled ? "" : (e.innerText || e.value || "").trim().slice(0, 100))"""
CLICK = f"""number => document.querySelectorAll("{BUTTONS}")[number]?.click()"""
Download = Callable[[Fetch], Awaitable[Page]]


class BrowserFailed(Exception):
    """Chromium could not show a page."""


class Tab:
    """One page in the browser, and the responses to what it asked for."""

    def __init__(self, page: Page, shown: "BrowserPage", download: Download) -> None:
        self.page, self.shown, self.download = page, shown, download
        self.policy = RequestPolicy(page)
        self.seen = SeenResponses()
        self.requests = self.under_way = self.bytes = 0
        self.last_change = monotonic()
        self.ends = monotonic() + LONGEST_VISIT_S
        self.is_loaded = self.is_exhausted = False

    async def load(self) -> None:
        """Load the page, and scroll through it once."""
        await self.shown.goto(self.page.url, wait_until="commit", timeout=LONGEST_STEP_S * 1000)
        self.is_loaded = True
        await self._settle()
        await self._scroll()
        await self._settle()

    async def html(self) -> bytes:
        """Return the page as it stands now. Raise BrowserFailed where it has grown too large."""
        async with asyncio.timeout(LONGEST_STEP_S):
            html = (await self.shown.content()).encode("utf-8", "replace")
        if len(html) > LARGEST_PAGE:
            raise BrowserFailed(f"a page of {len(html) >> 20} MB")
        return html

    async def fetch(self, fetch: Fetch) -> Page | None:
        """Return the response to a platform's request, scrolling and clicking for it; None where the page has none.

        Raise FetchFailed where it failed, or where the platform reads the page's own responses and no more come.
        """
        while (page := self.seen.find(fetch)) is None:
            if not await self._load_more():
                if self.seen.is_begun(fetch):
                    raise FetchFailed(fetch.url, "the page in the browser loads no more")
                return None
        return page

    async def _load_more(self) -> bool:
        """Click what says that there is more, and scroll; return whether a response came. Give up after none did."""
        before = len(self.seen.responses)
        if self.is_exhausted or monotonic() >= self.ends or not self._has_room():
            return False
        for step in (self._click, self._scroll):
            requests = self.requests
            deadline = await step() + monotonic()
            while self.requests == requests and monotonic() < deadline:
                await asyncio.sleep(0.05)
            await self._settle()
            if len(self.seen.responses) > before:
                return True
        self.is_exhausted = True
        return False

    def _has_room(self) -> bool:
        return self.requests < MOST_REQUESTS and self.bytes < MOST_BYTES

    async def _settle(self) -> None:
        """Wait until nothing is under way, and nothing has been for a while from now on."""
        began, deadline = monotonic(), monotonic() + LONGEST_LOAD_S
        while monotonic() < deadline:
            quiet = monotonic() - max(began, self.last_change)
            if self.under_way == 0 and quiet >= IDLE_S:
                return
            await asyncio.sleep(0.05)

    async def _scroll(self) -> float:
        """Scroll through all frames; return how long to wait for what that loads."""
        await self.shown.bring_to_front()  # a popup, though it is closed, may have hidden the page, which then sleeps
        for frame in self.shown.frames:
            await self._evaluate(frame, SCROLL)
        return SCROLL_PATIENCE_S

    async def _click(self) -> float:
        """Click the buttons for more in all frames; return how long to wait for what they load."""
        clicks = 0
        for frame in self.shown.frames:
            texts = await self._evaluate(frame, TEXTS, MOST_BUTTONS)
            for number, text in enumerate(texts if isinstance(texts, list) else ()):
                if text and says_more(" ".join(str(text).split())):
                    await self._evaluate(frame, CLICK, number)
                    clicks += 1
        return PATIENCE_S if clicks else 0.0

    async def _evaluate(self, frame: "Frame", script: str, argument: Any = None) -> Any:
        """Run a script in a frame; return None where the frame is gone, or does not answer."""
        from playwright.async_api import Error

        with suppress(Error, TimeoutError):
            async with asyncio.timeout(PATIENCE_S * 2):
                return await frame.evaluate(script, argument)
        return None

    async def answer(self, route: "Route") -> None:
        """Answer a request of the page's: with what Scrapy fetches, or not at all."""
        from playwright.async_api import Error

        with suppress(Error):  # of a page that is closed meanwhile
            request = route.request
            is_main = request.is_navigation_request() and request.frame == self.shown.main_frame
            if is_main and not self.is_loaded and request.url.partition("#")[0] == self.page.url.partition("#")[0]:
                await route.fulfill(status=200, headers=_headers(self.page.headers), body=self.page.body)
            elif is_main:
                await route.fulfill(status=204)  # the page stays; an error would take its place
            elif (
                request.frame.page != self.shown
                or not self._has_room()
                or not self.policy.allows(request.url, request.method, request.resource_type)
            ):
                await route.abort("blockedbyclient")
            else:
                headers = tuple(sorted(own_headers(request.headers).items()))
                body = (request.post_data_buffer or b"") if request.method == "POST" else None
                await self._fulfil(route, Fetch(request.url.partition("#")[0], headers, body, retry=False))

    async def _fulfil(self, route: "Route", fetch: Fetch) -> None:
        if CONFIDENTIAL.search(urlsplit(fetch.url).path):
            fetch = replace(fetch, confidential=True)
        self.requests += 1
        self.under_way += 1
        self.last_change = monotonic()
        page: Page | None = None
        status = 200
        try:
            page = await self.download(fetch)
            self.bytes += len(page.body)
            if not fetch.confidential:
                self.seen.add(fetch, page)
        except FetchFailed as failure:
            page, status = failure.page, failure.status or 0
            self.seen.add(fetch, failure)
        finally:
            try:
                if page is None:
                    await route.abort("failed")
                else:
                    await route.fulfill(status=status, headers=_headers(page.headers), body=page.body)
            finally:
                self.under_way -= 1
                self.last_change = monotonic()


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a response whose body is decoded."""
    return {name: value for name, value in headers.items() if name.lower() not in DROPPED}
