"""Comment lists in HTML: which elements are comments, which belongs to which, and what each of them owns.

One walk over the page. A comment is known by its number, which themes print as an id (`comment-12`, `li-comment-12`,
`div-comment-12`), as data (`data-commentid`), or at the least in its links (`#comment-12`, `replytocom=12`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml.html import HtmlElement

NUMBERED = re.compile(
    r"(?:(?:li|div|wrap|wrapper|wp|article|dt|the|single|item|id)[-_]?)?comments?(?:[-_]?(?:id|item|wrap|li|div|entry|holder))?"
    r"[-_]?(\d{1,19})",
    re.IGNORECASE,
)
WPDISCUZ = re.compile(r"(?:wpd-comm|wc-comm|wc_comm|comm)-(\d{1,19})_(\d{1,19})")
OWN_LINK = re.compile(r"#(?:(?:li|div)-)?comment[-_]?(\d{1,19})$", re.IGNORECASE)
REPLY_LINK = re.compile(r"[?&]replytocom=(\d{1,19})")
MOVE_FORM = re.compile(r"moveForm\(\s*['\"][\w-]+['\"]\s*,\s*['\"]?(\d{1,19})")
DEPTH = re.compile(
    r"(?:^|\s)(?:wpd_comment_level|comment-?depth|dsq-depth|depth|level)-(\d{1,4})(?=\s|$)", re.IGNORECASE
)
WRAPPER = re.compile(
    r"(?:^|\s)(?:comment|commento|kommentar|comment[-_]?(?:wrap(?:per)?|container|item|entry|holder|block|box|single|main|li|"
    r"node|row|card|thread|post|inner|outer|body)|single[-_]comment|the[-_]comment|wpd-comment|depth-\d+|pingback|trackback|"
    r"(?:thread-|)(?:even|odd)|bypostauthor|byuser)(?=\s|$)",
    re.IGNORECASE,
)
PLURAL = re.compile(
    r"(?:^|[\s_-])(?:comments|commentlist|comment[-_]list|respond|kommentare|comentarios)(?=[\s_-]|$)", re.IGNORECASE
)
CHILDREN = re.compile(
    r"(?:^|\s)(?:children|child|comment[-_]?(?:children|replies)|replies|reply[-_]list|sub[-_]?comments?|nested|answers)"
    r"(?=\s|$)",
    re.IGNORECASE,
)
PING = re.compile(r"(?:^|[\s_-])(?:ping(?:back)?s?|trackbacks?|pinglist)(?=[\s_-]|$)", re.IGNORECASE)
LISTS = frozenset(("ol", "ul", "dl", "table", "tbody"))
ENDS = LISTS | frozenset(("html", "body", "form", "main", "section", "aside", "tr"))
NO_BLOCK = frozenset(("a", "input", "button", "form", "textarea", "label", "script", "style", "span", "time", "img"))
HEADS = frozenset(("dt", "a", "h2", "h3", "h4", "h5", "h6"))
MOST_SIBLINGS = 40
LEVELS_TO_LIST = 4
WIDGET_LEVELS = 12
WIDGET = re.compile(r"recent[-_]?comments|widget|sidebar|wp-block-latest-comments", re.IGNORECASE)


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


def classes(element: HtmlElement) -> str:
    return element.get("class") or ""


Numbering = Callable[[HtmlElement], tuple[str, str | None] | None]


def blocks(tree: HtmlElement, numbering: Numbering | None = None) -> list[Block]:
    """The comments of a page in document order; `numbering` gives the number of the comment that an element is, and
    its parent's where it says that."""
    marks = _Marks(numbering or number_of)
    for element in tree.iter():
        if isinstance(element.tag, str):
            marks.look_at(element)
    return _Filling(marks.blocks(), marks.owner).walk(tree)


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
    for data in ("data-commentid", "data-comment-id"):
        value = element.get(data)
        if value and value.isascii() and value.isdigit() and len(value) < 20:
            return value, None
    return None


