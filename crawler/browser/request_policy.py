"""Which of a page's own requests are made at all: what can bring comments, and nothing that counts or tracks readers.

What is allowed here still has to pass the address guard, the robots.txt of its host and its pace: Scrapy makes it.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from archive.text.hosts import registered_site
from crawler.pages.embeds import is_address_of_system
from crawler.pages.page import Page

FETCHED = frozenset(("document", "script", "xhr", "fetch"))
LOADING = frozenset(("document", "script"))
METHODS = frozenset(("GET", "POST"))
HEADERS = frozenset(("accept", "content-type", "origin"))  # and those that a script has made up
# They count readers, follow them and sell what they see: a crawl is no reader, and none of them brings a comment.
TRACKERS = frozenset(
    (
        "google-analytics.com",
        "googletagmanager.com",
        "googletagservices.com",
        "googlesyndication.com",
        "googleadservices.com",
        "doubleclick.net",
        "adnxs.com",
        "amazon-adsystem.com",
        "criteo.com",
        "criteo.net",
        "taboola.com",
        "outbrain.com",
        "pubmatic.com",
        "rubiconproject.com",
        "adform.net",
        "scorecardresearch.com",
        "quantserve.com",
        "chartbeat.com",
        "chartbeat.net",
        "parsely.com",
        "hotjar.com",
        "clarity.ms",
        "segment.com",
        "segment.io",
        "mixpanel.com",
        "amplitude.com",
        "newrelic.com",
        "nr-data.net",
        "ioam.de",
        "iocnt.net",
        "xiti.com",
        "mc.yandex.ru",
    )
)


class RequestPolicy:
    """What one page may request: of its own site and of the comment systems that it loads anything, of others to read.

    A POST may write: to a host that is neither, none is made.
    """

    def __init__(self, page: Page) -> None:
        self.sites = {registered_site(page.url)}
        if page.hints is not None and page.hints.host is not None:
            host = page.hints.host
            self.sites.add(registered_site(host if "://" in host else f"https://{host}"))

    def allows(self, url: str, method: str, kind: str) -> bool:
        """Whether a request is made, by its address, its method and what Chromium calls it."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or kind not in FETCHED or method not in METHODS:
            return False
        site = registered_site(url)
        if kind in LOADING and is_address_of_system(url):
            self.sites.add(site)
        return site in self.sites or (method == "GET" and not _is_tracker(parts.hostname or "", site))


def _is_tracker(host: str, site: str) -> bool:
    return site in TRACKERS or host in TRACKERS


def own_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a script gave its request: not the browser's, which name it or whoever uses it."""
    return {name.title(): value for name, value in headers.items() if name in HEADERS or name.startswith("x-")}
