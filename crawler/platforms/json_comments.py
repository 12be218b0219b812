"""Read comments from JSON, a tree or a flat list, by a description of where their fields stand."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from archive.text.dates import parse_epoch
from archive.text.html_text import html_text, parse_moment
from archive.text.urls import is_web_address
from archive.thread import Author, Comment, Flag, Moment, State
from crawler.pages.page import BadPage, Page

LARGEST = 1 << 63  # what SQLite can store
LONGEST_NAME = 500
LENGTH_OF_HASH = 32
UNNAMED = "\0"  # begins the key of a comment that has no id, as no id of a service does
WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?")
MILLISECONDS = 100_000_000_000  # larger numbers are no seconds since 1970
Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where the fields of a comment stand in its object: paths with dots, the first of several that has a value.

    `replies` is a list of more such objects. `edited`, `featured`, `removed`, `withheld` and `staff` name values that
    mean so where they are true. `is_utc` says that times without a zone are UTC. `amend` is given the object and the
    comment last, for what a path cannot say; it returns None for an object that is no comment.
    """

    id: tuple[str, ...]
    body: tuple[str, ...]
    parent: tuple[str, ...] = ()
    replies: str | None = None
    name: tuple[str, ...] = ()
    author_id: tuple[str, ...] = ()
    posted: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()
    dislikes: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    featured: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    is_html: bool = True
    is_utc: bool = True
    amend: Callable[[Values, Comment], Comment | None] = field(default=lambda _, comment: comment)

    def comments(self, page: Page, items: Any, parent: str | None = None) -> Iterator[Comment]:
        """Yield the comments of a list, each before its replies. Raises BadPage where it holds something else."""
        stack = [(item, parent) for item in reversed(list_of(page, items))]
        while stack:
            item, above = stack.pop()
            if not isinstance(item, dict):
                raise BadPage(f"{page.url}: an entry that is no comment")
            own = identifier(first(item, self.id)) or self._key(item, above)
            if own is None:
                raise BadPage(f"{page.url}: a comment with neither id nor text")
            comment = self.amend(item, self._comment(item, own, above))
            if comment is None:
                continue
            yield comment
            replies = at(item, self.replies) if self.replies else None
            if replies:
                stack += [(reply, comment.native_id) for reply in reversed(list_of(page, replies))]

    def _comment(self, item: Values, own: str | None, above: str | None) -> Comment:
        stated = identifier(first(item, self.parent)) if self.parent else None
        parent = stated if stated is not None and stated != own else above
        flags, state = [], "visible"
        for name in (*self.removed, *self.withheld):
            if at(item, name) and state == "visible":
                state = "removed" if name in self.removed else "withheld"
                flags.append(Flag(f"platform.{state}", name, name))
        marks = ((self.edited, "platform.edited"), (self.featured, "platform.featured"), (self.staff, "platform.staff"))
        flags += [Flag(code, name, name) for names, code in marks for name in names if at(item, name)]
        body, link = text(first(item, self.body)), text(first(item, self.url))
        return Comment(
            (html_text(body) if self.is_html else plain(body)) if body and state == "visible" else "",
            author=self._author(item),
            posted=moment(first(item, self.posted), is_utc=self.is_utc),
            native_id=own,
            parent_native_id=parent,
            parent_source="api",
            state=_STATES[state],
            likes=number(first(item, self.likes)),
            dislikes=number(first(item, self.dislikes)),
            url=link if link and is_web_address(link) else None,
            flags=tuple(flags),
        )

    def _key(self, item: Values, above: str | None) -> str | None:
        """Return a key for a comment without id, which nesting needs: equal for the same comment on another page."""
        values = (above, *(first(item, paths) for paths in (self.name, self.author_id, self.posted, self.body)))
        return (
            None if values[-1] is None else UNNAMED + sha256(repr(values).encode("utf-8", "replace")).hexdigest()[:24]
        )

    def _author(self, item: Values) -> Author | None:
        name, native_id = text(first(item, self.name)), identifier(first(item, self.author_id))
        name = name.strip()[:LONGEST_NAME] if name else None
        if not name and native_id is None:
            return None
        is_staff = True if any(at(item, path) for path in self.staff) else None
        return Author(name or None, native_id, None if native_id is None else False, is_staff)


_STATES: dict[str, State] = {"visible": "visible", "removed": "removed", "withheld": "withheld"}


def at(item: Any, path: str) -> Any:
    """Return the value at a path such as `user.name`, None where there is none."""
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def first(item: Any, paths: tuple[str, ...]) -> Any:
    """Return the first value of some paths that is there."""
    return next((value for path in paths if (value := at(item, path)) is not None), None)


def list_of(page: Page, items: Any) -> list[Any]:
    """Return a list, or the list that an object has as its `data`. Raise BadPage."""
    if isinstance(items, dict):
        items = items.get("data")
    if not isinstance(items, list):
        raise BadPage(f"{page.url}: no list of comments")
    return items


def object_of(page: Page, *path: str) -> Values:
    """Return the object at a path of a response. Raise BadPage where there is none."""
    value: Any = page.json()
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise BadPage(f"{page.url}: no {'.'.join(path) or 'object'}")
    return value


def text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def plain(value: str) -> str:
    """Return a text that is no HTML, with one kind of line end."""
    return "\n".join(line.rstrip() for line in value.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))


def identifier(value: Any) -> str | None:
    """Return an id as text, whether it came as text or as a number; None for what means that there is none.

    One that is too long ends in a hash: cut short, two might become one.
    """
    own = token(value)
    if own is None or own in ("0", "-1"):
        return None
    if len(own) > LONGEST_NAME:
        digest = sha256(own.encode("utf-8", "replace")).hexdigest()[:LENGTH_OF_HASH]
        return f"{own[: LONGEST_NAME - LENGTH_OF_HASH]}{digest}"
    return own


def token(value: Any) -> str | None:
    """Return what a service wants back as it gave it, such as a cursor, whole; None where it gave none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if abs(value) < LARGEST else None


def number(value: Any) -> int | None:
    """Return a count that SQLite can store, also where it came as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST else None


def moment(value: Any, *, is_utc: bool = True) -> Moment | None:
    """Parse a time: seconds or milliseconds since 1970, or ISO 8601, which `is_utc` where it names no zone."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in (10, 13):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not -LARGEST < value < LARGEST:  # also where it is no number
            return None
        seen = parse_epoch(value / 1000 if value >= MILLISECONDS else value)
        return replace(seen, text=str(value)) if seen else None
    if not isinstance(value, str) or not value.strip():
        return None
    machine = f"{value.strip()}Z" if is_utc and WITHOUT_ZONE.fullmatch(value.strip()) else value
    return parse_moment(value, machine)


def reactions(counts: Any) -> tuple[tuple[str, int], ...]:
    """Return counts by kind from an object such as {"smart": 3}, those that are not zero."""
    pairs = counts.items() if isinstance(counts, dict) else ()
    return tuple((str(kind)[:100], count) for kind, value in pairs if (count := number(value)))
