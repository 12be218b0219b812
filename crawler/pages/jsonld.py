"""What a page says of itself in JSON-LD. Broken blocks are mended where that is cheap, and otherwise passed over."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from crawler.pages.page import Page

MOST_ITEMS = 20_000
LARGEST_BLOCK = 8 << 20
WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>|/\*\s*\]\]>\s*\*/)\s*;?\s*$"
)
TRAILING_COMMA = re.compile(r",(\s*[}\]])")
Item = dict[str, Any]


def blocks(page: Page) -> list[Item]:
    """The objects at the top of the page's JSON-LD scripts, those in lists and in `@graph` as well."""
    result: list[Item] = []
    for script in page.html.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text and len(script.text) <= LARGEST_BLOCK:
            result.extend(_objects(_parsed(script.text)))
    return result[:MOST_ITEMS]


def _parsed(text: str) -> Any:
    for attempt in (text, _mended(text)):
        try:
            return json.loads(attempt, strict=False)  # line feeds within strings are the commonest fault
        except (ValueError, RecursionError):
            continue
    return None


def _mended(text: str) -> str:
    return TRAILING_COMMA.sub(r"\1", WRAPPING.sub("", WRAPPING.sub("", text))).strip().rstrip(";")


def _objects(value: Any) -> Iterator[Item]:
    waiting = [value]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, list):
            waiting[:0] = each[:MOST_ITEMS]
        elif isinstance(each, dict):
            yield each
            if isinstance(each.get("@graph"), list | dict):
                waiting.insert(0, each["@graph"])


def types(item: Item) -> set[str]:
    """The names of an object's types, without `schema:` or an address before them."""
    stated = item.get("@type")
    names = stated if isinstance(stated, list) else [stated]
    return {re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str)}


def of_type(items: Iterable[Item], *names: str) -> list[Item]:
    return [item for item in items if types(item) & set(names)]


def words(value: Any) -> str | None:
    """The first text that a value holds: itself, its `name`, its `@value`, or that of the first of a list."""
    while isinstance(value, list | dict):
        value = next(iter(value), None) if isinstance(value, list) else value.get("name") or value.get("@value")
    return " ".join(value.split()) or None if isinstance(value, str) else None
