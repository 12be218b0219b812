"""Write numbers with what they count: `1 comment`, `2,000 comments`. Pure."""

from collections.abc import Collection, Mapping


def format_count(value: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: in the plural, which adds an "s" where none is given, but for 1."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def with_zeros(counts: Mapping[str, int], names: Collection[str]) -> dict[str, int]:
    """Return counts by name, also those that are 0: else a program could not tell none from not counted."""
    return {name: counts.get(name, 0) for name in (*names, *sorted(counts.keys() - set(names)))}
