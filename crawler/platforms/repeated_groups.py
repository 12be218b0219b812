"""Find what repeats in a page: groups of elements of one shape.

An element is in a group for each of its classes, for the pattern of its id, for its data attributes, and, where it has
none of these, for its place: lists of comments differ in all but one of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lxml.html import HtmlElement

from archive.text.dates import find_date, may_hold_date
from crawler.platforms.class_names import traits
from crawler.platforms.comment_blocks import BLOCK_TAGS, DIGITS, STATES, Key, roots_of
from crawler.platforms.comment_elements import HEADS, CommentElement
from crawler.platforms.comment_fields import CommentFields, parse_fields
from crawler.platforms.section_words import NameWords, words_of

NO_SHAPE = frozenset(("p", "td", "figure"))  # these are in groups only where a name or an id says what they are
ASIDE = frozenset(("aside", "nav", "footer"))
UNSEEN = frozenset(("script", "style", "noscript", "template"))
OUTSIDE = frozenset(("html", "body", "head", "script", "style"))
NUMBERS = re.compile(r"\d{2,}|(?<=[-_])\d(?![^\W_])")  # in a class; "_1S4" and "_1S5" are two names
HEXADECIMAL = re.compile(r"(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f-]{8,40}(?![0-9a-z])", re.IGNORECASE)
DATA_ID = re.compile(
    r"^data-(?:[\w-]*(?:comment|reply|message|post(?:ing)?|review|c)[-_]?(?:id|nr|no|key)|id|cid|key|uid|commentid)$"
)
MOST_BLOCKS = 20_000
MOST_TOKENS = 8
MOST_GROUPS = 30
MOST_ANCHORS = 4
LONGEST_DATE_LINE = 90


@dataclass(eq=False, slots=True)
class Group:
    """Elements of one shape, in document order; `own` is how far their shape calls them comments, `around` how far
    what they stand in does; `weak` where that is called something else."""

    elements: list[HtmlElement]
    own: int = 0
    around: int = 0
    weak: int = 0
    has_ids: bool = False


@dataclass(eq=False, slots=True)
class _Surroundings:
    """What the names around an element say, and the class of the nearest element around it that has a name."""

    strength: int = 0
    weak: int = 0
    aside: bool = False
    named: str | None = None


@dataclass(eq=False, slots=True)
class PageIndex:
    """The groups of a page, from one walk over it."""

    groups: dict[Key, Group] = field(default_factory=dict)
    anchors: dict[Key, list[HtmlElement]] = field(default_factory=dict)
    order: dict[HtmlElement, int] = field(default_factory=dict)
    surroundings: dict[HtmlElement, _Surroundings] = field(default_factory=dict)
    lengths: dict[HtmlElement, int] = field(default_factory=dict)
    fields: dict[tuple[HtmlElement | int, ...], CommentFields] = field(default_factory=dict)
    by_class: dict[tuple[str, str], tuple[Group, ...]] = field(default_factory=dict)

    def fields_of(self, comment: CommentElement) -> CommentFields:
        """Return the fields of a comment, parsed once for all groups that it is a block of: not to be changed."""
        last = comment.own[-1] if comment.own else comment.root
        key = (comment.root, last, len(comment.own), len(comment.nested), len(comment.siblings))
        fields = self.fields.get(key)
        if fields is None:
            fields = self.fields[key] = parse_fields(comment)
        return fields


def index_page(tree: HtmlElement) -> PageIndex:
    """Walk a page once: put its elements into groups, and note what stands around each."""
    index = PageIndex()
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    index.order = {element: number for number, element in enumerate(elements)}
    parents = _note_surroundings(index, elements)
    _measure_texts(index, elements, parents)
    return index


def _note_surroundings(index: PageIndex, elements: Sequence[HtmlElement]) -> list[HtmlElement | None]:
    """Enter the elements into groups and note what stands around them; return the parent of each."""
    top = _Surroundings()
    # Siblings mostly have the same names: what stands around their children is worked out once.
    alike: dict[tuple[int, str, str | None, str | None], _Surroundings] = {}
    parents = []
    for element in elements:
        above = element.getparent()
        parents.append(above)
        around = index.surroundings.get(above, top) if above is not None else top
        tag = element.tag
        if tag in OUTSIDE:
            index.surroundings[element] = around
            continue
        class_, id_ = element.get("class"), element.get("id")
        within = around
        if class_ or id_ or tag in ASIDE:
            kind = tag if tag in ASIDE and (tag != "footer" or (above is not None and above.tag == "body")) else ""
            key = (id(around), kind, class_, id_)
            if key not in alike:
                alike[key] = _within(around, class_, id_, is_aside=bool(kind))
            within = alike[key]
        index.surroundings[element] = within
        _enter(index, element, around, within)
    return parents


def _within(around: _Surroundings, class_: str | None, id_: str | None, *, is_aside: bool) -> _Surroundings:
    """Return what stands around the children of an element."""
    by_class, by_id = words_of(class_), words_of(id_)
    return _Surroundings(
        max(around.strength, by_class.strength, by_id.strength),
        around.weak + (by_class.weak or by_id.weak),
        around.aside or is_aside,
        class_ if class_ or id_ else around.named,
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


def _enter(index: PageIndex, element: HtmlElement, around: _Surroundings, within: _Surroundings) -> None:
    """Put an element into the groups that its names and its place make it a member of."""
    tag, class_ = element.tag, element.get("class")
    if class_ and within.strength:
        kind = traits(class_)
        if kind.name is not None or kind.dated:
            index.anchors.setdefault((tag, DIGITS.sub("#", class_)), []).append(element)
    if not (tag in BLOCK_TAGS or "-" in tag or (tag in HEADS and (element.get("id") or element.get("name")))):
        return
    groups = [_group(index, key, words, around) for key, words in _keys(element, around)]
    if class_:
        of_class = index.by_class.get((tag, class_))
        if of_class is None:
            named = (token for token in _tokens(class_) if tag not in NO_SHAPE or token[1].strength)
            of_class = tuple(_group(index, ("class", tag, token), words, around) for token, words in named)
            index.by_class[tag, class_] = of_class
        groups += of_class
    for group in groups:
        if len(group.elements) < MOST_BLOCKS:
            group.elements.append(element)


def _group(index: PageIndex, key: Key, words: NameWords, around: _Surroundings) -> Group:
    group = index.groups.get(key)
    if group is None:
        group = index.groups[key] = Group([], words.strength, around.strength, around.weak + words.weak)
        group.has_ids = key[0] in ("id", "data", "name")
    return group


def _keys(element: HtmlElement, around: _Surroundings) -> Iterator[tuple[Key, NameWords]]:
    """Yield the keys of an element's groups, but for those of its class, which other elements have, too."""
    tag, class_, id_ = element.tag, element.get("class"), element.get("id")
    name = id_ or (element.get("name") if tag == "a" else None)
    attributes = element.keys()
    for attribute in attributes if len(attributes) > (class_ is not None) + (id_ is not None) else ():
        if attribute.startswith("data-") and DATA_ID.match(attribute) and tag != "a":
            yield ("data", tag, attribute), words_of(attribute)
        elif attribute in ("typeof", "itemtype") and "Comment" in element.get(attribute):
            yield ("type", tag), NameWords(2)
    if name:
        pattern = DIGITS.sub("#", HEXADECIMAL.sub("#", name))
        if "#" in pattern and len(name) <= 80:
            yield ("id", tag, pattern), words_of(pattern)
    if not class_ and not name and tag not in NO_SHAPE:
        yield ("place", around.named, tag), NameWords()


