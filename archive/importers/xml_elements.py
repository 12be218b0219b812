"""Cut XML files into the elements that matter, one in memory at a time, and read those without following entities."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from archive.importers.base import BadDocument
from archive.importers.files import LONGEST_DOCUMENT

if TYPE_CHECKING:
    from lxml import etree

BLOCK = 1 << 18


def cut_elements(file: BinaryIO, name: str, *tags: str) -> Iterator[tuple[int, bytes] | BadDocument]:
    """Yield each element of these tags with its offset, outer ones only; a tag in CDATA or a comment is none.

    BadDocument for an element that is too long, or that the file ends in.
    """
    names = b"|".join(tag.encode() for tag in tags)
    marks = re.compile(
        rb"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<(?P<name>%b)(?=[\s>/])[^<>]{0,1000}?(?P<closed>/)?>|</(?P<end>%b)\s*>"
        % (names, names),
        re.DOTALL,
    )
    unclosed = re.compile(rb"<!\[CDATA\[|<!--|<[^>]{0,200}\Z")
    buffer, base, position, inside = b"", 0, 0, b""
    start: int | None = None
    while True:
        block = file.read(BLOCK)
        buffer += block
        for match in marks.finditer(buffer, position):
            position = match.end()
            if match["end"] is not None:
                if start is not None and match["end"] == inside:
                    yield base + start, buffer[start : match.end()]
                    start = None
            elif match["name"] is not None and start is None and match["closed"] is None:
                start, inside = match.start(), match["name"]
        if not block:
            break
        if start is not None and len(buffer) - start > LONGEST_DOCUMENT:
            yield BadDocument(f"{name}:{base + start}", f"an element longer than {LONGEST_DOCUMENT >> 20} MB")
            start = None
        # What is read stays in the buffer from the open element, or from what may be the beginning of a mark.
        open_mark = unclosed.search(buffer, position)
        keep = start if start is not None else open_mark.start() if open_mark else max(position, len(buffer) - 300)
        if open_mark and len(buffer) - open_mark.start() > LONGEST_DOCUMENT:
            keep = len(buffer)
        buffer, base, position = buffer[keep:], base + keep, max(0, position - keep)
        start = None if start is None else start - keep
    if start is not None:
        yield BadDocument(f"{name}:{base + start}", "the file ends within this element")


def parse_element(raw: bytes) -> "etree._Element":
    """Return an element that was cut out of its document: tags keep their prefixes, entities are not followed.

    Raises ValueError where there is none.
    """
    from lxml import etree  # most imports need none

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
    element = etree.fromstring(raw, parser)
    if element is None:
        raise ValueError("no XML element")
    return element


def child_text(element: "etree._Element", *tags: str) -> str | None:
    """Return the text of the first child with one of these tags, by their local names; None where it is blank."""
    for child in element:
        if isinstance(child.tag, str) and local_name(child) in tags:
            return ("".join(child.itertext()).strip()) or None
    return None


def local_name(element: "etree._Element") -> str:
    """Return an element's tag without its namespace or prefix."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]
