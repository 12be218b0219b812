"""Comments that stand in no list: parted by a header or a footer line that recurs, and by nothing else.

Web texts of other converters, and pages whose markup has no lists, print a thread as lines one below the other. Whose
reply a comment is cannot be seen there. A run of such lines counts as comments only where two kinds of evidence meet:
what parts them (times, "says:", numbers, buttons), and what stands around them (a heading, buttons, a form below).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from archive.importers.plain_text.dialect import SHORT, Entry, fold
from archive.importers.plain_text.header import read_items
from archive.importers.plain_text.layout import Block, Item, Paragraph
from archive.importers.plain_text.section import Run, is_end
from archive.text import dates, line_rules

T = TypeVar("T")
_LONGEST_ANCHOR = 110
_MAY_HOLD_DATE = re.compile(
    r"\d[:.h]\d\d|(?:19|20)\d\d|\d\D{1,12}\bago\b|\b(?:vor|il y a|hace|há)\s\d|\d\d?[./-]\d\d?[./-]\d\d"
)
_CLOCK = re.compile(r"\d[:.h]\d\d")
_NUMBER = re.compile(r"(?:#|no\.? ?)?(\d{1,5})[:.)]?", re.IGNORECASE)
_LOWER_END = re.compile(r"(?:^|\s)([^\W\d_A-Z]\S{1,14}|\S{1,14}:)$")
_COUNT_WORDS = re.compile(r"\d+\s+\w+\b.*\d{4}|\d+ comments?\b", re.IGNORECASE)
_PROSE = 80
_ARTICLE = 300
_FARTHEST = 12
_FEW = 5
_LEAST_SHARE = 0.6
_MOST_HEADINGS = 4
_NO_NAME = re.compile(
    r"#\s?\d+|\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?[ap]\.?m\b\.?)?|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bposted:?",
    re.IGNORECASE,
)
_STATES_FIRST = re.compile(r"(?:\w+ ){0,3}\(?\d")
_ANSWERS = re.compile(r"\b(?:repl(?:y|ied)|in (?:reply|response)|antwort\w*|respon[ds]\w*)\b", re.IGNORECASE)
_NUMBERED = re.compile(r"^#?\d+[:.)]\s*(?:by\s+)?", re.IGNORECASE)
_COUNTED = re.compile(r"\d+\+?\s+[^\W\d_]+")
_AROUND_NAMES = " .,|·•–—-@(:#/"


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


@dataclass(slots=True)
class Section:
    """One way to part a text: `starts` are the lines where comments begin, `end` is where the last one ends."""

    starts: list[int]
    end: int
    heading: int | None
    stated: int | None
    anchors: list[int] = field(default_factory=list)


def flat_run(stream: Sequence[Paragraph | Block]) -> tuple[list[Paragraph | Block], Run] | None:
    """Return the comments of a text without lists of them, and the stream with those lines as a block; None if none."""
    lines = _lines(stream)
    headings, stated = _headings(lines)
    if stated is None and not any(_is_anchor(line) for line in lines):
        return None
    best: tuple[float, Section, list[Item]] | None = None
    for heading in headings:
        for anchors in _ways(lines, heading):
            section = _section(lines, anchors, heading, stated)
            if section is None:
                continue
            items = _items(lines, section)
            score = _score(lines, section, items)
            if score and (best is None or score > best[0]):
                best = score, section, items
    if best is None:
        return None
    return _rebuilt(stream, lines, best[1], best[2])


def unparted_heading(stream: Sequence[Paragraph | Block]) -> tuple[int, int] | None:
    """Return where a heading behind an article states comments that nothing parts, and how many it states."""
    prose = 0
    stated: list[tuple[int, int]] = []
    for at, part in enumerate(stream):
        if not isinstance(part, Paragraph):
            continue
        text = part.text
        count = line_rules.stated_count(text) if len(part.lines) == 1 and len(text) <= 80 else None
        if count and prose >= _ARTICLE and line_rules.is_heading(text):
            stated.append((at, count))
        prose += len(text) if len(text) >= _PROSE else 0
    if not stated or len(stated) > 2:  # a list of articles states comments of each
        return None
    result = stated[0]
    below = [part for part in stream[result[0] + 1 :] if isinstance(part, Paragraph)]
    texts = [part.text for part in below if len(part.text) >= 30 and not _is_outside(part.text)]
    return result if texts and below and not _is_outside(below[0].text) else None


def _is_outside(text: str) -> bool:
    return is_end(text) or line_rules.is_break(text)


def _lines(stream: Sequence[Paragraph | Block]) -> list[Line]:
    lines: list[Line] = []
    below = 0  # the number of the line that stands straight below the last one
    for at, part in enumerate(stream):
        if isinstance(part, Paragraph):
            gap = part.line != below
            lines += [Line(text.strip(), at, gap and position == 0) for position, text in enumerate(part.lines)]
            below = part.line + len(part.lines)
        else:
            lines += (line for item in part.items for line in _item_lines(item, at))
            below = -1
    for line in lines:
        if len(line.text) <= _LONGEST_ANCHOR:
            _mark(line)
    return lines


def _item_lines(item: Item, at: int) -> list[Line]:
    lines = [Line(f"{item.marker} {item.head}".strip(), at, item.gap)]
    gap = False
    for part in item.content:
        if isinstance(part, str) and part:
            lines.append(Line(part.strip(), at, gap))
        gap = part == ""
    return lines


def _mark(line: Line) -> None:
    text = line.text
    line.button = len(text) <= SHORT and line_rules.is_reply(text)
    if line.button or not text:
        return
    if (match := _NUMBER.fullmatch(text)) is not None:
        line.number = int(match[1])
        return
    where = dates.find_date(text) if _MAY_HOLD_DATE.search(text) else None
    if where is not None and not any(map(line_rules.stated_count, (text[: where[0]], text[where[1] :]))):
        line.date = _is_header(text, where)
        line.has_button = line.date and line_rules.is_reply(text[where[1] :].strip(_AROUND_NAMES))
    line.says = len(text) <= SHORT and line_rules.find_says(text) is not None and text[-1] in ":："
    line.by = len(text) <= SHORT and line_rules.byline_length(text) > 0 and not line.date and text[-1] not in ".!?"


def _is_header(text: str, where: tuple[int, int]) -> bool:
    """Whether a line is a date with a name or a few words, and no sentence that holds a date."""
    before, after = text[: where[0]].strip(" ,|·•–—-@("), text[where[1] :].strip(" ,|·•–—-:)")
    if len(after.split()) > 6 or len(after) > SHORT:
        return False
    if match := _ANSWERS.search(before):
        before = before[: match.start()]
    if len(before.split()) > 8 or len(before) > SHORT:
        return False
    if after and after[-1] in ".!?" and len(after.split()) > 1:
        return False
    if before and not (line_rules.is_linking(before) or _is_name_like(before)):
        return False
    return not after or line_rules.is_linking(after) or _is_name_like(after) or line_rules.is_reply(after)


def _is_name_like(text: str) -> bool:
    text = text[line_rules.byline_length(text) :]
    end = line_rules.find_says(text)
    text = _NO_NAME.sub(" ", line_rules.strip_linking(text[:end] if end else text)).strip(_AROUND_NAMES)
    return not text or line_rules.name_score(text) > -2 or line_rules.is_linking(text)


def _headings(lines: list[Line]) -> tuple[list[int | None], int | None]:
    """Return the lines that may announce comments, and what the last one states; None is for no line at all."""
    named = [at for at, line in enumerate(lines) if not _is_anchor(line) and _is_heading(line.text)]
    counted = [at for at in named if line_rules.stated_count(lines[at].text)]
    begin = _first_prose(lines)
    others = [at for at in named if at > begin and line_rules.stated_count(lines[at].text) is None]
    stated = line_rules.stated_count(lines[counted[-1]].text) if counted else None
    return [*counted[-_MOST_HEADINGS:], *others[-_MOST_HEADINGS:], None], stated


def _first_prose(lines: list[Line]) -> int:
    return next((at for at, line in enumerate(lines) if len(line.text) >= _PROSE), len(lines))


def _is_anchor(line: Line) -> bool:
    return line.date or line.says or line.by


def _is_heading(text: str) -> bool:
    if len(text) > 200 or (len(text) > SHORT and _STATES_FIRST.match(text) is None) or line_rules.is_elsewhere(text):
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


def _ways(lines: list[Line], heading: int | None) -> list[list[int]]:
    """Return the lines that may part comments, a list a way to part them."""
    start = heading
    if start is None:  # an article stands above comments
        start = _first_prose(lines)
    below = range(start + 1, len(lines))
    ways = [
        [at for at in below if lines[at].date],
        [at for at in below if lines[at].says],
        [at for at in below if lines[at].by],
        _rising([at for at in below if lines[at].number is not None], lines),
        _suffixed(lines, below),
    ]
    return [way for way in ways if way]


def _rising(numbered: list[int], lines: list[Line]) -> list[int]:
    """Return the numbered lines that count upwards by one, as far as they do."""
    rising: list[int] = []
    for at in numbered:
        last = lines[rising[-1]].number if rising else None
        number = lines[at].number
        if last is None or (number is not None and number == last + 1):
            rising.append(at)
    return rising if len(rising) >= 3 else []


def _suffixed(lines: list[Line], below: range) -> list[int]:
    """Return the short lines that end in the same small word, whatever the name before it ("Ann Lee am")."""
    ends: dict[str, list[int]] = {}
    for at in below:
        text = lines[at].text
        if 4 <= len(text) <= SHORT and len(text.split()) <= 5 and (match := _LOWER_END.search(text)):
            ends.setdefault(match[1], []).append(at)
    most = max(ends.values(), key=len, default=[])
    return most if len(most) >= 3 and len({lines[at].text for at in most}) >= 3 else []


def _section(lines: list[Line], anchors: list[int], heading: int | None, stated: int | None) -> Section | None:
    if len(anchors) < 2 and not (heading is not None and (stated == 1 or lines[anchors[0]].says)):
        return None
    anchors = _without_stray(anchors)
    first = heading + 1 if heading is not None else 0
    above = [lines[at].text for at in range(first, anchors[0])]
    prose = any(_is_text(text) for text in above[-6:])
    if not _has_text_below(lines, anchors[-1]):
        if heading is not None and prose:
            return _footed(lines, anchors, heading, stated)
        anchors = _without_last(lines, anchors)
        if not anchors:
            return None
    begins = _begins(lines, anchors, first)
    return Section(begins, _end(lines, anchors[-1] + 1, begins), heading, stated, anchors)


def _is_text(text: str) -> bool:
    """Whether a line reads like a comment's text rather than like a piece of its header or of a page's furniture."""
    return not _is_outside(text) and (len(text) > 30 or text[-1:] in (".", "!", "?", "…"))


def _has_text_below(lines: list[Line], at: int) -> bool:
    """Whether a text stands straight below a header."""
    for line in lines[at + 1 : at + 4]:
        if is_end(line.text) or _is_heading(line.text):
            return False
        if _is_text(line.text):
            return True
    return False


def _without_last(lines: list[Line], anchors: list[int]) -> list[int]:
    """Return the anchors without the last ones that no text follows: dates at the foot of a page, a short last word."""
    for count in (1, 2, 3):
        if len(anchors) > count + 1 and _has_text_below(lines, anchors[-count - 1]):
            keep = lines[anchors[-count] + 1 : anchors[-count] + 2]
            is_short_word = count == 1 and keep and not _is_outside(keep[0].text) and not _is_heading(keep[0].text)
            return anchors if is_short_word else anchors[:-count]
    return []


def _without_stray(anchors: list[int]) -> list[int]:
    """Return the anchors without a second one straight below another (a date and the time on lines of their own)."""
    kept: list[int] = []
    for at in anchors:
        if not kept or at > kept[-1] + 1:
            kept.append(at)
    return kept


def _begins(lines: list[Line], anchors: list[int], first: int) -> list[int]:
    """Return where comments begin: at the short lines straight above the anchors, as many as most of them have."""
    heights = []
    words = Counter(_first_word(lines[at - 1]) for at in anchors if at > first)
    word, times = words.most_common(1)[0] if words else ("", 0)
    same = word if word and times >= 3 and times >= len(anchors) * _LEAST_SHARE else None
    for before, at in zip([first - 1, *anchors], anchors, strict=False):
        height = 0
        while (
            height < 3
            and at - height - 1 > before
            and (_is_above(lines[at - height - 1]) or (same and height == 0 and _first_word(lines[at - 1]) == same))
        ):
            height += 1
        heights.append(height)
    usual = sorted(heights)[(len(heights) - 1) // 2]
    if all(lines[at].says for at in anchors):
        usual = 0
    return [at - min(usual, height) for at, height in zip(anchors, heights, strict=True)]


def _first_word(line: Line) -> str:
    return fold(line.text.split()[0]) if line.text and len(line.text) <= SHORT and not line.button else ""


def _is_above(line: Line) -> bool:
    """Whether a line may belong to the header below it: a name, "Avatar", a number."""
    if line.says or line.by:
        return True
    if line.button or line.date or len(line.text) > SHORT or is_end(line.text) or _is_heading(line.text):
        return False
    return line.number is not None or line_rules.name_score(line.text) > 0 or line_rules.is_avatar(line.text)


def _footed(lines: list[Line], anchors: list[int], heading: int, stated: int | None) -> Section | None:
    """Return the comments where each ends with the line that names its author."""
    if len(anchors) < 2 and stated != 1:
        return None
    start = heading + 1
    while start < anchors[0] and (len(lines[start].text) <= 30 or _is_outside(lines[start].text)):
        start += 1
    begins = [start]
    for at in anchors[:-1]:
        begin = at + 1
        while begin < len(lines) and lines[begin].button:
            begin += 1
        begins.append(begin)
    return Section(begins, anchors[-1] + 1, heading, stated, anchors)


def _end(lines: list[Line], at: int, begins: list[int]) -> int:
    """Return where the last comment ends: at a button where others have one, or where no more of its text stands."""
    with_button = sum(any(line.button for line in lines[a:b]) for a, b in pairwise(begins))
    start = at
    while at < len(lines):
        line = lines[at]
        if line.button and (with_button or at > start):
            return at + 1
        if is_end(line.text) or _is_heading(line.text) or line_rules.is_elsewhere(line.text):
            return at
        if at > start and len(line.text) < 40 and line.text[-1:] not in (".", "!", "?", "…", ")") and not with_button:
            return at
        at += 1
    return at


def _items(lines: list[Line], section: Section) -> list[Item]:
    items = []
    for begin, end in zip(section.starts, [*section.starts[1:], section.end], strict=True):
        own = [line for at, line in enumerate(lines[begin:end]) if line.number is None or at > 3]
        head, *rest = own or [Line("", 0, gap=False)]
        item = Item(2, "•", head.text, None, gap=True, line=begin)
        for line in rest:
            item.content += [""] * line.gap + [line.text]
        item.has_text = bool(rest)
        items.append(item)
    return items


def _score(lines: list[Line], section: Section, items: list[Item]) -> float:
    """Return how much speaks for comments, 0 where not two kinds of evidence do."""
    count = len(items)
    entries, _ = read_items(items)
    if sum(entry.body_lines > 0 for entry in entries) < count * 0.7:
        return 0.0
    spans = [lines[a:b] for a, b in zip(section.starts, [*section.starts[1:], section.end], strict=True)]
    if count > 1 and _share(spans, lambda span: any(_COUNT_WORDS.fullmatch(line.text) for line in span)) * 3 >= 1:
        return 0.0  # each has its own count of comments: a list of articles
    anchors = [lines[at] for at in section.anchors]
    buttons = _share(spans, lambda span: any(line.button or line.has_button for line in span)) >= _LEAST_SHARE
    dated = _share(anchors, lambda line: line.date) >= _LEAST_SHARE
    says = _share(anchors, lambda line: line.says) >= _LEAST_SHARE
    bare = not any(line.date or line.says or line.by for line in anchors)  # numbers, or a word behind names
    exact = section.stated is not None and abs(section.stated - count) <= max(count > 3, section.stated // 20)
    by = _share(anchors, lambda line: line.by) >= _LEAST_SHARE and (exact or buttons)
    _clean_names(entries)
    names = [entry.name for entry in entries if entry.name]
    likely = _share(names, lambda name: line_rules.name_score(name) > -1) >= _LEAST_SHARE
    if names and not (likely or buttons or (bare and exact)):
        return 0.0
    heading = section.heading is not None
    counted = section.heading is not None and line_rules.stated_count(lines[section.heading].text) is not None
    form = any(is_end(line.text) for line in lines[section.end : section.end + 4])
    named = len(names) >= count * _LEAST_SHARE and likely and (buttons or heading)
    parts = dated + says + by + named + (bare and exact)
    around = heading + exact + buttons + form
    clocked = _share(anchors, lambda line: _CLOCK.search(line.text)) >= _LEAST_SHARE
    is_section = counted or buttons or (form and (says or heading)) or (heading and (says or (clocked and named)))
    if (
        (bare and not exact)
        or not parts
        or not is_section
        or (parts == 1 and around == 1 and not says)
        or (count == 1 and parts + around < 3)
    ):
        return 0.0
    return parts + around + count / (count + 3.0) + dated * 0.5 + says * 0.2


def _share(values: Sequence[T], condition: Callable[[T], object]) -> float:
    """Return how many of the values meet a condition, from 0 to 1."""
    return sum(bool(condition(value)) for value in values) / max(len(values), 1)


def _clean_names(entries: Sequence[Entry]) -> None:
    """Take off names what stands beside them: numbers, times, weekdays, whom they answer ("Ann #3 replied to Bo")."""
    for entry in entries:
        if not entry.name:
            continue
        answer = _ANSWERS.search(entry.name)
        name = entry.name[: answer.start()] if answer and answer.start() else entry.name
        name = _NUMBERED.sub("", name)
        name = " ".join(_NO_NAME.sub(" ", name).split()).strip(_AROUND_NAMES)
        words = name.split()
        if (
            len(words) % 2 == 0 and words[: len(words) // 2] == words[len(words) // 2 :]
        ):  # its picture's text, and itself
            name = " ".join(words[: len(words) // 2])
        if _COUNTED.fullmatch(name):
            name = ""
        if name != entry.name:
            left = Counter(entry.name.split())
            left.subtract(name.split())
            entry.rest.append(" ".join(word for word, count in left.items() for _ in range(count)))
            entry.name = name or None


def _rebuilt(
    stream: Sequence[Paragraph | Block], lines: list[Line], section: Section, items: list[Item]
) -> tuple[list[Paragraph | Block], Run]:
    """Return the stream with the section's lines as one block, paragraphs cut where it begins and ends."""
    start, end = section.starts[0], section.end
    before = _paragraphs(stream, lines, 0, start)
    after = _paragraphs(stream, lines, end, len(lines))
    run = Run(items, len(before), _nearest(before[::-1]), _nearest(after))
    run.entries, run.dialect = read_items(items)
    _clean_names(run.entries)
    run.numbers = [line.text for line in _numbers(lines, section)]
    if section.heading is not None:
        run.before.insert(0, Paragraph([lines[section.heading].text], 0))
    return [*before, Block(items), *after], run


def _numbers(lines: list[Line], section: Section) -> Iterator[Line]:
    for begin, end in zip(section.starts, [*section.starts[1:], section.end], strict=True):
        yield from (line for at, line in enumerate(lines[begin:end]) if line.number is not None and at <= 3)


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
