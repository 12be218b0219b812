"""What a search finds, by the index beside the archive or, where there is none, by FTS5 among the newest matches."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from archive.search import bm25
from archive.search.index import FacetedSearch, IndexUnusable, IndexView
from archive.search.index_schema import FlagParts
from archive.search.query import SearchQuery
from archive.search.query_nodes import FlagFilter, Node
from archive.search.query_sql import select_comments
from archive.site import flags, search_filters, search_matches, search_queries
from archive.site.database import Connection, Row, fetch_value, remember
from archive.site.params import MAX_HITS, SEVERITY_LEVELS, SearchParams, filters_flags, is_filtered
from archive.site.search_filters import CommentFacts
from archive.site.viewer import comment_total

# With more comments than this, ranking by FTS5 takes too long: see bm25.
MAX_RANKED_BY_FTS5 = 400_000
MAX_FLAGS_READ = 5_000
# Of more matches than this, commenters are counted on request: a common word has nearly as many as the archive.
MAX_WITH_COMMENTERS = 5_000
FACETS = (
    "outlet", "flag", "severity", "target", "source", "status", "date", "commenter", "dataset", "label", "state",
    "decision", "report",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`ids` of the hits asked for, in order, of `total`; `counts` say how many each value of a filter would leave.

    `by` is "words", "flags" or None, if nothing is searched for. `is_whole` is False where more comments match than
    were looked at, which are the newest; `has_forms` says that other forms of the words were looked for too. `months`
    are those of the matches, where their sources state one. What takes long is not in `counts` unless asked for."""

    query: SearchQuery
    by: str | None
    ids: Sequence[int] = ()
    total: int = 0
    is_whole: bool = True
    looked_at: int = 0
    has_forms: bool = False
    counts: Mapping[str, Counter[Any]] = field(default_factory=dict)
    months: Mapping[str, int] = field(default_factory=dict)


def search_comments(
    connection: Connection, params: SearchParams, codes: flags.Codes, start: int, stop: int, *, counted: bool = True
) -> SearchResult:
    """Return the hits from `start` to `stop`."""
    query = search_matches.load_words(connection, params)
    by = "words" if query.node else "flags" if not params.q and filters_flags(params) else None
    if by is None or query.errors:
        return SearchResult(query, None)
    view = search_matches.index_view(connection, params)
    if view is not None:
        with suppress(IndexUnusable):  # FTS5 answers
            return _by_index(view, query, params, by, range(start, stop), counted=counted)
    return _by_fts5(connection, query, params, codes, by, slice(start, stop), counted=counted)


def _by_index(
    view: IndexView, query: SearchQuery, params: SearchParams, by: str, span: range, *, counted: bool
) -> SearchResult:
    search = FacetedSearch(query.node, *_filters(params))
    newest = by == "flags" or params.sort is not None
    ids, total = view.find(search.node(), max(1, len(span)), span.start, newest=newest)
    counts: dict[str, Counter[Any]] = {}
    months: Counter[str] = Counter()
    if counted:
        left_out = {"date"} if total <= MAX_WITH_COMMENTERS or _asks_for_commenters(params) else {"date", "commenter"}
        counts = dict(view.facets(search, [*(name for name in FACETS if name not in left_out), "month"], total))
        by_month = counts.pop("month")
        months = Counter({f"{key // 100:04}-{key % 100:02}": found for key, found in by_month.items()})
        counts["date"] = months if params.date else _by_year(months)
        levels = counts["severity"]
        counts["severity"] = Counter({name: n for name, level in SEVERITY_LEVELS.items() if (n := levels[level])})
    return SearchResult(query, by, ids, total, looked_at=total, has_forms=True, counts=counts, months=months)


def _asks_for_commenters(params: SearchParams) -> bool:
    return params.values == "commenter" or params.commenter is not None


def _by_year(months: Counter[str]) -> Counter[str]:
    years: Counter[str] = Counter()
    for month, found in months.items():
        years[month[:4]] += found
    return years


def _filters(params: SearchParams) -> tuple[tuple[tuple[str, Node], ...], FlagFilter | None]:
    """Return the filters of a search by facet, and what it asks of a flag."""
    filters, flag = search_matches.filters_of(params)
    return tuple(filters.items()), flag


