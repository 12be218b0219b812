"""Find hostile language, personal data and promotion in texts, and add flags on what is found to their threads. Pure.

First one pass over the text for words that any rule needs; nearly half of everyday comments end there. The rest are
read sentence by sentence as rows of tags, which the rules' patterns search; then come the guards (negation, quotation
...), each of which is a match of its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from archive.flags.languages import choose_language, evident_language
from archive.flags.lexical_detector import LexicalDetector, load_detector
from archive.flags.lexicon import languages
from archive.flags.match import Match, TextContext
from archive.flags.normalize import normalize
from archive.flags.pii_patterns import find_patterns, spam_words
from archive.flags.prefilter import Prefilter, PrefilterHits
from archive.flags.rules import RulePattern
from archive.flags.sentences import Sentences
from archive.flags.targets import LONGEST_CONTEXT
from archive.flags.versions import data_sha256
from archive.thread import Flag, Thread

# The words of spam.toml go through the prefilter as a language of their own.
PROMOTION = "promotion"
PER_TEXT = 100  # letters that a text takes beside its own
BATCH_SIZE = 600_000  # characters that are read at once
LONGEST_SAMPLE = 600  # of a text whose language is to be told
NO_CONTEXT = TextContext()


def find_matches(text: str, context: TextContext = NO_CONTEXT) -> tuple[Match, ...]:
    """Return all matches in a text, in order, in time that grows with its length alone."""
    return _find_in_batch([(text, context)])[0]


def find_all_matches(texts: Iterable[tuple[str, TextContext]]) -> list[tuple[Match, ...]]:
    """Return the matches of each of several texts.

    Each stage reads many texts one after another, which takes about half the time: its tables, which are larger than
    a processor's cache, stay there meanwhile.
    """
    found: list[tuple[Match, ...]] = []
    batch: list[tuple[str, TextContext]] = []
    size = 0
    for text, context in texts:
        batch.append((text, context))
        size += len(text) + PER_TEXT
        if size > BATCH_SIZE:
            found += _find_in_batch(batch)
            batch, size = [], 0
    return found + _find_in_batch(batch)


@dataclass(slots=True)
class _Reading:
    """What a language's rules read of a text: the sentences of these indexes, and what may fit them by their words.

    Pronouns may stand for a group where the rules are read `of_group`. `is_evident` is whether the text is in that
    language; otherwise it must be classified, if the rules find anything.
    """

    number: int  # of the text in its batch
    detector: LexicalDetector
    of_group: bool
    is_evident: bool
    sentences: Sentences = field(init=False)
    indexes: Sequence[int] = ()
    fitting: dict[int, list[RulePattern]] = field(default_factory=dict)


def _find_in_batch(texts: Sequence[tuple[str, TextContext]]) -> list[tuple[Match, ...]]:
    normalized = [normalize(text) for text, _ in texts]
    hits = prefilter().search_all([plain.text for plain in normalized])
    found = [
        find_patterns(text, plain, context.language, promotes=of_text.is_of(PROMOTION))
        for (text, context), plain, of_text in zip(texts, normalized, hits, strict=True)
    ]
    searched = {text: of_text for (text, _), of_text in zip(texts, hits, strict=True) if len(text) <= LONGEST_CONTEXT}
    readings: list[_Reading] = []
    for number, of_text in enumerate(hits):
        if of_text.starts:
            context = texts[number][1]
            groups = of_text.groups.union(*_groups_around(context, searched))
            readings += _begin_readings(number, normalized[number].text, context, of_text, groups)
    for reading in readings:
        plain = normalized[reading.number]
        cased = plain.original_case(texts[reading.number][0])
        reading.sentences = reading.detector.tokenizer.tokenize(plain.text, cased)
    for reading in readings:
        reading.indexes = _promising_sentences(reading, hits[reading.number])
    for reading in _read_what_fits([reading for reading in readings if reading.indexes]):
        context, plain, of_text = texts[reading.number][1], normalized[reading.number], hits[reading.number]
        matches = reading.detector.find_matches(
            plain, reading.sentences, context, reading.fitting, of_group=reading.of_group
        )
        if matches and (reading.is_evident or language_of(plain.text, of_text, context) == reading.detector.language):
            found[reading.number] += matches
    return [tuple(sorted(matches, key=_place)) if matches else () for matches in found]


def _begin_readings(
    number: int, text: str, context: TextContext, hits: PrefilterHits, groups: AbstractSet[str]
) -> Iterator[_Reading]:
    """Yield a reading of a text for each language that it may be in, where rules may fit by what the first stage found.

    Pronouns may stand for a group in those of `groups`: the text names one, or its parent, or the title.
    """
    masks = hits.masks
    candidates = _candidates(masks)
    promising = [name for name in candidates if load_detector(name).may_fit(masks[name], of_group=name in groups)]
    if promising:
        evident = evident_language(text[:LONGEST_SAMPLE], candidates, context.language)
        for language in promising if evident is None else {evident} & {*promising}:
            yield _Reading(number, load_detector(language), language in groups, evident is not None)


def _promising_sentences(reading: _Reading, hits: PrefilterHits) -> list[int]:
    """List the sentences that rules may fit by what the first stage found."""
    detector, of_group = reading.detector, reading.of_group
    return [
        index
        for index, mask in enumerate(hits.masks_by_span(detector.language, reading.sentences.spans))
        if mask & detector.starts and detector.may_fit(mask, of_group=of_group)
    ]


def _read_what_fits(readings: Sequence[_Reading]) -> list[_Reading]:
    """Read the words of sentences, and parse those that may have a match by the tags of their words.

    Returns the readings that have some.
    """
    tags = [[reading.sentences.tags(index) for index in reading.indexes] for reading in readings]
    for reading, masks in zip(readings, tags, strict=True):
        fitting, of_group = reading.detector.fitting, reading.of_group
        for index, mask in zip(reading.indexes, masks, strict=True):
            if patterns := fitting(mask, of_group=of_group):
                reading.fitting[index] = patterns
    readings = [reading for reading in readings if reading.fitting]
    for reading in readings:
        for index in reading.fitting:
            reading.sentences.parse(index)
    return readings


def _place(match: Match) -> tuple[int, int, str]:
    return match.start, match.end, match.code


def language_of(normalized: str, hits: PrefilterHits, context: TextContext) -> str:
    """Choose the language whose rules are to read a text; "" where there is none."""
    candidates = _candidates(hits.masks)
    return choose_language(normalized[:LONGEST_SAMPLE], candidates, context.language) if candidates else ""


def _candidates(masks: dict[str, int]) -> tuple[str, ...]:
    """The languages with a word in the text that some rule starts from."""
    starts = _starts()
    return tuple([name for name, mask in masks.items() if mask & starts.get(name, 0)])


@cache
def _starts() -> dict[str, int]:
    return {language: load_detector(language).starts for language in languages()}


def _groups_around(context: TextContext, searched: Mapping[str, PrefilterHits]) -> list[frozenset[str]]:
    """The languages in which a text's parent, and the title, name a group; most parents were searched before."""
    around = (text[:LONGEST_CONTEXT] for text in (context.parent, context.title) if text)
    return [searched[text].groups if text in searched else _groups(text) for text in around]


