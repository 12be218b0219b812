"""Comments in microdata: items of a type with their properties, as deep within each other as replies are."""

from collections.abc import Container, Iterator, Mapping, Sequence

from lxml.etree import XPath
from lxml.html import HtmlElement

from archive.text.html_text import element_text, parse_count, parse_moment
from archive.text.removal_notices import as_removed
from archive.thread import Author, Comment, Flag, Moment
from crawler.platforms.comment_html.block_ids import id_part
from crawler.platforms.comment_html.blocks import build_comments
from crawler.platforms.comment_html.parents_by_evidence import infer_parents
from crawler.platforms.comment_html.votes import count_votes
from crawler.platforms.json_comments import UNNAMED

ITEMS, PROPERTIES = XPath("//*[@itemtype]"), XPath("//*[@itemprop]")
Properties = Mapping[str, HtmlElement]


def _item_type(element: HtmlElement) -> str:
    stated: str = element.get("itemtype")
    return stated.strip().rstrip("/").rpartition("/")[2]


def find_items(tree: HtmlElement, types: Container[str]) -> dict[HtmlElement, HtmlElement | None]:
    """Return the items of some types in document order, each with the one that it stands in; None for the outermost."""
    items = dict.fromkeys(item for item in ITEMS(tree) if _item_type(item) in types)
    nearest: dict[HtmlElement, HtmlElement | None] = {}
    for item in items:
        path, above = [], item.getparent()
        while above is not None and above not in items and above not in nearest:
            path.append(above)
            above = above.getparent()
        item_above = above if above is None or above in items else nearest[above]
        nearest.update(dict.fromkeys(path, item_above))
        items[item] = item_above
    return items


def stated_count(tree: HtmlElement) -> int | None:
    """Return the number of comments that a page states in its microdata."""
    counts = (element for element in PROPERTIES(tree) if element.get("itemprop").lower() == "commentcount")
    return _element_count(next(counts, None))


def read_comments(items_above: Mapping[HtmlElement, HtmlElement | None]) -> Iterator[Comment]:
    """Yield the comments that items are, not yet nested."""
    items = list(items_above)
    all_items = frozenset(items)
    within: dict[HtmlElement | None, set[HtmlElement]] = {}
    for item, above in items_above.items():
        within.setdefault(above, set()).add(item)
    keys = {item: _item_id(item) or f"{UNNAMED}{n}" for n, item in enumerate(items)}
    parents: dict[HtmlElement, tuple[str | None, str | None]] = {
        item: (None if above is None else keys[above], None) for item, above in items_above.items()
    }
    if items and all(above is None for above in items_above.values()):
        parents = _parents(items, keys)
    for item in items:
        properties = _properties(item, all_items)
        body = _first(properties, "text", "commenttext", "description")
        if body is None:
            continue
        parent, rule = parents[item]
        votes = count_votes(_own_elements(item, all_items))
        comment = Comment(
            element_text(body, skip=frozenset(within.get(item, ()))),
            author=_author(_first(properties, "author", "creator")),
            posted=_posted(_first(properties, "datecreated", "datepublished", "commenttime")),
            native_id=keys[item],
            parent_native_id=parent,
            parent_source="dom",
            flags=(Flag("capture.parent_inferred", rule),) if rule else (),
            likes=_first_count(properties.get("upvotecount"), votes["likes"]),
            dislikes=_first_count(properties.get("downvotecount"), votes["dislikes"]),
        )
        yield as_removed(comment)


def _parents(
    items: Sequence[HtmlElement], keys: Mapping[HtmlElement, str]
) -> dict[HtmlElement, tuple[str | None, str | None]]:
    """Return the parent of each item of a list in which none stands in another, by what else the page shows."""
    comments, _ = build_comments(items)
    parents = infer_parents(comments, [keys[comment.root] for comment in comments])
    return {
        comment.root: (None if parent is None else keys[comments[parent].root], rule)
        for comment, (parent, rule) in zip(comments, parents, strict=True)
    }


def _item_id(item: HtmlElement) -> str | None:
    stated = item.get("itemid") or item.get("id")
    number = id_part(stated) if stated else None
    return number if number and len(number) > 1 else stated or item.get("data-comment-id")


def _first_count(element: HtmlElement | None, count: int | None) -> int | None:
    stated = _element_count(element)
    return count if stated is None else stated


def _own_elements(item: HtmlElement, items: frozenset[HtmlElement]) -> Iterator[HtmlElement]:
    """Yield the elements of an item in document order, without those of items within it."""
    stack = list(reversed(item))
    while stack:
        element = stack.pop()
        if element not in items and isinstance(element.tag, str):
            yield element
            stack.extend(reversed(element))


def _properties(item: HtmlElement, items: frozenset[HtmlElement]) -> Properties:
    """Return the elements of an item's properties, the first of each name, without those of items within it."""
    result: dict[str, HtmlElement] = {}
    stack = list(reversed(item))
    while stack:
        element = stack.pop()
        if element in items or not isinstance(element.tag, str):
            continue
        for name in (element.get("itemprop") or "").lower().split():
            result.setdefault(name, element)
        stack.extend(reversed(element))
    return result


def _first(properties: Properties, *names: str) -> HtmlElement | None:
    return next((properties[name] for name in names if name in properties), None)


def _author(element: HtmlElement | None) -> Author | None:
    if element is None:
        return None
    names = (below for below in element.iter() if (below.get("itemprop") or "").lower() == "name")
    inner = next(names, element)  # the author may be a Person with a name, a picture, an address
    name = " ".join((inner.get("content") or inner.text_content()).split())
    return Author(name) if name else None


def _posted(element: HtmlElement | None) -> Moment | None:
    if element is None:
        return None
    return parse_moment(" ".join(element.text_content().split()), element.get("datetime") or element.get("content"))


def _element_count(element: HtmlElement | None) -> int | None:
    return None if element is None else parse_count(element.get("content") or element.text_content())
