"""How well the importer of seed texts reads pages whose comments are known: `python -m benchmarks.import_quality`.

Pages are made by benchmarks.pages, become plain text as corpora make it (Resiliparse), and are read back. Exit status 1
where a score is below its floor, 2 where there is no importer to measure.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from math import ceil, floor

from archive.thread import Comment
from benchmarks.pages import FAMILIES, Page, generate
from benchmarks.pages.talk import Expected
from benchmarks.verdict import Reading, Verdict, judged

FLOORS: dict[str, dict[str, float]] = {
    "disqus_static": {
        "found": 96,
        "invented": 1,
        "parent": 99,
        "author": 98,
        "named": 97,
        "wrong_names": 1,
        "body": 98,
        "posted": 100,
        "title": 100,
        "count": 100,
        "closed": 100,
    },
    "wordpress": {
        "found": 99,
        "invented": 1,
        "parent": 98,
        "author": 99,
        "named": 99,
        "wrong_names": 1,
        "body": 99,
        "posted": 99,
        "title": 100,
        "count": 96,
        "closed": 96,
    },
    "real_world": {
        "found": 99,
        "invented": 1,
        "parent": 99,
        "author": 98,
        "named": 98,
        "wrong_names": 0,
        "body": 98,
        "posted": 100,
        "title": 100,
        "count": 98,
        "closed": 100,
    },
    "no_comments": {"title": 100, "clean": 100},
    "lossy": {
        "found": 96,
        "invented": 1,
        "parent": 99,
        "author": 97,
        "named": 96,
        "wrong_names": 1,
        "body": 96,
        "posted": 98,
        "title": 100,
        "count": 100,
        "closed": 100,
    },
}
"""Per cent, by family and score, as the importer reaches them, rounded down. They only move up."""

QUICK = 64
"""Pages a family in the tests; the floors hold for these too."""

UNSCORED = ("no_lists",)
"""Families shown but not in the overall score: their text has no bullets, so nothing in it can be found by indent."""

SCORES = (
    "found",
    "invented",
    "parent",
    "author",
    "named",
    "wrong_names",
    "body",
    "posted",
    "title",
    "count",
    "closed",
    "clean",
)
LOWER_IS_BETTER = ("invented", "wrong_names")


Reader = Callable[[str], Reading]


@dataclass(slots=True)
class Tally:
    """Counts over pages, and the scores that follow from them."""

    counts: Counter[str] = field(default_factory=Counter)
    reading: float = 0.0
    converting: float = 0.0

    def add(self, verdict: Verdict, seconds: float) -> None:
        expected, wrongs = verdict.page.comments, verdict.wrongs
        found = [expected[index] for index in verdict.pairs]
        self.reading += seconds
        self.converting += verdict.page.seconds
        self.counts["pages"] += 1
        self.counts["expected"] += len(expected)
        self.counts["found"] += len(found)
        self.counts["got"] += sum(1 for comment in verdict.got if comment.body.strip())
        self.counts["named"] += sum(1 for truth in found if truth.author is not None)
        self.counts["dated"] += sum(1 for truth in found if truth.posted is not None)
        talks = verdict.page.family != "no_comments"
        self.counts["talks"] += talks
        self.counts["silent"] += not talks
        self.counts["clean"] += not talks and not verdict.got
        self.counts["counted"] += talks and verdict.page.stated is not None
        self.counts["perfect"] += verdict.perfect
        for wrong, indices in wrongs.items():
            self.counts[f"{wrong} wrong"] += len(indices)

    def scores(self) -> dict[str, float | None]:
        """Per cent of what each score is about; None where nothing was."""
        c = self.counts
        return {
            "found": _share(c["found"], c["expected"]),
            "invented": _share(c["invented wrong"], c["got"]),
            "parent": _share(c["found"] - c["parent wrong"], c["found"]),
            "author": _share(c["found"] - c["author wrong"], c["found"]),
            "named": _share(c["named"] - c["named wrong"], c["named"]),
            "wrong_names": _share(c["wrong_name wrong"], c["found"]),
            "body": _share(c["found"] - c["body wrong"], c["found"]),
            "posted": _share(c["dated"] - c["posted wrong"], c["dated"]),
            "title": _share(c["pages"] - c["title wrong"], c["pages"]),
            "count": _share(c["counted"] - c["count wrong"], c["counted"]),
            "closed": _share(c["talks"] - c["closed wrong"], c["talks"]),
            "clean": _share(c["clean"], c["silent"]),
        }

    def micros(self, seconds: float) -> float:
        return seconds * 1e6 / max(1, self.counts["expected"] or self.counts["pages"])


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def measure(read: Reader, families: Iterable[str], count: int, seed: int) -> Iterator[tuple[Verdict, float]]:
    """A verdict a page, and the CPU seconds that reading took."""
    for family in families:
        for page in generate(family, count, seed):
            begin = time.process_time()
            reading = read(page.text)
            seconds = time.process_time() - begin
            yield judged(page, reading), seconds


def tallies(results: Iterable[tuple[Verdict, float]], key: Callable[[Page], str]) -> dict[str, Tally]:
    """Tallies by family or by whatever else `key` says of a page, and "overall" over all scored families."""
    tallied: dict[str, Tally] = {}
    overall = Tally()
    for verdict, seconds in results:
        tallied.setdefault(key(verdict.page), Tally()).add(verdict, seconds)
        if verdict.page.family not in UNSCORED:
            overall.add(verdict, seconds)
    return tallied | {"overall": overall}


def below(tallied: dict[str, Tally], floors: dict[str, dict[str, float]]) -> list[str]:
    """What is worse than its floor (or, where lower is better, its ceiling), in words."""
    said = []
    for family, wanted in floors.items():
        scores = tallied[family].scores() if family in tallied else {}
        for score, pin in wanted.items():
            value = scores.get(score)
            if value is not None and (value > pin if score in LOWER_IS_BETTER else value < pin):
                said.append(f"{family}: {score} is {value:.2f} %, pinned at {pin} %")
    return said


def pinned(runs: Sequence[dict[str, Tally]]) -> dict[str, dict[str, float]]:
    """Floors that all these runs keep, rounded to whole per cents."""
    floors: dict[str, dict[str, float]] = {}
    for family in (family for family in FAMILIES if family not in UNSCORED and all(family in run for run in runs)):
        for score in SCORES:
            values = [value for run in runs if (value := run[family].scores()[score]) is not None]
            rounded = ceil(max(values)) if values and score in LOWER_IS_BETTER else floor(min(values, default=0))
            if values and not (family == "no_comments" and score == "invented"):
                floors.setdefault(family, {})[score] = rounded
    return floors


def table(tallied: dict[str, Tally]) -> Iterator[str]:
    """The scores as lines of plain text."""
    rows = [["per cent", "pages", "comments", *SCORES, "perfect"]]
    for name, tally in tallied.items():
        scores = [*tally.scores().values(), _share(tally.counts["perfect"], tally.counts["pages"])]
        cells = ("-" if value is None else f"{value:.2f}" for value in scores)
        rows.append([name, str(tally.counts["pages"]), str(tally.counts["expected"]), *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        yield first.ljust(widths[0]) + "".join(
            f"  {cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True)
        )


def speed(tallied: dict[str, Tally]) -> Iterator[str]:
    for name, tally in tallied.items():
        unit = "comment" if tally.counts["expected"] else "page"
        read, made = tally.micros(tally.reading), tally.micros(tally.converting)
        yield f"{name}: reading took {read:.1f} µs of CPU per {unit}, the converter took {made:.1f} µs before it"


def failure(verdict: Verdict) -> Iterator[str]:
    """The text of a page that was read wrongly, then the expected and the read comments, with what is wrong."""
    page = verdict.page
    yield f"==== {page.family}: {page.variant}"
    yield from (f"{number:4}|{_cut(line)}" for number, line in enumerate(page.text.split("\n"), 1))
    of_page = [word for word, indices in verdict.wrongs.items() if indices == [-1]]
    yield f"---- expected: {page.title!r}, states {page.stated} comments, closed: {page.closed}{_wrong(of_page)}"
    for index, truth in enumerate(page.comments):
        wrong = [
            word for word, indices in verdict.wrongs.items() if index in indices and word not in ("invented", "named")
        ]
        name = repr(truth.author) if truth.author else f"None (the text lost {truth.name!r})"
        yield _line(page.comments, index, name, truth.posted, truth.body) + _wrong(wrong)
    yield "---- read"
    for index, comment in enumerate(verdict.got):
        wrong = ["invented"] if index in verdict.wrongs["invented"] else []
        name = repr(comment.author and comment.author.name)
        posted = comment.posted.text if comment.posted else None
        yield _line(verdict.got, index, name, posted, comment.body) + _wrong(wrong)
    yield ""


def _depth(comments: Sequence[Expected] | Sequence[Comment], index: int) -> int:
    depth, parent = 0, comments[index].parent
    while parent is not None:
        depth, parent = depth + 1, comments[parent].parent
    return depth


def _line(
    comments: Sequence[Expected] | Sequence[Comment], index: int, name: str, posted: str | None, body: str
) -> str:
    parent = comments[index].parent
    date = f" [{_cut(posted)}]" if posted else ""
    up = "-" if parent is None else parent
    return f"{'  ' * _depth(comments, index)}{index}<{up} {_cut(name)}{date} {_cut(' '.join(body.split()))!r}"


def _wrong(words: Sequence[str]) -> str:
    return f"   <<< WRONG: {', '.join(words)}" if words else ""


def _cut(text: str, most: int = 110) -> str:
    return text if len(text) <= most else f"{text[: most - 30]} ...(+{len(text) - most})... {text[-25:]}"


def failures(verdicts: Iterable[Verdict], most: int, because: str | None) -> Iterator[str]:
    """The first `most` failing pages of each family, or those where `because` is wrong."""
    shown: Counter[str] = Counter()
    for verdict in verdicts:
        wrong = verdict.wrongs.get(because) if because else not verdict.perfect
        if wrong and shown[verdict.page.family] < most:
            shown[verdict.page.family] += 1
            yield from failure(verdict)


def reader() -> Reader:
    """The importer's `read_text`; looked up late, so that the generator can be used without it."""
    found: Reader = import_module("archive.importers.plain_text.importer").read_text
    return found


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_quality", description=__doc__)
    parser.add_argument("--json", action="store_true", help="scores as JSON")
    parser.add_argument("--pages", type=int, default=300, metavar="N", help="pages a family (default: 300)")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="only these families")
    parser.add_argument("--by-theme", action="store_true", help="a line a theme and way of conversion, not a family")
    parser.add_argument(
        "--show-failures", type=int, default=0, metavar="K", help="print the first K failing pages a family"
    )
    parser.add_argument("--print-floors", action="store_true", help="print FLOORS as they could be pinned now")
    wrongs = (
        *("missing", "invented", "parent", "author", "named", "wrong_name", "body", "posted"),
        *("title", "count", "closed"),
    )
    parser.add_argument("--because", choices=wrongs, help="with --show-failures: only those that fail like this")
    return parser


