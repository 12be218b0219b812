"""What recurs in one document's items: where names, dates and buttons stand. Learned from the items themselves."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from archive import dates
from archive.importers import _words as words
from archive.importers._layout import Item

_HEADER = 6
_SHORT = 60
_URL = re.compile(r"(?:https?://|www\.)\S+$", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^/\s]+/([^/]{1,60})$")
_VOTES = re.compile(r"[+-]?\d{1,4}(?:\s*[/|·]?\s*[+-]?\d{1,4})?")
_PERMALINK = re.compile(r"\s+#\d*$")
_DIGITS = re.compile(r"\d+")
_TRIM = " \u00a0,:;|·•–—-/\t→»«"


@dataclass(slots=True, eq=False)
class Entry:
    """An item read as if it were a comment. `parts` are its head and contents, `own` the indexes of its lines of text,
    `taken` the indexes of those that are no body, `rest` what is left of them without name and date."""

    item: Item
    parts: list[object]
    own: list[int]
    texts: list[str]
    date_at: int | None = None
    date: str | None = None
    name: str | None = None
    said: bool = False
    button: bool = False
    recurring: bool = False
    bare: bool = True
    taken: set[int] = field(default_factory=set)
    rest: list[str] = field(default_factory=list)

    @property
    def marked(self) -> bool:
        return self.date is not None or self.said or self.button or self.recurring

    @property
    def body_lines(self) -> int:
        return sum(index not in self.taken for index in self.own)

    def take(self, position: int, rest: str) -> None:
        self.taken.add(self.own[position])
        if rest.strip():
            self.rest.append(rest.strip())


@dataclass(slots=True)
class Dialect:
    """What a run of items has in common."""

    count: int = 0
    dated: bool = False
    said: bool = False
    prefix: str | None = None
    suffix: str | None = None
    constants: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    trailing: bool = False
    colon: bool = False
    kept: bool = False
    dates_first: bool = False
    gap_below_name: float | None = None
    named_share: float | None = None
    repeated: frozenset[str] = frozenset()


def read_items(items: Sequence[Item]) -> tuple[list[Entry], Dialect]:
    """The items as comments would be read, in the dialect that they show together."""
    entries = [_entry(item) for item in items]
    dialect = _learn(entries)
    for entry in entries:
        _read_header(entry, dialect)
        _read_ending(entry, dialect)
    bare = [entry for entry in entries if entry.bare]
    if len(bare) * 2 >= len(entries):
        _read_bare_names(bare, dialect)
    return entries, dialect


def _entry(item: Item) -> Entry:
    if not item.content:
        return Entry(item, [item.head], [0] if item.head else [], [item.head] if item.head else [])
    parts: list[object] = [item.head, *item.content]
    own = [i for i, part in enumerate(parts) if part.__class__ is str and part]
    return Entry(item, parts, own, [str(parts[i]).strip() for i in own])


def _fold(text: str) -> str:
    return _DIGITS.sub("0", text.casefold())


def _learn(entries: list[Entry]) -> Dialect:
    dialect = Dialect(len(entries))
    longer = [entry for entry in entries if len(entry.own) > 1]
    dialect.constants, dialect.endings = _constants(longer)
    for entry in longer:
        _find_date(entry)
    dated = sum(entry.date is not None for entry in longer)
    dialect.dated = dated > 0 and dated * 3 >= len(longer)
    dialect.trailing = _is_trailing(longer)
    dialect.dates_first = _is_dates_first(longer)
    dialect.colon = _is_colon(longer)
    said = sum(_is_said(entry) for entry in entries)
    dialect.said = said > 0 and said * 4 >= len(entries)
    heads = [entry.texts[0] for entry in entries if entry.texts and len(entry.texts[0]) <= _SHORT]
    split = [_after_address(_before_date(entry, 0)).split() for entry in entries if entry.texts and len(entry.texts[0]) <= 100]
    dialect.prefix = _shared(split, 0, len(entries))
    dialect.suffix = _shared(split, -1, len(entries))
    dialect.repeated = frozenset(head for head, count in Counter(heads).items() if count > 1)
    return dialect


def _is_trailing(longer: list[Entry]) -> bool:
    """Whether dates stand below the texts: on the last lines, however many there are."""
    dated = [entry for entry in longer if entry.date_at is not None]
    late = [entry for entry in dated if _is_last_but_buttons(entry, entry.date_at or 0)]
    if len(late) * 5 < len(dated) * 4 or not late:
        return False
    return any((entry.date_at or 0) > 2 for entry in late) or all(words.by(entry.texts[entry.date_at or 0]) for entry in late)


def _is_last_but_buttons(entry: Entry, at: int) -> bool:
    return at > 0 and all(words.is_reply(text) for text in entry.texts[at + 1 :])


def _is_dates_first(longer: list[Entry]) -> bool:
    """Whether dates stand on the bullets' lines with a short line, the name, straight below."""
    first = [entry for entry in longer if entry.date_at == 0 and dates.is_date(entry.texts[0])]
    below = [entry for entry in first if len(entry.own) > 2 and entry.own[1] == 1 and len(entry.texts[1]) <= 40]
    likely = sum(words.name_score(entry.texts[1]) > 0 for entry in below)
    return bool(first) and likely * 3 >= len(first) * 2


