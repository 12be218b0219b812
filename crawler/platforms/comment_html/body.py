"""The text of one comment of an HTML list: by class names, else what is left beside author, date and buttons."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import find_date, is_date, may_hold_date
from archive.text.html_text import bare_paragraphs, element_text, fold_space
from crawler.platforms.comment_html.block_ids import LINKED_ID
from crawler.platforms.comment_html.class_names import SURE, WEAK
from crawler.platforms.comment_html.elements import HEADS, CommentElement
from crawler.platforms.comment_html.head_lines import (
    AROUND_LINE,
    LONGEST_DATE_LINE,
    LONGEST_DATE_REST,
    is_head_line,
    without_head,
)
from crawler.platforms.comment_html.parts import (
    BLOCKS,
    FACTS,
    MOST_BELOW,
    Part,
    holds_text,
    is_button,
    is_name,
    is_own_link,
    is_picture_of_author,
    is_short,
    is_signature,
    property_of,
    traits_of,
    wholes_of,
)
from crawler.platforms.comment_html.text_box import find_text_box, is_found_by_length

BODY_PROPERTIES = frozenset(("text", "commenttext", "description", "reviewbody"))
PARAGRAPHS = frozenset(("p", "blockquote", "ul", "ol", "pre", "dl", "table", "figure")) | frozenset(
    ("h1", "h2", "h3", "h4", "h5", "h6")
)
LONGEST_BUTTON = 20
LONGEST_LABEL = 12
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
SHORTEST_BARE = 20  # characters of text beside paragraphs that are no line of name or date
APART = frozenset(("aside", "nav", "footer"))  # which hold what stands beside a text
HOLDERS = frozenset(("div", "li", "td", "tr", "table", "article", "section", "dl", "dd", "ol", "ul", "body", "main"))
LONGEST_REST = 90  # what a line may hold beside name or date: "says", "at", a badge
QUOTED = re.compile(r"^> ?", re.MULTILINE)


def find_content(comment: CommentElement, own: Sequence[Part]) -> HtmlElement | None:
    """Return the element that holds the text and little else, or None."""
    best: HtmlElement | None = None
    best_rank = WEAK + 1
    for element, kind in own:
        if property_of(element) in BODY_PROPERTIES:
            return element
        rank = kind.content
        if rank is None or element is comment.root or element.tag in ("a", "img") or not _has_content(element):
            continue
        # Of two that are sure, one within the other, the inner one: "comment-content" around "comment-text".
        is_inner = rank == best_rank == SURE and best is not None and best in element.iterancestors()
        if rank < best_rank or is_inner:
            best, best_rank = element, rank
    if best is None and traits_of(comment.root).content == SURE:
        return comment.root
    best = _beside_label(best, own)
    return _innermost(best, best_rank, own) if best is not None else find_text_box(comment, own)


def _beside_label(content: HtmlElement | None, own: Sequence[Part]) -> HtmlElement | None:
    """Return the text that stands apart from what is called text and holds a word or two ("(new)"), if there is one."""
    text = content.text_content() if content is not None else ""
    if content is None or len(text.split(None, LONGEST_LABEL)) > LONGEST_LABEL or len(fold_space(text)) > LONGEST_LABEL:
        return content
    around = {*content.iterancestors(), *content.iter()}
    length = len(fold_space(text))
    for element, kind in own:
        is_text = kind.content is not None and not kind.furniture and element.tag in HOLDERS
        if is_text and element not in around and len(fold_space(element.text_content())) > length:
            return element
    return content


def _innermost(content: HtmlElement | None, rank: int, own: Sequence[Part]) -> HtmlElement | None:
    """Return the text within an element that is called text, but holds name or date and another one called so."""
    if content is None:
        return None
    if rank == WEAK:
        length = sum(len((e.text or "").strip()) + len((e.tail or "").strip()) for e, _ in own)
        if len(fold_space(content.text_content())) * 4 < length:
            return None
        inside = set(content.iterdescendants())
        weak = [
            e for e, kind in own if e in inside and kind.content is not None and not kind.furniture and _has_content(e)
        ]
        inner = max(weak, key=lambda e: len(fold_space(e.text_content())), default=content)
        return (
            inner
            if len(fold_space(inner.text_content())) * 5 >= len(fold_space(content.text_content())) * 2
            else content
        )
    inside = set(content.iter())
    inner = [(e, kind) for e, kind in own if e is not content and e in inside]
    if not any(e.tag == "time" or kind.dated or kind.name is not None for e, kind in inner):
        return content
    texts = [
        e for e, kind in inner if kind.content is not None and not kind.furniture and e.tag != "a" and _has_content(e)
    ]
    if not texts:
        return content
    longest = max(texts, key=lambda e: len(fold_space(e.text_content())))
    holders = [e for e in texts if e is longest or longest in set(e.iterancestors())]
    return (
        holders[-1]
        if len(fold_space(longest.text_content())) * 2 >= len(fold_space(content.text_content())) or rank != SURE
        else longest
    )


def _has_content(element: HtmlElement) -> bool:
    return any(piece.strip() for piece in element.itertext()) or element.find(".//img") is not None


def is_text_only(content: HtmlElement) -> bool:
    """Whether an element is made for the text alone."""
    return traits_of(content).content == SURE or property_of(content) in BODY_PROPERTIES or is_found_by_length(content)


def outside_text(own: Sequence[Part], content: HtmlElement | None) -> list[Part]:
    """Return what stands apart from the text: all but its element, or where that holds more, all but its paragraphs."""
    if content is not None and is_text_only(content) and not (own and content is own[0][0]):
        inside = set(content.iter())
    else:
        inside = set()
        within = {*content.iter()} if content is not None else None
        around = {*content.iterancestors()} if content is not None else set()
        wholes = wholes_of(own)
        for element, _ in own:
            is_block = (
                element in around
                or (element in wholes and (element.tag in BLOCKS or (element.tag == "p" and element.keys())))
                or (within is not None and element.tag in FACTS | HEADINGS and element not in within)
            )
            if element.tag in PARAGRAPHS and element not in inside and not is_block and not is_head(element):
                inside.update(element.iter())
    return [part for part in own if part[0] not in inside]


def is_head(paragraph: HtmlElement) -> bool:
    """Whether a paragraph is a line of name or date."""
    if _goes_on(paragraph):
        return False
    above = paragraph.getparent()
    if above is not None and above.tag == "header" and is_short(paragraph):
        return True
    kind = traits_of(paragraph)
    if kind.furniture or (kind.name is not None and is_short(paragraph)) or _is_line_of_date(paragraph):
        return True
    for element in islice(paragraph.iter(), MOST_BELOW):
        if isinstance(element.tag, str):
            kind = traits_of(element)
            if is_name(element, kind) or kind.dated or element.tag in ("time", "cite") or is_own_link(element):
                return True
            if element.tag == "a" and paragraph.tag in HEADINGS and is_signature(element):
                return True
            if element.tag == "a" and LINKED_ID.search(element.get("href") or "") and is_short(paragraph):
                return find_date(fold_space(paragraph.text_content())) is not None
    return False


def _goes_on(line: HtmlElement) -> bool:
    """Whether more than buttons stands behind a break in a line: the text itself."""
    texts = (fold_space(below.tail or "") for below in line if below.tag == "br")
    return any(any(map(str.isalnum, text)) and not line_rules.is_reply(text) and not is_date(text) for text in texts)


def _is_line_of_date(paragraph: HtmlElement) -> bool:
    """Whether a paragraph is a date, a heading with one, or a name and a date behind it, none of them with a class."""
    if not is_short(paragraph):
        return False
    line = fold_space(paragraph.text_content())
    if not may_hold_date(line):
        return False
    if is_date(line) or (paragraph.tag in HEADINGS and find_date(line)):
        return True
    name = next(iter(paragraph), None)
    if name is None or name.tag not in ("b", "strong", "cite", "a", "span") or (paragraph.text or "").strip():
        return False
    line = fold_space(name.tail or "")
    date = find_date(line) if len(line) <= LONGEST_DATE_LINE and may_hold_date(line) else None
    return date is not None and len(line) - (date[1] - date[0]) < LONGEST_DATE_REST


def read_body(
    comment: CommentElement,
    own: Sequence[Part],
    content: HtmlElement | None,
    apart: set[HtmlElement],
    name: str | None,
) -> str:
    """Return the text of a comment; `apart` are the elements that hold its author and its date."""
    if content is not None and is_text_only(content) and content is not comment.root:
        simple = bare_paragraphs(content)
        return _text_alone(comment, content, apart) if simple is None else simple
    elements = [element for element, _ in own]
    whole = content if content is not None else comment.root
    lines = frozenset(_lines_of(apart, {whole, comment.root}))
    line = (comment.root,) if comment.is_foot or comment.is_head else ()
    furniture = set(_furniture(elements, whole)).difference(comment.siblings if comment.is_head else ())
    skip = frozenset((*furniture, *comment.nested, *apart, *lines, *line))
    paragraphs = _without_title(list(_paragraphs(elements, skip, content)))
    body = "\n\n".join(filter(None, (element_text(paragraph, skip=skip) for paragraph in paragraphs)))
    if comment.is_head and comment.siblings and comment.siblings[0].tag == "blockquote":  # for its looks
        body = QUOTED.sub("", body)
    has_more = _has_bare_text(comment, paragraphs, skip, name)
    if body and not has_more and (content is None or not _holds_bare_text(content, paragraphs, skip, name)):
        return (without_head(body, name) or body) if content is None else body
    skip = skip | {e for e in elements if e.tag in HEADINGS and body and e not in paragraphs}
    # No paragraphs at all: the text stands bare beside name and date.
    is_headed = name is not None and content is None and comment.root.tag in HEADS | {"tr"} and comment.siblings
    siblings = comment.siblings if content is None else ()
    pieces = [element_text(e, skip=skip) for e in (*(() if is_headed or line else (whole,)), *siblings)]
    text = "\n\n".join(filter(None, pieces))
    if whole is comment.root and whole.tag == "blockquote":
        text = QUOTED.sub("", text)
    text = without_head(text, name) or body or ("" if any(map(str.isalnum, text)) else text)
    if not text and lines:  # the text stands in one line with the name
        text = element_text(comment.root, skip=skip.difference(lines)).lstrip(AROUND_LINE)
    return text


def _text_alone(comment: CommentElement, content: HtmlElement, apart: set[HtmlElement]) -> str:
    """Return what an element made for the text holds: without furniture, unless that is all."""
    elements = [element for element in content.iter() if isinstance(element.tag, str)]
    others = frozenset((*comment.nested, *apart, *_lines_of(apart.intersection(elements), {content})))
    text = element_text(content, skip=others.union(_furniture(elements, content)))
    return text or element_text(content, skip=others)


def _without_title(paragraphs: list[HtmlElement]) -> list[HtmlElement]:
    """Leave out the heading above a text: it is the comment's title."""
    if len(paragraphs) > 1 and paragraphs[0].tag in HEADINGS:
        return paragraphs[1:]
    return paragraphs


