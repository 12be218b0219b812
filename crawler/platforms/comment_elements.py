"""Comment lists in HTML: which elements are comments, which belongs to which, and what each of them owns.

A comment is known by its number, which themes print as an id (`comment-12`, `li-comment-12`, `div-comment-12`), as data
(`data-commentid`), or at the least in its links (`#comment-12`, `replytocom=12`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml.etree import XPath
from lxml.html import HtmlElement

from crawler.platforms.class_names import WIDGET, traits

NUMBERED = re.compile(
    r"(?:(?:li|div|wrap|wrapper|wp|article|dt|the|single|item|id)[-_]?)?comments?"
    r"(?:[-_]?(?:id|item|wrap|li|div|entry|holder))?[-_]?(\d{1,19})",
    re.IGNORECASE,
)
WPDISCUZ = re.compile(r"(?:wpd-comm|wc-comm|wc_comm|comm)-(\d{1,19})_(\d{1,19})")
OWN_LINK = re.compile(r"#(?:(?:li|div)-)?comment[-_]?(\d{1,19})$", re.IGNORECASE)
REPLY_LINK = re.compile(r"[?&]replytocom=(\d{1,19})")
MOVE_FORM = re.compile(r"moveForm\(\s*['\"][\w-]+['\"]\s*,\s*['\"]?(\d{1,19})")
MARKED = XPath("//*[@id or @data-commentid or @data-comment-id or (self::a and @name)]")
LOOSE = XPath("//*[self::li or self::div or self::article or self::dd or self::tr][@class]")
LISTS = frozenset(("ol", "ul", "dl", "table", "tbody"))
ENDS = LISTS | frozenset(("html", "body", "form", "main", "section", "aside", "tr"))
NO_BLOCK = frozenset(("a", "input", "button", "form", "textarea", "label", "script", "style", "span", "time", "img"))
HEADS = frozenset(("dt", "a", "h2", "h3", "h4", "h5", "h6"))
MOST_SIBLINGS = 40
LEVELS_TO_LIST = 4
Numbering = Callable[[HtmlElement], tuple[str, str | None] | None]


@dataclass(eq=False, slots=True)
class Block:
    """One comment's element; `own` are its elements in document order without those of its replies, `above` is the
    block that it stands in or below, `depth` what the theme printed, from 1; `nested` hold its replies, `more` stands
    beside its element."""

    number: str
    element: HtmlElement
    own: list[HtmlElement] = field(default_factory=list)
    above: "Block | None" = None
    depth: int | None = None
    ping: bool = False
    stated_parent: str | None = None
    nested: list[HtmlElement] = field(default_factory=list)
    more: list[HtmlElement] = field(default_factory=list)


def blocks(tree: HtmlElement, numbering: Numbering | None = None) -> list[Block]:
    """The comments of a page in document order; `numbering` gives the number of the comment that an element is, and
    its parent's where it says that."""
    marks = _Marks(tree, numbering or number_of)
    return _Filling(tree, marks.blocks(), marks.owner).filled()


def number_of(element: HtmlElement) -> tuple[str, str | None] | None:
    """The number of the comment that an element is, and its parent's where the id says it."""
    name = element.get("id")
    if name:
        known = NUMBERED.fullmatch(name)
        if known is not None:
            return known[1], None
        pair = WPDISCUZ.fullmatch(name)
        if pair is not None:
            return pair[1], pair[2]
    if element.tag == "a" and element.get("name"):
        known = NUMBERED.fullmatch(element.get("name"))
        return (known[1], None) if known is not None else None
    if element.tag in NO_BLOCK:
        return None
    return _number(element.get("data-commentid") or element.get("data-comment-id"))


def _number(value: str | None) -> tuple[str, None] | None:
    return (value, None) if value and value.isascii() and value.isdigit() and len(value) < 20 else None


class _Marks:
    """Who owns what: `owner[e]` is the first number below or at an element, `holders[e]` how many of its children own
    one and are no lists of replies."""

    def __init__(self, tree: HtmlElement, numbering: Numbering) -> None:
        self.first: dict[str, HtmlElement] = {}
        self.parents: dict[str, str] = {}
        self.owner: dict[HtmlElement, str] = {}
        self.holders: dict[HtmlElement, int] = {}
        self.widgets: dict[HtmlElement, bool] = {}
        for element in MARKED(tree):
            found = numbering(element)
            if found is not None and found[0] not in self.first:
                self._mark(found[0], element, found[1])
        if not self.first and numbering is number_of:
            self._look_at_links(tree)

    def _mark(self, number: str, element: HtmlElement, parent: str | None = None) -> None:
        if self._in_widget(element):
            return
        self.first[number] = element
        if parent and parent != "0":
            self.parents[number] = parent
        while element is not None and element not in self.owner:
            self.owner[element] = number
            above = element.getparent()
            if above is not None and not _holds_replies(element):
                self.holders[above] = self.holders.get(above, 0) + 1
            element = above

    def _in_widget(self, element: HtmlElement) -> bool:
        """Whether an element stands in a list of comments on other pages."""
        passed = []
        inside = False
        while element is not None and not inside:
            known = self.widgets.get(element)
            if known is not None:
                inside = known
                break
            passed.append(element)
            inside = element.tag not in ("html", "body") and _is_widget(element)
            element = element.getparent()
        self.widgets.update(dict.fromkeys(passed, inside))
        return inside

    def _look_at_links(self, tree: HtmlElement) -> None:
        for element in LOOSE(tree):
            if traits(element.get("class")).wrapper and element not in self.owner:
                number = _linked_number(element)
                if number is not None and number not in self.first:
                    self._mark(number, element)

    def blocks(self) -> dict[HtmlElement, Block]:
        """By element, in document order."""
        found = ((self._outermost(number, element), number, element) for number, element in self.first.items())
        return {outermost: self._block(outermost, number, mark) for outermost, number, mark in found}

    def _block(self, element: HtmlElement, number: str, mark: HtmlElement) -> Block:
        depth = traits(element.get("class")).depth
        depth = traits(mark.get("class")).depth if depth is None else depth
        return Block(number, element, depth=depth, stated_parent=self.parents.get(number))

    def _outermost(self, number: str, element: HtmlElement) -> HtmlElement:
        """The element that holds all of the comment: its mark, or a wrapper around it."""
        best, thin = element, element.tag == "a"
        while True:
            above = element.getparent()
            if above is None or above.tag in ENDS or self.owner.get(above) != number:
                break
            names = above.get("class")
            if self.holders.get(above, 0) > 1 or traits(names).plural or traits(above.get("id")).plural:
                break
            if thin or above.tag == "li" or traits(names).wrapper:
                best, thin = above, False
            element = above
        return best


