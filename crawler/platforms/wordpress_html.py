"""WordPress's comments as themes print them: the list of one comment page, and the addresses of the others."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import infer_day_first
from archive.text.removal_notices import as_removed
from archive.thread import Author, Comment, Flag
from crawler.pages.page import Page
from crawler.platforms.comment_html.elements import CommentElement, find_comments
from crawler.platforms.comment_html.fields import CommentFields, parse_fields, posted, reads_as_pingback
from crawler.platforms.comment_html.numbers import Numbering
from crawler.platforms.comment_html.parents_by_number import settle_parents
from crawler.platforms.comment_html.repeated_lines import strip_repeated_lines
from crawler.platforms.wordpress_paging import other_pages

SECTION = re.compile(
    r"(?:^|\s)(?:comments|respond|commentform|comment-respond|comments-area|comment-area|comments-wrapper|"
    r"comments_wrap|"
    r"comments-section|comment-section|wpd-threads|wpdcom|commentlist|comment-list|wp-block-comments|"
    r"wp-block-post-comments|"
    r"wp-block-comment-template|comments-template|post-comments|nocomments|no-comments|pinglist|pings|"
    r"trackbacks)(?=\s|$)",
    re.IGNORECASE,
)
SHARE = re.compile(r"\d\s+(?:of|von|sur|de|di|van|z|из|av|af)\s+\d")
COUNT_HEADING = re.compile(
    r"(?:^|[\s_-])(?:comments?|title|heading|count|respond|responses?|thread-info)(?=[\s_-]|$)", re.IGNORECASE
)
SECTION_TAGS = frozenset(("div", "section", "ol", "ul", "dl", "form", "h2", "h3", "p", "footer", "aside"))
NOTICE_TAGS = frozenset(("p", "div", "span", "h3", "h4", "em"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
LOGIN = re.compile(r"(?:^|\s)byuser\s+comment-author-(\S+)")
LONGEST_HEADING = 200


@dataclass(frozen=True, slots=True)
class CommentPage:
    """The comments of one page of a thread.

    `stated_count` includes the `pingbacks`, which are no comments. `sections` hold the list and the form, and so no
    article text. `number` is this comment page's, `more` are the addresses of the others by number.
    """

    comments: tuple[Comment, ...]
    sections: tuple[HtmlElement, ...]
    stated_count: int | None
    pingbacks: int
    closed: bool | None
    number: int | None
    more: Mapping[int, str]


def read_comment_page(page: Page, page_number: int, numbering: Numbering | None = None) -> CommentPage | None:
    """Read the comments of a page, which is page `page_number` of its thread; None without list or form."""
    elements = find_comments(page.elements, numbering)
    outside, before = _outside(page.html, elements)
    sections = _sections(outside, elements)
    if not elements and not sections:
        return None
    listed = [(element, parse_fields(element)) for element in elements if not element.is_pingback]
    read = [(element, fields) for element, fields in listed if not reads_as_pingback(fields)]
    strip_repeated_lines([fields for _, fields in read])
    inside_sections = set(sections)
    for element in outside:
        if element.getparent() in inside_sections:
            inside_sections.add(element)
    return CommentPage(
        tuple(_comments(page, page_number, elements, read)),
        sections,
        _stated_count(outside[:before] if elements else outside, inside_sections, has_list=bool(elements)),
        len(elements) - len(read),
        _closed(outside, inside_sections),
        *other_pages(page, {element.number for element in elements}),
    )


def _comments(
    page: Page,
    page_number: int,
    elements: Sequence[CommentElement],
    read: Sequence[tuple[CommentElement, CommentFields]],
) -> Iterator[Comment]:
    parents = settle_parents(elements)
    texts = [fields.date_text for _, fields in read if fields.date_text]
    day_first = infer_day_first(texts, page.html.get("lang"))
    seen: set[str] = set()
    for element, fields in read:
        if element.number in seen:
            continue
        seen.add(element.number)
        parent, rule = parents[element.number]
        anchor = element.root.get("id") or f"comment-{element.number}"
        comment = Comment(
            fields.body,
            author=_author(element, fields.name),
            posted=posted(fields, day_first, page.fetched_at),
            native_id=element.number,
            parent_native_id=parent,
            parent_source="dom",
            state="withheld" if fields.in_moderation else "visible",
            url=f"{page.url.partition('#')[0]}#{anchor}",
            flags=(Flag("capture.parent_inferred", rule),) if rule else (),
            page=page_number,
        )
        yield as_removed(comment)


def _author(element: CommentElement, name: str | None) -> Author | None:
    if name is None:
        return None
    classes = element.root.get("class") or ""
    login = LOGIN.search(classes)
    is_member = login is not None or "byuser" in classes.split()
    is_staff = True if "bypostauthor" in classes.split() else None
    return Author(name, login[1] if login else None, False if is_member else None, is_staff)


# around the list


def _outside(tree: HtmlElement, elements: Sequence[CommentElement]) -> tuple[list[HtmlElement], int]:
    """Return the page's elements outside its comments, in document order, and how many of them precede the comments."""
    comments = {element.root for element in elements}
    outside: list[HtmlElement] = []
    before = 0
    stack = [tree]
    while stack:
        element = stack.pop()
        if element in comments:
            before = before or len(outside)
        elif isinstance(element.tag, str):
            outside.append(element)
            stack.extend(reversed(element))
    return outside, before


