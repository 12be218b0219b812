"""What keys the responses of a platform's service are known to have, and how a response differs.

known_keys.json is made by `python -m docs.generate` of what each module looks up in its cases, tests/pages;
unread_keys.toml lists what services are documented to send besides, and nobody reads.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from archive.thread import Thread
from crawler.pages.key_log import KeyLog, LoggedPage
from crawler.pages.page import Fetch, Page
from crawler.platforms import driver

ANY, OPTIONAL, SEPARATOR = "any", "?", " or "


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """How responses differ from what is known: keys by path, and for those of another type what is known and seen."""

    new: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    other_type: tuple[tuple[str, str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.missing or self.other_type)


@cache
def load_known_keys() -> dict[str, dict[str, dict[str, str]]]:
    """Load known_keys.json: platform -> "read" or "unread" -> path -> kinds of its value."""
    tables: dict[str, dict[str, dict[str, str]]] = json.loads(_text("known_keys.json"))
    for platform, objects in load_unread_keys().items():
        for path, names in objects.items():
            more = {f"{path}.{name}" if path else name: ANY for name in names}
            tables[platform]["unread"] |= more
    return tables


def load_unread_keys() -> dict[str, dict[str, list[str]]]:
    """Load unread_keys.toml: platform -> path of an object -> keys."""
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(_text("unread_keys.toml"))
    return tables


def _text(name: str) -> str:
    return (files("crawler.platforms") / name).read_text("utf-8")


def read_with_keys(page: Page, fetch: Callable[[Fetch], Page]) -> tuple[tuple[Thread, ...], dict[str, KeyLog]]:
    """Read the threads of a page; return them and, by platform, the keys of the JSON that each was read from."""
    pages: list[LoggedPage] = []

    def logged(request: Fetch) -> Page:
        pages.append(LoggedPage.of(fetch(request)))
        return pages[-1]

    threads = driver.run(driver.visit(page), logged)
    logs: dict[str, KeyLog] = {}
    for thread in threads:
        logs[thread.platform] = log = KeyLog()
        for response in pages:
            if response.capture in thread.pages:
                log.add(response.log)
    return threads, logs


def describe_keys(log: KeyLog) -> dict[str, dict[str, str]]:
    """Return what is known of a platform by what its module looked up: the rows of known_keys.json.

    `text or number?` is a value of either kind, or none.
    """
    tables: dict[str, dict[str, str]] = {"read": {}, "unread": {}}
    for path, use in sorted(log.uses.items()):
        kinds = SEPARATOR.join(sorted(use.kinds)) or ANY
        tables["read" if use.lookups else "unread"][path] = kinds + OPTIONAL * (use.hits < use.lookups)
    return tables


def compare_keys(known: Mapping[str, Mapping[str, str]], log: KeyLog) -> KeyChanges:
    """Return how some responses differ from what is known of their platform."""
    read, unread = known["read"], known["unread"]
    new = {path for path in log.uses if path not in read and path not in unread}
    missing, other_type = [], []
    for path, stated in read.items():
        use = log.uses.get(path)
        if use is None:
            continue
        kinds = stated.removesuffix(OPTIONAL)
        if use.lookups and not use.hits and not stated.endswith(OPTIONAL):
            missing.append(path)
        if kinds != ANY and not use.kinds <= set(kinds.split(SEPARATOR)):
            other_type.append((path, kinds, SEPARATOR.join(sorted(use.kinds))))
    return KeyChanges(tuple(sorted(filter(_is_topmost(new), new))), tuple(missing), tuple(other_type))


def _is_topmost(paths: set[str]) -> Any:
    """Return whether a path of some stands in none of the others: of a new object its own key says all."""

    def is_topmost(path: str) -> bool:
        above = path.rpartition(".")[0]
        while above:
            if above in paths or above.removesuffix("[]") in paths:
                return False
            above = above.rpartition(".")[0]
        return True

    return is_topmost
