"""What an address says of its host: by name or by number, public or not, of which site. Pure."""

from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from urllib.parse import urlsplit

from tldextract import TLDExtract

DEFAULT_PORTS = {"http": 80, "https": 443}


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
