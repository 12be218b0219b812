"""Text as rules read it: without capitals, accents and look-alikes, with the offsets of the original. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

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
PLAIN_LETTERS = dict(zip("øłđßæœ", "oldsao", strict=True))
PLAIN_MARKS = dict(zip("‘’‚‛“”„«»‹›‐‑‒–—―…·•", "''''\"\"\"\"\"''------.··", strict=True))


class NormalizedText(NamedTuple):
    """`text` and the offset of each of its characters in the original.

    `offsets` is None where every character stands where it stood: most texts lose none.
    """

    text: str
    offsets: Sequence[int] | None = None

    def original_case(self, original: str) -> str:
        """The original without the characters that were dropped, so that its offsets are those of `text`."""
        return original if self.offsets is None else "".join([original[offset] for offset in self.offsets])

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of `text` to the original."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


def normalize(text: str) -> NormalizedText:
    """Make letters small and plain, and drop invisible characters and combining marks."""
    if (plain := plain_marks(text)).isascii():
        return NormalizedText(plain.lower())
    if DROPPED.search(text):
        offsets = [offset for offset, letter in enumerate(text) if not DROPPED.match(letter)]
        return NormalizedText(_plain_letters("".join([text[offset] for offset in offsets])), offsets)
    return NormalizedText(_plain_letters(text))


def plain_marks(text: str) -> str:
    """Replace quotation marks, dashes and dots as printers set them, all that many texts have beside ASCII."""
    if text.isascii():
        return text
    for mark, plain in PLAIN_MARKS.items():
        if mark in text:
            text = text.replace(mark, plain)
    return text


def _plain_letters(text: str) -> str:
    """Replace every letter by a plain one, each by exactly one, so that offsets stay.

    Letters of other scripts are taken for Latin ones only in words that have Latin ones as well.
    """
    lower = text.lower()
    if len(lower) != len(text):  # a letter that becomes two, as the Turkish capital I with a dot
        lower = "".join([small if len(small := letter.lower()) == 1 else letter for letter in text])
    text = lower.translate(_plain_table())
    if OTHER_SCRIPT.search(text):
        text = MIXED.sub(lambda word: word[0].translate(_disguises()), text)
    return text.lower()


@cache
def _plain_table() -> dict[int, str]:
    """One character for each character that has a plain form of one."""
    table = {code: plain for code, plain in _decompositions() if len(plain) == 1 and plain.isascii()}
    table |= {ord(letter): plain for letter, plain in (PLAIN_LETTERS | PLAIN_MARKS).items()}
    table |= dict.fromkeys(SURROGATES, "\ufffd")
    return table | {0x130: "i", 0x131: "i", 0xA0: " "}


@cache
def _disguises() -> dict[int, str]:
    return {ord(letter): plain for letter, plain in DISGUISES.items()}


def _decompositions() -> Iterator[tuple[int, str]]:
    for first, last in (*RANGES, STYLED):
        for code in range(first, last):
            letters = unicodedata.normalize("NFKD", chr(code))
            yield code, "".join(letter for letter in letters if not unicodedata.combining(letter))
