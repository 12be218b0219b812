"""What a reader typed into the search box, as an expression that FTS5 cannot misread. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 500
MOST_TERMS = 16
SHORTEST_PREFIX = 2

_TERMS = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Question:
    """`match` is empty where nothing can be searched for; `notes` say what of the words was left out, and why."""

    match: str
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def understand(typed: str) -> Question:
    """Words must all occur; "words in quotes" are a phrase; word* finds what begins so. Nothing else has a meaning."""
    cut = typed[:LONGEST].replace("\0", " ")
    terms = list(_terms(cut))
    notes = []
    if len(typed) > LONGEST or len(terms) > MOST_TERMS:
        notes.append(f"The question is long: only its first {min(len(terms), MOST_TERMS)} words were used.")
    if any(_is_short_prefix(term) for _, term in _pieces(cut)):
        notes.append(f"A * needs at least {SHORTEST_PREFIX} letters before it; it was read without it.")
    used = terms[:MOST_TERMS]
    return Question(" AND ".join(term for term, _ in used), tuple(word for _, word in used), tuple(notes))


def _pieces(typed: str) -> Iterable[tuple[bool, str]]:
    for found in _TERMS.finditer(typed):
        yield (True, found[1]) if found[1] is not None else (False, found[2])


def _terms(typed: str) -> Iterable[tuple[str, str]]:
    """Each term as FTS5 reads it, and as plain words."""
    for is_phrase, text in _pieces(typed):
        if _has_words(text):
            prefix = not is_phrase and text.endswith("*") and not _is_short_prefix(text)
            yield f'"{text}"' + ("*" if prefix else ""), text.rstrip("*")


def _has_words(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def _is_short_prefix(text: str) -> bool:
    return text.endswith("*") and 0 < sum(letter.isalnum() for letter in text) < SHORTEST_PREFIX
