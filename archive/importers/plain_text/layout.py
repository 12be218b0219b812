"""Lines to items by their indentation: what a text says of its nesting, before anybody asks what the items are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archive.text import dates

_MARKER = re.compile(r"(•|\d{1,6}\.)(?: +|$)")
_STEP = 2
# Where fewer lines than one in so many are blank, no blank line parts paragraphs: each line is one.
_LINES_A_BLANK = 30


@dataclass(slots=True, eq=False)
class Paragraph:
    """Lines without a blank one between them that stand in no list."""

    lines: list[str]
    line: int
    indent: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(slots=True, eq=False)
class Item:
    """A list item: its marker, the text beside it, and below that, in order, its own lines, its items and whatever
    stood unindented in its midst."""

    column: int
    marker: str
    head: str
    parent: "Item | None"
    gap: bool
    line: int
    rule: str | None = None
    content: "list[str | Item | Paragraph]" = field(default_factory=list)
    has_text: bool = False
    has_items: bool = False

    @property
    def numbered(self) -> bool:
        return self.marker not in ("•", "")

    def items(self) -> Iterator["Item"]:
        return (part for part in self.content if isinstance(part, Item))

    def lines(self) -> list[str]:
        """The head and the item's own lines, blank ones between them as ""."""
        own = [self.head]
        own += [part for part in self.content if isinstance(part, str)]
        return own


@dataclass(slots=True, eq=False)
class Block:
    """Items that no paragraph parts, in document order."""

    items: list[Item] = field(default_factory=list)


def lay_out(text: str) -> list[Paragraph | Block]:
    """The paragraphs and blocks of a text, in document order."""
    return _Layout(is_flat=_is_flat(text)).read(text)


def _is_flat(text: str) -> bool:
    """Whether a text is one whose paragraphs are lines, as most corpora have it."""
    text = text.strip()
    count = text.count("\n") + 1
    if count == 1 or text.count("\n\n") * _LINES_A_BLANK >= count:
        return False
    blank = sum(not line or line.isspace() for line in text.split("\n"))
    return blank * _LINES_A_BLANK < count


class _Layout:
    def __init__(self, *, is_flat: bool) -> None:
        self.is_flat = is_flat
        self.stream: list[Paragraph | Block] = []
        self.open: list[Item] = []
        self.blanks = 0
        self.unindented = 0
        self.begun = False

    def read(self, text: str) -> list[Paragraph | Block]:
        for number, raw in enumerate(text.split("\n")):
            line = raw.rstrip()
            if not line:
                self.blanks += 1
                continue
            stripped = line.lstrip(" ")
            self._line(number, len(line) - len(stripped), stripped)
            self.begun = True
            self.blanks = 0
        return self.stream

    def _line(self, number: int, column: int, text: str) -> None:
        if text[0] == "•" and text[1:2] == " " and column >= _STEP:
            self._item(number, column, "•", text[1:].lstrip(" "))
            return
        if text[0] == "•" or text[0].isdigit():
            match = _MARKER.match(text[:12])
            if match and (column >= _STEP or self._cut_first_line(match)) and not self._is_day(column, text):
                self._item(number, max(column, _STEP), match[1], text[len(match[1]) :].lstrip(" "))
                return
        if column > _STEP:
            self._indented(number, column, text)
        else:
            self._unindented(number, column, text)

    def _cut_first_line(self, match: re.Match[str]) -> bool:
        return not self.begun and match[1] == "•"

    def _is_day(self, column: int, text: str) -> bool:
        """Whether a number that looks like a marker is the day of a date below a name ("14. März 2016")."""
        if text[0] == "•" or not self.open or column != self.open[-1].column + _STEP:
            return False
        where = dates.find_date(text)
        return where is not None and where[0] == 0 and dates.stands_alone(text, where)

    def _item(self, number: int, column: int, marker: str, head: str, rule: str | None = None) -> None:
        parent = self._above(column)
        if rule is None and parent is not None and column > parent.column + _STEP:
            rule = "indent-jump"
        item = Item(column, marker, head, parent, self.blanks > 0, number, rule)
        if parent is not None:
            parent.content.append(item)
            parent.has_items = True
        self._block().items.append(item)
        self.open.append(item)
        self.unindented = 0

    def _above(self, column: int) -> Item | None:
        while self.open and self.open[-1].column >= column:
            self.open.pop()
        return self.open[-1] if self.open else None

    def _block(self) -> Block:
        if not self.stream or not isinstance(self.stream[-1], Block):
            self.stream.append(Block())
        block = self.stream[-1]
        assert isinstance(block, Block)
        return block

    def _indented(self, number: int, column: int, text: str) -> None:
        if self.blanks == 0 and self.open and (column % 2 or column > self.open[-1].column + _STEP):
            self._own(self.open[-1], column, text)
            return
        item = self._above(column)
        if item is not None and self._follows_replies(item, column, text):
            self._item(number, item.column, "", text, "lost-bullet")
        elif item is not None and column - item.column <= _STEP + 1:
            self._own(item, column, text)
        elif column % 2 == 0 and self._begins_item(item):
            self._item(number, column - _STEP, "", text, "lost-bullet")
        elif item is not None:
            self._own(item, column, text)
        else:
            self._unindented(number, column, text)

    def _follows_replies(self, item: Item, column: int, text: str) -> bool:
        """Whether a sentence stands at an item's text column after replies to it: an item that lost its bullet."""
        last = item.content[-1] if item.content and (item.has_text or len(item.head) > 40) else None
        if not isinstance(last, Item) or not last.has_text or not last.gap:
            return False
        return self.blanks > 0 and column - item.column == _STEP and len(text.split()) >= 4 and len(text) >= 25

    def _begins_item(self, above: Item | None) -> bool:
        return self.blanks > 0 or not self.begun or above is None

    def _own(self, item: Item, column: int, text: str) -> None:
        if item.content or item.head:
            item.content.extend([""] * self.blanks)
        item.content.append(" " * (column - item.column - _STEP) + text)
        item.has_text = True

    def _unindented(self, number: int, column: int, text: str) -> None:
        last = self.stream[-1] if self.stream else None
        if isinstance(last, Paragraph) and self.blanks == 0 and not self.is_flat:
            last.lines.append(text)
            return
        paragraph = Paragraph([text], number, column)
        self.stream.append(paragraph)
        self.unindented += 1
        if self._may_be_in_the_midst():
            self.open[-1].content.append(paragraph)
        else:
            self.open.clear()

    def _may_be_in_the_midst(self) -> bool:
        return self.unindented == 1 and bool(self.open) and (self.open[-1].has_text or self.open[-1].parent is not None)
