"""Comment lists in HTML: which elements are comments, which belongs to which, and what each comment owns.

A comment is identified by its number, which themes print as an id (`comment-12`, `li-comment-12`, `div-comment-12`), as
data (`data-commentid`), or at the least in its links (`#comment-12`, `replytocom=12`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from lxml.html import HtmlElement

from crawler.platforms.comment_html.class_names import WIDGET, traits
from crawler.platforms.comment_html.numbers import (
    MOVE_FORM,
    OWN_LINK,
    REPLY_LINK,
    Numbering,
    Numbers,
    linked_number,
    number_of,
)

UNMARKED = frozenset(("li", "div", "article", "dd", "tr"))
MARKS = frozenset(("id", "data-commentid", "data-comment-id"))
CLASS_ALONE = ["class"]
LISTS = frozenset(("ol", "ul", "dl", "table", "tbody"))
ENDS = LISTS | frozenset(("html", "body", "form", "main", "section", "aside", "tr"))
HEADS = frozenset(("dt", "a", "h2", "h3", "h4", "h5", "h6"))
MOST_SIBLINGS = 40
LEVELS_TO_LIST = 4
MOST_SAMPLES, MOST_LINKS = 12, 20


@dataclass(eq=False, slots=True)
class CommentElement:
    """A comment in a tree.

    `own` are its elements in document order without those of its replies, which stand in `nested`; `siblings` belong to
    it beside `root`: before that where it `is_foot`, a line of name and date; behind such a line where it `is_head`.
    `above` is the comment that it stands in or below, `depth` what the theme printed, from 1.
    """

    number: str
    root: HtmlElement
    own: list[HtmlElement] = field(default_factory=list)
    above: "CommentElement | None" = None
    depth: int | None = None
    is_pingback: bool = False
    stated_parent: str | None = None
    nested: list[HtmlElement] = field(default_factory=list)
    siblings: list[HtmlElement] = field(default_factory=list)
    is_foot: bool = False
    is_head: bool = False


def find_comments(elements: Sequence[HtmlElement], numbering: Numbering | None = None) -> list[CommentElement]:
    """Return the comments among a page's elements in document order, each with the elements that it owns."""
    marks = _MarkIndex(elements, numbering or number_of)
    return _Assignment(elements, marks.comments(), marks.owner).assign()


class _MarkIndex:
    """Which elements mark which comments.

    `owner[e]` is the first number below or at an element, `holders[e]` how many of its children own a number and are no
    lists of replies.
    """

    def __init__(self, elements: Iterable[HtmlElement], numbering: Numbering) -> None:
        self.first: dict[str, HtmlElement] = {}
        self.parents: dict[str, str] = {}
        self.owner: dict[HtmlElement, str] = {}
        self.holders: dict[HtmlElement, int] = {}
        self.widgets: dict[HtmlElement, HtmlElement | None] = {}
        marks = ((element, numbering(element)) for element in elements if _may_be_marked(element))
        for element, numbers in self._without_widgets((e, numbers) for e, numbers in marks if numbers is not None):
            if numbers[0] not in self.first:
                self._mark(element, *numbers)
        if not self.first and numbering is number_of:
            wrappers = [e for e in elements if e.tag in UNMARKED and traits(e.get("class")).wrapper]
            linked = ((element, linked_number(element)) for element in wrappers)
            for element, numbers in self._without_widgets((e, (number, None)) for e, number in linked if number):
                if element not in self.owner and numbers[0] not in self.first:
                    self._mark(element, *numbers)

    def _without_widgets(self, marks: Iterable[tuple[HtmlElement, Numbers]]) -> list[tuple[HtmlElement, Numbers]]:
        """Return the marks that stand in no list of comments on other pages.

        A wrapper's name is weak evidence for such a list: what stands in it, taken together, decides.
        """
        result = list(marks)
        by_widget: dict[HtmlElement, list[HtmlElement]] = {}
        for element, _ in result:
            widget = self._widget_around(element)
            if widget is not None:
                by_widget.setdefault(widget, []).append(element)
        if not by_widget:
            return result
        elsewhere = {e for elements in by_widget.values() if not _is_own_thread(elements) for e in elements}
        return [mark for mark in result if mark[0] not in elsewhere]

    def _mark(self, element: HtmlElement, number: str, parent: str | None) -> None:
        self.first[number] = element
        if parent and parent != "0":
            self.parents[number] = parent
        while element is not None and element not in self.owner:
            self.owner[element] = number
            above = element.getparent()
            if above is not None and not _holds_replies(element):
                self.holders[above] = self.holders.get(above, 0) + 1
            element = above

    def _widget_around(self, element: HtmlElement) -> HtmlElement | None:
        """Return the innermost wrapper that is named as a widget. Remembers the verdict for all on the path."""
        path = []
        widget: HtmlElement | None = None
        while element is not None:
            if element in self.widgets:
                widget = self.widgets[element]
                break
            path.append(element)
            if element.tag not in ("html", "body"):
                name = element.get("id")
                if traits(element.get("class")).widget or (name is not None and bool(WIDGET.search(name))):
                    widget = element
                    break
            element = element.getparent()
        self.widgets.update(dict.fromkeys(path, widget))
        return widget

    def comments(self) -> dict[HtmlElement, CommentElement]:
        """Return the comments by their outermost element, in document order."""
        result = {}
        for number, mark in self.first.items():
            root = self._outermost(number, mark)
            depth = traits(root.get("class")).depth
            depth = traits(mark.get("class")).depth if depth is None else depth
            result[root] = CommentElement(number, root, depth=depth, stated_parent=self.parents.get(number))
        return result

    def _outermost(self, number: str, element: HtmlElement) -> HtmlElement:
        """Return the element that holds all of a comment: its mark, or a wrapper around that."""
        best, is_anchor = element, element.tag == "a"
        while True:
            above = element.getparent()
            if above is None or above.tag in ENDS or self.owner.get(above) != number:
                break
            kind = traits(above.get("class"))
            if self.holders.get(above, 0) > 1 or kind.plural or traits(above.get("id")).plural:
                break
            if is_anchor or above.tag == "li" or kind.wrapper:
                best, is_anchor = above, False
            element = above
        return best


