"""What rules find in a text: `find(text, context)` is pure, and gives matches with their places in that very text.

First one pass over the text for words that any rule needs; most texts end there. The rest are read sentence by sentence
as rows of tags, over which the rules are patterns; then come the guards, each of which is a match of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from archive.flags import shapes
from archive.flags.fold import Folded, fold
from archive.flags.guards import Guard, Guards
from archive.flags.languages import read_in
from archive.flags.lexicon import languages, lexicon
from archive.flags.match import Context, Match
from archive.flags.prefilter import Prefilter
from archive.flags.rules import Pattern, compiled, named, sources
from archive.flags.sentences import NO_GROUPS, Item, Reader, Sentence
from archive.flags.vocabulary import Vocabulary, spelled, targets, vocabulary

SEVERE = ("content.threat", "content.incitement", "content.glorification", "content.dehumanisation",
          "content.exclusion", "content.identity_attack", "content.slur")  # fmt: skip
ATTACKS = ("content.identity_attack", "content.dehumanisation")
VIOLENT = ("content.threat", "content.incitement")
MOST_MATCHES = 200
PROMOTION = "promotion"
LONGEST_TO_TELL = 600


NO_CONTEXT = Context()


def find(text: str, context: Context = NO_CONTEXT) -> tuple[Match, ...]:
    """All matches in a text, in order. Works in time that grows with its length alone."""
    folded = fold(text)
    candidates = prefilter().languages(folded.text)
    promotes = PROMOTION in candidates
    found = shapes.find(text, folded.text, context.language, promotes=promotes)
    if candidates := candidates[promotes:]:
        language = read_in(text[:LONGEST_TO_TELL], candidates, context.language)
        if language:
            found += detector(language).find(folded, text, context)
    return tuple(sorted(found, key=lambda match: (match.start, match.end, match.code)))


@cache
def detector(language: str) -> "Detector":
    """The rules of a language, compiled."""
    return Detector(language)


@cache
def prefilter() -> Prefilter:
    """The first stage over the rare words of all languages."""
    promotion = {PROMOTION: [word for words in shapes.spam_words().values() for word in words]}
    return Prefilter(promotion | {language: list(detector(language).rare_words()) for language in languages()})


@dataclass(slots=True)
class _Hit:
    """A pattern's match: items `first` to `last` of sentence `place`."""

    pattern: Pattern
    place: int
    first: int
    last: int
    target: str | None


