"""What changed about a comment: its earlier texts side by side, and what visits found."""

import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from markupsafe import Markup

from archive.site import flags, html, queries
from archive.site.comment_html import Shown
from archive.site.database import Connection, Row, fetch_all
from archive.site.formatting import day
from archive.site.html import Chip, Record

MOST_WORDS = 600
FOUND = {
    "edited": "text changed",
    "removed": "no longer there",
    "restored": "there again",
    "moved": "answers another comment",
    "renamed": "author shown under another name",
    "votes": "votes changed",
    "added": "first seen",
}


def revisions(connection: Connection, known: flags.Context, ids: Sequence[int]) -> Mapping[int, Sequence[Record]]:
    """The earlier texts of these comments by the comment's id, as far as a visitor may read them."""
    rows = fetch_all(connection, queries.REVISIONS, ids=json.dumps(ids))
    return flags.grouped([known.readable(row, row["comment_id"]) for row in rows], "comment_id")


def changes(shown: Shown, earlier: Mapping[int, Sequence[Record]], events: Sequence[Row]) -> Markup:
    """What visits found, and the text against the one before, below a comment."""
    lines = Markup().join(Markup("<li>{} ({})</li>").format(describe(event), day(event["seen_at"])) for event in events)
    texts = earlier.get(shown.row["id"], ())
    was = compared(shown.chips, texts[-1]["body"], shown.row["body"]) if texts else Markup()
    return Markup('<ul class="note">{}</ul>{}').format(lines, was)


def compared(chips: Sequence[Chip], before: str, after: str) -> Markup:
    """Two texts of a comment as one, folded or withheld as the comment is."""
    if any(chip.code == "archive.withheld" for chip in chips):
        return Markup()
    diff = Markup('<div class="diff">{}</div>').format(difference(before, after))
    reason = html.fold_reason(chips)
    return html.folded(reason, diff) if reason else diff


def describe(event: Row) -> str:
    words = FOUND.get(event["kind"], event["kind"])
    if event["kind"] in ("renamed", "votes", "moved") and (event["before"] or event["after"]):
        words += f": {_short(event['before'])} → {_short(event['after'])}"
    return words if event["confidence"] == "high" else f"{words}, {event['confidence']} confidence"


def difference(before: str, after: str) -> Markup:
    """Words that went and words that came. Long texts are not compared, since that takes time without a bound."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text[:20_000]) for text in (before, after))
    if max(len(old), len(new)) > MOST_WORDS:
        return Markup('<p class="note">The text before:</p>{}').format(html.body(before))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    pieces = (_step(kind, "".join(old[a:b]), "".join(new[c:d])) for kind, a, b, c, d in steps)
    return Markup('<p dir="auto">{}</p>').format(html.finished("".join(pieces)))


def _step(kind: str, old: str, new: str) -> str:
    if kind == "equal":
        return html.plain(old)
    gone = f"<del>{html.plain(old)}</del>" if old else ""
    return gone + (f"<ins>{html.plain(new)}</ins>" if new else "")


def _short(text: str | None) -> str:
    return "nothing" if text is None else text[:80]
