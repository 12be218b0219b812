"""Host names and addresses: parse them, and say whether they are public and which site they belong to. Pure."""

from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from urllib.parse import urlsplit

from tldextract import TLDExtract

from archive.text.urls import DEFAULT_PORTS


def parse_host_and_port(text: str) -> tuple[str, int]:
    """Split `HOST:PORT`. Raise ValueError where it is not that."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port is None or parts.path:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return parts.hostname, parts.port


def parse_literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """Parse a host that is a number: dotted, v6, v4 in v6, or the decimal and octal forms that libc still takes."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        numeric = host and all(part[:2].lower() == "0x" or part.isdigit() for part in host.split("."))
        try:
            return IPv4Address(inet_aton(host)) if numeric else None
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is reachable from the whole internet and is one host's."""
    return address.is_global and not address.is_multicast


@cache
def _public_suffixes() -> TLDExtract:
    return TLDExtract(suffix_list_urls=(), cache_dir=None)  # the list that it brings: nothing is downloaded


def registered_site(url: str) -> str:
    """Return the registered domain of an address, or host and port where it has none: a redirect must not leave it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    domain = _public_suffixes()(host).top_domain_under_public_suffix
    return domain or f"{host}:{parts.port or DEFAULT_PORTS.get(parts.scheme, 0)}"