class Detector:
    """The rules of one language over its words."""

    def __init__(self, language: str) -> None:
        self.language = language
        known_words = lexicon(language)
        rules = sources(language)
        tags, literals = named(rules)
        self.known: Vocabulary = vocabulary(known_words, literals, tags | GUARDING)
        patterns = [pattern for rule in rules for pattern in compiled(rule, self.known, known_words)]
        self.by_anchor = _by_anchor(patterns, self.known)
        self.anchors = 0
        for bit in self.by_anchor:
            self.anchors |= bit
        self.reader, self.guards = Reader(self.known), Guards(self.known)
        self.group, self.they, self.he = (self.known.bit(tag) for tag in ("GROUP", "THEY", "HE"))
        self.many, self.others, self.slur = (self.known.bit(tag) for tag in ("GPL", "OTHERS", "SLUR"))
        self.adjective, self.singular = self.known.bit("GADJ"), self.known.bit("IS")
        self.predicate = self.known.mask(("BE", "MAKESICK"))
        self.determiner = self.known.mask(("THE", "MY", "YOUR", "THEIR", "DET"))
        self.sport = self.known.bit("SPORT")
        self.people = self.known.mask(("GROUP", "OTHERS", "PERSON", "NAME"))

    def rare_words(self) -> Iterator[str]:
        """The words and phrases of which a text needs one for any rule to match."""
        for short, parts in self.known.expanded.items():
            if any(self.known.words[part].mask & self.anchors for part in parts if part in self.known.words):
                yield short
        anchors = self.anchors | (self.known.bits["GADJ"] if self.anchors & self.group else 0)
        for form, word in self.known.words.items():
            if word.mask & anchors:
                yield form
        for form, word in spelled(self.known.phrases):
            if word.mask & anchors:
                yield form

    def find(self, folded: Folded, original: str, context: Context) -> list[Match]:
        """The matches of this language's rules in a folded text."""
        sentences = list(self.reader.sentences(folded.text, original))
        hits = [hit for place in range(len(sentences)) for hit in self._hits(sentences, place, context)]
        found: dict[tuple[str, str, int, int], Match] = {}
        for hit in hits[:MOST_MATCHES]:
            for match in self._judged(folded, sentences, hit):
                found.setdefault((match.code, match.rule, match.start, match.end), match)
        return _without_weaker(list(found.values()))

    def _hits(self, sentences: Sequence[Sentence], place: int, context: Context) -> Iterator[_Hit]:
        sentence = sentences[place]
        anchors = sentence.mask & self.anchors
        while anchors:
            bit = anchors & -anchors
            anchors ^= bit
            for pattern in self.by_anchor[bit]:
                if all(sentence.mask & need for need in pattern.needs):
                    yield from self._matches(pattern, sentences, place, context)

    def _matches(
        self, pattern: Pattern, sentences: Sequence[Sentence], place: int, context: Context
    ) -> Iterator[_Hit]:
        for found in pattern.expression.finditer(sentences[place].signs):
            first, last = found.start(), found.end() - 1
            if last < first:
                continue
            if pattern.rule.code in ATTACKS and self._speaks_of_one(sentences[place].items[first : last + 1]):
                continue
            target = self._target(sentences, place, first, last, context)
            if pattern.rule.who == "group" and (target is None or target in NO_GROUPS):
                continue
            yield _Hit(pattern, place, first, last, target)

    def _speaks_of_one(self, items: Sequence[Item]) -> bool:
        """Whether a singular verb follows a plural: then something else is its subject ("the abuse of ... is vile")."""
        if not items[0].mask & self.many:
            return False
        verb = next((item for item in items if item.mask & self.predicate), None)
        return verb is not None and bool(verb.mask & self.singular)

    def _target(
        self, sentences: Sequence[Sentence], place: int, first: int, last: int, context: Context
    ) -> str | None:
        """Who is meant: the group that stands in the match, or that its pronoun stands for."""
        items = sentences[place].items
        pronoun = None
        for at in range(first, last + 1):
            if items[at].mask & self.group:
                return items[at].target or targets(items[at].entries)
            if pronoun is None and items[at].mask & (self.they | self.he):
                pronoun = at
        if any(items[at].mask & self.others for at in range(first, last + 1)):
            return "other"
        if pronoun is None and any(item.mask & self.people for item in items[first : last + 1]):
            return "unclear"
        return self._before(sentences, place, first if pronoun is None else pronoun, context)

    def _before(self, sentences: Sequence[Sentence], place: int, at: int, context: Context) -> str:
        """Who was spoken of last before an item: here, in the sentences before, in the parent, in the title."""
        for items in (sentences[place].items[:at], *(sentences[n].items for n in range(place - 1, max(-1, place - 4), -1))):
            if (found := self._last_named(items)) is not None:
                return found
        for text in (context.parent, context.title):
            if text and not self._names_others(sentences, place, at):
                for sentence in reversed(list(self.reader.sentences(fold(text[:2000]).text, text[:2000]))):
                    if (found := self._last_named(sentence.items)) is not None:
                        return found
        return "unclear"

    def _names_others(self, sentences: Sequence[Sentence], place: int, at: int) -> bool:
        """Whether a thing or somebody else is named before an item, whom its pronoun may stand for; or right behind it,
        as in "they are crooks, that council"."""
        items = [*(item for sentence in sentences[:place] for item in sentence.items), *sentences[place].items[:at]]
        for before, item in pairwise(items):
            if item.mask == 0 and before.mask & self.determiner:
                return True
        end = sentences[place].items[-2:]
        return len(end) == 2 and end[1].mask == 0 and bool(end[0].mask & self.determiner) and end[0].text == "that"

    def _last_named(self, items: Sequence[Item]) -> str | None:
        for item in reversed(items):
            if item.mask & self.group or (item.mask & self.adjective and targets(item.entries) not in NO_GROUPS):
                return item.target or targets(item.entries) or "unclear"
            if item.mask & self.others:
                return "other"
        return None

    def _judged(self, folded: Folded, sentences: Sequence[Sentence], hit: _Hit) -> Iterator[Match]:
        sentence, rule = sentences[hit.place], hit.pattern.rule
        items = sentence.items[hit.first : hit.last + 1]
        start, end = folded.span(items[0].start, items[-1].end)
        if any(_is_homonym(item, sentence) for item in items) or self._is_a_game(hit, sentence):
            return
        guard = self._guard(folded.text, sentences, hit)
        if guard is None:
            yield Match(rule.code, rule.id, start, end, hit.target)
        elif rule.code in SEVERE:
            yield Match(guard.code, guard.rule, *folded.span(guard.start, guard.end), hit.target, rule.id)

    def _is_a_game(self, hit: _Hit, sentence: Sentence) -> bool:
        """Whether teams, films or votes are beaten, and no group that is protected is named."""
        violent = hit.pattern.rule.code in VIOLENT and (hit.target is None or hit.target in NO_GROUPS)
        return violent and bool(sentence.mask & self.sport)

    def _guard(self, text: str, sentences: Sequence[Sentence], hit: _Hit) -> Guard | None:
        rule = hit.pattern.rule
        sentence = sentences[hit.place]
        if rule.code not in SEVERE:
            return None
        guard = self.guards.of(text, sentences, hit.place, hit.first, hit.last, rule.negation)
        if guard is None and sentence.items[hit.first].mask & self.slur:
            if any(entry.reclaimed for entry in sentence.items[hit.first].entries):
                return self.guards.reclaimed(sentence, hit.first)
        return guard


