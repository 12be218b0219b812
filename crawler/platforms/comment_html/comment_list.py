"""Find the list of comments in a page of any system: the blocks of a shape that read most like comments, all weighed.

Each group of blocks is weighed alone, then pairs of groups: replies may have a shape of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import log2

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.html_text import fold_space
from archive.text.removal_notices import LONGEST_NOTICE, tombstone_state
from crawler.pages import jsonld
from crawler.pages.page import Page
from crawler.platforms.comment_html.block_ids import block_id
from crawler.platforms.comment_html.blocks import BLOCK_TAGS, build_comments, climb
from crawler.platforms.comment_html.columns import settle_by_columns
from crawler.platforms.comment_html.elements import HEADS, CommentElement
from crawler.platforms.comment_html.fields import CommentFields, reads_as_pingback
from crawler.platforms.comment_html.page_index import Group, PageIndex, index_page
from crawler.platforms.comment_html.repeated_groups import dated_groups, likely_groups, unite
from crawler.platforms.comment_html.repeated_lines import strip_repeated_lines, strip_shared_quotes
from crawler.platforms.comment_html.section_evidence import ENOUGH, Evidence, is_called_one, weigh
from crawler.platforms.comment_html.section_words import STRONG, is_called_reply

MOST_UNITED = 5
WEIGHT_OF_COUNT = 0.7
WEIGHT_OF_SIZE = 0.02
MOST_WEIGHED = 14
BETTER = 1.0  # by so much, a list that has dates alone reads more like comments than one that a word leads to
MOST_STATED = 5
SHARE = 0.6  # of the blocks of a group that must have a name and a text
Block = tuple[CommentElement, CommentFields]


@dataclass(frozen=True, slots=True)
class CommentList:
    """The comments of a page and the section that they stand in; `is_cut` where the page has more than are read."""

    blocks: list[Block]
    section: HtmlElement
    is_cut: bool


def find_list(page: Page) -> CommentList | None:
    """Return the comments of a page; None where nothing reads as comments."""
    index = index_page(page.elements)
    index.is_live_blog = "LiveBlogPosting" in page.text and bool(
        jsonld.select(jsonld.load_objects(page), "LiveBlogPosting")
    )
    stated = _stated_counts(index)
    best = _best(likely_groups(index), index, stated)
    if best is None or max(best.group.own, best.group.around) < STRONG:
        dated = _best(dated_groups(index, page.html), index, stated)
        # A word that stands around the replies alone finds no more than those.
        if best is None or (
            dated is not None
            and (dated.rank > best.rank + BETTER or _roots(best) < _roots(dated) or _are_heads(best, dated))
        ):
            best = dated
    if best is None:
        return None
    comments = _with_notices(best.comments, index)
    blocks = [(comment, replace(index.fields_of(comment))) for comment in comments]
    blocks = _without_forms(
        [block for block in blocks if (block[1].body or block[1].name) and not reads_as_pingback(block[1])]
    )
    blocks = _without_mentions(blocks)
    settle_by_columns(blocks)
    strip_repeated_lines([fields for _, fields in blocks])
    strip_shared_quotes([fields for _, fields in blocks])
    return CommentList(_without_copies(blocks), best.section, best.group.is_cut)


def _are_heads(first: "_Weighed", second: "_Weighed") -> bool:
    """Whether the blocks of one group are but headings in as many blocks of another."""
    outer = _roots(second)
    return len(first.comments) == len(outer) and all(
        root.tag in HEADS and not outer.isdisjoint(root.iterancestors()) for root in _roots(first)
    )


def _with_notices(comments: list[CommentElement], index: PageIndex) -> list[CommentElement]:
    """Add what stands in a list of comments in place of those that were removed, where it is made otherwise."""
    roots = [comment.root for comment in comments]
    members = set(roots)
    lists = dict.fromkeys(above for root in roots if (above := root.getparent()) is not None)
    notices = [
        element
        for above in lists
        if above not in members
        for element in above
        if element.tag in BLOCK_TAGS
        and element not in members
        and 0 < index.lengths[element] <= LONGEST_NOTICE
        and not any(below in members for below in element.iterdescendants())
        and tombstone_state(fold_space(element.text_content())) is not None
    ]
    if not notices:
        return comments
    return build_comments(sorted((*roots, *notices), key=index.order.__getitem__))[0]


def _without_forms(blocks: list[Block]) -> list[Block]:
    """Leave out what is made to write a comment: among comments with times or ids a block with neither, to type in."""
    stamped = [bool(fields.date_text or fields.machine_date or block_id(comment)) for comment, fields in blocks]
    if sum(stamped) * 2 < len(blocks) or all(stamped):
        return blocks
    return [
        block
        for block, is_stamped in zip(blocks, stamped, strict=True)
        if is_stamped or not any(element.tag == "textarea" for element in block[0].own)
    ]


def _without_mentions(blocks: list[Block]) -> list[Block]:
    """Leave out what is a name and nothing else, among comments with texts and times: that of someone answered."""
    bare = [fields.name and not (fields.body or fields.date_text or fields.machine_date) for _, fields in blocks]
    whole = sum(bool(fields.body and (fields.date_text or fields.machine_date)) for _, fields in blocks)
    if whole * 2 < len(blocks):
        return blocks
    return [block for block, is_bare in zip(blocks, bare, strict=True) if not is_bare or block_id(block[0]) is not None]


def _without_copies(blocks: Sequence[Block]) -> list[Block]:
    """Keep the first of blocks with one id and one text: pages print the most popular comments twice."""
    seen: set[tuple[str | None, str | None, str]] = set()
    result = []
    for comment, fields in blocks:
        key = (block_id(comment), fields.name, fields.body)
        if key[0] is None or key not in seen:
            result.append((comment, fields))
        seen.add(key)
    return result


def _best(groups: Sequence[Group], index: PageIndex, stated: frozenset[int]) -> "_Weighed | None":
    weighed: list[_Weighed] = []
    seen: set[tuple[HtmlElement, HtmlElement, int]] = set()
    called: set[HtmlElement] = set()
    for group in groups:
        roots, first = group.elements, group.elements[0]
        # One reply in each of several comments, or in one of them, does not stand for that comment.
        is_reply = is_called_reply(first.get("class") or "") and not called.isdisjoint(first.iterancestors())
        roots = climb(roots) if len(roots) > 1 and not is_reply else roots
        called.update(roots if group.own == STRONG else ())
        key = (roots[0], roots[-1], len(roots))
        if key not in seen and len(seen) < MOST_WEIGHED:
            entry = (
                _weigh(group, roots, index, stated)
                if len(roots) > 1 or is_reply or is_called_one(group, first)
                else None
            )
            weighed += [entry] if entry is not None else []
        seen.add(key)
    weighed = sorted(weighed, key=lambda entry: (_is_around_others(entry, weighed), -entry.rank))
    for first, second in combinations(weighed[:MOST_UNITED], 2):
        union = unite(first.group, second.group, index)
        entry = _weigh(union, union.elements, index, stated, weighed[0].rank) if union is not None else None
        if (
            entry is not None
            and entry.rank > weighed[0].rank
            and _are_whole(entry.comments, index, first.group, second.group)
        ):
            weighed.insert(0, entry)
    return weighed[0] if weighed else None


def _is_around_others(entry: "_Weighed", weighed: Sequence["_Weighed"]) -> bool:
    """Whether what reads as a single comment holds several of another list."""
    root = entry.comments[0].root
    return len(entry.comments) == 1 and any(
        len(other.comments) > 1 and all(root in comment.root.iterancestors() for comment in other.comments)
        for other in weighed
    )


def _are_whole(comments: Sequence[CommentElement], index: PageIndex, *groups: Group) -> bool:
    """Whether the comments of each of two groups have names and texts of their own, not being parts of one comment."""
    for group in groups:
        members = set(group.elements)
        fields = [index.fields_of(comment) for comment in comments if comment.root in members][:MOST_UNITED]
        if sum(bool(field.name and field.body) for field in fields) < SHARE * len(fields) or not fields:
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A group with its comments; `rank` counts how many they are, too."""

    rank: float
    group: Group
    comments: list[CommentElement]
    section: HtmlElement