def _is_widget(element: HtmlElement) -> bool:
    name = element.get("id")
    return traits(element.get("class")).widget or (name is not None and bool(WIDGET.search(name)))


def _holds_replies(element: HtmlElement) -> bool:
    return element.tag in LISTS or traits(element.get("class")).children


def _linked_number(element: HtmlElement) -> str | None:
    """The number in the links of a comment that has it nowhere else."""
    for link in element.iter("a"):
        href = link.get("href") or ""
        found = OWN_LINK.search(href) or REPLY_LINK.search(href) or MOVE_FORM.search(link.get("onclick") or "")
        known = (found[1], None) if found else _number(link.get("data-commentid"))
        if known:
            return str(known[0])
    return None


class _Filling:
    """Gives each comment the elements that are its own."""

    def __init__(self, tree: HtmlElement, found: Mapping[HtmlElement, Block], owner: Mapping[HtmlElement, str]) -> None:
        self.tree, self.found, self.owner = tree, found, owner
        self.adopted: dict[HtmlElement, Block] = {}

    def filled(self) -> list[Block]:
        order = list(self.found.values())
        for block in order:
            if block.element.tag in HEADS:
                self._adopt(block)
        for block in order:
            block.above = self._above(block)
            block.ping = _is_ping(block.element)
        if order:
            self._distribute()
        return order

    def _adopt(self, block: Block) -> None:
        """The text of a comment whose mark is only its head: what follows, up to the next mark."""
        sibling = block.element.getnext()
        while sibling is not None and len(block.more) < MOST_SIBLINGS and not self._is_next(sibling):
            if isinstance(sibling.tag, str):
                block.more.append(sibling)
                self.adopted[sibling] = block
            sibling = sibling.getnext()

    def _is_next(self, element: HtmlElement) -> bool:
        return element in self.owner and (element.tag != "dd" or element in self.found)

    def _distribute(self) -> None:
        """Gives every element to the innermost comment that it stands in, in one pass over the page."""
        holding: dict[HtmlElement, Block] = {}
        for element in self.tree.iter("*"):
            block = holding.get(element.getparent())
            if element in self.owner or element in self.adopted:
                other = self.found.get(element) or self.adopted.get(element)
                if block is not None and (other or self._holds_others(element, block)):
                    block.nested.append(element)
                    block = None
                block = other or block
            if block is not None:
                holding[element] = block
                block.own.append(element)

    def _holds_others(self, element: HtmlElement, block: Block) -> bool:
        """Whether an element of a comment is a list of replies to it."""
        return self.owner[element] != block.number and _holds_replies(element)

    def _above(self, block: Block) -> Block | None:
        element, level = block.element, 0
        while (above := element.getparent()) is not None:
            if level < LEVELS_TO_LIST and _holds_replies(above):
                beside = self._before(above)
                if beside is not None:
                    return beside
            holder = self.found.get(above) or self.adopted.get(above)
            if holder is not None:
                return holder
            element, level = above, level + 1
        return None

    def _before(self, listing: HtmlElement) -> Block | None:
        """The comment before a list: some themes put replies behind, not into, a comment."""
        before = listing.getprevious()
        while before is not None and not isinstance(before.tag, str):
            before = before.getprevious()
        return None if before is None else self.found.get(before)


def _is_ping(element: HtmlElement) -> bool:
    if traits(element.get("class")).ping:
        return True
    above = element.getparent()
    return above is not None and (traits(above.get("class")).ping or traits(above.get("id")).ping)


def settle_parents(found: Sequence[Block]) -> dict[str, tuple[str | None, str | None]]:
    """Number -> the number of the comment that it answers, and the rule where that was concluded.

    What an id says counts most; then nesting, unless the printed depths contradict it; without nesting, depth alone.
    """
    numbers = {block.number for block in found}
    _count_from_one(found)
    latest: dict[int, Block] = {}
    result: dict[str, tuple[str | None, str | None]] = {}
    for block in found:
        result[block.number] = _parent(block, numbers, latest)
        if block.depth is not None:
            latest[block.depth] = block
    return result


def _count_from_one(found: Sequence[Block]) -> None:
    if any(block.depth == 0 for block in found):
        for block in found:
            block.depth = None if block.depth is None else block.depth + 1


def _parent(block: Block, numbers: set[str], latest: Mapping[int, Block]) -> tuple[str | None, str | None]:
    if block.stated_parent in numbers and block.stated_parent != block.number:
        return block.stated_parent, None
    above, rule = block.above, None
    while above is not None and block.depth is not None and above.depth is not None and above.depth >= block.depth:
        above, rule = above.above, "depth-class"
    if above is None and block.depth is not None and block.depth > 1:
        above, rule = latest.get(block.depth - 1), "depth-class"
    return (None if above is None else above.number), rule
