"""WordPress's comments as themes print them: the list of one page, and the pages of one thread."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import day_order
from archive.thread import Author, Comment, Flag
from crawler.pages.page import Page
from crawler.platforms.comment_elements import Block, Numbering, blocks, settle_parents
from crawler.platforms.comment_fields import Said, posted, said
from crawler.platforms.nesting import nested

COMMENT_PAGE = re.compile(r"([?&]cpage=|/comment-page-)(\d{1,5})(?=[/&#?]|$)")
COMMENT_LINK = re.compile(r"#comment-(\d{1,19})$")
MOST_PAGES = 500
SECTION = re.compile(
    r"(?:^|\s)(?:comments|respond|commentform|comment-respond|comments-area|comment-area|comments-wrapper|comments_wrap|"
    r"comments-section|comment-section|wpd-threads|wpdcom|commentlist|comment-list|wp-block-comments|wp-block-post-comments|"
    r"wp-block-comment-template|comments-template|post-comments|nocomments|no-comments|pinglist|pings|trackbacks)(?=\s|$)",
    re.IGNORECASE,
)
COUNTING = re.compile(
    r"(?:^|[\s_-])(?:comments?|title|heading|count|respond|responses?|thread-info)(?=[\s_-]|$)", re.IGNORECASE
)
SECTION_TAGS = frozenset(("div", "section", "ol", "ul", "dl", "form", "h2", "h3", "p", "footer", "aside"))
NOTICES = frozenset(("p", "div", "span", "h3", "h4", "em"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
STAFF = re.compile(r"(?:^|\s)bypostauthor(?=\s|$)")
MEMBER = re.compile(r"(?:^|\s)(?:byuser|comment-author-(?!name|link|avatar|vcard|wrap|info|box)(\S+))(?=\s|$)")
LOGIN = re.compile(r"(?:^|\s)byuser\s+comment-author-(\S+)")
LONGEST_HEADING = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """The comments of one page. `stated_count` counts the pingbacks in, which are no comments; `sections` hold list and
    form, and so no article text; `more` are the thread's other comment pages by number, `number` is this one's."""

    comments: tuple[Comment, ...]
    sections: tuple[HtmlElement, ...]
    stated_count: int | None
    pingbacks: int
    closed: bool | None
    number: int | None
    more: Mapping[int, str]


def listing(page: Page, number: int, numbering: Numbering | None = None) -> Listing | None:
    """The comments of a page, which is page `number` of its thread; None where there is neither list nor form."""
    found = blocks(page.html, numbering)
    around, before = _outside(page.html, found)
    sections = _sections(around, found)
    if not found and not sections:
        return None
    listed = [block for block in found if not block.ping]
    read = [(block, each) for block in listed if not _is_ping(each := said(block))]
    within = _within(around, sections)
    return Listing(
        tuple(_comments(page, number, found, read)),
        sections,
        _stated_count(around[:before] if found else around, within, listed=bool(found)),
        len(found) - len(read),
        _closed(around, within),
        *_more(page, {block.number for block in found}),
    )


def joined(listings: Sequence[Listing]) -> tuple[Comment, ...]:
    """The comments of all pages, as one tree."""
    return nested(comment for each in listings for comment in each.comments)


def _is_ping(each: Said) -> bool:
    return line_rules.is_pingback((each.name or "")[:40]) or (not each.name and line_rules.is_pingback(each.body[:40]))


def _comments(page: Page, number: int, found: Sequence[Block], read: Sequence[tuple[Block, Said]]) -> Iterator[Comment]:
    parents = settle_parents(found)
    day_first = day_order([each.shown for _, each in read if each.shown])
    seen: set[str] = set()
    for block, each in read:
        if block.number in seen:
            continue
        seen.add(block.number)
        parent, rule = parents[block.number]
        yield Comment(
            each.body,
            author=_author(block, each.name),
            posted=posted(each, day_first),
            native_id=block.number,
            parent_native_id=parent,
            parent_source="dom",
            state="withheld" if each.waiting else "visible",
            url=_address(page, block),
            flags=(Flag("capture.parent_inferred", rule),) if rule else (),
            page=number,
        )


def _author(block: Block, name: str | None) -> Author | None:
    if name is None:
        return None
    names = block.element.get("class") or ""
    login = LOGIN.search(names)
    member = login is not None or "byuser" in names.split()
    staff = True if STAFF.search(names) else None
    return Author(name, login[1] if login else None, False if member else None, staff)


def _address(page: Page, block: Block) -> str:
    mark = block.element.get("id") or f"comment-{block.number}"
    return f"{page.url.partition('#')[0]}#{mark}"


# around the list


def _sections(around: Sequence[HtmlElement], found: Sequence[Block]) -> tuple[HtmlElement, ...]:
    """The outermost elements that hold the list or the form, and neither headline nor article."""
    article = _around_article(around)
    wanted = list(dict.fromkeys(_list_of(block.element, article) for block in found if block.above is None))
    wanted += [element for element in around if element.tag in SECTION_TAGS and _is_section(element)]
    taken: dict[HtmlElement, None] = {}
    for element in wanted:
        if element in article or element in taken:
            continue
        best = element
        for above in element.iterancestors():
            if above in taken or above in article:
                break
            if _is_section(above):
                best = above
        if not any(above in taken for above in best.iterancestors()):
            taken[best] = None
    return tuple(taken)


def _list_of(element: HtmlElement, article: set[HtmlElement]) -> HtmlElement:
    """The list that a comment stands in, or itself where that holds other things."""
    above = element.getparent()
    is_list = above is not None and (above.tag in ("ol", "ul", "dl") or _is_section(above))
    return above if is_list and above not in article else element


def _outside(tree: HtmlElement, found: Sequence[Block]) -> tuple[list[HtmlElement], int]:
    """The elements of a page that are not within its comments, in document order, and how many stand before them."""
    comments = {block.element for block in found}
    around: list[HtmlElement] = []
    before = 0
    stack = [tree]
    while stack:
        element = stack.pop()
        if element in comments:
            before = before or len(around)
        elif isinstance(element.tag, str):
            around.append(element)
            stack.extend(reversed(element))
    return around, before


def _within(around: Iterable[HtmlElement], sections: Iterable[HtmlElement]) -> set[HtmlElement]:
    """Those elements that stand in a section."""
    inside = set(sections)
    for element in around:
        if element.getparent() in inside:
            inside.add(element)
    return inside


def _is_section(element: HtmlElement) -> bool:
    return _matches(SECTION, element.get("class")) or _matches(SECTION, element.get("id"))


def _around_article(around: Iterable[HtmlElement]) -> set[HtmlElement]:
    """All elements that hold a headline, or the article's own text."""
    found: set[HtmlElement] = set()
    for element in around:
        if element.tag in ("html", "body", "main"):
            found.add(element)
        elif element.tag == "h1" or (element.tag == "div" and _is_post(element)):
            above = element if element.tag == "div" else element.getparent()
            while above is not None and above not in found:
                found.add(above)
                above = above.getparent()
    return found


