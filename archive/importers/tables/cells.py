"""Read the values of a table's cells: numbers, ids, times, texts. Pure.

A cell is what its file holds: text in CSV, any JSON value elsewhere. What cannot be read is None.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from archive.importers.plain_text.encoding import clean
from archive.text import dates
from archive.thread import Moment, Precision

NULLS = frozenset(("", "nan", "n/a", "na", "null", "none", "\\n", "nil", "<na>", "#n/a", "nat"))
LONGEST_NULL = 64  # with white space around it
# What stands for "answers no other comment" in columns of parents.
ROOTS = frozenset(("0", "-1", "root", "t3", "false"))
# What stands for "has no account" in columns of accounts.
NOBODY = frozenset(("0", "-1", "anonymous", "guest"))
WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+")
NUMBER = re.compile(r"[+-]?\d[\d.,'\u00a0\u202f ]*(?:[eE][+-]?\d+)?")
SHORT_COUNT = re.compile(r"([\d.,]+)\s*([kKmM])")
PREFIX = re.compile(r"^t[1-6]_")
TRUE = frozenset(("1", "true", "t", "yes", "y", "ja", "oui", "si", "sí", "wahr", "vrai"))
FALSE = frozenset(("0", "false", "f", "no", "n", "nein", "non", "falsch", "faux"))
EARLIEST, LATEST = 0, 4_102_444_800  # 1970 to 2100, in seconds
DIRECTIVES_OF_CLOCK = re.compile(r"%[HIXcTRsp]|%-?[HI]")


def is_null(value: Any) -> bool:
    """Whether a cell holds nothing, by any of the ways in which tables say so."""
    return (
        value is None
        or (isinstance(value, float) and value != value)
        or (
            isinstance(value, str)
            and (len(value) <= LONGEST_NULL or value.isspace())
            and value.strip().casefold() in NULLS
        )
    )


def read_text(value: Any) -> str | None:
    """Return a cell as text, with characters that no text can hold replaced; None where it holds nothing."""
    if is_null(value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value if isinstance(value, str) else str(value)).text.strip() or None


def read_body(value: Any) -> str | None:
    """Return the text of a comment as it stands there, white space at its ends cut."""
    return None if value is None else clean(str(value)).text.strip() or None


def read_html(value: Any) -> str | None:
    """Return the text of a cell that holds HTML."""
    from archive.text.html_text import html_text  # loads lxml, which most imports need not

    return None if is_null(value) else html_text(clean(str(value)).text).strip() or None


def read_id(value: Any) -> str | None:
    """Return an id as its other rows write it: `22022598.0` is what a program made of 22022598."""
    if is_null(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = clean(str(value)).text.strip()
    match = WHOLE_FLOAT.fullmatch(text)
    return match[1] if match else text or None


def read_prefixed_id(value: Any) -> str | None:
    """Return an id without the prefix that says of what kind it is: `t1_c0de` is `c0de`."""
    text = read_id(value)
    return PREFIX.sub("", text) if text else None


def read_path_parent(value: Any) -> str | None:
    """Return the parent of a path such as `source1_ART_0_1`: the same without its last number."""
    text = read_id(value)
    before, _, last = (text or "").rpartition("_")
    return before if last.isdecimal() and before.rpartition("_")[2].isdecimal() else None


def read_before_dot(value: Any) -> str | None:
    """Return what stands before the dot: replies of some systems are named `PARENT.REPLY`."""
    before, dot, _ = (read_id(value) or "").partition(".")
    return before if dot else None


def read_number(value: Any) -> float | None:
    """Return a number, with or without marks between its thousands; `1.2K` is 1200."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return None if is_null(value) else float(value)
    text = read_text(value)
    if text is None:
        return None
    if short := SHORT_COUNT.fullmatch(text):
        factor = 1000 if short[2] in "kK" else 1_000_000
        return float(short[1].replace(",", ".")) * factor if short[1].count(".") + short[1].count(",") <= 1 else None
    if not NUMBER.fullmatch(text):
        return read_bool_number(text)
    try:
        return float(_plain_number(text))
    except ValueError:
        return None


