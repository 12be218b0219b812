"""What a page shows of a thread besides its comments: buttons for more, and what it states of their number."""

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from lxml.html import HtmlElement

from crawler.platforms.base import shortfall
from crawler.platforms.comment_html.load_more import LOADER_NAME, leads_to_more

LONGEST_BUTTON = 80
BUTTONS = frozenset(("a", "button"))
LOADERS = (*BUTTONS, "div", "span", "p", "li")  # those that are no buttons only where they are called so
HIDDEN = frozenset(("hidden", "d-none", "is-hidden", "wpdiscuz-hidden", "visually-hidden"))


def around(section: HtmlElement) -> HtmlElement:
    """Return what stands around a list, where its buttons are, as long as that is not the page itself."""
    above = section.getparent()
    if above is None or above.tag in ("body", "main", "html", "article") or next(above.iter("h1"), None) is not None:
        return section
    return above


def reasons_for_more(
    section: HtmlElement, stated: int | None, count: int, followed: Collection[HtmlElement] = ()
) -> list[str]:
    """Return why a page may not show all comments of its thread: it states more, or leads to more than was followed."""
    reasons = shortfall(stated, count)
    elements = (e for e in section.iter(*LOADERS) if e.tag in BUTTONS or _is_called_loader(e))
    if followed:
        elements = (e for e in elements if e not in followed and all(link not in followed for link in e.iter("a")))
    more = next(_buttons_for_more(elements), None)
    return reasons + ([f"leads to more: {more}"] if more else [])


def _buttons_for_more(elements: Iterable[HtmlElement]) -> Iterator[str]:
    for element in elements:
        line = line_of_button(element) or _label(element)
        if line and leads_to_more(line) and not _is_hidden(element):
            yield line


def _label(element: HtmlElement) -> str:
    """Return what a button without a text says to those who hear it."""
    label = element.get("aria-label") or element.get("title") if element.tag in BUTTONS else None
    return " ".join(label.split()) if label and not any(piece.strip() for piece in element.itertext()) else ""


def _is_hidden(element: HtmlElement) -> bool:
    """Whether a page hides an element, itself or by what it stands in."""
    above = element.getparent()
    classes = (element.get("class") or "").split() + ((above.get("class") or "").split() if above is not None else [])
    return element.get("hidden") is not None or not HIDDEN.isdisjoint(classes)


def _is_called_loader(element: HtmlElement) -> bool:
    class_ = element.get("class")
    if class_ and _names_loader(class_):
        return True
    id_ = element.get("id")
    return bool(id_) and _names_loader(id_)


@lru_cache(4_096)
def _names_loader(names: str) -> bool:
    return bool(LOADER_NAME.search(names))


def line_of_button(element: HtmlElement) -> str:
    """Return what a button says; nothing of an element that holds more than a button."""
    if len(element) == 0:
        text = element.text or ""
        return " ".join(text.split()) if len(text) <= LONGEST_BUTTON * 2 else ""
    length, pieces = 0, []
    for piece in element.itertext():
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST_BUTTON * 2:
            return ""
    return " ".join("".join(pieces).split())
