"""The outlets file: which sites to crawl, where their articles are announced, and how politely."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archive.text.hosts import is_public, parse_literal_address
from archive.text.urls import canonical

LONGEST_PATTERN = 500
LONGEST_ADDRESS = 2_000
MOST_OUTLETS = 10_000
FASTEST_S = 1.0


class BadOutlets(ValueError):
    """The file cannot be used; says where and why."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A site. `include` and `exclude` are searched in path and query of an article's address; `delay` (seconds) and
    `concurrency` are for each host of its; `max_age_days` leaves out what was published longer ago."""

    name: str
    home: str
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    delay: float | None = None
    concurrency: int | None = None
    max_age_days: int | None = None
    permission: str | None = None

    def wants(self, url: str, published_at: str | None = None, now: str | None = None) -> bool:
        """Whether an article of this address is to be visited; the times are ISO-8601 in UTC."""
        if published_at and now and self.max_age_days is not None and self._is_old(published_at, now):
            return False
        parts = urlsplit(url)
        place = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if len(url) > LONGEST_ADDRESS or any(pattern.search(place) for pattern in self.exclude):
            return False
        return not self.include or any(pattern.search(place) for pattern in self.include)

    def _is_old(self, published_at: str, now: str) -> bool:
        age = datetime.fromisoformat(now) - datetime.fromisoformat(published_at)
        return age > timedelta(days=self.max_age_days or 0)


def load(path: Path) -> list[Outlet]:
    """Raises BadOutlets with file, outlet and key."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadOutlets(f"{path}: {error}") from error
    _only_known(content, ("outlets",), str(path))
    tables = content.get("outlets")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise BadOutlets(f"{path}: no [[outlets]]")
    if len(tables) > MOST_OUTLETS:
        raise BadOutlets(f"{path}: more than {MOST_OUTLETS:,} outlets")
    found: dict[str, Outlet] = {}
    for number, table in enumerate(tables, 1):
        name = table.get("name")
        place = f"{path}: outlet {number}" + (f" ({name})" if isinstance(name, str) else "")
        outlet = _outlet(table, place)
        if outlet.home in found:
            raise BadOutlets(f"{place}: {outlet.home} is listed twice")
        found[outlet.home] = outlet
    return list(found.values())


def _only_known(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, 1)
            raise BadOutlets(f"{place}: {key} is unknown" + (f"; {near[0]}?" if near else ""))


def _outlet(table: Mapping[str, Any], place: str) -> Outlet:
    _only_known(table, tuple(Outlet.__dataclass_fields__), place)
    for key in ("name", "home"):
        if key not in table:
            raise BadOutlets(f"{place}: {key} is missing")
    values: dict[str, Any] = {}
    for key, value in table.items():
        try:
            values[key] = READERS[key](value)
        except BadOutlets as error:
            raise BadOutlets(f"{place}: {key}{error}") from error
    outlet = Outlet(**values)
    if outlet.delay is not None and outlet.delay < FASTEST_S and _is_public(outlet.home) and not outlet.permission:
        raise BadOutlets(f'{place}: delay: below {FASTEST_S:g} s needs permission = "who gave it"')
    if (outlet.concurrency or 1) > 1 and _is_public(outlet.home) and not outlet.permission:
        raise BadOutlets(f'{place}: concurrency: above 1 needs permission = "who gave it"')
    return outlet


def _is_public(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    number = parse_literal_address(host)
    return host != "localhost" and (number is None or is_public(number))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadOutlets(f": {value!r} is no text")
    return value.strip()


def _address(value: Any) -> str:
    found = canonical(value)
    if found is None or len(found) > LONGEST_ADDRESS:
        raise BadOutlets(f": {value!r} is no web address")
    return found


def _pattern(value: Any) -> re.Pattern[str]:
    text = _text(value)
    if len(text) > LONGEST_PATTERN:
        raise BadOutlets(f": longer than {LONGEST_PATTERN} characters")
    try:
        return re.compile(text)
    except re.error as error:
        raise BadOutlets(f": {text!r} is no regular expression: {error}") from error


def _number(low: float, high: float, kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        fits = isinstance(value, int) or (kind is float and isinstance(value, float))
        if isinstance(value, bool) or not fits or not low <= value <= high:
            raise BadOutlets(f": {value!r} is no number from {low:g} to {high:g}")
        return kind(value)

    return read


def _several(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def each(values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list):
            raise BadOutlets(f": {values!r} is no list")
        found = []
        for number, value in enumerate(values):
            try:
                found.append(read(value))
            except BadOutlets as error:
                raise BadOutlets(f"[{number}]{error}") from error
        return tuple(found)

    return each


READERS: dict[str, Callable[[Any], Any]] = {
    "name": _text,
    "home": _address,
    "feeds": _several(_address),
    "sitemaps": _several(_address),
    "include": _several(_pattern),
    "exclude": _several(_pattern),
    "delay": _number(0, 3600, float),
    "concurrency": _number(1, 32, int),
    "max_age_days": _number(1, 36_500, int),
    "permission": _text,
}
