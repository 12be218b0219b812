"""What one comment of an HTML list says: author, time, text; by class names, else by what is left."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

from archive.text import line_rules, phrases
from archive.text.dates import may_hold_date, read, span
from archive.thread import Moment
from crawler.pages.html_text import SKIPPED, paragraphs_only
from crawler.pages.html_text import text as text_of
from crawler.platforms.class_names import NONE, SURE, WEAK, Traits, traits
from crawler.platforms.comment_elements import MOVE_FORM, OWN_LINK, REPLY_LINK, Block

BODY_PROPERTIES = frozenset(("text", "commenttext", "description", "reviewbody"))
AUTHOR_PROPERTIES = frozenset(("author", "creator"))
DATE_PROPERTIES = frozenset(("datecreated", "datepublished", "commenttime", "dateposted"))
MACHINE = ("datetime", "content", "title", "data-time", "data-date", "data-timestamp")
PARAGRAPHS = frozenset(("p", "blockquote", "ul", "ol", "pre", "dl", "table", "figure")) | frozenset(
    ("h1", "h2", "h3", "h4", "h5", "h6")
)
LINES = frozenset(("small", "em", "i", "span", "cite", "p", "div", "dt", "h4", "h5", "td"))
HOLDERS = frozenset(("div", "li", "td", "tr", "table", "article", "section", "dl", "dd", "ol", "ul", "body", "main"))
PICTURES = frozenset(("img", "svg", "picture", "noscript", "script", "style", "button", "time"))
INNER_NAMES = ("cite", "b", "strong", "a")
ORDINAL = re.compile(r"(\d) (st|nd|rd|th|er|º|ª)\b", re.IGNORECASE)
LEADING_NUMBER = re.compile(r"^(?:#\d+|\d+[.):])\s+(?=\S)")
BARE_NUMBER = re.compile(r"^#?\d+[.):]?\s+(?=\S)")
STAND_FOR_NOBODY = frozenset(("", "#", "reply", "permalink", "edit", "link"))
LONGEST_NAME = 150
LONGEST_LINE = 160
PRECISIONS = {None: 0, "year": 1, "month": 2, "day": 3, "hour": 4, "minute": 5, "second": 6}
ENOUGH = PRECISIONS["minute"]


@dataclass(eq=False, slots=True)
class Said:
    """A comment's fields, the date still as text: which of its numbers is the day shows in the whole list only."""

    name: str | None
    body: str
    shown: str | None
    machine: str | None
    waiting: bool


Part = tuple[HtmlElement, Traits]


def _traits(element: HtmlElement) -> Traits:
    return traits(element.get("class"))


def _property(element: HtmlElement) -> str:
    return (element.get("itemprop") or "").lower()


def said(block: Block) -> Said:
    """Reads one comment."""
    own = [(element, traits(element.get("class"))) for element in block.own if element.tag not in SKIPPED]
    content = _content(block, own)
    outside = _outside(own, content)
    author, name = _author(outside, PICKS)
    if author is None:
        author, name = _author(own, PICKS[:3] if content is not None and _plain_holder(content) else PICKS)
    stamp, shown, machine = _time(block, outside)
    if stamp is None:
        stamp, shown, machine = _time(block, [part for part in own if part[1].dated])
    if name is None and stamp is not None and shown is not None:
        name = _name_before(block, stamp, shown)
    apart = {element for element in (author, stamp) if element is not None}
    body = _body(block, own, content, apart, name)
    waiting = any(kind.waiting for _, kind in own)
    return Said(name, body, shown, machine, waiting)


# the text


def _content(block: Block, own: Sequence[Part]) -> HtmlElement | None:
    """The element that holds the text and little else."""
    best: HtmlElement | None = None
    best_rank = WEAK + 1
    inside: HtmlElement | None = None
    for element, kind in own:
        stated = element.get("itemprop")
        if stated and stated.lower() in BODY_PROPERTIES:
            return element
        found = kind.content
        if found is None or element is block.element or element.tag in ("a", "img") or not _has_words(element):
            continue
        if found < best_rank:
            best, best_rank, inside = element, found, element
        elif found == best_rank == SURE and inside is not None and inside in element.iterancestors():
            best = inside = element  # the innermost
    if best is None and (found := _traits(block.element).content) == SURE:
        return block.element
    return best


