"""A fallback for comment lists of no known system: repeated blocks, each with an author, a time and a text.

Its comments are marked `capture.generic_parser`. It would rather read nothing than take a list of articles for one of
comments: the list must call itself comments, most of its blocks must be dated, and their texts must be no links.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import infer_day_first
from archive.thread import Article, Author, Comment, Flag, Thread
from crawler.pages.page import Page
from crawler.platforms.base import FALLBACK, Claim, ThreadReader
from crawler.platforms.comment_elements import CommentElement
from crawler.platforms.comment_fields import CommentFields, parse_fields, posted

COMMENTS_NAME = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|commentaires?|kommentar\w*|comentarios?|reacties|kommentit|talkback|reactions?|"
    r"discussion|responses)(?=[\s_-]|$)",
    re.IGNORECASE,
)
HINT = re.compile(r"comment|kommentar|comentario|reacti|kommentit|talkback|discussion|responses", re.IGNORECASE)
OTHER_NAME = re.compile(
    r"recent|latest|popular|related|widget|sidebar|teaser|promo|form|respond|count|share", re.IGNORECASE
)
BLOCK_TAGS = frozenset(("div", "li", "article", "section", "tr", "dd"))
STATES = frozenset(("even", "odd", "first", "last", "alt", "reply"))
DIGITS = re.compile(r"\d+")
MOST_BLOCKS = 20_000
FEWEST_BLOCKS = 2
LONGEST_HEADING = 200
SHARE = 0.7  # of the blocks that must have author, text and date
Block = tuple[CommentElement, CommentFields]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericClaim(Claim):
    """The longest list of a page that reads as comments."""

    blocks: Sequence[Block]

    def read(self, article: Article) -> ThreadReader:
        """Return what the page holds. Whether there is more nobody says."""
        yield from ()  # a reader that requests nothing
        day_first = infer_day_first([fields.date_text for _, fields in self.blocks if fields.date_text])
        index = {element: number for number, (element, _) in enumerate(self.blocks)}
        comments = tuple(
            Comment(
                fields.body,
                parent=None if element.above is None else index[element.above],
                author=Author(fields.name) if fields.name else None,
                posted=posted(fields, day_first),
                parent_source="dom",
            )
            for element, fields in self.blocks
        )
        stated = _stated_count(self.page, {element.root for element, _ in self.blocks})
        is_partial = stated is not None and stated > len(comments)
        return Thread(
            article,
            comments,
            "generic",
            self.page.capture,
            None,
            article.url,
            stated,
            "partial" if is_partial else "unknown",
            flags=(Flag("capture.generic_parser", "repeated-blocks", f"{len(comments)} blocks"),),
        )


def claim(page: Page) -> GenericClaim | None:
    """The page holds a list that calls itself comments and reads so."""
    if not HINT.search(page.text):
        return None
    blocks = max(_lists(page), key=len, default=[])
    if not blocks:
        return None
    return GenericClaim(page=page, score=FALLBACK, sections=_sections(blocks), blocks=blocks)


def _lists(page: Page) -> Iterator[list[Block]]:
    """Yield the lists of blocks of one shape that stand among comments and read as comments."""
    shapes: dict[tuple[str, str], list[HtmlElement]] = defaultdict(list)
    verdicts: dict[HtmlElement, bool] = {}
    for element in page.html.iter(*BLOCK_TAGS):
        shape = _shape(element)
        if shape and _in_comments(element, verdicts) and len(shapes[shape]) < MOST_BLOCKS:
            shapes[shape].append(element)
    for elements in shapes.values():
        if len(elements) >= FEWEST_BLOCKS:
            blocks = [(comment, parse_fields(comment)) for comment in _comment_elements(elements)]
            if _reads_as_comments(blocks):
                yield blocks


def _shape(element: HtmlElement) -> tuple[str, str] | None:
    """Return tag and classes, without numbers and states; None without classes."""
    names = DIGITS.sub("", element.get("class") or "").lower().split()
    lasting = [name for name in names if name not in STATES]
    return (element.tag, " ".join(sorted(lasting)[:3])) if lasting else None


def _in_comments(element: HtmlElement, verdicts: dict[HtmlElement, bool]) -> bool:
    """Whether an element, or one around it, is called comments and nothing in between something else.

    `verdicts` remembers what was found out about elements around others, so that no path is walked twice.
    """
    path: list[HtmlElement] = []
    above: HtmlElement | None = element
    while above is not None and above not in verdicts:
        path.append(above)
        above = above.getparent()
    inside = verdicts[above] if above is not None else False
    for step in reversed(path):
        names = f"{step.get('id') or ''} {step.get('class') or ''}"
        if not inside and step.tag not in ("html", "body") and not OTHER_NAME.search(names):
            inside = bool(COMMENTS_NAME.search(names))
        verdicts[step] = inside
    return verdicts[element]


def _comment_elements(elements: Sequence[HtmlElement]) -> list[CommentElement]:
    """Return elements of one shape as comments: one that stands within another replies to it."""
    comments = {element: CommentElement(str(number), element) for number, element in enumerate(elements)}
    for element, comment in comments.items():
        comment.above = next((comments[above] for above in element.iterancestors() if above in comments), None)
        stack = [element]
        while stack:
            below = stack.pop()
            comment.own.append(below)
            for child in reversed(below):
                if child in comments:
                    comment.nested.append(child)
                elif isinstance(child.tag, str):
                    stack.append(child)
    return list(comments.values())


def _reads_as_comments(blocks: Sequence[Block]) -> bool:
    whole = [f for _, f in blocks if f.name and f.body and (f.date_text or f.machine_date)]
    texts = {fields.body for _, fields in blocks}
    linked = sum(_is_linked(element) for element, _ in blocks)
    return (
        len(whole) >= max(FEWEST_BLOCKS, SHARE * len(blocks))
        and len(texts) > len(blocks) // 2
        and linked <= (1 - SHARE) * len(blocks)
    )


def _is_linked(comment: CommentElement) -> bool:
    """Whether a block has a linked headline or is mostly links, as in a list of articles."""
    length = sum(len((e.text or "").strip()) for e in comment.own)
    length += sum(len((e.tail or "").strip()) for e in comment.own if e is not comment.root)
    linked = sum(len(e.text_content().strip()) for e in comment.own if e.tag == "a")
    has_headline = any(e.tag in ("h1", "h2", "h3") and e.find(".//a") is not None for e in comment.own)
    return has_headline or linked * 2 > length


def _sections(blocks: Sequence[Block]) -> tuple[HtmlElement, ...]:
    """Return the lists around the comments, or the comments themselves where those hold the article, too."""
    sections: dict[HtmlElement, None] = {}
    for comment, _ in blocks:
        above = comment.root.getparent()
        if comment.above is None and above is not None:
            is_list = above.tag not in ("body", "main", "html", "article") and above.find(".//h1") is None
            sections[above if is_list else comment.root] = None
    return tuple(sections)


def _stated_count(page: Page, comments: set[HtmlElement]) -> int | None:
    """Return what the last heading before the first comment says."""
    count = None
    for element in page.html.iter():
        if element in comments:
            break
        if element.tag in ("h2", "h3", "h4", "h5", "span", "p") and element.getparent() not in comments:
            line = " ".join(element.text_content().split())
            if 0 < len(line) <= LONGEST_HEADING and not line_rules.is_elsewhere(line):
                stated = line_rules.stated_count(line)
                count = count if stated is None else stated
    return count
