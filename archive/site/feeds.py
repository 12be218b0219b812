"""Atom feeds and the sitemap. Made with lxml, without what XML forbids; the text of a comment is in none of them."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from archive.site import queries, viewer, watches
from archive.site.database import Connection, Row, fetch_all, fetch_value
from archive.site.formatting import between, count, short
from archive.site.params import SearchParams, search_url
from archive.site.viewer import Visitor

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
PART = 49_990  # of the 50,000 that a sitemap may have: the first part has pages beside threads
LONG_AGO = "1970-01-01T00:00:00Z"

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def threads(connection: Connection, base: str) -> bytes:
    """The fifty newest threads."""
    entries = [_thread(row, base) for row in fetch_all(connection, queries.LATEST_THREADS)]
    return _feed(connection, base, "threads.atom", "newest threads", entries)


def removals(connection: Connection, base: str) -> bytes:
    """The fifty latest removals: that a comment went, where and when; not what it said nor who said it."""
    entries = [_removal(row, base) for row in fetch_all(connection, queries.LATEST_REMOVALS)]
    return _feed(connection, base, "removals.atom", "latest removals", entries)


def search(connection: Connection, params: SearchParams, _: Visitor, base: str) -> bytes | None:
    """The fifty comments of a search that were stored last: where they stand, and their flags; None if it is none."""
    try:
        rows = watches.newest(connection, params)
    except watches.CannotSearch:
        return None
    codes = {row["code"]: row["title"] for row in fetch_all(connection, queries.CODES)}
    entries = [_comment(row, base, codes) for row in rows]
    page = search_url(params)
    name = f"search.atom?{page.partition('?')[2]}"
    return _feed(connection, base, name, watches.describe(params), entries, page)


def _comment(row: Row, base: str, codes: Mapping[str, str]) -> dict[str, str]:
    link = f"{base}/comment/{row['id']}"
    titles = [codes.get(code, code) for code in json.loads(row["codes"] or "[]") if not code.startswith("capture.")]
    where = f"under “{short(row['title'] or 'Untitled article')}”" + (
        f", {short(row['outlet'])}" if row["outlet"] else ""
    )
    return {
        "id": _id(link),
        "link": link,
        "title": f"Comment #{row['id']} {where}",
        "updated": time(row["first_seen_at"]),
        "summary": ", ".join(titles) or "no flags",
    }


def _thread(row: Row, base: str) -> dict[str, str]:
    parts = [short(row["outlet"] or ""), count(row["comment_count"], "comment")]
    parts += [count(row["flag_count"], "flag")] if row["flag_count"] else []
    parts += ["incomplete"] if row["completeness"] == "partial" else []
    link = f"{base}/thread/{row['id']}"
    return {
        "id": _id(link),
        "link": link,
        "title": short(row["title"] or "Untitled article"),
        "published": time(row["first_seen_at"]),
        "updated": time(row["last_seen_at"]),
        "summary": " · ".join(part for part in parts if part),
    }


def _removal(row: Row, base: str) -> dict[str, str]:
    link = f"{base}/comment/{row['id']}"
    where = f"Under “{short(row['title'] or 'Untitled article')}”" + (
        f", {short(row['outlet'])}" if row["outlet"] else ""
    )
    when = between(row["last_seen_at"], row["seen_at"])
    return {
        "id": _id(f"{link}#event-{row['event_id']}"),
        "link": link,
        "title": f"Comment #{row['id']} is no longer on its site",
        "updated": time(row["seen_at"]),
        "summary": f"No longer there, {when}; confidence {row['confidence']}. {where}.",
    }


def _id(link: str) -> str:
    """The permanent link; a name of its own where the copy does not say where it stands."""
    return f"tag:below-the-line,2026:{link}" if link.startswith("/") else link


def _feed(
    connection: Connection, base: str, name: str, what: str, entries: list[dict[str, str]], page: str = "/"
) -> bytes:
    release = viewer.release_facts(connection)
    title = str(release.get("title") or viewer.NAME)
    here = f"{base}/feeds/{name}"
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    _add(feed, "id", _id(here))
    _add(feed, "title", f"{title}: {what}")
    newest = max((entry["updated"] for entry in entries), default=LONG_AGO)
    _add(feed, "updated", max(newest, time(release.get("published_at"))))
    _add(_add(feed, "author"), "name", title)
    _add(feed, "link", rel="self", type="application/atom+xml", href=here)
    _add(feed, "link", rel="alternate", type="text/html", href=f"{base}{page}")
    for entry in entries:
        node = _add(feed, "entry")
        _add(node, "link", rel="alternate", type="text/html", href=entry["link"])
        for tag in ("id", "title", "updated", "published", "summary"):
            if tag in entry:
                _add(node, tag, entry[tag])
    return _bytes(feed)


def _add(parent: Any, tag: str, text: str | None = None, **attributes: str) -> Any:
    names = {name: _FORBIDDEN.sub("", value) for name, value in attributes.items()}
    node = etree.SubElement(parent, f"{{{ATOM}}}{tag}", names)
    node.text = None if text is None else _FORBIDDEN.sub("", text)
    return node


def time(at: object) -> str:
    """A time as feeds have it; one that cannot be read is long ago."""
    try:
        when = datetime.fromisoformat(str(at))
    except ValueError:
        return LONG_AGO
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bytes(root: Any) -> bytes:
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def sitemap(connection: Connection, base: str) -> bytes | None:
    """The parts of the sitemap, by ranges of ids; None where this copy is not to be found by search engines, or does
    not say where it stands."""
    release = viewer.release_facts(connection)
    if release.get("robots") == "none" or not base:
        return None
    last = fetch_value(connection, queries.LAST_THREAD) or 0
    made = time(release["published_at"]) if release.get("published_at") else None
    places = [(f"{base}/sitemap-{part}.xml", made) for part in range(1, last // PART + 2)]
    return _places("sitemapindex", "sitemap", places)


def sitemap_part(connection: Connection, number: int, _: Visitor, base: str) -> bytes | None:
    """The threads of one range of ids; the first part has the site's own pages too."""
    release, last = viewer.release_facts(connection), fetch_value(connection, queries.LAST_THREAD) or 0
    if release.get("robots") == "none" or not base or not 1 <= number <= last // PART + 1:
        return None
    rows = connection.execute(queries.SITEMAP, {"after": (number - 1) * PART, "last": number * PART})
    own = ["/", "/about", "/statistics", "/flags", "/removals"] if number == 1 else []
    pages: list[tuple[str, str | None]] = [(f"{base}{path}", None) for path in own]
    pages += [(f"{base}/thread/{row['id']}", time(row["last_seen_at"])) for row in rows]
    return _places("urlset", "url", pages)


def _places(name: str, each: str, places: Iterable[tuple[str, str | None]]) -> bytes:
    root = etree.Element(f"{{{SITEMAP}}}{name}", nsmap={None: SITEMAP})
    for address, changed in places:
        node = etree.SubElement(root, f"{{{SITEMAP}}}{each}")
        etree.SubElement(node, f"{{{SITEMAP}}}loc").text = _FORBIDDEN.sub("", address)
        if changed and changed != LONG_AGO:
            etree.SubElement(node, f"{{{SITEMAP}}}lastmod").text = changed
    return _bytes(root)
