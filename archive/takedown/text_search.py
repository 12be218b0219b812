"""Search bytes for texts under every encoding: as HTML, in JSON, in a feed, in an attribute. Pure.

Texts are compared by their letters and digits alone: what a page puts around and between the words does not count.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick

from archive.text.fold import fold_letters, fold_words

SHORTEST = 12
# Letters of a stretch. A page may hold an excerpt, or a text that a reader edited: half of the stretches are enough.
STRETCH = 40
MARKUP_LEVELS = 3
TAG = re.compile(r"<[^<>]*>")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
BREAKS = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}


def decodings(text: str) -> Iterator[str]:
    """Yield a text under every encoding that it may be meant in: as it stands, as JSON or an address, as HTML, as HTML
    inside HTML. Each is given once."""
    seen: set[str] = set()
    for plain in _unescaped(text):
        for variant in _without_markup(plain):
            if variant not in seen:
                seen.add(variant)
                yield variant


def _unescaped(text: str) -> Iterator[str]:
    yield text
    if "%" in text:
        yield unquote(text)
    inner = text
    for _ in range(2):  # JSON may hold JSON
        if "\\" not in inner:
            return
        inner = ESCAPE.sub(_character, inner).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        yield inner


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else BREAKS.get(match[3], match[3])


def _without_markup(text: str) -> Iterator[str]:
    """Yield each level once with its tags, since attributes may hold a text, and once without."""
    for _ in range(MARKUP_LEVELS):
        yield text
        bare = TAG.sub("", text) if "<" in text else text
        yield bare
        if "&" not in text:
            return
        yield unescape(bare)
        text = unescape(text)
    yield text


class TextSearch:
    """Find texts in the decodings of a body.

    One of fewer than SHORTEST letters stands on many pages by chance: `matches` does not look for it, and
    `matches_short`, for pages that are known to be its own, does, as a row of whole words.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        folded = {letters: text for text in texts if text.strip() for letters in [fold_letters(text)]}
        self.long = [letters for letters in folded if len(letters) >= SHORTEST]
        self.short = [text for letters, text in folded.items() if len(letters) < SHORTEST]
        self.stretches = [_stretches(letters) for letters in self.long]
        owners: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, stretches in enumerate(self.stretches):
            for position, stretch in enumerate(stretches):
                owners[stretch].append((number, position))
        self.owners = list(owners.values())
        self.automaton = AhoCorasick(list(owners)) if owners else None

    def matches(self, variants: Sequence[str]) -> bool:
        """Return whether decodings of one body contain a text: all of it, its beginning or half of it."""
        matched: dict[int, set[int]] = defaultdict(set)
        if self.automaton is None:
            return False
        for text in variants:
            for stretch, *_ in self.automaton.find_matches_as_indexes(fold_letters(text), overlapping=True):
                for number, position in self.owners[stretch]:
                    matched[number].add(position)
        return any(0 in hits or 2 * len(hits) >= len(self.stretches[number]) for number, hits in matched.items())

    def matches_short(self, variants: Sequence[str]) -> bool:
        """Return whether they contain one of the short texts; one without letters is looked for as it stands."""
        for short in self.short:
            words = fold_words(short)
            if (
                any(words in fold_words(text) for text in variants)
                if words.strip()
                else any(short in text for text in variants)
            ):
                return True
        return False


def _stretches(letters: str) -> list[str]:
    """Cut a folded text into stretches of STRETCH letters, the last one counted from its end."""
    if len(letters) <= STRETCH:
        return [letters]
    starts = [*range(0, len(letters) - STRETCH, STRETCH), len(letters) - STRETCH]
    return [letters[start : start + STRETCH] for start in starts]
