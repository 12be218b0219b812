"""Which comment of a list each one answers: by what it states, by nesting, by the list behind it, by its level."""

import re
from collections.abc import Container, Mapping, Sequence
from itertools import islice, pairwise

from lxml.html import HtmlElement

from archive.text.html_text import fold_space
from crawler.platforms.comment_html.blocks import STATES
from crawler.platforms.comment_html.class_names import CHILDREN
from crawler.platforms.comment_html.elements import LISTS, CommentElement
from crawler.platforms.comment_html.fields import CommentFields
from crawler.platforms.comment_html.parts import LONGEST_LINE, is_short
from crawler.platforms.comment_html.section_words import LEVEL, REPLY_LIST, TO_REPLY, is_called_reply, part_words

STATED = (
    "parentid",
    "data-parent-id",
    "data-parent",
    "data-parentid",
    "data-parent-comment-id",
    "data-in-reply-to",
    "data-reply-to",
    "data-parent_id",
)
LEVEL_ATTRIBUTES = (
    "data-level",
    "data-depth",
    "data-indent",
    "data-nesting",
    "data-comment-depth",
    "data-ct-column",
    "aria-level",
    "indent",
    "depth",
)
STYLE_INDENT = re.compile(
    r"(?:margin|padding)(?:-left|-inline-start)\s*:\s*(\d+(?:\.\d+)?)\s*(?:px|em|rem|%|pt|vw)", re.IGNORECASE
)
INDENT_CLASS = re.compile(
    r"(?:^|\s)(?:(?:xs|sm|md|lg|xl)[:-])?(?:(?:col-(?:xs|sm|md|lg|xl)-)?offset-(?:(?:xs|sm|md|lg|xl)-)?|ml-|ms-|pl-|ps-)(\d{1,2})(?=\s|$)"
)
FRAGMENT = re.compile(r"#(?:[\w-]*?[-_]?)(\w+)$")
ORIGIN_NAME = re.compile(
    r"(?:^|[\s_-])(?:in-?reply|reply-?to|replyto|parent|origin|mention|answer-?to|reference|quote-?link)(?=[\s_-]|$)",
    re.IGNORECASE,
)
PASSED = frozenset(("a", "script", "hr", "br", "form"))
FEWEST_THREADS = 2
MOST_ELEMENTS = 80
MOST_LEVELS = 60
FEWEST_LEVELS = 3  # that tell by their numbers alone that they are levels
NUMBERED = re.compile(r"(.*?)(\d{1,2})")
LONGEST_LEAD = 10  # characters of a word before a name: "reply Joe"
AROUND_NAME = " :：,.@#()[]–—-"
Parent = tuple[int | None, str | None]


def infer_parents(
    comments: Sequence[CommentElement], ids: Sequence[str | None], fields: Sequence[CommentFields] = ()
) -> list[Parent]:
    """Return, for each comment, the index of the one that it answers and, where that was concluded, the rule."""
    names = [f.name for f in fields] or [None] * len(comments)
    index = {comment: number for number, comment in enumerate(comments)}
    by_id = {value: number for number, value in reversed(list(enumerate(ids))) if value}
    by_anchor = _anchors(comments)
    behind = _lists_behind(comments)
    levels = _levels(comments)
    result: list[Parent] = []
    latest: dict[int, int] = {}
    for number, comment in enumerate(comments):
        level = levels[number] if levels else None
        parent: Parent = (None, None)
        stated = _stated(comment, by_id, by_anchor, names, number)
        if stated is not None:
            parent = (stated, None)
        elif (around := _around(comment, index)) is not None:
            parent = (index[around], None)
        elif behind.get(comment.root) is not None:
            parent = (index[behind[comment.root]], None)
        elif level is not None and level > 0:
            above = max((depth for depth in latest if depth < level), default=None)
            parent = (latest[above], "level") if above is not None else (None, None)
        elif fields and (named := _named(comment, names[:number], fields[number].body)) is not None:
            parent = (named, "name")
        result.append(parent)
        if level is not None:
            for deeper in [depth for depth in latest if depth > level]:
                del latest[deeper]
            latest[level] = number
    return result


