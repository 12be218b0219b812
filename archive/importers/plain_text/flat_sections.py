"""The ways in which a flat text can be parted into comments: where each begins, and where the last one ends."""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from archive.importers.plain_text.dialect import SHORT, fold
from archive.importers.plain_text.flat_lines import (
    LEAST_AGAIN,
    LONGEST_NAME,
    PROSE,
    Line,
    is_anchor,
    is_heading,
    is_outside,
)
from archive.importers.plain_text.headings import is_end
from archive.text import line_rules

LEAST_SHARE = 0.6
_NEARLY_ALL = 0.8
CLOCK = re.compile(r"\d[:.h]\d\d")
_LOWER_END = re.compile(r"(?:^|\s)([^\W\d_A-Z]\S{1,14}|\S{1,14}:)$")
_MOST_HEADINGS = 4
_LOW = 3
_MOST_LEFT_OUT = 4
_LEAST_NAMED, _LEAST_NAMES = 6, 3  # of two who take turns it is an interview
_HEAD_LINES = 5  # of a comment, above its date


@dataclass(slots=True)
class Section:
    """One way to part a text: `starts` are the lines where comments begin, `end` is where the last one ends."""

    starts: list[int]
    end: int
    heading: int | None
    stated: int | None
    anchors: list[int] = field(default_factory=list)


def find_headings(lines: list[Line], able: frozenset[str]) -> tuple[list[int | None], int | None]:
    """Return the lines that may announce comments, and what the last one states; None is for no line at all.

    `able` are the texts that may announce comments.
    """
    named = [at for at, line in enumerate(lines) if line.text in able and not is_anchor(line)]
    counted = [at for at in named if line_rules.stated_count(lines[at].text)]
    begin = _first_prose(lines)
    others = [at for at in named if at > begin and line_rules.stated_count(lines[at].text) is None]
    stated = line_rules.stated_count(lines[counted[-1]].text) if counted else None
    return [*counted[-_MOST_HEADINGS:], *others[-_MOST_HEADINGS:], None], stated


def _first_prose(lines: list[Line]) -> int:
    return next((at for at, line in enumerate(lines) if len(line.text) >= PROSE), len(lines))


def ways_to_part(lines: list[Line], heading: int | None) -> list[list[int]]:
    """Return the lines that may part comments, a list a way to part them."""
    start = heading
    if start is None:  # an article stands above comments
        start = _first_prose(lines)
    below = range(start + 1, len(lines))
    ways = [
        _clocked([at for at in below if lines[at].date], lines),
        [at for at in below if lines[at].says],
        [at for at in below if lines[at].by],
        _rising([at for at in below if lines[at].number is not None], lines),
        _suffixed(lines, below),
        _named(lines, below) if heading is not None and line_rules.names_comments(lines[heading].text) else [],
    ]
    return [way for way in ways if way]


def _clocked(dated: list[int], lines: list[Line]) -> list[int]:
    """Return the dated lines, and only those with a time of day where nearly all have one: others date other things."""
    clocked = [at for at in dated if CLOCK.search(lines[at].text)]
    return clocked if len(clocked) >= 3 and len(clocked) >= len(dated) * _NEARLY_ALL else dated


def _rising(numbered: list[int], lines: list[Line]) -> list[int]:
    """Return the numbered lines that count upwards, as far as they do, from a low number and with few left out."""
    rising: list[int] = []
    for at in numbered:
        last = lines[rising[-1]].number if rising else None
        number = lines[at].number
        if number is not None and (number <= _LOW if last is None else 0 < number - last <= _MOST_LEFT_OUT):
            rising.append(at)
    return rising if len(rising) >= 3 else []


def _suffixed(lines: list[Line], below: range) -> list[int]:
    """Return the short lines that end in the same small word, whatever the name before it ("Ann Lee am")."""
    ends: dict[str, list[int]] = {}
    for at in below:
        text = lines[at].text
        if is_anchor(lines[at]):
            continue
        if 4 <= len(text) <= SHORT and len(text.split()) <= 5 and (match := _LOWER_END.search(text)):
            ends.setdefault(match[1], []).append(at)
    most = max(ends.values(), key=len, default=[])
    return most if len(most) >= 3 and len({lines[at].text for at in most}) >= 3 else []


def _named(lines: list[Line], below: range) -> list[int]:
    """Return the lines that are but a name above a text, where some of these names speak several times."""
    named = [at for at in below[:-1] if _is_bare_name(lines[at]) and _is_text(lines[at + 1].text)]
    counts = Counter(lines[at].text for at in named)
    several = sum(count > 1 for count in counts.values())
    return named if several >= LEAST_AGAIN and len(counts) >= _LEAST_NAMES and len(named) >= _LEAST_NAMED else []


def _is_bare_name(line: Line) -> bool:
    text = line.text
    if not 2 <= len(text) <= LONGEST_NAME or line.button or line.number is not None or is_anchor(line):
        return False
    return line_rules.name_score(text) > 0 and not is_end(text) and not is_heading(text)


