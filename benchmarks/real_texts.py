"""How well the texts that Resiliparse makes of real pages are read: `python -m benchmarks.real_texts [-v] [PAGE...]`.

Each page of ../shared/pages becomes two texts, of all of it and of its main content. Expected are the comments whose
words stand in the text; a name is expected where it stands beside them. Exit status 1 where a figure is below its
floor, 2 where the pages are not there.
"""

import argparse
import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resiliparse.extract.html2text import extract_plain_text

from archive.importers.documents import Reading
from archive.importers.plain_text.importer import read_text

PAGES = Path(__file__).parents[2] / "shared" / "pages"
FLOORS = {
    "native main": {"found": 0.98, "parent": 0.98, "author": 0.95, "body": 0.99},
    "native whole": {"found": 0.99, "parent": 0.99, "author": 0.99, "body": 0.99},
    "other main": {"found": 0.94, "parent": 0.77, "author": 0.97, "body": 0.96},
    "other whole": {"found": 0.95, "parent": 0.85, "author": 0.97, "body": 0.88},
}
"""By kind of page and of text. What no text shows (whose reply a comment of a text without lists is) is counted too."""
MOST_INVENTED = 0.055
MOST_HITS = 1
_PREFIX = 40
_BESIDE = 160


@dataclass(frozen=True, slots=True)
class Expected:
    """A comment that stands in a text, with its name where the text has it beside the comment's words."""

    body: str
    author: str | None
    parent: int | None


def squeeze(text: str | None) -> str:
    """Return the letters and digits of a text."""
    return re.sub(r"[\W_]+", "", text or "").lower()