GUARDING = {"NOT", "NO", "COMMA", "BUT", "SAY", "BELIEVE", "COUNTER", "DENOUNCE", "THINK", "AS", "NEVERMIND", "WE",
            "BE", "IT", "WHY", "WHAT", "CONDEMN", "WHO", "SPORT", "IS", "I", "OWNWILL", "YOU", "YOUR", "THEY", "THEIR", "HE", "MY", "THE", "DET", "ALL", "AGE", "SOME", "EVERY", "ADV", "PERSON",
            *(f"{verb}{form}" for verb in ("SAY", "BELIEVE") for form in (".S", ".ING", ".ED", ".EN"))}  # fmt: skip


def _by_anchor(patterns: Iterable[Pattern], known: Vocabulary) -> dict[int, list[Pattern]]:
    """Patterns by each tag that one of them is looked for by."""
    found: dict[int, list[Pattern]] = {}
    for pattern in patterns:
        for bit in known.bits.values():
            if bit & pattern.anchors:
                found.setdefault(bit, []).append(pattern)
    return found


def _is_homonym(item: Item, sentence: Sentence) -> bool:
    """Whether the sentence shows that a word's harmless meaning is meant."""
    for entry in item.entries:
        if entry.homonyms and any(other.text in entry.homonyms for other in sentence.items):
            return True
    return False


def _without_weaker(found: list[Match]) -> list[Match]:
    """Matches, less swearing and insults that lie within a graver match."""
    grave = [match for match in found if match.code in SEVERE]
    return [
        match
        for match in found
        if match.code not in ("content.profanity", "content.insult")
        or not any(one.start <= match.start and match.end <= one.end for one in grave)
    ]
