"""A reader for comment sections of any system, by what repeats: blocks with a name, a time, a text, an id, a button.

Its comments are marked `capture.generic_parser`. What a list is called is one piece of evidence among several: the
blocks of a list are weighed together (crawler/platforms/section_evidence.py).
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import log2

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import infer_day_first
from archive.text.html_text import line_of
from archive.text.removal_notices import as_removed
from archive.thread import Article, Author, Comment, Flag, Thread, nest
from crawler.pages.page import Fetch, Page
from crawler.platforms.base import FALLBACK, Claim, ThreadReader, partial_flags, shortfall
from crawler.platforms.comment_blocks import build_comments, climb
from crawler.platforms.comment_elements import CommentElement
from crawler.platforms.comment_fields import CommentFields, posted
from crawler.platforms.comment_pages import other_pages
from crawler.platforms.json_comments import UNNAMED
from crawler.platforms.listing import Listing, Requests, without_key
from crawler.platforms.record_parents import infer_parents
from crawler.platforms.repeated_groups import Group, PageIndex, dated_groups, index_page, likely_groups, unite
from crawler.platforms.section_evidence import ENOUGH, Evidence, block_id, weigh
from crawler.platforms.section_words import words_of
from crawler.platforms.thread_completeness import around, reasons_for_more
from crawler.platforms.votes import count_votes

LONGEST_HEADING = 200
DIGITS = re.compile(r"\d+")
MOST_REPEATED = 4
MOST_PAGES = 200  # of one thread
MOST_UNITED = 5
WEIGHT_OF_COUNT = 0.7
WEIGHT_OF_SIZE = 0.02
MOST_WEIGHED = 14
SHARE = 0.6  # of the blocks that must share a line which is none of the commenters' own
Block = tuple[CommentElement, CommentFields]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericClaim(Claim):
    """The list of a page that reads most like comments."""

    blocks: Sequence[Block]
    section: HtmlElement

    def read(self, article: Article) -> ThreadReader:
        """Return what the page holds, and the pages that its section leads to. Whether there is more nobody says."""
        listing = Listing()
        read: list[_ReadPage] = []
        listing.add(self.comments(0))
        yield from _read_on(self, listing, read)
        comments = nest(_in_order(listing, len(read)))
        stated = _stated_count(self.page, {element.root for element, _ in self.blocks})
        followed = {link for one in read for link in one.links}
        reasons = listing.reasons + shortfall(stated, len(comments))
        for one in read:
            reasons += reasons_for_more(around(one.section), None, len(comments), followed)
        return Thread(
            article,
            tuple(without_key(comment) for comment in comments),
            "generic",
            self.page.capture,
            None,
            article.url,
            stated,
            "partial" if reasons else "unknown",
            flags=(
                Flag("capture.generic_parser", "repeated-blocks", f"{len(comments)} blocks"),
                *partial_flags(dict.fromkeys(reasons)),
            ),
            pages=tuple(listing.pages),
        )

    def comments(self, page_number: int) -> Iterator[Comment]:
        """Yield the comments with keys of their own where the page gives no ids, for nesting."""
        day_first = infer_day_first([fields.date_text for _, fields in self.blocks if fields.date_text])
        ids = [block_id(element) for element, _ in self.blocks]
        ids = ids if len(set(filter(None, ids))) == sum(id_ is not None for id_ in ids) else _unique(ids)
        keys = [id_ or f"{UNNAMED}{page_number}.{number}" for number, id_ in enumerate(ids)]
        parents = infer_parents([element for element, _ in self.blocks], ids)
        for number, (_, fields) in enumerate(self.blocks):
            parent, rule = parents[number]
            flags = (Flag("capture.parent_inferred", rule),) if rule else ()
            comment = Comment(
                fields.body,
                author=Author(fields.name) if fields.name else None,
                posted=posted(fields, day_first, self.page.fetched_at),
                native_id=keys[number],
                parent_native_id=None if parent is None else keys[parent],
                parent_source="dom",
                flags=flags,
                **count_votes(self.blocks[number][0].own),
            )
            yield as_removed(comment)


@dataclass(frozen=True, slots=True)
class _ReadPage:
    """The section of a page that was read, and its links to others."""

    section: HtmlElement
    links: Mapping[HtmlElement, str]


def _read_on(first: GenericClaim, listing: Listing, read: list[_ReadPage]) -> Requests:
    """Read the pages that a section leads to, and those that these lead to, as long as they bring something new."""
    read.append(_ReadPage(first.section, other_pages(around(first.section), first.page)))
    queue = deque(dict.fromkeys(read[0].links.values()))
    seen = {first.page.url.partition("#")[0], *queue}
    while queue and len(listing.pages) < MOST_PAGES:
        page = yield from listing.get(Fetch(queue.popleft()))
        further = claim(page) if page is not None else None
        if page is None or further is None:
            listing.reasons += [f"{page.url}: no comments"] if page is not None else []
            continue
        if _is_known(listing, comments := list(further.comments(len(listing.pages)))):
            continue
        listing.add(comments)
        read.append(_ReadPage(further.section, other_pages(around(further.section), page)))
        queue += [url for url in dict.fromkeys(read[-1].links.values()) if url not in seen]
        seen.update(read[-1].links.values())
    listing.reasons += [f"{len(queue)} pages of comments were not read"] if queue else []


def _is_known(listing: Listing, comments: Iterable[Comment]) -> bool:
    """Whether a page holds only comments that were read: by their ids, else by author, time and text."""
    known = {(comment.author, comment.posted, comment.body) for comment in listing.comments.values()}
    return all(
        (comment.author, comment.posted, comment.body) in known
        if (comment.native_id or UNNAMED).startswith(UNNAMED)
        else comment.native_id in listing.comments
        for comment in comments
    )


def _in_order(listing: Listing, pages: int) -> list[Comment]:
    """Return the comments in the order of the thread: a section may show its last page first, each from old to new."""
    by_page: list[list[Comment]] = [[] for _ in range(len(listing.pages) + 1)]
    for comment in listing.comments.values():
        by_page[comment.page].append(comment)
    filled = [page for page in by_page if page]
    times = [[comment.posted.at for comment in page if comment.posted and comment.posted.at] for page in filled]
    if pages > 1 and all(of_page and of_page == sorted(of_page) for of_page in times):
        filled = [page for _, page in sorted(zip(times, filled, strict=True), key=lambda pair: pair[0][0])]
    return [comment for page in filled for comment in page]


def _unique(ids: Sequence[str | None]) -> list[str | None]:
    """Keep ids that no other block has: what several share is no id of a comment."""
    counts: dict[str | None, int] = {}
    for id_ in ids:
        counts[id_] = counts.get(id_, 0) + 1
    return [id_ if counts[id_] == 1 else None for id_ in ids]


def claim(page: Page) -> GenericClaim | None:
    """The page holds blocks that read as comments when weighed together."""
    index = index_page(page.html)
    stated = _stated_counts(page, index)
    best = _best(likely_groups(index), index, stated)
    if best is None:
        best = _best(dated_groups(index, page.html), index, stated)
    if best is None:
        return None
    comments, section = best
    blocks = [(comment, replace(index.fields_of(comment))) for comment in comments]
    blocks = [(comment, fields) for comment, fields in blocks if fields.body or fields.name]
    strip_repeated_lines([fields for _, fields in blocks])
    blocks = _without_copies(blocks)
    return GenericClaim(
        page=page, score=FALLBACK, sections=_sections(blocks), in_page=len(blocks), blocks=blocks, section=section
    )


def strip_repeated_lines(fields: Sequence[CommentFields]) -> None:
    """Remove the first and last lines that most texts of a list share but for their numbers: they are the page's."""
    for edge in (0, -1) if len(fields) > 2 else ():
        for _ in range(MOST_REPEATED):
            counts: dict[str, int] = {}
            for field in fields:
                lines = field.body.split("\n")
                if len(lines) > 1 and lines[edge]:
                    pattern = DIGITS.sub("#", lines[edge].strip())
                    counts[pattern] = counts.get(pattern, 0) + 1
            repeated = {
                pattern
                for pattern, count in counts.items()
                if count >= max(2, SHARE * len(fields)) and len(pattern) <= 60
            }
            if not repeated:
                break
            for field in fields:
                lines = field.body.split("\n")
                if len(lines) > 1 and DIGITS.sub("#", lines[edge].strip()) in repeated:
                    field.body = "\n".join(lines[1:] if edge == 0 else lines[:-1]).strip("\n")


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


