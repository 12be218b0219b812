"""Random strings through the detector: none may raise, none may take long for its length, every span must fit.

python -m benchmarks.flags.fuzz [--strings 1000000] [--seed 1]

The strings are characters of all of Unicode, words and phrases of the lexicons, words of rules, punctuation, repeats,
and mixtures of them: most of up to 400 characters, one in a hundred of 5,000. One core; the same seed gives the same
strings. Exit status 1 where one raises, has a match out of its place, or takes too long each time that it is tried.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from archive.flags.detect import find_matches
from archive.flags.lexicon import languages, load_lexicon, variants
from archive.flags.match import Match, TextContext
from archive.flags.pii_patterns import spam_words
from archive.flags.rules import collect_names, load_rules

STRINGS = 1_000_000
LONGEST = 400
VERY_LONG = 5_000
ONE_IN = 100
BOUND = 0.005
PER = 100
AGAIN = 5
OFTEN = 20_000
MARKS = " \n\t.,;:!?\"'()[]{}<>-_*@#$%&/\\|~^`+=«»„“”‘’…–—\0\u00ad\u200b\u200d\u202e\ufeff\ufe0f\u0301\u0130"
NUMBERS = (
    "020 7946 0018", "+49 30 901820", "4539 7012 0356 6463", "GB82 WEST 1234 5698 7654 32", "078-05-1120",
    "12 Acacia Avenue", "https://example.org/a?b=c", "www.example.com", "anna@example.org",
    "anna [at] example [dot] org", "12 rue de la Paix", "1234567", "007", "50%", "1,000.00",
)  # fmt: skip
ENCLOSED = ('"{}"', "'{}'", "({})", "“{}”", "he said {}", "not {}", "{} is wrong", "*{}*", "<b>{}</b>", "> {}\n")
SPANS_OF_UNICODE = (
    (0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00), (0x1D00, 0x2150),
    (0x2460, 0x2500), (0x3040, 0x3100), (0x4E00, 0x9FFF), (0xFF01, 0xFF5F), (0x1D400, 0x1D800), (0x1F300, 0x1FAFF),
    (0xD800, 0xE000), (0, 0x110000),
)  # fmt: skip


class Strings:
    """Makes strings, the same ones from the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.words = {language: _words(language) for language in languages()}
        self.spam = [word for words in spam_words().values() for word in words]
        self.kinds: Sequence[Callable[[], str]] = (
            self._of_unicode, self._of_marks, self._of_words, self._of_words, self._of_disguised, self._repeated,
            self._enclosed, self._of_numbers, self._run_together,
        )  # fmt: skip

    def next(self) -> str:
        """A string of one kind, or a mixture of some."""
        random = self.random
        longest = VERY_LONG if random.randrange(ONE_IN) == 0 else random.randint(0, LONGEST)
        if random.random() < 0.5:
            return self._filled(random.choice(self.kinds), longest)
        parts = random.sample(self.kinds, random.randint(2, 4))
        return self._filled(lambda: random.choice(parts)(), longest)

    def context(self) -> TextContext:
        """Most texts have none."""
        random = self.random
        if random.random() < 0.7:
            return TextContext()
        parent = self._of_words() if random.random() < 0.5 else None
        language = random.choice((None, "en", "de", "fr-CA", "ru", ""))
        return TextContext(parent, self._of_words() if parent is None else None, language)

    def _filled(self, kind: Callable[[], str], length: int) -> str:
        parts: list[str] = []
        have = 0
        while have < length:
            parts.append(kind())
            have += len(parts[-1]) + 1
        return self.random.choice((" ", " ", " ", "", ". ", "\n")).join(parts)[:length]

    def _word(self) -> str:
        random = self.random
        language = "en" if random.random() < 0.6 else random.choice(list(self.words))
        return random.choice(self.words[language])

    def _of_unicode(self) -> str:
        first, last = self.random.choice(SPANS_OF_UNICODE)
        return "".join(chr(self.random.randrange(first, last)) for _ in range(self.random.randint(1, 20)))

    def _of_marks(self) -> str:
        return "".join(self.random.choices(MARKS, k=self.random.randint(1, 8)))

    def _of_words(self) -> str:
        words = self.words["en" if self.random.random() < 0.6 else self.random.choice(list(self.words))]
        return " ".join(self.random.choices(words, k=self.random.randint(1, 12)))

    def _of_disguised(self) -> str:
        random, word = self.random, self._word()
        match random.randrange(7):
            case 0:
                return random.choice([*variants(word), word])
            case 1:
                return " ".join(word)
            case 2:
                return "\u200b".join(word)
            case 3:
                return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in word)
            case 4:
                return word.translate(str.maketrans("aeiost", "@3!057"))
            case 5:
                return "".join(letter * random.randint(1, 4) for letter in word)
            case _:
                return random.choice((word.upper(), word.title(), word + "'s", word + "s", "\u0301".join(word)))

    def _repeated(self) -> str:
        unit = self.random.choice((self._word(), self._word() + " ", self._of_marks(), self._of_unicode()[:2], " "))
        return unit * self.random.randint(2, 200)

    def _enclosed(self) -> str:
        return self.random.choice(ENCLOSED).format(self._of_words())

    def _of_numbers(self) -> str:
        number = self.random.choice(NUMBERS)
        return self.random.choice((number, number.replace(" ", ""), str(self.random.getrandbits(90)), self._spam()))

    def _spam(self) -> str:
        return self.random.choice(self.spam)

    def _run_together(self) -> str:
        return "".join(self._word() for _ in range(self.random.randint(2, 8)))


