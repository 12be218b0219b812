"""Pages that people saved: by a browser, SingleFile, HTTrack and their like, as MHTML or Safari's web archive."""

import plistlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin

from archive.text.dates import parse_date
from archive.text.urls import canonical, unwrap_archived
from crawler.pages.page import Page
from crawler.warc.record_heads import RecordHead

HEAD_LENGTH = 1 << 20
MAX_BYTES = 64 << 20
HTML = ("text/html", "application/xhtml+xml")
# The notes that programs leave in what they save: address, and time where they write it.
NOTES = (
    re.compile(rb"saved from url=\(\d+\)(?P<url>\S+)"),
    re.compile(rb"Page saved with SingleFile\s+url:\s*(?P<url>\S+)(?:\s+saved date:\s*(?P<date>[^\r\n(]{8,60}))?"),
    re.compile(
        rb"<meta\b[^>]{0,200}\bname=[\"']?savepage-(?:url|from)[\"']?[^>]{0,200}?\bcontent=[\"'](?P<url>[^\"']+)"
    ),
    re.compile(rb"Saved from (?P<url>https?://\S+)(?: at (?P<date>\S+))? using monolith"),
    re.compile(rb"Mirrored from (?P<url>\S+) by HTTrack[^,>]{0,200}, (?P<date>[^>]{8,60}?)\s*-->"),
    re.compile(
        rb"<link\b[^>]{0,200}\brel=[\"']?bookmark[\"']?\s[^>]{0,200}?\bhref=[\"']?(?P<url>https?://archive\.[a-z]+/\d[^\"'>\s]+)"
    ),
    re.compile(rb"\bdata-scrapbook-source=[\"'](?P<url>[^\"']+)"),
)
MHTML_HEADER = re.compile(
    rb"^(?:From|Snapshot-Content-Location|Subject|MIME-Version|Date|Content-Type|X-[\w-]+):", re.I
)
MULTIPART = re.compile(rb"^Content-Type:\s*multipart/related\b", re.IGNORECASE | re.MULTILINE)
WEB_ARCHIVE = b"bplist00"
ZONE = re.compile(r"\bGMT(?=[+-]\d{4})")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a saved page is from, and when it was saved, as far as it says so."""

    url: str | None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class _Document:
    body: bytes
    content_type: str
    origin: Origin | None


def is_bundle(head: bytes) -> bool:
    """Whether a file that begins like this is a page with its pictures in one: MHTML or a web archive."""
    start = head[:8192].lstrip()
    is_mhtml = bool(MHTML_HEADER.match(start)) and bool(MULTIPART.search(start))
    return is_mhtml or (start.startswith(WEB_ARCHIVE) and b"WebMainResource" in head)


def list_saved_page(path: Path, url: str | None) -> Iterator[tuple[Path, RecordHead]]:
    """Yield the one page of a file, of `url` where that is given. Raise ValueError where its address is unknown."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{path}: a page of {size >> 20} MB")
    try:
        origin = find_origin(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    address = canonical(url) or origin.url
    if address is None:
        raise ValueError(f"{path}: the page does not say its address: name it with --url https://...")
    yield path, RecordHead("saved", address, origin.date, None, "text/html", 0, size)


def read_saved_page(file: Path, offset: int, length: int, url: str, date: str | None) -> Page:
    """Read a page as a browser saved it. Raise OSError; ValueError where a bundle holds no page."""
    with file.open("rb") as stream:
        stream.seek(offset)
        document = _unbundle(stream.read(length))
    return Page(url, document.body, {"content-type": document.content_type}, date)


def find_origin(raw: bytes) -> Origin:
    """Return where a page is from: by the note of what saved it, else by its canonical link or `og:url`.

    Of a page that was saved from the Wayback Machine, that is the archived page at the time of its capture. Raise
    ValueError where a bundle holds no page.
    """
    document = _unbundle(raw)
    origin = document.origin or _noted_origin(document.body[:HEAD_LENGTH])
    archived = unwrap_archived(origin.url or "")
    if archived is None:
        return Origin(canonical(origin.url), origin.date)
    return Origin(canonical(archived.url), archived.date or origin.date)


def _noted_origin(head: bytes) -> Origin:
    for pattern in NOTES:
        if match := pattern.search(head):
            parts = match.groupdict()
            url = parts["url"].decode("utf-8", "replace")
            date = (
                parse_date(ZONE.sub("", parts.get("date", b"").decode("ascii", "replace")))
                if parts.get("date")
                else None
            )
            return Origin(url if "://" in url else f"http://{url}", date.at if date else None)
    return Origin(next(_stated_addresses(head), None))


def _stated_addresses(head: bytes) -> Iterator[str]:
    page = Page("https://unknown.invalid/", head)
    links = (
        link.get("href", "")
        for link in page.html.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
    )
    metas = (meta.get("content", "") for meta in page.html.iter("meta") if meta.get("property") == "og:url")
    for stated in (*links, *metas):
        url = urljoin("https:", stated.strip()) if stated.strip().startswith("//") else stated.strip()
        if canonical(url) is not None:
            yield url


def _unbundle(raw: bytes) -> _Document:
    if not is_bundle(raw[:HEAD_LENGTH]):
        return _Document(raw, "text/html", None)
    return _unpack_web_archive(raw) if raw.startswith(WEB_ARCHIVE) else _unpack_mhtml(raw)


def _unpack_mhtml(raw: bytes) -> _Document:
    message = BytesParser(policy=compat32).parsebytes(raw.lstrip())
    parts = [part for part in message.walk() if part.get_content_type() in HTML]
    if not parts:
        raise ValueError("MHTML without a page")
    stated = _header(message, "Snapshot-Content-Location")
    root = next((part for part in parts if _header(part, "Content-Location") == stated), parts[0])
    body = root.get_payload(decode=True)
    charset = root.get_content_charset()
    content_type = f"text/html; charset={charset}" if charset else "text/html"
    url = stated or _header(root, "Content-Location") or _header(message, "Content-Location")
    return _Document(body if isinstance(body, bytes) else b"", content_type, Origin(url, _mail_date(message)))


def _header(part: Message, name: str) -> str | None:
    value = part.get(name)
    return "".join(str(value).split()) if value else None


def _mail_date(message: Message) -> str | None:
    try:
        date = parse_date(parsedate_to_datetime(str(message.get("Date", ""))).isoformat())
    except (ValueError, TypeError):
        return None
    return date.at if date else None


def _unpack_web_archive(raw: bytes) -> _Document:
    try:
        main = plistlib.loads(raw, fmt=plistlib.FMT_BINARY)["WebMainResource"]
        body, charset = bytes(main["WebResourceData"]), main.get("WebResourceTextEncodingName")
    except Exception as error:  # plistlib raises whatever its bytes lead to
        raise ValueError(f"a web archive that cannot be read: {error}") from error
    content_type = f"text/html; charset={charset}" if charset else "text/html"
    return _Document(body, content_type, Origin(main.get("WebResourceURL")))
