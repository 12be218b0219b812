"""Tell whether a captured request asked for the same comments as another one: browsers ask in words of their own.

Where in doubt it did not: a thread that is not read is missing, and one with another article's comments is wrong.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# How many, in which order and in which form: a response with fewer is found out by what it says of itself.
FORM = frozenset((
    "limit", "count", "size", "page-size", "pagesize", "per-page", "perpage", "max", "max-responses", "maxresponses",
    "reply-limit", "child-count", "depth", "sort", "sorted-by", "sort-by", "sortby", "sort-order", "sortorder", "order",
    "order-by", "orderby", "base", "s-o", "ref", "format", "display-threaded", "flatten-replies", "refresh-stream",
    "query", "operation-name", "fields", "extract-data", "api-key", "", "callback", "t-d", "t-t", "t-e", "t-c", "lang",
    "flat-mode",
))  # fmt: skip
DEFAULTS = frozenset(("", "0", "none", "null", "false", "0:0:0"))
# Of requests that name a thread: what would take a part of it, or something else.
NARROWING = re.compile(
    r"(?:^|-)(?:parent|repl(?:y|ies)|comment|message|thread|root|article|stor(?:y|ies)|post|topic|discussion|container|"
    r"conversation|content|document|object|page|cursor|offset|start|from|after|before|since|until|seen|skip|last|first|"
    r"filter|rating|tag|search|author|only|(?:ids?|uuids?|types?|cmd|actions?|methods?)$)"
)
ALIASES = (frozenset(("t-u", "t-i")),)  # either names the thread
POSTED = "__wb_method=POST"  # in the address, as archives of browsers write a POST
LONGEST = 1 << 16
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
Values = Mapping[str, tuple[str, ...]]


def request_values(url: str, body: bytes | None) -> Values:
    """Return what a request says, by name: the parameters of its address, and what is in JSON, there or posted."""
    values: dict[str, list[str]] = defaultdict(list)
    query = urlsplit(url).query
    pairs = parse_qsl(query, keep_blank_values=True) if len(query) <= LONGEST else [("whole query", query)]
    is_compiled = any(name == "variables" for name, _ in pairs)
    for name, text in pairs:
        # The id of a compiled query changes with each release.
        if not name.startswith("__wb_") and not (is_compiled and name == "id"):
            _add_leaves(values, name, text)
    if body is not None:
        _add_leaves(values, "body", body.decode("utf-8", "replace"))
    return {name: tuple(sorted(texts)) for name, texts in values.items()}


def _add_leaves(values: dict[str, list[str]], name: str, text: str) -> None:
    for key, value in _leaves(name, text):
        values["-".join(_WORDS.findall(key)).lower()].append(value)


def _leaves(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values in a text that is JSON, or else the text under its own name."""
    stack: list[tuple[str, Any]] = [(name, text)]
    if text.lstrip()[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            stack = [(name, json.loads(text))]
    while stack:
        key, value = stack.pop()
        if isinstance(value, dict):
            stack += value.items()
        elif isinstance(value, list):
            stack += [(key, item) for item in value]
        else:
            yield (key, "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value))


def asks_alike(ours: Values, theirs: Values) -> bool:
    """Whether two requests of one path and method ask for the same place of the same thread.

    What both say must be equal, and theirs must say all of ours. What only theirs says may be a word of the browser's
    own, as long as nothing of it reads like another thread, or a part of one; and ours must name a thread then.
    """
    if ours.get("query", ("",)) != theirs.get("query", ("",)):  # its text may name the thread
        return False
    own, other = _stated(ours), _stated(theirs)
    missing = {name for name in own if name not in other and not _is_default(name, ours[name])}
    for names in ALIASES:
        if own & names & other:
            missing -= names
    if missing or any(ours[name] != theirs[name] for name in own & other):
        return False
    more = {name for name in other - own if not _is_default(name, theirs[name])}
    names_thread = any(not _is_default(name, ours[name]) for name in own)
    return not any(NARROWING.search(name) for name in more) if names_thread else not more


def _stated(values: Values) -> set[str]:
    return set(values.keys() - FORM)


def _is_default(name: str, values: tuple[str, ...]) -> bool:
    """Whether a parameter says what its absence would: no parent, the first page."""
    return all(value.strip().lower() in DEFAULTS or (name == "page" and value == "1") for value in values)
