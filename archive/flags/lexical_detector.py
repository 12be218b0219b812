"""The rules of one language over the sentences of a text."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from archive.flags.context_guards import Guard, Guards
from archive.flags.lexicon import languages, lexicon
from archive.flags.match import Context, Match
from archive.flags.normalize import Folded
from archive.flags.rules import Pattern, Source, compiled, named, sources
from archive.flags.sentences import LETTERS, Item, Reader, Sentence, Sentences
from archive.flags.targets import WILDLIFE, Meant
from archive.flags.vocabulary import GRAVE, NO_GROUPS, Vocabulary, spelled, vocabulary

SEVERE = ("content.threat", "content.incitement", "content.glorification", "content.dehumanisation",
          "content.exclusion", "content.identity_attack", "content.slur")  # fmt: skip
ATTACKS = ("content.identity_attack", "content.dehumanisation")
VIOLENT = ("content.threat", "content.incitement")
MOST_MATCHES = 200
MOST_LOOSE = 100_000
ALL_TAGS = -1
WORD = re.compile(r"[^\W_][\w'@$*]*|[@$][\w@$*']+")


@cache
def detector(language: str) -> "Detector":
    """The rules of a language, compiled."""
    return Detector(language)


Needs = tuple[bool, tuple[int, ...]]


@dataclass(slots=True)
class _Hit:
    """A pattern's match: items `first` to `last` of sentence `place`."""

    pattern: Pattern
    place: int
    first: int
    last: int
    target: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A place that a pattern fits, from `start` to `end` of the text, and what became of it: a match, which may be that
    of a guard, or a reason why there is none."""

    rule: Source
    pattern: str
    start: int
    end: int
    target: str
    match: Match | None = None
    dropped: str | None = None


class Detector:
    """The rules of one language over its words."""

    def __init__(self, language: str) -> None:
        known_words = lexicon(language)
        rules = sources(language)
        tags, literals = named(rules)
        others = (lexicon(other).entries for other in languages() if other != language)
        foreign = {form for entries in others for entry in entries if entry.target for form in entry.forms}
        self.known: Vocabulary = vocabulary(known_words, literals, tags | GUARDING, foreign)
        patterns = [pattern for rule in rules for pattern in compiled(rule, self.known, known_words)]
        self.by_anchor = _by_anchor(patterns, self.known)
        self.anchors = 0
        for bit in self.by_anchor:
            self.anchors |= bit
        seen = self.known.mask(("GROUP", "GPL", "GSG")) | ~self.known.common
        self.seen_by_anchor = {
            bit: tuple({(one.rule.who == "group", tuple(n for n in one.needs if not n & ~seen)) for one in some})
            for bit, some in self.by_anchor.items()
        }
        self.all_by_anchor = {
            bit: tuple({(one.rule.who == "group", one.needs) for one in some}) for bit, some in self.by_anchor.items()
        }
        self.visible = self.known.mask(("GADJ", "GROUP"))
        for one in patterns:
            for need in one.needs:
                self.visible |= 0 if need & ~seen else need
        self.always = self.known.mask(("COMMA", "NAME", "NUMBER", "ADV", "GSG", "PERSON"))
        self._loose: dict[str, int] = {}
        self.of_group = self.known.mask(("GROUP", "GADJ"))
        self.reader, self.guards = Reader(self.known), Guards(self.known)
        self.meant = Meant(self.reader)
        self.group = self.known.bit("GROUP")
        self.group_bits = self.known.mask(("GROUP", "GPL", "GSG"))
        self.many, self.others, self.slur = (self.known.bit(tag) for tag in ("GPL", "OTHERS", "SLUR"))
        self.adjective, self.singular = self.known.bit("GADJ"), self.known.bit("IS")
        self.starts = self.anchors | self.adjective
        self.predicate = self.known.mask(("BE", "MAKESICK"))
        self.sport = self.known.bit("SPORT")

    def visible_words(self) -> Iterator[tuple[str, int]]:
        """The words and phrases that the first stage looks for, with their tags."""
        words = self.known.words
        for short, parts in self.known.expanded.items():
            if mask := self._mask(parts):
                yield short, mask
        for form, word in (*words.items(), *spelled(self.known.phrases)):
            if word.mask & self.visible:
                yield form, word.mask & self.visible

    def _mask(self, parts: Iterable[str]) -> int:
        found = 0
        for part in parts:
            found |= self.known.words[part].mask & self.visible if part in self.known.words else 0
        return found

    def may_fit(self, mask: int, *, of_group: bool) -> bool:
        """Whether words of these tags, which the first stage saw, are enough for any pattern."""
        return bool(mask & self.starts) and self._fits(self._with_groups(mask), self.seen_by_anchor, of_group=of_group)

    def _with_groups(self, mask: int) -> int:
        if mask & self.adjective:  # of a group, once a person stands behind it
            mask |= self.group_bits
        return mask | self.others if mask & self.group else mask

    def may_match(self, part: str, mask: int, *, of_group: bool) -> bool:
        """Whether a sentence, in which the first stage saw words of these tags, can match any pattern. `of_group` is
        set where its pronouns may stand for a group."""
        if not self.may_fit(mask, of_group=of_group):
            return False
        mask = self._with_groups(mask)
        if LETTERS.search(part):
            return True
        for token in WORD.findall(part):
            mask |= self._loose.get(token) or self._loosely(token)
        return self._fits(mask | self.always, self.all_by_anchor, of_group=of_group)

    def _fits(self, mask: int, by_anchor: Mapping[int, tuple[Needs, ...]], *, of_group: bool) -> bool:
        """Whether tags have what some pattern needs."""
        anchors = mask & self.anchors
        while anchors:
            bit = anchors & -anchors
            anchors ^= bit
            for about_group, needs in by_anchor[bit]:
                if of_group or not about_group:
                    for need in needs:
                        if not mask & need:
                            break
                    else:
                        return True
        return False

    def _loosely(self, token: str) -> int:
        """All tags that a word may have, alone or as the first of several; those that the first stage sees are left to
        it."""
        mask, known = self.always, self.known
        for part in known.expanded.get(token, (token,)):
            word = known.words.get(part)
            if word is None:
                _, word, hides = self.reader.examined(part)
                mask |= ALL_TAGS if hides else 0
            mask |= word.mask
            for _, phrase in spelled({part: tree} if (tree := known.phrases.get(part)) else {}):
                mask |= phrase.mask & known.common
        if len(self._loose) >= MOST_LOOSE:
            self._loose.clear()
        self._loose[token] = mask
        return mask

    def grave_words(self) -> Iterator[str]:
        """Single words of violence and contempt, as they are spelled."""
        grave = self.known.mask(tag for tag in GRAVE if tag in self.known.bits) & self.anchors
        yield from (word for word in self.known.plain if self.known.words[word].mask & grave and word.isalpha())

    def find(self, folded: Folded, sentences: Sentences, context: Context, places: Iterable[int]) -> list[Match]:
        """The matches of this language's rules in some sentences of a folded text."""
        found: dict[tuple[str, str, int, int], Match] = {}
        for one in self.decisions(folded, sentences, context, places):
            if one.match is not None:
                found.setdefault((one.match.code, one.match.rule, one.match.start, one.match.end), one.match)
            if len(found) > MOST_MATCHES:
                break
        return _without_weaker(list(found.values()))

    def decisions(
        self, folded: Folded, sentences: Sentences, context: Context, places: Iterable[int]
    ) -> Iterator[Decision]:
        """Every place that a pattern fits, with what became of it."""
        for place in places:
            for hit in self._hits(sentences, place, context):
                yield self._decision(folded, sentences, hit)

    def _hits(self, sentences: Sentences, place: int, context: Context) -> Iterator[_Hit]:
        sentence = sentences[place]
        mask = sentence.mask
        anchors = mask & self.anchors
        while anchors:
            bit = anchors & -anchors
            anchors ^= bit
            for pattern in self.by_anchor[bit]:
                for need in pattern.needs:
                    if not mask & need:
                        break
                else:
                    for found in pattern.expression.finditer(sentence.signs):
                        if found.end() > found.start():
                            first, last = found.start(), found.end() - 1
                            yield _Hit(
                                pattern, place, first, last, self.meant.by(sentences, place, first, last, context)
                            )

    def _decision(self, folded: Folded, sentences: Sentences, hit: _Hit) -> Decision:
        sentence, rule = sentences[hit.place], hit.pattern.rule
        items = sentence.items[hit.first : hit.last + 1]
        start, end = folded.span(items[0].start, items[-1].end)
        decision = Decision(rule, hit.pattern.raw, start, end, hit.target)
        if reason := self._dropped(hit, sentence, items):
            return replace(decision, dropped=reason)
        guard = self._guard(folded.text, sentences, hit)
        if guard is None:
            return replace(decision, match=Match(rule.code, rule.id, start, end, hit.target))
        held = folded.span(guard.start, guard.end)
        return replace(decision, match=Match(guard.code, guard.rule, *held, hit.target, rule.id))

    def _dropped(self, hit: _Hit, sentence: Sentence, items: Sequence[Item]) -> str | None:
        """Why a place that a pattern fits is no match at all."""
        rule = hit.pattern.rule
        if rule.who == "group" and hit.target in NO_GROUPS:
            return "no group that is protected is meant"
        if hit.target == WILDLIFE:
            return "animals are meant"
        if rule.code in ATTACKS and self._speaks_of_one(items):
            return "the verb's subject is not the group"
        if any(_is_homonym(item, sentence) for item in items):
            return "another word of the sentence shows a harmless meaning"
        if rule.code in VIOLENT and hit.target in NO_GROUPS and sentence.mask & self.sport:
            return "the sentence is about a game, a film or a vote"
        return None

    def _speaks_of_one(self, items: Sequence[Item]) -> bool:
        """Whether a singular verb follows a plural: then something else is its subject ("the abuse of ... is vile")."""
        if not items[0].mask & self.many:
            return False
        verb = next((item for item in items if item.mask & self.predicate), None)
        return verb is not None and bool(verb.mask & self.singular)

    def _guard(self, text: str, sentences: Sentences, hit: _Hit) -> Guard | None:
        rule = hit.pattern.rule
        sentence = sentences[hit.place]
        if rule.code not in SEVERE:
            return None
        guard = self.guards.of(text, sentences, hit.place, hit.first, hit.last, rule.negation)
        first = sentence.items[hit.first]
        if guard is None and first.mask & self.slur and any(entry.reclaimed for entry in first.entries):
            return self.guards.reclaimed(sentence, hit.first)
        return guard


GUARDING = frozenset(
    "NOT NO COMMA BUT SAY BELIEVE COUNTER DENOUNCE THINK AS NEVERMIND WE BE IT WHY WHAT CONDEMN WHO SPORT WILDLIFE IS "  # noqa: SIM905
    "I OWNWILL YOU YOUR THEY THEIR HE MY THE DET ALL AGE SOME EVERY ADV PERSON SAY.S SAY.ING SAY.ED SAY.EN BELIEVE.S "
    "BELIEVE.ING BELIEVE.ED BELIEVE.EN".split()
)


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