def _best(
    groups: Sequence[Group], index: PageIndex, stated: frozenset[int]
) -> tuple[list[CommentElement], HtmlElement] | None:
    weighed: list[_Weighed] = []
    seen: set[tuple[HtmlElement, HtmlElement, int]] = set()
    for group in groups:
        roots = climb(group.elements) if len(group.elements) > 1 else group.elements
        key = (roots[0], roots[-1], len(roots))
        if key not in seen and len(seen) < MOST_WEIGHED:
            entry = _weigh(group, roots, index, stated)
            weighed += [entry] if entry is not None else []
        seen.add(key)
    weighed.sort(key=lambda entry: -entry.rank)
    for first, second in combinations(weighed[:MOST_UNITED], 2):
        union = unite(first.group, second.group, index)
        entry = _weigh(union, union.elements, index, stated) if union is not None else None
        if (
            entry is not None
            and entry.rank > weighed[0].rank
            and _are_whole(entry.comments, index, first.group, second.group)
        ):
            weighed.insert(0, entry)
    return (weighed[0].comments, weighed[0].section) if weighed else None


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


def _weigh(group: Group, roots: Sequence[HtmlElement], index: PageIndex, stated: frozenset[int]) -> _Weighed | None:
    comments, section = build_comments(roots)
    count = len(comments)
    evidence: Evidence = weigh(group, comments, index, count if count in stated else None)
    if evidence.score < ENOUGH:
        return None
    size = log2(1 + sum(index.lengths[root] for root in roots)) * WEIGHT_OF_SIZE  # of two alike the outer one
    return _Weighed(evidence.score + log2(count) * WEIGHT_OF_COUNT + size, group, comments, section)


