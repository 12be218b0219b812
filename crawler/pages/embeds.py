"""Comment systems that are known and not read yet, recognised in a page so that a later version can fetch them."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from lxml.html import HtmlElement

from crawler.pages.page import Page

LONGEST_ID = 500
MOST_SCRIPT = 200_000
ELEMENTS = ("script", "div", "section", "link", "iframe")


def threads(page: Page) -> list[tuple[str, str | None]]:
    """Platform and, where the page shows it, the thread's id in that system; each platform once."""
    tags = {marker["tag"] for _, marker in _markers() if "tag" in marker}
    elements = list(page.html.iter(*ELEMENTS, *tags))
    said = "\n".join(_said(elements)).lower()
    markers = [(name, marker) for name, marker in _markers() if any(hint in said for hint in marker["hints"])]
    found: dict[str, str | None] = {}
    for element in elements if markers else ():
        for name, marker in markers:
            if found.get(name) is None and _hit(element, marker):
                found[name] = next(_native(element, marker), None)
    return list(found.items())


def _said(elements: Iterable[HtmlElement]) -> Iterator[str]:
    """All that a marker may look at, each name of an element once."""
    names: set[str] = set()
    for element in elements:
        names.add(element.tag)
        names.update(value for value in (element.get("id"), element.get("class")) if value)
        if element.tag not in ("div", "section"):
            yield _source(element)
            yield _code(element)
    yield from names


@cache
def _markers() -> list[tuple[str, dict[str, Any]]]:
    table = tomllib.loads((files("crawler.pages") / "embeds.toml").read_text("utf-8"))
    return [(name, {key: _compiled(key, value) for key, value in each.items()}) for name, each in table.items()]


def _compiled(key: str, value: Any) -> Any:
    return re.compile(value) if key in ("src", "id", "class", "code", "native") else value


def _hit(element: HtmlElement, marker: dict[str, Any]) -> bool:
    src, code = _source(element), _code(element)
    return (
        element.tag == marker.get("tag")
        or ("src" in marker and bool(marker["src"].search(src)))
        or ("id" in marker and bool(marker["id"].fullmatch(element.get("id") or "")))
        or ("class" in marker and bool(marker["class"].search(element.get("class") or "")))
        or ("code" in marker and bool(marker["code"].search(code)))
    )


def _source(element: HtmlElement) -> str:
    return element.get("src") or element.get("href") or ""


def _code(element: HtmlElement) -> str:
    return (element.text or "")[:MOST_SCRIPT] if element.tag == "script" else ""


def _native(element: HtmlElement, marker: dict[str, Any]) -> Iterator[str]:
    for name in marker.get("attributes", ()):
        value = element.get(name)
        if value:
            yield value.strip()[:LONGEST_ID]
    if "native" in marker:
        for text in (_source(element), _code(element)):
            found = marker["native"].search(text)
            if found is not None:
                yield "/".join(filter(None, found.groups()))[:LONGEST_ID]
