"""Recognise hosted comment systems that no platform reads yet, so that a later version can fetch their threads."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lxml.html import HtmlElement

from crawler.pages.page import Page

LONGEST_ID = 500
LONGEST_SCRIPT = 200_000
ELEMENTS = ("script", "div", "section", "link", "iframe")


@dataclass(frozen=True, slots=True)
class Marker:
    """How a page shows that it embeds a system: a table of embeds.toml, which explains the keys."""

    hints: Sequence[str]
    tag: str | None
    attributes: Sequence[str]
    patterns: Mapping[str, re.Pattern[str]]

    def matches(self, element: HtmlElement) -> bool:
        """Whether an element is part of this system."""
        patterns = self.patterns
        return element.tag == self.tag or bool(
            ("src" in patterns and patterns["src"].search(_source(element)))
            or ("id" in patterns and patterns["id"].fullmatch(element.get("id") or ""))
            or ("class" in patterns and patterns["class"].search(element.get("class") or ""))
            or ("code" in patterns and patterns["code"].search(_script(element)))
        )

    def native_id(self, element: HtmlElement) -> str | None:
        """Return the thread's id in its system, from an attribute of the element, its address or its code."""
        for name in self.attributes:
            if value := element.get(name):
                return str(value).strip()[:LONGEST_ID]
        if "native" in self.patterns:
            for text in (_source(element), _script(element)):
                if match := self.patterns["native"].search(text):
                    return "/".join(filter(None, match.groups()))[:LONGEST_ID]
        return None


@cache
def load_markers() -> dict[str, Marker]:
    """Load embeds.toml: platform name -> marker."""
    tables = tomllib.loads((files("crawler.pages") / "embeds.toml").read_text("utf-8"))
    return {
        name: Marker(
            table["hints"],
            table.get("tag"),
            table.get("attributes", ()),
            {key: re.compile(table[key]) for key in ("src", "id", "class", "code", "native") if key in table},
        )
        for name, table in tables.items()
    }


def find_hosted_threads(page: Page) -> dict[str, str | None]:
    """Return the systems that a page embeds: platform name -> the thread's id there, None where the page hides it."""
    markers = load_markers()
    tags = {marker.tag for marker in markers.values() if marker.tag}
    elements = list(page.html.iter(*ELEMENTS, *tags))
    # A search for plain words rules nearly all systems out before any pattern is tried on any element.
    haystack = "\n".join(_searchable(elements)).lower()
    candidates = {name: marker for name, marker in markers.items() if any(hint in haystack for hint in marker.hints)}
    threads: dict[str, str | None] = {}
    for element in elements if candidates else ():
        for name, marker in candidates.items():
            if threads.get(name) is None and marker.matches(element):
                threads[name] = marker.native_id(element)
    return threads


def _searchable(elements: Iterable[HtmlElement]) -> Iterator[str]:
    """Everything that a marker may match, names once each: pages repeat their classes a thousand times."""
    names: set[str] = set()
    for element in elements:
        names.add(element.tag)
        names.update(value for value in (element.get("id"), element.get("class")) if value)
        if element.tag not in ("div", "section"):
            yield _source(element)
            yield _script(element)
    yield from names


def _source(element: HtmlElement) -> str:
    return element.get("src") or element.get("href") or ""


def _script(element: HtmlElement) -> str:
    return (element.text or "")[:LONGEST_SCRIPT] if element.tag == "script" else ""
