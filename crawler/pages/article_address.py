"""The address of an article: what its page states of it, and what makes an address a variant of another one."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml.html import HtmlElement

from archive.text.hosts import is_public, parse_literal_address, registered_site
from archive.text.urls import canonical, unwrap_archived
from crawler.pages import jsonld
from crawler.pages.page import Page

MOBILE = re.compile(r"^(?:m|mobile|mobil|amp)\.(?=[^.]+\.)", re.IGNORECASE)
VARIANT = re.compile(r"/(?:amp|print|drucken|imprimir|comment-page-\d+)/?$|(?<=/)(?:amp|print)/", re.IGNORECASE)
AMP_SUFFIX = re.compile(r"\.amp(?=\.html?$|$)", re.IGNORECASE)
COMMENT_PARAMETERS = frozenset(("cpage", "replytocom"))
VARIANT_PARAMETERS = frozenset(("amp", "print", "output", "outputtype", "showcomments", "share", "view"))
VARIANT_VALUES = frozenset(("1", "true", "print", "amp", "yes", "drucken", "printable", ""))


def read_address(page: Page, stated_urls: Iterable[str], items: Iterable[jsonld.JsonObject]) -> str | None:
    """Return the canonical address that the page states, where it can be believed; else its own, less any variant.

    It is stated by a link, in the page's meta elements (`stated_urls`), or in the items of its JSON-LD.
    """
    archived = unwrap_archived(page.url)
    canonical_url = canonical(archived.url if archived else page.url)
    if canonical_url is None:
        return None
    own = _without_variant(canonical_url)
    links = [link.get("href") or "" for link in page.html.iter("link") if "canonical" in _rel(link)]
    for candidate in (*links, *stated_urls, *_item_urls(items)):
        stated = canonical(page.absolute(candidate))
        if stated is not None and _is_credible(stated, own):
            return _without_variant(stated)
    return own


def _rel(link: HtmlElement) -> list[str]:
    return (link.get("rel") or "").lower().split()


def _item_urls(items: Iterable[jsonld.JsonObject]) -> Iterator[str]:
    for item in items:
        for value in (item.get("mainEntityOfPage"), item.get("url")):
            url = value.get("@id") or value.get("url") if isinstance(value, dict) else value
            if isinstance(url, str):
                yield url


def _is_credible(stated: str, own: str) -> bool:
    """Whether a stated address is of the page's site, and neither its front page nor an internal host."""
    parts = urlsplit(stated)
    number = parse_literal_address(parts.hostname or "")
    if number is not None and not is_public(number) and parts.netloc != urlsplit(own).netloc:
        return False
    is_front = parts.path in ("", "/") and not parts.query
    return registered_site(stated) == registered_site(own) and (not is_front or urlsplit(own).path in ("", "/"))


def _without_variant(url: str) -> str:
    """Remove from an address what makes it an AMP, print or comment page."""
    parts = urlsplit(url)
    host = MOBILE.sub("", parts.netloc) if parts.netloc.startswith("amp.") else parts.netloc
    path = AMP_SUFFIX.sub("", parts.path)
    path = VARIANT.sub("/" if path.endswith("/") else "", path)
    params = parse_qsl(parts.query, keep_blank_values=True)
    own = [(name, value) for name, value in params if not _is_variant(name.lower(), value.lower())]
    # An untouched query stays byte for byte as it was: urlencode may write it otherwise.
    query = parts.query if len(own) == len(params) else urlencode(own)
    return urlunsplit((parts.scheme, host, path or "/", query, ""))


def _is_variant(name: str, value: str) -> bool:
    return name in COMMENT_PARAMETERS or (name in VARIANT_PARAMETERS and value in VARIANT_VALUES)
