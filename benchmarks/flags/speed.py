"""How fast comments are looked at, beside a plain Aho-Corasick pass over the same words as the limit.

python -m benchmarks.flags.speed [--seconds N]

Everyday comments (benchmarks/flags/ordinary.txt) and hostile ones (the cases), one core. Garbage is looked for as
seldom as in an import.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from ahocorasick_rs import AhoCorasick

from archive.flags.detect import NO_CONTEXT, find_all_matches, prefilter
from archive.flags.lexical_detector import load_detector
from archive.flags.lexicon import languages
from archive.flags.normalize import normalize
from archive.workers.garbage import collect_less_often
from benchmarks.flags.cases import cases, ordinary


def rate(work: Callable[[Any], object], texts: Sequence[Any], seconds: float) -> float:
    """Texts a second of processor time, over whole rounds for at least some seconds."""
    for text in texts:
        work(text)
    begin, done = time.process_time(), 0
    while time.process_time() - begin < seconds:
        for text in texts:
            work(text)
        done += len(texts)
    return done / (time.process_time() - begin)


def _find_all(texts: Sequence[str]) -> None:
    """Look at texts as an import looks at the comments of a thread."""
    find_all_matches((text, NO_CONTEXT) for text in texts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    collect_less_often()
    begin = time.process_time()
    prefilter()
    print(f"rules of {len(languages())} languages ready in {time.process_time() - begin:.2f} s")
    words = [word for language in languages() for word, _ in load_detector(language).visible_words()]
    automaton = AhoCorasick(words)
    hostile = [case.text for case in cases("seen_too") if case.harmful][::7]
    for name, texts in (("everyday", ordinary()), ("hostile", hostile)):
        limit = rate(lambda text: automaton.find_matches_as_indexes(text.lower()), texts, seconds)
        first = rate(lambda text: prefilter().search(normalize(text).text).masks, texts, seconds)
        whole = len(texts) * rate(_find_all, [texts], seconds)
        length = sum(map(len, texts)) / len(texts)
        print(
            f"{name} comments ({len(texts)}, {length:.0f} characters on average), a second on one core: "
            f"{whole:,.0f}; first stage alone {first:,.0f}; plain Aho-Corasick over {len(words):,} words {limit:,.0f} "
            f"(ratio {whole / limit:.3f})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
