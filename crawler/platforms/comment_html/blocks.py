"""The blocks of a list of comments: the element of each, and what stands in it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, pairwise

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import find_date, is_date, may_hold_date
from archive.text.html_text import fold_space
from crawler.platforms.comment_html.class_names import traits
from crawler.platforms.comment_html.elements import HEADS, LISTS, MOST_SIBLINGS, CommentElement
from crawler.platforms.comment_html.parts import is_short
from crawler.platforms.comment_html.section_words import REPLY_LIST

BLOCK_TAGS = frozenset(
    "div li article section tr dd dt td table blockquote aside details figure p".split()  # noqa: SIM905
)
ENDS = frozenset(("html", "body", "main", "form"))
STATES = re.compile(
    r"^(?:even|odd|first|last|alt|reply|active|open|clearfix|row|col(?:umn)?s?[-\w]*|container|wrapper|inner|hidden|item|"
    r"level-?#|depth-?#|by-?\w+|thread-(?:even|odd|alt)|parent|d-flex|flex[-\w]*|m[btlrxy]?-#|p[btlrxy]?-#|js|u-\w+)$"
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
DIGITS = re.compile(r"\d+")
LINES = frozenset(("p", "div", "li"))
NAME_LINES = frozenset(("p", "div", "span", "b", "strong"))
TEXTS = LINES | {"blockquote"}
BEHIND_LIST = HEADINGS | {"form"}
FEWEST_LINES = 3
LONGEST_BESIDE = 60  # characters beside a date in a line above or below a text: a name, "says", buttons
Key = tuple[object, ...]


def roots_of(anchors: Sequence[HtmlElement]) -> list[HtmlElement]:
    """Return the block of each anchor: the highest element in which no other anchor comes first.

    The first of a list would climb past the list: it gets a block of the shape that the others have.
    """
    first: dict[HtmlElement, HtmlElement] = {}
    highest: dict[HtmlElement, HtmlElement] = {}
    for anchor in anchors:
        element: HtmlElement | None = anchor
        while element is not None and element not in first:
            first[element] = anchor
            if element.tag not in ENDS:
                highest[anchor] = element
            element = element.getparent()
    shapes: dict[Key, int] = {}
    rest = [anchor for anchor in anchors[1:] if anchor in highest]
    roots = [_within_list(highest[anchor], anchor) for anchor in rest]
    for root in roots:
        shape = _shape(root)
        shapes[shape] = shapes.get(shape, 0) + 1
    if anchors[0] in highest and shapes:
        usual = max(shapes, key=lambda shape: shapes[shape])
        roots = [
            root if _shape(root) == usual else _inner_of_shape(root, anchor, usual)
            for root, anchor in zip(roots, rest, strict=True)
        ]
        steps = sorted(_steps(anchor, root) for anchor, root in zip(rest, roots, strict=True) if _shape(root) == usual)
        path = []
        element = anchors[0]
        while element is not None and first.get(element) is anchors[0]:
            path.append(element)
            element = element.getparent()
        own = [(number, element) for number, element in enumerate(path) if _shape(element) == usual]
        if not own:  # of a list with several shapes, the first may have another one than most
            own = [(number, element) for number, element in enumerate(path) if _shape(element) in shapes]
        if own:  # the list itself may have the shape of its blocks: what stands as high as these is the block
            roots.insert(0, min(own, key=lambda pair: (abs(pair[0] - steps[len(steps) // 2]), -pair[0]))[1])
        _lower_lists(roots, rest, usual)
    return roots


def _inner_of_shape(root: HtmlElement, anchor: HtmlElement, shape: Key) -> HtmlElement:
    """Return the highest element around an anchor that has a shape, within one that has it not: a list of one."""
    found = root
    element: HtmlElement | None = anchor
    while element is not None and element is not root:
        found = element if _shape(element) == shape else found
        element = element.getparent()
    return found


def _lower_lists(roots: list[HtmlElement], rest: Sequence[HtmlElement], usual: Key) -> None:
    """Put the first block of a list in place of the list, where an anchor above the list made it the highest."""
    lead = len(roots) - len(rest)
    for number in range(lead, len(roots) - 1):
        root, following = roots[number], roots[number + 1]
        holder = following.getparent()
        if _shape(root) == usual or _shape(following) != usual or root not in following.iterancestors():
            continue
        path = [element for element in rest[number - lead].iterancestors() if element.getparent() is holder]
        if path and _shape(path[0]) == usual:
            roots[number] = path[0]


def _steps(anchor: HtmlElement, root: HtmlElement) -> int:
    """Return how many levels a block stands above its anchor."""
    count, element = 0, anchor
    while element is not root:
        above = element.getparent()
        if above is None:
            return count
        count, element = count + 1, above
    return count


def _within_list(root: HtmlElement, anchor: HtmlElement) -> HtmlElement:
    """Return the item of a list that starts with an anchor, in place of the list itself."""
    if root.tag not in LISTS and not REPLY_LIST.search(root.get("class") or ""):
        return root
    path = [root]
    element: HtmlElement | None = anchor
    while element is not None and element is not root:
        path.insert(1, element)
        element = element.getparent()
        if len(path) > 60:
            return root
    for element, below in pairwise(path):
        is_list = element.tag in LISTS or (REPLY_LIST.search(element.get("class") or "") and _are_alike(element))
        if not is_list or below.tag not in BLOCK_TAGS | LISTS:
            return element
    return root


def _are_alike(element: HtmlElement) -> bool:
    """Whether all that stands in an element is of one shape, as in a list."""
    return len({_shape(child) for child in element if isinstance(child.tag, str)}) == 1


def _shape(element: HtmlElement) -> Key:
    class_ = DIGITS.sub("#", element.get("class") or "").split()
    lasting = [token for token in class_ if not STATES.match(token)]
    return (element.tag, *sorted(lasting)[:2])


def build_comments(roots: Sequence[HtmlElement]) -> tuple[list[CommentElement], HtmlElement]:
    """Return the blocks as comments, in document order, each with what it owns; and what holds them all."""
    comments = {root: CommentElement(str(number), root) for number, root in enumerate(roots)}
    section = section_of(roots)
    adopted = _adopt_siblings(comments)
    contains: set[HtmlElement] = set()
    for root in roots:
        above = root.getparent()
        while above is not None and above not in contains and above is not section:
            contains.add(above)
            above = above.getparent()
    inside: dict[HtmlElement, CommentElement] = {}
    owner: dict[HtmlElement, CommentElement] = {}
    outermost = _outermost((*roots, *adopted), section)
    for element in chain.from_iterable(start.iter("*") for start in outermost):
        parent = element.getparent()
        own = comments.get(element)
        if own is not None:
            above_it = inside.get(parent)
            own.above = above_it
            if parent in owner and above_it is not None:
                above_it.nested.append(element)
        else:
            own = adopted.get(element) or owner.get(parent)
            if own is not None and element in contains and _holds_replies(element):
                own.nested.append(element)
                inside[element] = own
                continue
            if own is None:
                if parent in inside:
                    inside[element] = inside[parent]
                continue
        inside[element] = owner[element] = own
        own.own.append(element)
    return list(comments.values()), section


def _outermost(elements: Iterable[HtmlElement], section: HtmlElement) -> list[HtmlElement]:
    """Return those of some elements of a section that stand in no other of them."""
    members = dict.fromkeys(elements)
    is_within = {section: section in members}
    outermost = []
    for member in members:
        path = []
        element = member.getparent() if member is not section else None
        while element is not None and element not in is_within and element not in members:
            path.append(element)
            element = element.getparent()
        found = element is not None and (element in members or is_within[element])
        is_within.update(dict.fromkeys(path, found))
        if not found:
            outermost.append(member)
    return outermost


def section_of(roots: Sequence[HtmlElement]) -> HtmlElement:
    """Return the innermost element that holds all roots, and is none of them."""
    path = list(roots[0].iterancestors())
    depth = {element: number for number, element in enumerate(path)}
    level = 0
    cleared: set[HtmlElement] = set()
    for root in roots[1:]:
        element = root.getparent()
        seen = []
        while element is not None and element not in depth and element not in cleared:
            seen.append(element)
            element = element.getparent()
        cleared.update(seen)
        if element is not None and element in depth:
            level = max(level, depth[element])
    members = set(roots)
    while level < len(path) - 1 and path[level] in members:
        level += 1
    return path[level] if path else roots[0]


def _adopt_siblings(comments: Mapping[HtmlElement, CommentElement]) -> dict[HtmlElement, CommentElement]:
    """Give the blocks that are but a head the elements that follow, up to the next head."""
    adopted: dict[HtmlElement, CommentElement] = {}
    heads = [comment for root, comment in comments.items() if root.tag in HEADS or _is_head_row(root, comments)]
    if not heads and (_are_lines_above(comments) or _are_name_lines(comments)):
        heads = list(comments.values())
        for head in heads:
            head.is_head = True
    if not heads:
        return _adopt_preceding(comments)
    stops: set[HtmlElement] = set()
    for root in comments:
        element: HtmlElement | None = root
        while element is not None and element not in stops:
            stops.add(element)
            element = element.getparent()
    for comment in heads:
        sibling = comment.root.getnext()
        while sibling is not None and sibling not in stops and len(comment.siblings) < MOST_SIBLINGS:
            if sibling.tag in BEHIND_LIST and (comment.is_head or _is_higher(sibling, comment.root)):
                break
            if isinstance(sibling.tag, str):
                comment.siblings.append(sibling)
                adopted[sibling] = comment
            sibling = sibling.getnext()
    return adopted


def _is_higher(heading: HtmlElement, head: HtmlElement) -> bool:
    """Whether a heading stands above those over the comments: what follows is no longer theirs."""
    return heading.tag in HEADINGS and head.tag in HEADINGS and heading.tag < head.tag


def _are_lines_above(comments: Collection[HtmlElement]) -> bool:
    """Whether blocks are lines of a name and a date, each with a text of its own behind it, in one element."""
    if len(comments) < FEWEST_LINES or len({root.getparent() for root in comments}) > 1:
        return False
    texts = set()
    for root in comments:
        behind = next(root.itersiblings("*"), None)
        if behind is None or behind in comments or behind.tag not in TEXTS or not _is_line_of_date(root):
            return False
        if is_date(fold_space(root.text_content())) and _is_name_line(root.getprevious()):
            return False
        texts.add(fold_space(behind.text_content()))
    return "" not in texts and len(texts) * 3 > len(comments) * 2 and not any(map(line_rules.is_reply, texts))


def _adopt_preceding(comments: Mapping[HtmlElement, CommentElement]) -> dict[HtmlElement, CommentElement]:
    """Give the blocks that are but the foot of a text, "Posted by Joe on 5 March", the elements that precede them.

    None is given where one has nothing before it, or a heading, as the entries of a journal have.
    """
    holders = {root.getparent() for root in comments}
    if len(comments) < 2 or len(holders) > 1 or not (all(map(_is_foot, comments)) or _are_lines_below(comments)):
        return {}
    texts: dict[CommentElement, list[HtmlElement]] = {}
    for root, comment in comments.items():
        before = texts.setdefault(comment, [])
        sibling = root.getprevious()
        while sibling is not None and sibling not in comments and len(before) < MOST_SIBLINGS:
            if sibling.tag in HEADINGS:
                if len(texts) > 1:
                    return {}
                break
            before += [sibling] if isinstance(sibling.tag, str) else []
            sibling = sibling.getprevious()
        if not before:
            return {}
    for comment, before in texts.items():
        comment.siblings += reversed(before)
        comment.is_foot = True
    return {sibling: comment for comment in texts for sibling in comment.siblings}


def _are_lines_below(comments: Collection[HtmlElement]) -> bool:
    """Whether blocks are lines of a name and a date, one behind each other thing that stands in one element."""
    return len(comments) >= FEWEST_LINES and all(
        (before := next(root.itersiblings("*", preceding=True), None)) is not None
        and before not in comments
        and before.tag == root.tag
        and _is_line_of_date(root)
        and ((behind := next(root.itersiblings("*"), None)) is None or behind.tag == root.tag)
        for root in comments
    )


def _is_line_of_date(root: HtmlElement) -> bool:
    text = fold_space(root.text_content()) if root.tag in LINES and is_short(root) else ""
    where = find_date(text) if may_hold_date(text) else None
    return where is not None and len(text) - (where[1] - where[0]) <= LONGEST_BESIDE


def _is_foot(root: HtmlElement) -> bool:
    text = fold_space(root.text_content()) if root.tag in ("p", "div") and is_short(root) else ""
    return line_rules.byline_length(text) > 0 and may_hold_date(text)


def _is_head_row(root: HtmlElement, comments: Mapping[HtmlElement, CommentElement]) -> bool:
    """Whether a row of a table is one of name and date: the row behind it, which is no comment, has the text."""
    following = root.getnext() if root.tag == "tr" else None
    return following is not None and following.tag == "tr" and following not in comments


def _are_name_lines(roots: Collection[HtmlElement]) -> bool:
    """Whether blocks are but names, and what stands beside them belongs to them: no comment has a box of its own."""
    return (
        len(roots) > 1
        and all(map(_is_name_line, roots))
        and len({root.getparent() for root in roots}) == 1
        and all(root.getnext() is not None and root.getnext() not in roots for root in roots)
    )


def _is_name_line(root: HtmlElement | None) -> bool:
    return root is not None and root.tag in NAME_LINES and traits(root.get("class")).name is not None and is_short(root)


def _holds_replies(element: HtmlElement) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return element.tag in LISTS or traits(element.get("class")).children or bool(REPLY_LIST.search(names))


def climb(roots: Sequence[HtmlElement]) -> list[HtmlElement]:
    """Return the elements around blocks, as long as each holds one block alone: a name or date may stand beside it."""
    current = list(roots)
    for _ in range(4):
        members = set(current)
        parents = [root.getparent() for root in current]
        shape = _shape(parents[0]) if parents[0] is not None else None
        if (
            len(set(parents)) != len(parents)
            or any(parent is None or parent.tag in LISTS | ENDS or parent in members for parent in parents)
            or len({_shape(parent) for parent in parents}) > max(1, len(parents) // 10)
            or shape is None
            or _nests(parents)
        ):
            break
        current = parents
    return current


def _nests(elements: Iterable[HtmlElement]) -> bool:
    members = set(elements)
    for element in members:
        above, steps = element.getparent(), 0
        while above is not None and steps < 12:
            if above in members:
                return True
            above, steps = above.getparent(), steps + 1
    return False
