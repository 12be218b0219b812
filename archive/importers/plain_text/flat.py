"""Comments that stand in no list: parted by a header or a footer line that recurs, and by nothing else.

Web texts of other converters, and pages whose markup has no lists, print a thread as lines one below the other. Whose
reply a comment is cannot be seen there. A run of such lines counts as comments only where two kinds of evidence meet:
what parts them (times, "says:", numbers, buttons), and what stands around them (a heading, buttons, a form below).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from archive.importers.plain_text.flat_lines import (
    LEAST_AGAIN,
    LONGEST_STATED,
    PROSE,
    Line,
    flat_lines,
    is_anchor,
    is_outside,
)
from archive.importers.plain_text.flat_names import clean_names
from archive.importers.plain_text.flat_sections import (
    CLOCK,
    LEAST_SHARE,
    Section,
    find_headings,
    part_section,
    ways_to_part,
)
from archive.importers.plain_text.header import read_items
from archive.importers.plain_text.headings import ItemRun, is_end
from archive.importers.plain_text.layout import Block, Item, Paragraph
from archive.text import line_rules

T = TypeVar("T")
_COUNT_WORDS = re.compile(r"\d+\s+\w+\b.*\d{4}|\d+ comments?\b", re.IGNORECASE)
_ARTICLE = 200
_LEAST_TALK, _MOST_LINES = 30, 4  # characters of a comment, and lines, on average


def flat_run(
    stream: Sequence[Paragraph | Block], texts: Sequence[str], able: frozenset[str]
) -> tuple[list[Paragraph | Block], ItemRun] | None:
    """Return the comments of a text without lists of them, and the stream with those lines as a block; None if none.

    `texts` are its lines, `able` those that may announce comments.
    """
    marked = flat_lines(stream, texts, able)
    if marked is None:
        return None
    lines, named = marked
    headings, stated = find_headings(lines, named)
    best: tuple[float, Section] | None = None
    reader = _SectionReader(lines)
    for heading in headings:
        for anchors in ways_to_part(lines, heading):
            section = part_section(lines, anchors, heading, stated)
            score = _score(lines, section, reader) if section is not None else 0.0
            if section is not None and score and (best is None or score > best[0]):
                best = score, section
    if best is None:
        return None
    return _rebuilt(stream, lines, best[1], reader.read(best[1]))


class _SectionReader:
    """Reads the comments of a section, and of one that is parted alike below another heading only once."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.runs: dict[tuple[int, ...], ItemRun] = {}

    def read(self, section: Section) -> ItemRun:
        key = (section.end, *section.starts)
        if key not in self.runs:
            run = ItemRun(_items(self.lines, section), 0)
            run.entries, run.dialect = read_items(run.items)
            clean_names(run.entries)
            self.runs[key] = run
        return self.runs[key]


def unparted_heading(stream: Sequence[Paragraph | Block]) -> tuple[int, int] | None:
    """Return where a heading behind an article states comments that nothing parts, and how many it states."""
    prose = 0
    stated: list[tuple[int, int]] = []
    for at, part in enumerate(stream):
        if not isinstance(part, Paragraph):
            continue
        text = part.text
        if prose >= _ARTICLE and len(part.lines) == 1 and len(text) <= LONGEST_STATED and line_rules.is_heading(text):
            count = line_rules.stated_count(text)
            stated += [(at, count)] if count else []
        prose += len(text) if len(text) >= PROSE else 0
    if not stated or len(stated) > 2:  # a list of articles states comments of each
        return None
    result = stated[0]
    below = [part for part in stream[result[0] + 1 :] if isinstance(part, Paragraph)]
    texts = [part.text for part in below if len(part.text) >= 30 and not is_outside(part.text)]
    return result if texts and below and not is_outside(below[0].text) else None


