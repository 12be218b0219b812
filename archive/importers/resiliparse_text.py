"""Reads the plain text that Resiliparse makes of a page: an article, then its readers' comments as nested lists.

Nothing in such a text says what is what. Each document is read by what recurs in it; what stays undecidable stays text,
and every line comes out somewhere.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from archive import dates
from archive.importers import Document
from archive.importers import _words as words
from archive.importers._dialect import Entry
from archive.importers._documents import documents, is_json_lines, read, thread
from archive.importers._layout import Block, Item, Paragraph, lay_out
from archive.importers._section import Run, comment_runs, heading_of, is_lost_body, stated_in
from archive.importers._text import decode
from archive.thread import Author, Comment, Flag, Moment, Thread

__all__ = ["Reading", "documents", "matches", "parse", "read_text"]

_OTHER_FORMAT = re.compile(r"\s*(?:<[!?a-zA-Z]|[\[{]\s*(?:[\"\[{\]}0-9-]|$)|WARC/|PK\x03)")
_UNFINISHED = re.compile(r"(?:[,(„“\"‘—–-]|\b(?:the|a|an|of|to|and|or|in|for|with|der|die|das|und|zu|de|la|le|les|et|el|los|y|il|e|di|het|een|en|i|w|и|в|на))$")
_LATE = 0.9


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says. `furniture` are the lines that are neither article nor comment: nothing is lost."""

    title: str | None
    paragraphs: tuple[str, ...]
    comments: tuple[Comment, ...]
    furniture: tuple[str, ...]
    stated_count: int | None
    closed: bool | None
    flags: tuple[Flag, ...]


def matches(head: bytes) -> bool:
    """Whether a file that begins like this holds texts: one, or one a line as JSON."""
    return is_json_lines(head) or is_plain_text(decode(head).text)


def parse(document: Document) -> Thread:
    """The thread of one document. Raises BadDocument where it is not a text."""
    text, metadata = read(document)
    return thread(document, text, metadata, read_text(text.text), "resiliparse_text")


def is_plain_text(head: str) -> bool:
    """Whether the beginning of a file looks like plain text rather than markup, JSON or binary data."""
    sample = head[:4096].lstrip("\ufeff")
    if not sample.strip() or _OTHER_FORMAT.match(sample):
        return False
    control = sum(ch < " " and ch not in "\n\r\t\f" or ch == "\ufffd" for ch in sample)
    return control * 50 <= len(sample)