def _is_colon(longer: list[Entry]) -> bool:
    """Whether most first lines are names with a colon."""
    likely = [entry for entry in longer if entry.texts[0][-1] in ":：" and words.name_score(entry.texts[0][:-1].strip()) >= 0.5]
    return len(likely) * 3 >= len(longer) * 2 and bool(likely)


def _is_said(entry: Entry) -> bool:
    return any(words.said(_before_date(entry, k)) is not None for k in range(min(3, len(entry.own))))


def _before_date(entry: Entry, position: int) -> str:
    """A line up to its date, or what follows the date where nothing stands before it."""
    text = entry.texts[position]
    if position != entry.date_at or entry.date is None:
        return text
    before, _, after = text.partition(entry.date)
    return before.rstrip(_TRIM + "([@#") if not words.is_linking(before) else after.lstrip(_TRIM + ")]")


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
        lines = {_fold(text) for text in entry.texts[1:] if len(text) <= 40}
        seen.update(lines)
        if len(entry.texts[-1]) <= 40:
            last[_fold(entry.texts[-1])] += 1
    least = max(3, len(longer) * 0.4)
    return _frequent(seen, least), _frequent(last, least)


def _frequent(seen: Counter[str], least: float) -> frozenset[str]:
    return frozenset(line for line, count in seen.items() if count >= least)


def _find_date(entry: Entry) -> None:
    last = len(entry.own) - 1
    places = range(last + 1) if last < _HEADER + 3 else [*range(_HEADER), last - 2, last - 1, last]
    for k in places:
        text = entry.texts[k]
        if len(text) > dates.LONGEST or not dates.may_hold_date(text):
            continue
        where = dates.span(text)
        if where and _is_header_date(text, where, k):
            entry.date_at, entry.date = k, text[where[0] : where[1]]
            return


def _is_header_date(text: str, where: tuple[int, int], position: int) -> bool:
    before, after = text[: where[0]].strip(), text[where[1] :].strip()
    if len(before) > _SHORT or len(after) > _SHORT or len(before.split()) > 8:
        return False
    if dates.stands_alone(text, where) and (position > 0 or not before.endswith((" in", " since", " from"))):
        return True
    if after and not (words.is_linking(after) or words.is_reply(after.strip(_TRIM)) or words.said(after) is not None or words.said("x " + after) is not None):
        return not before and position <= 1 and len(after.split()) <= 4 and after[-1] not in ".!?"
    return position <= 2 and not text.endswith(("!", "?")) or words.by(before) > 0


def _read_header(entry: Entry, dialect: Dialect) -> None:
    if dialect.dated and entry.date_at is not None:
        _read_dated_header(entry, dialect)
        return
    entry.date = entry.date_at = None
    for k in range(min(3, len(entry.own))) if dialect.said else ():
        if words.said(entry.texts[k]) is not None:
            _take_names(entry, dialect, range(k + 1))
            entry.said, entry.bare = True, False
            _take_buttons(entry, dialect, k + 1)
            return


def _read_dated_header(entry: Entry, dialect: Dialect) -> None:
    at = entry.date_at or 0
    trailing = dialect.trailing and _is_last_but_buttons(entry, at)
    if trailing or (at and (at > 3 or not _short_before(entry, at)) and at >= len(entry.own) - 3):
        _take_names(entry, dialect, range(at, at + 1))
        entry.bare = entry.name is None
        return
    entry.bare = False
    entry.said = any(words.said(_before_date(entry, k)) for k in range(at + 1))
    if at == 0 and dialect.dates_first and len(entry.own) > 1 and entry.own[1] == 1 and len(entry.texts[1]) <= 60:
        at = 1
    _take_names(entry, dialect, range(at + 1))
    _take_buttons(entry, dialect, at + 1)


