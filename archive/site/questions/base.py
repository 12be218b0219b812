"""What questions share: their parameters, the shape of an answer, counts that are stored or made, and names."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from datasette.utils.asgi import Request

from archive.site import viewer
from archive.site.chart import BarChart, ColumnChart, LineChart
from archive.site.database import Connection, Row, fetch_all
from archive.site.formatting import short
from archive.site.params import URL_NAMES, parse_id
from archive.site.viewer import Visitor
from archive.store.aggregates import AGGREGATES

# A live archive with more comments than this is not counted while a reader waits.
MAX_COUNTED = 400_000
SHOWN_ROWS = 200
UNKNOWN_OUTLET = "outlet unknown"
CONTENT = "content"
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_DAY_OF_MONTH = re.compile(r"([0-9]{4}-(?:0[1-9]|1[0-2]))-[0-3][0-9]")
_CODE = re.compile(r"[a-z_]+(?:\.[a-z_]+)?")


class NotCounted(Exception):
    """The archive is too large to be counted while a reader waits, and its counts are not stored."""


@dataclass(frozen=True, slots=True)
class QuestionParams:
    """The parameters of all questions; each reads its own. `problems` name the values that could not be understood."""

    q: str = ""
    outlet: int | None = None
    flag: str = CONTENT
    since: str | None = None
    until: str | None = None
    by: str | None = None
    zone: str = "UTC"
    section: str = ""
    byline: str = ""
    problems: tuple[str, ...] = ()


FIELDS = tuple(entry.name for entry in fields(QuestionParams) if entry.name != "problems")


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a question's table, what they say in a sentence, and the chart of them.

    `columns` are keys of the rows with their headings. A row may have `links`, the addresses of its cells by column."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[Mapping[str, Any]]
    lead: str = ""
    chart: ColumnChart | LineChart | BarChart | None = None
    legend: Sequence[str] = ()
    notes: Sequence[str] = ()
    limited: bool = False
    shown: Sequence[tuple[str, str]] = ()

    @property
    def page_columns(self) -> Sequence[tuple[str, str]]:
        """Return the columns of the page, where they are not those of the file."""
        return self.shown or self.columns


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its address, what it asks, the fields of its form, and what answers it."""

    slug: str
    title: str
    about: str
    form: Sequence[str]
    load: Callable[[Connection, QuestionParams, Visitor], Answer]
    choices: Mapping[str, str] = field(default_factory=dict)


def parse_question(request: Request) -> QuestionParams:
    """Read the parameters; what cannot be understood is left out, and named."""
    args = {name: (request.args.get(URL_NAMES.get(name, name)) or "").strip() for name in FIELDS}
    problems = []

    def check(name: str, value: Any, what: str) -> Any:
        if args[name] and value is None:
            problems.append(f"“{short(args[name], 60)}” is no {what}; it was left out.")
        return value

    since, until = (check(name, _parse_month(args[name]), "month such as 2026-03") for name in ("since", "until"))
    if since and until and since > until:
        problems.append(f"Nothing lies between {since} and {until}: the first month comes after the last.")
    return QuestionParams(
        q=args["q"][:500],
        outlet=check("outlet", parse_id(args["outlet"]), "number of an outlet"),
        flag=check("flag", args["flag"] if _CODE.fullmatch(args["flag"]) else None, "flag") or CONTENT,
        since=since,
        until=until,
        by=args["by"][:20] or None,
        zone=check("zone", args["zone"] if args["zone"] in _zones() else None, "time zone") or "UTC",
        section=args["section"][:200],
        byline=args["byline"][:200],
        problems=tuple(problems),
    )


@cache
def _zones() -> set[str]:
    """Return the names of time zones, which are read from files."""
    return available_timezones()


def _parse_month(text: str) -> str | None:
    day = _DAY_OF_MONTH.fullmatch(text)
    return day[1] if day else text if _MONTH.fullmatch(text) else None


