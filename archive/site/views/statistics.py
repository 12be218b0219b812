"""The statistics page: what a public copy has worked out, or a live archive works out in time, as charts and tables."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted

from archive.site import chart, flags, published, queries
from archive.site.database import Connection, TookTooLong, fetch_all, read
from archive.site.formatting import MONTHS, number
from archive.site.memory import remembered
from archive.site.views.search import total
from archive.store.statistics import COLUMNS, OTHERS, STATISTICS

Values = list[tuple[str, str, int]]
T = TypeVar("T")

MOST_COUNTED = 400_000
MOST_COLUMNS = 120
SERIES = 6
MOST_RATES = 30
SECTIONS = {
    "comments_by_day": (
        "Comments by time and outlet",
        "When they were posted, as far as their sources say when; comments without a date are not here.",
    ),
    "flags_by_month": (
        "Flags by month and code",
        "By the month in which the comment was posted, or else first seen. A flag is a claim by its rule: these "
        "numbers say how often rules matched, and change when rules do.",
    ),
    "removals_by_outlet": (
        "Removal rate by outlet",
        "Of comments in threads that were visited more than once, how many a later visit no longer found, or found "
        "marked as removed. Threads that were seen once can tell of no removal, and are left out.",
    ),
    "removals_by_month": ("Removals by month and outlet", "By the month of the visit that missed them."),
}


async def values(datasette: Datasette, db: Database, name: str) -> Values | None:
    """A statistic; None where it is not there and cannot be worked out in time."""
    return await _in_time(datasette, db, lambda connection: _values(connection, name))


async def _in_time(datasette: Datasette, db: Database, work: Callable[[Connection], T | None]) -> T | None:
    try:
        found: T | None = await read(datasette, db, work)
        return found
    except (TookTooLong, QueryInterrupted):
        return None


def _values(connection: Connection, name: str) -> Values | None:
    if published.has_table(connection, "statistics"):
        return [(row[0], row[1], row[2]) for row in fetch_all(connection, queries.STATISTIC, name=name)]
    if total(connection) > MOST_COUNTED:
        return None

    def work() -> Values:
        rows = connection.execute(STATISTICS[name])
        return [(str(key1), str(key2), int(value)) for key1, key2, value in rows]

    return remembered(connection, ("statistic", name), work)


async def load(datasette: Datasette, db: Database) -> dict[str, Any]:
    """What the template needs; each statistic has the time of a page."""
    sections = []
    for name, (title, about) in SECTIONS.items():
        drawn = await _in_time(datasette, db, partial(_section, name=name))
        sections.append({"name": name, "title": title, "about": about, "there": drawn is not None} | (drawn or {}))
    return {"sections": sections}


def _section(connection: Connection, name: str) -> dict[str, Any] | None:
    """A statistic as it is drawn; empty where it counts nothing."""
    found = _values(connection, name)
    if not found:
        return None if found is None else {}

    def draw() -> dict[str, Any]:
        match name:
            case "comments_by_day":
                by = "month" if len(found[0][0]) == 7 else "day"
                said = {"title": f"Comments by {by} and outlet"}
                return _columns(f"Comments by {by}", found, by.capitalize()) | said
            case "flags_by_month":
                titles = {code: row["title"] for code, row in flags.codes(connection).items()}
                return _columns("Flags by month", [(at, titles.get(code, code), n) for at, code, n in found], "Month")
            case "removals_by_outlet":
                return _rates(found)
            case _:
                return _columns("Removals by month", found, "Month")

    return remembered(connection, ("chart", name), draw)


def _columns(title: str, found: Values, first: str) -> dict[str, Any]:
    """A chart of the last columns, its legend, and its table: the largest kinds by name, the others as one."""
    at = _every({key for key, _, _ in found})
    shown = at[-MOST_COLUMNS:]
    within: Counter[str] = Counter()
    for key, kind, value in found:
        if key >= shown[0]:
            within[kind] += value
    others = f"all others ({len(within) - SERIES})"
    top = [kind for kind, _ in within.most_common() if kind != OTHERS]
    names = top if len(within) <= SERIES + 1 else [*top[:SERIES], others]
    names = [*names, OTHERS] if len(within) <= SERIES + 1 and OTHERS in within else names
    cells: Counter[tuple[str, str]] = Counter()
    for key, kind, value in found:
        cells[key, kind if kind in names else others] += value
    labels = [_label(key) for key in shown]
    series = [(name, [cells[key, name] for key in shown]) for name in names]
    return {
        "chart": chart.columns(title, labels, series),
        "legend": names,
        "cut": len(at) - len(shown),
        "head": [first, *names],
        "rows": [
            [label, *(number(values[place]) for _, values in series)]
            for place, label in reversed(list(enumerate(labels)))
        ],
    }


def _every(keys: set[str]) -> list[str]:
    """All days or months from the first to the last, as far back as is drawn; those before as they are."""
    last = max(keys)
    filled: set[str] = set()
    try:
        when = date.fromisoformat(last if len(last) == 10 else f"{last}-01")
        while len(filled) < MOST_COLUMNS and when.isoformat()[: len(last)] >= min(keys):
            filled.add(when.isoformat()[: len(last)])
            when = (when if len(last) == 10 else when.replace(day=1)) - timedelta(days=1)
    except (ValueError, OverflowError):
        return sorted(keys)
    return sorted(keys | filled)


def _label(key: str) -> str:
    """`Mar 2026`, `14 Mar 2026`."""
    year, _, rest = key.partition("-")
    month, _, day = rest.partition("-")
    if not month.isdecimal() or not 1 <= int(month) <= 12:
        return key
    said = f"{MONTHS[int(month) - 1][:3]} {year}"
    return f"{int(day)} {said}" if day.isdecimal() else said


def _rates(found: Values) -> dict[str, Any]:
    seen = {outlet: value for outlet, kind, value in found if kind == "seen"}
    removed = {outlet: value for outlet, kind, value in found if kind == "removed"}
    every = sorted(
        ((outlet, removed.get(outlet, 0), seen[outlet]) for outlet in seen if seen[outlet]),
        key=lambda one: (-one[1] / one[2], one[0]),
    )
    shown = every[:MOST_RATES]
    return {
        "chart": chart.rates("Removal rate by outlet", shown) if shown else "",
        "legend": [],
        "cut": len(every) - len(shown),
        "head": ["Outlet", "Removed", "Seen", "Rate"],
        "rows": [[outlet, number(part), number(whole), f"{part / whole:.2%}"] for outlet, part, whole in shown],
    }


def columns(name: str) -> Sequence[str] | None:
    """The names that its file gives to key1, key2 and value; None where there is no such statistic."""
    return COLUMNS.get(name)
