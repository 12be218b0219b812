"""In which order day and month stand in dates that are numbers alone, by where the dates of one page fall."""

from collections.abc import Sequence

FEWEST_DATES = 3  # that differ, before where they fall shows anything
LONG_SPAN = 60  # days


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