def question_url(slug: str, params: QuestionParams, suffix: str = "", **changed: Any) -> str:
    """Return the address of a question with these parameters, as a page or as a file."""
    values = {name: changed.get(name, getattr(params, name)) for name in FIELDS}
    plain = QuestionParams()
    query = [
        (URL_NAMES.get(name, name), value) for name, value in values.items() if value and value != getattr(plain, name)
    ]
    return f"/questions/{slug}{suffix}" + (f"?{urlencode(query)}" if query else "")


def source(connection: Connection, name: str) -> str:
    """Return SQL for the rows (key1, key2, value) of a count: stored in a public copy, made in a small live archive.

    Raise NotCounted where it is large."""
    if viewer.has_table(connection, "statistics"):
        return f"(select key1, key2, value from statistics where name = '{name}')"  # noqa: S608
    if viewer.comment_total(connection) > MAX_COUNTED:
        raise NotCounted
    return f"({AGGREGATES[name]})"


def rows_of(
    connection: Connection, name: str, where: str = "true", more: str = "", **parameters: Any
) -> list[tuple[str, str, int]]:
    """Return the rows of a count that meet a condition."""
    sql = f"select key1, key2, value from {source(connection, name)} where {where} {more}"  # noqa: S608
    return [(str(row[0]), str(row[1]), int(row[2])) for row in connection.execute(sql, parameters)]


def sums_of(connection: Connection, name: str, where: str = "true", **parameters: Any) -> list[tuple[str, int]]:
    """Return the sum of each second key of a count, over the rows that meet a condition."""
    sql = f"select key2, sum(value) from {source(connection, name)} where {where} group by key2"  # noqa: S608
    return [(str(key), int(value)) for key, value in connection.execute(sql, parameters)]


def outlet_names(connection: Connection) -> dict[str, str]:
    """Return the names of outlets by their ids as counts have them."""
    rows = fetch_all(connection, "select id, coalesce(name, domain) as name from outlets order by name")
    return {"0": UNKNOWN_OUTLET} | {str(row["id"]): short(row["name"], 100) for row in rows}


def of_outlet(params: QuestionParams, suffix: str = "") -> tuple[str, dict[str, Any]]:
    """Return a condition on key1, which begins with an outlet, and its parameters."""
    if params.outlet is None:
        return ("key1 like :ending", {"ending": f"%{suffix}"}) if suffix else ("true", {})
    return "key1 = :key", {"key": f"{params.outlet}{suffix}"}


def in_months(params: QuestionParams) -> tuple[str, dict[str, Any]]:
    """Return a condition on key2, which begins with a month."""
    return "key2 >= :since and key2 < :until", {"since": params.since or "", "until": f"{params.until or '9999'}~"}


def flag_title(codes: Mapping[str, Row], flag: str) -> str:
    if flag == CONTENT:
        return "any flag on the words"
    return str(codes[flag]["title"]) if flag in codes else flag


def flag_phrase(codes: Mapping[str, Row], flag: str) -> str:
    return "a flag on their words" if flag == CONTENT else f"the flag “{flag_title(codes, flag)}”"


def flag_choices(codes: Mapping[str, Row]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the flags of a form in groups: those on the words first, faults of the capture last."""
    groups: dict[str, list[tuple[str, str]]] = {"Flags on the words": [(CONTENT, "Any flag on the words")]}
    names = {"content": "Flags on the words", "capture": "Faults of the capture"}
    for code, row in sorted(codes.items(), key=lambda item: (-item[1]["severity"], item[1]["title"])):
        if row["namespace"] not in ("context", "archive") and "c" in row["level"].split():
            groups.setdefault(names.get(row["namespace"], "Other flags"), []).append((code, row["title"]))
    last = groups.pop("Faults of the capture", [])
    return [*groups.items(), *([("Faults of the capture", last)] if last else [])]


def per_thousand(part: int, whole: int) -> float:
    return round(1000 * part / whole, 2) if whole else 0.0


def has_pseudonyms(connection: Connection) -> bool:
    """Whether names are made-up ones, which differ from outlet to outlet, or left out."""
    return bool(viewer.release_facts(connection).get("commenters", "shown") != "shown")
