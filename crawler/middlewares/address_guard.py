"""Where a crawl may go: to public addresses and to hosts allowed by name, and never off the site by redirect."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred, fail

from archive.text.hosts import DEFAULT_PORTS, host_and_port, is_public, literal, site

SCHEMES = ("http", "https")


class Refused(IgnoreRequest):
    """The address is not one that a crawl may ask."""


class RefusedAddress(OSError):
    """A name that resolved to an address that is not public."""


class Guard:
    """Downloader middleware, the first: refuses other schemes, other ports of allowed hosts, numbers that are no public
    address, and redirects off the site. Puts each request into the download slot of the host that it asks."""

    def __init__(self, allowed: Iterable[str], own_pace: Iterable[str] = ()) -> None:
        self.allowed = {host_and_port(place) for place in allowed}
        self.own_pace = frozenset(own_pace)
        self.allowed_hosts = {host for host, _ in self.allowed}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Guard":
        settings = crawler.settings
        if not settings.getbool("TWISTED_REACTOR_ENABLED") or settings.getbool("HTTPPROXY_ENABLED"):
            raise ValueError("without Twisted's resolver, or behind a proxy, addresses could not be checked")
        return cls(settings.getlist("ALLOWED_HOSTS"), settings.getdict("DOWNLOAD_SLOTS"))

    def process_request(self, request: Request) -> None:
        """Raises Refused."""
        parts = urlsplit(request.url)
        home = request.meta.setdefault("site", site(request.url))
        if parts.scheme not in SCHEMES:
            raise Refused(f"{parts.scheme} is not fetched")
        if site(request.url) != home:
            raise Refused(f"redirected from {home} to {site(request.url)}")
        self._check_host(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])
        slot = request.meta["download_slot"] = parts.netloc.rpartition("@")[2]
        request.meta["autothrottle_dont_adjust_delay"] = slot in self.own_pace

    def _check_host(self, host: str, port: int) -> None:
        if (host, port) in self.allowed:
            return
        number = literal(host)
        if host in self.allowed_hosts or (number is not None and not is_public(number)):
            raise Refused(f"{host}:{port} is not a public address; --allow-host {host}:{port} allows it")


class GuardResolver(CachingThreadedResolver):
    """Refuses names whose address is not public. The address that is checked is the one that is connected to."""

    allowed: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> "GuardResolver":
        resolver = super().from_crawler(crawler, reactor)
        resolver.allowed = frozenset(host_and_port(place)[0] for place in crawler.settings.getlist("ALLOWED_HOSTS"))
        return resolver

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802
        if not name:
            return fail(RefusedAddress("no host"))
        found = super().getHostByName(name, timeout)
        return found if name in self.allowed else found.addCallback(_public, name)


def _public(address: str, name: str) -> str:
    if not is_public(ip_address(address)):
        raise RefusedAddress(f"{name} is {address}, which is not a public address")
    return address
