"""What every flag means, which rules raise it and how often reviewers refuse it; and how far they agree."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from archive.review import agreement, queue
from archive.site import flags, queries
from archive.site.claims import SAID_BY_PEOPLE
from archive.site.database import Connection, Row, fetch_all
from archive.site.params import SEVERITIES
from archive.site.viewer import Visitor

ABOUT = {
    "content": "What rules matched in the text. A match is a lead, not a finding, until a person has read it.",
    "review": "What a person found.",
    "context": "What stands around a match and may change what it means.",
    "crawl": "What this archive saw change between its visits.",
    "platform": "What the source itself says.",
    "capture": "What was lost or repaired on the way here.",
    "archive": "What this archive decided.",
}


def load(connection: Connection, visitor: Visitor) -> dict[str, Any]:
    """Every code by who claims it, the gravest first. Read from totals and reviews, never from the flags themselves."""
    rates: dict[tuple[str, str], queue.Rate] = {(rate.kind, rate.name): rate for rate in queue.rates(connection)}
    rules = flags.grouped(fetch_all(connection, queries.RULES), "code")
    rows = sorted(fetch_all(connection, queries.CODES), key=lambda row: (-row["severity"], row["code"]))
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["namespace"], []).append(_code(row, rules.get(row["code"], ()), rates, visitor))
    named = [name for name in dict.fromkeys((*ABOUT, *groups)) if name in groups]
    return {
        "groups": [(name, ABOUT.get(name, ""), groups[name]) for name in named],
        "reviewed": any(rate.reviewed for rate in rates.values()),
    }


def as_rows(connection: Connection) -> list[dict[str, Any]]:
    """The codes as rows, in the order of the page within each namespace."""
    rates = {rate.name: rate for rate in queue.rates(connection) if rate.kind == "code"}
    rows = sorted(
        fetch_all(connection, queries.CODES), key=lambda row: (row["namespace"], -row["severity"], row["code"])
    )
    return [_as_row(row, rates.get(row["code"])) for row in rows]


def _as_row(row: Row, rate: queue.Rate | None) -> dict[str, Any]:
    kept = ("code", "title", "definition", "namespace", "level", "severity", "blur")
    judged = ("reviewed", "confirmed", "dismissed", "corrected", "disputed")
    numbers = {name: getattr(rate, name) if rate else 0 for name in judged}
    return {name: row[name] for name in kept} | {"flags": row["total"]} | numbers


def _code(
    row: Row, rules: Sequence[Row], rates: Mapping[tuple[str, str], queue.Rate], visitor: Visitor
) -> dict[str, Any]:
    personal = row["namespace"] in SAID_BY_PEOPLE
    return {
        "row": row,
        "severity": SEVERITIES[row["severity"]],
        "mappings": json.loads(row["mappings"]),
        "page": f"/search?flag={row['code']}" if _has_page(row) else None,
        "rules": [{"row": rule, "rate": _rate(rates.get(("rule", rule["rule"])))} for rule in rules],
        "rate": _rate(rates.get(("code", row["code"]))) if personal else None,
        "queue": f"/review?only={row['code']}" if visitor.judges and row["namespace"] == "content" else None,
    }


def _has_page(row: Row) -> bool:
    """Whether its flags stand on comments that the search lists."""
    return "c" in row["level"].split() and row["namespace"] != "context"


def _rate(rate: queue.Rate | None) -> str:
    """What reviewers made of it, in words."""
    if rate is None or not rate.reviewed or rate.error_rate is None:
        return "no reviews yet"
    found = [(rate.confirmed, "confirmed"), (rate.dismissed, "dismissed"), (rate.corrected, "corrected")]
    said = [f"{number:,} {verdict}" for number, verdict in (*found, (rate.disputed, "disputed")) if number]
    return f"{rate.reviewed:,} reviewed: {', '.join(said)}; error rate {rate.error_rate:.0%}"


def load_agreement(connection: Connection) -> dict[str, Any]:
    known = flags.codes(connection)
    found = agreement.agreement(connection)
    return {
        "rows": [
            {
                "code": one.code,
                "title": known[one.code]["title"] if one.code and one.code in known else one.code or "all codes",
                "flags": f"{one.flags:,}",
                "reviewers": f"{one.reviewers:,}",
                "share": f"{one.share:.0%}",
                "kappa": _coefficient(one.kappa),
                "alpha": _coefficient(one.alpha),
            }
            for one in found
        ]
    }


def _coefficient(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")
