"""Read the parameters of a request, and write the addresses that carry them: threads, searches and removals.

What cannot be understood is ignored rather than refused: addresses are old, or typed by hand.
"""

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode

from datasette.utils.asgi import Request

from archive.search.query_nodes import RECORDS, is_date
from archive.site.formatting import STATES

# Comments on a page of a thread, hits on a page of a search, and the most hits that a search ranks.
THREAD_PAGE, SEARCH_PAGE, MAX_HITS = 500, 20, 2000
VIEWS = {"order": "In page order", "newest": "Newest first", "flagged": "Only flagged", "changed": "What changed"}
SEVERITIES = ("info", "low", "medium", "high", "critical")
SEVERITY_LEVELS = {name: level for level, name in enumerate(SEVERITIES) if level > 1}
SOURCES = {
    "content": "rules on the text",
    "review": "reviewers",
    "crawl": "changes between visits",
    "platform": "the site itself",
    "capture": "faults of the capture",
    "archive": "this archive",
}
STATUSES = {"unreviewed": "not reviewed", "confirmed": "confirmed", "disputed": "reviewers disagree"}
FLAG_FILTERS = ("flag", "severity", "target", "source", "status")
FORM_FIELDS = (
    "q", "outlet", "commenter", "dataset", *RECORDS, "state", *FLAG_FILTERS, "date", "sort",
)  # fmt: skip
# Hits that a search lets be paged through, where the index answers, and those in its files.
MAX_PAGED, MAX_FILE_HITS = 10_000, 100_000
URL_NAMES = {"since": "from", "until": "to"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z?)?")
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class ThreadParams:
    """A page of a view of a thread; of the thread as it stood at the last visit up to `at`, if that is given."""

    thread: int
    view: str = "order"
    page: int = 1
    at: str | None = None


@dataclass(frozen=True, slots=True)
class RemovalParams:
    """The removals of an outlet, noticed in a month (2026-03); None is all."""

    outlet: int | None = None
    month: str | None = None


@dataclass(frozen=True, slots=True)
class SearchParams:
    """A search with its filters; `since` and `until` are days, and are `from` and `to` in the address."""

    q: str = ""
    outlet: int | None = None
    commenter: int | None = None
    dataset: int | None = None
    label: str | None = None
    decision: str | None = None
    report: str | None = None
    state: str | None = None
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
    # The filter of which all values are listed; and what of the address could not be understood.
    values: str | None = None
    ignored: tuple[str, ...] = ()


SEARCH_FIELDS = tuple(field.name for field in fields(SearchParams) if field.name not in ("values", "ignored"))


