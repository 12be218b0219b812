"""What the about page says: what this archive holds, how it was made, what it withholds, and who is to be asked."""

import json
from pathlib import Path
from typing import Any

from archive.site import published, queries
from archive.site.database import Connection, fetch_all, fetch_row, fetch_value
from archive.site.formatting import count, day, moment, number

HELD = (
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


def load(connection: Connection) -> dict[str, Any]:
    """What the template needs, but for the sums over whole tables."""
    release = published.facts(connection)
    totals = dict(map(tuple, fetch_all(connection, queries.TOTALS)))
    period = fetch_row(connection, queries.PERIOD)
    assert period is not None
    return {
        "held": [count(totals.get(name, 0), noun, plural) for name, noun, plural in HELD],
        "outlets": [row["name"] for row in fetch_all(connection, queries.OUTLETS_BY_NAME)],
        "more_outlets": max(0, totals.get("outlets", 0) - 200),
        "posted": _span(period["first"], period["last"]),
        "visited": _span(period["begun"], period["latest"]),
        "withheld": _withheld(connection, release),
        "release_facts": _release(release),
        "commenters": COMMENTERS.get(str(release.get("commenters"))),
        "folded": _folded(connection),
        "previous": _previous(connection, release),
        "contact": release.get("contact"),
    }


def completeness(found: list[tuple[str, str, int]] | None, stated: list[tuple[str, str, int]] | None) -> dict[str, Any]:
    """How whole the threads are, by platform; None where that could not be counted."""
    if found is None:
        return {"threads": None, "platforms": None, "stated": None}
    kinds = {"full": 0, "partial": 0, "unknown": 0}
    platforms: dict[str, int] = {}
    for kind, platform, value in found:
        kinds[kind] = kinds.get(kind, 0) + value
        platforms[platform] = platforms.get(platform, 0) + value
    sums = {key: value for key, _, value in stated or ()}
    said = f"{number(sums['stored'])} of {count(sums['stated'], 'comment')}" if sums.get("stated") else None
    return {
        "threads": [(kind, number(value)) for kind, value in kinds.items()],
        "platforms": [(name, number(n)) for name, n in sorted(platforms.items(), key=lambda one: (-one[1], one[0]))][
            :50
        ],
        "stated": said,
    }


def _span(first: str | None, last: str | None) -> str | None:
    if first is None or last is None:
        return None
    return f"from {day(first)} to {day(last)}" if day(first) != day(last) else f"on {day(first)}"


def _withheld(connection: Connection, release: dict[str, Any]) -> list[tuple[str, str]]:
    """How many comments are withheld, by reason."""
    stated = _json(release.get("withheld"))
    if isinstance(stated, dict):
        found = {str(reason): int(n) for reason, n in stated.items() if isinstance(n, int)}
    else:
        found = {row["rule"]: row["found"] for row in fetch_all(connection, queries.WITHHELD_BY_REASON)}
    return [(reason, count(n, "comment")) for reason, n in sorted(found.items()) if n]


def _release(release: dict[str, Any]) -> dict[str, Any] | None:
    if not release:
        return None
    return {
        "number": release.get("number"),
        "published": moment(release.get("published_at")),
        "software": release.get("software_version"),
        "robots": release.get("robots"),
    }


def _folded(connection: Connection) -> list[str]:
    """The titles of codes whose texts are folded."""
    return [
        row["title"] for row in fetch_all(connection, queries.CODES) if row["blur"] and row["code"] != queries.WITHHELD
    ]


def _previous(connection: Connection, release: dict[str, Any]) -> list[dict[str, Any]]:
    """Earlier releases, as far as their manifests lie beside this one; the latest first."""
    path = fetch_value(connection, queries.FILE) if release else None
    if not path:
        return []
    found = []
    for manifest in sorted((Path(path).resolve().parent / "chain").glob("*.json"), reverse=True)[:50]:
        stated = _json(manifest.read_text("utf-8", "replace")) if manifest.is_file() else None
        if isinstance(stated, dict) and isinstance(stated.get("number"), int):
            found.append({"number": stated["number"], "published": moment(str(stated.get("published_at")))})
    return found


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