def read_bool_number(text: str) -> float | None:
    """Return 1 or 0 for a word that says yes or no."""
    word = text.casefold()
    return 1.0 if word in TRUE else 0.0 if word in FALSE else None


def _plain_number(text: str) -> str:
    text = re.sub(r"['\u00a0\u202f ]", "", text)
    if "," in text and "." in text:
        decimal = max(text.rfind(","), text.rfind("."))
        return text[:decimal].replace(",", "").replace(".", "") + "." + text[decimal + 1 :]
    if re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+", text):
        return text.replace(",", "")
    return text.replace(",", ".")


def read_count(value: Any) -> int | None:
    """Return a whole number, or None."""
    number = read_number(value)
    return int(number) if number is not None and number.is_integer() and abs(number) < 1 << 62 else None


def read_epoch(value: Any, *, per_second: int = 1) -> Moment | None:
    """Return the time of seconds since 1970, or of milliseconds with `per_second=1000`."""
    number = read_number(value)
    if number is None or not EARLIEST <= number / per_second <= LATEST:
        return None
    moment = dates.parse_epoch(number / per_second)
    return moment and replace(moment, text=read_text(value))


def read_time(value: Any, zone: tzinfo | None, day_first: bool | None) -> Moment | None:
    """Return a time in words or ISO 8601; one without a zone is in `zone` (UTC where that is None)."""
    text = read_text(value)
    if text is None or len(text) > dates.MAX_LENGTH:
        return None
    if moment := dates.parse_iso(text, zone):
        return moment
    moment = dates.parse_date(text, day_first)
    return moment if moment.at is None or zone is None else _in_zone(moment, zone)


def read_pattern(value: Any, zone: tzinfo | None, pattern: str) -> Moment | None:
    """Return a time that is written as a `strptime` pattern says."""
    text = read_text(value)
    if text is None:
        return None
    try:
        parsed = datetime.strptime(text, pattern)  # noqa: DTZ007 located below
    except ValueError:
        return None
    precision: Precision = "second" if DIRECTIVES_OF_CLOCK.search(pattern) else "day"
    return Moment(dates.utc_text(parsed, zone), text, precision)


def _in_zone(moment: Moment, zone: tzinfo) -> Moment:
    """Move a time that its text gave without a zone, and `parse_date` read as UTC, into its column's zone."""
    if (
        moment.at is None
        or moment.precision in ("day", "month", "year")
        or re.search(r"[+-]\d\d:?\d\d$|[Zz]$|UTC|GMT", moment.text or "")
    ):
        return moment
    local = datetime.fromisoformat(moment.at.removesuffix("Z"))
    return replace(moment, at=dates.utc_text(local, zone))


def find_zone(name: str) -> tzinfo:
    """Return the time zone of an IANA name. Raises ValueError where there is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}; Europe/Vienna is one") from error


IDS: dict[str, Callable[[Any], str | None]] = {
    "": read_id,
    "number": read_id,
    "text": read_text,
    "prefix": read_prefixed_id,
    "path": read_path_parent,
    "before_dot": read_before_dot,
}
TEXTS: dict[str, Callable[[Any], str | None]] = {"": read_body, "text": read_body, "html": read_html}


def time_reader(reading: str, zone: tzinfo | None) -> Callable[[Any], Moment | None]:
    """Return the function that reads times: epoch, epoch_ms, iso, day_first, month_first, or a strptime pattern."""
    if reading in ("epoch", "epoch_ms"):
        return partial(read_epoch, per_second=1000 if reading == "epoch_ms" else 1)
    if "%" in reading:
        return partial(read_pattern, zone=zone, pattern=reading)
    day_first = {"day_first": True, "month_first": False}.get(reading)
    return partial(read_time, zone=zone, day_first=day_first)