def parse_id(text: str | None) -> int | None:
    """Read an id or another whole number; None if it is not one that SQLite can hold."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else None


def parse_number(request: Request) -> int:
    """Return the number in the path; 0, which no row has, if it is not one."""
    return parse_id(request.url_vars["number"]) or 0


def parse_thread(request: Request) -> ThreadParams:
    view, at, page = (request.args.get(name) or "" for name in ("view", "at", "page"))
    return ThreadParams(
        parse_number(request),
        view if view in VIEWS else "order",
        max(1, int(page)) if re.fullmatch(r"[0-9]{1,7}", page) else 1,
        at if _MOMENT.fullmatch(at) else None,
    )


def thread_url(params: ThreadParams) -> str:
    query = [f"view={params.view}"] if params.view != "order" else []
    query += [f"at={params.at}"] if params.at else []
    query += [f"page={params.page}"] if params.page > 1 else []
    return f"/thread/{params.thread}" + ("?" + "&".join(query) if query else "")


def thread_files(params: ThreadParams) -> list[tuple[str, str]]:
    """Return label and address of the files of a view: they hold all of its pages."""
    path, _, query = thread_url(replace(params, page=1)).partition("?")
    return _files(path, query)


def parse_removals(request: Request) -> RemovalParams:
    month = request.args.get("month") or ""
    return RemovalParams(parse_id(request.args.get("outlet")), month if _MONTH.fullmatch(month) else None)


def removal_files(params: RemovalParams) -> list[tuple[str, str]]:
    query = urlencode({name: value for name, value in asdict(params).items() if value is not None})
    return _files("/removals", query)


def _files(path: str, query: str) -> list[tuple[str, str]]:
    return [(kind.upper(), f"{path}.{kind}" + (f"?{query}" if query else "")) for kind in ("csv", "json")]


class _SearchReader:
    """Reads single parameters; `ignored` names those that could not be understood."""

    def __init__(self, args: Mapping[str, str]) -> None:
        self.args, self.ignored = args, dict[str, None]()

    def read(self, name: str, is_valid: Callable[[str], object], hint: str) -> str | None:
        text = (self.args.get(name) or "").strip()
        if not text or is_valid(text):
            return text or None
        self.ignored.setdefault(f"{name}={text[:40]} was ignored: {hint}.")
        return None

    def number(self, name: str) -> int | None:
        return parse_id(self.read(name, parse_id, "it is not the number of one"))

    def choice(self, name: str, values: Mapping[str, object]) -> str | None:
        return self.read(name, values.__contains__, f"it is one of {', '.join(values)}")

    def name_of(self, name: str) -> str | None:
        return self.read(name, lambda text: len(text) <= 200, "it is too long")

    def day(self, name: str) -> str | None:
        return self.read(name, is_date, "it is not a date such as 2026-03-14, 2026-03 or 2026")


def parse_search(args: Mapping[str, str]) -> SearchParams:
    """Read the parameters of a search. What cannot be understood is left out, and named in `ignored`."""
    reader = _SearchReader(args)
    read, number, choice, name_of, day = reader.read, reader.number, reader.choice, reader.name_of, reader.day
    since, until = day("from"), day("to")
    if since and until and since > (last_day(until) or until):
        reader.ignored.setdefault(f"Nothing lies between {since} and {until}: the first day comes after the last.")
    return SearchParams(
        q=(args.get("q") or "").strip(),
        outlet=number("outlet"),
        commenter=number("commenter"),
        dataset=number("dataset"),
        label=name_of("label"),
        decision=name_of("decision"),
        report=name_of("report"),
        state=choice("state", STATES),
        flag=read("flag", re.compile(r"[a-z_]+\.[a-z_]+").fullmatch, "it is not a code such as content.insult"),
        severity=choice("severity", SEVERITY_LEVELS),
        target=read("target", re.compile(r"[a-z_]{1,40}").fullmatch, "it is not the name of a target"),
        source=choice("source", SOURCES),
        status=choice("status", STATUSES),
        # Older links name the width of the date.
        date=day("date") or day("month") or day("year"),
        since=since,
        until=until,
        sort="newest" if args.get("sort") == "newest" else None,
        page=min(max(parse_id(args.get("page")) or 1, 1), MAX_PAGED // SEARCH_PAGE),
        values=args["values"] if args.get("values") in SEARCH_FIELDS else None,
        ignored=tuple(reader.ignored),
    )


def search_url(params: SearchParams, **changed: Any) -> str:
    """Return the address of this search with some parameters changed; of its first page, unless `page` is."""
    parts = {**_encode_search(params), **{name: _encode(name, value) for name, value in changed.items()}}
    return "/search?" + "&".join(filter(None, parts.values()))


@lru_cache(maxsize=32)
def _encode_search(params: SearchParams) -> dict[str, str]:
    """Encode each parameter of a search for the address of its first page: a page has dozens of such addresses."""
    parts = {name: _encode(name, getattr(params, name)) for name in SEARCH_FIELDS}
    return {**parts, "page": "", "values": ""}


def _encode(name: str, value: str | int | None) -> str:
    """Encode a parameter; empty where the address needs none."""
    if value in (None, "") or (name == "page" and value == 1):
        return ""
    return f"{URL_NAMES.get(name, name)}={quote_plus(str(value))}"


def first_day(text: str | None) -> str | None:
    """Return the first day of a month or year, for a field that takes days."""
    return text and (text + "-01" * (2 - text.count("-")))


def last_day(text: str | None) -> str | None:
    """Return the last day of a month or year, for a field that takes days."""
    if not text or text.count("-") == 2:
        return text
    year, month = int(text[:4]), int(text[5:7] or 12)
    return f"{year:04}-{month:02}-{calendar.monthrange(year, month)[1]:02}"


def search_file_url(params: SearchParams, kind: str) -> str:
    return search_url(params).replace("/search?", f"/search.{kind}?", 1)


def filters_flags(params: SearchParams) -> bool:
    return any(getattr(params, name) for name in FLAG_FILTERS)


def is_filtered(params: SearchParams) -> bool:
    return any(getattr(params, name) is not None for name in SEARCH_FIELDS if name not in ("q", "sort", "page"))
