"""Refuse requests to addresses that are not public, and redirects to another site."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from archive.text.hosts import is_public, parse_host_and_port, parse_literal_address, registered_site
from archive.text.urls import DEFAULT_PORTS


class AddressRefused(IgnoreRequest):
    """The request is to an address that a crawl may not visit."""


class AddressGuardMiddleware:
    """Refuse other schemes than http(s), literal addresses that are not public, and redirects off the site.

    It comes first, so that nothing else sees such a request. Names are checked by PublicAddressResolver, when they are
    resolved. It also puts each request into the download slot of its host and port: settings give slots by that key.
    """

    def __init__(self, allowed_hosts: Iterable[str], configured_slots: Iterable[str] = ()) -> None:
        self.allowed = {parse_host_and_port(host) for host in allowed_hosts}
        self.configured_slots = frozenset(configured_slots)
        self.allowed_names = {host for host, _ in self.allowed}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "AddressGuardMiddleware":
        settings = crawler.settings
        if not settings.getbool("TWISTED_REACTOR_ENABLED") or settings.getbool("HTTPPROXY_ENABLED"):
            raise ValueError("without Twisted's resolver, or behind a proxy, addresses could not be checked")
        return cls(settings.getlist("ALLOWED_HOSTS"), settings.getdict("DOWNLOAD_SLOTS"))

    def process_request(self, request: Request) -> None:
        """Raise AddressRefused."""
        parts = urlsplit(request.url)
        if parts.scheme not in DEFAULT_PORTS:
            raise AddressRefused(f"{parts.scheme} is not fetched")
        # meta passes from a request to those that a redirect makes of it, and names the site that it began on.
        site = registered_site(request.url)
        home = request.meta.setdefault("site", site)
        if site != home:
            raise AddressRefused(f"redirected from {home} to {site}")
        self._check_host(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])
        slot = request.meta["download_slot"] = parts.netloc.rpartition("@")[2]
        # AutoThrottle would slow down a host whose pace the operator has set.
        request.meta["autothrottle_dont_adjust_delay"] = slot in self.configured_slots

    def _check_host(self, host: str, port: int) -> None:
        if (host, port) in self.allowed:
            return
        address = parse_literal_address(host)
        if host in self.allowed_names or (address is not None and not is_public(address)):
            raise AddressRefused(f"{host}:{port} is not a public address; --allow-host {host}:{port} allows it")
