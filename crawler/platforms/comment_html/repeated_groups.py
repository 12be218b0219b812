"""The groups of a page that may be comments: by what they are called, by names and dates in them, or by two shapes."""

from lxml.html import HtmlElement

from archive.text.dates import find_date, may_hold_date
from crawler.platforms.comment_html.blocks import DIGITS, Key, roots_of
from crawler.platforms.comment_html.class_names import traits
from crawler.platforms.comment_html.elements import HEADS
from crawler.platforms.comment_html.page_index import MOST_BLOCKS, Group, PageIndex
from crawler.platforms.comment_html.parts import is_own_link
from crawler.platforms.comment_html.section_words import words_of

MOST_GROUPS = 30
MOST_ANCHORS = 4
LONGEST_DATE_LINE = 90


def likely_groups(index: PageIndex) -> list[Group]:
    """Return the groups that names or numbers make likely to be comments, the likeliest first."""
    ranked: list[tuple[float, int, Group]] = []
    for group in index.groups.values():
        count = len(group.elements)
        if count > 1 and not (group.own or group.around or group.is_headed):
            group.is_headed = bool(index.titled) and index.is_beside_form(group.elements[0])
        if not (group.own or group.around or group.is_headed) or (count == 1 and not group.own):
            continue
        sample = group.elements[:: max(1, count // 8)][:8]
        length = sum(index.lengths[element] for element in sample) / len(sample)
        if not 4 <= length <= 40_000 and group.elements[0].tag not in HEADS:
            continue
        group.elements = _without_holder(_in_one_place(group.elements, index))
        rank = (
            3 * group.own
            + 1.5 * max(group.around, group.is_headed)
            + 2 * group.has_ids
            + min(count.bit_length(), 6) * 0.7
            - group.weak
        )
        ranked.append((-rank, len(ranked), group))
    ranked.sort(key=lambda entry: entry[:2])
    return [group for _, _, group in ranked[:MOST_GROUPS]] + _anchored_groups(index)


def _without_holder(elements: list[HtmlElement]) -> list[HtmlElement]:
    """Leave out the first of a group that is called comments and holds the others, numbered as they are."""
    if len(elements) > 2 and traits(elements[0].get("class")).plural and elements[0] in elements[-1].iterancestors():
        return elements[1:]
    return elements


def _in_one_place(elements: list[HtmlElement], index: PageIndex) -> list[HtmlElement]:
    """Leave out those of a group that stand in a sidebar, or in what is called so, where most others do not.

    One that stands in the list of the others is not left out for a name of its own ("last-comment").
    """
    apart = {element for element in elements if index.surroundings[element].weak or index.surroundings[element].aside}
    lowest = min((index.surroundings[element].weak for element in elements), default=0)
    main = [
        e
        for e in elements
        if e not in apart or (index.surroundings[e].weak <= lowest and not index.surroundings[e].aside)
    ]
    if len(main) * 2 < len(elements):
        return elements
    lists = {element.getparent() for element in main} if len(main) < len(elements) else set()
    members = set(main)
    return [e for e in elements if e in members or e.getparent() in lists]


def _anchored_groups(index: PageIndex) -> list[Group]:
    """Return groups of blocks around elements made for a name or a date: replies often have another shape."""
    largest = sorted(index.anchors.values(), key=len, reverse=True)[:MOST_ANCHORS]
    groups = []
    for anchors in map(_without_repeats, largest):
        roots = roots_of(anchors[:MOST_BLOCKS]) if len(anchors) >= 2 else []
        if len(roots) >= 2:
            around = index.surroundings[roots[-1]]
            own = max(words_of(root.get("class")).strength for root in roots[:8])
            is_cut = len(anchors) > MOST_BLOCKS
            groups.append(Group(roots, own, around.strength, around.weak, is_cut=is_cut, is_headed=around.is_headed))
    return groups


def _without_repeats(anchors: list[HtmlElement]) -> list[HtmlElement]:
    """Leave out second links to one comment: its title leads there as its date does."""
    seen: set[str] = set()
    result = []
    for anchor in anchors:
        href = (anchor.get("href") or "") if is_own_link(anchor) else ""
        if not href or href not in seen:
            result.append(anchor)
        seen.add(href)
    return result


def unite(first: Group, second: Group, index: PageIndex) -> Group | None:
    """Return two groups as one where their elements are alike in tag, and none is in both: comments and replies."""
    if first.elements[0].tag != second.elements[0].tag:
        return None
    members = set(first.elements)
    if any(element in members for element in second.elements) or _are_parts(first, second) or _are_parts(second, first):
        return None
    elements = sorted((*first.elements, *second.elements), key=index.order.__getitem__)
    own, around, weak = min(first.own, second.own), min(first.around, second.around), max(first.weak, second.weak)
    is_cut = first.is_cut or second.is_cut or len(elements) > MOST_BLOCKS
    has_ids, is_headed = first.has_ids and second.has_ids, first.is_headed and second.is_headed
    if all(not members.isdisjoint(element.iterancestors()) for element in second.elements):
        own = max(own, first.own)  # what replies are called says less of them than what they stand in
    return Group(elements[:MOST_BLOCKS], own, around, weak, has_ids, is_cut, is_headed)


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
        "time", "span", "a", "div", "p", "small", "em", "i", "b", "abbr", "td", "cite", "dd", "h4", "h5", "font"
    ):
        if index.lengths.get(element, 0) > LONGEST_DATE_LINE or not _shows_date(element):
            continue
        class_ = DIGITS.sub("#", element.get("class") or "")
        above = element.getparent()
        place = DIGITS.sub("#", (above.get("class") or above.tag) if above is not None else "")
        dated.setdefault((element.tag, class_, place), []).append(element)
    groups = []
    for anchors in dated.values():
        roots = roots_of(anchors[:MOST_BLOCKS]) if len(anchors) >= 2 else []
        if len(roots) >= 2:
            around = index.surroundings[roots[0]]
            is_cut = len(anchors) > MOST_BLOCKS
            groups.append(Group(roots, 0, around.strength, around.weak, is_cut=is_cut, is_headed=around.is_headed))
    groups.sort(key=lambda group: -len(group.elements))
    return groups[:MOST_GROUPS]


def _shows_date(element: HtmlElement) -> bool:
    if element.tag == "time" or element.get("datetime"):
        return True
    texts = [element.text, *(child.tail for child in element)] if len(element) < 8 else [element.text]
    for text in texts:
        line = text.strip() if text and 5 <= len(text) <= LONGEST_DATE_LINE else ""
        if line and may_hold_date(line) and find_date(line):
            return True
    return False
