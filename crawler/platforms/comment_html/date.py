"""The date of one comment of an HTML list: in elements made for it, else in any short line or bare text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import find_date, is_date, may_hold_date, parse_date, parse_epoch
from archive.text.html_text import fold_space, line_of
from archive.text.relative_dates import is_short_age
from archive.thread import Moment
from crawler.platforms.comment_html.parts import LONGEST_LINE, Part, holds_text, is_own_link, is_short, property_of

DATE_PROPERTIES = frozenset(("datecreated", "datepublished", "commenttime", "dateposted"))
TIMES = frozenset(("time", "relative-time", "time-ago", "local-time"))  # the last three are GitHub's elements
MACHINE_ATTRIBUTES = (
    *("datetime", "content", "title", "data-time", "data-date", "data-datetime", "data-timestamp", "data-utime"),
    *("data-livestamp", "data-epoch", "data-unix", "data-created", "data-ts"),
)
_FOR_MACHINES = frozenset(MACHINE_ATTRIBUTES)
LINES = frozenset(
    "small em i b strong span font cite p div dt dd h2 h3 h4 h5 h6 td li a header footer label address".split()  # noqa: SIM905
)
ORDINAL = re.compile(r"(\d) (st|nd|rd|th|er|º|ª)\b", re.IGNORECASE)
JOINED = re.compile(
    r"\b(?:join(?:ed)?(?: date)?|member since|registered(?: since)?|registriert(?: seit)?|dabei seit|mitglied seit|"
    r"inscrite? (?:le|depuis)|membre depuis|inscription|registrado|miembro desde|membro desde|iscritto dal?|lid sinds|"
    r"geregistreerd|dołączył\w*|регистрация)\W*$",
    re.IGNORECASE,
)
MOST_DATED = 200  # elements of one comment that are called a date
LONGEST_BESIDE = 40  # characters beside a date that stands as bare text: a name, "says"
EPOCH = re.compile(r"\s*(1\d{9})(?:\.\d+|\d{3})?\s*")  # from 2001 to 2033
_HAS_DIGIT = re.compile(r"\d")
WINDOW, STEP, LONGEST_SCAN = 120, 80, 400  # characters; windows overlap, so that no date is cut in two
PRECISIONS = {None: 0, "year": 1, "month": 2, "day": 3, "hour": 4, "minute": 5, "second": 6}
PRECISE_ENOUGH = PRECISIONS["minute"]


class DateStamp(NamedTuple):
    """Where a date stands, its visible text, and its form for machines."""

    element: HtmlElement | None = None
    text: str | None = None
    machine: str | None = None
    is_bare: bool = False  # the element holds more than the date


def find_stamp(parts: Sequence[Part], read: set[HtmlElement]) -> DateStamp:
    """Return the most precise date among some elements; of two that are alike the first.

    What has been `read` of a comment, and holds no date or a less precise one, is not read again.
    """
    best, best_precision = DateStamp(), -1
    for element in _date_candidates(parts):
        if element in read:
            continue
        read.add(element)
        stamp = _read_stamp(element)
        if stamp.text is None and stamp.machine is None:
            continue
        precision = _precision(stamp.machine)
        if precision < PRECISE_ENOUGH:
            precision = max(precision, _precision(stamp.text))
        if precision > best_precision:
            best, best_precision = stamp, precision
        if best_precision >= PRECISE_ENOUGH:
            break
    return best if best.element is not None else _find_bare_date(parts)


def _find_bare_date(parts: Sequence[Part]) -> DateStamp:
    """Return the first date that stands as bare text between other elements."""
    for element, _ in parts:
        for text in (element.text, *(child.tail for child in element)):
            line = fold_space(text or "")
            if 5 <= len(line) <= LONGEST_LINE and may_hold_date(line):
                where = _find_span(line)
                if where is None or JOINED.search(line[: where[0]]):
                    continue
                if len(line) - (where[1] - where[0]) <= LONGEST_BESIDE:
                    return DateStamp(element, ORDINAL.sub(r"\1\2", line)[where[0] : where[1]], is_bare=True)
    return DateStamp()


def _date_candidates(parts: Sequence[Part]) -> Iterator[HtmlElement]:
    """Yield the elements that may hold the date, those made for it first, any short line last."""
    yield from (e for e, _ in parts if e.tag in TIMES or property_of(e) in DATE_PROPERTIES)
    yield from (e for e, _ in parts if e.tag == "abbr" and e.get("title"))
    dated = (e for e, kind in parts if kind.dated and not kind.wrapper and not holds_text(e))
    yield from islice(dated, MOST_DATED)
    for link, _ in parts:
        if is_own_link(link):
            above = link.getparent()
            if above is not None and is_short(above):
                yield above
            yield link
    yield from (e for e, _ in reversed(parts) if e.tag in LINES and is_short(e))


def _read_stamp(element: HtmlElement) -> DateStamp:
    names = element.keys()
    machine = None
    if names and not _FOR_MACHINES.isdisjoint(names):
        values = (element.get(name) for name in MACHINE_ATTRIBUTES if name in names)
        machine = next((value for value in values if value and _precision(value) >= 0), None)
    text = line_of(element, LONGEST_SCAN + WINDOW, " ")
    text = ORDINAL.sub(r"\1\2", text) if _HAS_DIGIT.search(text) else text
    where = _find_span(text)
    if where is not None and JOINED.search(text[: where[0]]):
        return DateStamp(element)
    if where is not None and (_HAS_DIGIT.search(text[where[0] : where[1]]) or machine or is_date(text)):
        is_bare = element.find("br") is not None and _is_above_text(element, text[where[1] :])
        return DateStamp(element, text[where[0] : where[1]] or None, machine, is_bare)
    if is_short_age(text):
        return DateStamp(element, text, machine)
    if element.tag in TIMES or machine:
        return DateStamp(element, text[:LONGEST_LINE] or None, machine)
    return DateStamp(element)


def _is_above_text(element: HtmlElement, rest: str) -> bool:
    """Whether the date stands in the first of several lines of an element, with more than a button behind it."""
    if not any(map(str.isalnum, rest)) or line_rules.is_reply(rest.strip()):
        return False
    pieces = [element.text]
    for child in element:
        if child.tag == "br":
            break
        pieces += [*child.itertext(), child.tail]
    return find_date(fold_space(" ".join(filter(None, pieces)))[:WINDOW]) is not None


def _find_span(line: str) -> tuple[int, int] | None:
    """Return the span of a date in a line that may hold other things before and after it."""
    if not may_hold_date(line):
        return None
    for start in range(0, min(len(line), LONGEST_SCAN), STEP):
        where = find_date(line[start : start + WINDOW])
        if where is not None:
            return start + where[0], start + where[1]
    return None


@lru_cache(4_096)
def _precision(text: str | None) -> int:
    """Return how exactly a text states a time: 0 where it is a time that cannot be dated, -1 where it is none."""
    if not text:
        return -1
    moment = read_moment(text)
    if moment.at is None:
        return 0 if find_date(text[:WINDOW]) or is_short_age(text) else -1
    return PRECISIONS[moment.precision]


@lru_cache(1024)
def read_moment(text: str) -> Moment:
    """Parse what an attribute or a line states: a date, or seconds or milliseconds since 1970."""
    epoch = EPOCH.fullmatch(text)
    moment = parse_epoch(int(epoch[1])) if epoch is not None else None
    return parse_date(text) if moment is None else replace(moment, text=text)
