"""The names of months in many languages, and what they are short for."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _months() -> dict[str, int]:
    """Every month name, and every beginning of one (three letters or more) that can mean one month only."""
    exact: dict[str, int] = {}
    for months in tomllib.loads(files(__package__).joinpath("months.toml").read_text("utf-8")).values():
        for number, forms in enumerate(months, 1):
            for form in forms.split("/"):
                exact.setdefault(form.casefold(), number)
    beginnings: dict[str, set[int]] = {}
    for name, number in exact.items():
        for length in range(3, min(len(name), 7)):
            beginnings.setdefault(name[:length], set()).add(number)
    english = dict(
        zip(
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
            range(1, 13),
            strict=True,
        )
    )
    return {b: n.pop() for b, n in beginnings.items() if len(n) == 1} | english | exact


def month(word: str) -> int | None:
    """Return the month (1 to 12) that a word names in any of the languages, or None."""
    return _months().get(word.casefold().rstrip("."))
