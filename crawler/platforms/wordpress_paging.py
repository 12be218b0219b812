"""The pages that WordPress parts a long thread into: which one a page is, and where the others are."""

import re
from collections.abc import Mapping
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.pages.page import Page

COMMENT_PAGE = re.compile(r"([?&]cpage=|/comment-page-)(\d{1,5})(?=[/&#?]|$)")
COMMENT_LINK = re.compile(r"#comment-(\d{1,19})$")
MOST_PAGES = 500
PAGER_LEVELS = 3  # how far above the current page's number the links to the others may stand


def other_pages(page: Page, comments: set[str]) -> tuple[int | None, Mapping[int, str]]:
    """Return this comment page's number, and the addresses of the others: those linked, and those between them.

    `comments` are the numbers of the comments that stand here: a link to one of them names this page.
    """
    own = page.url.partition("#")[0]
    post = COMMENT_PAGE.sub("", urlsplit(own).path).rstrip("/")
    linked: dict[int, str] = {}
    current, is_first = _page_number(own), False
    for link in page.html.iter("a"):
        href = link.get("href") or ""
        if "comment-" not in href and "cpage" not in href:
            continue
        comment = COMMENT_LINK.search(href)
        leads_here = comment is not None and comment[1] in comments
        if not COMMENT_PAGE.search(href) or "replytocom" in href:
            # The first page is the one whose comments are linked without a page number.
            is_first = is_first or (leads_here and not href.startswith("#"))
            continue
        url, _, _ = (page.absolute(href) or "").partition("#")
        number = _page_number(url)
        if number and COMMENT_PAGE.sub("", urlsplit(url).path).rstrip("/") == post:
            linked.setdefault(number, url)
            current = current or (number if leads_here else None)
    if not linked:
        return current, {}
    current = current or _current_number(page.html) or (1 if is_first and 1 not in linked else None)
    pattern = next(iter(linked.values()))
    numbers = range(1, min(max(linked), MOST_PAGES) + 1)
    return current, {n: linked.get(n) or COMMENT_PAGE.sub(rf"\g<1>{n}", pattern) for n in numbers if n != current}


def _page_number(url: str) -> int | None:
    match = COMMENT_PAGE.search(url)
    return int(match[2]) if match else None


def _current_number(tree: HtmlElement) -> int | None:
    """Return the number that the list of comment pages marks as current."""
    for element in tree.iter("span"):
        classes = (element.get("class") or "").split()
        if "current" in classes and "page-numbers" in classes:
            # A list of the article's own pages looks the same.
            links = (link for above in islice(element.iterancestors(), PAGER_LEVELS) for link in above.iter("a"))
            if any(COMMENT_PAGE.search(link.get("href") or "") for link in links):
                digits = "".join(ch for ch in element.text_content() if ch.isdecimal())
                return int(digits) if digits and len(digits) < 6 else None
    return None