def _sections(outside: Sequence[HtmlElement], elements: Sequence[CommentElement]) -> tuple[HtmlElement, ...]:
    """Return the outermost elements that hold the list or the form, but neither headline nor article."""
    article = _around_article(outside)
    candidates: dict[HtmlElement, None] = {}
    for comment in elements:
        if comment.above is None:
            above = comment.root.getparent()
            is_list = above is not None and (above.tag in ("ol", "ul", "dl") or _is_section(above))
            candidates[above if is_list and above not in article else comment.root] = None
    candidates |= dict.fromkeys(e for e in outside if e.tag in SECTION_TAGS and _is_section(e))
    sections: dict[HtmlElement, None] = {}
    for element in candidates:
        if element in article or element in sections:
            continue
        outermost = element
        for above in element.iterancestors():
            if above in sections or above in article:
                break
            if _is_section(above):
                outermost = above
        if not any(above in sections for above in outermost.iterancestors()):
            sections[outermost] = None
    return tuple(sections)


def _is_section(element: HtmlElement) -> bool:
    return _is_called(element, SECTION)


def _is_called(element: HtmlElement, pattern: re.Pattern[str]) -> bool:
    class_ = element.get("class")
    if class_ and _matches(pattern, class_):
        return True
    id_ = element.get("id")
    return bool(id_) and _matches(pattern, id_)


@lru_cache(16_384)
def _matches(pattern: re.Pattern[str], names: str) -> bool:
    return pattern.search(names) is not None


def _around_article(outside: Iterable[HtmlElement]) -> set[HtmlElement]:
    """Return all elements that hold a headline, or the article's own text."""
    around: set[HtmlElement] = set()
    for element in outside:
        if element.tag in ("html", "body", "main"):
            around.add(element)
        elif element.tag == "h1" or (element.tag == "div" and _is_post(element)):
            above = element if element.tag == "div" else element.getparent()
            while above is not None and above not in around:
                around.add(above)
                above = above.getparent()
    return around


def _is_post(element: HtmlElement) -> bool:
    # Some themes print "entry-content" around comments, too.
    return "entry-content" in (element.get("class") or "").split() and not any(
        "comment" in (above.get("id") or "").lower() for above in element.iterancestors()
    )


def _stated_count(before: Iterable[HtmlElement], inside_sections: set[HtmlElement], *, has_list: bool) -> int | None:
    """Return what the last line before the comments that counts comments says.

    With a list any heading above it may count, without one only a heading that is called so.
    """
    count = None
    for element in before:
        if element.tag in HEADINGS:
            may_count = has_list or element in inside_sections or _is_count_heading(element)
        else:
            may_count = element in inside_sections and (_is_count_heading(element) or _states_share(element))
        if not may_count:
            continue
        line = _line(element)
        stated = line_rules.stated_count(line) if line else None
        if line and stated is not None and not line_rules.is_elsewhere(line):
            count = stated
    return count


def _states_share(element: HtmlElement) -> bool:
    """Whether a line says how many of the comments a page shows: "Showing 3 of 10 comments"."""
    return element.tag in ("p", "span", "div") and SHARE.search(_line(element) or "") is not None


def _is_count_heading(element: HtmlElement) -> bool:
    return _is_called(element, COUNT_HEADING)


def _closed(outside: Iterable[HtmlElement], inside_sections: set[HtmlElement]) -> bool | None:
    """Return whether comments are closed: False with a form, True with a notice, None where the page does not say."""
    closed = None
    for element in outside:
        if element.tag == "form":
            if element.get("id") == "commentform" or "wp-comments-post.php" in (element.get("action") or ""):
                return False
        elif closed is None and element.tag in NOTICE_TAGS and element in inside_sections:
            line = _line(element)
            if line and line_rules.is_closed(line):
                closed = True
    return closed


def _line(element: HtmlElement) -> str | None:
    """Return the text of an element, or None where it is longer than any heading or notice."""
    words: list[str] = []
    length = 0
    for piece in element.itertext():
        piece_words = piece.split()
        words += piece_words
        length += sum(map(len, piece_words)) + len(piece_words)
        if length > LONGEST_HEADING + 1:  # stop early: sections hold whole threads
            return None
    return " ".join(words)
