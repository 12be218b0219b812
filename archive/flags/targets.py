"""Whom a match is about: the group that it names, or that its pronoun stands for."""

from collections.abc import Sequence
from itertools import pairwise

from archive.flags.match import Context
from archive.flags.normalize import fold
from archive.flags.sentences import Item, Reader, Sentences
from archive.flags.vocabulary import NO_GROUPS, targets

LONGEST_CONTEXT = 2_000
SENTENCES_BACK = 3
WILDLIFE = "wildlife"


class Meant:
    """Finds out by one vocabulary."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        known = reader.known
        self.group, self.others, self.adjective = known.bit("GROUP"), known.bit("OTHERS"), known.bit("GADJ")
        self.pronoun = known.mask(("THEY", "HE"))
        self.people = known.mask(("GROUP", "OTHERS", "PERSON", "NAME"))
        self.wildlife, self.ends = known.bit("WILDLIFE"), known.mask(("COMMA", "BE", "AND", "BUT"))
        self.determiner = known.mask(("THE", "MY", "YOUR", "THEIR", "DET"))

    def by(self, sentences: Sentences, place: int, first: int, last: int, context: Context) -> str:
        """The target of a match from item `first` to item `last`: a group, "other", or "unclear"."""
        items = sentences[place].items
        pronoun = None
        for at in range(first, last + 1):
            if items[at].mask & self.group:
                return items[at].target or targets(items[at].entries) or "unclear"
            if pronoun is None and items[at].mask & self.pronoun:
                pronoun = at
        if any(items[at].mask & self.others for at in range(first, last + 1)):
            return "other"
        if pronoun is None and any(item.mask & self.people for item in items[first : last + 1]):
            return "unclear"
        return self._before(sentences, place, first if pronoun is None else pronoun, context)

    def _before(self, sentences: Sentences, place: int, at: int, context: Context) -> str:
        """Who was spoken of last before an item: here, in the sentences before, in the parent, in the title."""
        if found := self._last_named(sentences[place].items[:at]):
            return found
        for earlier in range(place - 1, max(-1, place - 1 - SENTENCES_BACK), -1):
            if found := self._last_named(sentences[earlier].items):
                return found
        around = [text[:LONGEST_CONTEXT] for text in (context.parent, context.title) if text]
        if around and not self._names_others(sentences, place, at):
            for text in around:
                folded = fold(text)
                read = self.reader.read(folded.text, folded.written(text))
                for place_there in range(len(read) - 1, -1, -1):
                    if found := self._last_named(read[place_there].items):
                        return found
        return "unclear"

    def _names_others(self, sentences: Sentences, place: int, at: int) -> bool:
        """Whether a thing or somebody else is named before an item, whom its pronoun may stand for; or right behind it,
        as in "they are crooks, that council"."""
        before = [item for earlier in range(max(0, place - SENTENCES_BACK), place) for item in sentences[earlier].items]
        items = sentences[place].items
        for one, next_one in pairwise((*before, *items[:at])):
            if next_one.mask == 0 and one.mask & self.determiner:
                return True
        return len(items) > 1 and items[-1].mask == 0 and items[-2].text == "that"

    def _last_named(self, items: Sequence[Item]) -> str | None:
        after: Item | None = None
        for item in reversed(items):
            if item.mask & self.group or (item.mask & self.adjective and self._stands_alone(item, after)):
                return item.target or targets(item.entries) or "unclear"
            if item.mask & self.others:
                return "other"
            if item.mask & self.wildlife:
                return WILDLIFE
            after = item
        return None

    def _stands_alone(self, item: Item, after: Item | None) -> bool:
        """Whether an adjective means people by itself: "disabled?", not "foreign power"."""
        return (after is None or bool(after.mask & self.ends)) and targets(item.entries) not in NO_GROUPS
