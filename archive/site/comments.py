"""Prepare comments for templates: nested or listed, folded, their texts in marked and masked pieces. Pure.

No tag is written here: templates write them, and Jinja escapes every text.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from markupsafe import Markup

from archive.site.formatting import STATES, Time, count, day, describe_time, short
from archive.site.responses import render_macro

MAX_DEPTH = 8
MAX_TEXT = 20_000
CHIP_CLASSES = {"platform", "crawl", "capture", "content", "review"}
GONE = {state: text[:1].upper() + text[1:] for state, text in STATES.items() if state != "visible"}
NOT_SHOWN = "This archive does not show the text."
# Stands where personal data was masked. Half a surrogate pair: no text that SQLite returns can contain it, and it could
# not be sent either, so that a template that forgets to replace it fails.
MASKED = "\udc00"
_PARAGRAPHS = re.compile(r"\n[ \t\r]*\n\s*")


class NamedRow(Protocol):
    """A row by the names of its columns: of SQLite, or a dictionary."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Chip:
    """A flag as readers see it. `about` is its definition and rule, for a tooltip; `reviewers` confirmed it."""

    code: str
    text: str
    about: str
    blur: bool = False
    title: str = ""
    status: str = "unreviewed"
    reviewers: int = 0

    @property
    def css_class(self) -> str:
        namespace = "review" if self.status == "confirmed" else self.code.partition(".")[0]
        return namespace if namespace in CHIP_CLASSES else "capture"


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """Where a flag matched, in code points of the text, and what it claims."""

    start: int
    end: int
    claim: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, marked or not. Between `text` and each of `rest` stands something masked."""

    text: str
    rest: Sequence[str] = ()
    marked: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """The paragraphs of a text; where it is too long for a page, how much is left out and where that can be read."""

    paragraphs: Sequence[Sequence[Piece]]
    left_out: int = 0
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TextDifference:
    """What an edit changed: (change, piece), `change` being equal, delete or insert; or the `before` of a long text."""

    changes: Sequence[tuple[str, Piece]] = ()
    before: Body | None = None
    fold: str | None = None


@dataclass(frozen=True, slots=True)
class ThreadNote:
    """The thread of a comment that is shown outside of it; `text` says when it went from there, if it did."""

    text: str
    url: str
    title: str
    outlet: str | None


class DatasetLabel(NamedTuple):
    """What the people or programs of a dataset said of a comment, a thread or an article; `raters` is how many, where
    that is known."""

    name: str
    value: str
    dataset: str
    raters: int | None


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment as a viewer may read it. `row` has the columns of queries.COMMENTS, its body masked; `events`,
    `differences`, `removal` and `labels` are what a page says below it."""

    row: NamedRow
    chips: Sequence[Chip] = ()
    spans: Sequence[MarkedSpan] = ()
    events: Sequence[str] = ()
    differences: Sequence[TextDifference] = ()
    thread_note: ThreadNote | None = None
    labels: Sequence[DatasetLabel] = ()


@dataclass(frozen=True, slots=True)
class CommentBlock:
    """All that the template of one comment needs. `opens` says that a list begins with it, `closes` how many end."""

    view: CommentView
    id: int
    state: str
    author: str
    commenter: int | None
    time: Time
    votes: str
    note: str | None
    fold: str | None
    body: Body | None
    parent: NamedRow | None
    parent_name: str
    parent_url: str
    opens: bool
    closes: int


@dataclass(frozen=True, slots=True)
class RenderedList:
    """Comments in order, as nested lists or one flat one. `closes` lists end after the last."""

    blocks: Sequence[CommentBlock]
    closes: int
    is_flat: bool


def describe_reviewers(reviewers: int) -> str:
    return f"{reviewers:,} reviewers" if reviewers > 1 else "a reviewer"


_REVIEW_STATUS = {
    "disputed": "reviewers disagree",
    "dismissed": "dismissed by reviewers",
    "corrected": "corrected by reviewers",
}


def fold_reason(chips: Iterable[Chip]) -> str | None:
    """Return the line behind which flags fold a text; None where they do not."""
    reasons = []
    for chip in chips:
        if not chip.blur:
            continue
        title = chip.title or chip.text
        if not chip.code.startswith("content."):
            reasons.append(title)
        elif chip.status == "confirmed":
            reasons.append(f"confirmed by {describe_reviewers(chip.reviewers)} as “{title}”")
        else:
            reasons.append(f"matched a rule for “{title}”, {_REVIEW_STATUS.get(chip.status, 'not reviewed')}")
    return f"Folded: {' and '.join(dict.fromkeys(reasons))}. Show the text" if reasons else None