def _items(lines: list[Line], section: Section) -> list[Item]:
    items = []
    for begin, end in zip(section.starts, [*section.starts[1:], section.end], strict=True):
        own = [line for at, line in enumerate(lines[begin:end]) if line.number is None or at > 3]
        head, *rest = own or [Line("", 0, gap=False)]
        item = Item(2, "•", head.numbered[1] if head.numbered else head.text, None, gap=True, line=begin)
        for line in rest:
            item.content += [""] * line.gap + [line.text]
        item.has_text = bool(rest)
        items.append(item)
    return items


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the lines of a section show, and those around it."""

    dated: bool
    says: bool
    by: bool
    buttons: bool
    heading: bool
    form: bool
    bare: bool  # numbers, or a word behind names
    exact: bool  # as many comments as are stated
    talk: bool  # under bare names, some of whom speak several times
    is_section: bool


def _evidence(lines: list[Line], section: Section) -> _Evidence | None:
    """Return what the lines show; None where that is too little for comments."""
    count = len(section.starts)
    spans = [lines[a:b] for a, b in zip(section.starts, [*section.starts[1:], section.end], strict=True)]
    anchors = [lines[at] for at in section.anchors]
    buttons = _share(spans, lambda span: any(line.button or line.has_button for line in span)) >= LEAST_SHARE
    dated = _share(anchors, lambda line: line.date) >= LEAST_SHARE
    says = _share(anchors, lambda line: line.says) >= LEAST_SHARE
    bare = not any(is_anchor(line) for line in anchors)
    exact = section.stated is not None and abs(section.stated - count) <= max(count > 3, section.stated // 20)
    counting = _are_counted(anchors)
    by = _share(anchors, lambda line: line.by) >= LEAST_SHARE and (exact or buttons or counting)
    heading = section.heading is not None
    counted = section.heading is not None and line_rules.stated_count(lines[section.heading].text) is not None
    form = any(is_end(line.text) for line in lines[section.end : section.end + 4])
    clocked = _share(anchors, lambda line: CLOCK.search(line.text)) >= LEAST_SHARE
    talk = bare and heading and _is_talk(lines, section)
    is_section = (
        talk or counted or buttons or (form and (says or heading or (clocked and count > 1))) or (heading and says)
    )
    if (bare and not (exact or talk)) or not (is_section or (heading and clocked)):
        return None
    if count > 1 and _share(spans, lambda span: any(_COUNT_WORDS.fullmatch(line.text) for line in span)) * 3 >= 1:
        return None  # each has its own count of comments: a list of articles
    if count > 1 and not (buttons or counted) and all(_is_cut_short(span) for span in spans):
        return None  # the beginnings of comments on several articles
    return _Evidence(dated, says, by, buttons, heading, form, bare, exact, talk, is_section)


def _is_talk(lines: list[Line], section: Section) -> bool:
    """Whether nearly all that stands below a heading are names and their texts: some name several times, never twice in
    a row but seldom, and no text twice."""
    names = [lines[at].text for at in section.anchors]
    texts = [line.text for line in lines[section.starts[0] : section.end] if line.text not in set(names)]
    again = len(names) - len(set(names))
    return (
        again >= LEAST_AGAIN
        and len(set(texts)) > len(texts) * 0.9
        and sum(map(len, texts)) > _LEAST_TALK * len(names)
        and len(texts) <= _MOST_LINES * len(names)
    )


def _is_cut_short(span: Sequence[Line]) -> bool:
    return span[-1].text.endswith(("…", "..."))


def _are_counted(anchors: Sequence[Line]) -> bool:
    """Whether the headers of comments number them, one by one."""
    numbers = [line.numbered[0] for line in anchors if line.numbered]
    return len(numbers) >= max(2, LEAST_SHARE * len(anchors)) and all(a < b for a, b in pairwise(numbers))


def _score(lines: list[Line], section: Section, reader: _SectionReader) -> float:
    """Return how much speaks for comments, 0 where not two kinds of evidence do.

    What the lines show comes before the names, for which every item must be read.
    """
    shown = _evidence(lines, section)
    if shown is None:
        return 0.0
    count, entries = len(section.starts), reader.read(section).entries
    if sum(entry.body_lines > 0 for entry in entries) < count * 0.7:
        return 0.0
    names = [entry.name for entry in entries if entry.name]
    likely = _share(names, lambda name: line_rules.name_score(name) > -1) >= LEAST_SHARE
    counted = (shown.bare and shown.exact) or shown.talk
    if names and not (likely or shown.buttons or counted):
        return 0.0
    named = len(names) >= count * LEAST_SHARE and likely and (shown.buttons or shown.heading or shown.form)
    parts = shown.dated + shown.says + shown.by + named + counted
    around = shown.heading + shown.exact + shown.buttons + shown.form
    if (
        not parts
        or not (shown.is_section or named)
        or (parts == 1 and around == 1 and not shown.says)
        or (count == 1 and parts + around < 3)
    ):
        return 0.0
    few = section.stated is not None and count * 2 < section.stated
    return parts + around + count / (count + 3.0) + shown.dated * 0.5 + shown.says * 0.2 - few


def _share(values: Sequence[T], condition: Callable[[T], object]) -> float:
    """Return how many of the values meet a condition, from 0 to 1."""
    return sum(bool(condition(value)) for value in values) / max(len(values), 1)


def _rebuilt(
    stream: Sequence[Paragraph | Block], lines: list[Line], section: Section, run: ItemRun
) -> tuple[list[Paragraph | Block], ItemRun]:
    """Return the stream with the section's lines as one block, paragraphs cut where it begins and ends."""
    start, end = section.starts[0], section.end
    before = _paragraphs(stream, lines, 0, start)
    after = _paragraphs(stream, lines, end, len(lines))
    run.at, run.before, run.after = len(before), _nearest(before[::-1]), _nearest(after)
    run.numbers = [line.text for line in _numbers(lines, section)]
    if section.heading is not None:
        run.before.insert(0, Paragraph([lines[section.heading].text], 0))
    return [*before, Block(run.items), *after], run


def _numbers(lines: list[Line], section: Section) -> Iterator[Line]:
    for begin, end in zip(section.starts, [*section.starts[1:], section.end], strict=True):
        yield from (line for at, line in enumerate(lines[begin:end]) if line.number is not None and at <= 3)
        yield from (line for line in lines[begin : begin + 1] if line.numbered)


def _nearest(parts: Sequence[Paragraph | Block]) -> list[Paragraph]:
    nearest: list[Paragraph] = []
    for part in parts[:4]:
        if isinstance(part, Block):
            break
        nearest.append(part)
    return nearest


def _paragraphs(
    stream: Sequence[Paragraph | Block], lines: list[Line], start: int, end: int
) -> list[Paragraph | Block]:
    """Return the parts that the lines from `start` to `end` are of; a part that is cut comes as its lines."""
    counts = Counter(line.at for line in lines)
    inside = Counter(lines[at].at for at in range(start, end))
    parts: list[Paragraph | Block] = []
    for at in sorted(inside):
        part = stream[at]
        if inside[at] == counts[at]:
            parts.append(part)
        else:
            parts.append(Paragraph([line.text for line in lines[start:end] if line.at == at], part_line(part)))
    return parts


def part_line(part: Paragraph | Block) -> int:
    """Return the number of a part's first line."""
    return part.line if isinstance(part, Paragraph) else part.items[0].line
