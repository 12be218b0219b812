"""Read the values of exports' records: texts, ids, numbers, times. What is of another kind than expected is None."""

import re
from dataclasses import replace
from typing import Any

from archive.flags.codes import severities
from archive.text import dates
from archive.thread import Dataset, Flag, Moment

EPOCH = re.compile(r"\d{9,13}(?:\.\d{1,9})?")
SMALL = re.compile(r"-?\d{1,18}")
OF_SOURCE = ("platform.", "capture.")
BY_LABEL = "label:"  # before the rule of a flag that a label of a dataset raised
EARLIEST, LATEST = 86_400.0, 4_102_444_800.0  # 1970-01-02 and 2100, as seconds


def text_of(value: Any) -> str | None:
    """Return a text that is not blank."""
    return value if isinstance(value, str) and value.strip() else None


def id_of(value: Any) -> str | None:
    """Return an id, which may be a text or a number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if value == value and abs(value) < 1e18 else None
    return value.strip() or None if isinstance(value, str) else None


def count_of(value: Any) -> int | None:
    """Return a whole number; numbers of BigQuery and mongoexport may be texts."""
    if isinstance(value, dict):
        value = value.get("$numberLong", value.get("$numberInt"))
    if isinstance(value, str) and SMALL.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62 else None


def moment_of(value: Any) -> Moment | None:
    """Return a time in ISO 8601, in seconds since 1970, or in milliseconds where they would be in a far future."""
    if isinstance(value, dict):  # extended JSON
        value = value.get("$date", value.get("$numberLong"))
        value = count_of(value) if isinstance(value, dict) else value
    number = float(value) if isinstance(value, str) and EPOCH.fullmatch(value) else value
    if isinstance(number, int | float) and not isinstance(number, bool):
        seconds = number / 1000 if abs(number) > LATEST else number
        moment = dates.parse_epoch(seconds) if EARLIEST <= seconds <= LATEST else None
        return moment and replace(moment, text=str(value))
    if not isinstance(value, str) or not (text := value.strip()) or len(value) > dates.MAX_LENGTH:
        return None
    return dates.parse_iso(text) or dates.parse_date(text)


def html_of(value: Any) -> str:
    """Return the text of a piece of HTML."""
    from archive.text.html_text import html_text  # loads lxml.html, which most imports need not

    return html_text(value) if isinstance(value, str) else ""


def read_flags(value: Any, dataset: Dataset | None = None) -> tuple[Flag, ...]:
    """Return what an export of ours says that the source or its reading says of a comment, or labels of its dataset.

    What rules found in a text is found anew, by the rules of today.
    """
    flags = []
    for flag in value if isinstance(value, list) else ():
        code, rule = (flag.get("code"), flag.get("rule")) if isinstance(flag, dict) else (None, None)
        if not isinstance(code, str) or not isinstance(rule, str) or code not in severities():
            continue
        if code.startswith(OF_SOURCE) or (dataset is not None and rule.startswith(BY_LABEL)):
            by = dataset if rule.startswith(BY_LABEL) else None
            flags.append(Flag(code, rule, text_of(flag.get("exact")), dataset=by))
    return tuple(dict.fromkeys(flags))