def _is_post(element: HtmlElement) -> bool:
    return "entry-content" in (element.get("class") or "").split() and not _in_comments(element)


def _in_comments(element: HtmlElement) -> bool:
    return any("comment" in (above.get("id") or "").lower() for above in element.iterancestors())


def _stated_count(before: Iterable[HtmlElement], within: set[HtmlElement], *, listed: bool) -> int | None:
    """What the heading of the list says: the last line before the first comment that counts comments."""
    count = None
    for element in before:
        if element in within or _counts(element, listed=listed):
            count = _counted(element, count)
    return count


def _counts(element: HtmlElement, *, listed: bool) -> bool:
    """Whether a heading may be that of the list: any one above it, or one that says so where there is no list."""
    if element.tag not in HEADINGS:
        return False
    return listed or _is_counting(element)


def _is_counting(element: HtmlElement) -> bool:
    return _matches(COUNTING, element.get("class")) or _matches(COUNTING, element.get("id"))


@lru_cache(16_384)
def _matches(pattern: re.Pattern[str], names: str | None) -> bool:
    return bool(names) and bool(pattern.search(names or ""))


def _counted(element: HtmlElement, before: int | None) -> int | None:
    if element.tag not in HEADINGS and not _is_counting(element):
        return before
    line = _line(element)
    if not line or line_rules.is_elsewhere(line):
        return before
    found = line_rules.stated_count(line)
    return before if found is None else found


