"""A fallback for comment lists that no platform claims: repeated blocks, each with an author, a time and a text.

What it finds is marked `capture.generic_parser`. It would rather find nothing than take a list of articles for one of
comments: the list must call itself comments, most of its blocks must be dated, and their texts must be no links.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import day_order
from archive.thread import Article, Author, Comment, Flag, Thread
from crawler.pages.page import Page
from crawler.platforms.base import FALLBACK, Claim, Reading
from crawler.platforms.comment_elements import Block
from crawler.platforms.comment_fields import Said, posted, said

CALLED = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|commentaires?|kommentar\w*|comentarios?|reacties|kommentit|talkback|reactions?|"
    r"discussion|responses)(?=[\s_-]|$)",
    re.IGNORECASE,
)
HINT = re.compile(r"comment|kommentar|comentario|reacti|kommentit|talkback|discussion|responses", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"recent|latest|popular|related|widget|sidebar|teaser|promo|form|respond|count|share", re.IGNORECASE
)
BLOCKS = frozenset(("div", "li", "article", "section", "tr", "dd"))
NUMBER = re.compile(r"\d+")
IS_FALLBACK = True
MOST = 20_000
FEWEST = 2
LONGEST_HEADING = 200
SHARE = 0.7


def claim(page: Page) -> Claim | None:
    if not HINT.search(page.text):
        return None
    best = max(_lists(page), key=len, default=[])
    if not best:
        return None
    return Claim(FALLBACK, None, {"read": best}, _sections([block for block, _ in best]))


def read(page: Page, claim: Claim, article: Article) -> Reading:
    """All that the page shows; how much there is besides nobody says."""
    found: Sequence[tuple[Block, Said]] = claim.ids["read"]
    day_first = day_order([each.shown for _, each in found if each.shown])
    index = {block: number for number, (block, _) in enumerate(found)}
    stated = _stated(page, {block.element for block, _ in found})
    comments = tuple(
        Comment(
            each.body,
            parent=None if block.above is None else index[block.above],
            author=Author(each.name) if each.name else None,
            posted=posted(each, day_first),
            parent_source="dom",
        )
        for block, each in found
    )
    short = stated is not None and stated > len(comments)
    return Thread(
        article,
        comments,
        "generic",
        page.capture,
        None,
        article.url,
        stated,
        "partial" if short else "unknown",
        flags=(Flag("capture.generic_parser", "repeated-blocks", f"{len(comments)} blocks"),),
    )
    yield  # a generator, as all platforms are


def _lists(page: Page) -> Iterator[list[tuple[Block, Said]]]:
    """Lists of blocks of one shape that stand where comments may stand and read as comments."""
    shapes: dict[tuple[str, str], list[HtmlElement]] = defaultdict(list)
    places: dict[HtmlElement, bool] = {}
    for element in page.html.iter(*BLOCKS):
        shape = _shape(element)
        if shape and _in_comments(element, places) and len(shapes[shape]) < MOST:
            shapes[shape].append(element)
    for elements in shapes.values():
        if len(elements) >= FEWEST:
            found = [(block, said(block)) for block in _blocks(elements)]
            if _reads_as_comments(found):
                yield found


def _shape(element: HtmlElement) -> tuple[str, str] | None:
    """Tag and classes, without numbers and states."""
    names = NUMBER.sub("", element.get("class") or "").lower().split()
    kept = [name for name in names if name not in ("even", "odd", "first", "last", "alt", "reply")]
    return (element.tag, " ".join(sorted(kept)[:3])) if kept else None


def _in_comments(element: HtmlElement, places: dict[HtmlElement, bool]) -> bool:
    """Whether an element, or one around it, is called comments and none of them something else."""
    path: list[HtmlElement] = []
    above: HtmlElement | None = element
    while above is not None and above not in places:
        path.append(above)
        above = above.getparent()
    inside = places[above] if above is not None else False
    for each in reversed(path):
        names = f"{each.get('id') or ''} {each.get('class') or ''}"
        if not inside and each.tag not in ("html", "body") and not ELSEWHERE.search(names):
            inside = bool(CALLED.search(names))
        places[each] = inside
    return places[element]


def _blocks(elements: Sequence[HtmlElement]) -> list[Block]:
    """Elements of one shape as comments: what stands within another answers it."""
    found = {element: Block(str(number), element) for number, element in enumerate(elements)}
    for element, block in found.items():
        block.above = next((found[above] for above in element.iterancestors() if above in found), None)
        waiting = [element]
        while waiting:
            each = waiting.pop()
            block.own.append(each)
            for child in reversed(each):
                if child in found:
                    block.nested.append(child)
                elif isinstance(child.tag, str):
                    waiting.append(child)
    return list(found.values())


def _reads_as_comments(found: Sequence[tuple[Block, Said]]) -> bool:
    whole = [each for _, each in found if each.name and each.body and (each.shown or each.machine)]
    texts = {each.body for _, each in found}
    linked = sum(_is_linked(block) for block, _ in found)
    enough = len(whole) >= max(FEWEST, SHARE * len(found))
    return enough and len(texts) > len(found) // 2 and linked <= (1 - SHARE) * len(found)


def _is_linked(block: Block) -> bool:
    """Whether most of the words of a block are links, as in a list of articles."""
    shown = sum(len((e.text or "").strip()) for e in block.own)
    shown += sum(len((e.tail or "").strip()) for e in block.own if e is not block.element)
    links = sum(len(e.text_content().strip()) for e in block.own if e.tag == "a")
    headed = any(e.tag in ("h1", "h2", "h3") and e.find(".//a") is not None for e in block.own)
    return headed or links * 2 > shown


def _sections(blocks: Sequence[Block]) -> tuple[HtmlElement, ...]:
    """The lists, which hold no article text."""
    lists: dict[HtmlElement, None] = {}
    for block in blocks:
        above = block.element.getparent()
        if block.above is None and above is not None:
            fits = above.tag not in ("body", "main", "html", "article") and above.find(".//h1") is None
            lists[above if fits else block.element] = None
    return tuple(lists)


def _stated(page: Page, blocks: set[HtmlElement]) -> int | None:
    """What the last heading before the first block says."""
    stated = None
    for element in page.html.iter():
        if element in blocks:
            break
        if element.tag in ("h2", "h3", "h4", "h5", "span", "p") and element.getparent() not in blocks:
            line = " ".join(element.text_content().split())
            if 0 < len(line) <= LONGEST_HEADING and not line_rules.is_elsewhere(line):
                found = line_rules.stated_count(line)
                stated = stated if found is None else found
    return stated
