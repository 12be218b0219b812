"""What the contents of a column may be: whether they allow what its name proposes, and how its times are read."""

import re
from collections.abc import Callable

from archive.importers.tables.cells import read_number, read_time
from archive.importers.tables.mapping import MappedColumn
from archive.importers.tables.profile import Profile
from archive.text.dates import infer_day_first
from archive.text.personal_fields import EMAIL

FITS = 0.95
MOST_CHOICES = 20
LONGEST_NAME, LONGEST_KEY = 60, 120  # mean characters
SAMPLE = 200  # cells that are asked
SPACED = re.compile(r"\S\s+\S")


def allows(role: str, column: Profile) -> bool:
    """Whether the contents of a column may be what its name says."""
    if not column.texts:
        return role not in ("body", "thread")
    if role == "id":
        return column.distinct > FITS and len(column.texts) == column.rows
    if role == "comment_url" and not column.is_of_each and column.distinct < 1:
        return False
    test = _TESTS.get(role)
    return test is None or test(column)


def _are_numbers(column: Profile) -> bool:
    sample = column.texts[:SAMPLE]
    return sum(read_number(text) is not None for text in sample) >= FITS * len(sample)


def _are_times(column: Profile) -> bool:
    sample = column.texts[:SAMPLE]
    return sum(map(is_time, sample)) >= 0.9 * len(sample)


def _are_addresses(column: Profile) -> bool:
    sample = column.texts[:SAMPLE]
    return sum(text.startswith(("http://", "https://", "www.", "//", "/")) for text in sample) >= 0.8 * len(sample)


def _are_names(column: Profile) -> bool:
    return column.mean_length <= LONGEST_NAME and column.share(EMAIL) < 0.5


def _are_choices(column: Profile) -> bool:
    return column.mean_length <= LONGEST_NAME and len(set(column.texts)) <= max(MOST_CHOICES, len(column.texts) // 5)


def _are_keys(column: Profile) -> bool:
    return column.mean_length <= LONGEST_KEY and column.share(SPACED, whole=False) < 0.3


def is_prose(column: Profile) -> bool:
    numeric = sum(read_number(text) is not None for text in column.texts[:200])
    return column.mean_length >= 3 and numeric < 0.5 * min(200, len(column.texts)) and column.share(EMAIL) < 0.5


def is_time(text: str) -> bool:
    number = read_number(text)
    if number is not None and re.fullmatch(r"[\d.]+", text):
        return 631_152_000 <= number <= 4_102_444_800 or 631_152_000_000 <= number <= 4_102_444_800_000
    moment = read_time(text, None, None)
    return moment is not None and (moment.at is not None or bool(re.search(r"\d", text)))


def is_dated(column: Profile) -> bool:
    """Whether most cells say a time that can be told: `10:00 1/5` is none."""
    sample = column.texts[:200]
    told = (read_number(text) is not None or ((moment := read_time(text, None, None)) and moment.at) for text in sample)
    return sum(map(bool, told)) * 2 > len(sample)


def time_reading(texts: list[str]) -> str:
    sample = texts[:500]
    numbers = [read_number(text) for text in sample if re.fullmatch(r"[\d.]+(?:e\+?\d+)?", text)]
    if sample and len(numbers) >= 0.9 * len(sample) and all(number is not None for number in numbers):
        largest = max(number for number in numbers if number is not None)
        if largest > 100_000_000_000:
            return "epoch_ms"
        if largest > 31_536_000:
            return "epoch"
    day_first = infer_day_first(sample)
    return "" if day_first is None else "day_first" if day_first else "month_first"


def names_no_zone(column: MappedColumn, values: Profile) -> bool:
    if column.reading.startswith("epoch") or "%z" in column.reading:
        return False
    sample = values.texts[:100]
    with_clock = [text for text in sample if re.search(r"\d:\d\d", text)]
    return any(not re.search(r"[+-]\d\d:?\d{0,2}$|[Zz]$|\b(?:UTC|GMT|[A-Z]{3,4})\b", text) for text in with_clock)


_TESTS: dict[str, Callable[[Profile], bool]] = {
    "body": is_prose,
    **dict.fromkeys(("likes", "dislikes", "score"), _are_numbers),
    **dict.fromkeys(("posted", "published"), _are_times),
    **dict.fromkeys(("url", "comment_url"), _are_addresses),
    **dict.fromkeys(("author", "byline"), _are_names),
    **dict.fromkeys(("language", "section", "outlet", "state"), _are_choices),
    **dict.fromkeys(("author_id", "thread", "parent"), _are_keys),
}
