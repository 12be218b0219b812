"""Whether flagged comments were removed more often than others, and how fast."""

from collections import Counter
from typing import Any

from archive.site import chart
from archive.site.database import Connection
from archive.site.flags import load_codes
from archive.site.formatting import count, number
from archive.site.questions.base import CONTENT, Answer, QuestionParams, flag_phrase, flag_title, rows_of
from archive.site.viewer import Visitor
from archive.store.aggregates import DELAYS

SPANS = {1: "an hour", 6: "6 hours", 24: "a day", 72: "3 days", 168: "a week", 720: "30 days"}
COLUMNS = (
    ("group", "Comments"),
    ("seen", "Seen"),
    ("removed", "Removed"),
    ("percent", "Removed, %"),
    ("timed", "Removed, time known"),
    *(
        (f"{kind}_{hours}", f"{kind.capitalize()} within {SPANS[hours]}")
        for hours in DELAYS
        for kind in ("surely", "possibly")
    ),
)
SHOWN = (*COLUMNS[:5], *((f"within_{hours}", f"Within {SPANS[hours]}") for hours in DELAYS))
NOTES = (
    "Counted are comments whose words were read, in threads that were visited more than once: of others nobody knows "
    "whether they went. What a site removed before the first visit was never seen, and is in no number here.",
    "A removal is noticed by the visit that misses the comment: it happened after the visit before. So how fast is "
    "known between two numbers: the first counts comments that were surely gone in time, since even the later visit "
    "came by then; the second those that possibly were, since they were last seen before. The file calls them surely "
    "and possibly. The closer the visits, the closer the numbers.",
    "Removed is not the same as moderated: authors delete comments too, where a site does not say who did.",
)


def load(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Compare the comments that a flag stands on with those without any flag on the words."""
    outcomes: Counter[tuple[str, str]] = Counter()
    delays: Counter[tuple[str, str]] = Counter()
    where, values = ("true", {}) if params.outlet is None else ("key1 like :key", {"key": f"{params.outlet}:%"})
    for counter, name in ((outcomes, "removed_by_flag"), (delays, "removal_delays")):
        for key, kind, comments in rows_of(connection, name, where, **values):
            counter[key.partition(":")[2], kind] += comments
    codes = load_codes(connection)
    parts = sorted({part for part, _ in outcomes}, key=lambda part: (part != CONTENT, part != "none", part))
    rows = [_row(part, outcomes, delays, codes) for part in parts]
    compared = [row for row in rows if row["flag"] in (params.flag, "none")]
    lead = _describe(compared)
    if rows and params.flag not in {row["flag"] for row in rows}:
        lead = f"Of comments with {flag_phrase(codes, params.flag)} nobody can say: none was in such a thread. {lead}"
    bars = [(row["group"], row["removed"], row["seen"]) for row in rows if row["seen"]]
    drawn = chart.rate_chart("Share removed", bars[:30]) if bars else None
    return Answer(COLUMNS, rows, lead, drawn, notes=NOTES, shown=SHOWN)


def _row(part: str, outcomes: Counter[tuple[str, str]], delays: Counter[tuple[str, str]], codes: Any) -> dict[str, Any]:
    seen, removed = outcomes[part, "seen"], outcomes[part, "removed"]
    title = "no flag on the words" if part == "none" else flag_title(codes, part)
    return {
        "group": title[0].upper() + title[1:],
        "seen": seen,
        "removed": removed,
        "percent": round(100 * removed / seen, 2) if seen else 0.0,
        "timed": delays[part, "timed"],
        **{
            f"{kind}_{hours}": delays[part, f"{hours:04}:{kind}"] for hours in DELAYS for kind in ("surely", "possibly")
        },
        **{
            f"within_{hours}": _between(delays[part, f"{hours:04}:surely"], delays[part, f"{hours:04}:possibly"])
            for hours in DELAYS
        },
        "flag": part,
    }


def _describe(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No thread was visited more than once, so no removal can be seen."
    return " ".join(
        f"{row['group']}: {number(row['removed'])} of {count(row['seen'], 'comment')} removed ({row['percent']:.2f}%)"
        + (f", {row['within_24']} within a day and {row['within_168']} within a week." if row["timed"] else ".")
        for row in rows
    )


def _between(surely: int, possibly: int) -> str:
    return number(surely) if surely == possibly else f"{surely:,} to {possibly:,}"
