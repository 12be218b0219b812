"""Write times as the archive does: ISO-8601 in UTC."""

from datetime import UTC, datetime


def format_time(moment: datetime) -> str:
    """Write a time to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> str:
    """Return the present time (UTC) as the archive writes it, to the second."""
    return format_time(datetime.now(UTC))


def format_milliseconds(moment: datetime) -> str:
    """Write a time to the millisecond; as texts such times compare with each other, not with those to the second."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