def author_name(row: NamedRow) -> str:
    if row["commenter_id"] is None:
        return "author unknown"
    return short(row["author"] or "unnamed account")


def nest_comments(views: Sequence[CommentView], parents: Mapping[int, NamedRow]) -> RenderedList | None:
    """Nest comments in document order; None where there are none.

    A line says what a comment replies to where the nesting cannot: below MAX_DEPTH, and where the parent stands on
    another page.
    """
    rows = {view.row["id"]: view.row for view in views}
    blocks, path, level = list[CommentBlock](), list[int](), -1
    for view in views:
        parent = view.row["parent_id"]
        while path and path[-1] != parent:
            path.pop()
        last, level = level, min(len(path), MAX_DEPTH)
        row = rows.get(parent) or parents.get(parent) if parent and (not path or len(path) > MAX_DEPTH) else None
        blocks.append(_block(view, row, level > last, last - level, on_page=parent in rows))
        path.append(view.row["id"])
    return RenderedList(blocks, level + 1, is_flat=False) if blocks else None


def list_comments(views: Iterable[CommentView], parents: Mapping[int, NamedRow]) -> RenderedList | None:
    """List comments one below the other, each with a line that says what it replies to; None where there are none."""
    blocks = [_block(view, parents.get(view.row["parent_id"]), not place, 0) for place, view in enumerate(views)]
    return RenderedList(blocks, 1, is_flat=True) if blocks else None


def render_comments(comments: RenderedList | None, tables: str) -> Markup | None:
    """Render comments where they are loaded, see `render_macro`; None where there are none."""
    return render_macro("_comment.html", "comments", comments, tables) if comments else None


def _block(
    view: CommentView, parent: NamedRow | None, opens: bool, closes: int, *, on_page: bool = False
) -> CommentBlock:
    row = view.row
    votes = [count(row[kind], kind[:-1]) for kind in ("likes", "dislikes") if row[kind] is not None]
    note, fold, body = _text(view)
    return CommentBlock(
        view,
        row["id"],
        row["state"],
        author_name(row),
        row["commenter_id"],
        describe_time(row["posted_at"], row["posted_at_text"], row["posted_precision"]),
        " · ".join(votes),
        note,
        fold,
        body,
        parent,
        author_name(parent) if parent else "",
        (f"#c{parent['id']}" if on_page else f"/comment/{parent['id']}") if parent else "",
        opens,
        closes,
    )


def _text(view: CommentView) -> tuple[str | None, str | None, Body | None]:
    """Return a note on why there is no text, or the text and the line behind which it is folded."""
    row = view.row
    gone = GONE.get(row["state"])
    if row["withheld"]:
        return NOT_SHOWN, None, None
    if not row["body"].strip():
        return f"{gone}; the text was not captured." if gone else "The text was not captured.", None, None
    reason = fold_reason(view.chips)
    if gone:
        gone = f"{gone}; the text as it stood on {day(row['last_seen_at'])}"
        reason = f"{gone}. {reason}" if reason else gone
    return None, reason, split_body(row["body"], view.spans, f"/comment/{row['id']}")


def make_piece(text: str, title: str = "", *, marked: bool = False) -> Piece:
    if MASKED not in text:
        return Piece(text, (), marked, title)
    first, *rest = text.split(MASKED)
    return Piece(first, rest, marked, title)


def split_body(text: str, spans: Sequence[MarkedSpan] = (), url: str | None = None) -> Body:
    """Divide a text into paragraphs, and these where flags matched. `url` is where a long text can be read whole."""
    head = text[:MAX_TEXT]
    paragraphs, start = [], 0
    for gap in _PARAGRAPHS.finditer(head):
        if head[start : gap.start()].strip():
            paragraphs.append(_mark(head, start, gap.start(), spans))
        start = gap.end()
    if head[start:].strip():
        paragraphs.append(_mark(head, start, len(head), spans))
    return Body(paragraphs, len(text) - len(head), url)


def _mark(text: str, start: int, end: int, spans: Sequence[MarkedSpan]) -> list[Piece]:
    """Cut a paragraph at every edge of a span: spans overlap, marks cannot."""
    inside = [span for span in spans if span.start < end and span.end > start and span.start < span.end]
    if not inside:
        return [make_piece(text[start:end])]
    edges = {start, end}
    for span in inside:
        edges |= {max(span.start, start), min(span.end, end)}
    pieces = []
    for left, right in pairwise(sorted(edges)):
        claims = [span.claim for span in inside if span.start <= left and span.end >= right]
        pieces.append(make_piece(text[left:right], "; ".join(dict.fromkeys(claims)), marked=bool(claims)))
    return pieces
