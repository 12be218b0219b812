"""Parse dates as pages print them, in many languages, to a `Moment`.

A time that names no zone is taken as UTC; the text stays beside it, so that the result can be checked. What is
ambiguous (05/06/2016 without a hint, "3 years ago", a day without its year) has its text alone, and no `at`.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice

from archive.text.ages import find_age
from archive.text.calendars import WEEKDAY, day_order, end_in, western
from archive.text.date_order import is_day_first, order_by_span
from archive.text.date_words import month
from archive.text.time_zones import ZONE, offset_of
from archive.thread import Moment, Precision

MAX_LENGTH = 120
_LONGEST_AGE_LINE = 60  # of a name and an age in words
_DAY_LENGTH = len("2026-03-02")

_AFTERNOON = {"pm", "μμ", "م", "下午", "午後", "오후", "ös"}

_ORDINAL = r"(?:st|nd|rd|th|er|re|º|°|ª|\.|-?[её]?го)?"
_OF = r"(?:\s*[-./]\s*|,?\s+(?:de\s+|d['’]|ta['’]\s+|of\s+)?)"
_WORD = r"([^\W\d_]{3,12})\.?"
_YEAR = r"((?:19|20)\d\d)"
_NO_DIGIT = r"(?!\d(?!\d?:\d\d))"  # but the hour of a clock that runs into the year ("20194:14 pm")
_DAY_FORMS = (
    r"(?P<iso>(?:19|20)\d\d(?:(?P<s1>[-/.])\d{1,2}(?P=s1)|\.\s\d{1,2}\.\s)\d{1,2})(?!\d)",
    r"(?P<asian>(?:19|20)\d\d\s*[年년]\s*\d{1,2}\s*[月월]\s*\d{1,2}\s*[日일])",
    rf"(?P<numeric>(?:{WEEKDAY})?"
    r"(?<!\d)(?:\d{1,2}\s?(?P<s2>[-/. ])\s?\d{1,2}\s?(?P=s2)\s?(?:(?:19|20)\d\d|\d\d(?!:\d\d))|"
    r"\d{1,2}\.\d{1,2},\s?(?:19|20)\d\d))(?!\d)",
    r"(?P<dmyy>(?<![\w-])(\d{1,2})-([^\W\d_]{3,9})-(\d\d)(?![\d-]))",
    rf"(?P<dmy>(?<!\w)(\d{{1,2}})({_ORDINAL}){_OF}{_WORD}(?:\s+de[l]?\s+|\s*[-./,]?\s*|\s+['’]?)"
    rf"((?:19|20)\d\d|(?<=['’])\d\d)){_NO_DIGIT}",
    rf"(?P<mdy>{_WORD}\s*(\d{{1,2}}){_ORDINAL}(?:,\s*|\s+)"  # with a clock before the year, as C prints it
    rf"(?:[0-2]?\d:[0-5]\d(?::[0-5]\d)?\s+(?:(?:[a-z]{{1,5}}|[+-]\d{{4}})\s+)?)?{_YEAR}){_NO_DIGIT}",
    rf"(?P<ydm>{_YEAR}[.,]?\s*(?:gada|ж\.)\s+(\d{{1,2}})\.?\s+{_WORD})",
    rf"(?P<ymd>{_YEAR}(?:[.,]?\s*(?:m\.\s*|g\.\s*|gada\s+|թ\.\s*)?|[-/]){_WORD}(?:\s+|[-/])(\d{{1,2}})\b(?!,?\s+(?:19|20)\d\d))",
    rf"(?P<my>{_WORD},?\s+(?:de\s+)?{_YEAR})(?!\d)",
    rf"(?P<dm>(?<!\w)\d{{1,2}}{_ORDINAL}{_OF}{_WORD}(?![^\W\d_]|\.?\s+\d{{1,2}},?\s+(?:19|20)\d\d))",
    r"(?P<asian_day>(?<!\d)\d{1,2}\s*[月월]\s*\d{1,2}\s*[日일])",
    rf"(?P<md>{_WORD}(?:\s+|(?<=\.))\d{{1,2}}{_ORDINAL}(?![\w:.]))",
)
_DAY = re.compile("|".join(_DAY_FORMS), re.IGNORECASE)
_TIME = re.compile(
    r"(?P<pre>午前|午後|上午|下午|오전|오후|\bö[sö]\b)?\s*(?:(?<![\d:])|(?<=[^\d](?:19|20)\d\d))(?P<h>[01]?\d|2[0-4])"
    r"(?:\s?(?:[:h.]|(?P<cjk>時|时|시|点|點))\s?(?P<m>[0-5]\d|(?(cjk)\d(?!\d)|(?!)))"
    r"(?:[:.](?P<s>[0-5]\d)(?:\.\d+)?)?(?:分|분)?|(?=\s?(?:[ap]\.?m\b|uhr|h\b)))"
    r"(?!\d)(?:\s?(?P<half>[ap]\.?\s?m\b\.?|[πμ]\.?μ\b\.?|[صم](?!\w))|\s?(?:uhr|uur|min|h)\b)?"
    r"(?:\s?\(?(?P<zone>" + ZONE + r")\b\)?)?"
    r"(?P<offset>\s?[+−-]\d\d:?\d\d\b|(?<=[tTcC])[+−-]\d{1,2}\b|\+(?:0\d|1[0-4])(?![\d:.])|\s\+0\d(?![\d:.]))?",
    re.IGNORECASE,
)
_JOIN = re.compile(
    r"(?:[\s.,@·•|/)\[\]–—-]|\((?![^\W\d_]{1,9}\)))*"
    r"(?:\b(?:at|um|à|a las|a la|alle ore|alle|ore|o godz|godz|o|о|в|kl|om|às|as|klo|saat|jam|στις|στο|"
    r"u|v|at|là|lúc|pukul|a les|kell|ob|la|ora|om|den|le|de|op|en|em|na|på|pe|tại|a|w|dne|у|во|në|ás)\b|"
    r"(?<=\d)T(?=\d))?"
    r"[\s.,:|–—-]*(?:\([^\W\d_]{1,9}\)|(?:г|р|d|m|g)\b\.?\s*(?:в|о|у)?\b|[^\W\d_]{4,14}\b[\s,.]*)?\s*",
    re.IGNORECASE,
)
_CLOCK_FIRST = re.compile(
    r"[\s,@·•|–—-]*(?:\b(?:on|am|le|del|on the|,)\b)?[\s,:]*(?:[^\W\d_]{3,12}(?:day|tag|dag|di|feira|es|ado|"
    r"ingo)\b[\s,]*)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(0\d|1[0-2])([0-2]\d|3[01])T([01]\d|2[0-3])([0-5]\d)([0-5]\d)?(?!\d)Z?")
_GLUED = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=[^\W_])(?=[A-ZÀ-ÞЀ-Я][^\W\d_])")
_NUMBERS = re.compile(r"\d+")
_YEAR_IN = re.compile(r"(?:19|20)\d\d")
_WITH_YEAR = ("dmy", "mdy")
_WITHOUT_YEAR = ("dm", "md", "asian_day")
_EXACT = re.compile(r"\d{4}|\d[:.h/-]\d|\d+\s\D+\s\D+|[年월月前]")
_DIGIT = re.compile(r"\d")


def find_date(text: str) -> tuple[int, int] | None:
    """Return the span of the first date in a line, with its time of day if it has one, or None."""
    if len(text) > MAX_LENGTH:
        return None
    plain = western(text)
    compact = _COMPACT.search(plain)
    if compact is not None:
        return compact.span()
    match = _day(plain)
    if match is None:
        return find_age(text)
    start, end = match.span()
    after = _JOIN.match(plain, end)
    clock = _TIME.match(plain, after.end() if after else end)
    if clock:
        return start, end_in(text, plain, clock.end())
    return _clock_before(plain, start), end_in(text, plain, end)


def find_glued_date(text: str) -> tuple[int, int] | None:
    """Return the span of a date with its year that ends a line and runs into the word before it, or None.

    Pages print a name and a date in two elements; without a space between them a text has "AnnaMay 5, 2014".
    """
    if len(text) > MAX_LENGTH or not may_hold_date(text):
        return None
    for edge in islice(_GLUED.finditer(text), 8):
        start = edge.start()
        if (match := _day(text[start:])) and match.start() == 0 and find_date(text[start:]) == (0, len(text) - start):
            return start, len(text)
    return None


def is_age(text: str) -> bool:
    """Whether a text states a time from the moment of reading, and no day of the calendar."""
    return len(text) <= MAX_LENGTH and _day(text) is None and find_age(text) is not None


def may_hold_date(text: str) -> bool:
    """Whether a text is worth the regular expressions: it has a digit, or a word such as "yesterday"."""
    return _DIGIT.search(text) is not None or (len(text) <= _LONGEST_AGE_LINE and find_age(text) is not None)


def is_date(text: str) -> bool:
    """Whether a line is a date and, apart from a word or two, nothing else."""
    if len(text) > MAX_LENGTH or not may_hold_date(text):
        return False
    span = find_date(text)
    return span is not None and stands_alone(text, span)


def stands_alone(text: str, span: tuple[int, int]) -> bool:
    """Whether a line has no more than a word or two besides the date at `span`."""
    start, end = span
    rest = [word for word in (text[:start] + " " + text[end:]).split() if any(map(str.isalnum, word))]
    most = 3 if _EXACT.search(text[start:end]) else 1
    return len(rest) <= most and sum(map(len, rest)) <= 24 and (end - start) * 2 >= len(text) - 12


def parse_date(text: str, day_first: bool | None = None) -> Moment:
    """Parse a date text; `day_first` decides what 05/06/2016 means, where the document has shown it."""
    if (plain := western(text)) != text:
        moment = parse_date(plain, day_first)
        return Moment(moment.at, text, moment.precision)
    compact = _COMPACT.search(text)
    if compact is not None:
        moment = parse_date(_COMPACT.sub(r"\1-\2-\3T\4:\5:\6", text, count=1), day_first)
        return Moment(moment.at, text, moment.precision)
    match = _day(text[:MAX_LENGTH])
    if match is None:
        return Moment(text=text)
    if match.lastgroup in _WITH_YEAR and not _names_a_month(match):
        return Moment(f"{_YEAR_IN.findall(match[0])[-1]}-01-01T00:00:00Z", text, "year")
    parts = _parts(match, day_first)
    if parts is None:
        return Moment(text=text)
    year, number, day = parts
    if day is None:
        return Moment(f"{year:04}-{number:02}-01T00:00:00Z", text, "month")
    return _at(text, match, year, number, day)


def parse_yearless(text: str, year: int) -> Moment:
    """Parse a day of the calendar that states no year, as one of a given year; without `at` where it is none."""
    match = _day(text[:MAX_LENGTH])
    if match is None or match.lastgroup not in _WITHOUT_YEAR:
        return Moment(text=text)
    if match.lastgroup == "asian_day":
        return _at(text, match, year, *_numbers(f"{match[0]} 0")[:2])
    numbers = [number for word in re.findall(r"[^\W\d_]{3,}", match[0]) if (number := month(word))]
    return _at(text, match, year, numbers[0], int(_NUMBERS.findall(match[0])[0]))


def parse_epoch(seconds: object) -> Moment | None:
    """Convert seconds since 1970 to a time, or return None where that is no such number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return Moment(utc_text(at), str(seconds), "second")


