"""Where a crawl may go: to public addresses and to hosts allowed by name, and never off the site by redirect."""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from tldextract import TLDExtract
from twisted.internet.defer import Deferred, fail

SCHEMES = ("http", "https")
DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(IgnoreRequest):
    """The address is not one that a crawl may ask."""


class RefusedAddress(OSError):
    """A name that resolved to an address that is not public."""


def host_and_port(place: str) -> tuple[str, int]:
    """`HOST:PORT` as two. Raises ValueError where it is not that."""
    parts = urlsplit(f"//{place}")
    if not parts.hostname or parts.port is None or parts.path:
        raise ValueError(f"{place!r} is not HOST:PORT")
    return parts.hostname, parts.port


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host names by number: dotted, v6, v4 in v6, or the decimal and octal forms of old."""
    try:
        found = ip_address(host.strip("[]"))
    except ValueError:
        return _loose(host)
    return getattr(found, "ipv4_mapped", None) or found


def _loose(host: str) -> IPv4Address | None:
    if not host or not all(part[:2].lower() == "0x" or part.isdigit() for part in host.split(".")):
        return None
    try:
        return IPv4Address(inet_aton(host))
    except OSError:
        return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


@cache
def _extract() -> TLDExtract:
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def site(url: str) -> str:
    """What a redirect must not leave: the registered domain of an address, or the host and port where it has none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    registered = _extract()(host).top_domain_under_public_suffix
    return registered or f"{host}:{parts.port or DEFAULT_PORTS.get(parts.scheme, 0)}"


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
