"""Format numbers and times as people read them; say which addresses may be links. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from markupsafe import Markup

from archive.text.formatting import format_count

count = format_count

# Controls, and signs that change the direction of what follows them.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

# Where a comment is now, by its state.
STATES = {
    "visible": "still on the site",
    "removed": "removed from the site",
    "author_deleted": "deleted by its author",
    "withheld": "held back by the site",
    "missing": "removed from the site, no notice",
}
MAX_LINE, MAX_URL = 300, 8000


@dataclass(frozen=True, slots=True)
class Time:
    """A time as precise as it is known, and what the source itself says; `at` is None where it is not known."""

    at: str | None
    text: str
    title: str = ""


def short(text: str, length: int = MAX_LINE) -> str:
    """Cut what stands in a line, such as a title or a name: sources may state one of a million letters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def single_line(text: str, length: int) -> str:
    line = " ".join(INVISIBLE.sub(" ", text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def figure(name: str, value: int | None, text: str | None = None, of: object = None) -> Markup:
    """Mark a number up as what it counts: a test compares each with the tables.

    `of` is what it is a number of, where that is neither the archive nor the subject of the page."""
    subject = Markup(' data-of="{}"').format(of) if of is not None else ""
    shown = number(value) if text is None else text
    return Markup('<data value="{}" data-count="{}"{}>{}</data>').format(value, name, subject, shown)


def number(value: int | None) -> str:
    return "not stated" if value is None else f"{value:,}"


@lru_cache(maxsize=4096)
def day(at: str | None) -> str:
    """`14 March 2026`, or the text itself if it is no time."""
    when = _parse(at)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}" if when else at or "an unknown day"


@lru_cache(maxsize=4096)
def moment(at: str | None, precision: str | None = None) -> str:
    """A time to its precision: `14 March 2026, 09:02`, `March 2026`. Times are in UTC."""
    when = _parse(at)
    if when is None:
        return at or "time not stated"
    match precision:
        case "year":
            return str(when.year)
        case "month":
            return f"{MONTHS[when.month - 1]} {when.year}"
        case "day":
            return day(at)
        case "hour":
            return f"{day(at)}, around {when.hour:02}:00"
    return f"{day(at)}, {when.hour:02}:{when.minute:02}"


def describe_time(at: str | None, text: str | None = None, precision: str | None = None) -> Time:
    if at is None:
        return Time(None, text or "")
    return Time(at, moment(at, precision), f"The source says: {short(text)}" if text else f"{at} (UTC)")


def between(first: str | None, last: str | None) -> str:
    """`between 15 and 16 March 2026`: when something happened that the next visit noticed.

    A comment that came back was last seen after it had gone: only the visit that missed it says when it went."""
    start, end = _parse(first), _parse(last)
    if start is None or end is None or start.date() > end.date():
        return f"before {day(last)}"
    if start.date() == end.date():
        return f"on {day(last)}"
    if (start.year, start.month) == (end.year, end.month):
        return f"between {start.day} and {day(last)}"
    if start.year == end.year:
        return f"between {start.day} {MONTHS[start.month - 1]} and {day(last)}"
    return f"between {day(first)} and {day(last)}"


def month(key: str) -> str:
    """`2026-03` as `March 2026`."""
    when = _parse(f"{key}-01")
    return f"{MONTHS[when.month - 1]} {when.year}" if when else key


def _parse(at: str | None) -> datetime | None:
    if not at:
        return None
    try:
        return datetime.fromisoformat(at + ("-01" if len(at) == 7 else ""))
    except ValueError:
        return None


def web_address(url: str | None) -> str | None:
    """Return the address if it may be a link: http or https with a host, and no credentials or controls."""
    if not url or len(url) > MAX_URL or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc else None
    except ValueError:
        return None
