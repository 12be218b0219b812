"""Rank a few texts by BM25 among themselves. Pure.

FTS5 counts how often a word occurs in the whole archive before it ranks anything, which for a common word in a large
archive takes seconds. This costs what the candidates cost.
"""

import math
from collections.abc import Sequence

from archive.search.tokenizer import SearchTerm, fold

# The usual constants, which are those of FTS5.
K1, B = 1.2, 0.75


def rank(texts: Sequence[str], terms: Sequence[SearchTerm]) -> list[float]:
    """Return a score for every text, the best the lowest, as FTS5 does. A term counts within longer words too."""
    folded = [fold(text) for text in texts]
    folded_terms = [" ".join(term.words) for term in terms]
    counts = [[text.count(term) for term in folded_terms] for text in folded]
    rarities = [_rarity(sum(1 for row in counts if row[column]), len(texts)) for column in range(len(folded_terms))]
    average = sum(map(len, folded)) / max(1, len(folded)) or 1
    return [
        -sum(map(_weight, row, rarities, [len(text) / average] * len(row)))
        for text, row in zip(folded, counts, strict=True)
    ]


def _rarity(matching: int, total: int) -> float:
    # A word that is in most texts has a negative logarithm: it would make a match worse than none.
    return max(1e-6, math.log((total - matching + 0.5) / (matching + 0.5)))


def _weight(count: int, rarity: float, length: float) -> float:
    return rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length))
