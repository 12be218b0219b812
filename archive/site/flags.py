"""Flags as a page shows them: read for many comments at once, worded as claims."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from archive.site import queries
from archive.site.comment_html import Shown
from archive.site.database import Connection, Row, all_rows
from archive.site.render import Chip, Span
from archive.site.words import between, day

Codes = Mapping[str, Row]


def codes(connection: Connection) -> Codes:
    return {row["code"]: row for row in connection.execute(queries.CODES)}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of some comments beside their rows, by the comment's id (spans: by the flag's)."""

    codes: Codes
    flags: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    spans: Mapping[int, Sequence[Row]] = field(default_factory=dict)
    events: Mapping[int, Sequence[Row]] = field(default_factory=dict)

    def shown(self, row: Row) -> Shown:
        flags = self.flags.get(row["id"], ())
        return Shown(row, self.chips(row), tuple(self._spans(flags, row["revision"])))

    def chips(self, row: Row) -> tuple[Chip, ...]:
        """One chip a code, though several rules may have raised it."""
        found: dict[str, Chip] = {}
        for flag in self.flags.get(row["id"], ()):
            if flag["code"] not in found:
                found[flag["code"]] = self._chip(flag, row)
        return tuple(found.values())

    def _chip(self, flag: Row, row: Row) -> Chip:
        plain = chip(flag, self.codes, earlier=flag["revision"] < row["revision"])
        events = [event for event in self.events.get(row["id"], ()) if f"crawl.{event['kind']}" == plain.code]
        if plain.code == "crawl.edited" and events:
            return Chip(plain.code, f"edited {day(events[-1]['seen_at'])}", plain.about)
        if plain.code == "crawl.removed" and events:
            return Chip(plain.code, f"gone {between(row['last_seen_at'], events[-1]['seen_at'])}", plain.about)
        return plain

    def _spans(self, flags: Iterable[Row], revision: int) -> Iterable[Span]:
        for flag in flags:
            if flag["revision"] == revision and self.spans:
                says = chip(flag, self.codes).text
                for span in self.spans.get(flag["id"], ()):
                    yield Span(span["start"], span["end"], says)


def chip(flag: Row, codes: Codes, *, earlier: bool = False) -> Chip:
    """A flag in words. What rules claim of a content is said to be a match, not a fact."""
    code = codes.get(flag["code"])
    title, about = (code["title"], code["definition"]) if code else (flag["code"], "")
    text = f"matched rule: {title}" if flag["code"].startswith("content.") else title
    story = f"{about} Rule: {flag['rule']}." + (f" Meant: {flag['target']}." if flag["target"] else "")
    return Chip(flag["code"], f"{text} (earlier text)" if earlier else text, story, bool(code and code["blur"]))


def context(connection: Connection, ids: Sequence[int]) -> Context:
    """Flags, spans and events of these comments, in one statement each."""
    wanted = json.dumps(ids)
    flags = all_rows(connection, queries.FLAGS, ids=wanted)
    spans = all_rows(connection, queries.SPANS, ids=json.dumps([flag["id"] for flag in flags])) if flags else []
    events = all_rows(connection, queries.EVENTS, ids=wanted)
    return Context(
        codes(connection), grouped(flags, "comment_id"), grouped(spans, "flag_id"), grouped(events, "comment_id")
    )


def grouped(rows: Iterable[Row], column: str) -> dict[int, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return dict(found)
