"""Names that no date and no "says:" shows: decided from what most first lines with text below look like."""

from itertools import islice

from archive.importers.plain_text.dialect import (
    ADDRESS,
    SHORT,
    URL,
    Dialect,
    Entry,
    after_address,
    without_suffix,
)
from archive.text import line_rules


def read_bare_names(entries: list[Entry], dialect: Dialect) -> None:
    """Where no date or "says:" shows the names, decides from what most first lines with text below look like."""
    positions = {id(entry): _names_position(entry) for entry in entries if _may_have_name(entry, dialect)}
    scores = {id(e): _head_score(e, positions[id(e)], dialect) for e in entries if id(e) in positions}
    named = [entry for entry in entries if scores.get(id(entry), 0) >= 2]
    texts = sum(score <= -3 for score in scores.values()) + _lone_texts(entries)
    dialect.named_share = len(named) / (len(named) + texts) if named or texts else None
    dialect.all_named = texts == 0 and len(named) >= 3 and len(named) * 2 >= len(scores)
    gaps = [_gap_below_head(entry, positions[id(entry)]) for entry in named]
    dialect.gap_below_name = sum(gaps) / len(gaps) if gaps else None
    for entry in entries:
        if len(entry.own) > 1 and entry.own[0] == 0 and line_rules.is_number_mark(entry.texts[0]):
            entry.take(0)
        if id(entry) in scores and _is_name(entry, positions[id(entry)], scores[id(entry)], dialect):
            _take_bare_name(entry, positions[id(entry)] or 0, dialect)
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


def _head_score(entry: Entry, position: int | None, dialect: Dialect) -> float:
    if position is None:
        return -3.0
    head = after_address(entry.texts[position])
    if position == 1 and line_rules.avatar_name(entry.texts[0]) == head:
        return 3.0
    score = line_rules.name_score(without_suffix(head, dialect))
    if head != entry.texts[position]:
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
    if entry.own and (line_rules.is_avatar(entry.texts[0]) or line_rules.is_rating(entry.texts[0])):
        return None
    if entry.own and line_rules.is_number_mark(entry.texts[0]):
        return 1 if len(entry.own) > 2 else None
    return 0 if entry.own and entry.own[0] == 0 and entry.item.rule != "lost-bullet" else None


def _gap_below_head(entry: Entry, position: int | None) -> bool:
    at = (position or 0) + 1
    return len(entry.own) > at and entry.own[at] > entry.own[at - 1] + 1


def _is_name(entry: Entry, position: int | None, score: float, dialect: Dialect) -> bool:
    share = dialect.named_share if dialect.named_share is not None else 0.5
    score += 3.5 if dialect.all_named and score > -3 else 2 * share - 1
    if dialect.gap_below_name is not None and not _gap_below_head(entry, position):
        score -= 2 * dialect.gap_below_name
    return score > 0.6


def _take_bare_name(entry: Entry, at: int, dialect: Dialect) -> None:
    text = entry.texts[at]
    name = without_suffix(after_address(text), dialect)
    entry.name = name.rstrip(" :：") if dialect.colon or dialect.suffix else name
    if at and entry.own[0] not in entry.taken:
        entry.take(0)
    entry.take(at, entry.name)
    again = at + 1
    if len(entry.own) > again + 1 and entry.texts[again] == entry.name:
        entry.take(again)