def expected_comments(gold: dict[str, Any], text: str) -> list[Expected]:
    """Return the comments of a page that its text holds, in the page's order."""
    letters = squeeze(text)
    comments = [comment for comment in gold["comments"] if comment["kind"] == "comment"]
    expected: list[Expected] = []
    index: dict[int, int | None] = {}
    at = 0
    for comment in comments:
        body = squeeze(comment["body"])
        begin = letters.find(body[:_PREFIX], at) if len(body) > 3 else -1
        index[comment["i"]] = index.get(comment["parent"])  # until shown to stand there: its own parent
        if begin < 0:
            continue
        name = squeeze(comment["author"])
        before, after = letters[max(at, begin - _BESIDE) : begin], letters[begin + len(body) :][: _BESIDE // 2]
        has_name = bool(name) and (name in before or name in after)
        at = begin + min(len(body), _PREFIX)
        expected.append(Expected(body, comment["author"] if has_name else None, index[comment["i"]]))
        index[comment["i"]] = len(expected) - 1
    return expected


def same(text: str, other: str, slack: int) -> bool:
    """Whether two squeezed texts are equal but for a few letters of a button at the end of one."""
    begins = bool(text and other) and (text.startswith(other) or other.startswith(text))
    return text == other or (begins and abs(len(text) - len(other)) <= max(slack, len(text) // 50))


def count(expected: Sequence[Expected], reading: Reading, *, is_plain: bool) -> Counter[str]:
    """Count what was read of the expected comments, and what was read beside them."""
    texts: dict[str, list[int]] = defaultdict(list)
    for number, read in enumerate(reading.comments):
        texts[squeeze(read.body)[:_PREFIX]].append(number)
    pairs: dict[int, int] = {}
    for at, comment in enumerate(expected):
        if same_texts := texts.get(comment.body[:_PREFIX]):
            pairs[at] = same_texts.pop(0)
    for at, comment in enumerate(expected):  # behind a title or a name that the page sets apart
        if at not in pairs:
            used = set(pairs.values())
            tops = ((k, squeeze(got.body)[: _BESIDE + _PREFIX]) for k, got in enumerate(reading.comments))
            same_words = next((k for k, top in tops if k not in used and comment.body[:_PREFIX] in top), None)
            pairs |= {} if same_words is None or len(comment.body) < _PREFIX // 2 else {at: same_words}
    counts = Counter(texts=1, gold=len(expected), found=len(pairs), plain=is_plain)
    bodies = sum(bool(comment.body.strip()) for comment in reading.comments)
    counts["invented"] = bodies - len(pairs) if expected or is_plain else 0
    counts["hit"] = is_plain and bodies > 0
    for at, other in pairs.items():
        comment, got = expected[at], reading.comments[other]
        parent = pairs.get(comment.parent, -1) if comment.parent is not None else None
        counts["parent"] += got.parent == parent
        counts["replies"] += comment.parent is not None
        counts["body"] += same(comment.body, squeeze(got.body), 12)
        if comment.author:
            counts["named"] += 1
            counts["author"] += same(squeeze(comment.author), squeeze(got.author.name if got.author else ""), 4)
        elif got.author:
            counts["wrong_name"] += 1
    return counts


def texts_of(page: str) -> Iterator[tuple[str, str]]:
    """Yield the two texts of a page, each with its name."""
    markup = gzip.decompress((PAGES / f"{page}.html.gz").read_bytes()).decode("utf-8", "replace")
    for name, main_content in (("whole", False), ("main", True)):
        yield name, extract_plain_text(markup, preserve_formatting=True, main_content=main_content, comments=True)


def line(name: str, counts: Counter[str]) -> str:
    """Return the figures of a group as a line."""
    figures = (f"{score} {figure:.3f}" for score, figure in scores(counts).items())
    rest = (f"{key} {counts[key]}" for key in ("replies", "named", "wrong_name", "invented", "hit", "plain"))
    return f"{name:28} texts {counts['texts']:3} gold {counts['gold']:5} {' '.join([*figures, *rest])}"


def scores(counts: Counter[str]) -> dict[str, float]:
    """Return the shares that the counts give."""
    of = {"found": "gold", "parent": "found", "author": "named", "body": "found"}
    return {score: counts[score] / counts[whole] for score, whole in of.items() if counts[whole]}


def measure(pages: Sequence[str], *, show: bool, verbose: bool) -> dict[str, Counter[str]]:
    """Return the counts of the pages, all where none is named, by kind of page and of text."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for row in map(json.loads, (PAGES / "gold.jsonl").read_text("utf-8").splitlines()):
        for name, text in texts_of(row["page"]) if not pages or row["page"] in pages else ():
            reading = read_text(text)
            counts = count(expected_comments(row, text), reading, is_plain=not row["comments"])
            if verbose:
                print(line(f"{row['page']} {name} {row['cms'][:12]}", counts))
            if show:
                print(text)
                for number, comment in enumerate(reading.comments):
                    print(number, comment.parent, comment.author and comment.author.name, repr(comment.body[:70]))
            for group in (f"native {name}" if row["cms"] == "wordpress" else f"other {name}", name, "all"):
                groups[group].update(counts)
    return groups


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_texts", description=__doc__)
    parser.add_argument("-v", action="store_true", help="a line a text")
    parser.add_argument("--show", action="store_true", help="print the texts and what is read")
    parser.add_argument("page", nargs="*")
    options = parser.parse_args(argv)
    if not PAGES.is_dir():
        print("the pages are not beside the project", file=sys.stderr)
        return 2
    groups = measure(options.page, show=options.show, verbose=options.v)
    for name in sorted(groups):
        print(line(name, groups[name]))
    worse = [] if options.page else list(below(groups))
    for text in worse:
        print(text, file=sys.stderr)
    return 1 if worse else 0


def below(groups: dict[str, Counter[str]]) -> Iterator[str]:
    """Yield what is worse than its floor, in words."""
    for name, floors in FLOORS.items():
        figures = scores(groups[name])
        for score, floor in floors.items():
            if figures.get(score, 0.0) < floor:
                yield f"{name}: {score} is {figures.get(score, 0.0):.3f}, its floor is {floor}"
    if groups["all"]["invented"] > MOST_INVENTED * groups["all"]["gold"]:
        yield f"invented: {groups['all']['invented']}, more than {MOST_INVENTED:.1%} of the comments"
    if groups["all"]["hit"] > MOST_HITS:
        yield f"comments read from {groups['all']['hit']} texts without any"


if __name__ == "__main__":
    sys.exit(main())
