"""Comment systems that are known and cannot be read yet, recognised in a page so that a later version can fetch them."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from lxml.html import HtmlElement

from crawler.page import Page

LONGEST_ID = 500
MOST_SCRIPT = 200_000


def threads(page: Page) -> list[tuple[str, str | None]]:
    """Platform and, where the page shows it, the thread's id in that system; each platform once."""
    found: dict[str, str | None] = {}
    for element in page.html.iter("script", "div", "section", "link", "iframe", *_tags()):
        for name, marker in _markers():
            if name not in found or found[name] is None:
                hit, native_id = _hit(element, marker, page)
                if hit:
                    found[name] = native_id or found.get(name)
    return list(found.items())


@cache
def _markers() -> list[tuple[str, dict[str, Any]]]:
    table = tomllib.loads((files("crawler") / "known.toml").read_text("utf-8"))
    return [(name, {key: _compiled(key, value) for key, value in each.items()}) for name, each in table.items()]


def _compiled(key: str, value: Any) -> Any:
    return re.compile(value) if key in ("src", "id", "class", "code", "native") else value


@cache
def _tags() -> tuple[str, ...]:
    return tuple(sorted({marker["tag"] for _, marker in _markers() if "tag" in marker}))


def _hit(element: HtmlElement, marker: dict[str, Any], page: Page) -> tuple[bool, str | None]:
    code = element.text if element.tag == "script" and element.text else ""
    src = element.get("src") or element.get("href") or ""
    hit = (
        ("tag" in marker and element.tag == marker["tag"])
        or ("src" in marker and bool(src) and bool(marker["src"].search(src)))
        or ("id" in marker and bool(marker["id"].fullmatch(element.get("id") or "")))
        or ("class" in marker and bool(marker["class"].search(element.get("class") or "")))
        or ("code" in marker and bool(code) and bool(marker["code"].search(code[:MOST_SCRIPT])))
    )
    return (True, next(_native(element, marker, code, src), None)) if hit else (False, None)


def _native(element: HtmlElement, marker: dict[str, Any], code: str, src: str) -> Iterator[str]:
    for name in marker.get("attributes", ()):
        value = element.get(name)
        if value:
            yield value.strip()[:LONGEST_ID]
    if "native" in marker:
        for text in (src, code[:MOST_SCRIPT]):
            found = marker["native"].search(text)
            if found is not None:
                yield "/".join(filter(None, found.groups()))[:LONGEST_ID]
