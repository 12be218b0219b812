"""The rules of one language over the sentences of a text."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_

from archive.flags.context_guards import ContextGuards, GuardMatch
from archive.flags.lexicon import languages, load_lexicon
from archive.flags.match import Match, TextContext
from archive.flags.normalize import NormalizedText
from archive.flags.pattern_index import Needs, PatternIndex
from archive.flags.rules import Rule, RulePattern, collect_names, compile_rule, load_rules
from archive.flags.sentences import Sentence, Sentences, Tokenizer
from archive.flags.targets import WILDLIFE, TargetResolver
from archive.flags.terms import Term
from archive.flags.vocabulary import GRAVE, UNPROTECTED_TARGETS, Vocabulary, build_vocabulary, single_bits

# Codes whose matches the guards look at; insults and swearing inside them are left out.
SEVERE = ("content.threat", "content.incitement", "content.glorification", "content.dehumanisation",
          "content.exclusion", "content.identity_attack", "content.slur")  # fmt: skip
ATTACKS = ("content.identity_attack", "content.dehumanisation")
VIOLENT = ("content.threat", "content.incitement")
# Tags that guards and the tokenizer ask for by name, whether or not a rule does.
TAGS_OF_GUARDS = frozenset(
    "NOT NO COMMA BUT SAY BELIEVE COUNTER DENOUNCE THINK AS NEVERMIND WE BE IT WHY WHAT CONDEMN WHO SPORT WILDLIFE IS "  # noqa: SIM905
    "I OWNWILL YOU YOUR THEY THEIR HE MY THE DET ALL AGE SOME EVERY ADV PERSON SAY.S SAY.ING SAY.ED SAY.EN BELIEVE.S "
    "BELIEVE.ING BELIEVE.ED BELIEVE.EN".split()
)
MAX_MATCHES = 200


@cache
def load_detector(language: str) -> "LexicalDetector":
    """Compile the rules of a language, once a process."""
    return LexicalDetector(language)


@dataclass(slots=True)
class _PatternHit:
    """Tokens `first` to `last` of sentence `index`, which a pattern fits."""

    pattern: RulePattern
    index: int
    first: int
    last: int
    target: str


@dataclass(frozen=True, slots=True)
class MatchDecision:
    """What became of a span that a pattern fits: a match, which may be that of a guard, or a reason to drop it."""

    rule: Rule
    pattern: str
    start: int
    end: int
    target: str
    match: Match | None = None
    dropped: str | None = None


class LexicalDetector:
    """The compiled rules of one language with all that reads text for them."""

    def __init__(self, language: str) -> None:
        self.language = language
        lexicon = load_lexicon(language)
        rules = load_rules(language)
        tags, literals = collect_names(rules)
        others = (load_lexicon(other).entries for other in languages() if other != language)
        foreign = {form for entries in others for entry in entries if entry.target for form in entry.forms}
        self.vocabulary: Vocabulary = build_vocabulary(lexicon, literals, tags | TAGS_OF_GUARDS, foreign)
        patterns = [pattern for rule in rules for pattern in compile_rule(rule, self.vocabulary, lexicon)]
        self._index_patterns(patterns)
        mask, bit = self.vocabulary.mask, self.vocabulary.bit
        self.of_group = mask(("GROUP", "GADJ"))
        self.tokenizer, self.guards = Tokenizer(self.vocabulary), ContextGuards(self.vocabulary)
        self.targets = TargetResolver(self.tokenizer)
        self.group = bit("GROUP")
        self.group_bits = mask(("GROUP", "GPL", "GSG"))
        self.many, self.others, self.slur = bit("GPL"), bit("OTHERS"), bit("SLUR")
        self.adjective, self.singular = bit("GADJ"), bit("IS")
        self.starts = self.anchors | self.adjective
        self.predicate = mask(("BE", "MAKESICK"))
        self.sport = bit("SPORT")

    def _index_patterns(self, patterns: Sequence[RulePattern]) -> None:
        """Sort patterns by the tags that they are looked for by, and their needs by what the first stage can see."""
        vocabulary = self.vocabulary
        by_anchor: dict[int, list[RulePattern]] = {}
        for pattern in patterns:
            for bit in single_bits(pattern.anchors):
                by_anchor.setdefault(bit, []).append(pattern)
        self.anchors = reduce(or_, by_anchor, 0)
        # The first stage sees rare words and groups; needs that any function word meets are not among them.
        seen = vocabulary.mask(("GROUP", "GPL", "GSG")) | ~vocabulary.common
        self.visible = vocabulary.mask(("GADJ", "GROUP"))
        for pattern in patterns:
            for need in pattern.needs:
                self.visible |= 0 if need & ~seen else need
        # By whether pronouns may stand for a group: patterns about groups fit only where they may.
        self.patterns: dict[bool, dict[int, list[tuple[Needs, RulePattern]]]] = {}
        self._index: dict[bool, PatternIndex] = {}
        self.seen_needs: dict[bool, dict[int, tuple[Needs, ...]]] = {}
        self.alone: dict[bool, int] = {}  # the anchors of patterns of which the first stage sees no other need
        for of_group in (False, True):
            fitting = {
                bit: [(_other_needs(p, bit), p) for p in anchored if of_group or p.rule.who != "group"]
                for bit, anchored in sorted(by_anchor.items())
            }
            self.patterns[of_group] = fitting
            self._index[of_group] = PatternIndex(fitting, vocabulary.common)
            self.seen_needs[of_group] = {
                bit: _weakest({tuple(need for need in needs if not need & ~seen) for needs, _ in anchored})
                for bit, anchored in fitting.items()
            }
            self.alone[of_group] = sum(bit for bit, needs in self.seen_needs[of_group].items() if () in needs)

    def visible_words(self) -> Iterator[tuple[str, int]]:
        """Yield the words and phrases that the first stage looks for, with their tags."""
        words = self.vocabulary.words
        for short, parts in self.vocabulary.expansions.items():
            mask = 0
            for part in parts:
                mask |= words[part].mask & self.visible if part in words else 0
            if mask:
                yield short, mask
        seen: dict[int, int] = {}  # by tags: few combinations, of many words
        for form, word in (*words.items(), *self.vocabulary.phrases.items()):
            if word.mask not in seen:
                seen[word.mask] = word.mask & self.visible
            if mask := seen[word.mask]:
                yield form, mask

    def grave_words(self) -> Iterator[str]:
        """Yield single words of violence and contempt, as they are spelled."""
        vocabulary = self.vocabulary
        grave = vocabulary.mask(tag for tag in GRAVE if tag in vocabulary.bits) & self.anchors
        for word in sorted(vocabulary.correct_words):
            if vocabulary.words[word].mask & grave and word.isalpha():
                yield word

    def may_fit(self, mask: int, *, of_group: bool) -> bool:
        """Whether words of these tags, which the first stage saw, are enough for any pattern.

        `of_group` is set where pronouns may stand for a group.
        """
        if mask & self.adjective:  # names a group once a person stands behind it
            mask |= self.group_bits
        if mask & self.group:
            mask |= self.others
        if mask & self.alone[of_group]:
            return True
        seen_needs, anchors = self.seen_needs[of_group], mask & self.anchors
        while anchors:
            bit = anchors & -anchors  # the lowest bit that is set
            anchors ^= bit
            for needs in seen_needs[bit]:
                for need in needs:
                    if not mask & need:
                        break
                else:
                    return True
        return False

    def fitting(self, mask: int, *, of_group: bool) -> list[RulePattern]:
        """The patterns that a sentence of these tags may have a match of."""
        fitting = self._index[of_group or bool(mask & self.group)].fitting(mask)
        if not of_group and fitting:  # some word may be a group's in disguise
            return self._index[True].fitting(mask)
        return fitting

    def find_matches(
        self,
        normalized: NormalizedText,
        sentences: Sentences,
        context: TextContext,
        fitting: Mapping[int, list[RulePattern]],
        *,
        of_group: bool,
    ) -> list[Match]:
        """Return the matches of this language's rules in some sentences, given what `fitting` says of their tags."""
        matches: dict[tuple[str, str, int, int], Match] = {}
        for hit in self._all_hits(sentences, context, fitting, of_group=of_group):
            match = self._outcome(normalized, sentences, hit, self._span(normalized, sentences, hit))
            if isinstance(match, Match):
                matches.setdefault((match.code, match.rule, match.start, match.end), match)
            if len(matches) > MAX_MATCHES:
                break
        return _without_weaker(list(matches.values()))

    def decisions(
        self,
        normalized: NormalizedText,
        sentences: Sentences,
        context: TextContext,
        fitting: Mapping[int, list[RulePattern]],
    ) -> Iterator[MatchDecision]:
        """Yield every span that a pattern fits, with what became of it."""
        for hit in self._all_hits(sentences, context, fitting, of_group=True):
            start, end = self._span(normalized, sentences, hit)
            outcome = self._outcome(normalized, sentences, hit, (start, end))
            match, dropped = (outcome, None) if isinstance(outcome, Match) else (None, outcome)
            yield MatchDecision(hit.pattern.rule, hit.pattern.raw, start, end, hit.target, match, dropped)

    def _all_hits(
        self,
        sentences: Sentences,
        context: TextContext,
        fitting: Mapping[int, list[RulePattern]],
        *,
        of_group: bool,
    ) -> Iterator[_PatternHit]:
        for index, patterns in fitting.items():
            sentence = sentences[index]
            if not of_group and not sentence.mask & self.group and sentence.mask != sentences.tags(index):
                patterns = self.fitting(sentence.mask, of_group=False)  # it might have named a group, and does not
            for pattern in patterns:
                for match in pattern.expression.finditer(sentence.signs):
                    if match.end() > match.start():
                        first, last = match.start(), match.end() - 1
                        target = self.targets.resolve(sentences, index, first, last, context)
                        yield _PatternHit(pattern, index, first, last, target)

    def _span(self, normalized: NormalizedText, sentences: Sentences, hit: _PatternHit) -> tuple[int, int]:
        """Where a hit stands in the original text."""
        return normalized.original_span(*sentences[hit.index].span(hit.first, hit.last))

    def _outcome(
        self, normalized: NormalizedText, sentences: Sentences, hit: _PatternHit, span: tuple[int, int]
    ) -> Match | str:
        """Return the match that a hit is, or that of a guard in its place, or why it is none."""
        sentence, rule = sentences[hit.index], hit.pattern.rule
        if reason := self._reason_to_drop(hit, sentence, sentence.terms[hit.first : hit.last + 1]):
            return reason
        guard = self._guard(normalized.text, sentences, hit)
        if guard is None:
            return Match(rule.code, rule.id, *span, hit.target)
        guard_span = normalized.original_span(guard.start, guard.end)
        return Match(guard.code, guard.rule, *guard_span, hit.target, rule.id)

    def _reason_to_drop(self, hit: _PatternHit, sentence: Sentence, terms: Sequence[Term]) -> str | None:
        rule = hit.pattern.rule
        if rule.who == "group" and hit.target in UNPROTECTED_TARGETS:
            return "no group that is protected is meant"
        if hit.target == WILDLIFE:
            return "animals are meant"
        if rule.code in ATTACKS and self._has_other_subject(terms):
            return "the verb's subject is not the group"
        if any(_is_homonym(term, sentence) for term in terms):
            return "another word of the sentence shows a harmless meaning"
        if rule.code in VIOLENT and hit.target in UNPROTECTED_TARGETS and sentence.mask & self.sport:
            return "the sentence is about a game, a film or a vote"
        return None

    def _has_other_subject(self, terms: Sequence[Term]) -> bool:
        """Whether a singular verb follows a plural: its subject is something else ("the abuse of ... is vile")."""
        if not terms[0].mask & self.many:
            return False
        verb = next((term for term in terms if term.mask & self.predicate), None)
        return verb is not None and bool(verb.mask & self.singular)

    def _guard(self, text: str, sentences: Sentences, hit: _PatternHit) -> GuardMatch | None:
        rule = hit.pattern.rule
        if rule.code not in SEVERE:
            return None
        guard = self.guards.check(text, sentences, hit.index, hit.first, hit.last, rule.negation)
        sentence = sentences[hit.index]
        first = sentence.terms[hit.first]
        if guard is None and first.mask & self.slur and any(entry.reclaimed for entry in first.entries):
            return self.guards.check_reclaimed(sentence, hit.first)
        return guard


def _is_homonym(term: Term, sentence: Sentence) -> bool:
    """Whether another word of the sentence shows that a word's harmless meaning is meant."""
    for entry in term.entries:
        if entry.homonyms and any(other.text in entry.homonyms for other in sentence.terms):
            return True
    return False


def _without_weaker(matches: list[Match]) -> list[Match]:
    """Leave out swearing and insults that lie within a graver match."""
    grave = [match for match in matches if match.code in SEVERE]
    return [
        match
        for match in matches
        if match.code not in ("content.profanity", "content.insult")
        or not any(graver.start <= match.start and match.end <= graver.end for graver in grave)
    ]


def _other_needs(pattern: RulePattern, anchor: int) -> Needs:
    """What a pattern needs beside its anchor, the rarest first."""
    return tuple(sorted((need for need in pattern.needs if not need & anchor), key=int.bit_count))


def _weakest(needs: AbstractSet[Needs]) -> tuple[Needs, ...]:
    """Leave out needs that are only met where others of them are met as well."""
    needed: list[Needs] = []
    for strong in sorted(needs, key=len):
        if not any(all(any(not need & ~weak for need in strong) for weak in weaker) for weaker in needed):
            needed.append(strong)
    return tuple(needed)
