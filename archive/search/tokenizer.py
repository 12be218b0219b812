"""Fold texts, and find words in them, exactly as the tokenizer of full text does, in time linear in the text. Pure.

`snippet()` and `highlight()` of FTS5 take time that grows with the square of how often a text repeats a word, within
one step of SQLite's that no time limit can interrupt: one comment could stop the search of a public site.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from archive.store.views import TOKENIZE

BLOCK = 256
# Of a phrase so many words are looked for, and of their occurrences in a text so many are read.
MAX_PHRASE, MAX_MATCHES = 8, 500

_SEPARATOR, _DIACRITIC = " ", "\x01"
_NOT_ASCII = re.compile("[^\x00-\x7f]+")


class SearchTerm(NamedTuple):
    """What is searched for: a word, or a phrase of several, folded; the last one is the beginning of a word if
    `is_prefix`."""

    words: tuple[str, ...]
    is_prefix: bool = False


class WordMatch(NamedTuple):
    """Where a text has a term, in code points, and which of the terms that is."""

    start: int
    end: int
    term: int


class _Folding(dict[int, str]):
    """What each character is to FTS5: a folded letter, a separator, or a diacritic that a word loses."""

    def __missing__(self, code: int) -> str:
        self.update(_fold_block(code // BLOCK * BLOCK))
        return self[code]


def _fold_block(first: int) -> dict[int, str]:
    """Ask SQLite itself, whose tables of characters are those of its version."""
    codes = [code for code in range(first, min(first + BLOCK, 0x110000)) if not 0xD800 <= code < 0xE000]
    folded = dict.fromkeys(range(first, first + BLOCK), _SEPARATOR)
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"create virtual table texts using fts5(text, tokenize='{TOKENIZE}')")
        db.execute("create virtual table words using fts5vocab(texts, instance)")
        db.executemany("insert into texts(rowid, text) values (?, ?)", ((code + 1, f"a{chr(code)}a") for code in codes))
        for row, word in db.execute("select doc, term from words"):
            if word == "aa":
                folded[row - 1] = _DIACRITIC
            elif len(word) > 1:
                folded[row - 1] = word[1:-1]
    return folded


_FOLDING = _Folding()


@cache
def _ascii_folding() -> bytes:
    """The same for the bytes of ASCII, none of which is a diacritic: they are translated in a fraction of the time."""
    return "".join(_FOLDING[code] for code in range(128)).encode() + bytes(range(128, 256))


def _fold_letters(text: str) -> str:
    """Return a text with each character as it is to FTS5."""
    folded = text.encode("utf-8", "surrogatepass").translate(_ascii_folding()).decode("utf-8", "surrogatepass")
    return folded if text.isascii() else _NOT_ASCII.sub(lambda match: match[0].translate(_FOLDING), folded)


def fold(text: str) -> str:
    """Return the words of a text without capitals and diacritics, apart by single spaces."""
    if text.isascii():
        return b" ".join(text.encode().translate(_ascii_folding()).split()).decode()
    return " ".join(fold_in_place(text).split())


def fold_in_place(text: str) -> str:
    """Return the words of a text as `fold` does, with a space for each character that is between them."""
    return _fold_letters(text).replace(_DIACRITIC, "")


def find_matches(text: str, terms: Sequence[SearchTerm]) -> list[WordMatch]:
    """Return where a text has these terms, the first MAX_MATCHES of them, in order."""
    if not terms:
        return []
    folded = _fold_letters(text)
    places = None
    if _DIACRITIC in folded:
        places = [place for place, letter in enumerate(folded) if letter != _DIACRITIC]
        folded = folded.replace(_DIACRITIC, "")
    return [
        WordMatch(places[start], places[end - 1] + 1, term) if places is not None else WordMatch(start, end, term)
        for start, end, term in islice(_scan(folded, terms), MAX_MATCHES)
    ]


def _scan(folded: str, terms: Sequence[SearchTerm]) -> Iterator[WordMatch]:
    order, pattern = _pattern(tuple(terms))
    # Between spaces each word begins with one, which is what is looked for first.
    for match in pattern.finditer(f" {folded} "):
        yield WordMatch(match.start(), match.end() - 1, order[(match.lastindex or 1) - 1])


@lru_cache(maxsize=128)
def _pattern(terms: tuple[SearchTerm, ...]) -> tuple[list[int], re.Pattern[str]]:
    """Return the numbers of the terms in the order of the groups of a pattern, and the pattern."""
    # Of terms that begin alike, the longer one first.
    order = sorted(range(len(terms)), key=lambda number: -len(terms[number].words))
    expression = "|".join(f"({_expression(terms[number])})" for number in order)
    return order, re.compile(f" (?:{expression})(?= )")


def _expression(term: SearchTerm) -> str:
    words = " ++".join(map(re.escape, term.words[:MAX_PHRASE]))
    return words + "[^ ]*+" if term.is_prefix and len(term.words) <= MAX_PHRASE else words


def best_start(matches: Sequence[WordMatch], width: int) -> int:
    """Return where the first part of a text begins that has most of the terms within `width`; 0 without matches."""
    best, most = 0, 0
    counts: Counter[int] = Counter()
    first = 0
    for match in matches:
        counts[match.term] += 1
        while match.end - matches[first].start > width and matches[first] is not match:
            counts -= Counter([matches[first].term])
            first += 1
        if len(counts) > most:
            best, most = matches[first].start, len(counts)
    return best
