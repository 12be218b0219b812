"""The fields of one comment of an HTML list: author, date, text; by class names, else by what is left."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from lxml.html import HtmlElement

from archive.text.dates import find_date, is_date, may_hold_date, parse_date
from archive.text.html_text import SKIPPED, fold_space, line_of
from archive.text.relative_dates import is_short_age, place_age
from archive.thread import Moment
from crawler.platforms.comment_author import (
    STATED,
    STATED_OR_LIKELY,
    find_author,
    name_before_date,
    name_before_says,
    name_in_head,
)
from crawler.platforms.comment_body import find_content, is_head, is_text_only, outside_text, read_body
from crawler.platforms.comment_elements import CommentElement
from crawler.platforms.comment_parts import (
    LONGEST_LINE,
    Part,
    holds_text,
    is_own_link,
    is_short,
    property_of,
    traits_of,
)
from crawler.platforms.section_words import TO_REPLY

DATE_PROPERTIES = frozenset(("datecreated", "datepublished", "commenttime", "dateposted"))
MACHINE_ATTRIBUTES = ("datetime", "content", "title", "data-time", "data-date", "data-timestamp")
LINES = frozenset(
    (
        "small",
        "em",
        "i",
        "b",
        "strong",
        "span",
        "cite",
        "p",
        "div",
        "dt",
        "dd",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "td",
        "li",
        "a",
    )
) | frozenset(("header", "footer", "label", "address"))
ORDINAL = re.compile(r"(\d) (st|nd|rd|th|er|º|ª)\b", re.IGNORECASE)
MOST_DATED = 200  # elements of one comment that are called a date
LONGEST_BESIDE = 40  # characters beside a date that stands as bare text: a name, "says"
_HAS_DIGIT = re.compile(r"\d")
WINDOW, STEP, LONGEST_SCAN = 120, 80, 400  # characters; windows overlap, so that no date is cut in two
PRECISIONS = {None: 0, "year": 1, "month": 2, "day": 3, "hour": 4, "minute": 5, "second": 6}
PRECISE_ENOUGH = PRECISIONS["minute"]


@dataclass(eq=False, slots=True)
class CommentFields:
    """A comment's fields, the date still as text: only the whole list shows which of its numbers is the day."""

    name: str | None
    body: str
    date_text: str | None
    machine_date: str | None
    in_moderation: bool


class DateStamp(NamedTuple):
    """Where a date stands, its visible text, and its form for machines."""

    element: HtmlElement | None = None
    text: str | None = None
    machine: str | None = None
    is_bare: bool = False  # the element holds more than the date


def parse_fields(comment: CommentElement) -> CommentFields:
    """Read one comment."""
    own = _parts(comment)
    content = find_content(comment, own)
    outside = outside_text(own, content)
    author, name = find_author(outside, STATED_OR_LIKELY)
    if author is None:
        # Within a text a bold word or a link is no author.
        in_text = content is not None and is_text_only(content)
        author, name = find_author(own, STATED if in_text else STATED_OR_LIKELY)
        if author is None and in_text:
            author, name = name_before_says(own)
    date = _find_date(comment, outside)
    if date.element is None:
        date = _find_date(comment, [part for part in own if part[1].dated])
    if name is None and date.element is not None and date.text is not None:
        name = name_before_date(comment, date.element, date.text)
    if name is None:
        name = name_in_head(_head_parts(comment, own, outside, content), date.text)
    apart = {element for element in (author, date.element) if element is not None}
    if date.element is not None and (
        date.is_bare
        or (content is not None and _holds(date.element, content, comment))
        or any(
            below.tag in ("p", "blockquote") and not is_head(below)
            for below in date.element.iterdescendants("p", "blockquote")
        )
    ):
        apart.discard(date.element)
    body = read_body(comment, own, content, apart, name)
    return CommentFields(name, body, date.text, date.machine, any(kind.waiting for _, kind in own))


def _parts(comment: CommentElement) -> list[Part]:
    """Return a comment's elements with what their classes say, without forms, scripts and what stands in them."""
    parts: list[Part] = []
    skipped: set[HtmlElement] = set()
    for element in comment.own:
        if element.tag in SKIPPED or (skipped and element.getparent() in skipped) or _is_reference(element):
            skipped.add(element)
        else:
            parts.append((element, traits_of(element)))
    return parts


def _head_parts(
    comment: CommentElement, own: Sequence[Part], outside: Sequence[Part], content: HtmlElement | None
) -> list[Part]:
    """Return the parts beside a text that has an element of its own: no bare text can be among them."""
    if content is None or content is comment.root:
        paragraphs = any(element.tag in ("p", "blockquote") for element, _ in own)
        return [part for part in outside if part[0] is not comment.root] if paragraphs else []
    around = set(content.iterancestors())
    return [part for part in outside if (part[0] is not content and part[0] not in around) or is_short(part[0])]