def parse_iso(text: str, zone: tzinfo | None = None) -> Moment | None:
    """Parse a time in ISO 8601, or return None where a text is none; one without a zone is in `zone`, else in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Moment(utc_text(time, zone), text, "day" if len(text) <= _DAY_LENGTH else "second")


def utc_text(time: datetime, zone: tzinfo | None = None) -> str:
    """Return a time as the archive writes it: ISO 8601 in UTC; one without a zone is in `zone`, else in UTC."""
    with suppress(OverflowError):  # of the years 1 and 9999, whose UTC is none
        time = (time if time.tzinfo else time.replace(tzinfo=zone or UTC)).astimezone(UTC)
    return time.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def infer_day_first(texts: Iterable[str], language: str | None = None) -> bool | None:
    """Infer whether the day comes before the month in these dates: None where nothing shows it.

    Where none of them shows it, the `language` that their page states does, if all who write it have one order.
    """
    is_numeric = False
    undecided: list[tuple[int, int, int]] = []
    for text in texts:
        match = _day(text[:MAX_LENGTH])
        if match is None or match.lastgroup != "numeric":
            continue
        is_numeric = True
        order = day_order(match[0])
        if order is not None:
            return order
        undecided.append(_numbers(match[0]))
    return True if is_numeric and is_day_first(language) else order_by_span(undecided)


@lru_cache(512)
def _day(text: str) -> re.Match[str] | None:
    # A month's name and an article, at most 18 characters, may stand before the first digit.
    first = _DIGIT.search(text)
    position = max(0, first.start() - 18) if first else len(text)
    unknown = None
    while match := _DAY.search(text, position):
        if _names_a_month(match) and not _is_end_of_word(text, match):
            return match
        if unknown is None and match.lastgroup in _WITH_YEAR and _has_clock_behind(text, match):
            unknown = match
        position = match.start() + 1 if match.lastgroup == "my" else max(match.start() + 1, match.end() - 12)
    return unknown


def _is_end_of_word(text: str, match: re.Match[str]) -> bool:
    """Whether what names a month is but the end of a word: "Stokes 05", where "kes" is June in Finnish."""
    return match[0][0].islower() and text[: match.start()][-1:].isalpha()


def _has_clock_behind(text: str, match: re.Match[str]) -> bool:
    """Whether a day, a word and a year are a date, though in a language whose months are not known: a time follows."""
    if text[: match.start()][-1:].isalpha() or _GLUED.search(match[0].strip("0123456789 .,/-")):
        return False  # a name runs into the month
    after = _JOIN.match(text, match.end())
    clock = _TIME.match(text, after.end() if after else match.end())
    return clock is not None and clock["m"] is not None and 0 < int(_NUMBERS.findall(match[0])[0]) <= 31


def _names_a_month(match: re.Match[str]) -> bool:
    if match.lastgroup in ("iso", "asian", "numeric"):
        return _possible(match)
    if match.lastgroup == "asian_day":
        return all(0 < number <= most for number, most in zip(_numbers(f"{match[0]} 0"), (12, 31), strict=False))
    if match.lastgroup in ("dm", "md") and int(_NUMBERS.findall(match[0])[0]) > 31:
        return False
    return any(month(word) for word in re.findall(r"[^\W\d_]{3,}", match[0]))


def _possible(match: re.Match[str]) -> bool:
    first, second, third = _numbers(match[0])
    if match.lastgroup == "numeric":
        return 0 < min(first, second) <= 12 and 0 < max(first, second) <= 31
    return 0 < second <= 12 and 0 < third <= 31


def _numbers(text: str) -> tuple[int, int, int]:
    first, second, third = _NUMBERS.findall(text)[:3]
    return int(first), int(second), int(third)


def _clock_before(text: str, start: int) -> int:
    """The start of a time of day that stands straight before a date, else the date's own start."""
    for clock in _TIME.finditer(text, 0, start):
        between = _CLOCK_FIRST.match(text, clock.end())
        if between and between.end() >= start:
            return clock.start()
    return start


