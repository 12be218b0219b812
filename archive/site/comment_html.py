"""One comment as HTML, and a thread of them nested as they were. Pure; tested for escaping with render.py."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from archive.site import html
from archive.site.formatting import count, day
from archive.site.html import Chip, Record, Span, finished

DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A comment with all that its block needs. `row` is of queries.COMMENTS; `extra` stands below it."""

    row: Record
    chips: Sequence[Chip] = ()
    spans: Sequence[Span] = ()
    extra: str = ""


def nested(comments: Sequence[Shown], parents: Mapping[int, Record], base: str) -> Markup:
    """Comments in document order as nested lists. A line says whom a comment answers where the nesting cannot: below
    DEEPEST, and where the parent stands on another page."""
    here = {shown.row["id"]: shown.row for shown in comments}
    parts, path, level = list[str](), list[int](), -1
    for shown in comments:
        parent = shown.row["parent_id"]
        while path and path[-1] != parent:
            path.pop()
        parts.append(_step(level, level := min(len(path), DEEPEST)))
        line = ""
        if parent and (not path or len(path) > DEEPEST):
            line = answers(here.get(parent) or parents.get(parent), on_page=parent in here)
        parts.append(block(shown, base, line))
        path.append(shown.row["id"])
    parts.append("</li></ol>" * (level + 1))
    return finished('<ol class="thread">' + "".join(parts)[len("<ol>") :]) if comments else Markup()


def _step(old: int, new: int) -> str:
    return "<ol>" if new > old else "</li>" + "</ol></li>" * (old - new)


def flat(comments: Iterable[Shown], parents: Mapping[int, Record], base: str) -> Markup:
    """Comments one below the other, each with a line that says whom it answers."""
    parts = ['<ol class="thread flat">']
    for shown in comments:
        parts += [block(shown, base, answers(parents.get(shown.row["parent_id"]))), "</li>"]
    parts.append("</ol>")
    return finished("".join(parts))


def answers(parent: Record | None, *, on_page: bool = False) -> str:
    """A line that says whom a comment answers, and leads there."""
    if parent is None:
        return ""
    target = f"#c{parent['id']}" if on_page else f"/comment/{parent['id']}"
    name = escape(html.name(parent))
    return f'<p class="note">answers <a href="{target}"><bdi>{name}</bdi>, #{parent["id"]}</a></p>'


def block(shown: Shown, base: str, line: str = "") -> str:
    """The comment without the end of its list item, so that replies can follow inside."""
    row = shown.row
    number = row["id"]
    gone = " gone" if row["state"] != "visible" else ""
    time = html.when(row["posted_at"], row["posted_at_text"], row["posted_precision"])
    return (
        f'<li class="c{gone}" id="c{number}"><article><header>{html.author(row, base)}{time}'
        f'<a class="id" href="/comment/{number}" title="Permanent link">#{number}</a>{_votes(row)}'
        f"{html.chips(shown.chips)}</header>{line}{text(shown)}{shown.extra}</article>"
    )


def text(shown: Shown) -> Markup:
    """The body: plain, folded where a code blurs it or it is gone from its site, or a word on why there is none."""
    row = shown.row
    gone = html.GONE.get(row["state"])
    if any(flag.code == "archive.withheld" for flag in shown.chips):
        return _none("This archive does not show the text.")
    if not row["body"].strip():
        return _none(f"{gone}; the text was not captured." if gone else "The text was not captured.")
    body = html.body(row["body"], shown.spans, f"/comment/{row['id']}")
    reason = html.fold_reason(shown.chips)
    if gone:
        standing = f"{gone}; the text as it stood on {day(row['last_seen_at'])}"
        return html.folded(f"{standing}. {reason}" if reason else standing, body)
    return html.folded(reason, body) if reason else body


def _none(words: str) -> Markup:
    return Markup('<p class="note">{}</p>').format(words)


def _votes(row: Record) -> str:
    found = [count(row[kind], kind[:-1]) for kind in ("likes", "dislikes") if row[kind] is not None]
    return f'<span class="when">{" · ".join(found)}</span>' if found else ""
