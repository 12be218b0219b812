"""Turn what a reader typed into an FTS5 expression that cannot be misread. Pure."""

import re
from dataclasses import dataclass

from archive.site.words import Term, fold

MAX_QUERY, MAX_TERMS, MIN_PREFIX = 500, 16, 2

_TERMS = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`match` is the expression, empty if nothing can be searched for; `notes` say what was ignored, and why."""

    match: str
    terms: tuple[Term, ...] = ()
    notes: tuple[str, ...] = ()


def parse_query(typed: str) -> SearchQuery:
    """All words must occur; "words in quotes" are a phrase; word* is a prefix. Nothing else has a meaning.

    What is typed more than once is one term: FTS5 would read its occurrences as many times."""
    text = typed[:MAX_QUERY].replace("\0", " ")
    terms, has_short_prefix = list[Term](), False
    for match in _TERMS.finditer(text):
        is_phrase = match[1] is not None
        term = match[1] if is_phrase else match[2]
        words = tuple(fold(term).split())
        begins = not is_phrase and term.endswith("*") and bool(words)
        is_short = begins and sum(map(len, words)) < MIN_PREFIX
        has_short_prefix |= is_short
        if words:
            terms.append(Term(words, begins and not is_short))
    notes = []
    if len(typed) > MAX_QUERY or len(terms) > MAX_TERMS:
        notes.append(f"The question is long: only its first {min(len(terms), MAX_TERMS)} words were used.")
    if has_short_prefix:
        notes.append(f"A * needs at least {MIN_PREFIX} letters before it; it was read without it.")
    used = tuple(dict.fromkeys(terms[:MAX_TERMS]))
    return SearchQuery(" AND ".join(map(_expression, used)), used, tuple(notes))


def _expression(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "")
