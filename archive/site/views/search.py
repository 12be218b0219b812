"""Search comments by words or by flags alone: candidates, the filters beside them, and the hits of a page."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.search import bm25
from archive.search.query import SearchQuery, parse_query
from archive.search.words import Term, best_start, find_matches
from archive.site import flags, html, queries, search_filters
from archive.site.database import Connection, Row, fetch_all, fetch_value, remember
from archive.site.formatting import count, month, number
from archive.site.params import (
    FORM_FIELDS,
    MAX_HITS,
    SEARCH_FIELDS,
    SEARCH_PAGE,
    SEVERITY_LEVELS,
    SOURCES,
    STATUSES,
    SearchParams,
    filters_flags,
    is_filtered,
    search_file_url,
    search_url,
)
from archive.site.search_filters import CommentFacts, FlagFacts
from archive.site.viewer import Visitor, comment_total
from archive.text.pii_masking import Span

# With more comments than this, ranking by FTS5 takes too long: see bm25.
MAX_RANKED_BY_FTS5 = 400_000
MAX_FLAGS_READ = 5_000
# Of a text so much is read for its excerpt: one that is longer, and has no match before, shows its beginning.
MAX_READ = 200_000
MAX_LINE = 140
# Within so many characters an excerpt shows as many of the terms as it can.
WIDTH = html.EXCERPT_LETTERS - html.EXCERPT_LETTERS_BEFORE
FILTERS = ("outlet", "flag", "severity", "target", "source", "status", "date", "commenter", "dataset", "label")
FIRST_FILTERS = ("outlet", "flag", "severity", "date")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The comments `passing` all filters, in the order of the search, among the `newest` that match its words.

    `by` is "words", "flags" or None, if nothing is searched for; `has_more` says that older comments match too."""

    query: SearchQuery
    by: str | None
    newest: Sequence[CommentFacts]
    passing: Sequence[CommentFacts]
    has_more: bool


def search_comments(connection: Connection, params: SearchParams, codes: flags.Codes) -> SearchResult:
    query = parse_query(params.q)
    by = "words" if query.match else "flags" if not params.q and filters_flags(params) else None
    newest = _candidates(connection, query, params, codes) if by else []
    has_more = len(newest) > MAX_HITS
    if has_more:
        newest = sorted(newest, key=lambda comment: comment.id, reverse=True)[:MAX_HITS]
    passing = search_filters.filter_comments(newest, params) if is_filtered(params) else newest
    if params.sort or by == "flags":
        passing = sorted(passing, key=lambda comment: (comment.day, comment.id), reverse=True)
    else:
        passing = sorted(passing, key=lambda comment: (-comment.score, comment.id), reverse=True)
    return SearchResult(query, by, newest, passing, has_more)


def load_ids(connection: Connection, params: SearchParams) -> tuple[list[int], dict[str, Any]]:
    """Return the ids of all hits in order, and what a file says of the search."""
    result = search_comments(connection, params, flags.load_codes(connection))
    about = {
        "question": {name: getattr(params, name) for name in SEARCH_FIELDS if name != "page"},
        "matched": len(result.passing),
        "limited": result.has_more,
        "looked_at": len(result.newest),
    }
    return [comment.id for comment in result.passing], about