def _closed(around: Iterable[HtmlElement], within: set[HtmlElement]) -> bool | None:
    closed = None
    for element in around:
        if element.tag == "form":
            if element.get("id") == "commentform" or "wp-comments-post.php" in (element.get("action") or ""):
                return False
        elif closed is None and element.tag in NOTICES and element in within:
            line = _line(element)
            if line and line_rules.is_closed(line):
                closed = True
    return closed


def _line(element: HtmlElement) -> str | None:
    """The text of an element, or None where it is longer than any heading or notice."""
    pieces: list[str] = []
    length = 0
    for piece in element.itertext():
        words_of_piece = piece.split()
        pieces += words_of_piece
        length += sum(map(len, words_of_piece)) + len(words_of_piece)
        if length > LONGEST_HEADING + 1:
            return None
    return " ".join(pieces)


def _more(page: Page, comments: set[str]) -> tuple[int | None, Mapping[int, str]]:
    """This comment page's number, and the thread's other ones: those that are linked, and those between them.

    `comments` are the numbers of those that stand here: what links to one of them names this page.
    """
    own = page.url.partition("#")[0]
    post = COMMENT_PAGE.sub("", urlsplit(own).path).rstrip("/")
    linked: dict[int, str] = {}
    current, bare = _number(own), False
    for link in page.html.iter("a"):
        href = link.get("href") or ""
        if not COMMENT_PAGE.search(href) or "replytocom" in href:
            bare = bare or (not href.startswith("#") and _comment_in(href) in comments)
            continue
        url, _, _ = (page.absolute(href) or "").partition("#")
        number = _number(url)
        if number and COMMENT_PAGE.sub("", urlsplit(url).path).rstrip("/") == post:
            linked.setdefault(number, url)
            current = current or (number if _comment_in(href) in comments else None)
    if not linked:
        return current, {}
    current = current or _current(page.html) or (1 if bare and 1 not in linked else None)
    form = next(iter(linked.values()))
    numbers = range(1, min(max(linked), MOST_PAGES) + 1)
    return current, {n: linked.get(n) or COMMENT_PAGE.sub(rf"\g<1>{n}", form) for n in numbers if n != current}


def _comment_in(href: str) -> str | None:
    """The number of the comment that a link leads to."""
    found = COMMENT_LINK.search(href)
    return found[1] if found else None


def _number(url: str) -> int | None:
    found = COMMENT_PAGE.search(url)
    return int(found[2]) if found else None


def _current(tree: HtmlElement) -> int | None:
    """The number that the list of comment pages shows as the page that it stands on."""
    for element in tree.iter("span"):
        names = (element.get("class") or "").split()
        if "current" in names and "page-numbers" in names and _among_comment_pages(element):
            shown = "".join(ch for ch in element.text_content() if ch.isdecimal())
            return int(shown) if shown and len(shown) < 6 else None
    return None


def _among_comment_pages(element: HtmlElement) -> bool:
    above = element.getparent()
    for _ in range(3):
        if above is None:
            return False
        if any(COMMENT_PAGE.search(link.get("href") or "") for link in above.iter("a")):
            return True
        above = above.getparent()
    return False
