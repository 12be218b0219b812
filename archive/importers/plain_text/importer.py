"""Reads the plain text that Resiliparse makes of a page: an article, then its readers' comments as nested lists.

Nothing in such a text says what is what. Each document is read by what recurs in it; what stays undecidable stays text,
and every line comes out somewhere.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from archive.importers.base import BY_LOOKS, LAST_RESORT, BadDocument, Document, FormatClaim, Probe
from archive.importers.documents import Reading, documents, is_json, read, thread
from archive.importers.not_articles import describe_no_text
from archive.importers.plain_text.article import Outside
from archive.importers.plain_text.dialect import Entry
from archive.importers.plain_text.encoding import decode
from archive.importers.plain_text.flat import flat_run, unparted_heading
from archive.importers.plain_text.flat_lines import announcing, line_texts
from archive.importers.plain_text.headings import ItemRun, heading_of, stated_in
from archive.importers.plain_text.item_kinds import Kinds
from archive.importers.plain_text.layout import Block, Item, Paragraph, lay_out
from archive.importers.plain_text.section import comment_runs, is_lost_body
from archive.importers.plain_text.wrappers import unwrap
from archive.text import dates, line_rules
from archive.text.removal_notices import as_removed
from archive.thread import Author, Comment, Flag, ParentSource, Thread

__all__ = ["NAME", "PLATFORM", "Reading", "claim", "documents", "parse", "read_bounded", "read_text"]

NAME = "text"
PLATFORM = "resiliparse_text"
MOST_LINES = 300_000
_OTHER_FORMAT = re.compile(
    r"\s*(?:<[!?a-zA-Z]|[\[{]\s*(?:[\"\[{\]}]|-?\d+\s*[,\].eE]|$)|WARC/|PK\x03|%PDF-|PAR1|SQLite format 3)"
)
_ASIDE = re.compile(r"\s*\([^()]*\)$")
_CONTROL = re.compile("[\0-\x08\x0b\x0e-\x1f\ufffd]")
_UNFINISHED = re.compile(
    r"(?:[,(„“\"‘—–-]|\b(?:the|a|an|of|to|and|or|in|for|with|der|die|das|und|zu|de|la|le|les|et|el|los|y|il|e|di|"
    r"het|een|en|i|w|и|в|на))$"
)


def claim(probe: Probe) -> FormatClaim | None:
    """Claim JSON whose records have a text, and, for want of a better, whatever looks like plain text."""
    if is_json(probe.head):
        return FormatClaim(BY_LOOKS, "JSON with a text")
    is_text = describe_no_text(probe.head, probe.name) is None and is_plain_text(decode(probe.head).text)
    return FormatClaim(LAST_RESORT, "plain text") if is_text else None


def parse(document: Document) -> Thread:
    """The thread of one document. Raises BadDocument where it is not a text."""
    text, metadata = read(document)
    return thread(document, text, metadata, read_bounded(text.text, document.location), PLATFORM)


def read_bounded(text: str, location: str) -> Reading:
    """Read a text. Raises BadDocument for one of more lines than any page has: each takes some 50 microseconds."""
    lines = text.count("\n") + 1
    if lines > MOST_LINES:
        raise BadDocument(location, f"text of {lines:,} lines; at most {MOST_LINES:,} are read")
    return read_text(text)


def is_plain_text(head: str) -> bool:
    """Whether the beginning of a file looks like plain text rather than markup, JSON or binary data."""
    sample = head[:4096].lstrip("\ufeff")
    if not sample.strip() or _OTHER_FORMAT.match(sample):
        return False
    return len(_CONTROL.findall(sample)) * 50 <= len(sample)


def read_text(text: str) -> Reading:
    """The article and the comments of a text; never raises, and reads no more into it than it shows."""
    reader = _TextReader(text)
    reading = reader.reading()
    reader.let_go()
    return reading


class _TextReader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.stream = unwrap(lay_out(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")))
        self.runs = comment_runs(self.stream)
        self.unparted: tuple[int, int] | None = None
        self.is_flat = False
        self.announcing: frozenset[str] = frozenset()
        if not self.runs:
            self._read_without_lists()
        self.furniture: list[str] = []
        self.comments: list[Comment] = []
        self.position: dict[int, int] = {}
        self.by_name: dict[str, list[int]] = {}
        self.entries = {id(entry.item): entry for run in self.runs for entry in run.entries}
        self.adopted: set[int] = set()
        self.day_first = dates.infer_day_first(entry.date for entry in self.entries.values() if entry.date)

    def _read_without_lists(self) -> None:
        """Look for comments that lines part, else for a heading whose comments nothing parts."""
        texts = line_texts(self.stream)
        self.announcing = announcing(texts)
        flat = flat_run(self.stream, texts, self.announcing)
        if flat is not None:
            self.stream, run = flat
            self.runs, self.is_flat = [run], True
        elif self.announcing:
            self.unparted = unparted_heading(self.stream)

    def reading(self) -> Reading:
        for run in self.runs:
            self._read_run(run)
        end = self.unparted[0] if self.unparted else None
        outside = Outside(self.stream, self.runs, self.adopted, end).read()
        comments = _with_duplicates(self.comments)
        return Reading(
            outside.title,
            tuple(outside.paragraphs),
            comments,
            tuple(self.furniture + outside.furniture),
            self._stated_count(),
            self._closed(),
            tuple(self._flags()),
            "partial" if self.unparted else "unknown",
        )

    def let_go(self) -> None:
        """Part items from each other, which else would stay in memory until somebody looks for garbage."""
        for part in self.stream:
            if isinstance(part, Block):
                for item in part.items:
                    item.parent = None

    def _read_run(self, run: ItemRun) -> None:
        kinds = Kinds(run)
        self.furniture.extend(run.numbers)
        self._adopt(run, kinds)
        for entry in run.entries:
            kind = kinds.of(entry)
            if kind == "comment":
                self._comment(entry, kinds)
            elif kind != "list":
                self.furniture.extend(filter(None, self._whole(entry)))

    def _adopt(self, run: ItemRun, kinds: Kinds) -> None:
        """Takes in the unindented paragraphs that stand between two comments."""
        last = run.items[-1].line
        for entry in run.entries:
            for part in entry.parts if kinds.of(entry) == "comment" else ():
                if isinstance(part, Paragraph) and (part.line < last or _goes_on(entry, part)) and is_lost_body(part):
                    self.adopted.add(id(part))

    def _comment(self, entry: Entry, kinds: Kinds) -> None:
        body = self._body(entry, kinds)
        parent = self._parent(entry.item)
        source: ParentSource = "unknown" if self.is_flat else "indent"
        is_concluded = False
        if parent is None and entry.answers:
            parent = self._answered(entry.answers)
            is_concluded = parent is not None
            source = "indent" if is_concluded else source
        self.position[id(entry.item)] = len(self.comments)
        author = Author(entry.name) if entry.name else None
        posted = dates.parse_date(entry.date, self.day_first) if entry.date else None
        if entry.name:
            self.by_name.setdefault(entry.name, []).append(len(self.comments))
        flags = tuple(_flags_of(entry, body, self.adopted, answers=is_concluded))
        comment = Comment(body, parent, author, posted, parent_source=source, flags=flags)
        self.comments.append(as_removed(comment))
        self.furniture.extend(entry.rest)

    def _parent(self, item: Item) -> int | None:
        above = item.parent
        while above is not None:
            if id(above) in self.position:
                return self.position[id(above)]
            above = above.parent
        return None

    def _answered(self, text: str) -> int | None:
        """The latest comment above by the one whom a header names: "Bo in reply to Ann", "in reply to TITLE by Ann".

        Where a title is named, too, it is the beginning of the text of the one that is answered.
        """
        bare = _ASIDE.sub("", text)
        title, _, last = bare.rpartition(" by ")
        comments = next((existing for name in (text, bare, last) if (existing := self.by_name.get(name))), [])
        titled = (at for at in reversed(comments) if title and self.comments[at].body.startswith(title))
        return next(titled, comments[-1] if comments else None)

    def _body(self, entry: Entry, kinds: Kinds) -> str:
        lines: list[str] = []
        for index, part in enumerate(entry.parts):
            if isinstance(part, str):
                if index not in entry.taken:
                    lines.append(part)
            elif isinstance(part, Paragraph):
                lines += ["", *part.lines, ""] if id(part) in self.adopted else []
            elif isinstance(part, Item) and kinds.listed(part):
                lines += ([""] if part.gap else []) + _render(part)
            elif isinstance(part, Item):
                lines.append("")
        return _folded(lines)

    def _whole(self, entry: Entry) -> list[str]:
        return [str(part).strip() for part in entry.parts if isinstance(part, str)]

    def _stated_count(self) -> int | None:
        for run in self.runs:
            if (heading := heading_of(run)) and (count := stated_in(heading, run)) is not None:
                return count
        if self.runs or self.unparted:
            return self.unparted[1] if self.unparted else None
        return _count_without_comments(self.stream) if self.announcing else None

    def _closed(self) -> bool | None:
        short = (part for part in self.stream if isinstance(part, Paragraph) and len(part.lines) <= 3)
        return True if any(line_rules.is_closed(part.text) for part in short) else None

    def _flags(self) -> Iterable[Flag]:
        if self.is_flat:
            yield Flag("capture.flat_text", "recurring-lines", None)
        if self.unparted:
            heading = self.stream[self.unparted[0]]
            yield Flag("capture.comments_unparted", "stated-by-heading", getattr(heading, "text", None))
        last = self.text.rstrip().rsplit("\n", 1)[-1].strip()
        if self.runs and (last == "•" or _is_cut(self.comments, last)):
            yield Flag("capture.truncated", "cut-last-line", last[-60:])


def _is_cut(comments: Sequence[Comment], last: str) -> bool:
    """Whether the text's last line belongs to the last comment and stops in the midst of a sentence."""
    return (
        bool(comments)
        and bool(last)
        and comments[-1].body.endswith(last)
        and bool(_UNFINISHED.search(last[-12:].casefold()))
    )


