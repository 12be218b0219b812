"""What matches a search: its query with the filters beside it, and how many matches each outlet has in each month."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from archive.search.current_index import current_view
from archive.search.index import IndexUnusable, IndexView
from archive.search.query import SearchQuery, parse_query
from archive.search.query_names import needs_names, resolve
from archive.search.query_nodes import FieldNode, FlagFilter, Node, join
from archive.search.query_sql import select_comments
from archive.site import queries, search_queries
from archive.site.database import Connection, fetch_all, fetch_value, remember
from archive.site.params import SearchParams, filters_flags
from archive.site.search_filters import flag_filter

# Fields of SearchParams, and what a query calls them.
_FIELDS = {
    "outlet": "outlet",
    "commenter": "commenter",
    "dataset": "dataset",
    "label": "label",
    "decision": "decision",
    "report": "report",
    "state": "state",
    "date": "date",
    "since": "after",
    "until": "until",
}


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """How many comments match by outlet's id (None: unknown) and month ("2026-03"; "": without a date).

    `errors` say what is wrong with the query, and then nothing matches; `notes` what was ignored."""

    counts: Mapping[tuple[int | None, str], int]
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def count_by_outlet_and_month(connection: Connection, params: SearchParams | str) -> MatchCounts:
    """Count the comments that match a search, all of them; `params` may be what was typed, without filters.

    Raises sqlite3.OperationalError ("interrupted") where that takes too long."""
    if isinstance(params, str):
        params = SearchParams(q=params)
    query = load_query(connection, params)
    if query.node is None or query.errors:
        return MatchCounts({}, query.notes, query.errors)
    node = query.node
    counts = remember(connection, ("counts by outlet and month", node), lambda: _count(connection, params, node))
    return MatchCounts(counts, query.notes, query.errors)


def _count(connection: Connection, params: SearchParams, node: Node) -> Counter[tuple[int | None, str]]:
    view = index_view(connection, params)
    if view is not None:
        with suppress(IndexUnusable):  # FTS5 answers
            return view.count_by_outlet_and_month(node)
    selection = select_comments(node)
    rows = connection.execute(search_queries.MATCHES_BY_OUTLET_AND_MONTH.format(selection.sql()), selection.parameters)
    return Counter({(outlet, month): number for outlet, month, number in rows})


def index_view(connection: Connection, params: SearchParams) -> IndexView | None:
    """Return the index that can answer a search; None where FTS5 has to. Withheld comments are not in it."""
    if params.source == "archive" or (params.flag or "").startswith("archive."):
        return None
    path = fetch_value(connection, queries.FILE)
    return current_view(path) if path else None


def load_query(connection: Connection, params: SearchParams) -> SearchQuery:
    """Parse what was typed, look up its names, and add the filters beside it."""
    query = load_words(connection, params)
    return replace(query, node=join(query.node, *filter_nodes(params)))


def load_words(connection: Connection, params: SearchParams) -> SearchQuery:
    """Parse what was typed, and look up its names."""
    query = parse_query(params.q)
    if needs_names(query):
        outlets, codes = remember(connection, "names of a query", lambda: _load_names(connection))
        query = resolve(query, outlets, codes)
    return query


def _load_names(connection: Connection) -> tuple[list[tuple[int, str, str]], dict[str, str]]:
    outlets = [(row["id"], row["name"], row["domain"]) for row in fetch_all(connection, search_queries.EVERY_OUTLET)]
    return outlets, {row["code"]: row["title"] for row in fetch_all(connection, queries.CODES)}


def filter_nodes(params: SearchParams) -> list[Node]:
    """Return the filters of a search as conditions of a query."""
    filters, flag = filters_of(params)
    return [*filters.values(), *([FieldNode("flag", (flag,))] if flag else [])]


def filters_of(params: SearchParams) -> tuple[dict[str, Node], FlagFilter | None]:
    """Return the filters of a search by name, and what it asks of flags, which is of one and the same flag."""
    values: dict[str, Any] = {name: getattr(params, name) for name in _FIELDS}
    filters: dict[str, Node] = {
        name: FieldNode(_FIELDS[name], (value,)) for name, value in values.items() if value is not None
    }
    if not filters_flags(params):
        return filters, None
    return filters, flag_filter(params)
