"""Cut excerpts out of texts, and compare a text with an earlier one. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from archive.site.comments import MAX_TEXT, Piece, TextDifference, make_piece, split_body
from archive.text.span_masking import Span, merge_spans

# Comparing texts takes time that grows with the pairs of words that are the same in both, of one text and of a page.
MAX_COMPARED_WORDS, MAX_PAIRS, MAX_PAIRS_OF_PAGE = 600, 10_000, 60_000
# Of an excerpt, and of what stands in it before what was searched for.
EXCERPT_WORDS, EXCERPT_LETTERS = 40, 400
EXCERPT_WORDS_BEFORE, EXCERPT_LETTERS_BEFORE = 12, 120
_WORDS = re.compile(r"\S+")
_COMPARED = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")


def cut_excerpt(text: str, marks: Iterable[Span], at: int | None = None) -> list[Piece]:
    """Return the words around a place of a text, its first mark unless another is given, divided at the marks.

    Bounded in words and, since a text need not have any, in characters."""
    spans = merge_spans(marks, len(text))
    first, last = _window(text, at if at is not None else spans[0][0] if spans else 0)
    pieces, end = [make_piece("…")] if first else [], first
    for left, right in merge_spans([(max(left, first), min(right, last)) for left, right in spans], len(text)):
        pieces += [make_piece(text[end:left]), make_piece(text[left:right], marked=True)]
        end = right
    pieces.append(make_piece(text[end:last] + ("…" if text[last:].strip() else "")))
    return [piece for piece in pieces if piece.text or piece.rest]


def _window(text: str, at: int) -> Span:
    """Return where an excerpt around a place begins and ends: at words, but for words that are too long."""
    if len(text) <= EXCERPT_LETTERS and len(text.split()) <= EXCERPT_WORDS:
        return 0, len(text.rstrip())
    least = max(0, at - EXCERPT_LETTERS_BEFORE)
    words = [match.span() for match in _WORDS.finditer(text, least, at)][-EXCERPT_WORDS_BEFORE:]
    if least and words and words[0][0] == least:
        words = words[1:]  # its beginning may be cut off
    first = words[0][0] if words else at
    most = min(len(text), first + EXCERPT_LETTERS)
    words = [match.span() for match in _WORDS.finditer(text, first, most)][:EXCERPT_WORDS]
    if len(words) > 1 and words[-1][1] == most < len(text) and words[-1][0] > at:
        words = words[:-1]
    return (first, words[-1][1]) if words else (first, most)


class ComparisonBudget:
    """How much work the comparisons of a page may still be: pairs of equal words, of which repeated words have many."""

    def __init__(self) -> None:
        self.pairs = MAX_PAIRS_OF_PAGE

    def take(self, old: Sequence[str], new: Sequence[str]) -> bool:
        counts = Counter(new)
        pairs = sum(counts[word] for word in old)
        if pairs > min(MAX_PAIRS, self.pairs) or max(len(old), len(new)) > MAX_COMPARED_WORDS:
            return False
        self.pairs -= pairs
        return True


def compare_texts(
    before: str, after: str, fold: str | None = None, budget: ComparisonBudget | None = None
) -> TextDifference:
    """Return the words that went and the words that came; the text before where that takes too long."""
    old, new = (_COMPARED.findall(text[:MAX_TEXT]) for text in (before, after))
    if not (budget or ComparisonBudget()).take(old, new):
        return TextDifference(before=split_body(before), fold=fold)
    changes = list[tuple[str, Piece]]()
    for kind, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append((kind, make_piece("".join(old[old_start:old_end]))))
            continue
        if old_start < old_end:
            changes.append(("delete", make_piece("".join(old[old_start:old_end]))))
        if new_start < new_end:
            changes.append(("insert", make_piece("".join(new[new_start:new_end]))))
    return TextDifference(changes, fold=fold)