def _has_bare_text(
    comment: CommentElement, paragraphs: Sequence[HtmlElement], skip: frozenset[HtmlElement], name: str | None
) -> bool:
    """Whether more text stands beside paragraphs than lines of name and date."""
    chosen, own = set(paragraphs), set(comment.own)
    for above in dict.fromkeys(paragraph.getparent() for paragraph in paragraphs):
        if above is None or above in skip:
            continue
        children = list(above if above in own else islice(above, MOST_BELOW + 1))
        if above not in own and len(children) > MOST_BELOW:  # what many comments share would be read for each of them
            children = [comment.root, *comment.siblings]
        pieces = [above.text, *(child.tail for child in children if child not in skip or child in chosen)]
        for piece in pieces:
            line = fold_space(piece or "")
            if len(line) >= SHORTEST_BARE and not is_head_line(line, name) and not line_rules.is_reply(line):
                return True
    return False


def _holds_bare_text(
    content: HtmlElement, paragraphs: Sequence[HtmlElement], skip: frozenset[HtmlElement], name: str | None
) -> bool:
    """Whether elements of the text's own hold bare text beside its paragraphs: the rest of one that unfolds."""
    passed: set[HtmlElement] = {*paragraphs, *skip}
    for element in content.iter():
        if element in passed or element.getparent() in passed:
            passed.add(element)
        elif element.tag in HOLDERS:
            line = fold_space(element.text or "")
            if len(line) >= SHORTEST_BARE and not is_head_line(line, name) and not line_rules.is_reply(line):
                return True
    return False


