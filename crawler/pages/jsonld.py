"""JSON-LD of a page. Blocks with common faults are repaired; others are skipped."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from archive.text.storable import load_json
from crawler.pages.page import BadPage, Page

MOST_ITEMS = 20_000
LARGEST_BLOCK = 8 << 20  # characters
COMMENT_MARKS = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>|/\*\s*\]\]>\s*\*/)\s*;?\s*$"
)
LINE_COMMENT = re.compile(r"""("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/""", re.DOTALL)
AFTER_STRING = re.compile(r"\s*(?:[,:}\]]|$)")  # what may follow the end of a string
TRAILING_COMMA = re.compile(r",(\s*[}\]])")
JsonObject = dict[str, Any]


def load_objects(page: Page) -> list[JsonObject]:
    """Return the top-level objects of the page's JSON-LD scripts, including those in lists and in `@graph`.

    Raises BadPage where a script is too large to be read and has comments.
    """
    if "jsonld" not in page.notes:
        page.notes["jsonld"] = tuple(_load_objects(page))
    return list(page.notes["jsonld"])


def _load_objects(page: Page) -> list[JsonObject]:
    result: list[JsonObject] = []
    for script in page.html.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        if len(script.text) <= LARGEST_BLOCK:
            result.extend(_flatten(_parse(script.text)))
        elif '"Comment"' in script.text:
            raise BadPage(f"comments in JSON-LD of {len(script.text) >> 20} MB; at most {LARGEST_BLOCK >> 20} are read")
    return result[:MOST_ITEMS]


def _parse(text: str) -> Any:
    """Parse a block; None where it stays broken without its comment marks, trailing commas and last semicolon."""
    with suppress(ValueError, RecursionError):
        return load_json(text, strict=False)  # line feeds within strings are the commonest fault
    bare = COMMENT_MARKS.sub("", COMMENT_MARKS.sub("", text))  # twice: CDATA may stand in an HTML comment
    bare = TRAILING_COMMA.sub(r"\1", bare).strip().rstrip(";")
    with suppress(ValueError, RecursionError):
        return load_json(bare, strict=False)
    without_comments = LINE_COMMENT.sub(lambda match: match[1] or "", bare)
    with suppress(ValueError, RecursionError):
        return load_json(TRAILING_COMMA.sub(r"\1", without_comments), strict=False)
    with suppress(ValueError, RecursionError):
        return load_json(_escape_inner_quotes(bare), strict=False)
    return None


def _escape_inner_quotes(text: str) -> str:
    """Escape the quotation marks that stand within a string: those that nothing of JSON's own follows."""
    pieces: list[str] = []
    is_open = False
    for number, piece in enumerate(text.split('"')):
        if number:
            before = pieces[-1] if pieces else ""
            if is_open and not before.endswith("\\") and not AFTER_STRING.match(piece):
                pieces.append('\\"')
            else:
                if not before.endswith("\\"):
                    is_open = not is_open
                pieces.append('"')
        pieces.append(piece)
    return "".join(pieces)


def _flatten(value: Any) -> Iterator[JsonObject]:
    queue = [value]
    while queue:
        item = queue.pop(0)
        if isinstance(item, list):
            queue[:0] = item[:MOST_ITEMS]
        elif isinstance(item, dict):
            yield item
            if isinstance(item.get("@graph"), list | dict):
                queue.insert(0, item["@graph"])


def type_names(item: JsonObject) -> set[str]:
    """Return the names of an object's types, without the `schema:` or URL prefix."""
    stated = item.get("@type")
    names = stated if isinstance(stated, list) else [stated]
    return {re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str)}


def select(items: Iterable[JsonObject], *names: str) -> list[JsonObject]:
    """Return the objects that are of one of these types."""
    return [item for item in items if type_names(item) & set(names)]


def first_text(value: Any) -> str | None:
    """Return the text of a property: the value itself, its `name` or `@value`, or that of the first in a list."""
    while isinstance(value, list | dict):
        value = next(iter(value), None) if isinstance(value, list) else value.get("name") or value.get("@value")
    return " ".join(value.split()) or None if isinstance(value, str) else None