@lru_cache(4096)
def _groups(text: str) -> frozenset[str]:
    """The languages in which a parent or a title names a group; many comments share one."""
    return prefilter().search(normalize(text).text).groups


@cache
def prefilter() -> Prefilter:
    """The first stage over the words of all languages' rules."""
    promotion = {word: 1 for words in spam_words().values() for word in words}
    detectors = {language: load_detector(language) for language in languages()}
    words = {language: dict(detector.visible_words()) for language, detector in detectors.items()}
    grave = {language: list(detector.grave_words()) for language, detector in detectors.items()}
    return Prefilter(
        {PROMOTION: promotion} | words,
        grave,
        _starts(),
        {language: detector.of_group for language, detector in detectors.items()},
        lambda language, word: detectors[language].tokenizer.is_run(word),
    )


def annotate_thread(thread: Thread) -> Thread:
    """Add the flags that rules raise on its comments' texts to a thread."""
    return annotate_threads([thread])[0]


def annotate_threads(threads: Sequence[Thread]) -> list[Thread]:
    """Add the flags that rules raise on its comments' texts to each thread: many at once take less time than alone."""
    positions = [(thread, position) for thread in threads for position in range(len(thread.comments))]
    found = iter(find_all_matches((thread.comments[n].body, _context(thread, n)) for thread, n in positions))
    return [_annotated(thread, found) for thread in threads]


def _annotated(thread: Thread, found: Iterator[Sequence[Match]]) -> Thread:
    """Add the next matches, which are of this thread's comments, and leave those of other threads."""
    comments = tuple(
        replace(comment, flags=(*comment.flags, *matches_to_flags(matches))) if matches else comment
        for comment, matches in zip(thread.comments, found, strict=False)
    )
    return replace(thread, comments=comments, rules=data_sha256())


def comment_flags(thread: Thread, position: int) -> tuple[Flag, ...]:
    """Find the flags of the comment at a position of a thread; its parent and the article's title are its context."""
    return tuple(matches_to_flags(find_matches(thread.comments[position].body, _context(thread, position))))


def _context(thread: Thread, position: int) -> TextContext:
    parent = thread.comments[position].parent
    body = None if parent is None else thread.comments[parent].body
    return TextContext(body, thread.article.title, thread.article.language)


def matches_to_flags(matches: Iterable[Match]) -> list[Flag]:
    """Turn matches into flags; the evidence of a guard's flag names the rules that it held back."""
    matches = list(matches)
    # A guard's matches of one target become one flag with several spans, so each names the rules of all of them.
    guarded: dict[tuple[str, str, str | None], set[str]] = {}
    for match in matches:
        if match.guarded_rule:
            guarded.setdefault((match.code, match.rule, match.target), set()).add(match.guarded_rule)
    flags = []
    for match in matches:
        rules = guarded.get((match.code, match.rule, match.target)) if match.guarded_rule else None
        evidence = "instead of " + ", ".join(sorted(rules)) if rules else None
        flags.append(Flag(match.code, match.rule, evidence, match.start, match.end, match.target))
    return flags
