"""In which order day and month stand in dates that are numbers alone, by where the dates of one page fall."""

from collections.abc import Sequence

FEWEST_DATES = 3  # that differ, before where they fall shows anything
LONG_SPAN = 60  # days

# Languages in which numbers in a date stand day first wherever they are written; of English only some countries.
_DAY_FIRST_LANGUAGES = (
    "de fr es it pt nl pl cs sk sl hr sr bs ro el tr ru uk bg mk sq da no nb nn fi et lv is ga ca gl eu id ms vi th ar "
    "he hi bn fa ur en-gb en-au en-nz en-ie en-in en-za"
)
_DAY_FIRST = frozenset(_DAY_FIRST_LANGUAGES.split())
_OTHER_ORDERS = ("-us", "-pr", "-pa", "-ca")  # countries that write the month first, or both, in Spanish and French


def is_day_first(language: str | None) -> bool:
    """Whether all who write the language of a page write the day first."""
    tag = (language or "").casefold().replace("_", "-")
    return tag in _DAY_FIRST or (tag.partition("-")[0] in _DAY_FIRST and not tag.endswith(_OTHER_ORDERS))


def order_by_span(dates: Sequence[tuple[int, int, int]]) -> bool | None:
    """Return whether the day comes first: dates of one page lie within days, and a month apart each where misread.

    The dates are two numbers and a year; None where they fall as closely either way.
    """
    if len(set(dates)) < FEWEST_DATES or len({year for *_, year in dates}) > 1:
        return None
    day_first, month_first = (
        max(days) - min(days)
        for days in (
            [second * 30.5 + first for first, second, _ in dates],
            [first * 30.5 + second for first, second, _ in dates],
        )
    )
    if max(day_first, month_first) < LONG_SPAN or min(day_first, month_first) * 4 > max(day_first, month_first):
        return None
    return day_first < month_first
