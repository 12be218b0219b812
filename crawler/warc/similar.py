"""Tell whether a captured request asked for the same comments as another one: browsers ask in words of their own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# How many, in which order and in which form: a response with fewer is found out by what it says of itself.
FORM = frozenset((
    "limit", "count", "size", "pagesize", "per_page", "perpage", "max", "maxresponses", "reply_limit", "child_count",
    "depth", "sort", "sorted_by", "sort_by", "sortby", "sortorder", "order", "orderby", "base", "s_o", "ref", "format",
    "displaythreaded", "flattenreplies", "refreshstream", "ratingfilter", "tag", "query", "operationname", "_fields",
    "extract_data", "message_id", "api-key", "_", "callback", "t_d", "t_t", "t_e", "t_c", "lang", "flat_mode",
))  # fmt: skip
FIRST = frozenset(("", "0", "1", "none", "null", "0:0:0"))
PLACES = frozenset((
    "page", "offset", "start", "cursor", "after", "starting_from", "created-cursor", "nextcursor", "seen", "parent_id",
    "parent-id",
))  # fmt: skip
POSTED = "__wb_method=POST"  # in the address, as archives of browsers write a POST
IGNORED = FORM | PLACES
LONGEST = 1 << 16
Values = Mapping[str, str]


def request_values(url: str, body: bytes | None) -> Values:
    """Return what a request says, by name: the parameters of its address, and what is in JSON, there or posted."""
    values: dict[str, str] = {}
    for name, text in parse_qsl(urlsplit(url).query[:LONGEST], keep_blank_values=True):
        values.update(_leaves(name, text) if not name.startswith("__wb_") else ())
    if "variables" in dict(parse_qsl(urlsplit(url).query[:LONGEST])):
        values.pop("id", None)  # of a compiled query, which changes with each release
    if body is not None:
        values.update(_leaves("body", body[:LONGEST].decode("utf-8", "replace")))
    return values


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
            yield (
                key.lower(),
                "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value),
            )


def asks_alike(ours: Values, theirs: Values) -> bool:
    """Whether two requests of one path and method ask for the same place of the same thread."""
    if any(_place(ours, name) != _place(theirs, name) for name in PLACES):
        return False
    own, other = ours.keys() - IGNORED, theirs.keys() - IGNORED
    if not own:  # a query may name the thread itself
        return ours.get("query", "") == theirs.get("query", "")
    shared = own & other
    return all(ours[name] == theirs[name] for name in shared) and 2 * len(shared) > len(own)


def _place(values: Values, name: str) -> str:
    value = values.get(name, "").strip()
    return "" if value.lower() in FIRST else value
