"""Take apart list items that hold a page: markup that closes no `<li>` puts an article and its comments into one."""

from collections.abc import Iterator, Sequence
from itertools import islice

from archive.importers.plain_text.layout import Block, Item, Paragraph
from archive.text import line_rules

_MOST_LINES_BELOW = 10
_LONGEST_HEADING = 60
_LEAST_PARTS = 6
_LONG = 60


def unwrap(stream: Sequence[Paragraph | Block]) -> list[Paragraph | Block]:
    """Return the stream with what stands in wrapping items as paragraphs and blocks of its own.

    An item is a wrapper where a heading over comments stands in its midst, with items that have texts below it, and
    no other item has such a heading: comments have replies below them, but none announces others.
    """
    headed = list(islice((item for item in _items(stream) if _holds_section(item)), 2))
    if len(headed) != 1:
        return list(stream)
    chain = [headed[0]]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    wrappers = {id(item) for item in chain}
    parts: list[Paragraph | Block] = []
    for part in stream:
        if isinstance(part, Block) and any(id(item) in wrappers for item in part.items):
            parts += _taken_apart(part, wrappers)
        else:
            parts.append(part)
    for item in _items(parts):
        if id(item.parent) in wrappers:
            item.parent = None
    return parts


def _items(stream: Sequence[Paragraph | Block]) -> Iterator[Item]:
    for part in stream:
        if isinstance(part, Block):
            yield from part.items


def _holds_section(item: Item) -> bool:
    """Whether a heading over comments stands in an item, behind enough to be a page, with comments below it."""
    if not item.has_items or len(item.content) < _LEAST_PARTS:
        return False
    for at, part in enumerate(item.content):
        if at >= _LEAST_PARTS and isinstance(part, str) and _announces(part.strip()):
            below = (item.content[index] for index in range(at + 1, len(item.content)))
            if any(_is_comment(other) for other in islice(filter(None, below), _MOST_LINES_BELOW)):
                return True
    return False


def _announces(text: str) -> bool:
    if not text or len(text) > _LONGEST_HEADING or line_rules.is_reply(text) or line_rules.is_elsewhere(text):
        return False
    count = line_rules.stated_count(text)
    return count != 0 and line_rules.is_heading(text) and (count is not None or len(text.split()) <= 2)


def _is_comment(part: object) -> bool:
    return isinstance(part, Item) and (part.has_text or len(part.head) >= _LONG)


def _taken_apart(block: Block, wrappers: set[int]) -> Iterator[Paragraph | Block]:
    """Yield the parts of a block: the wrappers' own lines as paragraphs, their other items in blocks between them."""
    inside: dict[int, Item] = {id(item): item for item in block.items}
    rest = Block()
    pending: list[object] = [item for item in reversed(block.items) if id(item.parent) not in inside]
    lines: list[str] = []
    line = block.items[0].line
    while pending:
        part = pending.pop()
        if isinstance(part, str) and part:
            if rest.items:
                yield rest
                rest = Block()
            lines.append(part.strip())
            continue
        if lines:
            yield Paragraph(lines, line)
            lines = []
        if not isinstance(part, Item) or id(part) not in inside:
            continue
        line = part.line
        if id(part) in wrappers:
            pending.extend(reversed([part.head, *part.content]))
        else:
            rest.items.append(part)
            pending.extend(child for child in reversed(part.content) if isinstance(child, Item))
    if lines:
        yield Paragraph(lines, line)
    if rest.items:
        yield rest
