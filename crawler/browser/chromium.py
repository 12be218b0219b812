"""Open pages in Chromium, without any way to the network but the crawl's own downloader.

Each request of a page is made by Scrapy, and so meets the address guard, robots.txt, the pace of its host and the WARC
file. Pictures, styles, media and fonts are not fetched, nor what tracks readers (crawler/browser/request_policy.py);
there are no service workers, no web sockets and no cookies.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from crawler.browser.tab import LONGEST_STEP_S, BrowserFailed, Download, Tab

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

    from crawler.pages.page import Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing leaves but by a route: no name is resolved, and what would be sent goes to a proxy that is not there.
DEAD_PROXY = "http://127.0.0.1:9"
ARGUMENTS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MOST_TABS = 2


class BrowserMissing(Exception):
    """There is no Chromium, or no library to drive it; the message says what to install."""


def find_chromium() -> str:
    """Return the path of Chromium. Raise BrowserMissing."""
    if find_spec("playwright") is None:
        raise BrowserMissing("browser = true needs playwright: pip install 'belowtheline[browser]'")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise BrowserMissing("browser = true needs Chromium: apt-get install chromium")
    return path


class Chromium:
    """One browser, started for the first page that wants it; `outlets` are the homes whose articles do."""

    def __init__(self, path: str, user_agent: str, outlets: frozenset[str]) -> None:
        self.path, self.user_agent, self.outlets = path, user_agent, outlets
        self.tabs = asyncio.Semaphore(MOST_TABS)
        self.starting = asyncio.Lock()
        self.playwright: Playwright | None = None
        self.browser: Browser | None = None

    async def _start(self) -> "Browser":
        from playwright.async_api import async_playwright

        async with self.starting:
            if self.browser is None or not self.browser.is_connected():
                self.playwright = self.playwright or await async_playwright().start()
                self.browser = await self.playwright.chromium.launch(
                    executable_path=self.path,
                    args=list(ARGUMENTS),
                    proxy={"server": DEAD_PROXY},
                    chromium_sandbox=os.geteuid() != 0,  # as root it cannot have one
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                )
            return self.browser

    @asynccontextmanager
    async def open(self, page: "Page", download: Download) -> AsyncIterator[Tab]:
        """Show a page that was fetched, and wait until it has loaded what it loads. Raise BrowserFailed."""
        from playwright.async_api import Error

        async with self.tabs:
            try:
                browser = await self._start()
                context = await browser.new_context(
                    user_agent=self.user_agent, service_workers="block", accept_downloads=False
                )
            except Error as error:
                raise BrowserFailed(_first_line(error)) from error
            try:
                await context.add_init_script("window.open = () => null")
                tab = Tab(page, await context.new_page(), download)
                await context.route("**/*", tab.answer)
                await context.route_web_socket("**/*", lambda socket: socket.close())
                context.on("page", lambda popup: popup.close())
                await tab.load()
                yield tab
            except (Error, TimeoutError) as error:
                raise BrowserFailed(_first_line(error)) from error
            finally:
                with suppress(Error, TimeoutError):
                    async with asyncio.timeout(LONGEST_STEP_S):
                        await context.unroute_all(behavior="ignoreErrors")
                        await context.close()

    async def close(self) -> None:
        """End the browser, if it was started."""
        with suppress(Exception):
            if self.browser is not None:
                await self.browser.close()
        if self.playwright is not None:
            await self.playwright.stop()
        self.browser = self.playwright = None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
