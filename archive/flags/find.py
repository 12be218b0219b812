"""What rules find in a text: `find(text, context)` is pure, and gives matches with their places in that very text.

First one pass over the text for words that any rule needs; most texts end there. The rest are read sentence by sentence
as rows of tags, over which the rules are patterns; then come the guards, each of which is a match of its own.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

from archive.flags import shapes
from archive.flags.detector import detector
from archive.flags.fold import fold
from archive.flags.languages import read_in
from archive.flags.lexicon import languages
from archive.flags.match import Context, Match
from archive.flags.meant import LONGEST_CONTEXT
from archive.flags.prefilter import Prefilter

PROMOTION = "promotion"
LONGEST_TO_TELL = 600
NO_CONTEXT = Context()


def find(text: str, context: Context = NO_CONTEXT) -> tuple[Match, ...]:
    """All matches in a text, in order. Works in time that grows with its length alone."""
    folded = fold(text)
    masks = prefilter().masks(folded.text)
    found = shapes.find(text, folded.text, context.language, promotes=masks.pop(PROMOTION, 0) != 0)
    if candidates := tuple(language for language, mask in masks.items() if _may_match(language, mask, context)):
        language = read_in(text[:LONGEST_TO_TELL], candidates, context.language)
        if language:
            of_group = _names_group(language, masks[language]) or _is_about_group(language, context)
            found += detector(language).find(folded, text, context, _Seen(language, of_group=of_group))
    return tuple(sorted(found, key=lambda match: (match.start, match.end, match.code)))


def _may_match(language: str, mask: int, context: Context) -> bool:
    rules = detector(language)
    return rules.may_match(mask, of_group=False) or (
        not _names_group(language, mask) and _is_about_group(language, context) and rules.may_match(mask, of_group=True)
    )


def _names_group(language: str, mask: int) -> bool:
    return bool(mask & detector(language).of_group)


def _is_about_group(language: str, context: Context) -> bool:
    """Whether a pronoun may stand for a group that only the parent or the title names."""
    around = (text[:LONGEST_CONTEXT] for text in (context.parent, context.title) if text)
    return any(_names_group(language, _masks(text).get(language, 0)) for text in around)


@lru_cache(4096)
def _masks(text: str) -> dict[str, int]:
    """What the first stage sees in a parent or a title, which many comments share."""
    return prefilter().masks(fold(text).text)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Whether a part of a text needs to be read, as far as the first stage sees; `of_group` where the text, or what
    stands around it, names a group."""

    language: str
    of_group: bool

    def __call__(self, part: str) -> bool:
        rules, mask = detector(self.language), prefilter().masks(part).get(self.language, 0)
        return rules.may_match(mask, of_group=self.of_group) and rules.may_match_sentence(
            part, mask, of_group=self.of_group
        )


@cache
def prefilter() -> Prefilter:
    """The first stage over the words of all languages' rules."""
    promotion = {word: 1 for words in shapes.spam_words().values() for word in words}
    detectors = {language: detector(language) for language in languages()}
    words = {language: dict(one.visible_words()) for language, one in detectors.items()}
    grave = {language: list(one.grave_words()) for language, one in detectors.items()}
    return Prefilter({PROMOTION: promotion} | words, grave)
