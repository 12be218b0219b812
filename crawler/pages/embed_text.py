"""Where a page may name its comment system: elements, scripts, JSON in attributes, and what lazy loading encodes."""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape as unescape_html
from itertools import islice

from lxml.html import HtmlElement

from archive.text.html_tree import parse_fragment
from archive.text.storable import replace_unstorable
from crawler.pages.page import Page

LONGEST_SCRIPT = 2 << 20
LONGEST_SCRIPTS = 6 << 20  # of one page
MOST_LAZY = 200
LONGEST_LAZY = 200_000
MOST_LAZY_TAGS = 20_000  # of all of them: Page.html bounds those of the page alone
ADDRESSES = ("src", "href", "data-src", "data-lazy-src", "data-url")
# Plugins load these when readers agree or scroll: each plugin has an attribute of its own for the address.
LOADED_LATER = ("script", "iframe", "amp-iframe", "embed")
NO_ADDRESSES = ("srcdoc", "srcset")
LONGEST_ADDRESS = 4_000
ENCODED = r"\s{0,5}[\"']?([\w+/-]{60,}={0,2})"
# Patterns each of which begins with letters, which are found several times as fast alone.
LAZY = (
    ("data-", re.compile(rf"data-[\w-]{{1,60}}\s{{0,5}}={ENCODED}", re.ASCII)),
    ("atob(", re.compile(rf"atob\((?<!\watob\(){ENCODED}", re.ASCII)),
    ("javascript;", re.compile(rf"javascript;(?:charset=[\w-]{{1,20}};)?base64,{ENCODED}", re.ASCII)),
    ("text/template", re.compile(rf"text/template[\"']?[^<>]{{0,200}}>{ENCODED}", re.ASCII)),
)
URL_SAFE = str.maketrans("-_", "+/")  # the other alphabet of base64, as usual
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
QUOTED = re.compile(r"(?<!\\)\\{1,8}([\"'/])")
JSON_VALUE = re.compile(r"^\s*[\[{].*[:\"']", re.DOTALL)


@dataclass(frozen=True)
class EmbedText:
    """`elements` come with the address that each leads to. All but `lower` is worked out only when looked at."""

    page: Page
    lazy: Sequence[str]

    @cached_property
    def lower(self) -> str:
        """The page and what lazy loading encodes, in lower case: a search for words rules nearly all systems out.

        All words are ASCII: a text without anything else is in lower case in a seventh of the time.
        """
        return "\n".join((self.page.text, *self.lazy)).encode("ascii", "ignore").decode().lower()

    @cached_property
    def elements(self) -> Sequence[tuple[HtmlElement, str]]:
        parts = [self.page.elements, *(parse_fragment(html).iter("*") for html in self.lazy)]
        return [(element, address_of(element)) for part in parts for element in part if _can_tell(element)]

    @cached_property
    def metas(self) -> Mapping[str, str]:
        """The page's meta elements, by name or property."""
        metas: dict[str, str] = {}
        for element, _ in self.elements:
            if element.tag == "meta" and (name := element.get("name") or element.get("property")):
                metas.setdefault(name, element.get("content") or "")
        return metas

    @cached_property
    def scripts(self) -> Sequence[str]:
        """Scripts, and attributes that hold JSON, with what is escaped in them as it is meant."""
        scripts, length = [], 0
        for text in self._code():
            length += len(text)
            if length > LONGEST_SCRIPTS:
                break
            scripts.append(unescape(text))
        return scripts

    def _code(self) -> Iterator[str]:
        for element, _ in self.elements:
            if element.tag == "script" and element.text:
                yield element.text[:LONGEST_SCRIPT]
            for name, value in element.items():
                value = unescape_html(value) if "&quot;" in value else value  # escaped twice
                if len(value) > 15 and (JSON_VALUE.match(value[:2000]) or name.startswith("on")):
                    yield value[:LONGEST_SCRIPT]


def _can_tell(element: HtmlElement) -> bool:
    """Whether an element can tell of a system: by an attribute, by its text, or by a name that HTML itself has not."""
    tag = element.tag
    return bool(element.keys()) or tag == "script" or "-" in tag or ":" in tag


def read_embed_text(page: Page) -> EmbedText:
    """Return where a page may name its comment system."""
    return EmbedText(page, tuple(_lazy_parts(page.text)))


def _lazy_parts(text: str) -> Iterator[str]:
    """Yield the HTML and scripts that attributes, or scripts, hold in base64, to be put into the page later."""
    tags = 0
    patterns = [pattern for beginning, pattern in LAZY if beginning in text]
    matches = [match for pattern in patterns for match in islice(pattern.finditer(text), MOST_LAZY)]
    for match in sorted(matches, key=lambda match: match.start())[:MOST_LAZY]:
        encoded = match[1][:LONGEST_LAZY].translate(URL_SAFE)
        try:
            decoded = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        more = decoded.count("<")
        if (more or "//" in decoded) and tags + more <= MOST_LAZY_TAGS:
            tags += more
            yield decoded if more else f"<script>{decoded}</script>"


def address_of(element: HtmlElement) -> str:
    """Return where an element leads, or loads from, now or later."""
    for name in ADDRESSES:
        value: str | None = element.get(name)
        if value and not value.startswith(("about:", "data:")):
            return value[:LONGEST_ADDRESS]
    if element.tag in LOADED_LATER:
        loaded = (value for name, value in element.items() if "src" in name and name not in NO_ADDRESSES)
        return next((value[:LONGEST_ADDRESS] for value in loaded if "//" in value[:LONGEST_ADDRESS]), "")
    return ""


def unescape(text: str) -> str:
    """Return a script or JSON as it is meant: JSON within JSON has its quotes escaped, and often its slashes."""
    if "\\" in text:
        text = replace_unstorable(ESCAPE.sub(lambda match: chr(int(match[1], 16)), text))
        text = QUOTED.sub(r"\1", text)
    return text