def _roots(weighed: _Weighed) -> set[HtmlElement]:
    return {comment.root for comment in weighed.comments}


def _weigh(
    group: Group, roots: Sequence[HtmlElement], index: PageIndex, stated: frozenset[int], to_beat: float = 0.0
) -> _Weighed | None:
    """Return a group with its rank; it may be None, or have any lower one, where it would not beat that of another."""
    comments, section = build_comments(roots)
    count = len(comments)
    size = log2(1 + sum(index.lengths[root] for root in roots)) * WEIGHT_OF_SIZE  # of two alike the outer one
    least = max(ENOUGH, to_beat - log2(count) * WEIGHT_OF_COUNT - size)
    evidence: Evidence = weigh(group, comments, index, count if count in stated else None, least)
    if evidence.score < ENOUGH:
        return None
    climbed = replace(group, elements=list(roots))
    return _Weighed(evidence.score + log2(count) * WEIGHT_OF_COUNT + size, climbed, comments, section)


def _stated_counts(index: PageIndex) -> frozenset[int]:
    """Return every number of comments that a heading states, or a line that is called so; none where many do, for an
    article each."""
    result = set()
    for element in index.called:
        if index.lengths[element] > 80 or len(element) > 4:
            continue
        line = fold_space(element.text_content())
        stated = line_rules.stated_count(line)
        if stated and not line_rules.is_elsewhere(line):
            result.add(stated)
    return frozenset(result if len(result) <= MOST_STATED else ())
