"""Recognise the comment systems that a page embeds, and read from it what their services want to be asked with."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl, urlsplit

from ahocorasick_rs import AhoCorasick
from lxml.html import HtmlElement

from archive.text.hosts import registered_site
from archive.text.urls import canonical
from crawler.pages.embed_text import EmbedText, address_of, read_embed_text
from crawler.pages.page import CommentHints, Page

LONGEST_VALUE = 500
LONGEST_QUERY = 8_000
SCRIPT_PATH = re.compile(r"(?:/assets/js)?/[^/]*\.m?js$|/ghost/api(?:/\w+)?/?$")
PATTERNS = ("src", "id", "class", "code")
SOURCES = ("meta", "attribute", "any", "id", "near", "json", "query", "code", "src")
NAMING = ("data-provider", "data-module", "data-component", "data-type", "data-system", "data-service", "data-platform")
WHOLE_SOURCES = ("canonical", "path")
UNSET = frozenset(("", "null", "undefined", "none", "false", "0", "auto"))


@dataclass(frozen=True, slots=True)
class Marker:
    """How a page shows that it embeds a system; embeds.toml explains the keys."""

    tags: frozenset[str]
    attributes: frozenset[str]
    metas: frozenset[str]
    names: frozenset[str]
    patterns: Mapping[str, re.Pattern[str]]

    def matches(self, element: HtmlElement, address: str) -> bool:
        """Whether an element is part of this system; `address` is where it leads."""
        patterns, names = self.patterns, element.keys()
        return (
            element.tag in self.tags
            or not self.attributes.isdisjoint(names)
            or (element.tag == "meta" and (element.get("name") or element.get("property")) in self.metas)
            or (bool(address) and "src" in patterns and bool(patterns["src"].search(address)))
            or ("id" in names and "id" in patterns and bool(patterns["id"].fullmatch(element.get("id"))))
            or ("class" in names and "class" in patterns and bool(patterns["class"].search(element.get("class"))))
            or (bool(self.names) and any(element.get(name).lower() in self.names for name in NAMING if name in names))
        )

    def matches_code(self, code: str) -> bool:
        """Whether a script is part of this system, or loads it."""
        return any(name in self.patterns and self.patterns[name].search(code) for name in ("src", "code"))


@dataclass(frozen=True, slots=True)
class System:
    """A comment system as embeds.toml describes it. `weak` are marks of its counters and helpers alone."""

    words: Sequence[str]
    strong: Marker
    weak: Marker
    values: Mapping[str, Sequence[str]]
    sites: frozenset[str]
    off: re.Pattern[str] | None
    gone: bool


@dataclass(frozen=True, slots=True)
class Embed:
    """A system that a page embeds, with what the page says of it: `thread`, `host`, `key` and the like.

    It is `certain` where the page shows the section itself, and not only counters, or a script that does other things;
    `off` where the page says that comments are switched off, and `gone` where the whole system has been.
    """

    platform: str
    certain: bool
    elements: tuple[HtmlElement, ...]
    values: Mapping[str, str]
    gone: bool = False
    off: bool = False

    def server(self) -> str | None:
        """Return the address of the service as the page has it: with a scheme, and without a script's own name."""
        value = self.values.get("host")
        if value is None:
            return None
        try:
            parts = urlsplit(value if "://" in value else f"https://{value.lstrip('/')}")
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        return f"{parts.scheme}://{parts.netloc}{SCRIPT_PATH.sub('', parts.path)}".rstrip("/")


@cache
def load_systems() -> dict[str, System]:
    """Load embeds.toml: platform name -> system."""
    tables = tomllib.loads((files("crawler.pages") / "embeds.toml").read_text("utf-8"))
    return {
        name: System(
            table.get("words", (name,)),
            _marker(name, table),
            _marker(name, table.get("weak", {})),
            {key: tuple(sources) for key, sources in table.get("values", {}).items()},
            frozenset(table.get("sites", ())),
            re.compile(table["off"]) if "off" in table else None,
            table.get("gone", False),
        )
        for name, table in tables.items()
    }