def _parts(match: re.Match[str], day_first: bool | None) -> tuple[int, int, int | None] | None:
    kind = match.lastgroup
    if kind in ("iso", "asian"):
        return _numbers(match[0])
    if kind == "numeric":
        return _numeric(match[0], day_first)
    if kind in _WITHOUT_YEAR:
        return None
    return _named(match[0], kind)


def _numeric(text: str, day_first: bool | None) -> tuple[int, int, int] | None:
    first, second, year = _numbers(text)
    day_first = day_order(text) if day_first is None else day_first
    if year < 100:
        year += 2000 if year < 70 else 1900
    if first == second or first > 12 or "." in text:
        return (year, second, first) if second <= 12 else (year, first, second)
    if second > 12 or day_first is False:
        return year, first, second
    return (year, second, first) if day_first else None


def _named(text: str, kind: str | None) -> tuple[int, int, int | None] | None:
    numbers = _NUMBERS.findall(text)
    named = [number for word in re.findall(r"[^\W\d_]{3,}", text) if (number := month(word))]
    if not named:
        return None
    if match := re.search(r"\d\.\s*(listopada|lip\b)", text, re.IGNORECASE):  # Croatian, by the point
        named = [10 if len(match[1]) > len("lip") else 6]
    if kind == "my":
        return int(numbers[0]), named[0], None
    year, day = (numbers[0], numbers[1]) if kind in ("ymd", "ydm") else (numbers[-1], numbers[0])
    return int(year) + (2000 if len(year) == 2 else 0), named[0], int(day)


