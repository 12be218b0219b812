"""Fold texts for comparison: what a page, an editor or another reading may change does not count."""

import re
import unicodedata
from unicodedata import normalize

NO_LETTERS = re.compile(r"[\W_]+")
ASCII_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())


def fold_letters(text: str) -> str:
    """Return the letters and digits of a text alone, without capitals and accents."""
    # Deleting ASCII punctuation from the bytes first is several times faster than the expression on all of it.
    plain = normalize("NFKD", text).casefold().encode("utf-8", "surrogatepass").translate(None, ASCII_MARKS)
    letters = plain.decode("utf-8", "surrogatepass")
    return letters if letters.isascii() else NO_LETTERS.sub("", letters)


def fold_words(text: str) -> str:
    """Return the words of a text, without capitals, with one space before, between and behind them."""
    return f" {NO_LETTERS.sub(' ', normalize('NFKD', text).casefold()).strip()} "


def fold_name(name: str) -> str:
    """Return the name of a column or key in small letters, without accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i"))
    return re.sub(r"[^\w]|_", "", "".join(ch for ch in plain if not unicodedata.combining(ch)))
