"""Make the pseudonyms of a copy, and find the names that they replace in texts. Pure.

A name is replaced where somebody is addressed or quoted by it: after an @, or at the beginning of a line before a
comma, a colon or a verb of saying. A name that is no everyday word (with a digit, an underscore, a second word or a
capital inside, or a long one) is replaced wherever it stands as a word of its own.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Mapping

from ahocorasick_rs import AhoCorasick

from archive.text import phrases

Replacement = tuple[tuple[int, int], str]
SHORTEST_NAME = 2
LONG_NAME = 9
DROPPED = "[name]"
_SPEECH = re.compile(
    rf"\s*(?:[,:;!?—–]|-\s|(?:{'|'.join(map(re.escape, sorted(phrases.SAYS, reverse=True)))})(?!\w))", re.IGNORECASE
)


def pseudonym(key: bytes, platform: str, outlet: str, account: str | None, name: str | None) -> str:
    """Return a name for an account, or for a name that has no account; it stays the same as long as the key does."""
    subject = "\x1f".join((platform, outlet, "id" if account is not None else "name", account or name or ""))
    mac = hmac.digest(key, subject.encode("utf-8", "surrogatepass"), "sha256")
    return "reader-" + b32encode(mac)[:10].decode().lower()


class Pseudonyms:
    """The names of a thread's participants, and what replaces each of them in texts."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.replacements = {name.casefold(): new for name, new in names.items() if len(name) >= SHORTEST_NAME}
        # Whether a name is replaced everywhere, not only where it is addressed.
        self.is_distinctive = {
            folded: _is_distinctive(name) for name in names if (folded := name.casefold()) in self.replacements
        }
        self.names = list(self.replacements)
        self.finder = AhoCorasick(self.names) if self.names else None

    def find(self, text: str) -> list[Replacement]:
        """Return the spans of names to replace, in order and without overlaps, with what replaces them."""
        if self.finder is None:
            return []
        folded = text.casefold()
        if len(folded) != len(text):
            # Offsets must stay those of the text: fold only letters that stay one letter.
            folded = "".join(letter if len(letter.casefold()) != 1 else letter.casefold() for letter in text)
        matches = []
        for number, start, end in self.finder.find_matches_as_indexes(folded, overlapping=True):
            name = self.names[number]
            if _is_word(folded, start, end) and (self.is_distinctive[name] or _is_addressed(folded, start, end)):
                matches.append(((start, end), self.replacements[name]))
        # Of names that overlap, the first and longest is replaced: "Tom Billes" before "Tom".
        apart: list[Replacement] = []
        for (start, end), new in sorted(matches, key=lambda match: (match[0][0], -match[0][1])):
            if not apart or start >= apart[-1][0][1]:
                apart.append(((start, end), new))
        return apart


def _is_distinctive(name: str) -> bool:
    has_sign = any(letter.isdigit() or letter in "_ ." for letter in name.strip())
    return has_sign or len(name) >= LONG_NAME or any(letter.isupper() for letter in name[1:])


def _is_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_joins(before) and _joins(text[start])) and not (_joins(after) and _joins(text[end - 1]))


def _joins(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _is_addressed(text: str, start: int, end: int) -> bool:
    if text[start - 1 : start] == "@":
        return True
    starts_line = text[:start].rpartition("\n")[2].strip(' >\t"“„«*') == ""
    return starts_line and (_SPEECH.match(text, end) is not None or text[end : end + 1] in ("", "\n"))
