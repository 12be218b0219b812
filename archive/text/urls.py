"""Web addresses: normalise them, so that two of the same article are equal, and name their host. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|mc_[ce]id|igshid|msclkid|replytocom", re.IGNORECASE)
ARCHIVED = re.compile(
    r"^https?://(?:[^/]+/web/(?P<time>\d{4,14})\*?(?:[a-z]{2}_)?|"
    r"archive\.(?:today|ph|is|li|vn|fo|md)/(?P<day>\d{4}\.?\d\d\.?\d\d-?\d{6}))/"
    r"(?P<url>(?:https?:/{1,2}|www\.)\S+)$",
    re.IGNORECASE,
)
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ArchivedAddress:
    """The address of a page that a web archive replays, and the time of its capture."""

    url: str
    date: str | None


def unwrap_archived(url: str) -> ArchivedAddress | None:
    """Return what an address of the Wayback Machine, of one like it or of archive.today replays; None for all others.

    A link of a replayed page may be relative to the archive, and so the archive's path may stand on any host.
    """
    match = ARCHIVED.match(url)
    if match is None:
        return None
    target = re.sub(r"^(https?:)/+", r"\1//", match["url"], flags=re.IGNORECASE)
    digits = re.sub(r"\D", "", match["time"] or match["day"])
    parts = (digits[0:4], digits[4:6], digits[6:8], digits[8:10], digits[10:12], digits[12:14])
    date = "{}-{}-{}T{}:{}:{}Z".format(*parts) if len(digits) == 14 else None
    return ArchivedAddress(target if "://" in target else f"http://{target}", date)


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


def host_and_path(url: str) -> str:
    """Return what addresses have in common that differ in their parameters alone."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path.rstrip('/')}"
