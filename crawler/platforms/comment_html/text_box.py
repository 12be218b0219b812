"""The box in which the text of a comment stands, where no name says which: the one with the most bare text."""

from collections.abc import Sequence

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import find_date, may_hold_date
from archive.text.html_text import fold_space, line_of
from crawler.platforms.comment_html.elements import CommentElement
from crawler.platforms.comment_html.parts import FACTS, LONGEST_LINE, Part, is_short, traits_of

PARAGRAPHS = FACTS | frozenset(("p", "blockquote", "pre", "table"))
BOXES = frozenset(("div", "td", "dd", "section", "article"))
INLINE = frozenset("a b strong i em u s span font small sup sub code q abbr mark del ins".split())  # noqa: SIM905
LONGEST_FACT = 50
SHORTEST_BARE = 20  # characters of text beside paragraphs that are no line of name or date
SHORTEST_TEXT = 12
LONGEST_HEAD = 120  # characters that a line of name and date may have
SURE = 2  # so many times the text of any other line
LONGEST_BESIDE = 40  # characters of a line beside its date


def find_text_box(comment: CommentElement, own: Sequence[Part]) -> HtmlElement | None:
    """Return the box that holds a comment's text by its length; None where its paragraphs do."""
    paragraphs = [element for element, _ in own if element.tag in PARAGRAPHS and element is not comment.root]
    if not paragraphs:
        return _longest_box(comment, own)
    if any(element.tag not in FACTS for element in paragraphs):
        return None
    bare = {e: _bare_length(e) for e, kind in own if e.tag in ("div", "td") and not kind.furniture}
    box = max(bare, key=bare.__getitem__, default=None)
    texts = [paragraph for paragraph in paragraphs if not _are_facts(paragraph)]
    most = sum(len(fold_space(paragraph.text_content())) for paragraph in texts)
    least = max(most, SHORTEST_BARE if len(texts) == len(paragraphs) else 0)
    return box if box is not None and box is not comment.root and bare[box] > least else None


def _are_facts(paragraph: HtmlElement) -> bool:
    """Whether a list has short items alone: a name, a date, a group, buttons."""
    return all(len(fold_space(item.text_content())) <= LONGEST_FACT for item in paragraph)


def _bare_length(element: HtmlElement) -> int:
    return sum(len((piece or "").strip()) for piece in (element.text, *(child.tail for child in element)))


def _longest_box(comment: CommentElement, own: Sequence[Part]) -> HtmlElement | None:
    """Return the box with the most text, or the one that holds it and others like it as paragraphs."""
    lengths: dict[HtmlElement, int] = {}
    for element, _ in reversed(own):
        length = lengths[element] = lengths.get(element, 0) + len((element.text or "").strip())
        above = element.getparent()
        inside = length if element.tag in INLINE else 0
        lengths[above] = lengths.get(above, 0) + inside + len((element.tail or "").strip())
    boxes = {
        e: lengths[e]
        for e, kind in own
        if e is not comment.root and e.tag in BOXES and not kind.furniture and lengths[e] >= SHORTEST_TEXT
    }
    box = next((e for e in sorted(boxes, key=boxes.__getitem__, reverse=True) if not _is_head(e)), None)
    if box is None or boxes[box] <= lengths.get(comment.root, 0):
        return None
    if boxes[box] < LONGEST_HEAD:  # a head stands before its text, and buttons do not
        behind = own[next(number for number, (element, _) in enumerate(own) if element is box) :]
        within = set(box.iter())
        if any(SURE * lengths[e] > boxes[box] and e not in within and not _is_head(e) for e, _ in behind):
            return None
    above = box.getparent()
    alike = [child for child in above if child.tag == box.tag and child.get("class") == box.get("class")]
    if len(alike) == 1:
        return box
    return None if above is comment.root or above not in lengths or any(map(_is_head, above)) else above


def _is_head(box: HtmlElement) -> bool:
    """Whether a box is but a line of date, or a button."""
    if not is_short(box):
        return False
    line = line_of(box, LONGEST_LINE, " ")
    date = find_date(line) if any(map(str.isdigit, line)) and may_hold_date(line) else None
    return line_rules.is_reply(line) or (date is not None and len(line) - (date[1] - date[0]) <= LONGEST_BESIDE)


def is_found_by_length(content: HtmlElement) -> bool:
    """Whether nothing calls an element a text: only its length told that it is one."""
    return content.tag in BOXES and traits_of(content).content is None
