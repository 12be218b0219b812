"""When comments come: at which hour of the day, and how long after the article was published."""

from bisect import bisect_right
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from archive.site import chart
from archive.site.database import Connection
from archive.site.formatting import count
from archive.site.questions.base import Answer, QuestionParams, in_months, of_outlet, per_thousand, sums_of
from archive.site.viewer import Visitor
from archive.store.aggregates import MOST_HOURS

HOUR_COLUMNS = (
    ("hour", "Hour"),
    ("comments", "Comments"),
    ("percent", "% of all"),
    ("flagged", "With a flag on the words"),
    ("per_1000", "Flagged per 1,000"),
)
KINDS = ("without a flag", "with a flag on the words")
AGE_COLUMNS = (("age", "After publication"), *HOUR_COLUMNS[1:])
TIMED = "Counted are comments whose source states a time of day; many state only a day."
# The hours of the first day, then spans that grow: from so many hours on.
AGES = (*range(24), 24, 36, 48, 72, 96, 120, 144, MOST_HOURS)


def load_hours(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Return the comments by hour of the day, in a time zone with its summer time."""
    zone = ZoneInfo(params.zone)
    sums: dict[str, Counter[int]] = {}
    months, more = in_months(params)
    for kind in ("all", "content"):
        where, values = of_outlet(params, f":{kind}")
        sums[kind] = _in_zone(sums_of(connection, "comments_by_hour", f"{where} and {months}", **values, **more), zone)
    total = sum(sums["all"].values())
    table = [
        {
            "hour": f"{hour:02}:00–{hour:02}:59",
            "comments": sums["all"][hour],
            "percent": round(100 * sums["all"][hour] / total, 2) if total else 0.0,
            "flagged": sums["content"][hour],
            "per_1000": per_thousand(sums["content"][hour], sums["all"][hour]),
        }
        for hour in range(24)
    ]
    lead = f"{count(total, 'comment')} by hour of the day in the time zone {params.zone}."
    notes = [TIMED, f"Hours are those of {params.zone}, with its summer time. Everything else on this site is in UTC."]
    labels = [f"{hour:02}" for hour in range(24)]
    drawn = chart.column_chart("Comments by hour of the day", labels, _series(sums, range(24))) if total else None
    return Answer(HOUR_COLUMNS, table if total else (), lead, drawn, KINDS, notes)


def _series(sums: dict[str, Counter[int]], keys: range) -> list[tuple[str, list[int]]]:
    plain = [sums["all"][key] - sums["content"][key] for key in keys]
    return [(KINDS[0], plain), (KINDS[1], [sums["content"][key] for key in keys])]


def _in_zone(hours: list[tuple[str, int]], zone: ZoneInfo) -> Counter[int]:
    """Sum hours of UTC, as 2026-03-14T09, by the hour of the day that they are in a zone.

    Zones that are half an hour off: the comments of an hour are counted where its first half hour is."""
    days: dict[str, list[int | None]] = {}
    local: Counter[int] = Counter()
    for hour, comments in hours:
        day, clock = hour[:10], hour[11:]
        if day not in days:
            days[day] = _local_hours(day, zone)
        if clock.isdecimal() and int(clock) < 24 and (at := days[day][int(clock)]) is not None:
            local[at] += comments
    return local


def _local_hours(day: str, zone: ZoneInfo) -> list[int | None]:
    """Return what each hour of a day of UTC is in a zone; None for hours that are none there."""
    first, last = _local_hour(day, 0, zone), _local_hour(day, 23, zone)
    if first is not None and last == (first + 23) % 24:  # no change to summer time or back
        return [(first + hour) % 24 for hour in range(24)]
    return [_local_hour(day, hour, zone) for hour in range(24)]


def _local_hour(day: str, hour: int, zone: ZoneInfo) -> int | None:
    # No time at an edge of the calendar, which a source may state, has a day before it or after it.
    with suppress(ValueError, OverflowError):
        return datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=UTC).astimezone(zone).hour
    return None


def load_ages(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Return the comments by how long after their article they came."""
    sums: dict[str, Counter[int]] = {}
    months, more = in_months(params)
    for kind in ("all", "content"):
        where, values = of_outlet(params, f":{kind}")
        sums[kind] = Counter()
        for key, comments in sums_of(connection, "comments_by_age", f"{where} and {months}", **values, **more):
            sums[kind][bisect_right(AGES, int(key.rpartition(":")[2])) - 1] += comments
    total = sum(sums["all"].values())
    table = [
        {
            "age": _age(bracket),
            "comments": sums["all"][bracket],
            "percent": round(100 * sums["all"][bracket] / total, 2) if total else 0.0,
            "flagged": sums["content"][bracket],
            "per_1000": per_thousand(sums["content"][bracket], sums["all"][bracket]),
        }
        for bracket in range(len(AGES))
    ]
    lead = f"{count(total, 'comment')} by time since their article was published."
    notes = [
        "Counted are comments whose source states a time of day, under articles that state one too.",
        "After the first day a row spans more than an hour.",
    ]
    labels = [f"{AGES[bracket]} h" for bracket in range(len(AGES))]
    drawn = (
        chart.column_chart("Comments by time since publication", labels, _series(sums, range(len(AGES))))
        if total
        else None
    )
    return Answer(AGE_COLUMNS, table if total else (), lead, drawn, KINDS, notes)


def _age(bracket: int) -> str:
    start = AGES[bracket]
    if start == MOST_HOURS:
        return "a week or more"
    return f"{start} to {AGES[bracket + 1]} hours"


def load(connection: Connection, params: QuestionParams, visitor: Visitor) -> Answer:
    """Return the hours of the day, or with `by=age` those since publication."""
    return (load_ages if params.by == "age" else load_hours)(connection, params, visitor)