def _count_without_comments(stream: Sequence[Paragraph | Block]) -> int | None:
    for part in stream:
        if (
            isinstance(part, Paragraph)
            and len(part.lines) == 1
            and line_rules.is_heading(part.text)
            and len(part.text) < 60
        ):
            count = line_rules.stated_count(part.text)
            if count is not None:
                return count
    return None


def _goes_on(entry: Entry, paragraph: Paragraph) -> bool:
    """Whether the comment itself has more text below an unindented paragraph."""
    at = entry.parts.index(paragraph)
    return any(isinstance(part, str) and part for part in entry.parts[at + 1 :])


def _render(item: Item) -> list[str]:
    """A list in a comment's text as it stood there, its own indentation kept."""
    lines: list[str] = []
    base = item.column
    pending: list[tuple[Item, object]] = [(item, item)]
    while pending:
        owner, part = pending.pop()
        if isinstance(part, Item):
            lines += [""] if part.gap and part is not item else []
            lines.append(f"{' ' * min(part.column - base, 40)}{part.marker} {part.head}".rstrip())
            pending.extend((part, inner) for inner in reversed(part.content))
        elif isinstance(part, str):
            lines.append(f"{' ' * min(owner.column + 2 - base, 40)}{part}".rstrip())
    return lines


def _folded(lines: Iterable[str]) -> str:
    """Lines without blank ones at either end, and never two blank ones together."""
    lines_out: list[str] = []
    for line in lines:
        if not line.isspace() and line:
            lines_out.append(line)
        elif lines_out and lines_out[-1]:
            lines_out.append("")
    while lines_out and not lines_out[-1]:
        lines_out.pop()
    return "\n".join(lines_out)


