"""Web addresses: normalise them, so that two of the same article are equal, and name their host. Pure."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|mc_[ce]id|igshid|msclkid|replytocom", re.IGNORECASE)
DEFAULT_PORTS = {"http": 80, "https": 443}


def is_web_address(text: str) -> bool:
    """Whether a text begins as an absolute http or https address does."""
    return text.startswith(("http://", "https://"))


def canonical(url: object) -> str | None:
    """Return an address without fragment and tracking parameters, its host in lower case; None if it is not a URL."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in DEFAULT_PORTS or not host or re.search(r"[\s<>\"\\]", host):
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[parts.scheme.lower()]:
        netloc = f"{netloc}:{port}"
    query = parts.query
    if TRACKING.search(query):  # a query without tracking stays byte for byte as it is
        query = urlencode([(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not TRACKING.fullmatch(k)])
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", query, ""))


def domain(url: str) -> str:
    """Return the host of an address, without `www.`."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
