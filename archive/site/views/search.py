"""Search comments by words or by flags alone: the filters beside them, and the hits of a page."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from archive.search.query import SearchQuery
from archive.search.tokenizer import SearchTerm, best_start, find_matches
from archive.search.word_forms import find_forms
from archive.site import chart, flags, queries, search_filters, search_queries, search_suggestions
from archive.site.comments import GONE, NOT_SHOWN, Chip, Piece, author_name, fold_reason, make_piece
from archive.site.database import Connection, Row, fetch_all
from archive.site.excerpts import EXCERPT_LETTERS, EXCERPT_LETTERS_BEFORE, cut_excerpt
from archive.site.formatting import STATES, Time, count, describe_time, month, number
from archive.site.params import (
    FORM_FIELDS,
    MAX_FILE_HITS,
    MAX_PAGED,
    SEARCH_FIELDS,
    SEARCH_PAGE,
    SOURCES,
    STATUSES,
    SearchParams,
    first_day,
    is_filtered,
    last_day,
    search_file_url,
    search_url,
)
from archive.site.questions.series import fill_months, month_label
from archive.site.responses import render_macro
from archive.site.search_results import SearchResult, search_comments
from archive.site.viewer import Visitor
from archive.text.span_masking import Span

# Of a text so much is read for its excerpt: one that is longer, and has no match before, shows its beginning.
MAX_READ = 200_000
MAX_LINE = 140
# Within so many characters an excerpt shows as many of the terms as it can.
WIDTH = EXCERPT_LETTERS - EXCERPT_LETTERS_BEFORE
FIRST_FILTERS = ("outlet", "flag", "severity", "date")
MAX_OPTIONS = 200


@dataclass(frozen=True, slots=True)
class ParentLine:
    """The first line of the comment that a hit replies to."""

    id: int
    name: str
    line: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Hit:
    """A comment that matches, as the template needs it: `note` stands for its text, `fold` is what the text is behind.

    Jinja reads attributes in a fifth of the time that keys of a dictionary and columns of a row take it."""

    id: int
    thread: int
    title: str | None
    outlet: str | None
    author: str
    commenter: int | None
    time: Time
    chips: Sequence[Chip]
    note: str | None
    fold: str | None
    excerpt: Sequence[Piece]
    gone: str | None
    parent: ParentLine | None


def load_ids(connection: Connection, params: SearchParams) -> tuple[list[int], dict[str, Any]]:
    """Return the ids of all hits in order, and what a file says of the search."""
    result = search_comments(connection, params, flags.load_codes(connection), 0, MAX_FILE_HITS, counted=False)
    about = {
        "question": {name: getattr(params, name) for name in SEARCH_FIELDS if name != "page"},
        "matched": result.total,
        "limited": not result.is_whole or result.total > len(result.ids),
        "looked_at": result.looked_at,
    }
    return list(result.ids), about


def load(connection: Connection, params: SearchParams, visitor: Visitor) -> dict[str, Any]:
    """Return what the template needs."""
    codes = flags.load_codes(connection)
    start = (params.page - 1) * SEARCH_PAGE
    result = search_comments(connection, params, codes, start, start + SEARCH_PAGE)
    code = codes.get(params.flag or "")
    pages = -(-min(result.total, MAX_PAGED) // SEARCH_PAGE)
    return {
        "params": params,
        "notes": (*result.query.errors, *result.query.notes, *params.ignored),
        "has_errors": bool(result.query.errors),
        "about": (f"Flagged: {code['title']}" if code else "Flagged comments") if result.by == "flags" else None,
        "summary": _summary(result, params) if result.by else None,
        "has_forms": result.has_forms,
        "hits": render_macro("_search.html", "entries", _hits(connection, result, visitor)),
        "suggestions": search_suggestions.suggest(connection, params, result) if result.by and not result.total else [],
        "articles": _articles(connection, result.query) if result.query.match and params.page == 1 else [],
        **_filters(connection, params, result, codes),
        "counted": None if result.is_whole else f"of the newest {number(result.looked_at)} matches",
        "chart": _by_month(result),
        "undated": max(0, result.total - sum(result.months.values())),
        "dates": params.since or params.until or params.outlet or params.flag,
        "from_day": first_day(params.since),
        "to_day": last_day(params.until),
        "sorts": _sorts(params, result),
        "form": [(name, getattr(params, name)) for name in FORM_FIELDS if getattr(params, name)],
        "before": search_url(params, page=params.page - 1) if params.page > 1 else None,
        "after": search_url(params, page=params.page + 1) if params.page < pages else None,
        "pages": pages,
        "paged": MAX_PAGED if result.total > MAX_PAGED else None,
        "feed": search_url(params).replace("/search?", "/feeds/search.atom?", 1),
        "files": [(kind.upper() + _cut(result), search_file_url(params, kind)) for kind in ("csv", "json")],
    }


def _by_month(result: SearchResult) -> Markup | None:
    """Draw the matches by month, where there is more than one."""
    if len(result.months) < 2:
        return None
    months = fill_months(sorted(result.months))
    values = [result.months.get(month, 0) for month in months]
    labels = [month_label(month) for month in months]
    columns = chart.column_chart("Matches by month", labels, [("comments", values)])
    return render_macro("_chart.html", "columns", columns)


def _cut(result: SearchResult) -> str:
    if not result.is_whole:
        return f" of the newest {number(result.looked_at)}"
    return f" of the first {number(MAX_FILE_HITS)}" if result.total > MAX_FILE_HITS else ""


def _sorts(params: SearchParams, result: SearchResult) -> list[tuple[str, str | None]]:
    if result.by != "words":
        return []
    return [
        ("Best match", search_url(params, sort=None) if params.sort else None),
        ("Newest first", None if params.sort else search_url(params, sort="newest")),
    ]


def _summary(result: SearchResult, params: SearchParams) -> str:
    comments = count(result.total, "comment")
    if result.is_whole:
        return f"{comments} match{'es' if result.total == 1 else ''}"
    verb = "showing the best of" if result.by == "words" else "showing"
    most = number(result.looked_at)
    newest = f"more than {most} comments match; {verb} the latest {most}"
    return f"{comments} here: {newest}" if result.by == "words" and is_filtered(params) else newest.capitalize()


def _hits(connection: Connection, result: SearchResult, visitor: Visitor) -> list[Hit]:
    ids = result.ids
    if not ids:
        return []
    rows = {row["id"]: row for row in fetch_all(connection, search_queries.HITS, ids=json.dumps(ids))}
    above = sorted({row["parent_id"] for row in rows.values() if row["parent_id"]})
    parents = {row["id"]: row for row in fetch_all(connection, queries.NAMES_BY_ID, ids=json.dumps(above))}
    context = flags.load_flags(connection, [*ids, *above], visitor)
    texts = _masked_texts(connection, context, [*ids, *(context.hidden.keys() & set(above))])
    terms = result.query.terms
    if result.has_forms:
        terms = (*terms, *find_forms(result.query.node, texts.values()))
    return [
        _hit(row, parents.get(row["parent_id"]), texts, terms, context)
        for row in (rows[comment] for comment in ids if comment in rows)
    ]


def _hit(
    row: Row, parent: Row | None, texts: Mapping[int, str], terms: Sequence[SearchTerm], context: flags.FlagContext
) -> Hit:
    number, chips = row["id"], context.chips(row)
    return Hit(
        number,
        row["thread_id"],
        row["title"],
        row["outlet"],
        author_name(row),
        row["commenter_id"],
        describe_time(row["posted_at"], row["posted_at_text"], row["posted_precision"]),
        chips,
        NOT_SHOWN if row["withheld"] else None,
        fold_reason(chips) or (f"{GONE[row['state']]}. Show the text" if row["state"] in GONE else None),
        _excerpt(texts[number], terms, _flag_spans(context, row)),
        GONE.get(row["state"]),
        _parent(parent, texts.get(parent["id"], parent["body"]), context) if parent else None,
    )


def _masked_texts(connection: Connection, context: flags.FlagContext, ids: Sequence[int]) -> dict[int, str]:
    rows = fetch_all(connection, search_queries.TEXTS_BY_ID, ids=json.dumps(ids), length=MAX_READ) if ids else []
    return {row["id"]: context.mask(row["id"], row["body"], row["revision"]) for row in rows}


def _flag_spans(context: flags.FlagContext, row: Row) -> list[Span]:
    """Return where flags matched; nothing of a masked text, where spans have moved."""
    if row["id"] in context.hidden:
        return []
    ids = [flag["id"] for flag in context.flags.get(row["id"], ()) if flag["revision"] == row["revision"]]
    return [(span["start"], span["end"]) for number in ids for span in context.spans.get(number, ())]


def _excerpt(text: str, terms: Sequence[SearchTerm], spans: Sequence[Span] = ()) -> list[Piece]:
    """Cut a text where it has most of the terms; where its flags matched, if nothing is searched for."""
    if not terms:
        return cut_excerpt(text, spans)
    matches = find_matches(text, terms)
    return cut_excerpt(text, [(start, end) for start, end, _ in matches], best_start(matches, WIDTH))


def _parent(row: Row, text: str, context: flags.FlagContext) -> ParentLine:
    codes = [flag["code"] for flag in context.flags.get(row["id"], ())]
    is_folded = row["state"] in GONE or any(context.codes[code]["blur"] for code in codes)
    line = next((line for line in text[: MAX_LINE * 20].splitlines() if line.strip()), "(no text)")
    line = "(folded)" if is_folded else line[:MAX_LINE] + ("…" if len(line) > MAX_LINE else "")
    return ParentLine(row["id"], author_name(row), [make_piece(line)])


def _articles(connection: Connection, query: SearchQuery) -> list[dict[str, Any]]:
    ids = [row["id"] for row in fetch_all(connection, search_queries.ARTICLE_HITS, match=query.match)]
    rows = fetch_all(connection, search_queries.ARTICLES_BY_ID, ids=json.dumps(ids), length=MAX_READ) if ids else []
    return [
        {
            "row": row,
            "snippet": _excerpt(row["body"], query.terms),
            "time": describe_time(row["published_at"], None, row["published_precision"])
            if row["published_at"]
            else None,
        }
        for row in rows
    ]


def _filters(connection: Connection, params: SearchParams, result: SearchResult, codes: flags.Codes) -> dict[str, Any]:
    """Return the filters, most of them behind "More filters", which is open if any of them is used."""
    if not result.counts:
        return {"filters": "", "more_filters": "", "more_open": False, "listed": None, "pickers": ""}
    counts = result.counts
    labels = _filter_labels(connection, params, counts, codes)
    filters = {
        name: search_filters.list_values(title, name, params, counts.get(name), names) for title, name, names in labels
    }
    used = {name: entry for name, entry in filters.items() if entry.values or entry.remove or not entry.is_counted}
    listed = [
        search_filters.list_every_value(title, name, params, counts[name], names)
        for title, name, names in labels
        if name == params.values
    ]
    first, more = (
        [entry for name, entry in used.items() if (name in FIRST_FILTERS) is is_first] for is_first in (True, False)
    )
    pickers = [
        search_filters.picker(title, name, params, counts[name], names, MAX_OPTIONS)
        for title, name, names in labels
        if name in ("outlet", "flag")
    ]
    return {
        "filters": render_macro("_search.html", "filter_lists", first),
        "more_filters": render_macro("_search.html", "filter_lists", more),
        "more_open": any(entry.remove for entry in more),
        "listed": listed[0] if listed else None,
        "pickers": render_macro("_search.html", "pickers", pickers),
    }


def _filter_labels(
    connection: Connection, params: SearchParams, counts: Mapping[str, Counter[Any]], codes: flags.Codes
) -> list[tuple[str, str, Mapping[Any, str]]]:
    """Return title and name of each filter, and what its values are called."""

    def names(sql: str, name: str) -> dict[int, str]:
        return _names(connection, sql, name, counts.get(name, Counter()), params)

    return [
        ("Outlet", "outlet", names(search_queries.OUTLET_NAMES, "outlet")),
        ("Flag", "flag", {code: row["title"] for code, row in codes.items()}),
        ("Severity", "severity", {"medium": "Medium and above", "high": "High and above", "critical": "Critical"}),
        ("Target", "target", {target: target.replace("_", " ") for target in counts["target"]}),
        ("Source", "source", SOURCES),
        ("Review", "status", STATUSES),
        ("Date", "date", {key: month(key) if len(key) == 7 else key for key in counts["date"]}),
        (
            "Commenter",
            "commenter",
            names(search_queries.COMMENTER_NAMES, "commenter"),
        ),
        ("Dataset", "dataset", names(search_queries.DATASET_NAMES, "dataset")),
        ("Label", "label", {}),
        ("Moderators decided", "decision", {}),
        ("Reported for", "report", {}),
        ("On the site", "state", STATES),
    ]


def _names(connection: Connection, sql: str, name: str, counter: Counter[int], params: SearchParams) -> dict[int, str]:
    """Return the names of the values of a filter that a page shows, and of the one that is chosen."""
    if not counter and getattr(params, name) is None:
        return {}
    shown = MAX_OPTIONS if name == "outlet" else search_filters.LISTED_VALUES
    most = search_filters.MOST_LISTED if params.values == name else shown
    ids = json.dumps([getattr(params, name), *(value for value, _ in counter.most_common(most))])
    return {row["id"]: row["name"] or "unnamed account" for row in fetch_all(connection, sql, ids=ids)}
