"""Read `publish.toml`, the policy of what a public copy shows. Every key has a default; an unknown key is an error."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive.export.formats import FORMATS
from archive.flags.codes import WITHHELD

COMMENTERS = ("shown", "pseudonyms", "dropped")
ROBOTS = ("index", "none")
DUMP_FORMATS = tuple(name for name, module in FORMATS.items() if module.DUMP)
_DAY = re.compile(r"\d{4}(-\d\d){0,2}")
_URL = re.compile(r"https?://[^\s/?#\"'<>\\]+(/[^\s?#\"'<>\\]*)?")
_CODE = re.compile(r"[a-z_]+\.(\*|[a-z_]+)")


class BadPolicy(Exception):
    """The file has a key or value that is not allowed."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a public copy shows.

    flags            patterns of the public codes: a code, or a namespace as `content.*`
    unreviewed       whether to show flags of rules about a text that no person has judged
    mask             flags with these codes: the words that they matched are masked
    withhold         comments with a flag of these codes lose all their text
    blur             codes whose texts the site folds, beside those of the code list
    outlets          domains; empty means all
    without_datasets names of datasets whose threads are left out, and their labels everywhere
    since, until     days of publication, or of the first visit if there is none
    """

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
    without_datasets: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    dumps: tuple[str, ...] = DUMP_FORMATS

    @property
    def selects_threads(self) -> bool:
        """Whether the copy leaves threads out."""
        return bool(self.outlets or self.without_outlets or self.without_datasets or self.since or self.until)

    def shows(self, code: str) -> bool:
        """Return whether flags with this code are public. Readers always see that a comment was withheld."""
        return code == WITHHELD or any(matches(pattern, code) for pattern in self.flags)

    @property
    def digest(self) -> str:
        """SHA-256 of all fields."""
        return sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def matches(pattern: str, code: str) -> bool:
    """Return whether a code matches a pattern: itself, its namespace as `content.*`, or `*`."""
    return pattern in ("*", code) or (pattern.endswith(".*") and code.startswith(pattern[:-1]))


@dataclass(frozen=True, slots=True)
class _Key:
    """A key of the file, and the field of Policy that it sets."""

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
    _Key("datasets", "without", "without_datasets", tuple),
    _Key("dates", "from", "since", str),
    _Key("dates", "until", "until", str),
    _Key("dumps", "formats", "dumps", tuple, DUMP_FORMATS),
)
_CODE_PATTERNS = ("flags", "blur", "mask", "withhold")


def read_policy(path: Path) -> Policy:
    """Read the policy from a TOML file. Raise BadPolicy with the key, and OSError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPolicy(f"{path}: {error}") from error
    try:
        return parse_policy(document)
    except BadPolicy as error:
        raise BadPolicy(f"{path}: {error}") from error


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Make a policy of the tables of a file. Raise BadPolicy."""
    keys = {(key.table, key.name): key for key in _KEYS}
    values: dict[str, Any] = {}
    for table, entries in document.items():
        if not isinstance(entries, dict):
            raise BadPolicy(f"{table} is no table; there are {', '.join(sorted({key.table for key in _KEYS}))}")
        for name, value in entries.items():
            key = keys.get((table, name))
            if key is None:
                raise BadPolicy(f"[{table}] has no key {name!r}")
            values[key.sets] = _value(key, value)
    return Policy(**values)


def _value(key: _Key, value: Any) -> Any:
    label = f"[{key.table}] {key.name}"
    if key.kind is tuple:
        return _list(key, value, label)
    if not isinstance(value, key.kind):
        raise BadPolicy(f"{label} must be {'true or false' if key.kind is bool else 'a text'}")
    return value if key.kind is bool else _text(key, str(value), label)


def _list(key: _Key, value: Any, label: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadPolicy(f"{label} must be a list of texts")
    for item in value:
        if (key.allowed and item not in key.allowed) or (key.sets in _CODE_PATTERNS and not _is_code(item)):
            raise BadPolicy(f"{label}: {item!r} is not one of {', '.join(key.allowed) or 'the codes'}")
    return tuple(value)


def _text(key: _Key, value: str, label: str) -> str:
    if key.allowed and value not in key.allowed:
        raise BadPolicy(f"{label}: {value!r} is not one of {', '.join(key.allowed)}")
    if key.table == "dates" and not _DAY.fullmatch(value):
        raise BadPolicy(f"{label}: {value!r} is no day, such as 2026-03-14")
    if key.sets != "url":
        return value
    if not _URL.fullmatch(value):
        raise BadPolicy(f"{label}: {value!r} is no web address")
    return value.rstrip("/")


def _is_code(pattern: str) -> bool:
    return pattern == "*" or _CODE.fullmatch(pattern) is not None