def _by_fts5(
    connection: Connection,
    query: SearchQuery,
    params: SearchParams,
    codes: flags.Codes,
    by: str,
    span: slice,
    *,
    counted: bool,
) -> SearchResult:
    newest = _candidates(connection, query, params, codes)
    has_more = len(newest) > MAX_HITS
    if has_more:
        newest = sorted(newest, key=lambda comment: comment.id, reverse=True)[:MAX_HITS]
    passing = search_filters.filter_comments(newest, params) if is_filtered(params) else newest
    if params.sort or by == "flags":
        passing = sorted(passing, key=lambda comment: (comment.day, comment.id), reverse=True)
    else:
        passing = sorted(passing, key=lambda comment: (-comment.score, comment.id), reverse=True)
    counts = {name: search_filters.count_values(newest, passing, params, name) for name in FACETS} if counted else {}
    ids = [comment.id for comment in passing[span]]
    months = Counter(comment.day[:7] for comment in passing if len(comment.day) >= 7) if counted else {}
    return SearchResult(query, by, ids, len(passing), not has_more, len(newest), counts=counts, months=months)


def _candidates(
    connection: Connection, query: SearchQuery, params: SearchParams, codes: flags.Codes
) -> list[CommentFacts]:
    """Read the newest comments that match, at most one more than MAX_HITS, in no order."""
    node = query.node
    if node is not None:
        return remember(connection, ("matches", node), lambda: _load_facts(connection, _match_words(connection, query)))
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
        flagged = json.loads(fetch_value(connection, search_queries.NEWEST_FLAGGED, code=code, **values))
        rows |= {row[0]: row for row in flagged}
    return [rows[number] for number in sorted(rows, reverse=True)[: MAX_HITS + 1]]


def _match_words(connection: Connection, query: SearchQuery) -> list[list[Any]]:
    """Return id, score, thread, commenter, day and state of each candidate."""
    assert query.node is not None
    is_ranked = comment_total(connection) <= MAX_RANKED_BY_FTS5
    selection = select_comments(query.node)
    hits = selection.sql(scored=is_ranked, newest=True)
    sql = (search_queries.MATCHES if is_ranked else search_queries.NEWEST_MATCHES).format(hits)
    # Not strict: texts may contain control characters.
    text = fetch_value(connection, sql, **selection.parameters, limit=MAX_HITS + 1)
    rows: list[list[Any]] = json.loads(text, strict=False)
    if is_ranked:
        return rows
    scores = bm25.rank([body for _, body, *_ in rows], query.terms)
    return [[number, score, *rest] for (number, _, *rest), score in zip(rows, scores, strict=True)]


def _load_facts(connection: Connection, rows: Sequence[Sequence[Any]]) -> list[CommentFacts]:
    threads = json.dumps(sorted({row[2] for row in rows}))
    places = {
        thread: place for thread, *place in json.loads(fetch_value(connection, search_queries.OUTLETS_OF, ids=threads))
    }
    ids = json.dumps([comment for comment, *_ in rows])
    by_comment: dict[int, list[FlagParts]] = {}
    for comment, *values in json.loads(fetch_value(connection, search_queries.FLAG_FACTS, ids=ids)):
        by_comment.setdefault(comment, []).append(FlagParts(*values))
    records = {table: _load_records(connection, sql, ids) for table, sql in search_queries.RECORD_FACTS.items()}
    return [
        CommentFacts(
            comment,
            score,
            places[thread][0],
            commenter,
            day or "",
            by_comment.get(comment, ()),
            places[thread][1],
            state=state,
            **{table: texts.get(comment, ()) for table, texts in records.items()},
        )
        for comment, score, thread, commenter, day, state in rows
    ]


def _load_records(connection: Connection, sql: str, ids: str) -> dict[int, list[str]]:
    """Return the records of these comments, by comment."""
    texts: dict[int, list[str]] = {}
    for comment, text in json.loads(fetch_value(connection, sql, ids=ids), strict=False):
        texts.setdefault(comment, []).append(text)
    return texts
