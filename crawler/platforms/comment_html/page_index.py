"""What repeats in a page, from one walk over it: elements by shape, what stands around each, how much text it holds.

An element is in a group for each of its classes, for the pattern of its id, for its data attributes, and, where it has
none of these, for its place: lists of comments differ in all but one of them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.html_text import line_of
from crawler.platforms.comment_html.blocks import BLOCK_TAGS, DIGITS, STATES, Key
from crawler.platforms.comment_html.class_names import traits
from crawler.platforms.comment_html.elements import HEADS, LISTS, CommentElement
from crawler.platforms.comment_html.fields import CommentFields, parse_fields
from crawler.platforms.comment_html.section_words import STRONG, NameWords, words_of

NO_SHAPE = frozenset(("p", "td", "figure"))  # these are in groups only where a name or an id says what they are
ASIDE = frozenset(("aside", "nav", "footer"))
UNSEEN = frozenset(("script", "style", "noscript", "template"))
OUTSIDE = frozenset(("html", "body", "head", "script", "style"))
NUMBERS = re.compile(r"\d{2,}|(?<=[-_])\d(?![^\W_])")  # in a class; "_1S4" and "_1S5" are two names
HEXADECIMAL = re.compile(r"(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f-]{8,40}(?![0-9a-z])", re.IGNORECASE)
DATA_ID = re.compile(
    r"^data-(?:[\w-]*(?:comment|reply|message|post(?:ing)?|review|c)[-_]?(?:id|nr|no|key)|id|cid|key|uid|commentid)$"
)
NAMES_FOR_TESTS = frozenset(("data-testid", "data-test-id", "data-test", "data-qa", "data-component"))
LONGEST_HEADING = 60
LEVELS_OF_FORM = 6
LINES = frozenset(("span", "p", "div", "a"))  # which may state a number of comments where they are called so
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
Reading = TypeVar("Reading")
MOST_BLOCKS = 20_000
MOST_TOKENS = 8


@dataclass(eq=False, slots=True)
class Group:
    """Elements of one shape, in document order; `own` is how far their shape calls them comments, `around` how far
    what they stand in does; `weak` where that is called something else; `is_cut` where there are more of them."""

    elements: list[HtmlElement]
    own: int = 0
    around: int = 0
    weak: int = 0
    has_ids: bool = False
    is_cut: bool = False
    is_headed: bool = False  # a heading that names comments stands before what they are in


@dataclass(eq=False, slots=True)
class _Surroundings:
    """What the names around an element say, and the class of the nearest element around it that has a name.

    `is_called` is of the innermost names alone."""

    strength: int = 0
    weak: int = 0
    aside: bool = False
    named: str | None = None
    is_called: bool = False
    is_headed: bool = False


@dataclass(eq=False, slots=True)
class PageIndex:
    """The groups of a page, from one walk over it."""

    groups: dict[Key, Group] = field(default_factory=dict)
    anchors: dict[Key, list[HtmlElement]] = field(default_factory=dict)
    order: dict[HtmlElement, int] = field(default_factory=dict)
    surroundings: dict[HtmlElement, _Surroundings] = field(default_factory=dict)
    lengths: dict[HtmlElement, int] = field(default_factory=dict)
    called: list[HtmlElement] = field(default_factory=list)  # headings, and what is itself called comments
    readings: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    by_class: dict[tuple[str, str], tuple[Group, ...]] = field(default_factory=dict)
    forms: set[HtmlElement] = field(default_factory=set)  # what a text box stands in, a few levels up
    titled: set[HtmlElement] = field(default_factory=set)  # what a heading such as "Leave a comment" stands in
    is_live_blog: bool = False

    def read(self, comment: CommentElement, function: Callable[[CommentElement], Reading]) -> Reading:
        """Return what a function reads of a comment, once for all groups that it is a block of: not to be changed."""
        last = comment.own[-1] if comment.own else comment.root
        key = (function, comment.root, last, len(comment.own), len(comment.nested), len(comment.siblings))
        if key not in self.readings:
            self.readings[key] = function(comment)
        reading: Reading = self.readings[key]
        return reading

    def is_beside_form(self, element: HtmlElement) -> bool:
        """Whether an element stands beside a form to write a comment, under a heading that says so."""
        above = element.getparent()
        return above in self.titled and above in self.forms and above.tag not in OUTSIDE

    def fields_of(self, comment: CommentElement) -> CommentFields:
        """Return the fields of a comment."""
        return self.read(comment, parse_fields)


def index_page(elements: Sequence[HtmlElement]) -> PageIndex:
    """Walk a page's elements once: put them into groups, and note what stands around each."""
    index = PageIndex()
    index.order = {element: number for number, element in enumerate(elements)}
    parents = _note_surroundings(index, elements)
    _measure_texts(index, elements, parents)
    return index


