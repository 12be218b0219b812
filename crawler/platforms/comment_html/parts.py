"""What a single element of a comment is: a name, a button, a line. Shared by the modules for author, date and body."""

import re
from collections.abc import Sequence
from itertools import islice

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.html_text import fold_space
from crawler.platforms.comment_html.block_ids import LINKED_ID
from crawler.platforms.comment_html.class_names import SURE, Traits, traits
from crawler.platforms.comment_html.numbers import MOVE_FORM, OWN_LINK, REPLY_LINK

LONGEST_LINE = 160  # characters; a longer one is text, not a line of name and date
LONGEST_BUTTON = 30
MOST_BELOW = 200  # elements within another that are looked at: where elements nest, all of them would be quadratic
PROFILE_LINK = re.compile(
    r"/(?:users?|profiles?|members?|people|author|accounts?|u|profil|nutzer|benutzer|autor|usuario|utente)/|"
    r"/@[\w.-]+/?(?:$|[?#])|"
    r"[?&](?:user|uid|user_?id|member)=|/?member\.php\?u=|"
    r"(?:^|/)(?:users?|profil\w*|member\w*)\.[a-z]{2,4}\?",
    re.IGNORECASE,
)
PROPERTIES = frozenset(("itemprop", "property", "rel"))
BADGES = frozenset(("span", "small", "sup"))
TITLES = frozenset(("h2", "h3", "h4", "h5", "h6", "dt"))
TITLE = re.compile(r"(?:^|[\s_-])(?:sub)?(?:title|subject|headline)(?=[\s_-]|$)", re.IGNORECASE)
FACTS = frozenset(("ul", "ol", "dl"))
BLOCKS = FACTS | frozenset(("table", "blockquote"))  # that may be a comment as a whole
MOST_WHOLES = 8
Part = tuple[HtmlElement, Traits]


def traits_of(element: HtmlElement) -> Traits:
    """Return what an element's classes say of it."""
    return traits(element.get("class"))


def property_of(element: HtmlElement) -> str:
    """Return the property of microdata or RDFa that an element states, in lower case; empty where it states none."""
    if PROPERTIES.isdisjoint(element.keys()):
        return ""
    stated = element.get("itemprop") or element.get("property") or (element.get("rel") if element.tag != "a" else None)
    return stated.rpartition(":")[2].lower() if stated else ""


def is_name(element: HtmlElement, kind: Traits) -> bool:
    """Whether an element is made for the name of an author alone."""
    return kind.name == 0 or (element.tag in ("a", "span") and (element.get("id") or "").startswith("dsq-author-user"))


def is_before_badge(element: HtmlElement) -> bool:
    """Whether an element made for a name begins with it, and holds a badge behind it: "Joe <span>Author</span>"."""
    badge = element[-1] if len(element) == 1 and is_name(element, traits_of(element)) else None
    return (
        badge is not None
        and badge.tag in BADGES
        and any(map(str.isalnum, element.text or ""))
        and traits_of(badge).name is None
        and not (badge.tail or "").strip()
    )


def is_own_link(element: HtmlElement) -> bool:
    """Whether an element links to its own comment, as dates do."""
    return element.tag == "a" and bool(OWN_LINK.search(element.get("href") or ""))


def is_signature(link: HtmlElement) -> bool:
    """Whether a link is made as themes link an author's name."""
    rel = link.get("rel") or ""
    return ("nofollow" in rel and "external" in rel) or "url" in (link.get("class") or "").split()


def is_picture_of_author(link: HtmlElement) -> bool:
    """Whether a link to the page of a user shows a picture alone."""
    if not PROFILE_LINK.search(link.get("href") or "") or link.find(".//img") is None:
        return False
    return not any(piece.strip() for piece in link.itertext())


def is_button(link: HtmlElement) -> bool:
    """Whether a link is one of the theme's: reply, edit, permalink."""
    href = link.get("href") or ""
    return (
        bool(REPLY_LINK.search(href) or OWN_LINK.search(href) or MOVE_FORM.search(link.get("onclick") or ""))
        or "action=editcomment" in href
        or href.endswith(("#respond", "#commentform"))
        or (
            is_short(link)
            and len(text := link.text_content()) < LONGEST_BUTTON
            and line_rules.is_reply(fold_space(text))
        )
    )


def is_short(element: HtmlElement) -> bool:
    """Whether an element may be a line of name and date."""
    if len(element) == 0:
        return len(element.text or "") <= LONGEST_LINE
    length = 0
    for piece in element.itertext():  # not all of it: a thread may stand within
        length += len(piece)
        if length > LONGEST_LINE:
            return False
    return True


def holds_text(element: HtmlElement) -> bool:
    """Whether the text of the comment stands within: some themes print "comment-meta" around everything."""
    below = islice(element.iterdescendants(), MOST_BELOW)
    return any(traits_of(inner).content == SURE for inner in below if isinstance(inner.tag, str))


def is_title(element: HtmlElement) -> bool:
    """Whether a heading is called a title, or leads to the comment itself: it may be that of a comment and no name."""
    if element.tag not in TITLES:
        return False
    link = element.find("a")
    return TITLE.search(element.get("class") or "") is not None or (
        link is not None and LINKED_ID.search(link.get("href") or "") is not None
    )


def is_initial(letters: str, name: str) -> bool:
    """Whether the letters are those that stand in place of a picture of someone with a name."""
    words = name.casefold().split()
    initials = "".join(word[0] for word in words)
    return bool(letters) and letters.casefold() in {initials, initials[:1], initials[:2], initials[:1] + initials[-1:]}


def wholes_of(own: Sequence[Part]) -> list[HtmlElement]:
    """Return what may be a comment as a whole: its first element, behind an anchor, and what alone has all its text."""
    wholes = [element for element, _ in own[: 1 + (bool(own) and own[0][0].tag == "a")]]
    members = {element for element, _ in own} if any(element.tag in BLOCKS for element, _ in own) else set()
    while members and not (wholes[-1].text or "").strip() and len(wholes) < MOST_WHOLES:
        below = [child for child in wholes[-1] if child in members and any(map(str.strip, child.itertext()))]
        if len(below) != 1:
            break
        wholes += below
    return wholes
