"""BM25 among some texts alone. Pure.

FTS5 counts how often a word stands in the whole archive before it ranks anything, which for a common word in a large
archive takes seconds that no time limit can cut short. This costs what the candidates cost.
"""

import math
import unicodedata
from collections.abc import Sequence

K1, B = 1.2, 0.75


def scores(texts: Sequence[str], terms: Sequence[str]) -> list[float]:
    """One number a text, the best the lowest, as in FTS5. A term counts wherever it stands, within longer words too."""
    folded = [fold(text) for text in texts]
    wanted = [fold(term) for term in terms]
    found = [[text.count(term) for term in wanted] for text in folded]
    rarity = [_rarity(sum(1 for counts in found if counts[place]), len(texts)) for place in range(len(wanted))]
    average = sum(map(len, folded)) / max(1, len(folded)) or 1
    return [
        -sum(map(_weight, counts, rarity, [len(text) / average] * len(counts)))
        for text, counts in zip(folded, found, strict=True)
    ]


def fold(text: str) -> str:
    """Without capitals and accents."""
    if text.isascii():
        return text.lower()
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter)
    )


def _rarity(holding: int, total: int) -> float:
    return max(1e-6, math.log((total - holding + 0.5) / (holding + 0.5)))


def _weight(count: int, rarity: float, length: float) -> float:
    return rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length))