def _furniture(elements: Iterable[HtmlElement], whole: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what themes put around a text: buttons, bylines, ratings."""
    for element in elements:
        if element is whole:
            continue
        if (
            (element.tag == "a" and (is_button(element) or is_picture_of_author(element)))
            or (element.tag in ("cite", "time") and not _is_quoted(element))
            or (element.tag in APART and not holds_text(element) and _is_beside_text(element, whole))
            or (element.text or "").lstrip().startswith(("----------", "__________"))  # a signature
            or (traits_of(element).furniture and not holds_text(element) and not _holds_paragraph(element))
        ):
            yield element


def _is_beside_text(element: HtmlElement, whole: HtmlElement) -> bool:
    """Whether more text stands beside an element than in it."""
    length = len(fold_space(element.text_content()))
    return length * 2 < len(fold_space(whole.text_content()))


def _holds_paragraph(element: HtmlElement) -> bool:
    """Whether paragraphs stand in an element called a head: some themes call all of a comment its info."""
    return element.tag in HOLDERS and any(
        len(fold_space(below.text_content())) > LONGEST_BUTTON and not is_head(below)
        for below in islice(element.iter("p"), 4)
    )


def _is_quoted(element: HtmlElement) -> bool:
    """Whether a `cite` or `time` was written by the commenter, in the middle of a paragraph."""
    above = element.getparent()
    return above is not None and above.tag in ("p", "blockquote") and not is_short(above)


def _lines_of(apart: Iterable[HtmlElement], ends: set[HtmlElement]) -> Iterator[HtmlElement]:
    """Yield the short lines in which name or date stand."""
    for element in apart:
        above = element.getparent()
        while above is not None and above not in ends and above.tag not in HOLDERS:
            rest = len(fold_space(above.text_content())) - len(fold_space(element.text_content()))
            if rest > LONGEST_REST or _goes_on(above):
                break
            yield above
            above = above.getparent()


def _paragraphs(
    elements: Sequence[HtmlElement], skip: frozenset[HtmlElement], content: HtmlElement | None
) -> Iterator[HtmlElement]:
    """Yield the outermost paragraphs of a comment that stand in no furniture."""
    passed: set[HtmlElement] = set()
    inside = None if content is None else set(content.iter())
    for number, element in enumerate(elements):
        above = element.getparent()
        is_first = number == 0 or (number == 1 and elements[0].tag == "a")
        if (is_first and element.tag in BLOCKS) or (element.tag == "figure" and _is_textless(element)):
            continue
        if above in passed or element in skip or (above is not None and above in skip):
            passed.add(element)
        elif element.tag in PARAGRAPHS and (inside is None or element in inside) and not _is_around_all(element):
            passed.add(element)
            yield element


def _is_textless(element: HtmlElement) -> bool:
    return not any(piece.strip() for piece in element.itertext())


def _is_around_all(element: HtmlElement) -> bool:
    """Whether a block quotation holds the line of name and date, too: it is one for its looks."""
    return element.tag == "blockquote" and any(below.tag in PARAGRAPHS and is_head(below) for below in element)
