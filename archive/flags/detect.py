"""What rules find in a text: `find(text, context)` is pure, and gives matches with their places in that very text.

First one pass over the text for words that any rule needs; nearly half of everyday comments end there. The rest are
read sentence by sentence as rows of tags, over which the rules are patterns; then come the guards, each of which is a
match of its own.
"""

from functools import cache, lru_cache

from archive.flags import pii_patterns
from archive.flags.languages import read_in
from archive.flags.lexical_detector import detector
from archive.flags.lexicon import languages
from archive.flags.match import Context, Match
from archive.flags.normalize import fold
from archive.flags.prefilter import Hits, Prefilter
from archive.flags.targets import LONGEST_CONTEXT

PROMOTION = "promotion"
LONGEST_TO_TELL = 600
NO_CONTEXT = Context()


def find(text: str, context: Context = NO_CONTEXT) -> tuple[Match, ...]:
    """All matches in a text, in order. Works in time that grows with its length alone."""
    folded = fold(text)
    hits = prefilter().hits(folded.text)
    found = pii_patterns.find(text, folded, context.language, promotes=PROMOTION in hits.masks)
    promising = [name for name in _candidates(hits) if _may_fit(name, hits, context)]
    if promising and (language := language_of(folded.text, hits, context)) in promising:
        rules, of_group = detector(language), _of_group(language, hits, context)
        sentences = rules.reader.read(folded.text, folded.written(text))
        masks = hits.by_span(language, sentences.spans)
        places = [
            place
            for place, mask in enumerate(masks)
            if mask & rules.starts and rules.may_match(sentences.part(place), mask, of_group=of_group)
        ]
        if places:
            found += rules.find(folded, sentences, context, places)
    return tuple(sorted(found, key=lambda match: (match.start, match.end, match.code)))


def language_of(folded: str, hits: Hits, context: Context) -> str:
    """The language whose rules are to read a text; "" where there is none."""
    candidates = _candidates(hits)
    return read_in(folded[:LONGEST_TO_TELL], candidates, context.language) if candidates else ""


def _candidates(hits: Hits) -> tuple[str, ...]:
    """The languages with a word in the text that some rule starts from."""
    return tuple(name for name, mask in hits.masks.items() if mask & _starts().get(name, 0))


def _may_fit(language: str, hits: Hits, context: Context) -> bool:
    return detector(language).may_fit(hits.masks[language], of_group=_of_group(language, hits, context))


@cache
def _starts() -> dict[str, int]:
    return {language: detector(language).starts for language in languages()}


def _of_group(language: str, hits: Hits, context: Context) -> bool:
    """Whether pronouns may stand for a group: one that the text names, or the parent, or the title."""
    of_group = detector(language).of_group
    around = (text[:LONGEST_CONTEXT] for text in (context.parent, context.title) if text)
    return bool(hits.masks[language] & of_group) or any(_masks(text).get(language, 0) & of_group for text in around)


@lru_cache(4096)
def _masks(text: str) -> dict[str, int]:
    """What the first stage sees in a parent or a title, which many comments share."""
    return prefilter().hits(fold(text).text).masks


@cache
def prefilter() -> Prefilter:
    """The first stage over the words of all languages' rules."""
    promotion = {word: 1 for words in pii_patterns.spam_words().values() for word in words}
    detectors = {language: detector(language) for language in languages()}
    words = {language: dict(one.visible_words()) for language, one in detectors.items()}
    grave = {language: list(one.grave_words()) for language, one in detectors.items()}
    return Prefilter(
        {PROMOTION: promotion} | words, grave, lambda language, word: detectors[language].reader.is_run(word)
    )
