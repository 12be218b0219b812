"""How much speaks for a run of items being readers' comments: headings, marks, names, nesting, what stands around."""

import re
from collections.abc import Sequence
from itertools import pairwise

from archive.importers.plain_text.dialect import Entry
from archive.importers.plain_text.headings import ItemRun, heading_of, is_end, stated_in
from archive.text import line_rules

_STATED_WITH_FORM = 5.5
_SENTENCE = 60
_WORD_AND_NUMBER = re.compile(r"[^\W\d_]{4,20}\s?[:(]\s?(\d{1,4})\)?|(\d{1,4}) [^\W\d_]{4,20}:?")
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", ")")
# What people write to each other: one of these words, or one of these marks. A set of words is looked up several times
# as fast as an expression with all of them is searched for.
_TALK_WORDS = frozenset(
    "i you your my me we lol thanks ich du mir mich ihr je tu vous moi yo tú usted io tuo eu você ik jij jag jeg ja ty "  # noqa: SIM905
    "я ты вы мне ben sen minä sinä".split()
)
_TALK_MARKS, _WORDS = re.compile(r"[!?]|@\w"), re.compile(r"\w+")


def weigh(run: ItemRun) -> float:
    """Return how much speaks for comments; it is settled from 4 on."""
    entries = run.entries
    if not entries:
        return -9.0
    longer = [entry for entry in entries if entry.body_lines > 0 and len(entry.own) > 1]
    if _are_headers(entries):
        return -9.0
    heading = _heading_score(run)
    if _share_with_text(run, longer) < 0.4 and not _sentences_under_heading(run, heading):
        return -9.0
    names = _names_score(run, longer)
    if heading >= _STATED_WITH_FORM:  # what is so plainly announced needs no names
        names = max(names, -1.0)
    score = heading + _marks_score(run, longer) + names + _nesting_score(longer)
    score += _position_score(run) + _end_score(run, longer) + _talk_score(longer) + _numbering_score(run)
    return score - 5.0 * _is_elsewhere(run)


def _are_headers(entries: list[Entry]) -> bool:
    """Whether the items that say who speaks hold nothing else: headers, whose texts stand outside of the items."""
    says = [entry for entry in entries if entry.has_says_line]
    return len(says) >= 2 and all(not entry.body_lines and not entry.item.content for entry in says)


def _share_with_text(run: ItemRun, longer: list[Entry]) -> float:
    """How many items have text below their first line: of all, or of those that stand in no other."""
    ids = {id(item) for item in run.items}
    roots = [item for item in run.items if id(item.parent) not in ids]
    with_text = sum(item.has_text or (item.has_items and not item.head) for item in roots)
    below = sum(item.has_items and line_rules.name_score(item.head) >= 1 for item in roots if not item.has_text)
    return max(len(longer) / len(run.items), (with_text + below) / max(len(roots), 1) if longer or below else 0.0)


def _is_elsewhere(run: ItemRun) -> bool:
    if not run.before:
        return False
    text = run.before[0].lines[-1]
    return line_rules.is_elsewhere(text) and stated_in(run.before[0], run) is None


def _is_straight_below(run: ItemRun) -> bool:
    """Whether a single numbered item stands straight below a bare heading ("Comments"), as one comment does."""
    heading = heading_of(run)
    if heading is None or not run.before or heading is not run.before[0] or len(heading.lines[-1].split()) > 2:
        return False
    return len(run.items) == 1 and run.items[0].numbered and len(run.items[0].head) > _SENTENCE


def _sentences_under_heading(run: ItemRun, heading: float) -> bool:
    if heading < 3 and not _is_straight_below(run):
        return False
    ids = {id(item) for item in run.items}
    roots = [entry for entry in run.entries if entry.own and id(entry.item.parent) not in ids]
    texts = [entry.texts[0] for entry in roots]
    loose = sum(entry.item.gap for entry in roots) * 2 >= len(roots)
    stated = next((count for p in run.before[:1] if (count := stated_in(p, run)) is not None), None)
    return (loose or stated == len(roots)) and sum(
        len(text) > 25 or text[-1:] in _SENTENCE_ENDS for text in texts
    ) * 2 > len(texts)