def _at(text: str, match: re.Match[str], year: int, number: int, day: int) -> Moment:
    try:
        when = datetime(year, number, day, tzinfo=UTC)
    except ValueError:
        return Moment(text=text)
    precision: Precision = "day"
    clock = _clock(text, match)
    if clock and (shifted := _with_clock(when, clock)):
        when, precision = shifted
    return Moment(utc_text(when), text, precision)


def _clock(text: str, match: re.Match[str]) -> re.Match[str] | None:
    if match.lastgroup == "mdy" and ":" in match[0]:
        return next(_TIME.finditer(text, match.start(), match.end()), None)
    after = _JOIN.match(text, match.end())
    clock = _TIME.match(text, after.end() if after else match.end())
    return clock or next(_TIME.finditer(text, 0, match.start()), None)


def _with_clock(day: datetime, clock: re.Match[str]) -> tuple[datetime, Precision] | None:
    hour = _hour(int(clock["h"]), _half(clock))
    if hour is None:
        return None
    when = day + timedelta(hours=hour, minutes=int(clock["m"] or 0), seconds=int(clock["s"] or 0))
    precision: Precision = "second" if clock["s"] else "minute" if clock["m"] else "hour"
    try:
        return when - _offset(clock, when), precision
    except OverflowError:
        return None


def _half(clock: re.Match[str]) -> str | None:
    if clock["pre"]:
        return "pm" if clock["pre"].casefold() in _AFTERNOON else "am"
    half = re.sub(r"[\s.]", "", clock["half"] or "").casefold()
    return None if not half else "pm" if half in _AFTERNOON else "am"


def _hour(hour: int, half: str | None) -> int | None:
    if half is None:
        return hour if hour < 24 else None
    if hour > 12:
        return hour if half == "pm" and hour < 24 else None
    return hour % 12 + (12 if half == "pm" else 0)


def _offset(clock: re.Match[str], local: datetime) -> timedelta:
    if clock["offset"]:
        sign = 1 if "+" in clock["offset"] else -1
        digits = re.sub(r"\D", "", clock["offset"])
        return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return offset_of(clock["zone"], local) if clock["zone"] else timedelta()