def _is_reference(element: HtmlElement) -> bool:
    """Whether a line names the comment that this one answers, and its author."""
    if element.tag not in ("p", "div", "span") or not element.text:
        return False
    text = element.text.strip()
    return bool(text) and bool(TO_REPLY.match(text)) and is_short(element)


def _find_date(comment: CommentElement, parts: Sequence[Part]) -> DateStamp:
    """Return the most precise date among some elements; of two that are alike the first."""
    best, best_precision = DateStamp(), -1
    for element in _date_candidates(parts):
        stamp = _read_stamp(element)
        if element is comment.root or (stamp.text is None and stamp.machine is None):
            continue
        precision = _precision(stamp.machine)
        if precision < PRECISE_ENOUGH:
            precision = max(precision, _precision(stamp.text))
        if precision > best_precision:
            best, best_precision = stamp, precision
        if best_precision >= PRECISE_ENOUGH:
            break
    return best if best.element is not None else _find_bare_date(parts)


def _holds(outer: HtmlElement, inner: HtmlElement, comment: CommentElement) -> bool:
    """Whether one of two elements of a comment holds the other; the outer one may be what the comment stands in."""
    highest = comment.root.getparent()
    element: HtmlElement | None = inner
    while element is not None and element is not outer and element is not highest:
        element = element.getparent()
    return element is outer


def _find_bare_date(parts: Sequence[Part]) -> DateStamp:
    """Return the first date that stands as bare text between other elements."""
    for element, _ in parts:
        for text in (element.text, *(child.tail for child in element)):
            line = fold_space(text or "")
            if 5 <= len(line) <= LONGEST_LINE and may_hold_date(line):
                where = _find_span(line)
                if where is not None and len(line) - (where[1] - where[0]) <= LONGEST_BESIDE:
                    return DateStamp(element, ORDINAL.sub(r"\1\2", line)[where[0] : where[1]], is_bare=True)
    return DateStamp()


def _date_candidates(parts: Sequence[Part]) -> Iterator[HtmlElement]:
    """Yield the elements that may hold the date, those made for it first, any short line last."""
    yield from (e for e, _ in parts if e.tag == "time" or property_of(e) in DATE_PROPERTIES)
    yield from (e for e, _ in parts if e.tag == "abbr" and e.get("title"))
    yield from islice((e for e, kind in parts if kind.dated and not holds_text(e)), MOST_DATED)
    for link, _ in parts:
        if is_own_link(link):
            above = link.getparent()
            if above is not None and is_short(above):
                yield above
            yield link
    yield from (e for e, _ in reversed(parts) if e.tag in LINES and is_short(e))


def _read_stamp(element: HtmlElement) -> DateStamp:
    values = (element.get(name) for name in MACHINE_ATTRIBUTES)
    machine = next((value for value in values if value and _precision(value) >= 0), None)
    text = ORDINAL.sub(r"\1\2", line_of(element, LONGEST_SCAN + WINDOW, " "))
    where = _find_span(text)
    if where is not None and (_HAS_DIGIT.search(text[where[0] : where[1]]) or machine or is_date(text)):
        return DateStamp(element, text[where[0] : where[1]] or None, machine)
    if is_short_age(text):
        return DateStamp(element, text, machine)
    if element.tag == "time" or machine:
        return DateStamp(element, text[:LONGEST_LINE] or None, machine)
    return DateStamp(element)


def _find_span(line: str) -> tuple[int, int] | None:
    """Return the span of a date in a line that may hold other things before and after it."""
    if not may_hold_date(line):
        return None
    for start in range(0, min(len(line), LONGEST_SCAN), STEP):
        where = find_date(line[start : start + WINDOW])
        if where is not None:
            return start + where[0], start + where[1]
    return None


def _precision(text: str | None) -> int:
    """Return how exactly a text states a time: 0 where it is a time that cannot be dated, -1 where it is none."""
    if not text:
        return -1
    moment = _read_cached(text)
    if moment.at is None:
        return 0 if find_date(text[:WINDOW]) or is_short_age(text) else -1
    return PRECISIONS[moment.precision]


@lru_cache(1024)
def _read_cached(text: str) -> Moment:
    return parse_date(text)


def posted(fields: CommentFields, day_first: bool | None, now: str | None = None) -> Moment | None:
    """Return the time of a comment, once the list has shown in which order day and month stand.

    An age such as "3 hours ago" is placed by `now`, the time when the page was fetched, where that is known.
    """
    if fields.machine_date is None and fields.date_text is None:
        return None
    moment = _read_cached(fields.machine_date) if fields.machine_date else Moment()
    if moment.at is None and fields.date_text:
        moment = parse_date(fields.date_text, day_first)
        if moment.at is None:
            moment = place_age(fields.date_text, now) or moment
    return Moment(moment.at, fields.date_text or fields.machine_date, moment.precision if moment.at else None)