def _may_be_marked(element: HtmlElement) -> bool:
    """Whether an element has an attribute in which a number may stand: XPath takes twice as long to tell."""
    names = element.keys()
    return bool(names) and names != CLASS_ALONE and (element.tag == "a" or not MARKS.isdisjoint(names))


def _is_own_thread(elements: Sequence[HtmlElement]) -> bool:
    """Whether marked elements in a widget read as the page's own thread: numbered by depth, or to be replied to.

    Comments on other pages link to several pages.
    """
    sample = elements[:MOST_SAMPLES]
    if any(traits(element.get("class")).depth is not None for element in sample):
        return True
    can_reply, targets = False, set()
    for element in sample:
        for link in islice(element.iter("a"), MOST_LINKS):
            href = link.get("href") or ""
            can_reply = can_reply or bool(REPLY_LINK.search(href) or MOVE_FORM.search(link.get("onclick") or ""))
            if OWN_LINK.search(href):
                targets.add(href.partition("#")[0])
    return can_reply and len(targets) <= 1


def _holds_replies(element: HtmlElement) -> bool:
    return element.tag in LISTS or traits(element.get("class")).children


class _Assignment:
    """Gives each comment the elements that are its own."""

    def __init__(
        self,
        elements: Iterable[HtmlElement],
        comments: Mapping[HtmlElement, CommentElement],
        owner: Mapping[HtmlElement, str],
    ) -> None:
        self.elements, self.comments, self.owner = elements, comments, owner
        self.adopted: dict[HtmlElement, CommentElement] = {}

    def assign(self) -> list[CommentElement]:
        result = list(self.comments.values())
        for comment in result:
            if comment.root.tag in HEADS:
                self._adopt_siblings(comment)
        for comment in result:
            comment.above = self._above(comment)
            comment.is_pingback = _is_pingback(comment.root)
        if result:
            self._distribute()
        return result

    def _adopt_siblings(self, comment: CommentElement) -> None:
        """Give a comment whose mark is only its head the text that follows, up to the next mark."""
        sibling = comment.root.getnext()
        while sibling is not None and len(comment.siblings) < MOST_SIBLINGS:
            if sibling in self.owner and (sibling.tag != "dd" or sibling in self.comments):
                break
            if isinstance(sibling.tag, str):
                comment.siblings.append(sibling)
                self.adopted[sibling] = comment
            sibling = sibling.getnext()

    def _distribute(self) -> None:
        """Give every element to the innermost comment that it stands in, in one pass over the page."""
        holder: dict[HtmlElement, CommentElement] = {}
        for element in self.elements:
            comment = holder.get(element.getparent())
            if element in self.owner or element in self.adopted:
                other = self.comments.get(element) or self.adopted.get(element)
                if comment is not None and (
                    other or (self.owner[element] != comment.number and _holds_replies(element))
                ):
                    comment.nested.append(element)
                    comment = None
                comment = other or comment
            if comment is not None:
                holder[element] = comment
                comment.own.append(element)

    def _above(self, comment: CommentElement) -> CommentElement | None:
        element, level = comment.root, 0
        while (above := element.getparent()) is not None:
            if level < LEVELS_TO_LIST and _holds_replies(above):
                # Some themes put replies behind a comment, not into it.
                before = above.getprevious()
                while before is not None and not isinstance(before.tag, str):
                    before = before.getprevious()
                if before is not None and before in self.comments:
                    return self.comments[before]
            holder = self.comments.get(above) or self.adopted.get(above)
            if holder is not None:
                return holder
            element, level = above, level + 1
        return None


def _is_pingback(element: HtmlElement) -> bool:
    if traits(element.get("class")).ping:
        return True
    above = element.getparent()
    return above is not None and (traits(above.get("class")).ping or traits(above.get("id")).ping)