def _short_before(entry: Entry, at: int) -> bool:
    return all(len(entry.texts[k]) <= _SHORT and (entry.texts[k][-1] not in ".!?" or len(entry.texts[k]) < 20) for k in range(at))


def _take_names(entry: Entry, dialect: Dialect, positions: range) -> None:
    """Takes a header's lines; the name is what neither recurs nor links, dates or addresses anything."""
    candidates = {k: name for k in positions if (name := _candidate(entry, dialect, k))}
    fresh = {k: name for k, name in candidates.items() if not k or _fold(entry.texts[k]) not in dialect.constants}
    candidates = fresh or candidates
    chosen = _choose(entry, candidates)
    if chosen is None and entry.texts and (name := words.avatar_name(entry.texts[0])):
        candidates, chosen = {0: name}, 0
    for k in positions:
        rest = entry.texts[k]
        if k == entry.date_at and entry.date:
            rest = rest.replace(entry.date, " ", 1)
        if k == chosen:
            entry.name = candidates[k]
            rest = rest.replace(candidates[k], " ", 1)
        entry.take(k, " ".join(rest.split()))


def _candidate(entry: Entry, dialect: Dialect, position: int) -> str | None:
    text = _before_date(entry, position).strip()
    if (end := words.said(text)) is not None:
        text = text[:end]
    if position == entry.date_at:
        text = words.unlinked(text)
    text = _after_address(text.strip(" \u00a0:,;"))
    text = _without_affixes(text[words.by(text) :], dialect).strip(" \u00a0:,;")
    if not text or words.is_avatar(text) or len(text) > 80 or words.is_linking(text) or _URL.match(text):
        return None
    if words.is_reference(text) or not any(map(str.isalnum, text)):
        return None
    return None if position and words.is_reply(text) else text


def _after_address(text: str) -> str:
    """The name behind an author's address that runs into it: http://town.example/Mr. Fontaine."""
    if not text.startswith(("http://", "https://")):
        return text
    found = _ADDRESS.match(text)
    return found[1] if found else text


def _without_affixes(text: str, dialect: Dialect) -> str:
    if dialect.suffix and text.endswith(" " + dialect.suffix):
        text = text[: -len(dialect.suffix) - 1]
    if dialect.prefix and text.startswith(dialect.prefix + " "):
        text = text[len(dialect.prefix) + 1 :]
    return _PERMALINK.sub("", text)


def _choose(entry: Entry, candidates: dict[int, str]) -> int | None:
    for k, name in list(candidates.items()):
        if len(name) == 1 and any(other != k and longer.casefold().startswith(name.casefold()) for other, longer in candidates.items()):
            del candidates[k]
    if not candidates:
        return None
    for k, name in candidates.items():
        if any(name in longer and name != longer for longer in candidates.values()):
            return k
    for k in candidates:
        if k == entry.date_at or words.said(entry.texts[k]) is not None:
            return k
    best = min(candidates, key=lambda k: (words.name_score(candidates[k]) <= 0, k))
    return best if _plausible(candidates[best]) else None


def _plausible(name: str) -> bool:
    return len(name.split()) <= 8 and not (name[-1] in ".!?" and len(name.split()) > 6)


def _take_buttons(entry: Entry, dialect: Dialect, start: int) -> None:
    """Takes the buttons and recurring lines that stand between a header and the body."""
    for k in range(start, min(start + 4, len(entry.own))):
        text = entry.texts[k]
        if words.is_waiting(text):
            entry.take(k, text)
            continue
        tight = k > 0 and entry.own[k] == entry.own[k - 1] + 1
        if not (tight and (words.is_reply(text) or words.is_linking(text)) or _fold(text) in dialect.constants):
            return
        entry.button |= words.is_reply(text)
        entry.take(k, text)


def _read_ending(entry: Entry, dialect: Dialect) -> None:
    for k in range(len(entry.own) - 1, max(0, len(entry.own) - 7), -1):
        text = entry.texts[k]
        if entry.own[k] in entry.taken:
            continue
        reply, recurs = words.is_reply(text), _fold(text) in dialect.endings
        votes = entry.button and _VOTES.fullmatch(text) is not None
        if not (reply or recurs or votes or _fold(text) in dialect.constants and entry.taken):
            return
        entry.button |= reply
        entry.recurring |= recurs and words.cut_marker(text) is None
        entry.take(k, text)