@cache
def _words() -> AhoCorasick:
    """Return what finds the words of all systems in one pass over a page."""
    return AhoCorasick(sorted({word for system in load_systems().values() for word in system.words}))


def _marker(name: str, table: Mapping[str, Sequence[str]]) -> Marker:
    return Marker(
        frozenset(table.get("tags", ())),
        frozenset(table.get("attributes", ())),
        frozenset(table.get("metas", ())),
        frozenset((name,) if table.get("named") else ()),
        {key: re.compile(str(table[key])) for key in PATTERNS if key in table},
    )


def is_address_of_system(url: str) -> bool:
    """Whether an address is one by which pages load a comment system, or what counts its comments.

    Its query does not count: others pass on in theirs what a page loads.
    """
    address = url.partition("?")[0]
    patterns = (
        marker.patterns.get("src") for system in load_systems().values() for marker in (system.strong, system.weak)
    )
    return any(pattern is not None and pattern.search(address) for pattern in patterns)


def check_source(source: str | None) -> None:
    """Raise ValueError where `id_from` of an outlets file is none of the sources that embeds.toml explains."""
    kind, mark, text = (source or "path").partition(":")
    if (source or "path") in WHOLE_SOURCES:
        return
    if kind not in SOURCES or not mark or not text:
        raise ValueError(f"{source!r} is none of {', '.join(WHOLE_SOURCES)}, {': '.join(SOURCES)}:")
    if kind in ("id", "code", "src") and re.compile(text).groups == 0:
        raise ValueError(f"{text!r} has no group")


def find_embed(page: Page, platform: str) -> Embed | None:
    """Return what a page says of one system, None where it does not embed it."""
    return find_embeds(page).get(platform)


def find_embeds(page: Page) -> Mapping[str, Embed]:
    """Return the systems that a page embeds by name, those that it shows a section of first."""
    if "embeds" not in page.notes:
        page.notes["embeds"] = _find_embeds(page)
    embeds: dict[str, Embed] = page.notes["embeds"]
    return embeds


def _find_embeds(page: Page) -> dict[str, Embed]:
    hints, site = page.hints, registered_site(page.url).partition(":")[0]
    text = read_embed_text(page)
    words = frozenset(_words().find_matches_as_strings(text.lower, overlapping=True))
    candidates = {
        name: system
        for name, system in load_systems().items()
        if (hints is not None and hints.platform == name)
        or ((not system.sites or site in system.sites) and not words.isdisjoint(system.words))
    }
    embeds = []
    for name, system in candidates.items():
        embed = _find(name, system, page, text, hints if hints is not None and hints.platform == name else None)
        if embed is not None:
            embeds.append(embed)
    embeds.sort(key=lambda embed: (not embed.certain, "thread" not in embed.values))
    return {embed.platform: embed for embed in embeds}


def _find(name: str, system: System, page: Page, text: EmbedText, hints: CommentHints | None) -> Embed | None:
    is_off = system.off is not None and any(system.off.search(code) for code in text.scripts)
    elements, is_strong = _matching(system, text)
    scripts = [code for code in text.scripts if system.strong.matches_code(code)]
    is_strong = is_strong or bool(scripts) or hints is not None
    if not (is_strong or elements):
        scripts = [code for code in text.scripts if system.weak.matches_code(code)]
        if not scripts:
            return None
    search = _Search(page, text, elements, scripts)
    values = {key: value for key, sources in system.values.items() if (value := search.first(sources)) is not None}
    if hints is not None:
        stated = {"host": hints.host, "key": hints.key}
        values |= {key: value for key, value in stated.items() if value is not None}
        thread = search.first([hints.id_from]) if hints.id_from else None
        values |= {"thread": thread} if thread is not None else {}
    return Embed(name, is_strong and not is_off, tuple(elements), values, system.gone, is_off)


