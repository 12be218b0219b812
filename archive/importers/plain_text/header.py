"""An item's header and ending, read in the dialect of its document: name, date, buttons; the rest is the body."""

import re
from collections.abc import Sequence
from itertools import islice

from archive.importers.plain_text.dialect import (
    ADDRESS,
    SHORT,
    URL,
    Dialect,
    Entry,
    after_address,
    as_entry,
    before_date,
    fold,
    is_last_but_buttons,
    learn,
    without_affixes,
    without_separator,
    without_suffix,
)
from archive.importers.plain_text.layout import Item
from archive.text import line_rules

_VOTES = re.compile(r"\d{1,4}(?:\s*[/|·]?\s*\d{1,4})?")


def read_items(items: Sequence[Item]) -> tuple[list[Entry], Dialect]:
    """The items as comments would be read, in the dialect that they show together."""
    entries = [as_entry(item) for item in items]
    dialect = learn(entries)
    for entry in entries:
        _read_header(entry, dialect)
        _read_ending(entry, dialect)
    bare = [entry for entry in entries if entry.bare]
    if len(bare) * 2 >= len(entries):
        _read_bare_names(bare, dialect)
    return entries, dialect


def _read_header(entry: Entry, dialect: Dialect) -> None:
    if dialect.dated and entry.date_at is not None:
        _read_dated_header(entry, dialect)
        return
    entry.date = entry.date_at = None
    for k in range(min(3, len(entry.own))) if dialect.has_says_line else ():
        if line_rules.find_says(entry.texts[k]) is not None:
            _take_names(entry, dialect, range(k + 1))
            entry.has_says_line, entry.bare = True, False
            _take_buttons(entry, dialect, k + 1)
            return


def _read_dated_header(entry: Entry, dialect: Dialect) -> None:
    at = entry.date_at or 0
    trailing = dialect.trailing and is_last_but_buttons(entry, at)
    if trailing or (at and (at > 3 or not _short_before(entry, at)) and at >= len(entry.own) - 3):
        _take_names(entry, dialect, range(at, at + 1))
        entry.bare = entry.name is None
        return
    entry.bare = False
    entry.has_says_line = any(line_rules.find_says(before_date(entry, k)) for k in range(at + 1))
    if at == 0 and dialect.dates_first and len(entry.own) > 1 and entry.own[1] == 1 and len(entry.texts[1]) <= 60:
        at = 1
    _take_names(entry, dialect, range(at + 1))
    _take_buttons(entry, dialect, at + 1)


def _short_before(entry: Entry, at: int) -> bool:
    return all(
        len(entry.texts[k]) <= SHORT and (entry.texts[k][-1] not in ".!?" or len(entry.texts[k]) < 20)
        for k in range(at)
    )


def _take_names(entry: Entry, dialect: Dialect, positions: range) -> None:
    """Takes a header's lines; the name is what neither recurs nor links, dates or addresses anything."""
    candidates = {k: name for k in positions if (name := _candidate(entry, dialect, k))}
    fresh = {
        k: name
        for k, name in candidates.items()
        if k in (0, entry.date_at) or fold(entry.texts[k]) not in dialect.constants
    }
    candidates = fresh or candidates
    chosen = _choose(entry, candidates)
    if chosen is None and entry.texts and (name := line_rules.avatar_name(entry.texts[0])):
        candidates, chosen = {0: name}, 0
    for k in positions:
        fields = [entry.date] if k == entry.date_at and entry.date else []
        if k == chosen:
            entry.name = candidates[k]
            fields.append(candidates[k])
        entry.take(k, *fields)


def _candidate(entry: Entry, dialect: Dialect, position: int) -> str | None:
    text = before_date(entry, position).strip()
    if (end := line_rules.find_says(text)) is not None:
        text = text[:end]
    if position == entry.date_at:
        text = without_separator(line_rules.strip_linking(text))
    text = after_address(text.strip(" \u00a0:,;"))
    text = without_affixes(text[line_rules.byline_length(text) :], dialect).strip(" \u00a0:,;")
    if not text or line_rules.is_avatar(text) or len(text) > 80 or line_rules.is_linking(text) or URL.match(text):
        return None
    if line_rules.is_reference(text) or not any(map(str.isalnum, text)):
        return None
    return None if position and line_rules.is_reply(text) else text


def _choose(entry: Entry, candidates: dict[int, str]) -> int | None:
    for k, name in list(candidates.items()):
        if len(name) == 1 and any(
            other != k and longer.casefold().startswith(name.casefold()) for other, longer in candidates.items()
        ):
            del candidates[k]
    if not candidates:
        return None
    for k, name in candidates.items():
        if any(name in longer and name != longer for longer in candidates.values()):
            return k
    for k in candidates:
        if k == entry.date_at or line_rules.find_says(entry.texts[k]) is not None:
            return k
    best = min(candidates, key=lambda k: (line_rules.name_score(candidates[k]) <= 0, k))
    return best if _plausible(candidates[best]) else None


def _plausible(name: str) -> bool:
    return len(name.split()) <= 8 and not (name[-1] in ".!?" and len(name.split()) > 6)


