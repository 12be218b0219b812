"""What to look for instead, where a search finds nothing: the words alone, or words that are spelt nearly so."""

import json
from collections import Counter
from typing import Any

from archive.search.index import IndexUnusable, IndexView
from archive.search.query import parse_query
from archive.search.query_nodes import WordNode, positive_words
from archive.search.tokenizer import SearchTerm, find_matches, fold
from archive.site import search_matches, search_queries
from archive.site.database import Connection, fetch_all
from archive.site.formatting import count
from archive.site.params import SearchParams, is_filtered, search_url
from archive.site.search_results import SearchResult

MOST_WORDS, MOST_NEAR, TEXTS_READ, LETTERS_READ = 4, 3, 40, 20_000


def suggest(connection: Connection, params: SearchParams, result: SearchResult) -> list[tuple[str, str, str]]:
    """Return what to look for (a label, its address, how many comments match), each with at least one match."""
    view = search_matches.index_view(connection, params)
    if view is None:
        return []
    try:
        return [*_without_filters(view, params, result), *_near(connection, view, params, result)]
    except IndexUnusable:
        return []


def _without_filters(view: IndexView, params: SearchParams, result: SearchResult) -> list[tuple[str, str, str]]:
    if not params.q or not is_filtered(params):
        return []
    total = view.count(result.query.node)
    return (
        [("the same without filters", search_url(SearchParams(q=params.q)), count(total, "comment"))] if total else []
    )


def _near(
    connection: Connection, view: IndexView, params: SearchParams, result: SearchResult
) -> list[tuple[str, str, str]]:
    suggestions = []
    words = [node.term for node in positive_words(result.query.node) if len(node.term.words) == 1]
    for term in words[:MOST_WORDS]:
        if view.count(WordNode(term)):
            continue
        for near in _near_words(connection, view, term):
            q = _replace(params.q, term, near)
            total = view.count(parse_query(q).node)
            if total:
                suggestions.append((q, search_url(SearchParams(q=q)), count(total, "comment")))
    return suggestions


def _near_words(connection: Connection, view: IndexView, term: SearchTerm) -> list[str]:
    """Return the most frequent words that differ by a letter or two, as texts have them that can be read."""
    ids = view.find_near(term.words[0], TEXTS_READ)
    rows: Any = fetch_all(connection, search_queries.TEXTS_BY_ID, ids=json.dumps(ids), length=LETTERS_READ)
    words = Counter(word for row in rows for word in set(fold(row["body"]).split()))
    near = [word for word, _ in words.most_common() if _is_near(word, term.words[0])]
    return near[:MOST_NEAR]


def _is_near(word: str, typed: str) -> bool:
    """Whether a word is as near as the index looks: one letter more, less, other or changed with its neighbour; two in
    a long word."""
    return word != typed and _distance(word, typed) <= IndexView.most_edits(typed)


def _distance(left: str, right: str) -> int:
    """Return by how many letters two words differ; a change of neighbours is one."""
    if abs(len(left) - len(right)) > 2:
        return 3
    rows = [list(range(len(right) + 1))]
    for i, letter in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _replace(typed: str, term: SearchTerm, near: str) -> str:
    """Put a word in the place of another in what was typed."""
    for match in reversed(find_matches(typed, [term])):
        typed = typed[: match.start] + near + typed[match.end :]
    return typed
