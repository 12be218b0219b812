"""Weigh whether blocks of one shape are the comments of a page: score by score, no word or lack alone decides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.html_text import fold_space
from archive.text.removal_notices import tombstone_state
from crawler.platforms.comment_html.block_ids import block_id
from crawler.platforms.comment_html.columns import FEWEST_BLOCKS, settle_by_columns
from crawler.platforms.comment_html.elements import CommentElement
from crawler.platforms.comment_html.fields import CommentFields
from crawler.platforms.comment_html.page_index import Group, PageIndex
from crawler.platforms.comment_html.parts import PROFILE_LINK, is_short
from crawler.platforms.comment_html.section_objections import (
    MANY,
    MOST_ELEMENTS,
    are_halves,
    asks,
    counts_comments,
    holds_article,
    holds_several,
    is_form,
    is_linked,
    is_titled,
    leads_elsewhere,
    leads_to_pages,
    share_of_headlines,
)
from crawler.platforms.comment_html.section_words import STRONG

MOST_SAMPLES = 12
FEW_SAMPLES = 3
FEWEST_TEXTS = 0.25
HOPELESS = 1.5  # so far below what is enough that more blocks cannot help
LEVELS_TO_FORM = 3
LEVELS_TO_HEADING = 6
LONGEST_HEADING = 40  # characters of one that names comments
ENOUGH = 4.2  # the score from which blocks are comments
TEXT, NAME, DATE = 1.0, 2.0, 1.5
NUMBER, BUTTON = 1.5, 1.5
PEOPLE = 0.75  # for names of people where nothing is called comments
FIELDS = TEXT + NAME + DATE  # the most that reading the fields of blocks can add
ROUNDING = 1e-9
BUTTON_NAME = re.compile(
    r"repl(?:y|ies)(?:$|[\W_])|(?:^|[\W_])(?:respond|responder|repondre|antwort(?:en)?|odpowiedz|otvet|report|"
    r"flag|permalink|"
    r"quote|vote|votes|voting|karma|like|likes|dislike|upvote|rating|thumb\w*|gravatar|avatar|userpic|"
    r"profile-?pic)(?:$|[\W_])",
    re.IGNORECASE,
)
PLURAL = re.compile(
    r"comments|kommentare(?![a-z])|commentaires|comentarios|comentários|commenti(?![a-z])|reacties|list|section|"
    r"area|thread|form|title|"
    r"respond|leave|add|head|count|number|total|link|button|wrap|container|holder|box|block|main|anchor|info|"
    r"toggle|stream|feed|widget",
    re.IGNORECASE,
)
HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
HEADED = HEADINGS | frozenset(("b", "strong", "p", "div", "span", "font", "center"))  # that may be a heading in looks
CUT_SHORT = ("…", "...", "[…]", "weiterlesen", "read more", "more »")


@dataclass(slots=True)
class Evidence:
    """What the sampled blocks of a group show, and the score of it all."""

    score: float = 0.0
    named: float = 0.0
    dated: float = 0.0
    texts: float = 0.0


def weigh(
    group: Group, comments: Sequence[CommentElement], index: PageIndex, stated: int | None, least: float = ENOUGH
) -> Evidence:
    """Return the evidence of a group, from a sample of its blocks spread over the list; a lower score where that is
    below `least`.

    A few blocks show most groups to be no comments; only where they do not are more looked at.
    """
    count = len(comments)
    least_of_few = ENOUGH - HOPELESS if count > FEW_SAMPLES else least
    few = _weigh_sample(
        group, comments, comments[:: max(1, count // FEW_SAMPLES)][:FEW_SAMPLES], index, stated, least_of_few
    )
    if count <= FEW_SAMPLES or few.score < least_of_few:
        return few
    more = comments[:: max(1, count // MOST_SAMPLES)][:MOST_SAMPLES]
    return _weigh_sample(group, comments, more, index, stated, least)


def _weigh_sample(
    group: Group,
    comments: Sequence[CommentElement],
    sample: Sequence[CommentElement],
    index: PageIndex,
    stated: int | None,
    least: float,
) -> Evidence:
    """Return the evidence of a sample; none as soon as it shows that the sample stays below `least`."""
    count, size = len(comments), len(sample)
    by_name = _name_scores(group, comments, index, stated)
    names, is_called = sum(by_name.values()), not by_name["strong"]
    most = FIELDS + PEOPLE * (not is_called)
    missing = least - most - ROUNDING - names
    if missing > NUMBER + BUTTON:
        return Evidence()
    ids = [index.read(comment, block_id) for comment in sample]
    numbered = len(set(filter(None, ids))) / size if group.has_ids or any(ids) else 0.0
    if missing > NUMBER * numbered + BUTTON:
        return Evidence()
    buttons = sum(index.read(comment, _has_button) for comment in sample) / size
    if missing > NUMBER * numbered + BUTTON * buttons:
        return Evidence()
    score = sum(_outer_scores(sample, index).values(), names) + NUMBER * numbered + BUTTON * buttons
    may_settle = size >= FEWEST_BLOCKS and (max(group.own, group.around) == STRONG or by_name["headed"] > 0)
    fields = _read_fields(sample, index, least - score, most, is_settled=not may_settle)
    if fields is None:
        return Evidence()
    fields = _settled(sample, fields) if may_settle else fields
    evidence = _evidence_of(fields)
    if not (is_called or numbered) and size >= FEW_SAMPLES and len({f.name for f in fields}) == 1:
        evidence.named = 0.0  # a button, or a label
    score += TEXT * evidence.texts + NAME * evidence.named + DATE * evidence.dated
    evidence.score = score + sum(_objections(sample, fields, numbered, is_called=is_called).values())
    evidence.score -= _doubts(group, sample, fields, evidence, by_name, max(numbered, buttons, evidence.dated))
    if count == 1 and not _may_stand_alone(comments[0], evidence, numbered):
        evidence.score = 0.0
    if evidence.texts < 0.5 and (evidence.texts < FEWEST_TEXTS or evidence.named + evidence.dated + numbered < 2):
        evidence.score = 0.0
    return evidence


def _read_fields(
    sample: Sequence[CommentElement], index: PageIndex, needed: float, most: float, *, is_settled: bool
) -> list[CommentFields] | None:
    """Return the fields of a sample; None as soon as those that are left cannot add as much as is `needed` of `most`.

    Unless that `is_settled`, names and dates count as there, which the whole list may yet show.
    """
    fields = []
    for comment in sample:
        if most + ROUNDING < needed:
            return None
        f = index.fields_of(comment)
        fields.append(f)
        if not _is_tombstone(f):
            missing = NAME * (not f.name) + DATE * (not (f.date_text or f.machine_date)) if is_settled else 0.0
            most -= (missing + TEXT * (not f.body)) / len(sample)
    return fields


def _settled(sample: Sequence[CommentElement], fields: list[CommentFields]) -> list[CommentFields]:
    """Return fields by what all blocks have in common, where each by itself shows too little, or all one name."""
    evidence = _evidence_of(fields)
    is_poor = min(evidence.named, evidence.texts) < 0.5 or not evidence.dated
    if is_poor or len({f.name for f in fields}) == 1:
        fields = [replace(f) for f in fields]
        settle_by_columns(list(zip(sample, fields, strict=True)))
    return fields


def _doubts(
    group: Group,
    sample: Sequence[CommentElement],
    fields: Sequence[CommentFields],
    evidence: Evidence,
    by_name: Mapping[str, float],
    most: float,
) -> float:
    """Return how much less a sample counts that looks like another kind of list; `most` is its best evidence."""
    doubts = 4.0 * (sum(map(asks, sample, fields)) > len(sample) / 2)  # questions and their answers
    doubts += 2.0 * (evidence.named < 0.6 and are_halves(sample))
    is_told = by_name["form"] or by_name["headed"] or by_name["stated"] or _are_parted(sample, fields)
    doubts += 1.0 * (not is_told and most < 0.5)
    if by_name["strong"]:  # entries of a list of events, jobs, questions have titles, comments the names of people
        nameless = max(group.own, group.around) == 0
        titled = sum(is_titled(c, f, any_heading=nameless) for c, f in zip(sample, fields, strict=True))
        doubts += 1.5 * titled / len(sample) - PEOPLE * (not group.weak and _share_of_people(fields))
    return doubts


def _are_parted(sample: Sequence[CommentElement], fields: Sequence[CommentFields]) -> bool:
    """Whether a colon stands between name and text in each block, as in what people said: "Joe: Well done."."""
    return all(
        f.name and fold_space(comment.root.text_content()).removeprefix(f.name).lstrip().startswith((":", "："))
        for comment, f in zip(sample, fields, strict=True)
    )


def _share_of_people(fields: Sequence[CommentFields]) -> float:
    """Return in how many blocks with a time and a text a name of someone stands; 0 where it is one in most of them."""
    names = [f.name for f in fields if f.name and f.body and (f.date_text or f.machine_date)]
    people = [name for name in names if line_rules.name_score(name) > 0]
    return len(people) / len(fields) if len(set(people)) * 2 > len(people) else 0.0


def _evidence_of(fields: Sequence[CommentFields]) -> Evidence:
    """Return in how many blocks each field was read. What stands for a removed comment has neither name nor date."""
    shown = [f for f in fields if not _is_tombstone(f)] or fields
    return Evidence(
        named=sum(bool(f.name) for f in shown) / len(shown),
        dated=sum(bool(f.date_text or f.machine_date) for f in shown) / len(shown),
        texts=sum(f.body not in ("", f.name) for f in shown) / len(shown),
    )


def _is_tombstone(fields: CommentFields) -> bool:
    return not (fields.name or fields.date_text) and tombstone_state(fields.body) is not None


def _name_scores(
    group: Group, comments: Sequence[CommentElement], index: PageIndex, stated: int | None
) -> dict[str, float]:
    """Return what speaks for and against a group by its names and its number, without a look into its blocks."""
    count = len(comments)
    heading = _heading_before(comments[0])
    is_headed = group.is_headed or _heads_comments(heading)
    word = max(group.own * 1.0, group.around * 0.75)
    return {
        "word": word,
        "headed": is_headed * max(0.75 - word, 0.1),
        # For a word that other lists bear, too, or none, unless the heading of the list has one.
        "strong": -2 * (max(group.own, group.around) < STRONG and not is_headed),
        "latest": -3.0 * (_heads_comments(heading, of_others=True) and not index.forms),
        "form": 1.0 * _has_form(comments[0].root, index),
        "many": 0.5 * (count >= MANY),
        "nested": 0.5 * any(comment.above is not None for comment in comments),
        "stated": 0.5 * min(count, 3) * (stated is not None and abs(stated - count) <= max(1, count // 10)),
        "exact": 1.0 * (stated == count >= MANY),
        "weak": -1.5 * min(group.weak, 2),
        "live": -3.0 * (index.is_live_blog and max(group.own, group.around) < STRONG),  # the newsroom's own entries
        "aside": -0.75 * index.surroundings[comments[0].root].aside,
    }


def _outer_scores(sample: Sequence[CommentElement], index: PageIndex) -> dict[str, float]:
    """Return what speaks against blocks before their fields are read."""
    size = len(sample)
    titled = sum(holds_article(comment) for comment in sample)
    return {
        "elsewhere": -3.0 * leads_elsewhere(sample),
        "several": -2.5 * sum(index.read(comment, holds_several) for comment in sample) / size,
        "article": -6.0 * (0 < titled < max(size, FEW_SAMPLES)),  # what all have is no article's headline
        "form": -4.0 * sum(is_form(comment) for comment in sample) / size,
    }


def _has_form(root: HtmlElement, index: PageIndex) -> bool:
    """Whether a text box stands beside a list, or beside what that stands in."""
    around = islice(root.iterancestors(), LEVELS_TO_FORM)
    return any(above in index.forms for above in around if above.tag not in ("body", "html", "form"))


def _heading_before(first: CommentElement) -> str:
    """Return the heading before a list, or before what it stands in; "" where something else stands there."""
    element: HtmlElement | None = first.siblings[0] if first.is_foot else first.root
    for _ in range(LEVELS_TO_HEADING):
        before = element.getprevious() if element is not None else None
        if before is not None:
            return fold_space(before.text_content()) if before.tag in HEADED and is_short(before) else ""
        element = element.getparent() if element is not None else None
    return ""


def _heads_comments(heading: str, *, of_others: bool = False) -> bool:
    """Whether a heading names comments: "Comments", "3 Kommentare"; with `of_others`, those of other articles."""
    return 0 < len(heading) <= LONGEST_HEADING and line_rules.heads_comments(heading, of_others=of_others)


def _objections(
    sample: Sequence[CommentElement], fields: Sequence[CommentFields], numbered: float, *, is_called: bool
) -> dict[str, float]:
    """Return what speaks against blocks being comments: `numbered` is the share of them that have ids."""
    size, bodies = len(sample), [f.body for f in fields]
    names = [f.name if is_called else None for f in fields]
    return {
        "headline": -3.0 * share_of_headlines(sample, names),
        "linked": -2.5 * sum(is_linked(comment, f) for comment, f in zip(sample, fields, strict=True)) / size,
        "counted": -3.0 * sum(map(counts_comments, sample)) / size,
        "about": -4.0 * leads_to_pages(sample, fields),
        "cut": -2.0 * (sum(body.rstrip().endswith(CUT_SHORT) for body in bodies) / size > 0.5),
        "same": -3.0 * (size > 2 and numbered < 0.5 and len(set(bodies)) <= size // 2),
    }


def _has_button(comment: CommentElement) -> bool:
    """Whether a block has a button to reply, report or vote, a picture of its author, or calls itself a comment."""
    for element in comment.own[:MOST_ELEMENTS]:
        if element.text and line_rules.names_comment(element.text):
            return True
        if element is comment.root:
            continue
        if element.tag in ("a", "button", "span", "div", "li", "i", "img", "input"):
            if BUTTON_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}"):
                return True
            if element.tag in ("a", "button", "span", "input"):
                text = (element.get("value") if element.tag == "input" else element.text_content()) or ""
                if len(text) <= 40 and line_rules.is_reply(fold_space(text)):
                    return True
            if element.tag == "a" and PROFILE_LINK.search(element.get("href") or ""):
                return True
    return False


def is_called_one(group: Group, root: HtmlElement) -> bool:
    """Whether a single block is called a comment, or has a comment's number, and is not called what is around one."""
    names = f"{root.get('class') or ''} {root.get('id') or ''}"
    return group.own >= STRONG and (not _is_around(root) or not PLURAL.search(names))


def _may_stand_alone(comment: CommentElement, evidence: Evidence, numbered: float) -> bool:
    """Whether one block, of which nothing repeats, has a name and what else makes a comment."""
    if not evidence.named or not (evidence.dated or numbered):
        return False
    root = comment.root
    names = f"{root.get('class') or ''} {root.get('id') or ''}"
    return (bool(numbered and block_id(comment)) and not _is_around(root)) or not PLURAL.search(names)


def _is_around(root: HtmlElement) -> bool:
    return bool(PLURAL.search(f"{root.get('class') or ''} {re.sub('[0-9]+', '', root.get('id') or '')}"))
