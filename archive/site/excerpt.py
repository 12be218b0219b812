"""Some words of a text around what was found in it, marked as FTS5's snippet() marks them. Pure."""

import re
from collections.abc import Iterable, Sequence

from archive.site.bm25 import fold
from archive.site.html import END, START
from archive.text.pii_masking import Place, merged

WORDS, BEFORE = 40, 12

_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"\S+")


def excerpt(text: str, marks: Iterable[Place]) -> str:
    """The words around the first mark, or the first words where there is none."""
    places = merged(marks, len(text))
    first, last = _window(text, places[0][0] if places else 0)
    parts, done = ["…" if first else ""], first
    for start, end in merged([(max(start, first), min(end, last)) for start, end in places], len(text)):
        parts += [text[done:start], START, text[start:end], END]
        done = end
    return "".join([*parts, text[done:last], "…" if text[last:].strip() else ""])


def _window(text: str, at: int) -> Place:
    pieces = [found.span() for found in _PIECE.finditer(text)]
    if not pieces:
        return 0, 0
    here = next((place for place, (_, end) in enumerate(pieces) if end > at), len(pieces) - 1)
    first = max(0, here - BEFORE)
    shown = pieces[first : first + WORDS]
    return (shown[0][0] if first else 0), shown[-1][1]


def places_of(text: str, terms: Sequence[str]) -> list[Place]:
    """Where words of the terms stand, whatever their capitals and accents."""
    wanted = {fold(word) for term in terms for word in _WORD.findall(term)}
    return [found.span() for found in _WORD.finditer(text) if fold(found[0]) in wanted]