def _around(comment: CommentElement, listed: Container[CommentElement]) -> CommentElement | None:
    """Return the innermost listed comment that one stands in: a form, or a copy, may be around it and not be listed."""
    above = comment.above
    while above is not None and above not in listed:
        above = above.above
    return above


def _anchors(comments: Sequence[CommentElement]) -> dict[str, int]:
    """Return which comment each id and name within the comments belongs to."""
    result: dict[str, int] = {}
    for number, comment in enumerate(comments):
        for element in comment.own[:MOST_ELEMENTS]:
            for value in (element.get("id"), element.get("name") if element.tag == "a" else None):
                if value:
                    result.setdefault(value, number)
        before = comment.root.getprevious()
        if before is not None and before.tag == "a" and (value := before.get("id") or before.get("name")):
            result.setdefault(value, number)
    return result


def _stated(
    comment: CommentElement,
    by_id: Mapping[str, int],
    by_anchor: Mapping[str, int],
    names: Sequence[str | None],
    own: int,
) -> int | None:
    """Return the comment that one says it answers: in its data, or by a link to it that is made for that.

    A link to another comment that shows the name of that one's author, behind a word at most, is.
    """
    for attribute in STATED:
        value = comment.root.get(attribute) or ""
        value = value if value in by_id else re.sub(r"^[a-z]+[-_]", "", value)  # "kmt-12" is called 12 elsewhere
        if value and value in by_id and by_id[value] != own:
            return by_id[value]
    for element in comment.own:
        if element.tag not in ("a", "button", "form"):
            continue
        target = _target(element, by_id, by_anchor)
        if target is None or target == own:
            continue
        if _is_reference(element) or _shows_name(element, names[target]):
            return target
    return None


def _shows_name(link: HtmlElement, name: str | None) -> bool:
    text = fold_space(link.text_content())
    return name is not None and text.endswith(name) and len(text) - len(name) <= LONGEST_LEAD


def _named(comment: CommentElement, names: Sequence[str | None], body: str) -> int | None:
    """Return the last earlier comment by the author whom a line beside the text names: "In reply to Joe", "@Joe"."""
    for element in comment.own[1:MOST_ELEMENTS]:
        line = (element.text or "").strip()[:LONGEST_LINE]
        if not line or not (line[0] == "@" or TO_REPLY.match(line)) or not is_short(element):
            continue
        line = fold_space(element.text_content())
        match = TO_REPLY.match(line)
        name = line[match.end() if match is not None else 1 :].strip(AROUND_NAME)
        if name in names and (match is not None or line not in body):
            return max(number for number, other in enumerate(names) if other == name)
    return None


def _target(element: HtmlElement, by_id: Mapping[str, int], by_anchor: Mapping[str, int]) -> int | None:
    href = element.get("href") or ""
    fragment = href.rpartition("#")[2] if "#" in href else ""
    if fragment:
        if fragment in by_anchor:
            return by_anchor[fragment]
        match = FRAGMENT.search(href)
        digits = re.sub(r"^\D+", "", fragment)
        return by_id.get(digits) if digits else by_id.get(match[1]) if match else None
    if element.tag == "form":
        # A form whose only button leads to the comment answered: its value is that one's number.
        fields = element.findall(".//input")
        text = " ".join(element.text_content().split())
        if len(text) < 60 and TO_REPLY.search(text):
            return next((by_id[v] for f in fields if (v := f.get("value") or "") in by_id), None)
    return None


def _is_reference(element: HtmlElement) -> bool:
    """Whether a link to another comment says that this one answers it, rather than being part of its text."""
    text = " ".join(element.text_content().split())
    if text.startswith(("@", ">>")) or TO_REPLY.search(text[:80]) or element.tag == "form":
        return True
    if ORIGIN_NAME.search(f"{element.get('class') or ''} {element.get('rel') or ''}"):
        return True
    above = element.getparent()
    if above is None:
        return False
    if ORIGIN_NAME.search(above.get("class") or "") and above.tag != "body":
        return True
    before = element.getprevious()
    lead = (before.tail if before is not None else above.text) or ""
    return lead.rstrip().endswith("@") or bool(TO_REPLY.search(lead[-40:]))


