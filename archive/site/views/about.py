"""Load the about page: what this archive holds, how complete it is, what it withholds, and whom to write to."""

import json
from pathlib import Path
from typing import Any

from archive.site import queries, viewer
from archive.site.database import Connection, fetch_all, fetch_row, fetch_value
from archive.site.formatting import count, day, moment

# Tables that the page counts, with their nouns.
TOTALS = (
    ("comments", "comment", None),
    ("threads", "thread", None),
    ("articles", "article", None),
    ("outlets", "outlet", None),
    ("commenters", "name of commenters", "names of commenters"),
)
COMMENTERS = {
    "shown": "Commenters stand here under the names that they used.",
    "pseudonyms": "Names of commenters are replaced by made-up ones; the same name stands for the same commenter.",
    "dropped": "Names of commenters are not shown.",
}
MAX_OUTLETS, MAX_PLATFORMS, MAX_RELEASES = 200, 50, 50

Values = list[tuple[str, str, int]]


def load(connection: Connection) -> dict[str, Any]:
    """Return what the template needs, without the sums over whole tables."""
    release = viewer.release_facts(connection)
    totals = dict(map(tuple, fetch_all(connection, queries.TOTALS)))
    period = fetch_row(connection, queries.PERIOD)
    assert period is not None
    codes = fetch_all(connection, queries.CODES)
    return {
        "counts": [
            (name, totals.get(name, 0), count(totals.get(name, 0), noun, plural)) for name, noun, plural in TOTALS
        ],
        "outlets": [row["name"] for row in fetch_all(connection, queries.OUTLETS_BY_NAME)],
        "more_outlets": max(0, totals.get("outlets", 0) - MAX_OUTLETS),
        "posted": _describe_period(period["first"], period["last"]),
        "visited": _describe_period(period["begun"], period["latest"]),
        "withheld": _withheld_by_reason(connection, release),
        "release_facts": _describe_release(release),
        "commenters": COMMENTERS.get(str(release.get("commenters"))),
        "folded": [row["title"] for row in codes if row["blur"] and row["namespace"] != "archive"],
        "previous": _previous_releases(connection) if release else [],
        "contact": release.get("contact"),
    }


def describe_completeness(by_completeness: Values | None, stated_sums: Values | None) -> dict[str, Any]:
    """Return how complete threads are, by platform; None for what could not be counted in time."""
    if by_completeness is None:
        return {"threads": None, "platforms": None, "stated": None}
    kinds = {"full": 0, "partial": 0, "unknown": 0}
    platforms: dict[str, int] = {}
    for kind, platform, value in by_completeness:
        kinds[kind] = kinds.get(kind, 0) + value
        platforms[platform] = platforms.get(platform, 0) + value
    sums = {key: value for key, _, value in stated_sums or ()}
    largest = sorted(platforms.items(), key=lambda platform: (-platform[1], platform[0]))[:MAX_PLATFORMS]
    return {
        "threads": list(kinds.items()),
        "platforms": largest,
        "stated": sums if sums.get("stated") else None,
    }


def _describe_period(first: str | None, last: str | None) -> str | None:
    if first is None or last is None:
        return None
    return f"from {day(first)} to {day(last)}" if day(first) != day(last) else f"on {day(first)}"


def _withheld_by_reason(connection: Connection, release: dict[str, Any]) -> list[tuple[str, int]]:
    """Return how many comments are withheld, by reason; a copy may state more than its rows show."""
    stated = _parse_json(release.get("withheld"))
    if isinstance(stated, dict):
        counts = {str(reason): int(value) for reason, value in stated.items() if isinstance(value, int)}
    else:
        counts = {row["rule"]: row["comments"] for row in fetch_all(connection, queries.WITHHELD_BY_REASON)}
    return [(reason, value) for reason, value in sorted(counts.items()) if value]


def _describe_release(release: dict[str, Any]) -> dict[str, Any] | None:
    if not release:
        return None
    return {
        "number": release.get("number"),
        "published": moment(release.get("published_at")),
        "software": release.get("software_version"),
        "robots": release.get("robots"),
    }


def _previous_releases(connection: Connection) -> list[dict[str, Any]]:
    """Return earlier releases, latest first: those whose manifests lie in the folder `chain` beside this copy."""
    path = fetch_value(connection, queries.FILE)
    if not path:
        return []
    releases = []
    for manifest in sorted((Path(path).resolve().parent / "chain").glob("*.json"), reverse=True)[:MAX_RELEASES]:
        stated = _parse_json(manifest.read_text("utf-8", "replace")) if manifest.is_file() else None
        if isinstance(stated, dict) and isinstance(stated.get("number"), int):
            releases.append({"number": stated["number"], "published": moment(str(stated.get("published_at")))})
    return releases


def _parse_json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
