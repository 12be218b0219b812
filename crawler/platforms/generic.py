"""A reader for comment sections of any system, by what repeats: blocks with a name, a time, a text, an id, a button.

Its comments are marked `capture.generic_parser`. What a list is called is one piece of evidence among several: the
blocks of a list are weighed together (crawler/platforms/comment_html/comment_list.py).
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import infer_day_first
from archive.text.html_text import line_of
from archive.text.removal_notices import as_removed
from archive.thread import Article, Author, Comment, Flag, Thread, nest
from crawler.pages.page import Fetch, Page
from crawler.pages.product_page import is_product_page
from crawler.platforms.base import FALLBACK, Claim, ThreadReader, partial_flags, shortfall
from crawler.platforms.comment_html.block_ids import block_id
from crawler.platforms.comment_html.comment_list import Block, find_list
from crawler.platforms.comment_html.completeness import around, reasons_for_more
from crawler.platforms.comment_html.fields import posted
from crawler.platforms.comment_html.further_pages import other_pages
from crawler.platforms.comment_html.page_index import MOST_BLOCKS
from crawler.platforms.comment_html.parents_by_evidence import infer_parents
from crawler.platforms.comment_html.votes import count_votes
from crawler.platforms.json_comments import UNNAMED
from crawler.platforms.listing import Listing, Requests, without_key

LONGEST_HEADING = 200
MOST_PAGES = 200  # of one thread
TOO_MANY = f"a page of more than {MOST_BLOCKS:,} comments: the rest was not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericClaim(Claim):
    """The list of a page that reads most like comments."""

    blocks: Sequence[Block]
    section: HtmlElement
    is_cut: bool

    def read(self, article: Article) -> ThreadReader:
        """Return what the page holds, and the pages that its section leads to. Whether there is more nobody says."""
        listing = Listing()
        read: list[_ReadPage] = []
        listing.add(self.comments(0))
        yield from _read_on(self, listing, read)
        comments = nest(_in_order(listing, len(read)))
        stated = _stated_count(self.page, {element.root for element, _ in self.blocks})
        followed = {link for page in read for link in page.links}
        reasons = listing.reasons + shortfall(stated, len(comments))
        reasons += [TOO_MANY] if any(page.is_cut for page in read) else []
        for page in read:
            reasons += reasons_for_more(around(page.section), None, len(comments), followed)
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
        texts = [fields.date_text for _, fields in self.blocks if fields.date_text]
        day_first = infer_day_first(texts, self.page.html.get("lang"))
        ids = [block_id(element) for element, _ in self.blocks]
        ids = ids if len(set(filter(None, ids))) == sum(id_ is not None for id_ in ids) else _unique(ids)
        keys = [id_ or f"{UNNAMED}{page_number}.{number}" for number, id_ in enumerate(ids)]
        elements, all_fields = zip(*self.blocks, strict=True)
        parents = infer_parents(elements, ids, all_fields)
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
    is_cut: bool


def _read_on(first: GenericClaim, listing: Listing, read: list[_ReadPage]) -> Requests:
    """Read the pages that a section leads to, and those that these lead to, as long as they bring something new."""
    read.append(_ReadPage(first.section, other_pages(around(first.section), first.page), first.is_cut))
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
        read.append(_ReadPage(further.section, other_pages(around(further.section), page), further.is_cut))
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
    comments = None if is_product_page(page) else find_list(page)
    if comments is None:
        return None
    return GenericClaim(
        page=page,
        score=FALLBACK,
        sections=_sections(comments.blocks),
        in_page=len(comments.blocks),
        blocks=comments.blocks,
        section=comments.section,
        is_cut=comments.is_cut,
    )


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
    for element in page.elements:
        if element in comments:
            break
        if element.tag in ("h2", "h3", "h4", "h5", "span", "p") and element.getparent() not in comments:
            line = line_of(element, LONGEST_HEADING)
            stated = line_rules.stated_count(line) if 0 < len(line) <= LONGEST_HEADING else None
            if stated is not None and not line_rules.is_elsewhere(line):
                count = stated
    return count
