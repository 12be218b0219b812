"""What a public copy shows: `publish.toml`. Everything has a default, and what is not understood is an error."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

COMMENTERS = ("shown", "pseudonyms", "dropped")
ROBOTS = ("index", "none")
FORMATS = ("csv", "jsonl", "parquet", "sql")
_DAY = re.compile(r"\d{4}(-\d\d){0,2}")
_URL = re.compile(r"https?://[^\s/?#\"'<>\\]+(/[^\s?#\"'<>\\]*)?")
_CODE = re.compile(r"[a-z_]+\.(\*|[a-z_]+)")


class BadPolicy(Exception):
    """The file says something that is not understood."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`flags` are patterns of the codes that are public (`content.*`, or one code); `unreviewed` says whether claims of
    rules about a text are shown that no person has judged. Texts with a flag of `mask` lose the words that it matched,
    those with one of `withhold` are withheld whole. `blur` adds to the codes whose texts the site folds. `outlets`
    empty means all; `since` and `until` are days of publication, or of the first visit where none is known."""

    title: str = "Below the Line"
    url: str | None = None
    contact: str | None = None
    robots: str = "index"
    commenters: str = "shown"
    flags: tuple[str, ...] = ("*",)
    unreviewed: bool = True
    mask: tuple[str, ...] = ("content.pii",)
    withhold: tuple[str, ...] = ()
    blur: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    without_outlets: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    dumps: tuple[str, ...] = FORMATS

    def shows(self, code: str) -> bool:
        return code == "archive.withheld" or any(matches(pattern, code) for pattern in self.flags)

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says."""
        return sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


def matches(pattern: str, code: str) -> bool:
    return pattern in ("*", code) or (pattern.endswith(".*") and code.startswith(pattern[:-1]))


@dataclass(frozen=True, slots=True)
class _Key:
    """Where the file says what a field of Policy holds."""

    table: str
    name: str
    sets: str
    kind: type
    allowed: tuple[str, ...] = ()


_KEYS = (
    _Key("site", "title", "title", str),
    _Key("site", "url", "url", str),
    _Key("site", "contact", "contact", str),
    _Key("site", "robots", "robots", str, ROBOTS),
    _Key("commenters", "names", "commenters", str, COMMENTERS),
    _Key("flags", "public", "flags", tuple),
    _Key("flags", "unreviewed", "unreviewed", bool),
    _Key("flags", "blur", "blur", tuple),
    _Key("texts", "mask", "mask", tuple),
    _Key("texts", "withhold", "withhold", tuple),
    _Key("outlets", "only", "outlets", tuple),
    _Key("outlets", "without", "without_outlets", tuple),
    _Key("dates", "from", "since", str),
    _Key("dates", "until", "until", str),
    _Key("dumps", "formats", "dumps", tuple, FORMATS),
)
_OF_CODES = ("flags", "blur", "mask", "withhold")


def read(path: Path) -> Policy:
    """The policy of a TOML file. Raises BadPolicy with the place, OSError."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPolicy(f"{path}: {error}") from error
    try:
        return parsed(found)
    except BadPolicy as error:
        raise BadPolicy(f"{path}: {error}") from error


def parsed(found: Mapping[str, Any]) -> Policy:
    """The policy that the tables of a file make. Raises BadPolicy."""
    known = {(key.table, key.name): key for key in _KEYS}
    values: dict[str, Any] = {}
    for table, entries in found.items():
        if not isinstance(entries, dict):
            raise BadPolicy(f"{table} is no table; there are {', '.join(sorted({key.table for key in _KEYS}))}")
        for name, value in entries.items():
            key = known.get((table, name))
            if key is None:
                raise BadPolicy(f"[{table}] has no key {name!r}")
            values[key.sets] = _value(key, value)
    return Policy(**values)


def _value(key: _Key, value: Any) -> Any:
    place = f"[{key.table}] {key.name}"
    if key.kind is tuple:
        return _list(key, value, place)
    if not isinstance(value, key.kind):
        raise BadPolicy(f"{place} must be {'true or false' if key.kind is bool else 'a text'}")
    return value if key.kind is bool else _text(key, str(value), place)


def _list(key: _Key, value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadPolicy(f"{place} must be a list of texts")
    for one in value:
        if (key.allowed and one not in key.allowed) or (key.sets in _OF_CODES and not _is_code(one)):
            raise BadPolicy(f"{place}: {one!r} is not one of {', '.join(key.allowed) or 'the codes'}")
    return tuple(value)


def _text(key: _Key, value: str, place: str) -> str:
    if key.allowed and value not in key.allowed:
        raise BadPolicy(f"{place}: {value!r} is not one of {', '.join(key.allowed)}")
    if key.table == "dates" and not _DAY.fullmatch(value):
        raise BadPolicy(f"{place}: {value!r} is no day, such as 2026-03-14")
    if key.sets != "url":
        return value
    if not _URL.fullmatch(value):
        raise BadPolicy(f"{place}: {value!r} is no web address")
    return value.rstrip("/")


def _is_code(pattern: str) -> bool:
    return pattern == "*" or _CODE.fullmatch(pattern) is not None
