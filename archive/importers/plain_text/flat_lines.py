"""The lines of a flat text, each marked with what may part comments there: a date, "says:", "by", a number, a button.

Most texts have no comments: what is cheap to ask is asked first, of the whole text where that is enough.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from archive.importers.plain_text.dialect import ANSWERS, SHORT
from archive.importers.plain_text.flat_names import AROUND_NAMES, is_name_like
from archive.importers.plain_text.headings import is_end
from archive.importers.plain_text.layout import Block, Item, Paragraph
from archive.text import dates, line_rules

_LONGEST_ANCHOR = 110
_LONGEST_HEADING = 200
LONGEST_STATED = 80
PROSE = 80
LONGEST_NAME, LEAST_AGAIN = 30, 2  # of names above texts, some of whom speak again
_DIGIT = re.compile(r"\d")
_MAY_HOLD_DATE = re.compile(
    r"\d[:.h]\d\d|(?:19|20)\d\d|\d\D{1,12}\bago\b|\b(?:vor|il y a|hace|há)\s\d|\d\d?[./-]\d\d?[./-]\d\d"
)
_NUMBER = re.compile(r"(?:#|no\.? ?)?(\d{1,5})[:.)]?", re.IGNORECASE)
_STATES_FIRST = re.compile(r"(?:\w+ ){0,3}\(?\d")
_COUNTER = re.compile(r"(?:[^\W\d_]{3,12}\s)?#?(\d{1,5})\s?[:.)–-]\s+(?=\S)", re.IGNORECASE)
_ASIDES = re.compile(r"(?:\s*\([^()]*\))+$")
_COLONS = (":", "：")
_BULLET = "• "


@dataclass(slots=True)
class Line:
    """A line of the stream: where its part stands, whether a blank line stands above it, what parts comments in it."""

    text: str
    at: int
    gap: bool
    date: bool = False
    says: bool = False
    by: bool = False
    number: int | None = None
    button: bool = False
    has_button: bool = False
    numbered: tuple[int, str] | None = None  # the number and the name of a "message 3: by Ann (new)"


def line_texts(stream: Sequence[Paragraph | Block]) -> list[str]:
    """Return the texts of the lines of a stream."""
    texts: list[str] = []
    for part in stream:
        if isinstance(part, Paragraph):
            texts += [text.strip() for text in part.lines]
            continue
        for item in part.items:
            texts.append(f"{item.marker} {item.head}".strip())
            if item.content:
                texts += [text.strip() for text in item.content if text.__class__ is str and text]
    return texts


def announcing(texts: Sequence[str]) -> frozenset[str]:
    """Return the texts, of headings' length, that hold a word for comments: no other can be a heading over them."""
    able = [text for text in texts if len(text) <= LONGEST_STATED or _is_long_heading(text)]
    folded = "\n".join(able).casefold()
    words = line_rules.comment_words(folded)
    if not words:
        return frozenset()
    lines = list(zip(able, folded.split("\n"), strict=True))
    return frozenset(text for word in words for text, low in lines if word in low)


def flat_lines(
    stream: Sequence[Paragraph | Block], texts: Sequence[str], able: frozenset[str]
) -> tuple[list[Line], frozenset[str]] | None:
    """Return the lines, marked, and those of the `able` ones that are headings; None where they hold no comments."""
    headings = frozenset(filter(is_heading, able))
    forms = frozenset(filter(line_rules.is_form, able))
    if not _may_hold_comments(texts, headings, forms):
        return None
    lines = list(_lines(stream))
    for line in lines:
        if len(line.text) <= _LONGEST_ANCHOR:
            _mark(line)
    is_around = headings or forms or any(line.says for line in lines)
    if not is_around and sum(line.button or line.has_button for line in lines) < 2:
        return None
    return lines, headings


def _is_long_heading(text: str) -> bool:
    return len(text) <= _LONGEST_HEADING and _STATES_FIRST.match(text) is not None


def _may_hold_comments(texts: Sequence[str], headings: frozenset[str], forms: frozenset[str]) -> bool:
    """Whether what is needed at least may be there: a number stated, a "says:", or two dates or bylines.

    Without a number they count below an article only; dates and bylines need a heading, a form or buttons beside them.
    """
    if any(map(line_rules.stated_count, headings)) or (headings and _may_hold_talk(texts, headings)):
        return True
    below = texts[next((at for at, text in enumerate(texts) if len(text) >= PROSE), len(texts)) + 1 :]
    short = [text for text in below if len(text) <= SHORT]
    if any(text.endswith(_COLONS) and line_rules.find_says(text) is not None for text in short):
        return True
    with_digit = [text for text in below if len(text) <= _LONGEST_ANCHOR and _may_hold_number_or_date(text)]
    if headings.isdisjoint(below) and forms.isdisjoint(below):
        buttons = sum(map(line_rules.is_reply, short))
        if buttons < 2 and buttons + sum(map(line_rules.may_end_in_reply, with_digit)) < 2:
            return False
    with_date = (text for text in with_digit if _header_date(text) is not None)
    return len(list(islice(with_date, 2))) == 2 or _may_hold_bylines(short)


def _may_hold_talk(texts: Sequence[str], headings: frozenset[str]) -> bool:
    """Whether short lines below a heading stand there several times, as names do: to each of them, another text."""
    first = next(at for at, text in enumerate(texts) if text in headings)
    counts = Counter(text for text in texts[first + 1 :] if len(text) <= LONGEST_NAME)
    return sum(counts.values()) - len(counts) >= LEAST_AGAIN


