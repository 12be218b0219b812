"""Which texts some bytes hold, however they are written there: as HTML, in JSON, in a feed, in an attribute. Pure.

Texts are compared by their letters and digits alone, without capitals and accents: what a page puts around and between
the words does not count.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick

SHORTEST = 12
PIECE = 40
MARKUP_LEVELS = 3
NO_LETTERS = re.compile(r"[\W_]+")
ASCII_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
TAG = re.compile(r"<[^<>]*>")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
BREAKS = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}


def fold(text: str) -> str:
    """Letters and digits alone, without capitals and accents."""
    plain = normalize("NFKD", text).casefold().encode("utf-8", "surrogatepass").translate(None, ASCII_MARKS)
    letters = plain.decode("utf-8", "surrogatepass")
    return letters if letters.isascii() else NO_LETTERS.sub("", letters)


def words(text: str) -> str:
    """The words, apart by single spaces, with one before the first and one behind the last."""
    return f" {NO_LETTERS.sub(' ', normalize('NFKD', text).casefold()).strip()} "


def readings(text: str) -> Iterator[str]:
    """A text in all the ways that it may be meant: as it stands, as JSON or an address, as HTML, as HTML that holds
    HTML. Each is given once."""
    seen: set[str] = set()
    for plain in _unescaped(text):
        for read in _without_markup(plain):
            if read not in seen:
                seen.add(read)
                yield read


def _unescaped(text: str) -> Iterator[str]:
    yield text
    if "%" in text:
        yield unquote(text)
    inner = text
    for _ in range(2):
        if "\\" not in inner:
            return
        inner = _of_json(inner)
        yield inner


def _without_markup(text: str) -> Iterator[str]:
    """Each level once with its tags, since attributes may hold a text, and once without."""
    for _ in range(MARKUP_LEVELS):
        yield text
        bare = TAG.sub("", text) if "<" in text else text
        yield bare
        if "&" not in text:
            return
        yield unescape(bare)
        text = unescape(text)
    yield text


def _of_json(text: str) -> str:
    found = ESCAPE.sub(_escaped, text)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else BREAKS.get(match[3], match[3])


class Texts:
    """Texts to be found. One of fewer than SHORTEST letters cannot be told from others: `find` does not see it, and
    `find_short` sees it as a row of whole words."""

    def __init__(self, texts: Iterable[str]) -> None:
        folded = {letters: text for text in texts if text.strip() for letters in [fold(text)]}
        self.long = [letters for letters in folded if len(letters) >= SHORTEST]
        self.short = [text for letters, text in folded.items() if len(letters) < SHORTEST]
        owners: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.pieces = [_pieces(letters) for letters in self.long]
        for number, pieces in enumerate(self.pieces):
            for place, piece in enumerate(pieces):
                owners[piece].append((number, place))
        self.owners = list(owners.values())
        self.finder = AhoCorasick(list(owners)) if owners else None

    def __bool__(self) -> bool:
        return bool(self.long or self.short)

    def find(self, read: Sequence[str]) -> bool:
        """Whether readings of one body hold a text: all of it, its beginning (as an excerpt does) or half of it."""
        found: dict[int, set[int]] = defaultdict(set)
        if self.finder is None:
            return False
        for text in read:
            for number, *_ in self.finder.find_matches_as_indexes(fold(text), overlapping=True):
                for owner, place in self.owners[number]:
                    found[owner].add(place)
        return any(0 in places or 2 * len(places) >= len(self.pieces[owner]) for owner, places in found.items())

    def find_short(self, read: Sequence[str]) -> bool:
        """Whether they hold one of the short texts; one without letters is looked for as it stands."""
        for short in self.short:
            wanted = words(short)
            if wanted.strip():
                if any(wanted in words(text) for text in read):
                    return True
            elif any(short in text for text in read):
                return True
        return False


def _pieces(letters: str) -> list[str]:
    """A text in stretches of PIECE letters, the last one from its end."""
    if len(letters) <= PIECE:
        return [letters]
    starts = [*range(0, len(letters) - PIECE, PIECE), len(letters) - PIECE]
    return [letters[start : start + PIECE] for start in starts]
