"""Everything in a text that is no comment: the title, the article's paragraphs, and the furniture around them."""

from collections.abc import Sequence

from archive.importers.plain_text.headings import ItemRun, heading_of
from archive.importers.plain_text.layout import Block, Item, Paragraph
from archive.text import line_rules

_LONGEST_TITLE = 300
_SHORTEST_ARTICLE = 120


class Outside:
    """Everything that is no comment: title, paragraphs, and furniture around them; from part `end` on, furniture."""

    def __init__(
        self, stream: Sequence[Paragraph | Block], runs: Sequence[ItemRun], adopted: set[int], end: int | None = None
    ) -> None:
        self.stream = stream
        self.runs = runs
        self.adopted = adopted
        self.inside = {id(item) for run in runs for item in run.items}
        self.furniture: list[str] = []
        self.title: str | None = None
        self.paragraphs: list[str] = []
        self.first_run = min((run.at for run in runs), default=len(self.stream) if end is None else end)
        self.heading = {id(heading_of(run)) for run in runs if heading_of(run)}
        self.last_text = self._last_text()
        self.title_at = self._title_at()

    def read(self) -> "Outside":
        for at, part in enumerate(self.stream):
            if isinstance(part, Paragraph):
                self._paragraph(at, part)
            else:
                self._block(at, part)
        if not self.paragraphs and not self.runs:
            self._keep_longest()
        return self

    def _keep_longest(self) -> None:
        """Take a text that has no article by its looks for one: what is long enough to be read is never empty."""
        if sum(map(len, [self.title or "", *self.furniture])) < _SHORTEST_ARTICLE:
            return
        if self.furniture:
            self.paragraphs, self.furniture = self.furniture, []
        elif self.title is not None:
            self.paragraphs, self.title = [self.title], None

    def _title_at(self) -> int | None:
        """Where the title stands: what the heading over the comments quotes, else the first line that can be one.

        None where the text begins with prose: a line further down is no title.
        """
        before = [(at, part) for at, part in enumerate(self.stream[: self.first_run]) if isinstance(part, Paragraph)]
        headings = [heading.lines[-1] for run in self.runs if (heading := heading_of(run))]
        for at, part in before[:12]:
            if len(part.text) >= 10 and any(part.text in heading != part.text for heading in headings):
                return at
        prose = next((i for i, (_, part) in enumerate(before) if len(part.text) > _LONGEST_TITLE), len(before))
        first = before[: min(prose, 8)]
        able = [at for at, part in first if not _is_around_title(part.text) and id(part) not in self.heading]
        return able[0] if able else next((at for at, _ in before[:prose]), None)

    def _last_text(self) -> int:
        """Where the article's last real paragraph stands."""
        for at in range(min(self.first_run, len(self.stream)) - 1, -1, -1):
            part = self.stream[at]
            if isinstance(part, Paragraph) and _is_prose(part.text):
                return at
        return self.first_run

    def _paragraph(self, at: int, part: Paragraph) -> None:
        if id(part) in self.adopted:
            return
        if at == self.title_at:
            self.title = " ".join(part.text.split())
        elif at >= self.first_run or id(part) in self.heading or self._is_furniture(at, part):
            self.furniture.extend(line.strip() for line in part.lines)
        else:
            self.paragraphs.append(part.text)

    def _is_furniture(self, at: int, part: Paragraph) -> bool:
        text = part.text
        if at > self.last_text:
            return (
                line_rules.is_form(text)
                or line_rules.is_closed(text)
                or len(text.split()) <= 3
                or line_rules.stated_count(text) is not None
            )
        return self.title is None and self.title_at is not None

    def _block(self, at: int, block: Block) -> None:
        rest = [item for item in block.items if id(item) not in self.inside]
        groups = _roots(rest)
        for root in groups:
            lines = self._outside(root)
            if (
                (self.title is not None or self.title_at is None)
                and at < self.first_run
                and (at < self.last_text or _is_long(lines))
            ):
                self.paragraphs.append("\n".join(lines))
            else:
                self.furniture.extend(line.strip() for line in lines if line.strip())

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


def _is_around_title(text: str) -> bool:
    """Whether a line is one of those that stand over or under titles: navigation, bylines, teasers."""
    rules = (line_rules.is_break, line_rules.is_form, line_rules.is_skip_link, line_rules.byline_length)
    if any(rule(text) for rule in rules):
        return True
    return text[-1] in ".:" and len(text) < 60
