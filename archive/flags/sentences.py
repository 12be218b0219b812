"""A text as sentences, each a row of items: words, groups of people as one item, marks. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from archive.flags.lexicon import Entry
from archive.flags.vocabulary import GRAVE, NO_GROUPS, NOTHING, Vocabulary, Word, targets

TOKEN = re.compile(
    r"(?P<word>[^\W_](?:[\w'@$*]|!(?=[^\W_]))*|[@$](?=[^\W_])[\w'@$*]*|&)|(?P<mark>[,;:()\[\]]|-{2,}|\s-+\s)"
)
END = re.compile(r"[.!?]+|\n")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+")
LEET = str.maketrans("01345678@$!+", "oieasgtbasit")
LETTERS = re.compile(r"(?:(?<![^\W_])[^\W_](?![^\W_])[\W_]{1,3}){3}[^\W_](?![^\W_])")
THRICE = re.compile(r"(\w)\1{2,}")
LONGEST_TEXT = 100_000
LONGEST_SENTENCE = 800
LONGEST_WORD = 60
LONGEST_PART = 16
VERBAL = (
    "BE SHOULD ADV WILL CAN COMMA AND NOT ALL PREP DO HAVE WHO ANIMAL FILTH PRIMITIVE DISEASE PROFANITY VILE UP PERSON "  # noqa: SIM905
    "GROUP GADJ".split()
)
TYPICAL = ("average", "typical", "ordinary")
EACH = ("EVERY", "ANY", "NO", "SOME", "ONE", "ONLY", "AGE", "DECENT")
OF_EACH = ("next", "last", "single", "good")
ENDS = (
    "BE",
    "SHOULD",
    "WILL",
    "CAN",
    "HAVE",
    "DO",
    "COMMA",
    "AND",
    "WHO",
    "OF",
    "PREP",
    "I",
    "YOU",
    "ONE",
    "GET",
    "DIE",
    "UP",
)
SHORTEST_RUN = 7
SHORTEST_RUN_OF_LETTERS = 4
SHORTEST_MEAN = 2
SHORTEST_ADVERB = 4
MOST_STRANGE = 50_000
NO_WORD = "\0"
UNKNOWN = chr(0x4DFF)  # for a set of tags that no word has
LONG_ENOUGH = 4
SHORT = frozenset(
    "i a u we he is be to of in my up so no us am do it or on all the are for you and out them these they who his her "  # noqa: SIM905
    "not was".split()
)


@dataclass(slots=True)
class Item:
    """Words from `start` to `end` of the folded text. `mask` has the tags; `target` is the group that is meant."""

    start: int
    end: int
    mask: int
    sign: str
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
        self.comma_sign, self.name_sign, self.no_sign = self.sign(self.comma), self.sign(self.name), self.sign(0)
        self._strange: dict[str, tuple[str, Word, bool]] = {}
        self.adverb, self.person = known.bit("ADV"), known.bit("PERSON")
        grave = known.mask(tag for tag in GRAVE if tag in known.bits)
        hidden = [word for word in known.plain if known.words[word].mask & grave and len(word) >= LONG_ENOUGH]
        self.hides: Callable[[str], object] = AhoCorasick(hidden).find_matches_as_indexes if hidden else bool
        self.absorbed = known.mask(("DET", "ALL", "AGE"))
        self.head = known.mask(("GADJ", "GROUP", "PERSON", "OTHERS"))
        self.marked = known.mask(("SLUR", "GENDERED"))
        self.grouping = self.head | known.bit("THEY")
        self.kept = known.mask(("NO", "SOME", "EVERY", "THEY"))
        self.they = known.bit("THEY")
        self.verbal = known.mask(VERBAL)
        self.each, self.ends = known.mask(EACH), known.mask(ENDS)
        self.definite = known.mask(("THE", "MY", "YOUR", "THEIR", "HE"))

    def read(self, text: str, written: str) -> "Sentences":
        """A folded text as sentences; `written` is the same with its capitals."""
        if "://" in text or "www." in text or "@" in text:
            text = ADDRESS.sub(lambda found: " " * len(found[0]), text)
        return Sentences(self, text, written)

    def sentence(self, text: str, written: str, start: int, end: int) -> Sentence:
        """One sentence, from `start` to `end` of a text."""
        items: list[Item] = []
        known = self.known.words
        for found in TOKEN.finditer(text, start, end):
            token = found[0]
            word = known.get(token)
            if word is not None:
                begin, stop = found.span()
                items.append(Item(begin, stop, word.mask, word.sign, token, word.entries))
            elif found.lastgroup == "mark":
                items.append(Item(found.start(), found.end(), self.comma, self.comma_sign))
            else:
                items += self._unknown(found, written, first=not items)
        return self._sentence(items, text, start, end)

    def _unknown(self, found: re.Match[str], original: str, *, first: bool) -> list[Item]:
        """The items of a word that is not written as any of the vocabulary is: all words that it is short for, the word
        that it is when one looks at it closely, or a name."""
        start, text = found.start(), found[0]
        if (parts := self.known.expanded.get(text)) is not None:
            words = [(part, self.known.words.get(part, NOTHING)) for part in parts]
            return [Item(start, found.end(), word.mask, word.sign, part, word.entries) for part, word in words]
        strange = self._strange.get(text)
        if strange is None:
            if len(self._strange) >= MOST_STRANGE:
                self._strange.clear()
            strange = self._strange[text] = self.examined(text)
        bare, word, hides = strange
        if word is not NOTHING:
            return [Item(start, start + len(bare), word.mask, word.sign, bare, word.entries)]
        if hides:
            return self._apart([Item(start, start + len(bare), 0, self.no_sign, bare)])
        if not first and original[start].isupper():
            return [Item(start, start + len(bare), self.name, self.name_sign, bare)]
        return [Item(start, start + len(bare), 0, self.no_sign, bare)]

    def examined(self, text: str) -> tuple[str, Word, bool]:
        """A word without marks at its end, what it means, and whether it hides others."""
        text = text.rstrip("'@$!")
        word = self._looked_at(text)
        if word is not NOTHING and not word.sign:
            word = Word(word.mask, word.entries, self.sign(word.mask))
        return text, word, self.is_run(text)

    def is_run(self, text: str) -> bool:
        """Whether a word is a run of words that stand together, a grave one among them."""
        if not SHORTEST_RUN <= len(text) <= LONGEST_WORD or text in self.known.ordinary or not self.hides(text):
            return False
        return segmented(text.translate(LEET), self.known.plain) is not None

    def _looked_at(self, text: str) -> Word:
        """What a word means that is not written as any of the vocabulary is."""
        words = self.known.words
        if text in words:
            return words[text]
        if text.isdigit():
            return Word(self.number)
        if "'" in text:
            return self._possessive(text)
        plain = text.translate(LEET)
        for spelled in (plain, text.replace("1", "l").translate(LEET), *_shorter(plain)):
            if spelled in words:
                return words[spelled]
        return Word(self.adverb) if text.endswith("ly") and len(text) > SHORTEST_ADVERB else NOTHING

    def _possessive(self, text: str) -> Word:
        """Muslims' or women's: not the group itself but what is theirs."""
        stem = text.partition("'")[0]
        word = self.known.words.get(stem) or self.known.words.get(stem + "s")
        if word is None:
            return NOTHING
        return Word(word.mask & ~(self.group | self.many | self.one | self.others | self.person), word.entries)

    def _sentence(self, items: list[Item], text: str, start: int, end: int) -> Sentence:
        if LETTERS.search(text, start, end):
            items = self._joined(items)
        items = self._phrased(items)
        mask = 0
        for item in items:
            mask |= item.mask
        if mask & self.grouping:
            items = self._grouped(items)
            for item in items:
                mask |= item.mask
        return Sentence(items, "".join([item.sign for item in items]), mask)

    def sign(self, mask: int) -> str:
        """What stands for a set of tags in a sentence."""
        return self.known.signs.get(mask, UNKNOWN)

    def _joined(self, items: list[Item]) -> list[Item]:
        """Items, with l e t t e r s that stand apart read as the words that they make."""
        found: list[Item] = []
        place = 0
        while place < len(items):
            end = place
            while end < len(items) and len(items[end].text) == 1 and items[end].text.isalnum():
                end += 1
            if end - place >= SHORTEST_RUN_OF_LETTERS:
                found += self._apart(items[place:end])
                place = end
            else:
                found.append(items[place])
                place += 1
        return found

    def _apart(self, items: list[Item]) -> list[Item]:
        """The words in a run of letters, or the items as they were where it is no run of known words."""
        text = "".join(item.text for item in items).translate(LEET)
        ends = segmented(text, self.known.plain) if len(text) <= LONGEST_WORD else None
        if ends is None:
            return items
        found, start = list[Item](), 0
        for end in ends:
            word = self.known.words[text[start:end]]
            first, last = (items[start].start, items[end - 1].end) if len(items) > 1 else (start, end)
            moved = 0 if len(items) > 1 else items[0].start
            found.append(Item(first + moved, last + moved, word.mask, word.sign, text[start:end], word.entries))
            start = end
        return found

    def _phrased(self, items: list[Item]) -> list[Item]:
        """Items, with several words that mean something together as one: the longest where there are more."""
        found: list[Item] = []
        place, count, phrases = 0, len(items), self.known.phrases
        while place < count:
            item = items[place]
            tree = phrases.get(item.text) if item.text else None
            place += 1
            if tree is not None:
                end, word = place, None
                while end < count and (tree := tree.get(items[end].text or NO_WORD)) is not None:  # type: ignore[union-attr]
                    end += 1
                    if "" in tree:  # type: ignore[operator]
                        place, word = end, tree[""]  # type: ignore[index]
                if word is not None:
                    item = Item(item.start, items[place - 1].end, word.mask, word.sign, "", word.entries)  # type: ignore[union-attr]
            found.append(item)
        return found

    def _grouped(self, items: list[Item]) -> list[Item]:
        """Items, with "all these young black people" as one that says which group is meant."""
        found: list[Item] = []
        place = 0
        while place < len(items):
            item, used = self._group_at(items, place)
            typical = False
            if item.text in ("these", "those") and place + 1 < len(items) and not items[place + 1].mask & self.verbal:
                item.mask &= ~self.they
                item.sign = self.sign(item.mask)
            if item.mask & (self.group | self.others | self.person) and not item.mask & self.kept:
                while found and found[-1].mask & self.absorbed and not found[-1].mask & self.kept:
                    if item.mask & self.many and found[-1].text == "that":  # as in "I know that ..."
                        break
                    typical = typical or found[-1].text in TYPICAL
                    if item.mask & self.one and found[-1].mask & self.definite and not typical:
                        item.mask = self.person | item.mask & self.marked  # one that is known, not the group
                        item.sign = self.sign(item.mask)
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
            return self._alone(items, place), 1
        target = next((found for each in items[place:end] if (found := targets(each.entries))), None)
        if last.mask & self.others and not last.mask & self.group:
            return Item(item.start, last.end, self.others, self.sign(self.others), "", last.entries), end - place
        number = self.many if last.mask & self.many or last.text.endswith(("s", "people", "folk", "men")) else self.one
        entries = tuple(entry for each in items[place:end] for entry in each.entries)
        kept = last.mask & self.marked
        mask = self.others if target in NO_GROUPS else self.group | number | kept
        return Item(item.start, last.end, mask, self.sign(mask), "", entries, target), end - place

    def _alone(self, items: list[Item], place: int) -> Item:
        """A group's noun, or its adjective where nothing that it belongs to follows."""
        item = items[place]
        after = items[place + 1] if place + 1 < len(items) else None
        target = targets(item.entries)
        if item.mask & self.group and target in NO_GROUPS:
            return Item(item.start, item.end, self.others, self.sign(self.others), item.text, item.entries)
        if item.mask & self.adjective and not item.mask & self.group and after is not None and after.text == "are":
            plural = self.group | self.many
            return Item(item.start, item.end, plural, self.sign(plural), item.text, item.entries, target)
        if item.mask & self.adjective and not item.mask & self.group and place:
            before = items[place - 1]
            one = before.mask & self.each or before.text in OF_EACH
            if one and (after is None or after.mask & self.ends):  # as in "no gay should ..."
                single = self.group | self.one
                return Item(item.start, item.end, single, self.sign(single), item.text, item.entries, target)
        bare = item.mask & self.adjective and after is not None and after.mask == 0
        if bare and not item.mask & self.many and not after.text.endswith(("ed", "s")):  # type: ignore[union-attr]
            return Item(
                item.start, item.end, self.adjective, self.sign(self.adjective), item.text, item.entries, target
            )
        return Item(item.start, item.end, item.mask, item.sign, item.text, item.entries, target)


