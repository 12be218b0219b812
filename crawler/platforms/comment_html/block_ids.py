"""The id of a block of comments in its own system: of its element, of its data, or in a link to itself."""

import re
from itertools import islice

from lxml.html import HtmlElement

from crawler.platforms.comment_html.elements import CLASS_ALONE, CommentElement
from crawler.platforms.comment_html.section_words import TO_REPLY, words_of

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SHORT_ID = re.compile(r"[a-z]{1,4}[-_]?\d{2,}", re.IGNORECASE)
DATA_ID = re.compile(
    r"^data-(?:(?:(?!user|author|parent|article|entity|post-|node|story)[\w-]*[-_])?(?:comment|reply|message|"
    r"posting|review|msg|c)?[-_]?(?:id(?:\d+)?|nr|key)|"
    r"(?:id)?comm?ent[oiáa]?(?:rio|ire|ar)?(?:id)?|postingid|cid|key|content|uid)$"
)
LINKED_ID = re.compile(r"#(?:[a-z]+[-_]?){1,3}(\d{1,20})$|[?&](?:comment_?id|cid|replytocom)=(\w{1,40})", re.IGNORECASE)


def block_id(comment: CommentElement) -> str | None:
    """Return the id of a block in its system: of the element, its data, a name within, or a link to itself."""
    root = comment.root
    for element in (root, *islice((e for e in comment.own if e is not root), 60)):
        names = element.keys()
        if not names or names == CLASS_ALONE:
            continue
        for name, value in sorted(element.attrib.items(), key=lambda pair: pair[0] != "id"):
            number = _stated_id(name, value, element, is_root=element is root)
            if number is not None:
                return number
    above = root.getparent()
    if root.tag == "dt" and above is not None and above.get("id") and len(above.findall("dt")) == 1:
        return id_part(above.get("id"))
    for element in comment.own:
        if element.tag == "a":
            match = LINKED_ID.search(element.get("href") or "")
            if match is not None and not TO_REPLY.search(element.text or ""):
                return match[1] or match[2]
    return None


def _stated_id(name: str, value: str, element: HtmlElement, *, is_root: bool) -> str | None:
    """Return the id that an attribute states; one within a block counts only where it is called a comment's."""
    if name == "id" or (name == "name" and element.tag == "a"):
        number = id_part(value)
        is_one = is_root or words_of(value).strength or SHORT_ID.fullmatch(value) or UUID.fullmatch(value)
        return number if is_one else None
    if name in ("about", "data-permalink", "data-url", "itemid") and is_root:
        return id_part(value.rstrip("/").rpartition("/")[2].rpartition("#")[2])
    if name.startswith("data-") and DATA_ID.match(name) and (is_root or "comment" in name or name == "data-cid"):
        return id_part(value) or value.strip() or None if len(value) <= 80 else None
    return None


def id_part(value: str) -> str | None:
    """Return the part of an id that tells one from the next: its digits, or its hexadecimal digits."""
    if not value or len(value) > 120:
        return None
    if UUID.fullmatch(value[-36:]):
        return value[-36:]
    pair = re.search(r"(\d{2,20})_(?:\d{1,20}|[a-z]{1,8})$", value)  # a comment, and the one that it answers
    if pair is not None:
        return pair[1]
    last = re.split(r"[-_:.=/]", value)[-1]
    if re.fullmatch(r"[A-Za-z]*?\d{1,20}", last):
        return last.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    if len(last) >= 6 and re.fullmatch(r"[0-9a-fA-F]+|[A-Za-z]*\d[A-Za-z0-9]*", last):
        return last
    return None
