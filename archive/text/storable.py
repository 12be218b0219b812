"""Text that the archive can store: JSON and scripts can carry halves of characters and NUL, UTF-8 and SQLite cannot."""

import json
import re
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MAY_BE_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|[\x00\ud800-\udfff]")


def replace_unstorable(text: str) -> str:
    """Join the surrogates that are two halves of one character; replace lone ones, and NUL."""
    if not UNSTORABLE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", REPLACEMENT)


def load_json(raw: str | bytes, *, strict: bool = True) -> Any:
    """Parse JSON as `json.loads` does, with what no text can hold replaced in its keys and values.

    Services cut texts after so many UTF-16 units, in the middle of an emoji, and escape each half: one such comment
    would keep its whole thread from being stored.
    """
    text = raw.decode(json.detect_encoding(raw), "surrogatepass") if isinstance(raw, bytes) else raw
    value = json.loads(text, strict=strict)
    return _replace_within([value])[0] if MAY_BE_UNSTORABLE.search(text) else value


def _replace_within(values: list[Any]) -> list[Any]:
    """Replace texts in lists and objects that were just parsed, in place, however deep."""
    stack: list[Any] = [values]
    while stack:
        container = stack.pop()
        if isinstance(container, dict):
            pairs = [(replace_unstorable(key), _replace(value)) for key, value in container.items()]
            container.clear()
            container.update(pairs)
        else:
            container[:] = map(_replace, container)
        children = container.values() if isinstance(container, dict) else container
        stack += [child for child in children if isinstance(child, dict | list)]
    return values


def _replace(value: Any) -> Any:
    return replace_unstorable(value) if isinstance(value, str) else value