def _lists_behind(comments: Sequence[CommentElement]) -> dict[HtmlElement, CommentElement]:
    """Return the comment before each list of replies that stands behind it, by the replies' roots."""
    ends = _ends(comments)
    verdicts: dict[HtmlElement, CommentElement | None] = {}
    result: dict[HtmlElement, CommentElement] = {}
    for comment in comments:
        if comment.above is not None:
            continue
        path: list[HtmlElement] = []
        element = comment.root.getparent()
        holder: CommentElement | None = None
        while element is not None and len(path) < MOST_LEVELS and holder is None:
            if element in verdicts:
                holder = verdicts[element]
                break
            path.append(element)
            is_list = _is_reply_list(element) or _holds_another(element, (comment.root, *path[:-1]), ends)
            holder = _comment_before(element, ends) if is_list else None
            holder = None if holder is comment else holder
            element = element.getparent()
        verdicts.update(dict.fromkeys(path, holder))
        if holder is not None:
            result[comment.root] = holder
    return result


def _ends(comments: Sequence[CommentElement]) -> dict[HtmlElement, CommentElement]:
    """Return the comments by their roots, and by the wrappers of which they are all but alone."""
    roots = {comment.root for comment in comments}
    ends: dict[HtmlElement, CommentElement] = {}
    for comment in comments:
        ends.update(dict.fromkeys(comment.siblings, comment))
        element = comment.root
        for _ in range(4):
            ends[element] = comment
            above = element.getparent()
            if above is None or above in roots or not _has_few_children(above):
                break
            element = above
    return ends


def _has_few_children(element: HtmlElement) -> bool:
    # len() of an element counts its children one by one.
    return sum(1 for _ in islice(element, 4)) <= 3


def _is_reply_list(element: HtmlElement) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return element.tag in ("ol", "ul", "dl") or bool(REPLY_LIST.search(names)) or _indent(element) > 0


def _indent(element: HtmlElement) -> float:
    """Return how far a style, or a class such as "ml-8" or "offset-1", moves an element in."""
    match = STYLE_INDENT.search(element.get("style") or "") or INDENT_CLASS.search(element.get("class") or "")
    return float(match[1]) if match is not None else 0.0


def _holds_another(
    element: HtmlElement, below: Sequence[HtmlElement], ends: Mapping[HtmlElement, CommentElement]
) -> bool:
    """Whether an element, whatever it is called, stands behind a comment and holds one that is made as that is."""
    before = element.getprevious()
    if before is None or before not in ends or not (before.get("class") or before.tag != "div"):
        return False
    return not _is_another(before, element) and any(_is_another(before, inner) for inner in below)


def _comment_before(element: HtmlElement, ends: Mapping[HtmlElement, CommentElement]) -> CommentElement | None:
    before = element.getprevious()
    while before is not None and (not isinstance(before.tag, str) or before.tag in PASSED or _is_twin(before, element)):
        before = before.getprevious()
    if before is None or _is_another(before, element) or 0 < _indent(element) <= _indent(before):
        return None
    return ends.get(before)


def _is_twin(before: HtmlElement, element: HtmlElement) -> bool:
    """Whether two lists named for replies stand side by side, each with one reply to the comment before them."""
    return before.tag in LISTS and bool(CHILDREN.search(element.get("class") or "")) and _is_another(before, element)


def _is_another(before: HtmlElement, element: HtmlElement) -> bool:
    """Whether of two lists that follow one another each holds a comment of its own: both are made alike."""
    names = [re.sub(r"\d+", "#", f"{e.get('id') or ''} {e.get('class') or ''}") for e in (before, element)]
    return before.tag == element.tag and names[0] == names[1] and before.get("style") == element.get("style")


