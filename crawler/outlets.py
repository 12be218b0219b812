"""The outlets file (TOML): which sites to crawl, where their articles are listed, and how politely."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archive.text.hosts import is_public, parse_literal_address
from archive.text.urls import canonical, domain, is_web_address
from crawler.pages.embeds import check_source, load_systems
from crawler.pages.page import CommentHints

MAX_PATTERN = 500
MAX_ADDRESS = 2_000
MAX_OUTLETS = 10_000
MIN_DELAY_S = 1.0
DEFAULT_DELAY_S = 1.0


class BadOutlets(ValueError):
    """The file cannot be used: where, and why."""


@dataclass(frozen=True, slots=True)
class OutletConfig:
    """One site.

    `include` and `exclude` are searched for in path and query of an article's address. `delay` (seconds) and
    `concurrency` are for each of its hosts. Articles older than `max_age_days` are skipped. `comments` says what its
    pages hide of their comment system, `browser` whether their comments need a browser to load.
    """

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
    comments: CommentHints | None = None
    browser: bool = False

    def accepts(self, url: str, published_at: str | None = None, now: str | None = None) -> bool:
        """Whether to begin an article of this address; the times are ISO-8601 in UTC."""
        if published_at and now and self.max_age_days is not None:
            age = datetime.fromisoformat(now) - datetime.fromisoformat(published_at)
            if age > timedelta(days=self.max_age_days):
                return False
        return self.includes(url)

    def includes(self, url: str) -> bool:
        """Whether its patterns include the address of an article, however old that is."""
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if len(url) > MAX_ADDRESS or any(pattern.search(path) for pattern in self.exclude):
            return False
        return not self.include or any(pattern.search(path) for pattern in self.include)


class OutletFile:
    """Outlets by home, and what follows from several of them on one host."""

    def __init__(self, outlets: Iterable[OutletConfig]) -> None:
        self.by_home = {outlet.home: outlet for outlet in outlets}
        self._longest_first = sorted(self.by_home, key=len, reverse=True)

    def find_home(self, url: str, home: str) -> str:
        """Return the outlet of a page that `home` links to: the one that it lies below, or else that one."""
        return next((other for other in self._longest_first if is_below(url, other)), home)

    def slots(self) -> dict[str, dict[str, float]]:
        """Return delay and concurrency by host; of several outlets on a host, the most careful ones."""
        slots: dict[str, dict[str, float]] = {}
        for outlet in self.by_home.values():
            host = urlsplit(outlet.home).netloc
            delay = DEFAULT_DELAY_S if outlet.delay is None else outlet.delay
            slot = {"delay": delay, "concurrency": outlet.concurrency or 1}
            if other := slots.get(host):
                slot = {
                    "delay": max(delay, other["delay"]),
                    "concurrency": min(slot["concurrency"], other["concurrency"]),
                }
            slots[host] = slot
        stated = {urlsplit(o.home).netloc for o in self.by_home.values() if (o.delay, o.concurrency) != (None, None)}
        return {host: slot for host, slot in slots.items() if host in stated}


def is_below(url: str, home: str) -> bool:
    """Return whether a page lies on the host and below the path of an outlet's home."""
    page, top = urlsplit(url), urlsplit(home)
    folder = _folder(top.path)
    return page.netloc == top.netloc and (page.path == folder or page.path.startswith(f"{folder}/"))


def outlet_keys(homes: Iterable[str]) -> dict[str, str]:
    """Return names for the outlets that share a host name with another one, by home: `host:8080`, `host/path`.

    An outlet is known by its host name; where that is not enough, port and path tell them apart.
    """
    keys = {home: outlet_key(home) for home in homes}
    hosts: dict[str, set[str]] = defaultdict(set)
    for home, key in keys.items():
        hosts[domain(home)].add(key)
    return {home: key for home, key in keys.items() if len(hosts[domain(home)]) > 1}


def outlet_key(home: str) -> str:
    """Return the host name of a home with the port and path that it states."""
    parts = urlsplit(home)
    return f"{parts.netloc.rpartition('@')[2].removeprefix('www.')}{_folder(parts.path)}"


def _folder(path: str) -> str:
    """Return the path of a home without a file's name (index.html) and without the slash at its end."""
    above, _, last = path.rpartition("/")
    return above if "." in last else path.rstrip("/")


def load_outlets(file: Path) -> list[OutletConfig]:
    """Read an outlets file. Raise BadOutlets, which names file, outlet and key."""
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadOutlets(f"{file}: {error}") from error
    _check_keys(content, ("outlets",), str(file))
    tables = content.get("outlets")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise BadOutlets(f"{file}: no [[outlets]]")
    if len(tables) > MAX_OUTLETS:
        raise BadOutlets(f"{file}: more than {MAX_OUTLETS:,} outlets")
    outlets: dict[str, OutletConfig] = {}
    for number, table in enumerate(tables, 1):
        name = table.get("name")
        where = f"{file}: outlet {number}" + (f" ({name})" if isinstance(name, str) else "")
        outlet = _parse_outlet(table, where)
        if outlet.home in outlets:
            raise BadOutlets(f"{where}: {outlet.home} is listed twice")
        outlets[outlet.home] = outlet
    return list(outlets.values())