def _matching(system: System, text: EmbedText) -> tuple[list[HtmlElement], bool]:
    """Return the elements that belong to a system, and whether they are more than its counters."""
    strong = _matching_marker(system.strong, text)
    return (strong, True) if strong else (_matching_marker(system.weak, text), False)


def _matching_marker(marker: Marker, text: EmbedText) -> list[HtmlElement]:
    """Return the elements that match a marker. Attributes are looked at only where the page has the word at all."""
    attributes = frozenset(name for name in marker.attributes if name in text.lower)
    marker = replace(marker, attributes=attributes)
    if not (marker.tags or attributes or marker.metas or marker.names or marker.patterns):
        return []
    return [element for element, address in text.elements if marker.matches(element, address)]


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for the values of one system in a page: in its elements and scripts first."""

    page: Page
    text: EmbedText
    elements: Sequence[HtmlElement]
    scripts: Sequence[str]

    def first(self, sources: Iterable[str]) -> str | None:
        """Return the value of the first source that has one."""
        for source in sources:
            value = self._value(*source.partition(":")[::2])
            value = value.strip().strip("\"'").strip()[:LONGEST_VALUE] if value else ""
            if value.lower() not in UNSET:
                return value
        return None

    def _value(self, kind: str, name: str) -> str | None:
        elements, scripts = self.elements, self.scripts
        all_elements, all_scripts = self.text.elements, (*scripts, *self.text.scripts)
        find: dict[str, Callable[[], str | None]] = {
            "canonical": lambda: _canonical_link(self.page),
            "path": lambda: urlsplit(self.page.url).path or "/",
            "meta": lambda: self.text.metas.get(name),
            "attribute": lambda: next((value for e in elements if (value := e.get(name))), None),
            "any": lambda: next((value for e, _ in all_elements if (value := e.get(name))), None),
            "id": lambda: _search(re.compile(name), (e.get("id") or "" for e in elements)),
            "near": lambda: _search(_json_pattern(name), scripts),
            "json": lambda: _search(_json_pattern(name), all_scripts),
            "query": lambda: _parameter(name, elements),
            "code": lambda: _search(re.compile(name), all_scripts),
            "src": lambda: _search(re.compile(name), (address for _, address in all_elements)),
        }
        return find[kind]()


@cache
def _json_pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of a value in JSON or in a script: `"name": "value"`, `name = 'value'`, `"name":123`."""
    value = r"(?:\"([^\"\n]{1,500})\"|'([^'\n]{1,500})'|(\d{1,20})\b)"
    # Looking back only where the name stands is ten times as fast as at every letter.
    literal = re.escape(name)
    return re.compile(rf"{literal}(?<![\w-]{literal})[\"']?\]?\s{{0,9}}[:=]\s{{0,9}}{value}")


def _search(pattern: re.Pattern[str], texts: Iterable[str]) -> str | None:
    """Return what the groups of the first match hold, joined by slashes."""
    for text in texts:
        for match in pattern.finditer(text):
            value = "/".join(filter(None, match.groups()))
            if value.strip().lower() not in UNSET:
                return value
    return None


def _parameter(name: str, elements: Iterable[HtmlElement]) -> str | None:
    """Return a parameter of the first address that elements lead to and that has it."""
    for element in elements:
        query = address_of(element).partition("?")[2].partition("#")[0]
        value = next((value for key, value in parse_qsl(query[:LONGEST_QUERY]) if key == name), None)
        if value:
            return value
    return None


def _canonical_link(page: Page) -> str:
    links = (e.get("href") for e in page.html.iter("link") if "canonical" in (e.get("rel") or "").lower().split())
    return (
        next((url for href in links if href and (url := page.absolute(href))), None) or canonical(page.url) or page.url
    )
