"""Cut XML files into the elements that matter, one in memory at a time, and read those without following entities."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from archive.importers.base import BadDocument
from archive.importers.files import LONGEST_DOCUMENT

if TYPE_CHECKING:
    from lxml import etree

BLOCK = 1 << 18
LONGEST_TAG = 1_000  # bytes: how much of a block's end may be the beginning of a tag


def cut_elements(file: BinaryIO, name: str, *tags: str) -> Iterator[tuple[int, bytes] | BadDocument]:
    """Yield each element of these tags with its offset, outer ones only; a tag in CDATA or a comment is none.

    BadDocument for an element that is too long, or that the file ends in.
    """
    scanner = _Scanner(name, "|".join(tags))
    while block := file.read(BLOCK):
        yield from scanner.feed(block)
    yield from scanner.finish()


class _Scanner:
    """Reads marks from one block to the next, each once; keeps what an open element has so far."""

    def __init__(self, name: str, tags: str) -> None:
        self.name = name
        self.marks = re.compile(
            rb"<!\[CDATA\[|\]\]>|<!--|-->|<(?P<name>%b)(?=[\s>/])[^<>]{0,%d}?(?P<closed>/)?>|</(?P<end>%b)\s*>"
            % (tags.encode(), LONGEST_TAG - 100, tags.encode())
        )
        self.buffer, self.base, self.position = b"", 0, 0
        self.start: int | None = None  # of the open element, in the buffer
        self.inside = self.until = b""  # its tag; what ends the CDATA or comment that is open

    def feed(self, block: bytes, *, is_last: bool = False) -> Iterator[tuple[int, bytes] | BadDocument]:
        """Yield the elements that end in a block."""
        self.buffer += block
        limit = len(self.buffer) if is_last else len(self.buffer) - LONGEST_TAG
        for match in self.marks.finditer(self.buffer, self.position):
            if match.start() >= limit:
                break
            self.position = match.end()
            if self.until:
                self.until = b"" if match[0] == self.until else self.until
            elif match[0] in (b"<![CDATA[", b"<!--"):
                self.until = b"]]>" if match[0] == b"<![CDATA[" else b"-->"
            elif match["end"] is not None and self.start is not None and match["end"] == self.inside:
                yield self.base + self.start, self.buffer[self.start : match.end()]
                self.start = None
            elif match["name"] is not None and self.start is None and match["closed"] is None:
                self.start, self.inside = match.start(), match["name"]
        self.position = max(self.position, limit)
        if self.start is not None and len(self.buffer) - self.start > LONGEST_DOCUMENT:
            yield BadDocument(f"{self.name}:{self.base + self.start}", f"longer than {LONGEST_DOCUMENT >> 20} MB")
            self.start = None
        keep = self.position if self.start is None else self.start
        self.buffer, self.base, self.position = self.buffer[keep:], self.base + keep, self.position - keep
        self.start = None if self.start is None else 0

    def finish(self) -> Iterator[tuple[int, bytes] | BadDocument]:
        """Yield what ends at the end of the file, and what does not."""
        yield from self.feed(b"", is_last=True)
        if self.start is not None:
            yield BadDocument(f"{self.name}:{self.base}", "the file ends within this element")


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
