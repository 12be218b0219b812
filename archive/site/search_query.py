"""Turn what a reader typed into an FTS5 expression that cannot be misread, and cut excerpts around its words. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archive.site.bm25 import fold
from archive.site.html import MATCH_END, MATCH_START
from archive.text.pii_masking import Span, merge_spans

MAX_QUERY, MAX_TERMS, MIN_PREFIX = 500, 16, 2
# As snippet() of FTS5 is asked for on the same page.
EXCERPT_WORDS, EXCERPT_WORDS_BEFORE = 40, 12

_TERMS = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`match` is the expression, empty if nothing can be searched for; `notes` say what was ignored, and why."""

    match: str
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse_query(typed: str) -> SearchQuery:
    """All words must occur; "words in quotes" are a phrase; word* is a prefix. Nothing else has a meaning."""
    text = typed[:MAX_QUERY].replace("\0", " ")
    terms, has_short_prefix = list[tuple[str, str]](), False
    for match in _TERMS.finditer(text):
        is_phrase = match[1] is not None
        term = match[1] if is_phrase else match[2]
        letters = sum(letter.isalnum() for letter in term)
        is_short = term.endswith("*") and 0 < letters < MIN_PREFIX
        has_short_prefix |= is_short
        if letters:
            is_prefix = not is_phrase and term.endswith("*") and not is_short
            terms.append((f'"{term}"' + ("*" if is_prefix else ""), term.rstrip("*")))
    notes = []
    if len(typed) > MAX_QUERY or len(terms) > MAX_TERMS:
        notes.append(f"The question is long: only its first {min(len(terms), MAX_TERMS)} words were used.")
    if has_short_prefix:
        notes.append(f"A * needs at least {MIN_PREFIX} letters before it; it was read without it.")
    used = terms[:MAX_TERMS]
    return SearchQuery(" AND ".join(term for term, _ in used), tuple(word for _, word in used), tuple(notes))


def cut_excerpt(text: str, marks: Iterable[Span]) -> str:
    """Return the words around the first mark, or else the first words, marked as snippet() of FTS5 does."""
    spans = merge_spans(marks, len(text))
    first, last = _window(text, spans[0][0] if spans else 0)
    parts, end = ["…" if first else ""], first
    for left, right in merge_spans([(max(left, first), min(right, last)) for left, right in spans], len(text)):
        parts += [text[end:left], MATCH_START, text[left:right], MATCH_END]
        end = right
    return "".join([*parts, text[end:last], "…" if text[last:].strip() else ""])


def _window(text: str, at: int) -> Span:
    tokens = [match.span() for match in _TOKEN.finditer(text)]
    if not tokens:
        return 0, 0
    current = next((number for number, (_, end) in enumerate(tokens) if end > at), len(tokens) - 1)
    first = max(0, current - EXCERPT_WORDS_BEFORE)
    window = tokens[first : first + EXCERPT_WORDS]
    return (window[0][0] if first else 0), window[-1][1]


def find_words(text: str, terms: Sequence[str]) -> list[Span]:
    """Return the spans of the words of some terms, whatever their capitals and accents."""
    words = {fold(word) for term in terms for word in _WORD.findall(term)}
    return [match.span() for match in _WORD.finditer(text) if fold(match[0]) in words]
