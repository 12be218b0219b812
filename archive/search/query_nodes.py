"""The parts of a parsed query, and which words and fields they hold. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from archive.search.tokenizer import SearchTerm

# Fields of the records that datasets, moderators and readers left of a comment, and their tables.
RECORDS = {"label": "labels", "decision": "decisions", "report": "reports"}


@dataclass(frozen=True, slots=True)
class WordNode:
    """A word, a phrase or the beginning of a word. `is_exact`: its other forms are not meant, as in "quotes"."""

    term: SearchTerm
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class FieldNode:
    """A condition on a field other than the text: it has one of the values.

    `author` has one Term; `outlet`, `commenter` and `dataset` have ids, `state` texts; `label`, `decision` and `report`
    have texts as they are stored, or one Term as it was typed; `after` and `before` have one day, month or year
    (2026-03-14, 2026-03, 2026), `date` such a beginning; `flag` has one FlagFilter."""

    name: str
    values: tuple["str | int | SearchTerm | FlagFilter", ...]


@dataclass(frozen=True, slots=True)
class FlagFilter:
    """What one and the same flag has to be; None and an empty tuple ask for nothing."""

    codes: tuple[str, ...] = ()
    severity: int | None = None
    target: str | None = None
    source: str | None = None
    status: str | None = None

    def passes(self, code: str, severity: int, target: str | None, status: str) -> bool:
        source = code.partition(".")[0]
        return (
            (not self.codes or code in self.codes)
            and (self.severity is None or severity >= self.severity)
            and (self.target is None or target == self.target)
            and (self.source is None or source == self.source)
            and (self.status is None or (source == "content" and status == self.status))
        )


@dataclass(frozen=True, slots=True)
class AndNode:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class OrNode:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class NotNode:
    part: "Node"


Node = WordNode | FieldNode | AndNode | OrNode | NotNode


def join(*nodes: Node | None) -> Node | None:
    """Return what all of these ask for; None where there are none."""
    parts: dict[Node, None] = {}
    for node in nodes:
        parts |= dict.fromkeys(node.parts if isinstance(node, AndNode) else [node] if node else [])
    return AndNode(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


def positive_words(node: Node | None) -> Iterator[WordNode]:
    """Yield the words that a match may have, in order: not those behind a NOT."""
    match node:
        case WordNode():
            yield node
        case AndNode(parts) | OrNode(parts):
            for part in parts:
                yield from positive_words(part)


def fields_of(node: Node | None) -> Iterator[FieldNode]:
    """Yield the conditions on fields, wherever they stand."""
    match node:
        case FieldNode():
            yield node
        case AndNode(parts) | OrNode(parts):
            for part in parts:
                yield from fields_of(part)
        case NotNode(part):
            yield from fields_of(part)


def is_date(text: str) -> bool:
    """Whether a text is a day, a month or a year that the calendar has: 2026-03-14, 2026-03 or 2026."""
    parts = text.split("-")
    widths = [4, 2, 2][: len(parts)]
    if len(parts) > 3 or [len(part) for part in parts] != widths or not text.replace("-", "").isdecimal():
        return False
    try:
        date.fromisoformat(text + "-01" * (3 - len(parts)))
    except ValueError:
        return False
    return text.isascii()
