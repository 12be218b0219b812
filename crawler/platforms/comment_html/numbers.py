"""The number of a comment, as themes print it: in ids and names, in data, or in its own links."""

import re
from collections.abc import Callable

from lxml.html import HtmlElement

NUMBERED = re.compile(
    r"(?:(?:li|div|wrap|wrapper|wp|article|dt|the|single|item|id)[-_]?)?comments?"
    r"(?:[-_]?(?:id|item|wrap|li|div|entry|holder))?[-_]?(\d{1,19})",
    re.IGNORECASE,
)
WPDISCUZ = re.compile(r"(?:wpd-comm|wc-comm|wc_comm|comm)-(\d{1,19})_(\d{1,19})")
OWN_LINK = re.compile(r"#(?:(?:li|div)-)?comment[-_]?(\d{1,19})$", re.IGNORECASE)
REPLY_LINK = re.compile(r"[?&]replytocom=(\d{1,19})")
MOVE_FORM = re.compile(r"moveForm\(\s*['\"][\w-]+['\"]\s*,\s*['\"]?(\d{1,19})")
NO_COMMENT = frozenset(("a", "input", "button", "form", "textarea", "label", "script", "style", "span", "time", "img"))
Numbers = tuple[str, str | None]
Numbering = Callable[[HtmlElement], Numbers | None]
"""Returns the number of the comment that an element is, and its parent's where it says that."""


def number_of(element: HtmlElement) -> tuple[str, str | None] | None:
    """Return the number of the comment that an element is, and its parent's where the id says it."""
    name = element.get("id")
    if name:
        match = NUMBERED.fullmatch(name)
        if match is not None:
            return None if _is_around_form(element, name) else (match[1], None)
        match = WPDISCUZ.fullmatch(name)
        if match is not None:
            return match[1], match[2]
    if element.tag == "a" and element.get("name"):
        match = NUMBERED.fullmatch(element.get("name"))
        return (match[1], None) if match is not None else None
    if element.tag in NO_COMMENT:
        return None
    number = element.get("data-commentid") or element.get("data-comment-id")
    return (number, None) if _is_number(number) else None


def _is_around_form(element: HtmlElement, name: str) -> bool:
    """Whether an element is called "comments" with a number, that of the post, and holds the form for new ones."""
    return name[:8].lower() == "comments" and any(
        below.tag in ("form", "textarea") or below.get("id") == "respond" for below in element.iter()
    )


def _is_number(value: str | None) -> bool:
    return value is not None and value.isascii() and value.isdigit() and len(value) < 20


def linked_number(element: HtmlElement) -> str | None:
    """Return the number in the links of a comment that has it nowhere else."""
    for link in element.iter("a"):
        href = link.get("href") or ""
        match = OWN_LINK.search(href) or REPLY_LINK.search(href) or MOVE_FORM.search(link.get("onclick") or "")
        number = match[1] if match else link.get("data-commentid")
        if match or _is_number(number):
            return str(number)
    return None
