"""Addresses: which two name the same article, and which outlet an address belongs to. Pure."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|mc_[ce]id|igshid|msclkid|replytocom", re.IGNORECASE)
DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical(url: object) -> str | None:
    """The address without fragment and tracking parameters, host in lower case; None where it is no web address."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in DEFAULT_PORTS or not host or re.search(r"[\s<>\"\\]", host):
        return None
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[parts.scheme.lower()]:
        place = f"{place}:{port}"
    return urlunsplit((parts.scheme.lower(), place, parts.path or "/", _kept(parts.query), ""))


def _kept(query: str) -> str:
    if not TRACKING.search(query):
        return query
    return urlencode([(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not TRACKING.fullmatch(k)])


def domain(url: str) -> str:
    """The host that an address names, without `www.`."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