def _shorter(text: str) -> tuple[str, ...]:
    """A word without the letters that are repeated in it."""
    return (THRICE.sub(r"\1\1", text), THRICE.sub(r"\1", text)) if THRICE.search(text) else ()


class Sentences:
    """The sentences of a text, each read when it is asked for; `spans` says where they stand."""

    def __init__(self, reader: Reader, text: str, written: str) -> None:
        self.text = text
        self.spans = list(_spans(text, written))
        self._reader, self._written = reader, written
        self._read: dict[int, Sentence] = {}

    def __len__(self) -> int:
        return len(self.spans)

    def part(self, place: int) -> str:
        """The text of one sentence."""
        start, end = self.spans[place]
        return self.text[start:end]

    def __getitem__(self, place: int) -> Sentence:
        if place not in self._read:
            self._read[place] = self._reader.sentence(self.text, self._written, *self.spans[place])
        return self._read[place]


def _spans(text: str, written: str) -> Iterator[tuple[int, int]]:
    """Where sentences stand; what goes on without an end is cut, so that none takes long."""
    start = 0
    for found in END.finditer(text, 0, LONGEST_TEXT):
        if _ends(text, found, written):
            yield from _pieces(text, start, found.start())
            start = found.end()
    yield from _pieces(text, start, min(len(text), LONGEST_TEXT))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST_SENTENCE:
        cut = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
        cut = start + LONGEST_SENTENCE if cut < 0 else cut
        yield start, cut
        start = cut
    if text[start:end].strip():
        yield start, end


def _ends(text: str, found: re.Match[str], written: str) -> bool:
    """Whether a mark ends a sentence: not within a number or an abbreviation, nor where a line is only wrapped."""
    before, after = text[max(0, found.start() - 2) : found.start()], text[found.end() : found.end() + 1]
    if found[0] == "\n":
        ahead = written[found.end() : found.end() + 2]
        following = ahead.strip()[:1]
        return following == "" or "\n" in ahead or following.isupper() or not following.isalpha()
    if found[0] != ".":
        return True
    if before[-1:].isdigit() and after.isdigit():
        return False
    return not (before[-1:].isalpha() and len(before) == 2 and not before[0].isalpha())


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