def read_text(text: str) -> Reading:
    """The article and the comments of a text; never raises, and reads no more into it than it shows."""
    return _Reader(text).reading()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.stream = lay_out(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
        self.runs = comment_runs(self.stream)
        self.furniture: list[str] = []
        self.comments: list[Comment] = []
        self.position: dict[int, int] = {}
        self.entries = {id(entry.item): entry for run in self.runs for entry in run.entries}
        self.adopted: set[int] = set()
        self.day_first = dates.day_order(entry.date for entry in self.entries.values() if entry.date)

    def reading(self) -> Reading:
        for run in self.runs:
            self._read_run(run)
        title, paragraphs = self._article()
        comments = _with_duplicates(self.comments)
        return Reading(
            title,
            tuple(paragraphs),
            comments,
            tuple(self.furniture),
            self._stated_count(),
            self._closed(),
            tuple(self._flags()),
        )

    def _read_run(self, run: Run) -> None:
        kinds = Kinds(run)
        self._adopt(run)
        for entry in run.entries:
            kind = kinds.of(entry)
            if kind == "comment":
                self._comment(run, entry, kinds)
            elif kind != "list":
                self.furniture.extend(filter(None, self._whole(entry)))

    def _adopt(self, run: Run) -> None:
        """Takes in the unindented paragraphs that stand between two comments."""
        last = run.items[-1].line
        for entry in run.entries:
            for part in entry.parts:
                if isinstance(part, Paragraph) and (part.line < last or _goes_on(entry, part)) and is_lost_body(part):
                    self.adopted.add(id(part))

    def _comment(self, run: Run, entry: Entry, kinds: "Kinds") -> None:
        body = self._body(entry, kinds)
        parent = self._parent(entry.item)
        self.position[id(entry.item)] = len(self.comments)
        author = Author(entry.name) if entry.name else None
        posted = dates.read(entry.date, self.day_first) if entry.date else None
        flags = tuple(_flags_of(entry, body, parent, self.adopted))
        self.comments.append(Comment(body, parent, author, posted, parent_source="indent", flags=flags))
        self.furniture.extend(entry.rest)

    def _parent(self, item: Item) -> int | None:
        above = item.parent
        while above is not None:
            if id(above) in self.position:
                return self.position[id(above)]
            above = above.parent
        return None

    def _body(self, entry: Entry, kinds: "Kinds") -> str:
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

    def _article(self) -> tuple[str | None, list[str]]:
        return _Article(self).read()

    def _stated_count(self) -> int | None:
        for run in self.runs:
            if (heading := heading_of(run)) and (count := stated_in(heading, run)) is not None:
                return count
        if self.runs:
            return None
        return _count_without_comments(self.stream)

    def _closed(self) -> bool | None:
        short = (part for part in self.stream if isinstance(part, Paragraph) and len(part.lines) <= 3)
        return True if any(words.is_closed(part.text) for part in short) else None

    def _flags(self) -> Iterable[Flag]:
        last = self.text.rstrip().rsplit("\n", 1)[-1].strip()
        if self.runs and (last == "•" or _is_cut(self.comments, last)):
            yield Flag("capture.truncated", "cut-last-line", last[-60:])


def _is_cut(comments: Sequence[Comment], last: str) -> bool:
    """Whether the text's last line belongs to the last comment and stops in the midst of a sentence."""
    return bool(comments) and bool(last) and comments[-1].body.endswith(last) and bool(_UNFINISHED.search(last[-12:].casefold()))


def _count_without_comments(stream: Sequence[Paragraph | Block]) -> int | None:
    for part in stream:
        if isinstance(part, Paragraph) and len(part.lines) == 1 and words.is_heading(part.text) and len(part.text) < 60:
            count = words.stated_count(part.text)
            if count is not None:
                return count
    return None


def _goes_on(entry: Entry, paragraph: Paragraph) -> bool:
    """Whether the comment itself has more text below an unindented paragraph."""
    at = entry.parts.index(paragraph)
    return any(isinstance(part, str) and part for part in entry.parts[at + 1 :])


class Kinds:
    """What each item of a run is: a comment, a pingback, or a piece of a list in a comment's own text."""

    def __init__(self, run: Run) -> None:
        self.entries = {id(entry.item): entry for entry in run.entries}
        self.marked = sum(entry.marked for entry in run.entries) * 2 >= len(run.entries)
        evident = [entry.item for entry in run.entries if len(entry.own) > 1 and entry.item.parent is not None]
        self.markers = {item.numbered for item in evident}
        self.kinds: dict[int, str] = {}
        for entry in run.entries:
            self._settle(entry)

    def of(self, entry: Entry) -> str:
        return self.kinds[id(entry.item)]

    def listed(self, item: Item) -> bool:
        return self.kinds.get(id(item)) == "list"

    def _settle(self, entry: Entry) -> None:
        """The item's own kind, unless its parent settled it, then that of the lists among its children."""
        kind = self.kinds.setdefault(id(entry.item), "pingback" if _is_pingback(entry) else "comment")
        if not entry.item.has_items:
            return
        for item in entry.item.items():
            if _is_plain(item, self.entries) and words.is_reply(item.head):
                self.kinds[id(item)] = "button"
        for segment, text_below in _segments(entry, self.entries):
            if kind == "list" or self._is_list(segment, text_below):
                for item in segment:
                    self.kinds.setdefault(id(item), "list")

    def _is_list(self, segment: list[Item], text_below: bool) -> bool:
        if not all(self._is_plain(item) for item in segment):
            return False
        if self.marked or text_below:
            return True
        if len(segment) > 1:
            return not any(item.gap for item in segment[1:])
        return bool(self.markers) and segment[0].numbered not in self.markers

    def _is_plain(self, item: Item) -> bool:
        return _is_plain(item, self.entries)


def _is_plain(item: Item, entries: dict[int, Entry]) -> bool:
    entry = entries.get(id(item))
    return not item.has_text and not item.has_items and not item.rule and not (entry and (entry.marked or entry.name))


def _segments(entry: Entry, entries: dict[int, Entry]) -> Iterator[tuple[list[Item], bool]]:
    """Children that form one list, and whether text of the comment's own follows them."""
    segment: list[Item] = []
    for index, part in enumerate(entry.parts):
        if isinstance(part, Item):
            if segment and not _same_list(segment, part, entries):
                yield segment, False
                segment = []
            segment.append(part)
        elif isinstance(part, str) and part and segment:
            yield segment, index not in entry.taken
            segment = []
    if segment:
        yield segment, False


def _same_list(segment: list[Item], item: Item, entries: dict[int, Entry]) -> bool:
    last = segment[-1]
    if last.numbered != item.numbered or _is_plain(last, entries) != _is_plain(item, entries):
        return False
    return len(segment) == 1 or item.gap == last.gap


def _is_pingback(entry: Entry) -> bool:
    if any(words.is_pingback(entry.texts[k]) for k in range(min(2, len(entry.own)))):
        return True
    body = [str(entry.parts[index]).strip() for index in entry.own if index not in entry.taken]
    return bool(body) and entry.date is not None and body[0].startswith(("[…]", "[...]")) and body[-1].endswith(("[…]", "[...]"))


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
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1]):
            kept.append(line if line.strip() else "")
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept)


