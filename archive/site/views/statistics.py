"""Load the statistics: stored in a public copy, computed in time from a live archive; as charts and tables."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted

from archive.site import chart, flags, queries, viewer
from archive.site.database import Connection, TookTooLong, fetch_all, read, remember
from archive.site.formatting import MONTHS, number, short
from archive.store.statistics import OTHERS, STATISTICS

# Rows of a statistic: its two keys and the value. What the keys are, archive.store.statistics says.
Values = list[tuple[str, str, int]]
T = TypeVar("T")

MAX_COUNTED = 400_000
MAX_COLUMNS, MAX_SERIES, MAX_RATES = 120, 6, 30
SECTIONS = {
    "comments_by_day": (
        "Comments by time and outlet",
        "When they were posted, as far as their sources say when; comments without a date are not here.",
    ),
    "flags_by_month": (
        "Flags on the words by month and code",
        "By the month in which the comment was posted, or else first seen. A flag is a claim by its rule: these "
        "numbers say how often rules matched, and change when rules do. The file has the flags of all kinds.",
    ),
    "faults_by_month": (
        "Faults of the capture by month",
        "What this archive could not read well, by the month of the comment: these say nothing of what was written.",
    ),
    "removals_by_outlet": (
        "Removal rate by outlet",
        "Of comments in threads that were visited more than once, how many a later visit no longer found, or found "
        "marked as removed. Threads that were seen once can tell of no removal, and are left out.",
    ),
    "removals_by_month": ("Removals by month and outlet", "By the month of the visit that missed them."),
}


# What is drawn from the file of another section, and by what its codes begin.
FILES = {"faults_by_month": "flags_by_month"}
NAMESPACES = {"flags_by_month": "content.", "faults_by_month": "capture."}


async def load_values(datasette: Datasette, db: Database, name: str) -> Values | None:
    """Return a statistic; None if it is not stored and cannot be computed in time."""
    return await _read_in_time(datasette, db, partial(_values, name=name))


async def load(datasette: Datasette, db: Database) -> dict[str, Any]:
    """Return what the template needs; each statistic has the time limit of a page."""
    sections = []
    for name, (title, about) in SECTIONS.items():
        section = await _read_in_time(datasette, db, partial(_section, name=name))
        entry = {
            "name": name,
            "file": FILES.get(name, name),
            "title": title,
            "about": about,
            "available": section is not None,
        }
        sections.append(entry | (section or {}))
    return {"sections": sections}


async def _read_in_time(datasette: Datasette, db: Database, work: Callable[[Connection], T | None]) -> T | None:
    try:
        result: T | None = await read(datasette, db, work)
        return result
    except (TookTooLong, QueryInterrupted):
        return None


def _values(connection: Connection, name: str) -> Values | None:
    if viewer.has_table(connection, "statistics"):
        return [(row[0], row[1], row[2]) for row in fetch_all(connection, queries.STATISTIC, name=name)]
    if viewer.comment_total(connection) > MAX_COUNTED:
        return None

    def compute() -> Values:
        return [(str(key1), str(key2), int(value)) for key1, key2, value in connection.execute(STATISTICS[name])]

    return remember(connection, ("statistic", name), compute)


def _section(connection: Connection, name: str) -> dict[str, Any] | None:
    """Return a statistic as it is drawn; empty if it counts nothing, None if it is not available."""
    values = _values(connection, FILES.get(name, name))
    if values and name in NAMESPACES:
        values = [value for value in values if value[1].startswith(NAMESPACES[name])]
    if not values:
        return None if values is None else {}
    values = [(key1, short(key2), value) for key1, key2, value in values]

    def draw() -> dict[str, Any]:
        match name:
            case "comments_by_day":
                by = "month" if len(values[0][0]) == 7 else "day"
                return column_section(f"Comments by {by}", values, by.capitalize()) | {
                    "title": f"Comments by {by} and outlet"
                }
            case "flags_by_month" | "faults_by_month":
                titles = {code: row["title"] for code, row in flags.load_codes(connection).items()}
                named = [(key, titles.get(code, code), value) for key, code, value in values]
                return column_section(SECTIONS[name][0], named, "Month")
            case "removals_by_outlet":
                return _rate_section(values)
            case _:
                return column_section("Removals by month", values, "Month")

    return remember(connection, ("chart", name), draw)


def column_section(title: str, values: Values, heading: str) -> dict[str, Any]:
    """Draw the last columns; the largest kinds by name, all others as one. Its table holds the same numbers."""
    keys = _fill_gaps({key for key, _, _ in values})
    drawn = keys[-MAX_COLUMNS:]
    totals: Counter[str] = Counter()
    for key, kind, value in values:
        if key >= drawn[0]:
            totals[kind] += value
    others = f"all others ({len(totals) - MAX_SERIES})"
    names = [kind for kind, _ in totals.most_common() if kind != OTHERS]
    if len(totals) > MAX_SERIES + 1:
        names = [*names[:MAX_SERIES], others]
    elif OTHERS in totals:
        names.append(OTHERS)
    cells: Counter[tuple[str, str]] = Counter()
    for key, kind, value in values:
        cells[key, kind if kind in names else others] += value
    labels = [_label(key) for key in drawn]
    series = [(name, [cells[key, name] for key in drawn]) for name in names]
    return {
        "columns": chart.column_chart(title, labels, series),
        "legend": names,
        "cut": len(keys) - len(drawn),
        "head": [heading, *names],
        "rows": [
            [label, *(number(counts[column]) for _, counts in series)]
            for column, label in reversed(list(enumerate(labels)))
        ],
    }


def _fill_gaps(keys: set[str]) -> list[str]:
    """Return all days or months from the first to the last, as far back as is drawn; those before as they are."""
    last = max(keys)
    filled: set[str] = set()
    try:
        when = date.fromisoformat(last if len(last) == 10 else f"{last}-01")
        while len(filled) < MAX_COLUMNS and when.isoformat()[: len(last)] >= min(keys):
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
    label = f"{MONTHS[int(month) - 1][:3]} {year}"
    return f"{int(day)} {label}" if day.isdecimal() else label


def _rate_section(values: Values) -> dict[str, Any]:
    seen = {short(outlet): value for outlet, kind, value in values if kind == "seen"}
    removed = {short(outlet): value for outlet, kind, value in values if kind == "removed"}
    rates = [(outlet, removed.get(outlet, 0), seen[outlet]) for outlet in seen if seen[outlet]]
    rates.sort(key=lambda rate: (-rate[1] / rate[2], rate[0]))
    drawn = rates[:MAX_RATES]
    return {
        "bars": chart.rate_chart("Removal rate by outlet", drawn) if drawn else None,
        "legend": [],
        "cut": len(rates) - len(drawn),
        "head": ["Outlet", "Removed", "Seen", "Rate"],
        "rows": [[outlet, number(part), number(whole), f"{part / whole:.2%}"] for outlet, part, whole in drawn],
    }