def _levels(comments: Sequence[CommentElement]) -> list[int] | None:
    """Return how deep each comment stands by its names, attributes or indentation; None where they show nothing."""
    for measure in (_attribute_level, _class_level, _style_level, _picture_level, _is_called_reply):
        levels = [measure(comment) for comment in comments]
        numbers = [level for level in levels if level is not None]
        if len(set(levels)) > 1 and numbers:
            # Where the first of all shows no level, those that do are replies, whatever they count from.
            base = min(numbers) if levels[0] is not None else 0
            return [0 if level is None else max(0, level - base) for level in levels]
    return _unnamed_levels(comments) or _levels_by_shape(comments)


def _unnamed_levels(comments: Sequence[CommentElement]) -> list[int] | None:
    """Return the numbers at the end of a class of all comments that go as levels do: up by one, down by any number."""
    counted = [
        {
            match[1]: int(match[2])
            for match in map(NUMBERED.fullmatch, (comment.root.get("class") or "").split())
            if match
        }
        for comment in comments
    ]
    for name in counted[0] if counted else ():
        numbers = [of_comment.get(name, -1) for of_comment in counted]
        steps = [second - first for first, second in pairwise(numbers)]
        is_from_least = numbers[0] == min(numbers) >= 0 and len(set(numbers)) >= FEWEST_LEVELS
        if is_from_least and max(steps) == 1 and min(steps) <= 0:  # what only rises counts comments
            return [number - numbers[0] for number in numbers]
    return None


def _levels_by_shape(comments: Sequence[CommentElement]) -> list[int] | None:
    """Return 1 for all but the first of each thread where threads have an element each and replies another shape."""
    threads: dict[HtmlElement, list[CommentElement]] = {}
    for comment in comments:
        threads.setdefault(comment.root.getparent(), []).append(comment)
    holders = {place.getparent() for place in threads}
    first = {_shape(thread[0]) for thread in threads.values()}
    others = {_shape(comment) for thread in threads.values() for comment in thread[1:]}
    if len(threads) < FEWEST_THREADS or len(holders) > 1 or not others or not first.isdisjoint(others):
        return None
    return [int(comment is not threads[comment.root.getparent()][0]) for comment in comments]


def _shape(comment: CommentElement) -> frozenset[str]:
    return frozenset(name for name in (comment.root.get("class") or "").split() if not STATES.match(name))


def _heads(comment: CommentElement) -> list[HtmlElement]:
    """Return the elements that may show a comment's level: its root, what is around and just within it."""
    above = comment.root.getparent()
    around = [above] if above is not None and above.tag != "body" and _has_few_children(above) else []
    return [comment.root, *comment.own[1:4], *around]


def _attribute_level(comment: CommentElement) -> int | None:
    for element in _heads(comment):
        for attribute in LEVEL_ATTRIBUTES:
            value = element.get(attribute) or ""
            if value.isascii() and value.isdigit() and len(value) < 4:
                return int(value)
    return None


def _class_level(comment: CommentElement) -> int | None:
    for element in _heads(comment):
        match = LEVEL.search(part_words(element.get("class") or ""))
        if match is not None:
            return int(match[1])
    return None


def _style_level(comment: CommentElement) -> int | None:
    heads = _heads(comment)
    for element in (*heads[:2], *heads[4:]):
        match = STYLE_INDENT.search(element.get("style") or "")
        if match is not None:
            return int(float(match[1]))
    return None


def _picture_level(comment: CommentElement) -> int | None:
    """Return the width of the empty picture, or cell, that indents a row of a table."""
    for element in comment.own[:8]:
        if element.tag == "td" and (element.get("width") or "").isdigit() and element.get("height") in ("0", "1"):
            return int(element.get("width")) if len(element) == 0 else None
        if (
            element.tag == "img"
            and (element.get("height") or "") in ("1", "0")
            and (element.get("width") or "").isdigit()
        ):
            return int(element.get("width"))
    return None


def _is_called_reply(comment: CommentElement) -> int | None:
    return 1 if is_called_reply(comment.root.get("class") or "") else None