def _words(language: str) -> list[str]:
    """Forms of a lexicon, and the words that its rules name, those twice: they are in patterns by themselves."""
    forms = sorted({form for entry in load_lexicon(language).entries for form in entry.forms})
    return [*forms, *2 * sorted(collect_names(load_rules(language))[1])]


@dataclass(slots=True)
class Slowest:
    """The string that took longest for its length; those of fewer than `PER` characters count as that long."""

    seconds: float = 0.0
    text: str = ""

    def take(self, text: str, context: TextContext, seconds: float) -> None:
        if seconds * PER / max(PER, len(text)) > self.seconds:
            # again: a pause of the machine, or a pattern that had to be compiled, is no property of the string
            took = min(seconds, *(_timed(text, context)[0] for _ in range(AGAIN)))
            took *= PER / max(PER, len(text))
            if took > self.seconds:
                self.seconds, self.text = took, text


def _timed(text: str, context: TextContext) -> tuple[float, tuple[Match, ...]]:
    start = time.perf_counter()
    found = find_matches(text, context)
    return time.perf_counter() - start, found


def run(count: int, seed: int, *, progress: bool = True, bound: float | None = BOUND) -> bool:
    """Look at random strings and print what came out; True if all went well.

    `bound` is in seconds for `PER` characters; None leaves time out of it.
    """
    strings, slowest = Strings(seed), Slowest()
    find_matches("warm up: kill them all, tous les autres, alle anderen")
    characters = matched = 0
    inside = 0.0
    start = time.monotonic()
    for number in range(1, count + 1):
        text, context = strings.next(), strings.context()
        try:
            seconds, found = _timed(text, context)
        except Exception as error:  # noqa: BLE001 - what it raises is what is looked for
            print(f"\nstring {number} of seed {seed} raises {error!r}: {text!a}, {context}")
            return False
        if not all(0 <= match.start < match.end <= len(text) for match in found):
            print(f"\nstring {number} of seed {seed} has a match out of its place: {text!a}, {context}")
            return False
        inside += seconds
        characters += len(text)
        matched += bool(found)
        slowest.take(text, context, seconds)
        if progress and number % OFTEN == 0:
            passed = time.monotonic() - start
            print(f"\r{number:,} strings, {passed:.0f} s ", end="", file=sys.stderr, flush=True)
    if progress and count >= OFTEN:
        print(file=sys.stderr)
    print(
        f"{count:,} strings of {characters:,} characters, {matched:,} with a match; {time.monotonic() - start:.1f} s, "
        f"{inside:.1f} s of them in find()"
    )
    print(f"slowest: {slowest.seconds * 1000:.3f} ms per {PER} characters, {len(slowest.text)} characters:")
    print(f"  {slowest.text[:300]!a}")
    if bound is not None and slowest.seconds > bound:
        print(f"too slow: more than {bound * 1000:.0f} ms per {PER} characters")
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strings", type=int, default=STRINGS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(0 if run(options.strings, options.seed) else 1)


if __name__ == "__main__":
    main()
