"""Series by month and outlet: how often readers say a word, and how often flags stand on what they say."""

from collections import Counter
from dataclasses import replace
from typing import Any

from archive.site import chart
from archive.site.database import Connection
from archive.site.flags import load_codes
from archive.site.formatting import MONTHS, count, number
from archive.site.params import SearchParams, search_url
from archive.site.questions.base import (
    CONTENT,
    Answer,
    QuestionParams,
    flag_phrase,
    in_months,
    of_outlet,
    outlet_names,
    per_thousand,
    rows_of,
)
from archive.site.search_matches import count_by_outlet_and_month
from archive.site.viewer import Visitor

MAX_SERIES, MAX_MONTHS = 6, 120
COLUMNS = (
    ("month", "Month"),
    ("outlet", "Outlet"),
    ("matching", "Comments containing it"),
    ("comments", "All comments"),
    ("per_1000", "Per 1,000 comments"),
)
FLAG_COLUMNS = (*COLUMNS[:2], ("matching", "Flagged comments"), *COLUMNS[3:])
Cells = Counter[tuple[str, str]]
UNDATED = "Comments whose source states no date, or only a year, are not counted here."


def load_words(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Return how many comments have the words, by month and outlet."""
    if not params.q:
        return Answer(COLUMNS, (), "Enter a word or a phrase.")
    found = count_by_outlet_and_month(connection, params.q)
    if found.errors:
        return Answer(COLUMNS, (), " ".join(found.errors))
    matching: Cells = Counter()
    for (outlet, month), comments in found.counts.items():
        if month and _is_selected(params, str(outlet or 0), month):
            matching[str(outlet or 0), month] += comments
    words = params.q if '"' in params.q else f"“{params.q}”"
    answer = _answer(connection, params, matching, f"contain {words}", SearchParams(q=params.q))
    return replace(answer, columns=COLUMNS, notes=[*found.notes, UNDATED])


def load_flag_rate(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Return how many comments a flag stands on, by month and outlet."""
    where, values = of_outlet(params, f":{params.flag}")
    months, more = in_months(params)
    matching: Cells = Counter()
    for key, month, found in rows_of(connection, "flagged_by_month", f"{where} and {months}", **values, **more):
        outlet, _separator, flag = key.partition(":")
        if flag == params.flag:
            matching[outlet, month] += found
    says = f"have {flag_phrase(load_codes(connection), params.flag)}"
    search = SearchParams(source=CONTENT) if params.flag == CONTENT else SearchParams(flag=params.flag)
    notes = [
        UNDATED,
        "A flag is a claim by whoever raised it: most are raised by rules on the words, and not yet reviewed. Flags "
        "that reviewers dismissed are not counted. A comment with several such flags counts once.",
    ]
    return replace(_answer(connection, params, matching, says, search), columns=FLAG_COLUMNS, notes=notes)


def _is_selected(params: QuestionParams, outlet: str, month: str) -> bool:
    return (params.outlet is None or outlet == str(params.outlet)) and (
        (params.since or "") <= month <= (params.until or "9999")
    )


def _answer(connection: Connection, params: QuestionParams, matching: Cells, says: str, search: SearchParams) -> Answer:
    """Return the comments that `says` is true of, by month and outlet; `search` finds them."""
    where, values = of_outlet(params)
    months, more = in_months(params)
    rows = rows_of(connection, "comments_by_month", f"{where} and {months}", **values, **more)
    whole: Cells = Counter({(outlet, month): found for outlet, month, found in rows})
    # A date before which nothing else is known may stand in `matching` alone: count nothing of what has no whole.
    matching = Counter({key: found for key, found in matching.items() if key in whole})
    names = outlet_names(connection)
    table = [
        {
            "month": month,
            "outlet": names.get(outlet, outlet),
            "matching": matching[outlet, month],
            "comments": comments,
            "per_1000": per_thousand(matching[outlet, month], comments),
            "links": {"matching": _search_url(search, outlet, month)} if matching[outlet, month] else {},
        }
        for (outlet, month), comments in sorted(whole.items(), key=lambda item: (item[0][1], item[0][0]), reverse=True)
    ]
    total, found = sum(whole.values()), sum(matching.values())
    lead = (
        f"{number(found)} of {count(total, 'comment')} {says}: {per_thousand(found, total):,.2f} per 1,000."
        if total
        else "No comments with a date match this choice."
    )
    return Answer((), table, lead, *_draw(params, matching, whole, names, says))


def _search_url(search: SearchParams, outlet: str, month: str) -> str:
    return search_url(search, outlet=int(outlet) or None, date=month)


def _draw(
    params: QuestionParams, matching: Cells, whole: Cells, names: dict[str, str], says: str
) -> tuple[Any, list[str]]:
    """Draw the outlets with most comments, and all of them as one; rates unless numbers are asked for."""
    if not whole:
        return None, []
    months = fill_months(sorted({month for _, month in whole}))
    sizes: Counter[str] = Counter()
    for (outlet, _), comments in whole.items():
        sizes[outlet] += comments
    outlets = sorted((outlet for outlet, _ in sizes.most_common(MAX_SERIES)), key=lambda outlet: int(outlet))
    series = [(names.get(outlet, outlet), {outlet}) for outlet in outlets]
    if len(sizes) > 1:
        series.insert(0, ("All outlets", set(sizes)))
    values: list[tuple[str, list[float]]] = []
    for name, members in series:
        parts = [
            (sum(matching[outlet, month] for outlet in members), sum(whole[outlet, month] for outlet in members))
            for month in months
        ]
        values.append((name, [part if params.by == "number" else per_thousand(part, all_) for part, all_ in parts]))
    kind = "by month" if params.by == "number" else "per 1,000, by month"
    labels = [month_label(month) for month in months]
    return chart.line_chart(f"Comments that {says}, {kind}", labels, values), [name for name, _ in values]


def fill_months(months: list[str]) -> list[str]:
    """Return every month from the first to the last, the latest MAX_MONTHS of them."""
    year, month = map(int, months[-1].split("-"))
    filled: list[str] = []
    while len(filled) < MAX_MONTHS and (not filled or filled[-1] > months[0]):
        filled.append(f"{year:04}-{month:02}")
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return filled[::-1]


def month_label(month: str) -> str:
    return f"{MONTHS[int(month[5:]) - 1][:3]} {month[:4]}"