def _heading_score(run: ItemRun) -> float:
    heading = heading_of(run)
    form = run.form or any(is_end(p.text) for p in run.after[:3] + run.before[:3])
    if heading is None:
        form = form and not (run.before and line_rules.is_form(run.before[0].text))
        if _counts_items(run):
            return 3.0 + (2.0 if form else 0.0)
        return (2.0 if form else 0.0) + _above_score(run)
    stated = stated_in(heading, run)
    if stated == 0:
        return -9.0
    return (4.0 if stated is not None or _is_straight_below(run) else 2.5) + (1.5 if form else 0.0)


def _counts_items(run: ItemRun) -> bool:
    """Whether the line above is a word with the number of the items, most of which begin with a name.

    A heading in a language whose word for comments is not known looks like this.
    """
    match = _WORD_AND_NUMBER.fullmatch(run.before[0].lines[-1]) if run.before else None
    if match is None or line_rules.is_elsewhere(match[0]):
        return False
    named = [entry for entry in run.entries if entry.name and line_rules.name_score(entry.name) > 0]
    ids = {id(item) for item in run.items}
    roots = sum(id(item.parent) not in ids for item in run.items)
    number = int(match[1] or match[2])
    return number in (len(run.items), roots) and len(named) >= 2 and len(named) * 5 >= len(run.items) * 4


def _above_score(run: ItemRun) -> float:
    """What stands straight above speaks against comments where it reads like a heading of something else."""
    if not run.before:
        return 0.0
    text = run.before[0].text
    if line_rules.is_form(text):
        return 2.5
    if line_rules.is_break(text):
        return 1.0
    return -4.0 if len(text) <= 80 and text[-1] not in ".!?…,;。" and len(text.split()) <= 12 else 0.0


def _marks_score(run: ItemRun, longer: list[Entry]) -> float:
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


def _names_score(run: ItemRun, longer: list[Entry]) -> float:
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
            begin = entry.texts[1][:80].casefold()[:80].split()
            echoes += any(word in begin for word in entry.name.casefold().split() if len(word) > 3)
    return echoes / max(len(longer), 1)


def _nesting_score(longer: Sequence[Entry]) -> float:
    ids = {id(entry.item) for entry in longer}
    nested = sum(id(entry.item.parent) in ids and entry.item.gap for entry in longer)
    return 4.0 if nested else 0.0


def _position_score(run: ItemRun) -> float:
    after_article = 1.0 if run.long_before else 0.0
    if run.long_after <= 1:
        return after_article
    heading = heading_of(run)
    stated = heading is not None and stated_in(heading, run) is not None
    return after_article - (0.0 if stated else 3.0)


def _numbering_score(run: ItemRun) -> float:
    """Numbers that rise and leave some out count the replies below as well, which only comments do."""
    ids = {id(item) for item in run.items}
    roots = [int(item.marker[:-1]) for item in run.items if item.numbered and id(item.parent) not in ids]
    rises = all(before < after for before, after in pairwise(roots))
    return 2.5 if len(roots) >= 3 and rises and roots[-1] - roots[0] >= len(roots) else 0.0


def _end_score(run: ItemRun, longer: list[Entry]) -> float:
    """A loose list of heads and texts that ends a text of prose is what a thread without a heading looks like."""
    if not run.last or run.after or not run.before or heading_of(run) or _above_score(run) < 0:
        return 0.0
    loose = sum(entry.item.gap and entry.name is not None for entry in longer)
    if loose * 5 < len(run.items) * 4:
        return 0.0
    return 4.0 if loose >= 3 else 3.0


def _talk_score(longer: list[Entry]) -> float:
    sample = longer[:12]
    talk = sum(any(_is_talk(text[:200].lower()) for text in entry.texts[1:3]) for entry in sample)
    return 1.0 if talk and talk * 10 >= len(sample) * 3 else 0.0


def _is_talk(text: str) -> bool:
    return _TALK_MARKS.search(text) is not None or not _TALK_WORDS.isdisjoint(_WORDS.findall(text))
