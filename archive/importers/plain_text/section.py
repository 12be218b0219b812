"""Which lists of a document are its readers' comments: evidence, counted."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from archive.importers.plain_text.dialect import Dialect, Entry
from archive.importers.plain_text.header import read_items
from archive.importers.plain_text.layout import Block, Item, Paragraph
from archive.text import line_rules

ENOUGH = 4.0
_LONG = 150
_STATED_WITH_FORM = 5.5
# Between a heading and its comments, pages print a form of so many lines at most.
_ABOVE = 9
_LONGEST_FORM = 200
_NUMBER = re.compile(r"(?<![\d.,])\d{1,6}(?![\d.,])")
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", ")")
_TALK = re.compile(
    r"[!?]|@\w|\b(?:i|i'm|i’m|you|your|my|me|we|lol|thanks|ich|du|mir|mich|ihr|je|tu|vous|moi|yo|tú|usted|io|tuo|eu|você|ik|jij|jag|jeg|"
    r"ja|ty|я|ты|вы|мне|ben|sen|minä|sinä)\b"
)


@dataclass(slots=True, eq=False)
class Run:
    """Neighbouring items that may be one list of comments, with the paragraphs around them."""

    items: list[Item]
    at: int
    before: list[Paragraph] = field(default_factory=list)
    after: list[Paragraph] = field(default_factory=list)
    long_before: int = 0
    long_after: int = 0
    titles: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    dialect: Dialect = field(default_factory=Dialect)
    score: float = 0.0
    last: bool = False
    numbers: list[str] = field(default_factory=list)
    form: bool = False
    headings: list[Paragraph] | None = None

    def read(self) -> None:
        if not self.items or (not any(item.has_text for item in self.items) and heading_of(self) is None):
            self.score = -9.0
            return
        self.entries, self.dialect = read_items(self.items)
        self.score = _score(self)


def comment_runs(stream: Sequence[Paragraph | Block]) -> list[Run]:
    """The runs of items that are comments, in document order."""
    runs = [run for run in map(_trimmed, _runs(stream)) if run.items]
    for run in runs:
        run.read()
    return _joined(runs)


def _runs(stream: Sequence[Paragraph | Block]) -> Iterator[Run]:
    longs = _long_paragraphs(stream)
    titles = _titles(stream)
    for at, part in enumerate(stream):
        if isinstance(part, Block):
            before = _paragraphs(stream[max(0, at - _ABOVE) : at][::-1])
            after = _paragraphs(stream[at + 1 : at + 5])
            pieces = list(_split(part.items))
            with_text = False
            for position, items in enumerate(pieces):
                foreign = position > 0 and (with_text or not before or not line_rules.is_heading(before[0].text))
                below = after if position == len(pieces) - 1 else []
                run = Run(items, at, [] if foreign else before, below, longs[at], longs[-1] - longs[at], titles)
                run.last = at == len(stream) - 1 and position == len(pieces) - 1
                yield run
                with_text = with_text or any(item.has_text for item in items)


def _titles(stream: Sequence[Paragraph | Block]) -> list[str]:
    """The short lines among the first ones: one of them is what a heading over comments may quote."""
    first = [part.lines[0] for part in stream[:30] if isinstance(part, Paragraph)]
    return [line for line in first[:15] if 10 <= len(line) <= 200]


def _long_paragraphs(stream: Sequence[Paragraph | Block]) -> list[int]:
    """How many long paragraphs stand before each part of the stream, and in all of it."""
    counts = [0]
    for part in stream:
        counts.append(counts[-1] + (isinstance(part, Paragraph) and sum(map(len, part.lines)) >= _LONG))
    return counts


def _paragraphs(parts: Sequence[Paragraph | Block]) -> list[Paragraph]:
    paragraphs: list[Paragraph] = []
    for part in parts:
        if not isinstance(part, Paragraph):
            break
        paragraphs.append(part)
    return paragraphs


def _split(items: list[Item]) -> Iterator[list[Item]]:
    """Lists that stand side by side: another kind of marker, or numbers that begin anew."""
    run: list[Item] = []
    ids = set(map(id, items))
    last: Item | None = None
    for item in items:
        if item.parent is None or id(item.parent) not in ids:
            if last is not None and not _follows(last, item):
                yield run
                run = []
            last = item if item.marker else last
        run.append(item)
    if run:
        yield run


def _follows(last: Item, item: Item) -> bool:
    if not item.marker or item.column != last.column or item.column > 2:
        return True
    if last.numbered != item.numbered:
        return False
    return not last.numbered or int(item.marker[:-1]) > int(last.marker[:-1])


def _trimmed(run: Run) -> Run:
    """Without a form above, and without the tight one-line items (menus, buttons) around items with text below."""
    while run.items and run.items[0].rule == "lost-bullet" and is_end(run.items[0].head):
        run.items, run.form = run.items[1:], True
    if any(item.has_text for item in run.items):
        roots = [at for at, item in enumerate(run.items) if not at or item.parent is None or item.rule] + [
            len(run.items)
        ]
        plain = [not any(item.has_text for item in run.items[a:b]) for a, b in pairwise(roots)]
        start, end = roots[0], roots[-1]
        if _is_menu(run.items[start : roots[_leading(plain)]]):
            start = roots[_leading(plain)]
        if _is_menu(run.items[roots[len(plain) - _leading(plain[::-1])] :]):
            end = roots[len(plain) - _leading(plain[::-1])]
        run.items = run.items[start:end]
    return run


def _leading(plain: list[bool]) -> int:
    return next((at for at, is_plain in enumerate(plain) if not is_plain), len(plain))


def _is_menu(items: list[Item]) -> bool:
    """Whether one-line items stand as tight as those of menus."""
    if len(items) < 2 or sum(len(item.head) for item in items) > 40 * len(items):
        return False
    return sum(item.gap for item in items) * 5 <= 2 * len(items) + 3


def _joined(runs: list[Run]) -> list[Run]:
    """The accepted runs, with their neighbours that only a paragraph without its indent parts from them."""
    groups: list[list[Run]] = []
    for run in runs:
        if groups and _parted_by_lost_indent(groups[-1][-1], run):
            groups[-1].append(run)
        else:
            groups.append([run])
    accepted = [run for group in groups for run in _accepted(group)]
    if any(run.score >= ENOUGH + 2 for run in accepted):
        accepted = [run for run in accepted if run.score >= ENOUGH]
    return accepted


def _accepted(group: list[Run]) -> list[Run]:
    good = [run for run in group if run.score >= ENOUGH]
    if len(group) == 1 or not all(_has_texts(run) for run in group):
        return good
    whole = Run(
        [item for run in group for item in run.items],
        group[0].at,
        group[0].before,
        group[-1].after,
        titles=group[0].titles,
    )
    whole.long_before, whole.long_after = group[0].long_before, group[-1].long_after
    whole.read()
    return [whole] if whole.score >= ENOUGH else good


def _has_texts(run: Run) -> bool:
    return sum(item.has_text for item in run.items) * 2 >= len(run.items)


def _parted_by_lost_indent(run: Run, other: Run) -> bool:
    if other.at != run.at + 2 or len(run.after) != 1:
        return False
    return is_lost_body(run.after[0]) and heading_of(other) is None and run.items[0].numbered == other.items[0].numbered


def is_lost_body(paragraph: Paragraph) -> bool:
    """Return whether an unindented paragraph amid comments reads like a piece of one, not a heading or a button."""
    text = paragraph.text
    if (
        line_rules.is_break(text)
        or line_rules.is_form(text)
        or line_rules.is_closed(text)
        or line_rules.stated_count(text) is not None
        or line_rules.is_reply(text)
    ):
        return False
    if len(text) <= 60 and (line_rules.is_heading(text) or line_rules.is_elsewhere(text)):
        return False
    return len(text.split()) >= 8 or (len(text.split()) >= 3 and text[-1] in ".!?…,")


def is_end(text: str) -> bool:
    """Return whether a line stands below comments: a form to write one, or that none can be written."""
    form = line_rules.is_form(text) and (len(text) <= 50 or line_rules.begins_as_form(text))
    return form or line_rules.is_closed(text)


def heading_of(run: Run) -> Paragraph | None:
    """The paragraph that announces the comments, within the three above them and above a form there."""
    if run.headings is None:
        heading = _find_heading(run)
        run.headings = [heading] if heading else []
    return run.headings[0] if run.headings else None


def _find_heading(run: Run) -> Paragraph | None:
    named: Paragraph | None = None
    for paragraph in islice(_without_forms(run.before), 3):
        stated = stated_in(paragraph, run) if len(paragraph.text) <= 200 else None
        if stated is not None:
            return paragraph
        if len(paragraph.text) > 200 or line_rules.is_elsewhere(paragraph.lines[-1]):
            break
        if named is None and line_rules.is_heading(paragraph.lines[-1]):
            named = paragraph
    return named


def _without_forms(paragraphs: list[Paragraph]) -> Iterator[Paragraph]:
    """The paragraphs, and of those that belong to a form to write a comment only what states comments."""
    for paragraph in paragraphs:
        text = paragraph.text
        if len(text) > _LONGEST_FORM or not is_end(text) or line_rules.stated_count(text):
            yield paragraph


def stated_in(heading: Paragraph, run: Run) -> int | None:
    """The number of comments that a heading states: by its words, or because it quotes the title and holds a number."""
    text = heading.lines[-1]
    quoted = max((title for title in run.titles if title in text and title != text), key=len, default=None)
    if quoted is None:
        return line_rules.stated_count(text)
    bare = text.replace(quoted, " ")
    numbers = _NUMBER.findall(bare)
    return int(numbers[0]) if len(numbers) == 1 else line_rules.stated_count(bare)


def _score(run: Run) -> float:
    entries = run.entries
    if not entries:
        return -9.0
    longer = [entry for entry in entries if entry.body_lines > 0 and len(entry.own) > 1]
    heading = _heading_score(run)
    if _share_with_text(run, longer) < 0.4 and not _sentences_under_heading(run, heading):
        return -9.0
    names = _names_score(run, longer)
    if heading >= _STATED_WITH_FORM:  # what is so plainly announced needs no names
        names = max(names, -1.0)
    score = heading + _marks_score(run, longer) + names + _nesting_score(longer)
    score += _position_score(run) + _end_score(run, longer) + _talk_score(longer) + _numbering_score(run)
    return score - 5.0 * _is_elsewhere(run)


def _share_with_text(run: Run, longer: list[Entry]) -> float:
    """How many items have text below their first line: of all, or of those that stand in no other."""
    ids = {id(item) for item in run.items}
    roots = [item for item in run.items if id(item.parent) not in ids]
    with_text = sum(item.has_text or (item.has_items and not item.head) for item in roots)
    below = sum(item.has_items and line_rules.name_score(item.head) >= 1 for item in roots if not item.has_text)
    return max(len(longer) / len(run.items), (with_text + below) / max(len(roots), 1) if longer or below else 0.0)


def _is_elsewhere(run: Run) -> bool:
    if not run.before:
        return False
    text = run.before[0].lines[-1]
    return line_rules.is_elsewhere(text) and stated_in(run.before[0], run) is None


def _sentences_under_heading(run: Run, heading: float) -> bool:
    if heading < 3:
        return False
    ids = {id(item) for item in run.items}
    roots = [entry for entry in run.entries if entry.own and id(entry.item.parent) not in ids]
    texts = [entry.texts[0] for entry in roots]
    loose = sum(entry.item.gap for entry in roots) * 2 >= len(roots)
    stated = next((count for p in run.before[:1] if (count := stated_in(p, run)) is not None), None)
    return (loose or stated == len(roots)) and sum(
        len(text) > 25 or text[-1:] in _SENTENCE_ENDS for text in texts
    ) * 2 > len(texts)


def _heading_score(run: Run) -> float:
    heading = heading_of(run)
    form = run.form or any(is_end(p.text) for p in run.after[:3] + run.before[:3])
    if heading is None:
        form = form and not (run.before and line_rules.is_form(run.before[0].text))
        return (2.0 if form else 0.0) + _above_score(run)
    stated = stated_in(heading, run)
    if stated == 0:
        return -9.0
    return (4.0 if stated is not None else 2.5) + (1.5 if form else 0.0)


def _above_score(run: Run) -> float:
    """What stands straight above speaks against comments where it reads like a heading of something else."""
    if not run.before:
        return 0.0
    text = run.before[0].text
    if line_rules.is_form(text):
        return 2.5
    if line_rules.is_break(text):
        return 1.0
    return -4.0 if len(text) <= 80 and text[-1] not in ".!?…,;。" and len(text.split()) <= 12 else 0.0


def _marks_score(run: Run, longer: list[Entry]) -> float:
    count = max(len(longer), 1)
    says_lines = sum(entry.has_says_line for entry in run.entries)
    button = sum(entry.button for entry in run.entries)
    dated = sum(entry.date is not None for entry in longer)
    clocked = sum(entry.date is not None and ":" in entry.date for entry in longer)
    recurring = sum(entry.recurring for entry in longer)
    score = (
        5.0 * (says_lines * 2 >= count)
        + 4.0 * (button * 2 >= count)
        + 2.0 * (dated * 2 >= count)
        + 1.0 * (clocked * 2 >= count)
    )
    score += 1.5 * (recurring * 2 >= count and count >= 3)
    return score - 5.0 * (_cut_share(longer) >= 0.5)


def _cut_share(longer: list[Entry]) -> float:
    cut = sum(line_rules.cut_marker(entry.texts[-1]) is not None for entry in longer)
    return cut / max(len(longer), 1)


def _names_score(run: Run, longer: list[Entry]) -> float:
    names = [entry.name for entry in longer if entry.name]
    heads = [entry.name or entry.texts[0] for entry in longer if entry.own]
    if not heads:
        return 0.0
    if (
        sum(entry.date is not None and entry.name is None for entry in longer) * 2 > len(longer)
        and not run.dialect.has_says_line
    ):
        return -3.0
    likely = sum(line_rules.name_score(head) >= 1 for head in heads) / len(heads)
    handles = sum(map(line_rules.is_handle, names)) / len(heads)
    score = (
        2.0 * (likely >= 0.6) - 2.0 * (_titled_share(heads) >= 0.5) + 1.0 * (handles >= 0.1) + 1.0 * (handles >= 0.3)
    )
    invented = sum(line_rules.is_handle(name) and not name.replace(" ", "").isalpha() for name in names) / len(heads)
    score += 2.0 * (invented >= 0.6)
    plain = not handles and not run.dialect.dated and not run.dialect.has_says_line and heading_of(run) is None
    score += 1.5 if len(set(names)) < len(names) else -1.5 * plain
    score += 4.0 * (_addressed_share(longer) >= 0.3) - 3.0 * (_bracketed_share(longer) >= 0.6)
    questions = 0.0 if heading_of(run) else sum(head[-1:] in "?:" for head in heads) / len(heads)
    return score - 4.0 * (questions >= 0.4) - 3.0 * (_echo_share(longer) >= 0.4) - 1.0 * (run.items[0].numbered)


def _addressed_share(longer: list[Entry]) -> float:
    """How many first lines are an author's address that runs into the name."""
    addressed = sum(entry.name is not None and entry.texts[0].startswith("http") for entry in longer)
    return addressed / max(len(longer), 1)


