"""Note the keys in JSON: which there are, with what kind of value, and which of them a reader looks up."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crawler.pages.page import Page

# Objects whose keys are ids, or other values.
MAPS = frozenset(("commentCounts", "conversation.users", "conversation.comments[].users", "comments[].reactions"))
REPLIES = frozenset(("replies", "children", "responses"))  # lists of what is like the object that they are in
KINDS = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}
Path = tuple[str, ...]


@dataclass(slots=True)
class KeyUse:
    """One key: the kinds of its values, null apart, and how often it was looked up, and was there."""

    kinds: set[str] = field(default_factory=set)
    lookups: int = 0
    hits: int = 0


@dataclass(slots=True)
class KeyLog:
    """The keys of some JSON by path, such as `comments[].user.name`. Replies have the path of comments."""

    uses: dict[str, KeyUse] = field(default_factory=dict)

    def record(self, value: Any) -> Any:
        """Note the keys of a value that was parsed; return an equal value that notes what is looked up in it."""
        whole = [value]
        stack: list[tuple[Any, Path]] = [(whole, ())]
        while stack:
            container, path = stack.pop()
            for key, child, child_path in _children(container, path):
                if isinstance(container, dict):
                    use = self._use(child_path)
                    use.kinds |= set() if child is None else {KINDS.get(type(child), "other")}
                if isinstance(child, dict):
                    copy: Any = LoggedObject(child)
                    copy.log, copy.path = self, child_path
                elif isinstance(child, list):
                    copy = list(child)
                else:
                    continue
                container[key] = copy
                stack.append((copy, child_path))
        return whole[0]

    def look_up(self, path: Path, name: str, *, is_there: bool) -> None:
        """Note that a key was looked up."""
        use = self._use(_below(path, name))
        use.lookups += 1
        use.hits += is_there

    def add(self, other: "KeyLog") -> None:
        """Add what another one noted."""
        for path, use in other.uses.items():
            own = self.uses.setdefault(path, KeyUse())
            own.kinds |= use.kinds
            own.lookups += use.lookups
            own.hits += use.hits

    def _use(self, path: Path) -> KeyUse:
        return self.uses.setdefault(".".join(path), KeyUse())


class LoggedObject(dict[str, Any]):
    """An object of JSON that notes which keys are looked up."""

    log: KeyLog
    path: Path

    def get(self, key: str, default: Any = None) -> Any:
        value = super().get(key, default)
        self.log.look_up(self.path, key, is_there=value is not None)
        return value

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        self.log.look_up(self.path, key, is_there=value is not None)
        return value


@dataclass(frozen=True)
class LoggedPage(Page):
    """A page whose JSON is noted."""

    log: KeyLog = field(default_factory=KeyLog)

    def parse_json(self, raw: str | bytes) -> Any:
        return self.log.record(super().parse_json(raw))

    @classmethod
    def of(cls, page: Page) -> "LoggedPage":
        """Return a page as one whose JSON is noted."""
        return cls(page.url, page.body, page.headers, page.fetched_at, page.stored, page.hints)


def _children(container: Any, path: Path) -> Iterator[tuple[Any, Any, Path]]:
    """Yield key, value and path of what stands in an object or a list."""
    if isinstance(container, dict):
        for name, child in list(container.items()):
            yield name, child, _below(path, name)
    else:
        is_below = bool(path) and path[-1] in REPLIES and any(part.endswith("[]") for part in path)
        inner = path[:-1] if is_below else (*path[:-1], f"{path[-1]}[]") if path else ()
        for number, child in enumerate(container):
            yield number, child, inner


def _below(path: Path, name: str) -> Path:
    """Return the path of a key; that of the same name further up, where there is one: trees have no end."""
    if ".".join(path) in MAPS:
        return (*path, "*")
    names = [part.removesuffix("[]") for part in path]
    return (*path[: names.index(name)], name) if name in names else (*path, name)
