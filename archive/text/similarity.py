"""Find texts that are the same, or nearly: by their words, whatever their capitals, signs and spaces. Pure.

MinHash proposes which texts may be alike, and their sequences of words decide: no text is compared with all others.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

from rensa import RMinHash, RMinHashLSH

# A text of fewer words is a commonplace, and found again by chance; where words are not apart, letters are counted.
FEWEST_WORDS, FEWEST_LETTERS = 8, 24
WORDS, LETTERS = 3, 5
LEAST_SIMILARITY = 0.7
PERMUTATIONS, BANDS, SEED = 128, 16, 7
# Of a text so many letters are read, and so many earlier texts are compared with it.
MAX_LETTERS, MAX_CANDIDATES = 20_000, 10

_WORDS = re.compile(r"\w+")


class Copy(NamedTuple):
    """A text by its number, the first text like it, and how far they are alike, from 0 to 1."""

    number: int
    first: int
    similarity: float


def sequences(text: str) -> frozenset[str]:
    """Return the sequences of words of a text; of letters where it does not part words; none of one that is short."""
    words = _WORDS.findall(text[:MAX_LETTERS].casefold())
    if len(words) >= FEWEST_WORDS:
        return frozenset(" ".join(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1))
    letters = "".join(words)
    if len(letters) < FEWEST_LETTERS or letters.isascii():
        return frozenset()
    return frozenset(letters[at : at + LETTERS] for at in range(len(letters) - LETTERS + 1))


def find_copies(texts: Iterable[tuple[int, str]], read: Callable[[int], str]) -> Iterator[Copy]:
    """Yield the texts that an earlier one is like, and that earlier one itself.

    `read` returns an earlier text by its number: memory holds hashes, no texts."""
    exact: dict[bytes, tuple[int, float]] = {}
    index = RMinHashLSH(threshold=LEAST_SIMILARITY, num_perm=PERMUTATIONS, num_bands=BANDS)
    named: set[int] = set()
    for number, text in texts:
        parts = sequences(text)
        if not parts:
            continue
        words = " ".join(_WORDS.findall(text[:MAX_LETTERS].casefold()))
        key = blake2b(words.encode("utf-8", "replace"), digest_size=12).digest()
        first, similarity = exact.get(key, (None, 0.0))
        if first is None:
            sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
            sketch.update(sorted(parts))
            first, similarity = _nearest(parts, sorted(index.query(sketch))[:MAX_CANDIDATES], read)
            if first is None:
                index.insert(number, sketch)
            exact[key] = (number, 1.0) if first is None else (first, similarity)
        if first is not None:
            if first not in named:
                named.add(first)
                yield Copy(first, first, 1.0)
            yield Copy(number, first, similarity)


def _nearest(parts: frozenset[str], candidates: Iterable[int], read: Callable[[int], str]) -> tuple[int | None, float]:
    """Return the candidate that has most in common with a text, if that is enough."""
    best, most = None, 0.0
    for candidate in candidates:
        others = sequences(read(candidate))
        similarity = len(parts & others) / len(parts | others)
        if similarity > most:
            best, most = candidate, similarity
    return (best, round(most, 3)) if most >= LEAST_SIMILARITY else (None, 0.0)