def _may_hold_bylines(short: Sequence[str]) -> bool:
    if not line_rules.holds_byline_words("\n".join(short)):
        return False
    return sum(_is_byline(text) or _numbered_byline(text) is not None for text in short) >= 2


def _lines(stream: Sequence[Paragraph | Block]) -> Iterator[Line]:
    below = 0  # the number of the line that stands straight below the last one
    for at, part in enumerate(stream):
        if isinstance(part, Paragraph):
            gap = part.line != below
            for position, text in enumerate(part.lines):
                yield Line(text.strip(), at, gap and position == 0)
            below = part.line + len(part.lines)
        else:
            yield from _item_lines(part.items, at)
            below = -1


def _item_lines(items: Sequence[Item], at: int) -> Iterator[Line]:
    """Yield the lines of items in the order of the text: below an inner item more of the outer one may stand."""
    ids = set(map(id, items))
    rest: list[Item | str | Paragraph] = [item for item in reversed(items) if id(item.parent) not in ids]
    gap = False
    while rest:
        part = rest.pop()
        if isinstance(part, Item):
            yield Line(f"{part.marker} {part.head}".strip(), at, part.gap)
            rest.extend(reversed(part.content))
        elif isinstance(part, str) and part:
            yield Line(part.strip(), at, gap)
        gap = part == ""


def _mark(line: Line) -> None:
    """Mark what a line may be; the bullet of one that may part comments is none of its words."""
    text = line.text.removeprefix(_BULLET)
    _mark_words(line, text)
    if is_anchor(line) or line.button:
        line.text = text


def _mark_words(line: Line, text: str) -> None:
    short = len(text) <= SHORT
    line.button = short and line_rules.is_reply(text)
    if line.button or not text:
        return
    if _may_hold_number_or_date(text):
        if (match := _NUMBER.fullmatch(text)) is not None:
            line.number = int(match[1])
            return
        if (where := _header_date(text)) is not None:
            line.date = True
            line.has_button = line_rules.is_reply(text[where[1] :].strip(AROUND_NAMES))
    line.says = short and text[-1] in _COLONS and line_rules.find_says(text) is not None
    line.numbered = _numbered_byline(text)
    line.by = line.numbered is not None or (short and not line.date and _is_byline(text))


def _may_hold_number_or_date(text: str) -> bool:
    return _DIGIT.search(text) is not None or (len(text) <= SHORT and dates.may_hold_date(text))


def _header_date(text: str) -> tuple[int, int] | None:
    """Return where the date of a header stands in a line; None where it is no header, or a count of comments."""
    where = dates.find_date(text) if _MAY_HOLD_DATE.search(text) or not _DIGIT.search(text) else None
    if where is None or (" " not in text[where[0] : where[1]].strip() and not _DIGIT.search(text)):  # "Today's news"
        return None
    if not _is_header(text, where):
        return None
    return None if any(map(line_rules.stated_count, (text[: where[0]], text[where[1] :]))) else where


def _is_byline(text: str) -> bool:
    return line_rules.byline_length(text) > 0 and text[-1] not in ".!?"


def _numbered_byline(text: str) -> tuple[int, str] | None:
    """Return the number and the name of a header such as "message 3: by Ann (new)"."""
    match = _COUNTER.match(text[:SHORT])
    length = line_rules.byline_length(text[match.end() :]) if match else 0
    if match is None or not length:
        return None
    name = _ASIDES.sub("", text[match.end() + length :])
    return (int(match[1]), name) if line_rules.name_score(name) > 0 else None


def _is_header(text: str, where: tuple[int, int]) -> bool:
    """Whether a line is a date with a name or a few words, and no sentence that holds a date."""
    before, after = text[: where[0]].strip(" ,|·•–—-@("), text[where[1] :].strip(" ,|·•–—-:)")
    if len(after.split()) > 6 or len(after) > SHORT:
        return False
    if match := ANSWERS.search(before):
        before = before[: match.start()]
    if len(before.split()) > 8 or len(before) > SHORT:
        return False
    if after and after[-1] in ".!?" and len(after.split()) > 1:
        return False
    if before and not (line_rules.is_linking(before) or is_name_like(before)):
        return False
    return not after or line_rules.is_linking(after) or is_name_like(after) or line_rules.is_reply(after)


def is_anchor(line: Line) -> bool:
    """Whether a line may part comments by its words."""
    return line.date or line.says or line.by


def is_heading(text: str) -> bool:
    """Whether a line may announce comments, by its words and its length."""
    if (
        len(text) > _LONGEST_HEADING
        or (len(text) > SHORT and _STATES_FIRST.match(text) is None)
        or line_rules.is_elsewhere(text)
    ):
        return False
    count = line_rules.stated_count(text)
    if count is not None:
        return count > 0 and (
            len(text) <= 40 or (line_rules.is_heading(text) and _STATES_FIRST.match(text) is not None)
        )
    return (
        (line_rules.is_heading(text) or _is_heading_with_form(text))
        and len(text.split()) <= 5
        and not line_rules.is_reply(text)
        and not line_rules.is_reference(text)
        and line_rules.find_says(text) is None
    )


def _is_heading_with_form(text: str) -> bool:
    """Whether a form's line begins as a heading ("Visitor comments Add your comment")."""
    return line_rules.is_form(text) and line_rules.is_heading(" ".join(text.split()[:2]))


def is_outside(text: str) -> bool:
    """Whether a line stands between an article, its comments and the rest of a page, and is of none of them."""
    return is_end(text) or line_rules.is_break(text)