def _read_bare_names(entries: list[Entry], dialect: Dialect) -> None:
    """Where no date or "says:" shows the names, decides from what most first lines with text below look like."""
    scores = {id(entry): _head_score(entry, dialect) for entry in entries if _may_have_name(entry, dialect)}
    named = [entry for entry in entries if scores.get(id(entry), 0) >= 2]
    texts = sum(score <= -3 for score in scores.values()) + _lone_texts(entries)
    dialect.named_share = len(named) / (len(named) + texts) if named or texts else None
    dialect.kept = texts == 0 and len(named) >= 3 and len(named) * 2 >= len(scores)
    dialect.gap_below_name = sum(map(_gap_below_head, named)) / len(named) if named else None
    for entry in entries:
        if id(entry) in scores and _is_name(entry, scores[id(entry)], dialect):
            _take_bare_name(entry, dialect)
        elif not entry.taken and entry.texts and len(entry.texts) > 1 and (name := words.avatar_name(entry.texts[0])):
            entry.name = name
            entry.take(0, entry.texts[0].replace(name, " ", 1))


def _may_have_name(entry: Entry, dialect: Dialect) -> bool:
    return entry.body_lines > 1 or _has_suffix(entry, dialect) or _has_list_below(entry)


def _has_list_below(entry: Entry) -> bool:
    """Whether nothing but a tight list of one-line items stands below the first line."""
    if not entry.item.has_items or not entry.texts:
        return False
    first = list(islice(entry.item.items(), 2))
    return len(first) == 2 and not first[1].gap and not any(item.has_text or item.has_items for item in first)


def _lone_texts(entries: list[Entry]) -> int:
    """Items that are a first line only, apart from their neighbours: texts whose author is lost."""
    lone = 0
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        if len(entry.own) == 1 and entry.item.gap and not _has_list_below(entry):
            lone += following is None or following.item.gap
    return lone


def _has_suffix(entry: Entry, dialect: Dialect) -> bool:
    return bool(dialect.suffix and entry.texts and " " in entry.texts[0] and entry.texts[0].endswith(dialect.suffix))


def _head_score(entry: Entry, dialect: Dialect) -> float:
    if _names_position(entry) is None:
        return -3.0
    head = _after_address(entry.texts[_names_position(entry) or 0])
    if _names_position(entry) == 1 and words.avatar_name(entry.texts[0]) == head:
        return 3.0
    score = words.name_score(_without_affixes(head, dialect))
    if head != entry.texts[_names_position(entry) or 0]:
        score = max(score, 0.0) + 2
    if dialect.colon and head[-1:] in (":", "："):
        return max(words.name_score(head[:-1].strip()), 0.0) + 1.5
    if dialect.suffix and len(head.split()) > 1 and head.endswith(dialect.suffix):
        return 3.0
    return score + (2.0 if head in dialect.repeated and len(head) <= _SHORT else 0.0)


def _names_position(entry: Entry) -> int | None:
    """Where a bare name may stand: on the bullet's line, or below an author's address there."""
    if entry.own and entry.own[0] != 0:
        return None
    if entry.own and len(entry.own) > 2 and ((_URL.match(entry.texts[0]) and not _ADDRESS.match(entry.texts[0])) or (words.is_avatar(entry.texts[0]) and entry.own[1] == 1)):
        return 1
    if entry.own and words.is_avatar(entry.texts[0]):
        return None
    return 0 if entry.own and entry.own[0] == 0 and not entry.item.rule == "lost-bullet" else None


def _gap_below_head(entry: Entry) -> bool:
    at = (_names_position(entry) or 0) + 1
    return len(entry.own) > at and entry.own[at] > entry.own[at - 1] + 1


def _is_name(entry: Entry, score: float, dialect: Dialect) -> bool:
    share = dialect.named_share if dialect.named_share is not None else 0.5
    score += 3.5 if dialect.kept and score > -3 else 2 * share - 1
    if dialect.gap_below_name is not None and not _gap_below_head(entry):
        score -= 2 * dialect.gap_below_name
    return score > 0.6


def _take_bare_name(entry: Entry, dialect: Dialect) -> None:
    at = _names_position(entry) or 0
    text = entry.texts[at]
    name = _without_affixes(_after_address(text), dialect)
    entry.name = name.rstrip(" :：") if dialect.colon or dialect.suffix else name
    if at:
        entry.take(0, entry.texts[0])
    entry.take(at, text.replace(entry.name, " ", 1))
    again = at + 1
    if len(entry.own) > again + 1 and entry.texts[again] == entry.name:
        entry.take(again, entry.name)