def load(connection: Connection, params: SearchParams, visitor: Visitor) -> dict[str, Any]:
    """Return what the template needs."""
    codes = flags.load_codes(connection)
    result = search_comments(connection, params, codes)
    ids = [comment.id for comment in result.passing[(params.page - 1) * SEARCH_PAGE : params.page * SEARCH_PAGE]]
    code = codes.get(params.flag or "")
    cut = f" of the newest {number(MAX_HITS)}" if result.has_more else ""
    return {
        "params": params,
        "notes": result.query.notes,
        "about": (f"Flagged: {code['title']}" if code else "Flagged comments") if result.by == "flags" else None,
        "summary": _summary(result, params) if result.by else None,
        "hits": html.render_hits(_hits(connection, result.query, ids, visitor), visitor.base),
        "articles": _articles(connection, result.query) if result.query.match and params.page == 1 else [],
        **_filters(connection, params, result, codes),
        "dates": params.since or params.until,
        "sorts": [
            ("Best match", search_url(params, sort=None) if params.sort else None),
            ("Newest first", None if params.sort else search_url(params, sort="newest")),
        ]
        if result.by == "words"
        else [],
        "form": [(name, getattr(params, name)) for name in FORM_FIELDS if getattr(params, name)],
        "before": search_url(params, page=params.page - 1) if params.page > 1 else None,
        "after": search_url(params, page=params.page + 1) if len(result.passing) > params.page * SEARCH_PAGE else None,
        "pages": -(-len(result.passing) // SEARCH_PAGE),
        "files": [(kind.upper() + cut, search_file_url(params, kind)) for kind in ("csv", "json")],
    }


def _candidates(
    connection: Connection, query: SearchQuery, params: SearchParams, codes: flags.Codes
) -> list[CommentFacts]:
    """Read the newest comments that match, at most one more than MAX_HITS, in no order."""
    if query.match:
        return remember(
            connection, ("matches", query), lambda: _load_facts(connection, _match_words(connection, query))
        )
    names = tuple(code for code, row in sorted(codes.items()) if _passes_filters(row, params))
    key = ("flagged", names, params.target, params.status)
    return remember(connection, key, lambda: _load_facts(connection, _match_flags(connection, params, names)))


def _passes_filters(code: Row, params: SearchParams) -> bool:
    """Whether flags of this code can pass the filters of flags. Context is no claim of its own; only content has a
    status."""
    namespace = code["namespace"]
    return (
        (params.flag is None or code["code"] == params.flag)
        and (params.severity is None or code["severity"] >= SEVERITY_LEVELS[params.severity])
        and (params.source is None or namespace == params.source)
        and (namespace == "content" or (params.status is None and namespace != "context"))
    )


def _match_flags(connection: Connection, params: SearchParams, codes: Sequence[str]) -> list[list[Any]]:
    rows: dict[int, list[Any]] = {}
    values = {"target": params.target, "status": params.status, "read": MAX_FLAGS_READ, "limit": MAX_HITS + 1}
    for code in codes:
        flagged = json.loads(fetch_value(connection, queries.NEWEST_FLAGGED, code=code, **values))
        rows |= {row[0]: row for row in flagged}
    return [rows[number] for number in sorted(rows, reverse=True)[: MAX_HITS + 1]]


def _match_words(connection: Connection, query: SearchQuery) -> list[list[Any]]:
    """Return id, score, thread, commenter and day of each candidate."""
    is_ranked = comment_total(connection) <= MAX_RANKED_BY_FTS5
    sql = queries.MATCHES if is_ranked else queries.NEWEST_MATCHES
    # Not strict: texts may contain control characters.
    text = fetch_value(connection, sql, match=query.match, limit=MAX_HITS + 1)
    rows: list[list[Any]] = json.loads(text, strict=False)
    if is_ranked:
        return rows
    scores = bm25.rank([body for _, body, *_ in rows], query.terms)
    return [[number, score, *rest] for (number, _, *rest), score in zip(rows, scores, strict=True)]


def _load_facts(connection: Connection, rows: Sequence[Sequence[Any]]) -> list[CommentFacts]:
    threads = json.dumps(sorted({thread for _, _, thread, _, _ in rows}))
    places = {thread: place for thread, *place in json.loads(fetch_value(connection, queries.OUTLETS_OF, ids=threads))}
    ids = json.dumps([comment for comment, *_ in rows])
    by_comment: dict[int, list[FlagFacts]] = {}
    for comment, *values in json.loads(fetch_value(connection, queries.FLAG_FACTS, ids=ids)):
        by_comment.setdefault(comment, []).append(FlagFacts(*values))
    labels: dict[int, list[str]] = {}
    for comment, label in json.loads(fetch_value(connection, queries.LABEL_FACTS, ids=ids), strict=False):
        labels.setdefault(comment, []).append(label)
    return [
        CommentFacts(
            comment,
            score,
            places[thread][0],
            commenter,
            day or "",
            by_comment.get(comment, ()),
            places[thread][1],
            labels.get(comment, ()),
        )
        for comment, score, thread, commenter, day in rows
    ]


def _summary(result: SearchResult, params: SearchParams) -> str:
    total = len(result.passing)
    comments = count(total, "comment")
    if not result.has_more:
        return f"{comments} match{'es' if total == 1 else ''}"
    verb = "ranked" if result.by == "words" else "shown"
    newest = f"more than {number(MAX_HITS)} comments match; {verb} are the newest {number(MAX_HITS)}"
    return f"{comments} here: {newest}" if result.by == "words" and is_filtered(params) else newest.capitalize()


def _hits(connection: Connection, query: SearchQuery, ids: Sequence[int], visitor: Visitor) -> list[dict[str, Any]]:
    if not ids:
        return []
    rows = {row["id"]: row for row in fetch_all(connection, queries.HITS, ids=json.dumps(ids))}
    above = sorted({row["parent_id"] for row in rows.values() if row["parent_id"]})
    parents = {row["id"]: row for row in fetch_all(connection, queries.NAMES_BY_ID, ids=json.dumps(above))}
    context = flags.load_flags(connection, [*ids, *above], visitor)
    texts = _masked_texts(connection, context, [*ids, *(context.hidden.keys() & set(above))])
    hits = []
    for row in (rows[comment] for comment in ids if comment in rows):
        chips, parent = context.chips(row), parents.get(row["parent_id"])
        hits.append(
            {
                "row": row,
                "author": html.author_name(row),
                "time": html.describe_time(row["posted_at"], row["posted_at_text"], row["posted_precision"]),
                "chips": chips,
                "note": html.NOT_SHOWN if row["withheld"] else None,
                "fold": html.fold_reason(chips),
                "snippet": _excerpt(texts[row["id"]], query.terms, _flag_spans(context, row)),
                "gone": html.GONE.get(row["state"]),
                "parent": _parent(parent, texts.get(parent["id"], parent["body"]), context) if parent else None,
            }
        )
    return hits


def _masked_texts(connection: Connection, context: flags.FlagContext, ids: Sequence[int]) -> dict[int, str]:
    rows = fetch_all(connection, queries.TEXTS_BY_ID, ids=json.dumps(ids), length=MAX_READ) if ids else []
    return {row["id"]: context.mask(row["id"], row["body"], row["revision"]) for row in rows}


def _flag_spans(context: flags.FlagContext, row: Row) -> list[Span]:
    """Return where flags matched; nothing of a masked text, where spans have moved."""
    if row["id"] in context.hidden:
        return []
    ids = [flag["id"] for flag in context.flags.get(row["id"], ()) if flag["revision"] == row["revision"]]
    return [(span["start"], span["end"]) for number in ids for span in context.spans.get(number, ())]


def _excerpt(text: str, terms: Sequence[Term], spans: Sequence[Span] = ()) -> list[html.Piece]:
    """Cut a text where it has most of the terms; where its flags matched, if nothing is searched for."""
    if not terms:
        return html.cut_excerpt(text, spans)
    matches = find_matches(text, terms)
    return html.cut_excerpt(text, [(start, end) for start, end, _ in matches], best_start(matches, WIDTH))


def _parent(row: Row, text: str, context: flags.FlagContext) -> dict[str, Any]:
    is_folded = any(context.codes[flag["code"]]["blur"] for flag in context.flags.get(row["id"], ()))
    line = next((line for line in text[: MAX_LINE * 20].splitlines() if line.strip()), "(no text)")
    line = "(folded)" if is_folded else line[:MAX_LINE] + ("…" if len(line) > MAX_LINE else "")
    return {"id": row["id"], "name": html.author_name(row), "line": [html.make_piece(line)]}


def _articles(connection: Connection, query: SearchQuery) -> list[dict[str, Any]]:
    ids = [row["id"] for row in fetch_all(connection, queries.ARTICLE_HITS, match=query.match)]
    rows = fetch_all(connection, queries.ARTICLES_BY_ID, ids=json.dumps(ids), length=MAX_READ) if ids else []
    return [
        {
            "row": row,
            "snippet": _excerpt(row["body"], query.terms),
            "time": html.describe_time(row["published_at"], None, row["published_precision"])
            if row["published_at"]
            else None,
        }
        for row in rows
    ]


def _filters(connection: Connection, params: SearchParams, result: SearchResult, codes: flags.Codes) -> dict[str, Any]:
    """Return the filters, most of them behind "More filters", which is open if any of them is used."""
    counts = {name: search_filters.count_values(result.newest, result.passing, params, name) for name in FILTERS}
    labels: list[tuple[str, str, Mapping[Any, str]]] = [
        ("Outlet", "outlet", _names(connection, queries.OUTLET_NAMES, counts["outlet"])),
        ("Flag", "flag", {code: row["title"] for code, row in codes.items()}),
        ("Severity", "severity", {name: f"{name} or graver" for name in ("medium", "high")}),
        ("Target", "target", {target: target.replace("_", " ") for target in counts["target"]}),
        ("Source", "source", SOURCES),
        ("Review", "status", STATUSES),
        ("Date", "date", {key: month(key) if len(key) == 7 else key for key in counts["date"]}),
        ("Commenter", "commenter", _names(connection, queries.COMMENTER_NAMES, counts["commenter"])),
        ("Dataset", "dataset", _names(connection, queries.DATASET_NAMES, counts["dataset"])),
        ("Label", "label", {}),
    ]
    filters = {
        name: search_filters.list_values(title, name, params, counts[name], names) for title, name, names in labels
    }
    used = {name: entry for name, entry in filters.items() if entry["values"] or entry["remove"]}
    return {
        "filters": html.render_filters([entry for name, entry in used.items() if name in FIRST_FILTERS]),
        "more_filters": html.render_filters([entry for name, entry in used.items() if name not in FIRST_FILTERS]),
        "more_open": any(entry["remove"] for name, entry in used.items() if name not in FIRST_FILTERS),
    }


def _names(connection: Connection, sql: str, counter: Counter[int]) -> dict[int, str]:
    ids = json.dumps([number for number, _ in counter.most_common(search_filters.LISTED_VALUES)])
    return {row["id"]: row["name"] or "unnamed account" for row in fetch_all(connection, sql, ids=ids)}