def _flags_of(entry: Entry, body: str, adopted: set[int], *, answers: bool) -> Iterable[Flag]:
    if entry.name is None:
        yield Flag("capture.author_missing", _author_rule(entry), body[:60] or None)
    item = entry.item
    if item.rule:
        yield Flag("capture.parent_inferred", item.rule, body[:60] or None)
    if answers:
        yield Flag("capture.parent_inferred", "answers-name", entry.answers)
    if adopted and any(isinstance(part, Paragraph) and id(part) in adopted for part in entry.parts):
        yield Flag("capture.parent_inferred", "lost-indent", body[-60:])
    if (marker := line_rules.cut_marker(body)) is not None:
        yield Flag("capture.truncated", "read-more", marker)


def _author_rule(entry: Entry) -> str:
    if entry.item.rule == "lost-bullet":
        return "lost-bullet"
    return "no-name" if entry.marked else "text-on-bullet"


def _with_duplicates(comments: list[Comment]) -> tuple[Comment, ...]:
    seen: dict[tuple[str | None, str], int] = {}
    result: list[Comment] = []
    names = [comment.author.name if comment.author else None for comment in comments]
    recurring = {name for name, count in Counter(names).items() if count > 1}
    for position, (name, comment) in enumerate(zip(names, comments, strict=True)):
        if name not in recurring:
            result.append(comment)
            continue
        key = (name, " ".join(comment.body.split()))
        other = seen.setdefault(key, position)
        if other != position and _is_duplicate(comment, comments[other], key[1]):
            flag = Flag("capture.duplicate", "same-author-and-text", str(other))
            comment = replace(comment, flags=(*comment.flags, flag))
        result.append(comment)
    return tuple(result)


def _is_duplicate(comment: Comment, other: Comment, text: str) -> bool:
    return bool(text) and (len(text) >= 30 or comment.parent == other.parent)