def _note_surroundings(index: PageIndex, elements: Sequence[HtmlElement]) -> list[HtmlElement | None]:
    """Enter the elements into groups and note what stands around them; return the parent of each."""
    top = _Surroundings()
    # Siblings mostly have the same names: what stands around their children is worked out once.
    alike: dict[tuple[int, str, str | None, str | None, bool], _Surroundings] = {}
    headed: dict[HtmlElement | None, _Surroundings] = {}  # what follows a heading of comments in the same element
    titled = {above for root in elements[:1] for title in root.iter("h1") for above in title.iterancestors()}
    parents = []
    for element in elements:
        above = element.getparent()
        parents.append(above)
        around = index.surroundings.get(above, top) if above is not None else top
        around = headed.get(above, around) if headed else around
        tag = element.tag
        if tag in OUTSIDE:
            index.surroundings[element] = around
            continue
        class_, id_ = element.get("class"), element.get("id")
        within = around
        if class_ or id_ or tag in ASIDE:
            kind = tag if tag in ASIDE and (tag != "footer" or (above is not None and above.tag == "body")) else ""
            name = id_ and DIGITS.sub("0", id_)
            key = (id(around), kind, class_, name, element in titled)
            if key not in alike:
                alike[key] = _within(around, class_, name, is_aside=bool(kind), is_titled=element in titled)
            within = alike[key]
            if within.is_called and tag in LINES:
                index.called.append(element)
        if tag in HEADINGS:
            index.called.append(element)
            _note_heading(index, headed, element, above, around)
        elif tag == "textarea":
            index.forms.update(islice(element.iterancestors(), LEVELS_OF_FORM))
        index.surroundings[element] = within
        _enter(index, element, class_, id_, around, within)
    return parents


def _note_heading(
    index: PageIndex,
    headed: dict[HtmlElement | None, _Surroundings],
    element: HtmlElement,
    above: HtmlElement | None,
    around: _Surroundings,
) -> None:
    """Note that what follows a heading of comments stands under it, up to the next heading beside it."""
    text = line_of(element, LONGEST_HEADING + 1)
    if len(text) > LONGEST_HEADING or above is None:
        return
    if line_rules.is_form(text) and line_rules.names_comments(text):
        index.titled.update(islice(element.iterancestors(), LEVELS_OF_FORM))
    if line_rules.heads_comments(text):
        holder = above.getparent() if next(islice(above, 2, None), None) is None else None  # the heading's own box
        for place in (above, holder):
            if place is not None and place.tag != "html":
                headed[place] = replace(around, is_headed=True)
    elif above in headed and element.tag <= "h3":
        del headed[above]


def _within(
    around: _Surroundings, class_: str | None, id_: str | None, *, is_aside: bool, is_titled: bool
) -> _Surroundings:
    """Return what stands around the children of an element; a "post" that holds the page's title is the article."""
    by_class, by_id = words_of(class_), words_of(id_)
    if is_titled and max(by_class.strength, by_id.strength) < STRONG:
        by_class, by_id = by_class._replace(strength=0), by_id._replace(strength=0)
    return _Surroundings(
        max(around.strength, by_class.strength, by_id.strength),
        around.weak + (by_class.weak or by_id.weak),
        around.aside or is_aside,
        class_ if class_ or id_ else around.named,
        bool(by_class.strength or by_id.strength),
        around.is_headed,
    )


def _measure_texts(index: PageIndex, elements: Sequence[HtmlElement], parents: Sequence[HtmlElement | None]) -> None:
    """Note how many characters of text stand in each element."""
    lengths = dict.fromkeys(elements, 0)
    for element, above in zip(reversed(elements), reversed(parents), strict=True):
        if element.tag in UNSEEN:
            lengths[element] = 0
        elif text := element.text:
            lengths[element] += len(text.strip())
        if above is not None:
            tail = element.tail
            lengths[above] += lengths[element] + (len(tail.strip()) if tail else 0)
    index.lengths = lengths


