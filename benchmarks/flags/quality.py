"""How well the rules tell hostile comments from harmless ones.

python -m benchmarks.flags.quality [--set NAME] [--show CLASS]

All cases were written for this project, by class of functionality, most as templates that are filled with eight to
eleven groups each. A case counts as flagged where a flag of a grave kind (`SEVERE` in
archive/flags/lexical_detector.py) was raised on its text. Exit status 1 where a score is below its floor. --show
prints what is wrong in a class of the sets that rules may be written by.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from archive.flags.detect import find_matches
from archive.flags.lexical_detector import SEVERE
from archive.flags.match import TextContext
from benchmarks.flags.cases import SETS, Case, cases, in_language, ordinary

LANGUAGES = ("de", "es", "fr", "nl")
MENTIONS = ("identity.neutral", "identity.positive", "harmless.neutral_identity", "harmless.positive_identity",
            "neutral_mention", "positive_mention")  # fmt: skip
QUOTED = ("quotes.denounced", "quotes.denounced_unquoted", "quotes.reported_fixed", "harmless.quoted_denounced",
          "harmless.referred_denounced", "quoted_denounced", "reported_denounced")  # fmt: skip
NEGATED = ("negation.negated_hate_twin", "harmless.negated_hate", "negated_hate")
FLOORS = {
    "seen": {
        "precision": 0.97, "harmless": 0.95, "macro_f1": 0.915, "mentions": 0.98, "quoted": 0.93, "negated": 0.98,
    },
    "seen_too": {
        "precision": 0.96, "harmless": 0.94, "macro_f1": 0.835, "mentions": 0.95, "quoted": 0.93, "negated": 0.98,
    },
    "held_out": {
        "precision": 0.95, "harmless": 0.93, "macro_f1": 0.805, "mentions": 0.98, "quoted": 0.93, "negated": 0.85,
    },
}  # fmt: skip
MOST_APART = 0.05
LANGUAGE_FLOORS = {"de": 0.9, "es": 0.9, "fr": 0.9, "nl": 0.9}
ORDINARY_FLOOR = 0.99


@dataclass(slots=True)
class Tally:
    """Cases counted: right and all, by class and by group."""

    right: Counter[tuple[str, bool]] = field(default_factory=Counter)
    all: Counter[tuple[str, bool]] = field(default_factory=Counter)
    groups: dict[str, Counter[tuple[bool, bool]]] = field(default_factory=lambda: defaultdict(Counter))
    expected: Counter[bool] = field(default_factory=Counter)
    wrong: list[tuple[Case, tuple[str, ...]]] = field(default_factory=list)

    def add(self, case: Case) -> None:
        found = find_matches(case.text, TextContext(case.parent, case.title))
        flagged = any(match.code in SEVERE for match in found)
        right = flagged == case.harmful
        self.all[case.name, case.harmful] += 1
        self.right[case.name, case.harmful] += right
        if case.group:
            self.groups[case.group][case.harmful, flagged] += 1
        if case.expect:
            self.expected[any(match.code in case.expect for match in found)] += 1
        if not right:
            self.wrong.append((case, tuple(f"{match.code} by {match.rule}" for match in found)))

    def scores(self) -> dict[str, float]:
        """Precision of flags, recall, the share of harmless cases left alone, the mean of both classes' F1, and the
        shares left alone of mentions, of what is quoted or denounced, and of what is negated."""
        hits, harmful = self._sum(self.right, harmful=True), self._sum(self.all, harmful=True)
        left, harmless = self._sum(self.right, harmful=False), self._sum(self.all, harmful=False)
        false = harmless - left
        f1 = (2 * hits / (2 * hits + false + harmful - hits), 2 * left / (2 * left + false + harmful - hits))
        return {
            "precision": hits / (hits + false),
            "recall": hits / harmful,
            "harmless": left / harmless,
            "macro_f1": sum(f1) / 2,
            "mentions": self._share(MENTIONS),
            "quoted": self._share(QUOTED),
            "negated": self._share(NEGATED),
        }

    def _sum(self, counted: Counter[tuple[str, bool]], *, harmful: bool) -> int:
        return sum(number for (_, kind), number in counted.items() if kind == harmful)

    def _share(self, names: Iterable[str]) -> float:
        keys = [(name, False) for name in names if (name, False) in self.all]
        return sum(self.right[key] for key in keys) / sum(self.all[key] for key in keys)

    def apart(self) -> dict[str, float]:
        """How far the groups lie apart: of recall, and of harmless cases left alone."""
        recalls, alone = [], []
        for counts in self.groups.values():
            recalls.append(counts[True, True] / (counts[True, True] + counts[True, False]))
            alone.append(counts[False, False] / (counts[False, True] + counts[False, False]))
        return {"recall": max(recalls) - min(recalls), "harmless": max(alone) - min(alone)}


def measured(found: Iterable[Case]) -> Tally:
    """The tally of some cases."""
    tally = Tally()
    for case in found:
        tally.add(case)
    return tally


def below(name: str, tally: Tally) -> list[str]:
    """What of a set is worse than its floor, in words."""
    scores = tally.scores()
    said = [f"{name}: {what} is {scores[what]:.3f}, pinned at {floor}" for what, floor in FLOORS[name].items()
            if scores[what] < floor]  # fmt: skip
    far = {what: gap for what, gap in tally.apart().items() if gap > MOST_APART}
    return said + [f"{name}: groups lie {gap:.2f} apart in {what}" for what, gap in far.items()]


def share_right(tally: Tally) -> float:
    return sum(tally.right.values()) / sum(tally.all.values())


def left_alone(texts: Iterable[str]) -> float:
    """The share of everyday comments in which nothing grave is found."""
    found = [any(match.code in SEVERE for match in find_matches(text)) for text in texts]
    return found.count(False) / len(found)


def _print(name: str, tally: Tally) -> None:
    print(f"\n{name}: {sum(tally.all.values()):,} cases; {SETS[name]}")
    print("  " + "  ".join(f"{what} {value:.3f}" for what, value in tally.scores().items()))
    if tally.expected:
        print(f"  milder flags that were expected: {tally.expected[True]} of {tally.expected.total()}")
    for harmful, words in ((True, "harmful, flagged"), (False, "harmless, left alone")):
        print(f"  {words}:")
        rows = sorted(
            (tally.right[key] / count, key[0], count) for key, count in tally.all.items() if key[1] == harmful
        )
        print("\n".join(f"    {share:5.2f}  {case} ({count})" for share, case, count in rows))
    for group, counts in tally.groups.items():
        recall = counts[True, True] / (counts[True, True] + counts[True, False])
        alone = counts[False, False] / (counts[False, True] + counts[False, False])
        print(f"  {group:<22} harmful flagged {recall:.3f}, harmless left alone {alone:.3f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, action="append", help="only this set")
    parser.add_argument("--show", help="print what is wrong in classes whose names begin so (not of the held-out set)")
    options = parser.parse_args()
    failures: list[str] = []
    for name in options.set or SETS:
        tally = measured(cases(name))
        _print(name, tally)
        failures += below(name, tally)
        if options.show is not None and name != "held_out":
            for case, found in tally.wrong:
                if case.name.startswith(options.show):
                    print(f"  {case.name}: {case.text!r} {', '.join(found)}")
    if not options.set:
        failures += _rest()
    print("\n".join(failures))
    return 1 if failures else 0


def _rest() -> list[str]:
    """Other languages, and everyday comments."""
    said = []
    for language in LANGUAGES:
        share = share_right(measured(in_language(language)))
        print(f"{language}: {share:.3f} of its cases right")
        if share < LANGUAGE_FLOORS[language]:
            said.append(f"{language}: {share:.3f}, pinned at {LANGUAGE_FLOORS[language]}")
    alone = left_alone(ordinary())
    print(f"everyday comments left alone: {alone:.4f} of {len(ordinary())}")
    return said + ([f"everyday comments: {alone:.4f}"] if alone < ORDINARY_FLOOR else [])


if __name__ == "__main__":
    sys.exit(main())