def _check_keys(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            near = get_close_matches(key, keys, 1)
            raise BadOutlets(f"{where}: {key} is unknown" + (f"; {near[0]}?" if near else ""))


def _parse_outlet(table: Mapping[str, Any], where: str) -> OutletConfig:
    _check_keys(table, tuple(OutletConfig.__dataclass_fields__), where)
    for key in ("name", "home"):
        if key not in table:
            raise BadOutlets(f"{where}: {key} is missing")
    values: dict[str, Any] = {}
    for key, value in table.items():
        try:
            values[key] = PARSERS[key](value)
        except BadOutlets as error:
            raise BadOutlets(f"{where}: {key}{error}") from error
    outlet = OutletConfig(**values)
    if _is_public_site(outlet.home) and not outlet.permission:
        if outlet.delay is not None and outlet.delay < MIN_DELAY_S:
            raise BadOutlets(f'{where}: delay: below {MIN_DELAY_S:g} s needs permission = "who gave it"')
        if (outlet.concurrency or 1) > 1:
            raise BadOutlets(f'{where}: concurrency: above 1 needs permission = "who gave it"')
    return outlet


def _is_public_site(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    address = parse_literal_address(host)
    return host != "localhost" and (address is None or is_public(address))


# Parsers of values. What they raise begins with the place inside the value: ": ..." or "[2]: ...".


def _parse_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadOutlets(f": {value!r} is no text")
    return value.strip()


def _parse_address(value: Any) -> str:
    address = canonical(value)
    if address is None or len(address) > MAX_ADDRESS:
        raise BadOutlets(f": {value!r} is no web address")
    return address


def _parse_pattern(value: Any) -> re.Pattern[str]:
    text = _parse_text(value)
    if len(text) > MAX_PATTERN:
        raise BadOutlets(f": longer than {MAX_PATTERN} characters")
    try:
        return re.compile(text)
    except re.error as error:
        raise BadOutlets(f": {text!r} is no regular expression: {error}") from error


def _number(low: float, high: float, kind: type) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        fits = isinstance(value, int) or (kind is float and isinstance(value, float))
        if isinstance(value, bool) or not fits or not low <= value <= high:
            raise BadOutlets(f": {value!r} is no number from {low:g} to {high:g}")
        return kind(value)

    return parse


def _list_of(parse: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def parse_list(values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list):
            raise BadOutlets(f": {values!r} is no list")
        parsed = []
        for number, value in enumerate(values):
            try:
                parsed.append(parse(value))
            except BadOutlets as error:
                raise BadOutlets(f"[{number}]{error}") from error
        return tuple(parsed)

    return parse_list


def _parse_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadOutlets(f": {value!r} is neither true nor false")
    return value


def find_hints(url: str, hints: Mapping[str, CommentHints]) -> CommentHints | None:
    """Return the hints of the outlet whose home an address begins with, the longest of several."""
    home = max((home for home in hints if url.startswith(home)), key=len, default=None)
    return None if home is None else hints[home]


def _parse_hints(value: Any) -> CommentHints:
    if not isinstance(value, dict) or "platform" not in value:
        raise BadOutlets(': needs at least {platform = "..."}')
    _check_keys(value, tuple(CommentHints.__dataclass_fields__), "")
    hints = {}
    for key, text in value.items():
        try:
            hints[key] = _parse_text(text)
        except BadOutlets as error:
            raise BadOutlets(f".{key}{error}") from error
    if hints["platform"] not in load_systems():
        near = get_close_matches(hints["platform"], load_systems(), 1)
        raise BadOutlets(f".platform: {hints['platform']} is unknown" + (f"; {near[0]}?" if near else ""))
    if "host" in hints and not is_web_address(hints["host"]):
        raise BadOutlets(f".host: {hints['host']!r} is no web address")
    try:
        check_source(hints.get("id_from"))
    except (ValueError, re.error) as error:
        raise BadOutlets(f".id_from: {error}") from error
    return CommentHints(**hints)


PARSERS: dict[str, Callable[[Any], Any]] = {
    "name": _parse_text,
    "home": _parse_address,
    "feeds": _list_of(_parse_address),
    "sitemaps": _list_of(_parse_address),
    "include": _list_of(_parse_pattern),
    "exclude": _list_of(_parse_pattern),
    "delay": _number(0, 3600, float),
    "concurrency": _number(1, 32, int),
    "max_age_days": _number(1, 36_500, int),
    "permission": _parse_text,
    "comments": _parse_hints,
    "browser": _parse_flag,
}