def part_section(lines: list[Line], anchors: list[int], heading: int | None, stated: int | None) -> Section | None:
    """Return the comments that these lines part below a heading; None where they part none."""
    if len(anchors) < 2 and not (heading is not None and (stated == 1 or lines[anchors[0]].says)):
        return None
    anchors = _without_stray(anchors)
    first = heading + 1 if heading is not None else 0
    above = [lines[at].text for at in range(first, anchors[0])]
    prose = any(_is_text(text) for text in above[-6:])
    if not _has_text_below(lines, anchors[-1]):
        if heading is not None and prose and not _stand_over_texts(lines, anchors):
            return _footed(lines, anchors, heading, stated)
        anchors = _without_last(lines, anchors)
        if not anchors:
            return None
    begins = _begins(lines, anchors, first)
    return Section(begins, _end(lines, anchors[-1] + 1, begins), heading, stated, anchors)


def _is_text(text: str) -> bool:
    """Whether a line reads like a comment's text rather than like a piece of its header or of a page's furniture."""
    return not is_outside(text) and (len(text) > 30 or text[-1:] in (".", "!", "?", "…"))


def _has_text_below(lines: list[Line], at: int) -> bool:
    """Whether a text stands straight below a header."""
    for line in lines[at + 1 : at + 4]:
        if is_end(line.text) or is_heading(line.text):
            return False
        if _is_text(line.text):
            return True
    return False


def _stand_over_texts(lines: list[Line], anchors: list[int]) -> bool:
    """Whether most anchors have a text tight below them, and a blank line above: headers, not footers."""
    tight = sum(
        lines[at].gap and not lines[at + 1].gap and not lines[at + 1].button and _is_text(lines[at + 1].text)
        for at in anchors[:-1]
    )
    return tight >= max(2, (len(anchors) - 1) * LEAST_SHARE)


def _without_last(lines: list[Line], anchors: list[int]) -> list[int]:
    """Return the anchors without the last ones that no text follows: dates at the foot of a page, a short last word."""
    for count in (1, 2, 3):
        if len(anchors) > count + 1 and _has_text_below(lines, anchors[-count - 1]):
            keep = lines[anchors[-count] + 1 : anchors[-count] + 2]
            is_short_word = count == 1 and keep and not is_outside(keep[0].text) and not is_heading(keep[0].text)
            return anchors if is_short_word else anchors[:-count]
    return []


def _without_stray(anchors: list[int]) -> list[int]:
    """Return the anchors without a second one straight below another (a date and the time on lines of their own)."""
    starts: list[int] = []
    for at in anchors:
        if not starts or at > starts[-1] + 1:
            starts.append(at)
    return starts


def _begins(lines: list[Line], anchors: list[int], first: int) -> list[int]:
    """Return where comments begin: at the short lines straight above the anchors, as many as most of them have."""
    heights = []
    words = Counter(_first_word(lines[at - 1]) for at in anchors if at > first)
    word, times = words.most_common(1)[0] if words else ("", 0)
    same = word if word and times >= 3 and times >= len(anchors) * LEAST_SHARE else None
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
    begins = [at - min(usual, height) for at, height in zip(anchors, heights, strict=True)]
    begins = _behind_buttons(lines, anchors, begins)
    return [at - 1 if _is_below_header(lines, at, first) else begin for at, begin in zip(anchors, begins, strict=True)]


def _behind_buttons(lines: list[Line], anchors: list[int], begins: list[int]) -> list[int]:
    """Return where comments begin that all end with a button: behind it, where no name stands straight above."""
    buttons: list[int] = []
    for before, at in pairwise(anchors):
        within = [below for below in range(before + 2, at) if lines[below].button]
        buttons.append(within[-1] if within else -1)
    if sum(at >= 0 for at in buttons) < max(2, len(buttons) * LEAST_SHARE):
        return begins
    result = begins[:1]
    for button, at, begin in zip(buttons, anchors[1:], begins[1:], strict=True):
        above = lines[button + 1 : at]
        is_head = button >= 0 and len(above) <= _HEAD_LINES and all(len(line.text) <= PROSE for line in above)
        result.append(button + 1 if is_head and begin == at else begin)
    return result


def _is_below_header(lines: list[Line], at: int, first: int) -> bool:
    """Whether a comment's number stands tight below a line with a name and a date."""
    return lines[at].number is not None and not lines[at].gap and at > first and lines[at - 1].date


def _first_word(line: Line) -> str:
    return fold(line.text.split()[0]) if line.text and len(line.text) <= SHORT and not line.button else ""


def _is_above(line: Line) -> bool:
    """Whether a line may belong to the header below it: a name, "Avatar", a number."""
    if line.says or line.by:
        return True
    if (
        line.button
        or line.date
        or line.text.startswith("•")
        or len(line.text) > SHORT
        or is_end(line.text)
        or is_heading(line.text)
    ):
        return False
    return line.number is not None or line_rules.name_score(line.text) > 0 or line_rules.is_avatar(line.text)


def _footed(lines: list[Line], anchors: list[int], heading: int, stated: int | None) -> Section | None:
    """Return the comments where each ends with the line that names its author."""
    if len(anchors) < 2 and stated != 1:
        return None
    start = heading + 1
    while start < anchors[0] and (len(lines[start].text) <= 30 or is_outside(lines[start].text)):
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
        if is_end(line.text) or is_heading(line.text) or line_rules.is_elsewhere(line.text):
            return at
        if at > start and line_rules.is_foot(line.text):
            return at
        if at > start and len(line.text) < 40 and line.text[-1:] not in (".", "!", "?", "…", ")") and not with_button:
            return at
        at += 1
    return at
