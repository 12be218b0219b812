"""Load what every flag means, which rules raise it and how often reviewers refuse it; and how far they agree."""

import json
from typing import Any

from archive.review import agreement, queue
from archive.review.verdicts import REVIEW_NAMESPACES
from archive.site import flags, queries
from archive.site.database import Connection, Row, fetch_all
from archive.site.params import SEVERITIES
from archive.site.viewer import Visitor
from archive.site.views.review import ReviewParams, review_url

NAMESPACES = {
    "content": "What rules matched in the text. A match is a lead, not a finding, until a person has read it.",
    "review": "What a person found.",
    "context": "What stands around a match and may change what it means.",
    "crawl": "What this archive saw change between its visits.",
    "platform": "What the source itself says.",
    "capture": "What was lost or repaired on the way here.",
    "archive": "What this archive decided.",
}
_RATE_COLUMNS = ("reviewed", "confirmed", "dismissed", "corrected", "disputed")


def load(connection: Connection, visitor: Visitor) -> dict[str, Any]:
    """Return every code by its namespace, the gravest first. Read from totals and reviews, never from the flags: there
    may be millions."""
    rates: dict[tuple[str, str], queue.ErrorRate] = {(rate.kind, rate.name): rate for rate in queue.rates(connection)}
    rules = flags.group_by(fetch_all(connection, queries.RULES), "code")
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(fetch_all(connection, queries.CODES), key=lambda row: (-row["severity"], row["code"])):
        code, namespace = row["code"], row["namespace"]
        # Whether its flags stand on comments that the search lists.
        is_searchable = "c" in row["level"].split() and namespace != "context"
        entry = {
            "row": row,
            "severity": SEVERITIES[row["severity"]],
            "mappings": json.loads(row["mappings"]),
            "page": f"/search?flag={code}" if is_searchable else None,
            "rules": [
                {
                    "row": rule,
                    "rate": _describe_rate(rates.get(("rule", rule["rule"]))),
                    "queue": review_url(ReviewParams(code=code, rule=rule["rule"]))
                    if visitor.judges and namespace == "content"
                    else None,
                }
                for rule in rules.get(code, ())
            ],
            "rate": _describe_rate(rates.get(("code", code))) if namespace in REVIEW_NAMESPACES else None,
            "queue": f"/review?only={code}" if visitor.judges and namespace == "content" else None,
        }
        groups.setdefault(namespace, []).append(entry)
    names = [name for name in dict.fromkeys((*NAMESPACES, *groups)) if name in groups]
    return {
        "groups": [(name, NAMESPACES.get(name, ""), groups[name]) for name in names],
        "reviewed": any(rate.reviewed for rate in rates.values()),
    }


def list_codes(connection: Connection) -> list[dict[str, Any]]:
    """Return the codes as rows of a file, in the order of the page within each namespace."""
    rates = {rate.name: rate for rate in queue.rates(connection) if rate.kind == "code"}
    rows = fetch_all(connection, queries.CODES)
    rows.sort(key=lambda row: (row["namespace"], -row["severity"], row["code"]))
    return [_code_row(row, rates.get(row["code"])) for row in rows]


def _code_row(row: Row, rate: queue.ErrorRate | None) -> dict[str, Any]:
    columns = ("code", "title", "definition", "namespace", "level", "severity", "blur")
    counts = {name: getattr(rate, name) if rate else 0 for name in _RATE_COLUMNS}
    return {name: row[name] for name in columns} | {"flags": row["total"]} | counts


def _describe_rate(rate: queue.ErrorRate | None) -> str:
    if rate is None or not rate.reviewed or rate.error_rate is None:
        return "no reviews yet"
    counts = ((getattr(rate, verdict), verdict) for verdict in _RATE_COLUMNS[1:])
    parts = ", ".join(f"{number:,} {verdict}" for number, verdict in counts if number)
    return f"{rate.reviewed:,} reviewed: {parts}; error rate {rate.error_rate:.0%}"


def load_agreement(connection: Connection) -> dict[str, Any]:
    codes = flags.load_codes(connection)
    return {
        "rows": [
            {
                "code": entry.code,
                "title": codes[entry.code]["title"]
                if entry.code and entry.code in codes
                else entry.code or "all codes",
                "flags": f"{entry.flags:,}",
                "reviewers": f"{entry.reviewers:,}",
                "share": f"{entry.share:.0%}",
                "kappa": _format_coefficient(entry.kappa),
                "alpha": _format_coefficient(entry.alpha),
            }
            for entry in agreement.agreement(connection)
        ]
    }


def _format_coefficient(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")
