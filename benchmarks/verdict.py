"""What was read from a page compared with what the page's text still shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

from archive.thread import Comment
from benchmarks.pages import Page
from benchmarks.pages.talk import Expected, folded


class Reading(Protocol):
    """What the importer makes of a text, as far as it is measured."""

    @property
    def comments(self) -> tuple[Comment, ...]: ...
    @property
    def title(self) -> str | None: ...
    @property
    def stated_count(self) -> int | None: ...
    @property
    def closed(self) -> bool | None: ...


@dataclass(slots=True)
class Verdict:
    """A page and what was read from it. `pairs` are (expected, got) indices, `wrongs` what is wrong with which."""

    page: Page
    got: tuple[Comment, ...]
    pairs: dict[int, int]
    wrongs: dict[str, list[int]]

    @property
    def perfect(self) -> bool:
        """Whether everything but the title is right: the title is the article's, and seldom in doubt."""
        return not any(indices for wrong, indices in self.wrongs.items() if wrong != "title")


def judged(page: Page, reading: Reading) -> Verdict:
    """What was read compared with what the text still shows."""
    got = tuple(reading.comments)
    pairs = matched([truth.body for truth in page.comments], [comment.body for comment in got])
    back = {mine: theirs for theirs, mine in pairs.items()}
    wrongs: dict[str, list[int]] = {
        "missing": [index for index in range(len(page.comments)) if index not in pairs],
        "invented": [index for index, comment in enumerate(got) if index not in back and comment.body.strip()],
    }
    for index, mine in pairs.items():
        for wrong in _wrongs(page.comments, index, got, mine, pairs, back):
            wrongs.setdefault(wrong, []).append(index)
    for wrong in _page_wrongs(page, reading):
        wrongs[wrong] = [-1]
    return Verdict(page, got, pairs, wrongs)


def _page_wrongs(page: Page, reading: Reading) -> Iterator[str]:
    if folded(reading.title or "") != folded(page.title):
        yield "title"
    if page.family != "no_comments" and page.stated is not None and reading.stated_count != page.stated:
        yield "count"
    if page.family != "no_comments" and bool(reading.closed) != page.closed:
        yield "closed"


def _wrongs(
    truths: Sequence[Expected],
    index: int,
    got: Sequence[Comment],
    mine: int,
    pairs: dict[int, int],
    back: dict[int, int],
) -> Iterator[str]:
    truth, comment = truths[index], got[mine]
    if _true_parent(truths, index, pairs) != _read_parent(got, mine, back):
        yield "parent"
    name = comment.author.name if comment.author else None
    right = name is not None and folded(name) == folded(truth.name)
    if not right and (truth.author is not None or name is not None):
        yield "author"
    if not right and truth.author is not None:
        yield "named"
    if not right and name is not None:
        yield "wrong_name"
    if folded(comment.body) != folded(truth.body):
        yield "body"
    if truth.posted is not None and not _keeps(comment, truth.posted):
        yield "posted"


def _keeps(comment: Comment, posted: str) -> bool:
    text = folded((comment.posted and comment.posted.text) or "")
    return bool(text) and (folded(posted) in text or text in folded(posted))


def _true_parent(truths: Sequence[Expected], index: int, pairs: dict[int, int]) -> int | None:
    """The nearest true ancestor that was found at all."""
    parent = truths[index].parent
    while parent is not None and parent not in pairs:
        parent = truths[parent].parent
    return parent


def _read_parent(got: Sequence[Comment], mine: int, back: dict[int, int]) -> int | None:
    """The true comment that was read as the parent, -1 for an invented one; those without words are looked through."""
    parent = got[mine].parent
    while parent is not None and parent not in back and not got[parent].body.strip():
        parent = got[parent].parent
    return None if parent is None else back.get(parent, -1)


def matched(truths: Sequence[str], bodies: Sequence[str]) -> dict[int, int]:
    """Pairs by body, in order: the equal ones first, then near misses in the gaps between them."""
    left, right = [folded(body) for body in truths], [folded(body) for body in bodies]
    pairs: dict[int, int] = {}
    at, other = 0, 0
    for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        _near(left, right, range(at, block.a), range(other, block.b), pairs)
        pairs.update((block.a + step, block.b + step) for step in range(block.size) if left[block.a + step])
        at, other = block.a + block.size, block.b + block.size
    return dict(sorted(pairs.items()))


def _near(left: Sequence[str], right: Sequence[str], lefts: range, rights: range, pairs: dict[int, int]) -> None:
    begin = rights.start
    for index in lefts:
        alike = [(likeness(left[index], right[mine]), -mine) for mine in range(begin, rights.stop)]
        best, place = max(alike, default=(0.0, 0))
        if best >= 0.6:
            pairs[index] = -place
            begin = 1 - place


def likeness(one: str, other: str) -> float:
    """1 for equal texts, 0 for strangers; at least 0.6 where one begins the other, or is half of it or more."""
    short, long = sorted((one, other), key=len)
    if not short:
        return 0.0
    if long.startswith(short) or (short in long and 2 * len(short) >= len(long)):
        return 0.6 + 0.4 * len(short) / len(long)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() > 0.6 and matcher.quick_ratio() > 0.6 else 0.0
