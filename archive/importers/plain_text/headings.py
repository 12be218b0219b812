"""Which lines stand over comments and announce them, and which stand below and end them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from archive.importers.plain_text.dialect import Dialect, Entry
from archive.importers.plain_text.layout import Item, Paragraph
from archive.text import line_rules

_LONGEST_FORM = 200
_NUMBER = re.compile(r"(?<![\d.,])\d{1,6}(?![\d.,])")


@dataclass(slots=True, eq=False)
class ItemRun:
    """Neighbouring items that may be one list of comments, with the paragraphs around them."""

    items: list[Item]
    at: int
    before: list[Paragraph] = field(default_factory=list)
    after: list[Paragraph] = field(default_factory=list)
    long_before: int = 0
    long_after: int = 0
    titles: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    dialect: Dialect = field(default_factory=Dialect)
    score: float = 0.0
    last: bool = False
    numbers: list[str] = field(default_factory=list)
    form: bool = False
    headings: list[Paragraph] | None = None


def heading_of(run: ItemRun) -> Paragraph | None:
    """The paragraph that announces the comments, within the three above them and above a form there."""
    if run.headings is None:
        heading = _find_heading(run)
        run.headings = [heading] if heading else []
    return run.headings[0] if run.headings else None


def _find_heading(run: ItemRun) -> Paragraph | None:
    named: Paragraph | None = None
    for at, paragraph in enumerate(islice(_without_forms(run.before), 3)):
        length = len(paragraph.lines[-1] if at == 0 else paragraph.text)
        stated = stated_in(paragraph, run) if length <= 200 else None
        if stated is not None:
            return paragraph
        if length > 200 or line_rules.is_elsewhere(paragraph.lines[-1]):
            break
        if named is None and line_rules.is_heading(paragraph.lines[-1]):
            named = paragraph
    return named


def _without_forms(paragraphs: list[Paragraph]) -> Iterator[Paragraph]:
    """The paragraphs, and of those that belong to a form to write a comment only what states comments."""
    for paragraph in paragraphs:
        text = paragraph.text
        if len(text) > _LONGEST_FORM or not is_end(text) or line_rules.stated_count(text):
            yield paragraph


def stated_in(heading: Paragraph, run: ItemRun) -> int | None:
    """The number of comments that a heading states: by its words, or because it quotes the title and holds a number."""
    text = heading.lines[-1]
    quoted = max((title for title in run.titles if title in text and title != text), key=len, default=None)
    if quoted is None:
        return line_rules.stated_count(text)
    bare = text.replace(quoted, " ")
    numbers = _NUMBER.findall(bare)
    return int(numbers[0]) if len(numbers) == 1 else line_rules.stated_count(bare)


def is_end(text: str) -> bool:
    """Return whether a line stands below comments: a form to write one, or that none can be written."""
    form = line_rules.is_form(text) and (len(text) <= 50 or line_rules.begins_as_form(text))
    return form or line_rules.is_closed(text)
