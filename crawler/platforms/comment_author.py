"""The author of one comment of an HTML list: by class names, microdata and tags, else the name before the date."""

import re
from collections.abc import Callable, Iterable, Sequence

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import find_date, may_hold_date
from crawler.platforms.class_names import Traits
from crawler.platforms.comment_elements import CommentElement
from crawler.platforms.comment_parts import Part, fold, is_button, is_name, is_short, property_of, traits_of

AUTHOR_PROPERTIES = frozenset(("author", "creator"))
PICTURES = frozenset(("img", "svg", "picture", "noscript", "script", "style", "button", "time"))
INNER_NAMES = ("cite", "b", "strong", "a")  # the surest first
LEADING_NUMBER = re.compile(r"^(?:#\d+|\d+[.):])\s+(?=\S)")
BARE_NUMBER = re.compile(r"^#?\d+[.):]?\s+(?=\S)")
NO_NAMES = frozenset(("", "#", "reply", "permalink", "edit", "link"))
BEFORE_DATE = " ,:|·•–—-@(["
AROUND_NAME = " ,|•·–—"
LONGEST_NAME = 150
LONGEST_NAME_LINE = 400


def _is_author_property(element: HtmlElement, _: Traits) -> bool:
    return property_of(element) in AUTHOR_PROPERTIES


def _is_author_class(_: HtmlElement, kind: Traits) -> bool:
    return kind.name is not None


def _is_author_tag(element: HtmlElement, _: Traits | None = None) -> bool:
    if element.tag == "cite":
        return True
    if element.tag == "a":
        rel, classes = (element.get("rel") or ""), (element.get("class") or "")
        return ("nofollow" in rel and "external" in rel) or "url" in classes.split()
    return element.tag in ("strong", "b", "h3", "h4", "h5", "h6", "dt") and len(element.text_content()) <= LONGEST_NAME


AuthorTest = Callable[[HtmlElement, Traits], bool]
STATED: tuple[AuthorTest, ...] = (is_name, _is_author_property, _is_author_class)
STATED_OR_LIKELY: tuple[AuthorTest, ...] = (*STATED, _is_author_tag)


def find_author(own: Sequence[Part], tests: Iterable[AuthorTest]) -> tuple[HtmlElement | None, str | None]:
    """Return the element that names the author, and the name, by the first test that any element passes."""
    for test in tests:
        for element, kind in own:
            if test(element, kind) and (name := _name(element)):
                return element, name
    return None, None


def name_before_date(comment: CommentElement, date: HtmlElement, date_text: str) -> str | None:
    """Return the name that stands before the date in the same line: "Joe said on 5 March"."""
    line = date
    while (above := line.getparent()) is not None and line is not comment.root and is_short(above):
        line = above
    before, separator, _ = fold(_visible_text(line)).partition(date_text)
    if not before or not separator:
        return None
    return _clean(BARE_NUMBER.sub("", line_rules.strip_linking(before.strip(BEFORE_DATE))), is_bare=False)


def _name(element: HtmlElement) -> str | None:
    """Return the name that an element shows, without what themes put around it."""
    inner = _inner_name(element)
    is_bare = inner is not element or is_name(element, traits_of(element))
    return _clean(fold(_visible_text(inner)), is_bare=is_bare)


def _inner_name(element: HtmlElement) -> HtmlElement:
    """Return the name within an element that holds picture, date or "says" as well."""
    if len(element) == 0:
        return element
    inside = [below for below in element.iterdescendants() if isinstance(below.tag, str) and below.tag != "meta"]
    for below in inside:
        if (is_name(below, traits_of(below)) or property_of(below) == "name") and _visible_text(below).strip():
            return below
    whole = fold(_visible_text(element))
    candidates = [below for below in inside if below.tag in INNER_NAMES]
    for below in sorted(candidates, key=lambda candidate: INNER_NAMES.index(candidate.tag)):
        text = fold(_visible_text(below))
        if text.casefold() in NO_NAMES or find_date(text[:100]) or (below.tag == "a" and is_button(below)):
            continue
        # A short link in a longer line is no name, unless it is made like one: "Joe (website)".
        return element if below.tag == "a" and len(text) * 3 < len(whole) and not _is_author_tag(below) else below
    return element


def _visible_text(root: HtmlElement) -> str:
    """Return a text without pictures, badges and dates."""
    if len(root) == 0:
        return "" if root.tag in PICTURES else root.text or ""
    pieces: list[str] = []
    stack: list[tuple[HtmlElement, bool]] = [(root, True)]
    while stack:
        element, entering = stack.pop()
        if not entering:
            pieces.append(element.tail or "")
            continue
        hidden = not isinstance(element.tag, str) or element.tag in PICTURES
        if element is not root:
            hidden = hidden or traits_of(element).badge
            stack.append((element, False))
        if not hidden:
            pieces.append(element.text or "")
            stack.extend((child, True) for child in reversed(element))
            if element.tag == "br":
                pieces.append(" ")
    return "".join(pieces)


def _clean(text: str, *, is_bare: bool) -> str | None:
    """Return the name in a line without date, "says" and number; `is_bare` ones have none of that but a "says:"."""
    name = text.strip()
    if not is_bare and len(name) <= LONGEST_NAME_LINE:
        date = find_date(name[:120]) if may_hold_date(name) else None
        if date is not None and date[0] > 0:
            name = line_rules.strip_linking(name[: date[0]].strip(BEFORE_DATE))
    end = line_rules.find_says(name) if not is_bare or name.endswith((":", "：", "…")) else None
    if end:
        name = name[:end]
    if not is_bare:
        name = LEADING_NUMBER.sub("", name[line_rules.byline_length(name) :])
    name = name.strip().rstrip(":：").rstrip(AROUND_NAME).lstrip(AROUND_NAME).strip()
    return name if name and len(name) <= LONGEST_NAME else None