def _stated_counts(page: Page, index: PageIndex) -> frozenset[int]:
    """Return every number of comments that a heading of the page states."""
    result = set()
    for element in page.html.iter("h1", "h2", "h3", "h4", "h5", "h6", "span", "p", "div", "a"):
        if index.lengths[element] > 80 or len(element) > 4:
            continue
        if element.tag[0] == "h" or words_of(element.get("class")).strength or words_of(element.get("id")).strength:
            stated = line_rules.stated_count(" ".join(element.text_content().split()))
            if stated:
                result.add(stated)
    return frozenset(result)


def stated_in_headings(page: Page) -> int | None:
    """Return how many comments the headings of a page state, if they agree: of a page in which none can be read."""
    lines = (" ".join(heading.text_content().split()) for heading in page.html.iter("h1", "h2", "h3", "h4", "h5", "h6"))
    counts = {stated for line in lines if len(line) <= LONGEST_HEADING and (stated := line_rules.stated_count(line))}
    return counts.pop() if len(counts) == 1 else None


def _sections(blocks: Sequence[Block]) -> tuple[HtmlElement, ...]:
    """Return the lists around the comments, or the comments themselves where those hold the article, too."""
    sections: dict[HtmlElement, None] = {}
    lists: dict[HtmlElement, bool] = {}
    for comment, _ in blocks:
        above = comment.root.getparent()
        if comment.above is None and above is not None:
            if above not in lists:
                is_page = above.tag in ("body", "main", "html", "article")
                lists[above] = not is_page and next(above.iter("h1"), None) is None
            sections[above if lists[above] else comment.root] = None
    return tuple(sections)


def _stated_count(page: Page, comments: set[HtmlElement]) -> int | None:
    """Return what the last heading before the first comment says."""
    count = None
    for element in page.html.iter():
        if element in comments:
            break
        if element.tag in ("h2", "h3", "h4", "h5", "span", "p") and element.getparent() not in comments:
            line = line_of(element, LONGEST_HEADING)
            if 0 < len(line) <= LONGEST_HEADING and not line_rules.is_elsewhere(line):
                stated = line_rules.stated_count(line)
                count = count if stated is None else stated
    return count
