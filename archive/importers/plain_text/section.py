"""Which lists of a document are its comments: its runs of items, weighed, and joined where a line parts them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from archive.importers.plain_text.evidence import weigh
from archive.importers.plain_text.header import read_items
from archive.importers.plain_text.headings import ItemRun, heading_of, is_end
from archive.importers.plain_text.layout import Block, Item, Paragraph
from archive.text import line_rules

ENOUGH = 4.0
_LONG = 150
# Between a heading and its comments, pages print a form of so many lines at most.
_ABOVE = 9


def comment_runs(stream: Sequence[Paragraph | Block]) -> list[ItemRun]:
    """The runs of items that are comments, in document order."""
    runs = [run for run in map(_trimmed, _runs(stream)) if run.items]
    for run in runs:
        _read(run)
    return _joined(runs)


def _read(run: ItemRun) -> None:
    """Read the items of a run as comments, and weigh what speaks for them."""
    if not run.items or (not any(item.has_text for item in run.items) and heading_of(run) is None):
        run.score = -9.0
        return
    run.entries, run.dialect = read_items(run.items)
    run.score = weigh(run)


def _runs(stream: Sequence[Paragraph | Block]) -> Iterator[ItemRun]:
    longs = _long_paragraphs(stream)
    titles = _titles(stream)
    for at, part in enumerate(stream):
        if isinstance(part, Block):
            before = _paragraphs(stream[max(0, at - _ABOVE) : at][::-1])
            after = _paragraphs(stream[at + 1 : at + 5])
            pieces = list(_split(part.items))
            with_text = False
            for position, items in enumerate(pieces):
                foreign = position > 0 and (with_text or not before or not line_rules.is_heading(before[0].text))
                below = after if position == len(pieces) - 1 else []
                run = ItemRun(items, at, [] if foreign else before, below, longs[at], longs[-1] - longs[at], titles)
                run.last = at == len(stream) - 1 and position == len(pieces) - 1
                yield run
                with_text = with_text or any(item.has_text for item in items)


def _titles(stream: Sequence[Paragraph | Block]) -> list[str]:
    """The short lines among the first ones: one of them is what a heading over comments may quote."""
    first = [part.lines[0] for part in stream[:30] if isinstance(part, Paragraph)]
    return [line for line in first[:15] if 10 <= len(line) <= 200]


def _long_paragraphs(stream: Sequence[Paragraph | Block]) -> list[int]:
    """How many long paragraphs stand before each part of the stream, and in all of it."""
    counts = [0]
    for part in stream:
        counts.append(counts[-1] + (isinstance(part, Paragraph) and sum(map(len, part.lines)) >= _LONG))
    return counts


def _paragraphs(parts: Sequence[Paragraph | Block]) -> list[Paragraph]:
    paragraphs: list[Paragraph] = []
    for part in parts:
        if not isinstance(part, Paragraph):
            break
        paragraphs.append(part)
    return paragraphs


def _split(items: list[Item]) -> Iterator[list[Item]]:
    """Lists that stand side by side: another kind of marker, or numbers that begin anew."""
    run: list[Item] = []
    ids = set(map(id, items))
    last: Item | None = None
    for item in items:
        if item.parent is None or id(item.parent) not in ids:
            if last is not None and not _follows(last, item):
                yield run
                run = []
            last = item if item.marker else last
        run.append(item)
    if run:
        yield run


def _follows(last: Item, item: Item) -> bool:
    if not item.marker or item.column != last.column or item.column > 2:
        return True
    if last.numbered != item.numbered:
        return False
    return not last.numbered or int(item.marker[:-1]) > int(last.marker[:-1])


def _trimmed(run: ItemRun) -> ItemRun:
    """Without a form above, and without the tight one-line items (menus, buttons) around items with text below."""
    while run.items and run.items[0].rule == "lost-bullet" and is_end(run.items[0].head):
        run.items, run.form = run.items[1:], True
    if any(item.has_text for item in run.items):
        roots = [at for at, item in enumerate(run.items) if not at or item.parent is None or item.rule] + [
            len(run.items)
        ]
        plain = [not any(item.has_text for item in run.items[a:b]) for a, b in pairwise(roots)]
        start, end = roots[0], roots[-1]
        if _is_menu(run.items[start : roots[_leading(plain)]]):
            start = roots[_leading(plain)]
        if _is_menu(run.items[roots[len(plain) - _leading(plain[::-1])] :]):
            end = roots[len(plain) - _leading(plain[::-1])]
        run.items = run.items[start:end]
    return run


def _leading(plain: list[bool]) -> int:
    return next((at for at, is_plain in enumerate(plain) if not is_plain), len(plain))


def _is_menu(items: list[Item]) -> bool:
    """Whether one-line items stand as tight as those of menus."""
    if len(items) < 2 or sum(len(item.head) for item in items) > 40 * len(items):
        return False
    return sum(item.gap for item in items) * 5 <= 2 * len(items) + 3


def _joined(runs: list[ItemRun]) -> list[ItemRun]:
    """The accepted runs, with their neighbours that only a paragraph without its indent parts from them."""
    groups: list[list[ItemRun]] = []
    for run in runs:
        if groups and _parted_by_lost_indent(groups[-1][-1], run):
            groups[-1].append(run)
        else:
            groups.append([run])
    accepted = [run for group in groups for run in _accepted(group)]
    if any(run.score >= ENOUGH + 2 for run in accepted):
        accepted = [run for run in accepted if run.score >= ENOUGH]
    return accepted


def _accepted(group: list[ItemRun]) -> list[ItemRun]:
    good = [run for run in group if run.score >= ENOUGH]
    if len(group) == 1 or not all(_has_texts(run) for run in group):
        return good
    whole = ItemRun(
        [item for run in group for item in run.items],
        group[0].at,
        group[0].before,
        group[-1].after,
        titles=group[0].titles,
    )
    whole.long_before, whole.long_after = group[0].long_before, group[-1].long_after
    _read(whole)
    return [whole] if whole.score >= ENOUGH else good


def _has_texts(run: ItemRun) -> bool:
    return sum(item.has_text for item in run.items) * 2 >= len(run.items)


def _parted_by_lost_indent(run: ItemRun, other: ItemRun) -> bool:
    if other.at != run.at + 2 or len(run.after) != 1:
        return False
    return is_lost_body(run.after[0]) and heading_of(other) is None and run.items[0].numbered == other.items[0].numbered


def is_lost_body(paragraph: Paragraph) -> bool:
    """Return whether an unindented paragraph amid comments reads like a piece of one, not a heading or a button."""
    text = paragraph.text
    if (
        line_rules.is_break(text)
        or line_rules.is_form(text)
        or line_rules.is_closed(text)
        or line_rules.stated_count(text) is not None
        or line_rules.is_reply(text)
    ):
        return False
    if len(text) <= 60 and (line_rules.is_heading(text) or line_rules.is_elsewhere(text)):
        return False
    return len(text.split()) >= 8 or (len(text.split()) >= 3 and text[-1] in ".!?…,")
