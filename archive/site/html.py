"""What the archive holds as HTML that is safe: everything from it is escaped here, once. Pure.

Functions that return Markup return finished HTML; they are built from strings, since a page holds hundreds of comments.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any, Protocol
from urllib.parse import urlsplit

from markupsafe import Markup

from archive.site.formatting import moment
from archive.text.pii_masking import MASK

LONGEST_TEXT = 20_000
CLASSES = {"platform", "crawl", "capture", "content", "review"}
GONE = {
    "removed": "Removed from the site",
    "author_deleted": "Deleted by its author",
    "withheld": "Held back by the site",
    "missing": "Gone from the site without a word",
}
START, END = "\x02", "\x03"
# Where personal data stood. Half a surrogate pair: no text that SQLite gives can hold it, and none that is sent may.
HIDDEN = "\udc00"

_PARAGRAPHS = re.compile(r"\n[ \t\r]*\n\s*")
_MARKED = re.compile(f"{START}([^{START}{END}]*){END}")


class Record(Protocol):
    """A row by the names of its columns: of SQLite, or a dictionary."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Where a flag matched, in code points of the text, and what it says there."""

    start: int
    end: int
    says: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A flag as the reader sees it. `about` is its whole story, for whoever asks; `reviewers` confirmed it."""

    code: str
    text: str
    about: str
    blur: bool = False
    title: str = ""
    status: str = "unreviewed"
    reviewers: int = 0


def finished(html: str) -> Markup:
    """HTML whose every part was escaped or made here. The one place that says so."""
    return Markup(html)  # noqa: S704


def plain(text: str) -> str:
    """A text as HTML; what stood where personal data was masked is said in words."""
    safe = escape(text)
    return safe.replace(HIDDEN, _MASKED) if HIDDEN in safe else safe


_MASKED = f'<span class="masked" title="personal data, masked">{MASK}</span>'


def web_address(url: str | None) -> str | None:
    """The address if it is one that a link may have: http or https with a host, and no credentials or controls."""
    if not url or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc else None
    except ValueError:
        return None


def outward(url: str | None, label: str | None = None) -> Markup:
    """A link out of the archive, or just the words where the address is not one for the web."""
    address = web_address(url)
    text = isolated(label or url or "")
    return (
        Markup('<a href="{}" rel="nofollow noopener noreferrer ugc">{}</a>').format(address, text) if address else text
    )


def isolated(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text)


def when(at: str | None, text: str | None = None, precision: str | None = None) -> Markup:
    """A time as far as it is known; the source's own words stand in its title."""
    if at is None:
        return finished(f'<span class="when">{f"“<bdi>{escape(text)}</bdi>”" if text else "time not stated"}</span>')
    title = f"The source says: {escape(text)}" if text else f"{escape(at)} (UTC)"
    return finished(f'<time datetime="{escape(at)}" title="{title}">{escape(moment(at, precision))}</time>')


def body(text: str, spans: Sequence[Span] = (), more: str | None = None) -> Markup:
    """Paragraphs, each with its own direction, marked where flags matched. `more` leads on where a text is too long."""
    shown = text[:LONGEST_TEXT]
    parts = [f'<p dir="auto">{_marked(shown, start, end, spans)}</p>' for start, end in _paragraphs(shown)]
    if len(shown) < len(text):
        rest = escape(f"{len(text) - len(shown):,} more characters")
        parts.append(
            f'<p class="note"><a href="{escape(more)}">{rest}</a></p>' if more else f'<p class="note">{rest}</p>'
        )
    return finished("".join(parts))


def _paragraphs(text: str) -> Iterable[tuple[int, int]]:
    start = 0
    for gap in _PARAGRAPHS.finditer(text):
        if text[start : gap.start()].strip():
            yield start, gap.start()
        start = gap.end()
    if text[start:].strip():
        yield start, len(text)


def _marked(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    inside = [span for span in spans if span.start < end and span.end > start and span.start < span.end]
    if not inside:
        return plain(text[start:end])
    edges = {start, end}
    for span in inside:
        edges |= {max(span.start, start), min(span.end, end)}
    places = sorted(edges)
    return "".join(
        _piece(text[left:right], [span.says for span in inside if span.start <= left and span.end >= right])
        for left, right in pairwise(places)
    )


def _piece(text: str, says: list[str]) -> str:
    if not says:
        return plain(text)
    return f'<mark title="{escape("; ".join(dict.fromkeys(says)))}">{plain(text)}</mark>'


def snippet(text: str) -> Markup:
    """What FTS5 cut out, its matches between START and END. A text that holds these itself gains nothing by it."""
    safe = _MARKED.sub(r"<mark>\1</mark>", plain(text))
    return finished(safe.replace(START, "").replace(END, ""))


def chips(flags: Iterable[Chip]) -> Markup:
    return finished(" ".join(map(chip, flags)))


def chip(flag: Chip) -> Markup:
    namespace = "review" if flag.status == "confirmed" else flag.code.partition(".")[0]
    return finished(
        f'<a class="chip {namespace if namespace in CLASSES else "capture"}" '
        f'href="/flags#{escape(flag.code)}" title="{escape(flag.about)}">{escape(flag.text)}</a>'
    )


def claim(code: str, title: str, status: str, reviewers: int) -> str:
    """What a flag says. What rules find in a text is a match, not a fact, until a person has confirmed it."""
    if status == "confirmed":
        return f"confirmed by {people(reviewers)}: {title}"
    if status in ("dismissed", "corrected"):
        return f"{status} by {people(reviewers)}: {title}"
    words = f"matched rule: {title}" if code.startswith("content.") else title
    return f"{words}, reviewers disagree" if status == "disputed" else words


def people(reviewers: int) -> str:
    return f"{reviewers:,} reviewers" if reviewers > 1 else "a reviewer"


def fold_reason(flags: Iterable[Chip]) -> str | None:
    """Why a text is folded; None where it is not."""
    folding = list(dict.fromkeys(_reason(flag) for flag in flags if flag.blur))
    return f"Folded: {' and '.join(folding)}. Show the text" if folding else None


def _reason(flag: Chip) -> str:
    title = flag.title or flag.text
    if not flag.code.startswith("content."):
        return title
    if flag.status == "confirmed":
        return f"confirmed by {people(flag.reviewers)} as “{title}”"
    return f"matched a rule for “{title}”, {_KNOWN.get(flag.status, 'not reviewed')}"


_KNOWN = {
    "disputed": "reviewers disagree",
    "dismissed": "dismissed by reviewers",
    "corrected": "corrected by reviewers",
}


def folded(summary: str, text: Markup) -> Markup:
    return finished(f'<details class="fold"><summary>{escape(summary)}</summary>{text}</details>')


def author(row: Record, base: str) -> Markup:
    """Who wrote a comment, linked to all that they wrote; `base` is the address of the list of comments."""
    if row["commenter_id"] is None:
        return Markup("<em>author unknown</em>")
    address = f"{escape(base)}?commenter_id={row['commenter_id']:d}"
    return finished(f'<b><a href="{address}"><bdi>{escape(name(row))}</bdi></a></b>')


def name(row: Record) -> str:
    if row["commenter_id"] is None:
        return "author unknown"
    return row["author"] or "unnamed account"
