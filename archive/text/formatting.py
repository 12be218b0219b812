"""Write numbers with what they count (`2,000 comments`), and times as the archive does: ISO-8601 in UTC."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime


def format_count(value: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: in the plural, which adds an "s" where none is given, but for 1."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def with_zeros(counts: Mapping[str, int], names: Collection[str]) -> dict[str, int]:
    """Return counts by name, also those that are 0: else a program could not tell none from not counted."""
    return {name: counts.get(name, 0) for name in (*names, *sorted(counts.keys() - set(names)))}


def format_time(moment: datetime) -> str:
    """Write a time to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> str:
    """Return the present time (UTC) as the archive writes it, to the second."""
    return format_time(datetime.now(UTC))


def format_milliseconds(moment: datetime) -> str:
    """Write a time to the millisecond; as texts such times compare with each other, not with those to the second."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
