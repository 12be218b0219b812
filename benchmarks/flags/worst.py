"""Time the detector on texts that are made to take long: none may take more than its length allows.

python -m benchmarks.flags.worst

Repeats, openings that nothing closes, every rule's pattern over the longest sentence of its own words, and one word of
each tag many times over. Exit status 1 where one exceeds its bound; each that does is tried again first, since a busy
machine, or a pattern that is compiled when it is first needed, is no property of the text.

Warning: this file holds hostile words, for a detector of them.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator

from archive.flags.detect import find_matches
from archive.flags.lexical_detector import load_detector
from archive.flags.lexicon import languages, load_lexicon
from archive.flags.sentence_spans import LONGEST_SENTENCE

HARMLESS = (
    "The council met on Tuesday and talked about Muslims, buses and the new bridge; the mayor thanked all women. "
)
REPEATS = {
    "they": "they ",
    "brackets": "(",
    "they in brackets": "they (",
    "a quotation mark": '"',
    "apostrophes": " 'a",
    "unbalanced quotes": "'they kill ",
    "quotes of both kinds": "'kill' \" ",
    "addresses": "a@",
    "addresses of dots": "a@a.",
    "digits": "1",
    "digits apart": "1 ",
    "www.": "www.",
    "lines": "\n",
    "letters apart": "k i l l ",
    "dashes": "-",
    "dashes apart": " - ",
    "ends": "!?.",
    "http": "http://",
    "at in brackets": "a [at] a [dot] ",
    "cards": "4539 7012 0356 6463 ",
    "telephones": "020 7946 0018 ",
    "plus": "+44",
    "streets": "12 Aa ",
    "streets in France": "1 rue a ",
    "no spaces": "killthemall",
    "one letter": "k",
    "three letters": "kkkiiilll ",
    "invisible": "\u200b",
    "marks": "k\u0301",
    "two scripts": "аb",
    "other script": "а",
    "promotion": "I make an hour online ",
    "groups": "muslims kill them all ",
    "at and kill": "@ kill them all ",
    "dotted": "k.i.l.l.",
    "stars": "k*ll ",
    "colons": "kill: ",
    "percent": "%",
    "they are": "they are not all the ",
    "harmless": HARMLESS,
    "vermin": "Muslims are vermin. ",
    "long words": "x" * 50 + " ",
    "accents": "é ",
}
OPENINGS = (
    ("kill them all @ ", "a", ""),
    ("kill them all a@", "a", ""),
    ("kill them all ", "a", " @"),
    ("kill them all ", "@", ""),
    ("kill them all ", "\u200b@", ""),
    ("kill them all", " ", "-"),
    ("12 ", "Aaaa ", "Street"),
    ("www.", "a.", "@ kill them all"),
    ("kill them all ", "a1", "а"),
    ("“", "kill them all. ", ""),
    ("'", "kill them all. ", "'"),
    ("I hate Jews. " * 150, " 'a", ""),
    ("I hate Jews. " * 150, '" ', ""),
)
LENGTHS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
BASE, PER_CHARACTER = 0.1, 0.000_1  # seconds: ten for 100,000 characters
PATTERN_BOUND = 0.25
WORD_REPEATS, WORD_BOUND = 20_000, 10.0


def repeat(begin: str, unit: str, end: str, length: int) -> str:
    """Make a text of about `length` characters: as many units between `begin` and `end` as fit."""
    return begin + unit * max(1, (length - len(begin) - len(end)) // len(unit)) + end


def _seconds(work: Callable[[], object], bound: float) -> float:
    took = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        work()
        took = min(took, time.perf_counter() - start)
        if took < bound / 4:
            break
    return took


def _slow_texts() -> Iterator[str]:
    shapes = [*(("", unit, "") for unit in REPEATS.values()), *OPENINGS]
    for begin, unit, end in shapes:
        times = []
        for length in LENGTHS:
            text = repeat(begin, unit, end, length)
            bound = BASE + length * PER_CHARACTER
            times.append(_seconds(lambda text=text: find_matches(text), bound))  # type: ignore[misc]
            if times[-1] > bound:
                yield f"{begin[:20]!r} {unit!r} {end!r}: {length:,} characters in {times[-1]:.2f} s"
        if times[-1] > 3 * times[-2] + 0.3:
            yield f"{begin[:20]!r} {unit!r} {end!r}: twice the text takes {times[-1] / times[-2]:.1f} times as long"


def _slow_patterns() -> Iterator[str]:
    draw = random.Random(1)
    for language in languages():
        detector = load_detector(language)
        signs = "".join(detector.vocabulary.signs.values())
        for pattern in {id(p): p for patterns in detector.patterns[True].values() for _, p in patterns}.values():
            own = [sign for sign in dict.fromkeys(pattern.source) if sign in signs] or [signs[0]]
            repeated = [sign for sign in own if pattern.source.count(sign) > 1] or own
            for alphabet in (own, repeated, [*own[:2], signs[0]]):
                sentence = "".join(draw.choices(alphabet, k=LONGEST_SENTENCE // 2))
                pattern.expression.search("")
                took = _seconds(lambda p=pattern, s=sentence: list(p.expression.finditer(s)), PATTERN_BOUND)  # type: ignore[misc]
                if took > PATTERN_BOUND:
                    yield f"{pattern.rule.id}: {pattern.raw}: {took:.2f} s for one sentence"


def _slow_words() -> Iterator[str]:
    forms = {tag: form for entry in load_lexicon("en").entries for form, tags in entry.forms.items() for tag in tags}
    for tag, form in forms.items():
        took = _seconds(lambda form=form: find_matches(f"{form} " * WORD_REPEATS), WORD_BOUND)  # type: ignore[misc]
        if took > WORD_BOUND:
            yield f"{tag}: {form!r} {WORD_REPEATS:,} times: {took:.1f} s"


def main() -> int:
    find_matches(HARMLESS)
    slow = 0
    for name, check in (("texts", _slow_texts), ("patterns", _slow_patterns), ("words", _slow_words)):
        start = time.monotonic()
        for line in check():
            slow += 1
            print(line)
        print(f"{name}: looked at in {time.monotonic() - start:.0f} s")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
