"""Find hostile language, personal data and promotion in a text: `find_matches(text, context)` is pure.

First one pass over the text for words that any rule needs; nearly half of everyday comments end there. The rest are
read sentence by sentence as rows of tags, which the rules' patterns search; then come the guards (negation, quotation
...), each of which is a match of its own.
"""

from functools import cache, lru_cache

from archive.flags.languages import choose_language
from archive.flags.lexical_detector import load_detector
from archive.flags.lexicon import languages
from archive.flags.match import Match, TextContext
from archive.flags.normalize import normalize
from archive.flags.pii_patterns import find_patterns, spam_words
from archive.flags.prefilter import Prefilter, PrefilterHits
from archive.flags.targets import LONGEST_CONTEXT

# The words of spam.toml go through the prefilter as a language of their own.
PROMOTION = "promotion"
LONGEST_SAMPLE = 600  # of a text whose language is to be told
NO_CONTEXT = TextContext()


def find_matches(text: str, context: TextContext = NO_CONTEXT) -> tuple[Match, ...]:
    """Return all matches in a text, in order, in time that grows with its length alone."""
    normalized = normalize(text)
    hits = prefilter().search(normalized.text)
    matches = find_patterns(text, normalized, context.language, promotes=PROMOTION in hits.masks)
    promising = [name for name in _candidates(hits) if _may_fit(name, hits, context)]
    if promising and (language := language_of(normalized.text, hits, context)) in promising:
        detector, of_group = load_detector(language), _of_group(language, hits, context)
        sentences = detector.tokenizer.tokenize(normalized.text, normalized.original_case(text))
        masks = hits.masks_by_span(language, sentences.spans)
        indexes = [
            index
            for index, mask in enumerate(masks)
            if mask & detector.starts and detector.may_match(sentences.sentence_text(index), mask, of_group=of_group)
        ]
        if indexes:
            matches += detector.find_matches(normalized, sentences, context, indexes)
    return tuple(sorted(matches, key=lambda match: (match.start, match.end, match.code)))


def language_of(normalized: str, hits: PrefilterHits, context: TextContext) -> str:
    """Choose the language whose rules are to read a text; "" where there is none."""
    candidates = _candidates(hits)
    return choose_language(normalized[:LONGEST_SAMPLE], candidates, context.language) if candidates else ""


def _candidates(hits: PrefilterHits) -> tuple[str, ...]:
    """The languages with a word in the text that some rule starts from."""
    return tuple(name for name, mask in hits.masks.items() if mask & _starts().get(name, 0))


def _may_fit(language: str, hits: PrefilterHits, context: TextContext) -> bool:
    return load_detector(language).may_fit(hits.masks[language], of_group=_of_group(language, hits, context))


@cache
def _starts() -> dict[str, int]:
    return {language: load_detector(language).starts for language in languages()}


def _of_group(language: str, hits: PrefilterHits, context: TextContext) -> bool:
    """Whether pronouns may stand for a group: one that the text names, or the parent, or the title."""
    of_group = load_detector(language).of_group
    around = (text[:LONGEST_CONTEXT] for text in (context.parent, context.title) if text)
    return bool(hits.masks[language] & of_group) or any(_masks(text).get(language, 0) & of_group for text in around)


@lru_cache(4096)
def _masks(text: str) -> dict[str, int]:
    """The first stage's masks of a parent or a title, which many comments share."""
    return prefilter().search(normalize(text).text).masks


@cache
def prefilter() -> Prefilter:
    """The first stage over the words of all languages' rules."""
    promotion = {word: 1 for words in spam_words().values() for word in words}
    detectors = {language: load_detector(language) for language in languages()}
    words = {language: dict(detector.visible_words()) for language, detector in detectors.items()}
    grave = {language: list(detector.grave_words()) for language, detector in detectors.items()}
    return Prefilter(
        {PROMOTION: promotion} | words, grave, lambda language, word: detectors[language].tokenizer.is_run(word)
    )