def _bracketed_share(longer: list[Entry]) -> float:
    """How many texts end in brackets, as captions with credits do."""
    return sum(entry.texts[-1].endswith(")") for entry in longer) / max(len(longer), 1)


def _titled_share(heads: list[str]) -> float:
    """How many first lines are neither names nor sentences, as headlines are."""
    titles = sum(
        line_rules.name_score(head) < 0 and len(head) <= 120 and head[-1:] not in _SENTENCE_ENDS for head in heads
    )
    return titles / len(heads)


def _echo_share(longer: list[Entry]) -> float:
    """How often a text begins with a word of its own head, as explained terms and places do."""
    echoes = 0
    for entry in longer:
        if entry.name and len(entry.own) > 1 and entry.name in entry.texts[0]:
            begin = entry.texts[1].casefold()[:80].split()
            echoes += any(word in begin for word in entry.name.casefold().split() if len(word) > 3)
    return echoes / max(len(longer), 1)


def _nesting_score(longer: Sequence[Entry]) -> float:
    ids = {id(entry.item) for entry in longer}
    nested = sum(id(entry.item.parent) in ids and entry.item.gap for entry in longer)
    return 4.0 if nested else 0.0


def _position_score(run: Run) -> float:
    after_article = 1.0 if run.long_before else 0.0
    if run.long_after <= 1:
        return after_article
    heading = heading_of(run)
    stated = heading is not None and stated_in(heading, run) is not None
    return after_article - (0.0 if stated else 3.0)


def _numbering_score(run: Run) -> float:
    """Numbers that rise and leave some out count the replies below as well, which only comments do."""
    ids = {id(item) for item in run.items}
    roots = [int(item.marker[:-1]) for item in run.items if item.numbered and id(item.parent) not in ids]
    rises = all(before < after for before, after in pairwise(roots))
    return 2.5 if len(roots) >= 3 and rises and roots[-1] - roots[0] >= len(roots) else 0.0


def _end_score(run: Run, longer: list[Entry]) -> float:
    """A loose list of heads and texts that ends a text of prose is what a thread without a heading looks like."""
    if not run.last or run.after or not run.before or heading_of(run) or _above_score(run) < 0:
        return 0.0
    loose = sum(entry.item.gap and entry.name is not None for entry in longer)
    if loose * 5 < len(run.items) * 4:
        return 0.0
    return 4.0 if loose >= 3 else 3.0


def _talk_score(longer: list[Entry]) -> float:
    sample = longer[:12]
    talk = sum(any(_TALK.search(text[:200].lower()) for text in entry.texts[1:3]) for entry in sample)
    return 1.0 if talk and talk * 10 >= len(sample) * 3 else 0.0
