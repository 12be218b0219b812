"""What a reader sees of the line of a name: without pictures, badges, and dates."""

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.html_text import fold_space
from crawler.platforms.comment_html.parts import traits_of

PICTURES = frozenset(("img", "svg", "picture", "noscript", "script", "style", "button", "time"))
BOXES = frozenset(("div", "p", "section", "article", "header", "li", "h2", "h3", "h4", "h5", "h6", "td"))


def inline_text(element: HtmlElement) -> str:
    """Return the text of an element without that of the boxes in it: a motto below a name is another line."""
    boxes = [child for child in element if child.tag in ("div", "p", "ul")]
    text = visible_text(element)
    for box in boxes:
        text = text.replace(visible_text(box), " ", 1)
    return text if text.strip() else visible_text(element)


def visible_text(root: HtmlElement, between: str = "", date: HtmlElement | None = None) -> str:
    """Return a text without pictures, badges and dates, but for one `date`.

    `between` parts elements that nothing but their boxes parts.
    """
    if len(root) == 0:
        return "" if root.tag in PICTURES else root.text or ""
    pieces: list[str] = []
    stack: list[tuple[HtmlElement, bool]] = [(root, True)]
    while stack:
        element, entering = stack.pop()
        if not entering:
            tail = element.tail or between
            pieces.append(f"{tail}{between}" if between and element.tag in BOXES and not tail.strip() else tail)
            continue
        hidden = not isinstance(element.tag, str) or element.tag in PICTURES
        if element is not root:
            hidden = hidden or (element.tag == "a" and line_rules.is_reply(fold_space(element.text or "")))
            hidden = element is not date and (hidden or traits_of(element).badge)
            stack.append((element, False))
        if not hidden:
            pieces.append(element.text or "")
            stack.extend((child, True) for child in reversed(element))
            if element.tag == "br":
                pieces.append(between or " ")
    return "".join(pieces)
