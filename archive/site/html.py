"""Prepare comments for templates: nested or listed, folded, with their times; which addresses may be links. Pure.

No tag is written here: templates write them, and Jinja escapes every text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from archive.site.chart import ColumnChart
from archive.site.formatting import INVISIBLE, STATES, count, day, moment, number, short
from archive.site.pieces import Body, MarkedSpan, TextDifference, split_body

MAX_DEPTH = 8
MAX_URL = 8000
MAX_CARD_TITLE, MAX_CARD_TEXT = 110, 200
CHIP_CLASSES = {"platform", "crawl", "capture", "content", "review"}
GONE = {state: text[:1].upper() + text[1:] for state, text in STATES.items() if state != "visible"}
NOT_SHOWN = "This archive does not show the text."


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
class Time:
    """A time as precise as it is known, and what the source itself says; `at` is None where it is not known."""

    at: str | None
    text: str
    title: str = ""


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


@dataclass(frozen=True, slots=True)
class Card:
    """What other sites show of a page that is shared: titles and numbers, never what readers wrote or are called."""

    title: str
    description: str
    path: str
    kind: str = "article"


def web_address(url: str | None) -> str | None:
    """Return the address if it may be a link: http or https with a host, and no credentials or controls."""
    if not url or len(url) > MAX_URL or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc else None
    except ValueError:
        return None


def describe_time(at: str | None, text: str | None = None, precision: str | None = None) -> Time:
    if at is None:
        return Time(None, text or "")
    return Time(at, moment(at, precision), f"The source says: {short(text)}" if text else f"{at} (UTC)")


def describe_claim(code: str, title: str, status: str, reviewers: int) -> str:
    """Put a flag in words. What rules match in a text is no fact until a person has confirmed it."""
    if status in ("confirmed", "dismissed", "corrected"):
        return f"{status} by {describe_reviewers(reviewers)}: {title}"
    text = f"matched rule: {title}" if code.startswith("content.") else title
    return f"{text}, reviewers disagree" if status == "disputed" else text


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


@cache
def _macros(template: str) -> Any:
    env = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    env.filters |= {"number": number, "counted": count, "short": short, "web_address": web_address}
    return env.get_template(template).module


def render_comments(comments: RenderedList | None, tables: str) -> Markup | None:
    """Render comments where they are loaded: in a thread, not in the event loop, and once while a page is remembered.

    Datasette renders templates asynchronously, which makes every loop and macro take twice as long.
    """
    html: Markup | None = _macros("_comment.html").comments(comments, tables) if comments else None
    return html


def render_hits(hits: Sequence[Any]) -> Markup:
    """Render the hits of a search where they are loaded, as `render_comments` renders comments."""
    html: Markup = _macros("_search.html").entries(hits)
    return html


def render_filters(filters: Sequence[Any]) -> Markup:
    html: Markup = _macros("_search.html").filter_lists(filters)
    return html


def render_pickers(pickers: Sequence[Any]) -> Markup:
    html: Markup = _macros("_search.html").pickers(pickers)
    return html


def render_columns(chart: ColumnChart) -> Markup:
    html: Markup = _macros("_chart.html").columns(chart)
    return html


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


def make_card(title: str, parts: list[str | None], path: str, kind: str = "article") -> Card:
    """`parts` of the description are joined by dots, without those that are empty."""
    text = " · ".join(line for part in parts if part and (line := single_line(part, MAX_CARD_TEXT)))
    return Card(single_line(title, MAX_CARD_TITLE), single_line(text, MAX_CARD_TEXT), path, kind)


def single_line(text: str, length: int) -> str:
    line = " ".join(INVISIBLE.sub(" ", text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
