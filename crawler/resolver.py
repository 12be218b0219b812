"""Resolve host names to public addresses only."""

from ipaddress import ip_address
from typing import Any

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred, fail

from archive.text.hosts import is_public, parse_host_and_port


class PrivateAddressError(OSError):
    """A name resolves to an address that is not public."""


class PublicAddressResolver(CachingThreadedResolver):
    """Scrapy's resolver, which fails for names of private addresses, but for ALLOWED_HOSTS.

    It checks the very address that is connected to: a second lookup could give another one (DNS rebinding).
    """

    allowed_names: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> "PublicAddressResolver":
        resolver = super().from_crawler(crawler, reactor)
        resolver.allowed_names = frozenset(
            parse_host_and_port(host)[0] for host in crawler.settings.getlist("ALLOWED_HOSTS")
        )
        return resolver

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802
        if not name:
            return fail(PrivateAddressError("no host"))
        address = super().getHostByName(name, timeout)
        return address if name in self.allowed_names else address.addCallback(_check_public, name)


def _check_public(address: str, name: str) -> str:
    if not is_public(ip_address(address)):
        raise PrivateAddressError(f"{name} is {address}, which is not a public address")
    return address
