"""Learn what recurs in one document's items: where names, dates and buttons stand."""

import re
from collections import Counter
from dataclasses import dataclass, field

from archive.importers.plain_text.layout import Item
from archive.text import dates, line_rules
from archive.text.urls import is_web_address

ANSWERS = re.compile(
    r"\b(?:repl(?:y|ied|ying)|in (?:reply|response)|antwort\w*|respon[ds]\w*)\b(?:\s+(?:to|auf|an|a)\b)?"
    r"(?:\s+(?:(?:this|the|an?)\s+)?comment\s+(?:from|by|of)\b)?",
    re.IGNORECASE,
)
_HEADER = 6
SHORT = 60
URL = re.compile(r"(?:https?://|www\.)\S+$", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[^/\s]+/([^/]{1,60})$")
_PERMALINK = re.compile(r"\s+#\d*$")
_SEPARATED = re.compile(r"(?:\s+[|·•–—@#(\[-]|[,:;(\[])?\s*$")
_DIGITS = re.compile(r"\d+")
TRIM = " \u00a0,:;|·•–—-/\t→»«"


@dataclass(slots=True, eq=False)
class Entry:
    """An item read as if it were a comment. `parts` are its head and contents, `own` the indexes of its lines of text,
    `taken` the indexes of those that are no body, `rest` what is left of them without name and date, `answers` whom the
    entry says that it answers."""

    item: Item
    parts: list[object]
    own: list[int]
    texts: list[str]
    date_at: int | None = None
    date: str | None = None
    name: str | None = None
    answers: str | None = None
    has_says_line: bool = False
    button: bool = False
    recurring: bool = False
    bare: bool = True
    taken: set[int] = field(default_factory=set)
    rest: list[str] = field(default_factory=list)

    @property
    def marked(self) -> bool:
        return self.date is not None or self.has_says_line or self.button or self.recurring

    @property
    def body_lines(self) -> int:
        return len(self.own) - len(self.taken)

    def take(self, position: int, *fields: str) -> None:
        """Take a line out of the body. Its words that are not in `fields` (name, date) are furniture."""
        self.taken.add(self.own[position])
        if len(fields) == 1 and fields[0] == self.texts[position]:
            return
        counts = Counter(word for text in fields for word in text.split())
        rest = []
        for word in self.texts[position].split():
            counts[word] -= 1
            if counts[word] < 0:
                rest.append(word)
        if rest:
            self.rest.append(" ".join(rest))


@dataclass(slots=True)
class Dialect:
    """What a run of items has in common."""

    count: int = 0
    dated: bool = False
    has_says_line: bool = False
    prefix: str | None = None
    suffix: str | None = None
    constants: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    trailing: bool = False
    colon: bool = False
    all_named: bool = False
    dates_first: bool = False
    gap_below_name: float | None = None
    named_share: float | None = None
    repeated: frozenset[str] = frozenset()


def as_entry(item: Item) -> Entry:
    if not item.content:
        return Entry(item, [item.head], [0] if item.head else [], [item.head] if item.head else [])
    parts: list[object] = [item.head, *item.content]
    own = [i for i, part in enumerate(parts) if part.__class__ is str and part]
    return Entry(item, parts, own, [str(parts[i]).strip() for i in own])


def fold(text: str) -> str:
    return _DIGITS.sub("0", text.casefold())


def learn(entries: list[Entry]) -> Dialect:
    dialect = Dialect(len(entries))
    longer = [entry for entry in entries if len(entry.own) > 1]
    dialect.constants, dialect.endings = _constants(longer)
    dialect.exact = _frequent(Counter(entry.texts[-1] for entry in longer), 2)
    for entry in entries:
        if len(entry.own) > 1 or entry.item.has_items:
            _find_date(entry)
    dated = sum(entry.date is not None for entry in longer)
    dialect.dated = dated > 0 and dated * 4 >= len(longer)
    dialect.trailing = _is_trailing(longer)
    dialect.dates_first = _is_dates_first(longer)
    dialect.colon = _is_colon(longer)
    says_lines = sum(_has_says_line(entry) for entry in entries)
    dialect.has_says_line = says_lines > 0 and says_lines * 4 >= len(entries)
    heads = [entry.texts[0] for entry in entries if entry.texts and len(entry.texts[0]) <= SHORT]
    split = [
        _PERMALINK.sub("", after_address(before_date(entry, 0))).split()
        for entry in entries
        if entry.texts and len(entry.texts[0]) <= 100
    ]
    dialect.prefix = _shared(split, 0, len(entries))
    dialect.suffix = _shared(split, -1, len(entries))
    dialect.repeated = frozenset(head for head, count in Counter(heads).items() if count > 1)
    return dialect


def _is_trailing(longer: list[Entry]) -> bool:
    """Whether dates stand below the texts: on the last lines, however many there are."""
    dated = [entry for entry in longer if entry.date_at is not None]
    late = [entry for entry in dated if is_last_but_buttons(entry, entry.date_at or 0)]
    if len(late) * 5 < len(dated) * 4 or not late:
        return False
    return any((entry.date_at or 0) > 2 for entry in late) or all(
        line_rules.byline_length(entry.texts[entry.date_at or 0]) for entry in late
    )


def is_last_but_buttons(entry: Entry, at: int) -> bool:
    return at > 0 and all(line_rules.is_reply(text) for text in entry.texts[at + 1 :])


def _is_dates_first(longer: list[Entry]) -> bool:
    """Whether dates stand on the bullets' lines with a short line, the name, straight below."""
    first = [entry for entry in longer if entry.date_at == 0 and dates.is_date(entry.texts[0])]
    below = [entry for entry in first if len(entry.own) > 2 and entry.own[1] == 1 and len(entry.texts[1]) <= 40]
    likely = sum(line_rules.name_score(entry.texts[1]) > 0 for entry in below)
    return bool(first) and likely * 3 >= len(first) * 2


def _is_colon(longer: list[Entry]) -> bool:
    """Whether most first lines are names with a colon."""
    heads = [entry.texts[0] for entry in longer if entry.texts[0][-1] in ":：" and len(entry.texts[0]) <= SHORT]
    likely = sum(line_rules.name_score(head[:-1].strip()) >= 0.5 for head in heads)
    return bool(likely) and len(heads) * 3 >= len(longer) * 2 and likely * 2 >= len(heads)


def _has_says_line(entry: Entry) -> bool:
    for k, text in enumerate(entry.texts[:3]):
        if line_rules.find_says(text if k != entry.date_at else before_date(entry, k)) is not None:
            return True
    return False


def before_date(entry: Entry, position: int) -> str:
    """A line up to its date, or what follows the date where nothing stands before it."""
    text = entry.texts[position]
    if position != entry.date_at or entry.date is None:
        return text
    before, _, after = text.partition(entry.date)
    return without_separator(before) if not line_rules.is_linking(before) else after.lstrip(TRIM + ")]")


def without_separator(text: str) -> str:
    """A text without the bar, dash or bracket that parted it from what followed."""
    return _SEPARATED.sub("", text)


def _shared(heads: list[list[str]], end: int, count: int) -> str | None:
    """A word that most first lines begin or end with, whatever the name between."""
    common = Counter(head[end] for head in heads if len(head) > 1).most_common(1)
    if not common:
        return None
    token, times = common[0]
    names = {tuple(head) for head in heads if len(head) > 1 and head[end] == token}
    enough = 2 if token[-1] in ":：" or (end and token[0].islower()) else 3
    return token if len(names) >= enough and times >= 3 and times * 5 >= count * 3 and not token.isdigit() else None


def _constants(longer: list[Entry]) -> tuple[frozenset[str], frozenset[str]]:
    """Short lines below the first one that many items have, and those that many end with."""
    seen: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for entry in longer:
        lines = {fold(text) for text in entry.texts[1:] if len(text) <= 40}
        seen.update(lines)
        if len(entry.texts[-1]) <= 40:
            last[fold(entry.texts[-1])] += 1
    least = max(3, len(longer) * 0.4)
    return _frequent(seen, least), _frequent(last, least)


def _frequent(seen: Counter[str], least: float) -> frozenset[str]:
    return frozenset(line for line, count in seen.items() if count >= least)


def _find_date(entry: Entry) -> None:
    last = len(entry.own) - 1
    positions = range(last + 1) if last < _HEADER + 3 else [*range(_HEADER), last - 2, last - 1, last]
    for k in positions:
        text = entry.texts[k]
        if len(text) > dates.MAX_LENGTH or not dates.may_hold_date(text):
            continue
        where = dates.find_date(text)
        if not (where and _is_header_date(entry, where, k)):
            where = dates.find_glued_date(text) if k == 0 else None
        elif k == 0 and text[: where[0]].rstrip().endswith((*"0123456789.",)):
            where = dates.find_glued_date(text) or where  # "Ann1. May 2014": the day runs into the name
        if where:
            entry.date_at, entry.date = k, text[where[0] : where[1]]
            return


def _is_header_date(entry: Entry, where: tuple[int, int], position: int) -> bool:
    text = entry.texts[position]
    before, after = text[: where[0]].strip(), text[where[1] :].strip()
    if position and before.startswith(entry.texts[0]) and len(after) <= SHORT:
        rest = before[len(entry.texts[0]) :]
        if not rest or (rest[0] == " " and line_rules.is_linking(rest)):  # the name above, again
            return True
    if match := ANSWERS.search(before):
        before = before[: match.start()]
    if len(before) > SHORT or len(after) > SHORT or len(before.split()) > 8:
        return False
    if dates.stands_alone(text, where) and (position > 0 or not before.endswith((" in", " since", " from"))):
        return True
    if after and not (
        line_rules.is_linking(after)
        or line_rules.is_reply(after.strip(TRIM))
        or line_rules.find_says(after) is not None
        or line_rules.find_says("x " + after) is not None
    ):
        if position > 1 or len(after.split()) > 4 or after[-1] in ".!?":
            return False
        return not before or line_rules.name_score(line_rules.strip_linking(without_separator(before))) > 0.5
    return (position <= 2 and not text.endswith(("!", "?"))) or line_rules.byline_length(before) > 0


def after_address(text: str) -> str:
    """The name behind an author's address that runs into it: http://town.example/Mr. Fontaine."""
    if not is_web_address(text):
        return text
    match = ADDRESS.match(text)
    return match[1] if match else text


def without_affixes(text: str, dialect: Dialect) -> str:
    """A name without the words that stand around every name of the document."""
    text = without_suffix(text, dialect)
    if dialect.prefix and text.startswith(dialect.prefix + " "):
        text = text[len(dialect.prefix) + 1 :]
    return text


def without_suffix(text: str, dialect: Dialect) -> str:
    bare = text.rstrip(" :：,;")
    if dialect.suffix and bare.endswith(f" {dialect.suffix.rstrip(':：,;')}"):
        text = bare[: -len(dialect.suffix.rstrip(":：,;")) - 1]
    return _PERMALINK.sub("", text)