def _has_words(element: HtmlElement) -> bool:
    return any(piece.strip() for piece in element.itertext()) or element.find(".//img") is not None


def _outside(own: Sequence[Part], content: HtmlElement | None) -> list[Part]:
    """What stands apart from the text: all but its element, or where that holds more, all but its paragraphs."""
    if content is not None and _plain_holder(content):
        inside = set(content.iter())
    else:
        texts = (element for element, _ in own if element.tag in PARAGRAPHS and not _heads(element))
        inside = {below for text in texts for below in text.iter()}
    return [part for part in own if part[0] not in inside]


def _heads(paragraph: HtmlElement) -> bool:
    """Whether a paragraph is a line of name or date."""
    return _traits(paragraph).furniture or any(
        _names(below) or _traits(below).dated or below.tag in ("time", "cite") or _is_own_link(below)
        for below in paragraph.iter()
        if isinstance(below.tag, str)
    )


def _is_own_link(element: HtmlElement) -> bool:
    return element.tag == "a" and bool(OWN_LINK.search(element.get("href") or ""))


def _body(
    block: Block, parts: Sequence[Part], content: HtmlElement | None, apart: set[HtmlElement], name: str | None
) -> str:
    if content is not None and _plain_holder(content):
        simple = paragraphs_only(content)
        if simple is not None:
            return simple
        within = [element for element in content.iter() if isinstance(element.tag, str)]
        lines = _lines_of(apart.intersection(within), {content})
        return text_of(content, skip=frozenset((*_furniture(within, content), *block.nested, *apart, *lines)))
    own = [element for element, _ in parts]
    whole = content if content is not None else block.element
    lines = _lines_of(apart, {whole, block.element})
    skip = frozenset((*_furniture(own, whole), *block.nested, *apart, *lines))
    joined = "\n\n".join(filter(None, (text_of(each, skip=skip) for each in _paragraphs(own, skip, content))))
    if joined:
        return joined
    pieces = [text_of(element, skip=skip) for element in (whole, *(block.more if content is None else ()))]
    return _without_head("\n\n".join(filter(None, pieces)), name)


def _plain_holder(content: HtmlElement) -> bool:
    """Whether an element was made for the text alone."""
    return _traits(content).content == SURE or _property(content) in BODY_PROPERTIES


def _furniture(own: Iterable[HtmlElement], whole: HtmlElement) -> Iterator[HtmlElement]:
    for element in own:
        if element is not whole and _is_furniture(element):
            yield element


def _is_furniture(element: HtmlElement) -> bool:
    if element.tag == "a" and _is_button(element):
        return True
    if element.tag in ("cite", "time") and not _deep_in_text(element):
        return True
    return _traits(element).furniture and not _holds_text(element)


def _holds_text(element: HtmlElement) -> bool:
    """Whether an element that looks like furniture holds the text: "comment-meta" around everything."""
    return any(_traits(below).content == SURE for below in element.iterdescendants() if isinstance(below.tag, str))


def _is_button(link: HtmlElement) -> bool:
    href = link.get("href") or ""
    return (
        bool(REPLY_LINK.search(href) or OWN_LINK.search(href) or MOVE_FORM.search(link.get("onclick") or ""))
        or "action=editcomment" in href
        or href.endswith(("#respond", "#commentform"))
        or (len(link.text_content()) < 30 and line_rules.is_reply(" ".join(link.text_content().split())))
    )


def _deep_in_text(element: HtmlElement) -> bool:
    above = element.getparent()
    return above is not None and (above.tag in ("p", "blockquote") and len(above.text_content()) > LONGEST_LINE)


def _lines_of(apart: Iterable[HtmlElement], ends: set[HtmlElement]) -> Iterator[HtmlElement]:
    """The short lines in which name or date stand."""
    for element in apart:
        above = element.getparent()
        while above is not None and above not in ends and above.tag not in HOLDERS:
            rest = len(" ".join(above.text_content().split())) - len(" ".join(element.text_content().split()))
            if rest > 90:
                break
            yield above
            above = above.getparent()


def _paragraphs(
    own: Sequence[HtmlElement], skip: frozenset[HtmlElement], content: HtmlElement | None
) -> Iterator[HtmlElement]:
    """The outermost paragraphs of a comment that stand in no furniture."""
    taken: set[HtmlElement] = set()
    within = None if content is None else set(content.iter())
    for element in own:
        above = element.getparent()
        if above in taken or element in skip or (above is not None and above in skip):
            taken.add(element)
        elif element.tag in PARAGRAPHS and (within is None or element in within):
            taken.add(element)
            yield element


