"""What a reader asks of a search, as it stands in the address; which comments pass, and how many pass each filter."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from archive.site.formatting import number

MOST = 2000
SIZE = 20
LISTED = 8
SEVERITIES = ("info", "low", "medium", "high", "critical")
GRAVE = {name: level for level, name in enumerate(SEVERITIES) if level > 1}
SOURCES = {
    "content": "rules on the text",
    "review": "reviewers",
    "crawl": "changes between visits",
    "platform": "the site itself",
    "capture": "faults of the capture",
    "archive": "this archive",
}
STATUSES = {"unreviewed": "not reviewed", "confirmed": "confirmed", "disputed": "reviewers disagree"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its filters; as in the address, where `from` and `to` are days."""

    q: str = ""
    outlet: int | None = None
    commenter: int | None = None
    flag: str | None = None
    severity: str | None = None
    target: str | None = None
    source: str | None = None
    status: str | None = None
    date: str | None = None
    since: str | None = None
    until: str | None = None
    sort: str | None = None
    page: int = 1


FIELDS = tuple(one.name for one in fields(Asked))
KEPT = ("q", "outlet", "commenter", "flag", "severity", "target", "source", "status", "date", "sort")
OF_FLAGS = ("flag", "severity", "target", "source", "status")
NAMES = {"since": "from", "until": "to"}


class Claim(NamedTuple):
    """What filters look at in a flag."""

    code: str
    severity: int
    target: str | None
    status: str

    @property
    def source(self) -> str:
        return self.code.partition(".")[0]


class Fact(NamedTuple):
    """What filters look at in a comment."""

    id: int
    score: float
    outlet: int | None
    commenter: int | None
    day: str
    claims: Sequence[Claim] = ()


def asked(arguments: Mapping[str, str]) -> Asked:
    """Reads an address. What is not understood is left out rather than an error."""

    def whole(name: str) -> int | None:
        text = arguments.get(name) or ""
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    def date(name: str) -> str | None:
        text = (arguments.get(name) or "").strip()
        return text if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text) else None

    def word(name: str, pattern: str) -> str | None:
        text = arguments.get(name) or ""
        return text if re.fullmatch(pattern, text) else None

    return Asked(
        q=(arguments.get("q") or "").strip(),
        outlet=whole("outlet"),
        commenter=whole("commenter"),
        flag=word("flag", r"[a-z_]+\.[a-z_]+"),
        severity=word("severity", "|".join(GRAVE)),
        target=word("target", r"[a-z_]{1,40}"),
        source=word("source", "|".join(SOURCES)),
        status=word("status", "|".join(STATUSES)),
        date=date("date") or date("month") or date("year"),
        since=date("from"),
        until=date("to"),
        sort="newest" if arguments.get("sort") == "newest" else None,
        page=min(max(whole("page") or 1, 1), MOST // SIZE + 1),
    )


def address(asked: Asked, **changed: Any) -> str:
    """The address of this question with something changed; always from its first page unless that is what changes."""
    new = replace(asked, **{"page": 1, **changed})
    shown = [(NAMES.get(name, name), getattr(new, name)) for name in FIELDS if name != "page" or new.page > 1]
    return "/search?" + urlencode([(name, value) for name, value in shown if value not in (None, "")])


def file_address(asked: Asked, kind: str) -> str:
    """Where all that this question finds is as a file."""
    return address(asked).replace("/search?", f"/search.{kind}?", 1)


def asks_of_flags(asked: Asked) -> bool:
    return any(getattr(asked, name) for name in OF_FLAGS)


def is_filtered(asked: Asked) -> bool:
    return any(getattr(asked, name) is not None for name in FIELDS if name not in ("q", "sort", "page"))


def passing(facts: Iterable[Fact], asked: Asked) -> list[Fact]:
    return [fact for fact in facts if _passes(fact, asked)]


def _passes(fact: Fact, asked: Asked) -> bool:
    return (
        (asked.outlet is None or fact.outlet == asked.outlet)
        and (asked.commenter is None or fact.commenter == asked.commenter)
        and (asked.date is None or fact.day.startswith(asked.date))
        and (asked.since is None or fact.day >= asked.since)
        and (asked.until is None or "" < fact.day[: len(asked.until)] <= asked.until)
        and (not asks_of_flags(asked) or any(fits(claim, asked) for claim in fact.claims))
    )


def fits(claim: Claim, asked: Asked) -> bool:
    """Whether one and the same flag is all that is asked."""
    return (
        (asked.flag is None or claim.code == asked.flag)
        and (asked.severity is None or claim.severity >= GRAVE[asked.severity])
        and (asked.target is None or claim.target == asked.target)
        and (asked.source is None or claim.source == asked.source)
        and (asked.status is None or (claim.source == "content" and claim.status == asked.status))
    )


def counts(candidates: Sequence[Fact], found: Sequence[Fact], asked: Asked, name: str) -> Counter[Any]:
    """How many comments each value of a filter would leave, everything else being as it is asked.

    Without words the candidates are those that the filters of flags chose: what these left out cannot be counted.
    """
    if name == "date":
        width = 7 if asked.date else 4
        return Counter(fact.day[:width] for fact in found if fact.day)
    without: dict[str, Any] = {} if name in OF_FLAGS and not asked.q else {name: None}
    other = replace(asked, **without)
    facts = found if other == asked else passing(candidates, other)
    if name not in OF_FLAGS:
        return Counter(value for fact in facts if (value := getattr(fact, name)) is not None)
    result: Counter[Any] = Counter()
    for fact in facts:
        if fact.claims:
            result.update(
                {value for claim in fact.claims if fits(claim, other) for value in _values(claim, name, other)}
            )
    return result


def _values(claim: Claim, name: str, asked: Asked) -> Iterable[str]:
    match name:
        case "flag":
            yield claim.code
        case "severity":
            least = GRAVE[asked.severity or "medium"]
            yield from (name for name, level in GRAVE.items() if claim.severity >= level >= least)
        case "target" if claim.target:
            yield claim.target
        case "source":
            yield claim.source
        case "status" if claim.source == "content":
            yield claim.status


def listed(title: str, name: str, asked: Asked, counter: Counter[Any], names: Mapping[Any, str]) -> dict[str, Any]:
    """A filter as its page shows it: the most frequent values as links with their counts."""
    chosen = getattr(asked, name)
    top = counter.most_common(LISTED)
    return {
        "title": title,
        "remove": address(asked, **{name: None}) if chosen is not None else None,
        "values": [
            {
                "label": names.get(value, str(value)),
                "count": number(found),
                "href": None if value == chosen else address(asked, **{name: value}),
            }
            for value, found in top
        ],
        "more": len(counter) - len(top),
    }