def theme(page: Page) -> str:
    name, *_, way = page.variant.split(", ") if page.family != "lossy" else (page.variant.split(", ")[-1],) * 2
    return f"{page.family}: {name}, {way}" if name != way else f"{page.family}: {name}"


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    try:
        read = reader()
    except (ModuleNotFoundError, AttributeError) as error:
        print(f"There is no importer to measure: {error}", file=sys.stderr)
        return 2
    read("")
    results = list(measure(read, options.family or FAMILIES, options.pages, options.seed))
    tallied = tallies(results, lambda page: page.family)
    if options.print_floors:
        quick = tallies(measure(read, options.family or FAMILIES, QUICK, seed=1), lambda page: page.family)
        print("FLOORS =", json.dumps(pinned([tallied, quick]), indent=4))
    for line in failures((verdict for verdict, _ in results), options.show_failures, options.because):
        print(line)
    if options.json:
        print(json.dumps({name: tally.scores() | _times(tally) for name, tally in tallied.items()}, indent=1))
    else:
        print("\n".join([*table(tallies(results, theme) if options.by_theme else tallied), "", *speed(tallied)]))
    worse = below(tallied, FLOORS)
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


def _times(tally: Tally) -> dict[str, float]:
    return {"read_micros": tally.micros(tally.reading), "convert_micros": tally.micros(tally.converting)}


if __name__ == "__main__":
    sys.exit(main())
