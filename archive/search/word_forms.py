"""Which words of some texts are other forms of the words of a query: to mark them where they stand."""

from collections.abc import Iterable
from functools import lru_cache

from archive.search.query_nodes import Node, positive_words
from archive.search.stemmers import STEMMERS, stem
from archive.search.tokenizer import SearchTerm, fold

# Forms of a word begin alike.
SAME_LETTERS = 2
MOST_FORMS = 100
_stem = lru_cache(maxsize=65_536)(stem)


def find_forms(node: Node | None, texts: Iterable[str]) -> list[SearchTerm]:
    """Return the words of these texts that have the stem of a word of the query in some language."""
    words = {word.term.words[0] for word in positive_words(node) if not word.is_exact and len(word.term.words) == 1}
    if not words:
        return []
    stems = {(language, _stem(language, word)) for word in words for language in STEMMERS}
    starts = {word[:SAME_LETTERS] for word in words}
    candidates = {word for text in texts for word in fold(text).split() if word[:SAME_LETTERS] in starts} - words
    forms = (word for word in sorted(candidates) if any((name, _stem(name, word)) in stems for name in STEMMERS))
    return [SearchTerm((word,)) for word, _ in zip(forms, range(MOST_FORMS), strict=False)]
