"""A few texts, and what a query means for them, as plainly as can be: all are of 2026."""

from archive.search.query_nodes import AndNode, FieldNode, NotNode, OrNode, WordNode
from archive.search.stemmers import stem
from archive.search.tokenizer import fold

TEXTS = {
    1: "The ferry leaves the quay.",
    2: "Quay ferry, ferry quay",
    3: "A boat. The fer of a boat",
    4: "or not and or boat quay",
    5: "Quay-boat BOAT ferries, quays",
    6: "",
}


def matching(node, *, with_forms):
    """Return the numbers of the texts that a query matches; with other forms of its words, or without."""
    return {number for number, text in TEXTS.items() if means(node, fold(text).split(), with_forms=with_forms)}


def means(node, words, *, with_forms):
    match node:
        case WordNode(term, is_exact):
            if with_forms and not is_exact and len(term.words) == 1:
                return stem("en", term.words[0]) in {stem("en", word) for word in words}
            starts = range(len(words) - len(term.words) + 1)
            windows = [words[start : start + len(term.words)] for start in starts]
            last = str.startswith if term.is_prefix else str.__eq__
            return any(tuple(window[:-1]) == term.words[:-1] and last(window[-1], term.words[-1]) for window in windows)
        case AndNode(parts):
            return all(means(part, words, with_forms=with_forms) for part in parts)
        case OrNode(parts):
            return any(means(part, words, with_forms=with_forms) for part in parts)
        case NotNode(part):
            return not means(part, words, with_forms=with_forms)
        case FieldNode("after"):
            return True