def _take_buttons(entry: Entry, dialect: Dialect, start: int) -> None:
    """Takes the buttons and recurring lines that stand between a header and the body."""
    for k in range(start, min(start + 4, len(entry.own))):
        text = entry.texts[k]
        if line_rules.is_waiting(text):
            entry.take(k)
            continue
        tight = k > 0 and entry.own[k] == entry.own[k - 1] + 1
        if not (
            (tight and (line_rules.is_reply(text) or line_rules.is_linking(text))) or fold(text) in dialect.constants
        ):
            return
        entry.button |= line_rules.is_reply(text)
        entry.take(k)


def _read_ending(entry: Entry, dialect: Dialect) -> None:
    for k in range(len(entry.own) - 1, max(0, len(entry.own) - 7), -1):
        text = entry.texts[k]
        if entry.own[k] in entry.taken:
            continue
        reply, recurs = (
            line_rules.is_reply(text),
            fold(text) in dialect.endings and not _is_only_text(entry, k, dialect),
        )
        votes = entry.button and entry.body_lines > 1 and _VOTES.fullmatch(text) is not None
        if not (reply or recurs or votes or (fold(text) in dialect.constants and entry.taken)):
            return
        entry.button |= reply
        entry.recurring |= recurs and line_rules.cut_marker(text) is None
        entry.take(k)


def _is_only_text(entry: Entry, position: int, dialect: Dialect) -> bool:
    """Whether a line of several words that recurs with other numbers is all that stands below a likely name."""
    text = entry.texts[position]
    if entry.body_lines > 2 or position != 1 or text in dialect.exact or len(text.split()) < 3:
        return False
    return line_rules.name_score(without_suffix(entry.texts[0], dialect)) > 0


def _read_bare_names(entries: list[Entry], dialect: Dialect) -> None:
    """Where no date or "says:" shows the names, decides from what most first lines with text below look like."""
    scores = {id(entry): _head_score(entry, dialect) for entry in entries if _may_have_name(entry, dialect)}
    named = [entry for entry in entries if scores.get(id(entry), 0) >= 2]
    texts = sum(score <= -3 for score in scores.values()) + _lone_texts(entries)
    dialect.named_share = len(named) / (len(named) + texts) if named or texts else None
    dialect.all_named = texts == 0 and len(named) >= 3 and len(named) * 2 >= len(scores)
    dialect.gap_below_name = sum(map(_gap_below_head, named)) / len(named) if named else None
    for entry in entries:
        if id(entry) in scores and _is_name(entry, scores[id(entry)], dialect):
            _take_bare_name(entry, dialect)
        elif (
            not entry.taken
            and entry.texts
            and len(entry.texts) > 1
            and (name := line_rules.avatar_name(entry.texts[0]))
        ):
            entry.name = name
            entry.take(0, name)


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
    head = after_address(entry.texts[_names_position(entry) or 0])
    if _names_position(entry) == 1 and line_rules.avatar_name(entry.texts[0]) == head:
        return 3.0
    score = line_rules.name_score(without_suffix(head, dialect))
    if head != entry.texts[_names_position(entry) or 0]:
        score = max(score, 0.0) + 2
    if dialect.colon and head[-1:] in (":", "："):
        return max(line_rules.name_score(head[:-1].strip()), 0.0) + 1.5
    if dialect.suffix and len(head.split()) > 1 and head.endswith(dialect.suffix):
        return 3.0
    return score + (2.0 if head in dialect.repeated and len(head) <= SHORT else 0.0)


def _names_position(entry: Entry) -> int | None:
    """Where a bare name may stand: on the bullet's line, or below an author's address there."""
    if entry.own and entry.own[0] != 0:
        return None
    if (
        entry.own
        and len(entry.own) > 2
        and (
            (URL.match(entry.texts[0]) and not ADDRESS.match(entry.texts[0]))
            or (line_rules.is_avatar(entry.texts[0]) and entry.own[1] == 1)
        )
    ):
        return 1
    if entry.own and line_rules.is_avatar(entry.texts[0]):
        return None
    return 0 if entry.own and entry.own[0] == 0 and entry.item.rule != "lost-bullet" else None


def _gap_below_head(entry: Entry) -> bool:
    at = (_names_position(entry) or 0) + 1
    return len(entry.own) > at and entry.own[at] > entry.own[at - 1] + 1


def _is_name(entry: Entry, score: float, dialect: Dialect) -> bool:
    share = dialect.named_share if dialect.named_share is not None else 0.5
    score += 3.5 if dialect.all_named and score > -3 else 2 * share - 1
    if dialect.gap_below_name is not None and not _gap_below_head(entry):
        score -= 2 * dialect.gap_below_name
    return score > 0.6


def _take_bare_name(entry: Entry, dialect: Dialect) -> None:
    at = _names_position(entry) or 0
    text = entry.texts[at]
    name = without_suffix(after_address(text), dialect)
    entry.name = name.rstrip(" :：") if dialect.colon or dialect.suffix else name
    if at:
        entry.take(0)
    entry.take(at, entry.name)
    again = at + 1
    if len(entry.own) > again + 1 and entry.texts[again] == entry.name:
        entry.take(again)