def _enter(
    index: PageIndex,
    element: HtmlElement,
    class_: str | None,
    id_: str | None,
    around: _Surroundings,
    within: _Surroundings,
) -> None:
    """Put an element into the groups that its names and its place make it a member of."""
    tag = element.tag
    if class_ and within.strength:
        kind = traits(class_)
        if kind.name is not None or kind.dated:
            index.anchors.setdefault((tag, DIGITS.sub("#", class_)), []).append(element)
    is_list = tag in LISTS and tag not in BLOCK_TAGS  # which is a block only where it has an id of its own
    is_block = tag in BLOCK_TAGS or "-" in tag or (id_ and is_list) or (tag in HEADS and (id_ or element.get("name")))
    # A heading may be the name over a comment without an element of its own.
    if not is_block and not (tag in HEADINGS and (around.is_headed or around.strength == STRONG)):
        return
    is_weak = within.weak > around.weak
    has_class_alone = class_ and not id_ and len(element.keys()) == 1  # as most have
    keys = () if has_class_alone else _keys(element, class_, id_, around)
    groups = [_group(index, key, _with_class(words, is_weak=is_weak), around) for key, words in keys]
    if class_ and not is_list:
        of_class = index.by_class.get((tag, class_))
        if of_class is None:
            named = (token for token in _tokens(class_) if tag not in NO_SHAPE or token[1].strength)
            of_class = tuple(_group(index, ("class", tag, token), words, around) for token, words in named)
            index.by_class[tag, class_] = of_class
        groups += of_class
    for group in groups:
        if len(group.elements) < MOST_BLOCKS:
            group.elements.append(element)
        else:
            group.is_cut = True


def _with_class(words: NameWords, *, is_weak: bool) -> NameWords:
    """Return what a number's name says; that the class beside it names something else counts where it says little."""
    return words._replace(weak=True) if is_weak and words.strength < STRONG and not words.weak else words


def _group(index: PageIndex, key: Key, words: NameWords, around: _Surroundings) -> Group:
    group = index.groups.get(key)
    if group is None:
        group = index.groups[key] = Group([], words.strength, around.strength, around.weak + words.weak)
        group.is_headed = around.is_headed
        group.has_ids = key[0] in ("id", "data", "name")
    return group


def _keys(
    element: HtmlElement, class_: str | None, id_: str | None, around: _Surroundings
) -> Iterator[tuple[Key, NameWords]]:
    """Yield the keys of an element's groups, but for those of its class, which other elements have, too."""
    tag = element.tag
    name = id_ or (element.get("name") if tag == "a" else None)
    attributes = element.keys()
    for attribute in attributes if len(attributes) > (class_ is not None) + (id_ is not None) else ():
        if attribute.startswith("data-") and DATA_ID.match(attribute) and tag != "a":
            yield ("data", tag, attribute), words_of(attribute)
        elif attribute in ("typeof", "itemtype") and "Comment" in element.get(attribute):
            yield ("type", tag), NameWords(2)
        elif attribute == "role" and element.get(attribute) == "comment":
            yield ("role", tag), NameWords(2)
        elif attribute in NAMES_FOR_TESTS and (words := words_of(element.get(attribute))).strength:
            yield (attribute, tag, DIGITS.sub("#", element.get(attribute))), words
    if name:
        pattern = DIGITS.sub("#", HEXADECIMAL.sub("#", name))
        if "#" in pattern and len(name) <= 80:
            yield ("id", tag, pattern), words_of(pattern)
    if not class_ and not name and (tag not in NO_SHAPE or around.is_headed or around.strength == STRONG):
        yield ("place", around.named, tag), NameWords()


@lru_cache(16_384)  # a page repeats the same few values on thousands of elements
def _tokens(class_: str) -> tuple[tuple[str, NameWords], ...]:
    """Return the names in a class that more than the state of an element shows in, with what they say."""
    tokens = dict.fromkeys(NUMBERS.sub("#", class_).split()[:MOST_TOKENS])
    named = ((token, words_of(token)) for token in tokens)
    return tuple((token, words) for token, words in named if words.strength or not STATES.match(token))
