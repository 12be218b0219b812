"""Mend the XML of feeds and sitemaps so that a parser reads it: encodings, control characters, stray `&`. Pure."""

import re
from html.entities import html5

from archive.text.charsets import decode_page
from crawler.pages.page import BadPage

DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,500}\?>")
# A CDATA section or a comment, which stay as they are; a well-formed reference; or a bare ampersand.
REFERENCE = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
    rb"|&(?:(?P<name>[A-Za-z][A-Za-z0-9]{0,31})|\#(?P<decimal>[0-9]{1,12})|\#[xX](?P<hex>[0-9A-Fa-f]{1,12}));|&",
    re.DOTALL,
)
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
SPACE = re.compile(rb"\s*")
PREDEFINED = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))
CHARACTERS = ((0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
LONG_TAG_FROM = 4_000
MOST_ATTRIBUTES = 1_000  # of an element, and
MOST_PREFIXES = 100  # of namespaces: feedparser looks for each among all of them
LONGEST_BASE = 300  # of an xml:base, and of all that lengthen the one above: elements have addresses by it
BASE = re.compile(rb"""\s(?:xml:)?base\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""", re.IGNORECASE)
TAG_NAME = re.compile(rb"[A-Za-z_][^\s<>/=]*")
ATTRIBUTE = re.compile(rb"""\s+[^\s<>/="']+\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
PREFIX = re.compile(rb"\sxmlns:([\w.-]{1,100})\s*=")
SKIPPED = ((b"<?", b"?>"), (b"<!--", b"-->"), (b"<!", b">"))


def root_start(body: bytes, length: int = 200) -> bytes:
    """Return how the first element of a document begins, after its declaration and comments; empty without one."""
    position = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    while True:
        position = SPACE.match(body, position).end()  # type: ignore[union-attr]  # matches nothing, too
        end = next((end for start, end in SKIPPED if body.startswith(start, position)), None)
        if end is None:
            return body[position : position + length]
        end_at = body.find(end, position)
        if end_at < 0:
            return b""
        position = end_at + len(end)


def mend_xml(body: bytes) -> bytes:
    """Return a document without what no XML may hold: references that nothing defines, or that are no characters."""
    if b"\0" in body[:4096]:
        body = DECLARATION.sub("", decode_page(body, None).text.removeprefix("\ufeff")).encode("utf-8", "replace")
    body = CONTROLS.sub(b"", body).lstrip() if CONTROLS.search(body) or body[:1].isspace() else body
    return REFERENCE.sub(_mend_reference, body)


def refuse_attributes(body: bytes) -> None:
    """Raise BadPage for a document with an element of more attributes, or more prefixes, than are read in seconds."""
    if any(_has_too_many(piece) for piece in body.split(b"<") if len(piece) > LONG_TAG_FROM):
        raise BadPage(f"feed with more than {MOST_ATTRIBUTES:,} attributes of an element")
    if len(set(PREFIX.findall(body))) > MOST_PREFIXES:
        raise BadPage(f"feed with more than {MOST_PREFIXES} prefixes of namespaces")
    relative = 0
    for match in BASE.finditer(body):
        value = match[1] or match[2] or b""
        relative += 0 if b"://" in value[:10] or value.startswith(b"/") else len(value)
        if len(value) > LONGEST_BASE or relative > LONGEST_BASE:
            raise BadPage(f"feed with an xml:base of more than {LONGEST_BASE} characters")


def _has_too_many(piece: bytes) -> bool:
    """Whether what follows a "<" is a start tag of too many attributes."""
    match, number = TAG_NAME.match(piece), -1
    while match is not None and number <= MOST_ATTRIBUTES:
        match, number = ATTRIBUTE.match(piece, match.end()), number + 1
    return number > MOST_ATTRIBUTES


def _mend_reference(match: re.Match[bytes]) -> bytes:
    whole, name = match[0], match["name"]
    if whole.startswith(b"<") or name in PREDEFINED:
        return whole
    if name is not None:
        characters = html5.get(f"{name.decode()};")
        return (
            "".join(f"&#{ord(character)};" for character in characters).encode() if characters else b"&amp;" + whole[1:]
        )
    number = match["decimal"] or match["hex"]
    if number is None:
        return b"&amp;"
    return whole if _is_character(int(number, 10 if match["decimal"] else 16)) else b""


def _is_character(number: int) -> bool:
    return number in (9, 10, 13) or any(first <= number <= last for first, last in CHARACTERS)
