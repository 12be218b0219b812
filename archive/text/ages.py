"""Find times that are stated from the moment of reading ("3 hours ago", "gestern") in a text. Pure."""

import re
from functools import lru_cache

from archive.text import date_words

_AGO = rf"(?:{'|'.join((*date_words.AGO, *date_words.AGO_CHARACTERS))})"
_AMOUNT = rf"(?:\d{{1,4}}\+?\s?|{date_words.AMOUNT}\s|un['’])"
_ABOUT = rf"(?:(?:{'|'.join(date_words.ABOUT)})\s+)?"
_AGE = rf"{_ABOUT}{_AMOUNT}{date_words.UNIT}\.?(?:,?\s+(?:and\s+)?\d+\s+{date_words.UNIT})?\s?{_AGO}(?!\w)"
_AROUND = "|".join(f"{before}(?=.{{3,40}}{after})" for before, after in date_words.AROUND.items())
_AGE_BEHIND = (
    rf"(?:{'|'.join(date_words.BEFORE)}|{_AROUND})\s+{_ABOUT}{date_words.AMOUNT}\s+"
    rf"{date_words.UNIT}(?![^\W\d_])(?:,?\s+\d+\s+{date_words.UNIT})?"
    rf"(?:\s+(?:{'|'.join(date_words.AROUND.values())}))?|"
    rf"(?:{'|'.join(date_words.BEFORE)})\s+(?:{'|'.join(date_words.DUALS)})(?!\w)"
)
_DAY_WORDS = (*date_words.YESTERDAY, *date_words.TODAY, *date_words.NOW)
_DAY_CHARACTERS = (*date_words.YESTERDAY_CHARACTERS, *date_words.TODAY_CHARACTERS, *date_words.NOW_CHARACTERS)
_RELATIVE = re.compile(
    rf"\b(?:{_AGE}|{_AGE_BEHIND}|{_AMOUNT}(?:{'|'.join(date_words.SUFFIXED)})(?!\w)|(?:{'|'.join(_DAY_WORDS)})\b{date_words.CLOCK})|{'|'.join(_DAY_CHARACTERS)}",
    re.IGNORECASE,
)
# A text without any of these states no age: sought in its words, at a tenth of what the pattern takes.
_AGE_MARKS = frozenset(
    max(re.split(r"\W+", form), key=len)
    for form in (*date_words.AGO, *date_words.BEFORE, *date_words.SUFFIXED, *_DAY_WORDS)
)
_AGE_CHARACTERS = re.compile(rf"{'|'.join((*date_words.AGO_CHARACTERS, *_DAY_CHARACTERS))}")
_WORDS = re.compile(r"[^\W\d_]+")


def _may_state_age(text: str) -> bool:
    return not _AGE_MARKS.isdisjoint(_WORDS.findall(text.casefold())) or _AGE_CHARACTERS.search(text) is not None


@lru_cache(512)
def find_age(text: str) -> tuple[int, int] | None:
    """Return the span of the first age in a text ("3 hours ago", "gestern"), or None."""
    match = _RELATIVE.search(text) if _may_state_age(text) else None
    return match.span() if match else None
