"""Links of a comment section to the pages that hold the rest of it: by `rel`, or by words for more comments."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.pages.page import Page
from crawler.platforms.comment_html.completeness import line_of_button
from crawler.platforms.comment_html.load_more import says_more

NEXT = frozenset(("next", "prev"))
# What the path of an article's comment page may have behind the article's own.
PAGE_PATH = re.compile(
    r"/?(?:(?:comments?|commentaires?|comentarios?|kommentare?|reacties?|commenti|cpage|page|seite|pagina)[-_/]?){1,2}\d{1,5}/?"
)


def other_pages(section: HtmlElement, page: Page) -> Mapping[HtmlElement, str]:
    """Return the links of a section that lead to other pages of it, with their addresses without fragment.

    They lead to the article's own address with another query, or with a page's number behind it: no link to another
    article is followed, whatever it says."""
    own = urlsplit(page.url)
    links: dict[HtmlElement, str] = {}
    for link in section.iter("a"):
        is_next = not NEXT.isdisjoint((link.get("rel") or "").lower().split())
        if not (is_next or says_more(line_of_button(link))):
            continue
        url, _, _ = (page.absolute(link.get("href") or "") or "").partition("#")
        there = urlsplit(url)
        if (there.scheme, there.netloc) != (own.scheme, own.netloc) or (there.path, there.query) == (
            own.path,
            own.query,
        ):
            continue
        rest = there.path.removeprefix(own.path.rstrip("/"))
        if rest != there.path and (rest in ("", "/") or PAGE_PATH.fullmatch(rest)):
            links[link] = url
    return links
