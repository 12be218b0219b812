"""Tables whose texts are called as those of comments are, and that hold something else: e-mails, logs, goods, talks."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from archive.importers.tables.cells import read_number
from archive.importers.tables.mapping import ColumnMapping
from archive.importers.tables.profile import Profile
from archive.importers.tables.thread_keys import has_readers
from archive.text.fold import fold_name

OF_MESSAGES = re.compile(r"comment|koment|komment|post|message|msg|repl|tweet|status|cid|uuid|guid|hex")
OF_TALKS = re.compile(r"dialog|conversation|session|scene|episode|interview|meeting|turn")
EVIDENT = ("parent", "url", "comment_url", "likes", "dislikes", "score", "state", "staff", "author_id", "title")
CLOCK = re.compile(r"-?[\[(]?(?:\d{1,3}:)?\d{1,3}:\d{2}(?:[.,]\d+)?[\])]?|-?\d{1,6}(?:[.,]\d+)?")
ALTERNATING, FEWEST_TURNS = 0.85, 10
LOG_LEVELS = frozenset(
    ("trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal", "alert", "emerg", "severe")
)


@cache
def _kinds(table: str) -> dict[str, list[frozenset[str]]]:
    """Return kinds of other tables, each with groups of columns of which it has one each."""
    return {kind: [_folded(group) for group in groups] for kind, groups in _names()[table].items()}


@cache
def speakers() -> frozenset[str]:
    """Return what columns of speakers are called."""
    return _folded(_names()["speakers"])


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    """Return what recognises the names of columns by the parts of names that are listed."""
    return re.compile("|".join(map(re.escape, sorted(_folded(_names()[kind])))))


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("kinds.toml").read_text("utf-8"))


def _folded(names: str) -> frozenset[str]:
    return frozenset(map(fold_name, names.split()))


@cache
def glossary_names() -> tuple[frozenset[str], frozenset[str]]:
    """Return what columns of glossaries are called: of what is explained, and of what explains it."""
    return _folded(_names()["terms"]), _folded(_names()["meanings"])


def doubt_of(mapping: ColumnMapping, profiles: Mapping[str, Profile]) -> str | None:
    """Return why a table, though a column is called as texts of comments are, may hold something else."""
    body = mapping.column("body") or ""
    keys = {column.key for column in profiles.values()}
    if f"{body} (2)" in profiles:
        return f"it has two columns {body!r}, the second of which is called '{body} (2)' here"
    is_called_so = _pattern("comments").search(profiles[body].key) is not None
    kinds = ({} if is_called_so else _kinds("kinds_without_comments")) | _kinds("kinds")
    other = next((kind for kind, groups in kinds.items() if all(keys & group for group in groups)), None)
    if other is None and any(_is_log_level(column) for column in profiles.values()):
        other = "a program's log"
    if other is None and not has_readers(mapping.columns, profiles):
        works = {"title": "works that have a title each", "url": "works that have an address each"}
        other = next((kind for role, kind in works.items() if _is_of_each(mapping.column(role), profiles)), None)
    if other is None and _has_speakers(mapping, profiles) and not _is_evident(mapping, profiles):
        other = "what speakers say to each other, as in an interview, a chat or a play"
    if other is None and not _is_evident(mapping, profiles) and not _are_labelled(mapping, profiles):
        other = "texts of any kind"
    return f"it looks like {other}, not like comments; it has {', '.join(list(profiles)[:12])}" if other else None


def _is_of_each(name: str | None, profiles: Mapping[str, Profile]) -> bool:
    return name is not None and profiles[name].is_of_each


def _are_labelled(mapping: ColumnMapping, profiles: Mapping[str, Profile]) -> bool:
    """Whether texts were rated. Numbers that go up row by row are those of chapters, and one for all says nothing."""
    columns = [profiles[label.column] for label in mapping.labels]
    return any(len(set(column.texts)) > 1 and not _counts(column, most=1) for column in columns)


def _has_speakers(mapping: ColumnMapping, profiles: Mapping[str, Profile]) -> bool:
    """Whether a column says who speaks, by its name, or by two or three names that take turns."""
    author = mapping.column("author")
    if author is not None and not _pattern("accounts").search(profiles[author].key):
        return True
    body = mapping.column("body")
    return any(column.key in speakers() or _takes_turns(column) for name, column in profiles.items() if name != body)


def _takes_turns(column: Profile) -> bool:
    texts = column.texts
    if (
        len(texts) < FEWEST_TURNS
        or len(set(texts)) not in (2, 3)
        or any(read_number(text) is not None for text in texts)
    ):
        return False
    return sum(one != other for one, other in pairwise(texts)) >= ALTERNATING * (len(texts) - 1)


def _is_evident(mapping: ColumnMapping, profiles: Mapping[str, Profile]) -> bool:
    """Whether a table with speakers says that it is of comments all the same: what they answer or stand under, their
    dates, votes, accounts or ids. A count of lines is no id, and a time of the day no date."""
    used = {role: profiles[column.name] for role, column in mapping.columns.items() if column.name in profiles}
    if _pattern("comments").search(used["body"].key) or any(role in used for role in EVIDENT):
        return True
    if "author" in used and _pattern("accounts").search(used["author"].key):
        return True
    if "thread" in used and not OF_TALKS.search(used["thread"].key):
        return True
    if "posted" in used and not _mostly(CLOCK, used["posted"]):
        return True
    own = used.get("id")
    return own is not None and (OF_MESSAGES.search(own.key) is not None or not _counts(own))


def _mostly(pattern: re.Pattern[str], column: Profile) -> bool:
    return column.share(pattern) > 0.9


def _counts(column: Profile, *, most: int = 0) -> bool:
    """Whether ids only count the rows, whatever stands before the number; or pages, of `most` more rows each."""
    numbers = [int(match[1]) for text in column.texts if (match := re.search(r"(\d{1,9})\D*$", text))]
    steps = [later - number for number, later in pairwise(numbers)]
    return len(numbers) > 0.9 * len(column.texts) and sum(1 - most <= step <= 1 for step in steps) >= 0.8 * len(steps)


def _is_log_level(column: Profile) -> bool:
    return bool(column.texts) and {text.lower() for text in column.texts} <= LOG_LEVELS
