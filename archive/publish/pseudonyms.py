"""Names in texts, and what stands in their place. Pure.

A name is replaced where somebody is addressed or quoted by it: after an @, at the beginning of a line before a comma, a
colon or a verb of saying. A name that is no everyday word (with a digit, an underscore, a second word or a capital
inside, or long) is replaced wherever it stands as a word of its own.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence

from ahocorasick_rs import AhoCorasick

Place = tuple[int, int]

SHORTEST = 2
LONG = 9
DROPPED = "[name]"
_SAID = re.compile(
    r"\s*(?:[,:;!?—–]|-\s|(?:wrote|says|said|schrieb|schreibt|sagt|écrit|dit|escribió|dijo|schreef|zei)\b)"
)


def pseudonym(key: bytes, platform: str, outlet: str, account: str | None, name: str | None) -> str:
    """A name that stands for one account, or one name where there is no account, for as long as the key is the same."""
    told = "\x1f".join((platform, outlet, "id" if account is not None else "name", account or name or ""))
    digest = hmac.digest(key, told.encode("utf-8", "surrogatepass"), "sha256")
    return "reader-" + b32encode(digest)[:10].decode().lower()


class Names:
    """The names of those who take part in a thread, each with what stands for it."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.stands_for = {name.casefold(): new for name, new in names.items() if len(name) >= SHORTEST}
        self.free = {folded: _is_telling(name) for name in names if (folded := name.casefold()) in self.stands_for}
        self.listed = list(self.stands_for)
        self.finder = AhoCorasick(self.listed) if self.listed else None

    def places(self, text: str) -> list[tuple[Place, str]]:
        """Where names stand in a text that are to be replaced, in order, and by what; none overlaps another."""
        if self.finder is None:
            return []
        folded = text.casefold()
        if len(folded) != len(text):
            folded = "".join(letter if len(letter.casefold()) != 1 else letter.casefold() for letter in text)
        found = []
        for number, start, end in self.finder.find_matches_as_indexes(folded, overlapping=True):
            name = self.listed[number]
            if _is_word(folded, start, end) and (self.free[name] or _is_addressed(folded, start, end)):
                found.append(((start, end), self.stands_for[name]))
        return _apart(found)

    def scrubbed(self, text: str) -> str:
        return replaced(text, self.places(text))


def _is_telling(name: str) -> bool:
    inner = any(letter.isdigit() or letter in "_ ." for letter in name.strip())
    return inner or len(name) >= LONG or any(letter.isupper() for letter in name[1:])


def _is_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_joins(before) and _joins(text[start])) and not (_joins(after) and _joins(text[end - 1]))


def _joins(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _is_addressed(text: str, start: int, end: int) -> bool:
    if text[start - 1 : start] == "@":
        return True
    begins = text[:start].rpartition("\n")[2].strip(' >\t"“„«*') == ""
    return begins and (_SAID.match(text, end) is not None or text[end : end + 1] in ("", "\n"))


def _apart(found: Iterable[tuple[Place, str]]) -> list[tuple[Place, str]]:
    """The longest of those that overlap."""
    kept: list[tuple[Place, str]] = []
    for place, new in sorted(found, key=lambda one: (one[0][0], -one[0][1])):
        if not kept or place[0] >= kept[-1][0][1]:
            kept.append((place, new))
    return kept


def replaced(text: str, places: Sequence[tuple[Place, str]]) -> str:
    """A text with these places replaced."""
    parts, done = [], 0
    for (start, end), new in places:
        parts += [text[done:start], new]
        done = end
    return "".join(parts) + text[done:]


def moved(point: int, places: Sequence[tuple[Place, str]], *, is_end: bool) -> int:
    """Where a point of a text stands once these places are replaced; within one it goes to its edge."""
    shift = 0
    for (start, end), new in places:
        if end <= point:
            shift += len(new) - (end - start)
        elif start < point:
            return start + shift + (len(new) if is_end else 0)
    return point + shift
