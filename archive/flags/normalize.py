"""Text as it is looked at: without capitals, accents and look-alikes, each character where it was. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

DROPPED = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
RANGES = ((0x80, 0x250), (0x1D00, 0x1DC0), (0x1E00, 0x2150), (0x2460, 0x2500), (0xFF01, 0xFF5F))
SURROGATES = range(0xD800, 0xE000)
STYLED = (0x1D400, 0x1D800)
OTHER_SCRIPT = re.compile("[\u0370-\u052f]")
MIXED = re.compile(r"\b(?=\w*[a-zA-Z])\w*[\u0370-\u052f]\w*")
DISGUISES = dict(
    zip(
        "аеорсухіјѕԁһԛԝкмтнвАЕОРСУХІЈЅМТНВКαβεικνορτυχωγηλΑΒΕΙΚΝΟΡΤΥΧΗΜΖ",
        "aeopcyxijsdhqwkmthbAEOPCYXIJSMTHBKabeiknoptuxwynlABEIKNOPTYXHMZ",
        strict=True,
    )
)
PLAIN = dict(zip("øłđßæœ‘’‚‛“”„«»‹›‐‑‒–—―…·•", "oldsao''''\"\"\"\"\"''------.··", strict=True))


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` and where each of its characters stands in the original; `places` is None where all stand where they
    stood."""

    text: str
    places: Sequence[int] | None = None

    def written(self, original: str) -> str:
        """The original without what was dropped: each character where it stands in the folded text."""
        return original if self.places is None else "".join([original[place] for place in self.places])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the folded text in the original."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Lower case, plain letters; invisible characters and combining marks are dropped."""
    if text.isascii():
        return Folded(text.lower())
    if DROPPED.search(text):
        places = [place for place, letter in enumerate(text) if not DROPPED.match(letter)]
        return Folded(_plain_letters("".join([text[place] for place in places])), places)
    return Folded(_plain_letters(text))


def _plain_letters(text: str) -> str:
    """Letters of other scripts are taken for Latin ones only in words that have Latin ones as well."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter that becomes two
        lower = "".join([small if len(small := letter.lower()) == 1 else letter for letter in text])
    text = lower.translate(_table())
    if OTHER_SCRIPT.search(text):
        text = MIXED.sub(lambda word: word[0].translate(_disguises()), text)
    return text.lower()


@cache
def _table() -> dict[int, str]:
    """Single characters for single characters, so that none changes its place."""
    table = {code: plain for code, plain in _plain() if len(plain) == 1 and plain.isascii()}
    table |= {ord(letter): plain for letter, plain in PLAIN.items()}
    table |= dict.fromkeys(SURROGATES, "\ufffd")
    return table | {0x130: "i", 0x131: "i", 0xA0: " "}


@cache
def _disguises() -> dict[int, str]:
    return {ord(letter): plain for letter, plain in DISGUISES.items()}


def _plain() -> Iterator[tuple[int, str]]:
    for first, last in (*RANGES, STYLED):
        for code in range(first, last):
            apart = unicodedata.normalize("NFKD", chr(code))
            yield code, "".join(letter for letter in apart if not unicodedata.combining(letter))
