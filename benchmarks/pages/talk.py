"""Threads with known truth. Names, dates and bodies carry marks (private-use characters) that show, after the page has
become plain text, what of each comment still stands there; then the marks are taken out and nobody has seen them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.pages import words
from benchmarks.pages.bodies import Speaker
from benchmarks.pages.tongues import Tongue

FIRST_MARK = 0xF0000
NAME, START, END, DATE = range(4)
PAGE = 16000
"""Stands where a comment's index stands, for marks of what the page itself says: its count and that it is closed."""
COUNT, CLOSED = range(2)
MARKS = re.compile("[\U000f0000-\U000ffffd]")
BULLET = re.compile(r"(?m)^\s*(?:[•◦▪‣*·–-]|\d{1,3}\.)(?=\s|$)")


def mark(comment: int, kind: int) -> str:
    """The private-use character that stands for one part of one comment."""
    return chr(FIRST_MARK + 4 * comment + kind)


def unmarked(text: str) -> str:
    return MARKS.sub("", text)


def folded(text: str) -> str:
    """White space folded and list bullets dropped: how the converter writes a list is no part of what was said."""
    return " ".join(BULLET.sub(" ", unmarked(text)).split())


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment as its page holds it: `body` is marked HTML, `name` and `date` are plain."""

    index: int
    parent: int | None
    depth: int
    name: str
    date: str
    body: str
    likes: int


@dataclass(frozen=True, slots=True)
class Expected:
    """A comment as its rendered text still shows it. `author` and `posted` are None where the text lost them."""

    body: str
    parent: int | None
    name: str
    author: str | None
    posted: str | None


def tree(rng: Random, size: int, deepest: int) -> list[int | None]:
    """Parents in document order; a comment answers one of those that the comment before it answers, or that one."""
    parents: list[int | None] = []
    open_: list[int] = []
    stay = rng.choice((0.3, 0.6, 0.9))
    for index in range(size):
        keep = len(open_) if rng.random() < stay else rng.randint(0, len(open_))
        open_ = open_[: min(keep, deepest - 1)]
        parents.append(open_[-1] if open_ else None)
        open_.append(index)
    return parents


def thread(
    rng: Random, tongue: Tongue, deepest: int = 8, form: str | None = None, most: int = 30
) -> tuple[Remark, ...]:
    """A thread of 1 to `most` comments, at most `deepest` levels, all dates in one format."""
    size = rng.choice((rng.randint(1, 4), rng.randint(2, 12), rng.randint(5, most)))
    form = form or rng.choice(tongue.dates)
    parents = tree(rng, size, deepest)
    people = [words.name(rng) for _ in range(max(2, size * 2 // 3))]
    remarks: list[Remark] = []
    for index, parent in enumerate(parents):
        depth = 0 if parent is None else remarks[parent].depth + 1
        before = people[0] if parent is None else remarks[parent].name
        body = marked(index, Speaker(rng, tongue, before).blocks())
        date = words.date(rng, form, tongue.code)
        remarks.append(Remark(index, parent, depth, rng.choice(people), date, body, rng.choice((0, 0, 1, 2, 7, 31))))
    return tuple(remarks)


def marked(index: int, blocks: Iterable[tuple[str, str]]) -> str:
    """HTML of a body in which every block, and every item of a list, stands between marks."""
    start, end = mark(index, START), mark(index, END)
    html = []
    for tag, text in blocks:
        opening, closing = _WRAPPERS[tag]
        items = text.split("|") if opening == "<li>" else [text]
        html.append(f"<{tag}>" + "".join(f"{opening}{start}{item}{end}{closing}" for item in items) + f"</{tag}>")
    return "".join(html)


_WRAPPERS = {"p": ("", ""), "ul": ("<li>", "</li>"), "ol": ("<li>", "</li>"), "blockquote": ("<p>", "</p>")}


def expected(text: str, remarks: Sequence[Remark]) -> tuple[Expected, ...]:
    """The comments whose words stand in the marked text; a reply to a lost one answers the nearest that stands."""
    bodies = {remark.index: marked_body(text, remark.index) for remark in remarks}
    positions: dict[int, int] = {}
    result: list[Expected] = []
    for remark in remarks:
        parent = remark.parent
        while parent is not None and parent not in positions:
            parent = remarks[parent].parent
        if body := bodies[remark.index]:
            positions[remark.index] = len(result)
            name = remark.name if mark(remark.index, NAME) in text else None
            posted = remark.date if mark(remark.index, DATE) in text else None
            result.append(Expected(body, None if parent is None else positions[parent], remark.name, name, posted))
    return tuple(result)


def marked_body(text: str, index: int) -> str:
    """Return what stands between the first start and the last end of a comment's body."""
    start, end = text.find(mark(index, START)), text.rfind(mark(index, END))
    return unmarked(text[start:end]) if 0 <= start < end else ""
