"""A text as sentences, each a row of items: words, groups of people as one item, marks. Pure."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from archive.flags.lexicon import Entry
from archive.flags.vocabulary import NOTHING, Vocabulary, Word, targets

TOKEN = re.compile(
    r"(?P<word>[^\W_](?:[\w'@$*]|!(?=[^\W_]))*|[@$](?=[^\W_])[\w'@$*]*|&)|(?P<end>[.!?]+|\n)|(?P<mark>[,;:()\[\]]|-{2,}|\s-+\s)"
)
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
LEET = str.maketrans("01345678@$!+", "oieasgtbasit")
THRICE = re.compile(r"(\w)\1{2,}")
LONGEST_TEXT = 100_000
LONGEST_SENTENCE = 120
LONGEST_WORD = 60
LONGEST_PART = 16
VERBAL = ("BE", "SHOULD", "ADV", "WILL", "CAN", "COMMA", "AND", "NOT", "ALL", "PREP", "DO", "HAVE", "WHO", "ANIMAL", "FILTH",
          "PRIMITIVE", "DISEASE", "PROFANITY", "VILE", "UP", "PERSON", "GROUP", "GADJ")  # fmt: skip
TYPICAL = ("average", "typical", "ordinary")
SHORTEST_RUN = 7
SHORTEST_RUN_OF_LETTERS = 4
SHORTEST_MEAN = 2
LONG_ENOUGH = 4
SHORT = frozenset("i a u we he is be to of in my up so no us am do it or on all the are for you and out them these they who his her not was".split())
NO_GROUPS = frozenset(("politician", "journalist", "commenter", "age", "other", "unclear"))


@dataclass(slots=True)
class Item:
    """Words from `start` to `end` of the folded text. `mask` has the tags; `target` is the group that is meant."""

    start: int
    end: int
    mask: int
    text: str = ""
    entries: Sequence[Entry] = ()
    target: str | None = None


@dataclass(slots=True)
class Sentence:
    """`signs` has one character an item."""

    items: list[Item]
    signs: str
    mask: int


class Reader:
    """Reads texts by one vocabulary."""

    def __init__(self, known: Vocabulary) -> None:
        self.known = known
        bits = known.bits
        self.group, self.many, self.one, self.adjective = (bits[tag] for tag in ("GROUP", "GPL", "GSG", "GADJ"))
        self.others, self.name, self.comma, self.number = (bits[t] for t in ("OTHERS", "NAME", "COMMA", "NUMBER"))
        self.adverb, self.person = known.bit("ADV"), known.bit("PERSON")
        self.absorbed = known.mask(("DET", "ALL", "AGE"))
        self.head = known.mask(("GADJ", "GROUP", "PERSON", "OTHERS"))
        self.marked = known.mask(("SLUR", "GENDERED"))
        self.kept = known.mask(("NO", "SOME", "EVERY", "THEY"))
        self.they = known.bit("THEY")
        self.verbal = known.mask(VERBAL)
        self.definite = known.mask(("THE", "MY", "YOUR", "THEIR", "HE"))

    def sentences(self, text: str, original: str) -> Iterator[Sentence]:
        """The sentences of a folded text; `original` shows which words have capitals."""
        if "://" in text or "www." in text or "@" in text:
            text = ADDRESS.sub(lambda found: " " * len(found[0]), text)
        same = len(original) == len(text)
        items: list[Item] = []
        for found in TOKEN.finditer(text, 0, LONGEST_TEXT):
            if found.lastgroup == "end":
                if not self._ends(text, found, original if same else text, items):
                    continue
                if items:
                    yield self._sentence(items)
                    items = []
            elif found.lastgroup == "mark":
                items.append(Item(found.start(), found.end(), self.comma))
            else:
                items += self._items(found, original if same else text, first=not items)
                if len(items) >= LONGEST_SENTENCE:
                    yield self._sentence(items)
                    items = []
        if items:
            yield self._sentence(items)

    def _ends(self, text: str, found: re.Match[str], original: str, items: list[Item]) -> bool:
        """Whether a mark ends a sentence: not within a number or an abbreviation, nor where a line is only wrapped."""
        before, after = text[max(0, found.start() - 2) : found.start()], text[found.end() : found.end() + 1]
        if found[0] == "\n":
            following = original[found.end() : found.end() + 2].strip()[:1]
            return following == "" or following.isupper() or not following.isalpha()
        if found[0] != ".":
            return True
        if before[-1:].isdigit() and after.isdigit():
            return False
        return not (before[-1:].isalpha() and not before[:1].isalpha() and items)

    def _items(self, found: re.Match[str], original: str, *, first: bool) -> Iterator[Item]:
        """The item of a word, or those of all words that it is short for."""
        words = self.known.words
        if (parts := self.known.expanded.get(found[0])) is None:
            yield self._item(found, original, first=first)
            return
        for part in parts:
            word = words.get(part, NOTHING)
            yield Item(found.start(), found.end(), word.mask, part, word.entries)

    def _item(self, found: re.Match[str], original: str, *, first: bool) -> Item:
        text = found[0]
        word = self.known.words.get(text)
        end = found.end()
        if word is None:
            text = text.rstrip("'@$!")
            end = found.start() + len(text)
            word = self._looked_at(text)
        if word is NOTHING and not first and original[found.start() : found.start() + 1].isupper():
            return Item(found.start(), end, self.name, text)
        return Item(found.start(), end, word.mask, text, word.entries)

    def _looked_at(self, text: str) -> Word:
        """What a word means that is not written as any of the vocabulary is."""
        words = self.known.words
        if text in words:
            return words[text]
        if not text.isalpha():
            if text.isdigit():
                return Word(self.number)
            if "'" in text:
                return self._possessive(text)
            plain = text.translate(LEET)
            for spelled in (plain, text.replace("1", "l").translate(LEET)):
                if spelled in words:
                    return words[spelled]
            text = plain
        if THRICE.search(text):
            for times in (r"\1\1", r"\1"):
                if (word := words.get(THRICE.sub(times, text))) is not None:
                    return word
        if text.endswith("ly") and len(text) > 4:
            return Word(self.adverb)
        return NOTHING

    def _possessive(self, text: str) -> Word:
        """Muslims' or women's: not the group itself but what is theirs."""
        stem = text.partition("'")[0]
        word = self.known.words.get(stem) or self.known.words.get(stem + "s")
        if word is None:
            return NOTHING
        return Word(word.mask & ~(self.group | self.many | self.one | self.others | self.person), word.entries)

    def _sentence(self, items: list[Item]) -> Sentence:
        items = list(self._grouped(list(self._phrased(list(self._joined(items))))))
        mask = 0
        for item in items:
            mask |= item.mask
        sign = self.known.sign
        return Sentence(items, "".join([sign(item.mask) for item in items]), mask)

    def _joined(self, items: list[Item]) -> Iterator[Item]:
        """Items, with l e t t e r s that stand apart, and wordsthatstandtogether, read as the words that they make."""
        place = 0
        while place < len(items):
            item = items[place]
            end = place
            while end < len(items) and len(items[end].text) == 1 and items[end].text.isalnum():
                end += 1
            if end - place >= SHORTEST_RUN_OF_LETTERS:
                yield from self._apart(items[place:end])
                place = end
                continue
            if item.mask == 0 and SHORTEST_RUN <= len(item.text) <= LONGEST_WORD:
                yield from self._apart([item])
            else:
                yield item
            place += 1

    def _apart(self, items: list[Item]) -> Iterator[Item]:
        """The words in a run of letters, or the items as they were where it is no run of known words."""
        text = "".join(item.text for item in items).translate(LEET)
        ends = segmented(text, self.known.plain) if len(text) <= LONGEST_WORD else None
        if ends is None:
            yield from items
            return
        start = 0
        for end in ends:
            word = self.known.words[text[start:end]]
            first, last = (items[start], items[end - 1]) if len(items) > 1 else (items[0], items[0])
            begin, stop = (first.start, last.end) if len(items) > 1 else (first.start + start, first.start + end)
            yield Item(begin, stop, word.mask, text[start:end], word.entries)
            start = end

    def _phrased(self, items: list[Item]) -> Iterator[Item]:
        """Items, with several words that mean something together as one."""
        place, phrases = 0, self.known.phrases
        while place < len(items):
            item = items[place]
            for rest, word in phrases.get(item.text, ()):
                end = place + 1 + len(rest)
                if end <= len(items) and all(items[place + 1 + n].text == part for n, part in enumerate(rest)):
                    yield Item(item.start, items[end - 1].end, word.mask, "", word.entries)
                    place = end
                    break
            else:
                yield item
                place += 1

    def _grouped(self, items: list[Item]) -> list[Item]:
        """Items, with "all these young black people" as one that says which group is meant."""
        found: list[Item] = []
        place = 0
        while place < len(items):
            item, used = self._group_at(items, place)
            typical = False
            if item.text in ("these", "those") and place + 1 < len(items) and not items[place + 1].mask & self.verbal:
                item.mask &= ~self.they
            if item.mask & (self.group | self.others | self.person) and not item.mask & self.kept:
                while found and found[-1].mask & self.absorbed and not found[-1].mask & self.kept:
                    if item.mask & self.many and found[-1].text == "that":  # as in "I know that ..."
                        break
                    typical = typical or found[-1].text in TYPICAL
                    if item.mask & self.one and found[-1].mask & self.definite and not typical:
                        item.mask = self.person | item.mask & self.marked  # one that is known, not the group
                    item.start = found.pop().start
            found.append(item)
            place += used
        return found

    def _group_at(self, items: list[Item], place: int) -> tuple[Item, int]:
        """The item that begins at a place, and how many it takes in."""
        item = items[place]
        if not item.mask & (self.adjective | self.group):
            return item, 1
        end = place + 1
        while end < len(items) and items[end - 1].mask & self.adjective and items[end].mask & self.head:
            end += 1
        last = items[end - 1]
        if end == place + 1:
            return self._alone(item, items[end] if end < len(items) else None), 1
        target = next((found for each in items[place:end] if (found := targets(each.entries))), None)
        if last.mask & self.others and not last.mask & self.group:
            return Item(item.start, last.end, self.others, "", last.entries), end - place
        number = self.many if last.mask & self.many or last.text.endswith(("s", "people", "folk", "men")) else self.one
        entries = tuple(entry for each in items[place:end] for entry in each.entries)
        kept = last.mask & self.marked
        mask = self.others if target in NO_GROUPS else self.group | number | kept
        return Item(item.start, last.end, mask, "", entries, target), end - place

    def _alone(self, item: Item, after: Item | None) -> Item:
        """A group's noun, or its adjective where nothing that it belongs to follows."""
        target = targets(item.entries)
        if item.mask & self.group and target in NO_GROUPS:
            return Item(item.start, item.end, self.others, item.text, item.entries)
        if item.mask & self.adjective and not item.mask & self.group and after is not None and after.text == "are":
            return Item(item.start, item.end, self.group | self.many, item.text, item.entries, target)
        bare = item.mask & self.adjective and after is not None and after.mask == 0
        if bare and not item.mask & self.many and not after.text.endswith(("ed", "s")):  # type: ignore[union-attr]
            return Item(item.start, item.end, self.adjective, item.text, item.entries, target)
        return Item(item.start, item.end, item.mask, item.text, item.entries, target)


def segmented(text: str, words: AbstractSet[str]) -> list[int] | None:
    """Where the words of a run of letters end, the fewest that it can be cut into; None where it is no such run."""
    best: list[tuple[int, int] | None] = [(0, 0), *[None] * len(text)]
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - LONGEST_PART), end):
            before = best[start]
            part = text[start:end]
            if before is None or part not in words or (len(part) < 3 and part not in SHORT):
                continue
            if (cost := before[0] + 1) < (best[end] or (len(text) + 1, 0))[0]:
                best[end] = (cost, start)
    if best[-1] is None or best[-1][0] * SHORTEST_MEAN > len(text):
        return None
    ends, place, longest = list[int](), len(text), 0
    while place:
        ends.append(place)
        longest = max(longest, place - best[place][1])  # type: ignore[index]
        place = best[place][1]  # type: ignore[index]
    first = ends[-1]
    short = min(text[:first], text[first:], key=len) if len(ends) == 2 else ""
    return ends[::-1] if longest >= LONG_ENOUGH and (len(short) != 3 or short in SHORT) else None