class _Marks:
    """Who owns what: `owner[e]` is the first number below or at an element, `holders[e]` how many of its children own
    one and are no lists of replies."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.first: dict[str, HtmlElement] = {}
        self.parents: dict[str, str] = {}
        self.owner: dict[HtmlElement, str] = {}
        self.holders: dict[HtmlElement, int] = {}
        self.loose: list[HtmlElement] = []

    def look_at(self, element: HtmlElement) -> None:
        found = self.numbering(element)
        if found is not None:
            number, parent = found
            if number not in self.first:
                self._mark(number, element)
                if parent and parent != "0":
                    self.parents[number] = parent
        elif element.tag in ("li", "div", "article", "dd", "tr") and WRAPPER.search(classes(element)):
            self.loose.append(element)

    def _mark(self, number: str, element: HtmlElement) -> None:
        if _in_widget(element):
            return
        self.first[number] = element
        while element is not None and element not in self.owner:
            self.owner[element] = number
            above = element.getparent()
            if above is not None and not _holds_replies(element):
                self.holders[above] = self.holders.get(above, 0) + 1
            element = above

    def blocks(self) -> dict[HtmlElement, Block]:
        for element in self.loose:
            if element not in self.owner:
                number = _linked_number(element)
                if number is not None and number not in self.first:
                    self._mark(number, element)
        found = [(self._outermost(number, element), number) for number, element in self.first.items()]
        return {element: self._block(element, number) for element, number in found}

    def _block(self, element: HtmlElement, number: str) -> Block:
        depth = DEPTH.search(classes(element)) or DEPTH.search(classes(self.first[number]))
        return Block(number, element, depth=int(depth[1]) if depth else None, stated_parent=self.parents.get(number))

    def _outermost(self, number: str, element: HtmlElement) -> HtmlElement:
        """The element that holds all of the comment: its mark, or a wrapper around it."""
        best, thin = element, element.tag == "a"
        while True:
            above = element.getparent()
            if above is None or above.tag in ENDS or self.owner.get(above) != number:
                break
            if self.holders.get(above, 0) > 1 or PLURAL.search(f"{above.get('id') or ''} {classes(above)}"):
                break
            if thin or above.tag == "li" or WRAPPER.search(classes(above)):
                best, thin = above, False
            element = above
        return best


def _holds_replies(element: HtmlElement) -> bool:
    return element.tag in LISTS or bool(CHILDREN.search(classes(element)))


def _in_widget(element: HtmlElement) -> bool:
    """Whether an element stands in a list of comments on other pages."""
    for _ in range(WIDGET_LEVELS):
        if element is None:
            return False
        if WIDGET.search(f"{element.get('id') or ''} {classes(element)}"):
            return True
        element = element.getparent()
    return False


def _linked_number(element: HtmlElement) -> str | None:
    """The number in the links of a comment that has it nowhere else."""
    for link in element.iter("a"):
        href = link.get("href") or ""
        found = OWN_LINK.search(href) or REPLY_LINK.search(href) or MOVE_FORM.search(link.get("onclick") or "")
        value = found[1] if found else link.get("data-commentid")
        if value and value.isascii() and value.isdigit():
            return str(value)
    return None


class _Filling:
    """Gives each element to the comment that it belongs to."""

    def __init__(self, found: Mapping[HtmlElement, Block], owner: Mapping[HtmlElement, str]) -> None:
        self.found, self.owner = found, owner
        self.inside: dict[HtmlElement, tuple[Block | None, Block | None]] = {}
        self.order: list[Block] = []

    def walk(self, tree: HtmlElement) -> list[Block]:
        for element in tree.iter():
            if not isinstance(element.tag, str) or element in self.inside:  # a comment, or adopted
                continue
            holder, around = self.inside.get(element.getparent(), (None, None))
            block = self.found.get(element)
            if block is not None:
                self._begin(block, around)
            elif holder is not None:
                self._own(element, holder)
            elif around is not None:
                self.inside[element] = (None, around)
        return self.order

    def _begin(self, block: Block, around: Block | None) -> None:
        block.above = self._beside(block.element, around) or around
        block.ping = _is_ping(block.element)
        if around is not None:
            around.nested.append(block.element)
        block.own.append(block.element)
        self.inside[block.element] = (block, block)
        self.order.append(block)
        if block.element.tag in HEADS:
            self._adopt(block)

    def _own(self, element: HtmlElement, holder: Block) -> None:
        if self.owner.get(element, holder.number) != holder.number and _holds_replies(element):
            holder.nested.append(element)
            self.inside[element] = (None, holder)
        else:
            holder.own.append(element)
            self.inside[element] = (holder, holder)

    def _adopt(self, block: Block) -> None:
        """The text of a comment whose mark is only its head: what follows, up to the next mark."""
        sibling = block.element.getnext()
        while sibling is not None and len(block.more) < MOST_SIBLINGS and not self._is_next(sibling):
            if isinstance(sibling.tag, str):
                block.more.append(sibling)
                self.inside[sibling] = (block, block)
                block.own.append(sibling)
            sibling = sibling.getnext()

    def _is_next(self, element: HtmlElement) -> bool:
        return element in self.owner and (element.tag != "dd" or element in self.found)

    def _beside(self, element: HtmlElement, around: Block | None) -> Block | None:
        """The comment before the list that this one stands in: some themes put replies behind, not into, a comment."""
        above = element.getparent()
        for _ in range(LEVELS_TO_LIST):
            if above is None or (around is not None and above is around.element):
                return None
            if _holds_replies(above):
                before = above.getprevious()
                while before is not None and not isinstance(before.tag, str):
                    before = before.getprevious()
                return None if before is None else self.found.get(before)
            above = above.getparent()
        return None


def _is_ping(element: HtmlElement) -> bool:
    above = element.getparent()
    around = "" if above is None else f"{above.get('id') or ''} {classes(above)}"
    return bool(PING.search(classes(element)) or PING.search(around))


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