def _without_head(text: str, name: str | None) -> str:
    """A text without the name, "says" and date that stand before it in the same breath."""
    lines = text.split("\n")
    while lines:
        line = lines[0].strip()
        bare = line.strip(" :：-–—|·•,.@#")
        where = span(line) if len(line) <= 120 and may_hold_date(line) else None
        alone = where is not None and len(line) - (where[1] - where[0]) < 12
        if (
            not bare
            or alone
            or (name and bare == name)
            or bare.casefold() in phrases.SAYS
            or line_rules.is_waiting(line)
        ):
            lines.pop(0)
            continue
        break
    while lines and (not lines[-1].strip() or line_rules.is_reply(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip("\n")


# the author


def _author(
    own: Sequence[Part], picks: Iterable[Callable[[HtmlElement, Traits], bool]]
) -> tuple[HtmlElement | None, str | None]:
    """The element that names who wrote a comment, and the name."""
    for pick in picks:
        for element, kind in own:
            if pick(element, kind) and (name := _name(element)):
                return element, name
    return None, None


def _by_name_class(element: HtmlElement, kind: Traits) -> bool:
    return kind.name == 0 or (element.tag in ("a", "span") and (element.get("id") or "").startswith("dsq-author-user"))


def _names(element: HtmlElement) -> bool:
    return _by_name_class(element, _traits(element))


def _by_property(element: HtmlElement, _: Traits) -> bool:
    return _property(element) in AUTHOR_PROPERTIES


def _by_author_class(_: HtmlElement, kind: Traits) -> bool:
    return kind.name is not None


def _by_tag(element: HtmlElement, _: Traits = NONE) -> bool:
    if element.tag == "cite":
        return True
    if element.tag == "a":
        rel, names = (element.get("rel") or ""), (element.get("class") or "")
        return ("nofollow" in rel and "external" in rel) or "url" in names.split()
    return element.tag in ("strong", "b", "h3", "h4", "h5", "h6", "dt") and len(element.text_content()) <= LONGEST_NAME


PICKS = (_by_name_class, _by_property, _by_author_class, _by_tag)


def _name_before(block: Block, stamp: HtmlElement, shown: str) -> str | None:
    """The name that stands before the date in the same line: "Joe said on 5 March"."""
    line = stamp
    while (above := line.getparent()) is not None and line is not block.element and _short(above):
        line = above
    before, found, _ = _folded(_shown(line)).partition(shown)
    if not before or not found:
        return None
    return _clean(BARE_NUMBER.sub("", line_rules.unlinked(before.strip(" ,:|·•–—-@(["))), leaf=False)


def _name(element: HtmlElement) -> str | None:
    """The name that an element shows, without what themes put around it."""
    inner = _inner_name(element)
    shown = " ".join(_shown(inner).split())
    return _clean(shown, leaf=inner is not element or _names(element))


def _inner_name(element: HtmlElement) -> HtmlElement:
    """The name within an element that holds picture, date or "says" as well."""
    if len(element) == 0:
        return element
    inside = [below for below in element.iterdescendants() if isinstance(below.tag, str) and below.tag != "meta"]
    for below in inside:
        if (_names(below) or _property(below) == "name") and _shown(below).strip():
            return below
    whole = _folded(_shown(element))
    for below in sorted((each for each in inside if each.tag in INNER_NAMES), key=lambda e: INNER_NAMES.index(e.tag)):
        shown = _folded(_shown(below))
        if shown.casefold() in STAND_FOR_NOBODY or span(shown[:100]) or (below.tag == "a" and _is_button(below)):
            continue
        return element if below.tag == "a" and len(shown) * 3 < len(whole) and not _by_tag(below) else below
    return element


def _folded(text: str) -> str:
    return " ".join(text.split())


def _shown(element: HtmlElement) -> str:
    """Text without pictures, badges and dates."""
    if len(element) == 0:
        return "" if element.tag in PICTURES else element.text or ""
    pieces: list[str] = []
    stack: list[tuple[HtmlElement, bool]] = [(element, True)]
    while stack:
        each, entering = stack.pop()
        if not entering:
            pieces.append(each.tail or "")
            continue
        hidden = not isinstance(each.tag, str) or each.tag in PICTURES
        hidden = hidden or (each is not element and _traits(each).badge)
        if each is not element:
            stack.append((each, False))
        if not hidden:
            pieces.append(each.text or "")
            stack.extend((child, True) for child in reversed(each))
            if each.tag == "br":
                pieces.append(" ")
    return "".join(pieces)


def _clean(shown: str, *, leaf: bool) -> str | None:
    name = shown.strip()
    if not leaf and len(name) <= 400:
        where = span(name[:120]) if may_hold_date(name) else None
        if where is not None and where[0] > 0:
            name = line_rules.unlinked(name[: where[0]].strip(" ,:|·•–—-@(["))
    cut = line_rules.said(name) if not leaf or name.endswith((":", "：", "…")) else None
    if cut:
        name = name[:cut]
    if not leaf:
        name = LEADING_NUMBER.sub("", name[line_rules.by(name) :])
    name = name.strip().rstrip(":：").rstrip(" ,|•·–—").lstrip(" ,|•·–—").strip()
    return name if name and len(name) <= LONGEST_NAME else None


# the time


def _time(block: Block, outside: Sequence[Part]) -> tuple[HtmlElement | None, str | None, str | None]:
    """Where the time stands, what it shows, and what it says for machines."""
    best: tuple[HtmlElement | None, str | None, str | None] = (None, None, None)
    best_precision = -1
    for element in _dated(outside):
        shown, machine = _stated_time(element)
        if element is block.element or (shown is None and machine is None):
            continue
        precision = _precision(machine)
        if precision < ENOUGH:
            precision = max(precision, _precision(shown))
        if precision > best_precision:
            best, best_precision = (element, shown, machine), precision
        if best_precision >= ENOUGH:
            break
    return best


def _dated(outside: Sequence[Part]) -> Iterator[HtmlElement]:
    yield from (e for e, _ in outside if e.tag == "time" or _property(e) in DATE_PROPERTIES)
    yield from (e for e, _ in outside if e.tag == "abbr" and e.get("title"))
    links = [e for e, _ in outside if e.tag == "a" and OWN_LINK.search(e.get("href") or "")]
    for element, kind in outside:
        if kind.dated and not _holds_text(element):
            yield element
    for link in links:
        above = link.getparent()
        if above is not None and len(above.text_content()) <= LONGEST_LINE:
            yield above
        yield link
    yield from (element for element, _ in reversed(outside) if element.tag in LINES and _short(element))


def _short(element: HtmlElement) -> bool:
    return len(element.text_content()) <= LONGEST_LINE


def _stated_time(element: HtmlElement) -> tuple[str | None, str | None]:
    machine = next((value for name in MACHINE if (value := element.get(name)) and _precision(value) >= 0), None)
    shown = ORDINAL.sub(r"\1\2", _folded(" ".join(element.itertext())))
    where = _date_in(shown)
    if element.tag == "time" or machine:
        return (shown[where[0] : where[1]] if where else shown[:LONGEST_LINE]) or None, machine
    return (shown[where[0] : where[1]], None) if where else (None, None)


def _date_in(line: str) -> tuple[int, int] | None:
    """Where a date stands in a line that may hold other things before and after it."""
    if not may_hold_date(line):
        return None
    for start in range(0, min(len(line), 400), 80):
        where = span(line[start : start + 120])
        if where is not None:
            return start + where[0], start + where[1]
    return None


def _precision(shown: str | None) -> int:
    """How exactly a text names a time; 0 where it is a time that cannot be placed, -1 where it is none."""
    if not shown:
        return -1
    found = _read(shown)
    if found.at is None:
        return 0 if span(shown[:120]) else -1
    return PRECISIONS[found.precision]


@lru_cache(1024)
def _read(shown: str) -> Moment:
    return read(shown)


def posted(each: Said, day_first: bool | None) -> Moment | None:
    """The time of a comment, once the list has shown in which order day and month stand."""
    if each.machine is None and each.shown is None:
        return None
    stated = _read(each.machine) if each.machine else Moment()
    if stated.at is None and each.shown:
        stated = read(each.shown, day_first)
    return Moment(stated.at, each.shown or each.machine, stated.precision if stated.at else None)