def _flags_of(entry: Entry, body: str, parent: int | None, adopted: set[int]) -> Iterable[Flag]:
    if entry.name is None:
        yield Flag("capture.author_missing", _author_rule(entry), body[:60] or None)
    item = entry.item
    if item.rule:
        yield Flag("capture.parent_inferred", item.rule, body[:60] or None)
    if any(isinstance(part, Paragraph) and id(part) in adopted for part in entry.parts):
        yield Flag("capture.parent_inferred", "lost-indent", body[-60:])
    if (marker := words.cut_marker(body)) is not None:
        yield Flag("capture.truncated", "read-more", marker)


def _author_rule(entry: Entry) -> str:
    if entry.item.rule == "lost-bullet":
        return "lost-bullet"
    return "no-name" if entry.marked else "text-on-bullet"


def _with_duplicates(comments: list[Comment]) -> tuple[Comment, ...]:
    seen: dict[tuple[str | None, str], int] = {}
    result: list[Comment] = []
    for position, comment in enumerate(comments):
        key = (comment.author.name if comment.author else None, " ".join(comment.body.split()))
        other = seen.setdefault(key, position)
        if other != position and _is_duplicate(comment, comments[other], key[1]):
            flag = Flag("capture.duplicate", "same-author-and-text", str(other))
            comment = replace(comment, flags=(*comment.flags, flag))
        result.append(comment)
    return tuple(result)


def _is_duplicate(comment: Comment, other: Comment, text: str) -> bool:
    return bool(text) and (len(text) >= 30 or comment.parent == other.parent)


class _Article:
    """Everything that is no comment: title, paragraphs, and furniture around them."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.stream = reader.stream
        self.title: str | None = None
        self.paragraphs: list[str] = []
        self.first_run = min((run.at for run in reader.runs), default=len(self.stream))
        self.heading = {id(heading_of(run)) for run in reader.runs if heading_of(run)}
        self.last_text = self._last_text()

    def read(self) -> tuple[str | None, list[str]]:
        for at, part in enumerate(self.stream):
            if isinstance(part, Paragraph):
                self._paragraph(at, part)
            else:
                self._block(at, part)
        return self.title, self.paragraphs

    def _last_text(self) -> int:
        """Where the article's last real paragraph stands."""
        for at in range(min(self.first_run, len(self.stream)) - 1, -1, -1):
            part = self.stream[at]
            if isinstance(part, Paragraph) and _is_prose(part.text):
                return at
        return self.first_run

    def _paragraph(self, at: int, part: Paragraph) -> None:
        if id(part) in self.reader.adopted:
            return
        if self.title is None and at < self.first_run and len(part.text) <= 300 and not _is_skip_link(part.text):
            self.title = " ".join(part.text.split())
        elif at >= self.first_run or id(part) in self.heading or self._is_furniture(at, part):
            self.reader.furniture.extend(line.strip() for line in part.lines)
        else:
            self.paragraphs.append(part.text)

    def _is_furniture(self, at: int, part: Paragraph) -> bool:
        text = part.text
        if at > self.last_text:
            return words.is_form(text) or words.is_closed(text) or len(text.split()) <= 3 or words.stated_count(text) is not None
        return self.title is None

    def _block(self, at: int, block: Block) -> None:
        rest = [item for item in block.items if id(item) not in self.reader.entries]
        groups = _roots(rest)
        for root in groups:
            lines = self._outside(root)
            if self.title is not None and at < self.first_run and (at < self.last_text or _is_long(lines)):
                self.paragraphs.append("\n".join(lines))
            else:
                self.reader.furniture.extend(line.strip() for line in lines if line.strip())

    def _outside(self, root: list[Item]) -> list[str]:
        lines: list[str] = []
        for item in root:
            lines.append(f"{' ' * min(item.column - root[0].column, 40)}{item.marker} {item.head}".strip())
            lines += [part for part in item.content if isinstance(part, str)]
        return lines


def _roots(items: list[Item]) -> list[list[Item]]:
    """The items of a list that no gap parts, with everything below them."""
    groups: list[list[Item]] = []
    for item in items:
        if not groups or (item.parent is None and item.gap):
            groups.append([])
        groups[-1].append(item)
    return groups


def _is_prose(text: str) -> bool:
    return len(text) >= 80 or (len(text.split()) >= 6 and text.rstrip("\"”»’')")[-1:] in (".", "!", "?", "…", "。"))


def _is_long(lines: list[str]) -> bool:
    return any(_is_prose(line) for line in lines)


def _is_skip_link(text: str) -> bool:
    return len(text) < 40 and re.match(r"(?:skip|jump) to|zum inhalt|aller au contenu|saltar al|vai al|menu$|search$|home$", text, re.IGNORECASE) is not None
