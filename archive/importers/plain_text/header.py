"""An item's header and ending, read in the dialect of its document: name, date, buttons; the rest is the body."""

import re
from collections.abc import Sequence
from itertools import islice

from archive.importers.plain_text.bare_names import read_bare_names
from archive.importers.plain_text.dialect import (
    ANSWERS,
    SHORT,
    TRIM,
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

LONGEST_REFERENCE = 120
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
        read_bare_names(bare, dialect)
    for entry in entries:
        _read_top(entry)
    _strip_names_in_texts(entries)
    return entries, dialect


def _strip_names_in_texts(entries: Sequence[Entry]) -> None:
    """Take an author's name off the beginning of the text where most texts begin with their authors' names."""
    begins = {id(entry): k for entry in entries if entry.name and (k := _begins_with_name(entry)) is not None}
    if len(begins) < 3 or len(begins) * 5 < sum(entry.name is not None for entry in entries) * 3:
        return
    for entry in entries:
        if entry.name and (k := begins.get(id(entry))) is not None:
            entry.texts[k] = entry.texts[k][len(entry.name) :].lstrip()
            entry.parts[entry.own[k]] = entry.texts[k]


def _begins_with_name(entry: Entry) -> int | None:
    k = next((k for k in range(len(entry.own)) if entry.own[k] not in entry.taken), None)
    if k is None or not entry.texts[k].startswith(f"{entry.name} ") or len(entry.texts[k]) < len(entry.name or "") + 2:
        return None
    return k


def _read_top(entry: Entry) -> None:
    """Take what stands between a header and a text and is of neither: a rating, whom the comment answers."""
    if len(entry.own) < 2:
        return
    rest = (k for k in range(len(entry.own)) if entry.own[k] not in entry.taken)
    for k in islice(rest, 2):
        text = entry.texts[k]
        if entry.body_lines < 2:
            return
        if line_rules.is_rating(text) or line_rules.is_number_mark(text):
            entry.take(k)
        elif _is_reference(text) and k + 1 < len(entry.own):
            _take_reference(entry, k)
        else:
            return


def _is_reference(text: str) -> bool:
    return len(text) <= LONGEST_REFERENCE and line_rules.is_reference(text)


def _take_reference(entry: Entry, position: int) -> None:
    text = entry.texts[position]
    match = ANSWERS.match(text)
    entry.answers = (text[match.end() :] if match else line_rules.strip_reference(text)).strip(TRIM)
    entry.take(position)


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
    if at == 0 and _has_says_below(entry):
        entry.has_says_line, at = True, 1
    if at == 0 and dialect.dates_first and len(entry.own) > 1 and entry.own[1] == 1 and len(entry.texts[1]) <= 60:
        at = 1
    _take_names(entry, dialect, range(at + 1))
    _take_buttons(entry, dialect, at + 1)


def _has_says_below(entry: Entry) -> bool:
    """Whether a line with "says" stands tight below one that begins with the date, and so has no name."""
    tight = len(entry.own) > 2 and entry.own[1] == 1 and entry.texts[0].startswith(entry.date or "\n")
    return tight and line_rules.find_says(entry.texts[1]) is not None


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
            entry.name = line_rules.undouble(candidates[k])
            fields.append(candidates[k])
        entry.take(k, *fields)


def _candidate(entry: Entry, dialect: Dialect, position: int) -> str | None:
    text = before_date(entry, position).strip()
    if (end := line_rules.find_says(text)) is not None:
        text = text[:end]
    if position == entry.date_at:
        text = without_separator(line_rules.strip_linking(text))
        text = text[: line_rules.find_says(f"{text}:")]  # "Joe wrote on 5 March"
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
    if (
        entry.date_at
        and entry.date
        and entry.texts[entry.date_at].startswith(entry.date)
        and entry.date_at in candidates
    ):
        likely = [k for k in candidates if k != entry.date_at and line_rules.name_score(candidates[k]) > 0.5]
        if likely:  # a name above a line that begins with the date
            return likely[0]
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
        if entry.answers is None and entry.body_lines > 1 and _is_reference(text):
            _take_reference(entry, k)
            continue
        folded = fold(text) if dialect.endings or dialect.constants else ""
        reply, recurs = (
            line_rules.is_reply(text),
            folded in dialect.endings and not _is_only_text(entry, k, dialect),
        )
        votes = entry.button and entry.body_lines > 1 and _VOTES.fullmatch(text) is not None
        if not (reply or recurs or votes or (folded in dialect.constants and entry.taken)):
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