@lru_cache(16_384)  # a page repeats the same few values on thousands of elements
def _tokens(class_: str) -> tuple[tuple[str, NameWords], ...]:
    """Return the names in a class that more than the state of an element shows in, with what they say."""
    tokens = dict.fromkeys(NUMBERS.sub("#", class_).split()[:MOST_TOKENS])
    named = ((token, words_of(token)) for token in tokens)
    return tuple((token, words) for token, words in named if words.strength or not STATES.match(token))


def likely_groups(index: PageIndex) -> list[Group]:
    """Return the groups that names or numbers make likely to be comments, the likeliest first."""
    ranked: list[tuple[float, int, Group]] = []
    for group in index.groups.values():
        count = len(group.elements)
        if not (group.own or group.around) or (count == 1 and not group.own):
            continue
        sample = group.elements[:: max(1, count // 8)][:8]
        length = sum(index.lengths[element] for element in sample) / len(sample)
        if not 4 <= length <= 40_000 and group.elements[0].tag not in HEADS:
            continue
        group.elements = _in_one_place(group.elements, index)
        rank = 3 * group.own + 1.5 * group.around + 2 * group.has_ids + min(count.bit_length(), 6) * 0.7 - group.weak
        ranked.append((-rank, len(ranked), group))
    ranked.sort(key=lambda entry: entry[:2])
    return [group for _, _, group in ranked[:MOST_GROUPS]] + _anchored_groups(index)


def _in_one_place(elements: list[HtmlElement], index: PageIndex) -> list[HtmlElement]:
    """Leave out those of a group that stand in a sidebar, or in what is called so, where most others do not."""
    apart = {element for element in elements if index.surroundings[element].weak or index.surroundings[element].aside}
    lowest = min((index.surroundings[element].weak for element in elements), default=0)
    main = [
        e
        for e in elements
        if e not in apart or (index.surroundings[e].weak <= lowest and not index.surroundings[e].aside)
    ]
    return main if len(main) * 2 >= len(elements) else elements


def _anchored_groups(index: PageIndex) -> list[Group]:
    """Return groups of blocks around elements made for a name or a date: replies often have another shape."""
    largest = sorted(index.anchors.values(), key=len, reverse=True)[:MOST_ANCHORS]
    groups = []
    for anchors in largest:
        roots = roots_of(anchors) if 2 <= len(anchors) <= MOST_BLOCKS else []
        if len(roots) >= 2:
            around = index.surroundings[roots[-1]]
            own = max(words_of(root.get("class")).strength for root in roots[:8])
            groups.append(Group(roots, own, around.strength, around.weak))
    return groups


def unite(first: Group, second: Group, index: PageIndex) -> Group | None:
    """Return two groups as one where their elements are alike in tag, and none is in both: comments and replies."""
    if first.elements[0].tag != second.elements[0].tag or len(first.elements) + len(second.elements) > MOST_BLOCKS:
        return None
    members = set(first.elements)
    if any(element in members for element in second.elements) or _are_parts(first, second) or _are_parts(second, first):
        return None
    elements = sorted((*first.elements, *second.elements), key=index.order.__getitem__)
    own, around = min(first.own, second.own), min(first.around, second.around)
    return Group(elements, own, around, max(first.weak, second.weak), first.has_ids and second.has_ids)


def _are_parts(outer: Group, inner: Group) -> bool:
    """Whether most elements of one group hold one of the other: a name, a head, a text, but no replies."""
    outermost = set(outer.elements)
    counts: dict[HtmlElement, int] = {}
    for element in inner.elements:
        above, steps = element.getparent(), 0
        while above is not None and above not in outermost and steps < 12:
            above, steps = above.getparent(), steps + 1
        if above is not None and above in outermost:
            counts[above] = counts.get(above, 0) + 1
    return sum(count == 1 for count in counts.values()) * 10 > len(outermost) * 7


def dated_groups(index: PageIndex, tree: HtmlElement) -> list[Group]:
    """Return groups of blocks that have a date each, whatever they are called."""
    dated: dict[Key, list[HtmlElement]] = {}
    for element in tree.iter(
        "time", "span", "a", "div", "p", "small", "em", "i", "b", "abbr", "td", "cite", "dd", "h4", "h5"
    ):
        if index.lengths.get(element, 0) > LONGEST_DATE_LINE or not _shows_date(element):
            continue
        class_ = DIGITS.sub("#", element.get("class") or "")
        above = element.getparent()
        place = DIGITS.sub("#", (above.get("class") or above.tag) if above is not None else "")
        dated.setdefault((element.tag, class_, place), []).append(element)
    groups = []
    for anchors in dated.values():
        if 2 <= len(anchors) <= MOST_BLOCKS:
            roots = roots_of(anchors)
            if len(roots) >= 2:
                around = index.surroundings[roots[0]]
                groups.append(Group(roots, 0, around.strength, around.weak))
    groups.sort(key=lambda group: -len(group.elements))
    return groups[:MOST_GROUPS]


def _shows_date(element: HtmlElement) -> bool:
    if element.tag == "time" or element.get("datetime"):
        return True
    texts = [element.text, *(child.tail for child in element)] if len(element) < 8 else [element.text]
    for text in texts:
        if text and 5 <= len(text) <= LONGEST_DATE_LINE and may_hold_date(text.strip()) and find_date(text.strip()):
            return True
    return False
