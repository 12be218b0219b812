"""A page -> the newsroom's text: what the page says of itself first, then trafilatura for the body."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml.html import HtmlElement
from trafilatura import extract

from archive.text.hosts import is_public, parse_literal_address, registered_site
from archive.text.urls import canonical, domain
from archive.thread import Article, Moment
from crawler.pages import jsonld
from crawler.pages.html_text import moment
from crawler.pages.html_text import text as text_of
from crawler.pages.page import Page

KINDS = (
    "NewsArticle",
    "Article",
    "ReportageNewsArticle",
    "OpinionNewsArticle",
    "AnalysisNewsArticle",
    "BackgroundNewsArticle",
    "LiveBlogPosting",
    "BlogPosting",
    "TechArticle",
    "WebPage",
)
MOST_ELEMENTS = 60_000
LARGEST_PAGE = 3 << 20
DEEPEST = 250
LONGEST_TITLE = 1_000
LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?")
E_MAIL = re.compile(r"\S+@\S+\.\w+")
BY = re.compile(r"^(?:by|von|par|por|di|door|av|af|przez|от)\s+(?=\S)", re.IGNORECASE)
PARTING = re.compile(r"\s+[|–—·•»:-]+\s+")
MOBILE = re.compile(r"^(?:m|mobile|mobil|amp)\.(?=[^.]+\.)", re.IGNORECASE)
VARIANT = re.compile(r"/(?:amp|print|drucken|imprimir|comment-page-\d+)/?$|(?<=/)(?:amp|print)/", re.IGNORECASE)
AMP_SUFFIX = re.compile(r"\.amp(?=\.html?$|$)", re.IGNORECASE)
VARIANT_PARAMETERS = {"amp", "print", "output", "outputtype", "cpage", "replytocom", "showcomments", "share", "view"}
VARIANT_VALUES = {"1", "true", "print", "amp", "yes", "drucken", "printable", ""}
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it tells of every page that holds no text


def read(page: Page, sections: Sequence[HtmlElement]) -> Article:
    """The article of a page; `sections` hold comments and are cut out of the text. Never raises for broken pages."""
    metas = _metas(page)
    items = jsonld.of_type(jsonld.blocks(page), *KINDS)
    items.sort(key=lambda item: "WebPage" in jsonld.types(item))
    url = address(page, metas, items)
    return Article(
        _title(page, metas, items),
        _body(page, sections) or _stated_body(items),
        url=url,
        outlet=domain(url) if url else None,
        outlet_name=_first(metas, "og:site_name", "application-name") or _publisher(items),
        byline=_byline(page, metas, items),
        published=_published(page, metas, items),
        language=_language(page, metas, items),
        section=_first(metas, "article:section", "section") or _of(items, "articleSection"),
    )


def _metas(page: Page) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in page.html.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        content = " ".join((meta.get("content") or "").split())
        if name and content:
            found.setdefault(name.lower(), []).append(content)
    return found


def _first(metas: dict[str, list[str]], *names: str) -> str | None:
    return next((metas[name][0] for name in names if name in metas), None)


def _of(items: Iterable[jsonld.Item], *names: str) -> str | None:
    found = (jsonld.words(item.get(name)) for item in items for name in names)
    return next((words for words in found if words), None)


def _publisher(items: Sequence[jsonld.Item]) -> str | None:
    return _of(items, "publisher")


# address


def address(page: Page, metas: dict[str, list[str]], items: Sequence[jsonld.Item]) -> str | None:
    """The address by which the page wants to be known, where that can be believed; else its own, without what makes it
    a variant (AMP, print, a page of comments)."""
    own = canonical(page.url)
    if own is None:
        return None
    plain = _plain(own)
    links = [link.get("href") or "" for link in page.html.iter("link") if "canonical" in _rel(link)]
    stated = [*links, *metas.get("og:url", ()), *(_addresses(items))]
    for candidate in stated:
        found = canonical(page.absolute(candidate))
        if found is not None and _believable(found, plain):
            return _plain(found)
    return plain


def _rel(link: HtmlElement) -> list[str]:
    return (link.get("rel") or "").lower().split()


def _addresses(items: Iterable[jsonld.Item]) -> Iterator[str]:
    for item in items:
        for value in (item.get("mainEntityOfPage"), item.get("url")):
            found = value.get("@id") or value.get("url") if isinstance(value, dict) else value
            if isinstance(found, str):
                yield found


def _believable(stated: str, own: str) -> bool:
    """Of the same site, and neither its front page nor an address inside."""
    parts = urlsplit(stated)
    number = parse_literal_address(parts.hostname or "")
    if number is not None and not is_public(number) and parts.netloc != urlsplit(own).netloc:
        return False
    bare = parts.path in ("", "/") and not parts.query
    return registered_site(stated) == registered_site(own) and (not bare or urlsplit(own).path in ("", "/"))


def _plain(url: str) -> str:
    """An address without the marks of AMP, print and comment pages."""
    parts = urlsplit(url)
    host = MOBILE.sub("", parts.netloc) if parts.netloc.startswith("amp.") else parts.netloc
    path = AMP_SUFFIX.sub("", parts.path)
    shorter = VARIANT.sub("/" if path.endswith("/") else "", path)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _marks(name, value)]
    query = parts.query if len(kept) == len(parse_qsl(parts.query, keep_blank_values=True)) else urlencode(kept)
    return urlunsplit((parts.scheme, host, shorter or "/", query, ""))


def _marks(name: str, value: str) -> bool:
    low = name.lower()
    return low in ("cpage", "replytocom") or (low in VARIANT_PARAMETERS and value.lower() in VARIANT_VALUES)


# metadata


def _title(page: Page, metas: dict[str, list[str]], items: Sequence[jsonld.Item]) -> str | None:
    headline = _of([item for item in items if "WebPage" not in jsonld.types(item)], "headline")
    shown = [" ".join(heading.text_content().split()) for heading in page.html.iter("h1")]
    stated = headline or _first(metas, "og:title", "twitter:title", "dc.title", "headline")
    if stated is None:
        tag = next(page.html.iter("title"), None)
        stated = " ".join(tag.text_content().split()) if tag is not None else None
    if not stated:
        return next((heading for heading in shown if heading), None)
    return _without_outlet(stated, shown, _first(metas, "og:site_name"))[:LONGEST_TITLE]


def _without_outlet(title: str, shown: Sequence[str], outlet: str | None) -> str:
    """A title without what follows or precedes it in the browser's bar: the name of the outlet."""
    for heading in shown:
        if len(heading) >= 8 and heading != title and (title.startswith(heading) or title.endswith(heading)):
            rest = title.removeprefix(heading).removesuffix(heading).strip()
            if rest and not rest[0].isalnum():
                return heading
    parts = PARTING.split(title)
    if len(parts) > 1 and outlet and parts[-1].casefold() == outlet.casefold():
        return title[: title.rfind(parts[-1])].rstrip(" |–—·•»:-")
    return title


def _byline(page: Page, metas: dict[str, list[str]], items: Sequence[jsonld.Item]) -> str | None:
    names = list(_authors(items)) or metas.get("author") or metas.get("article:author") or metas.get("dc.creator") or []
    if not any(map(_name, names)):
        names = [_words(link) for link in page.html.iter("a", "span") if _is_author(link)]
    clean = dict.fromkeys(name for each in names[:20] if (name := _name(each)))
    return ", ".join(clean) or None


def _authors(items: Iterable[jsonld.Item]) -> Iterator[str]:
    for item in items:
        stated = item.get("author")
        for each in stated if isinstance(stated, list) else [stated]:
            if (name := jsonld.words(each)) is not None:
                yield name
        if stated:
            return


def _is_author(element: HtmlElement) -> bool:
    return "author" in _rel(element) or element.get("itemprop") == "author"


def _words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _name(said: str) -> str | None:
    """A name without "by" and e-mail address; None where it is an address or a whole sentence."""
    name = BY.sub("", E_MAIL.sub("", said).strip(" ,;|()<>")).strip()
    return name if 1 < len(name) <= 120 and "://" not in name else None


def _published(page: Page, metas: dict[str, list[str]], items: Sequence[jsonld.Item]) -> Moment | None:
    names = ("article:published_time", "og:published_time", "datepublished", "date", "dc.date", "dc.date.issued")
    more = ("dcterms.created", "publish-date", "publication_date", "parsely-pub-date", "sailthru.date", "pubdate")
    stated = [_of(items, "datePublished", "dateCreated"), *(_first(metas, name) for name in (*names, *more))]
    for candidate in stated:
        found = moment(None, candidate)
        if found is not None and found.at is not None:
            return found
    for element in page.html.iter("time"):
        if element.get("pubdate") is not None or element.get("itemprop") == "datePublished" or _heads(element):
            found = moment(_words(element), element.get("datetime"))
            if found is not None and found.at is not None:
                return found
    return None


def _heads(element: HtmlElement) -> bool:
    """Whether a time stands as the article's own: WordPress and its kin say so by class."""
    return bool({"entry-date", "published", "post-date"} & set((element.get("class") or "").split()))


def _language(page: Page, metas: dict[str, list[str]], items: Sequence[jsonld.Item]) -> str | None:
    stated = (page.html.get("lang"), page.html.get("xml:lang"), _of(items, "inLanguage"))
    for candidate in (*stated, _first(metas, "og:locale"), _first(metas, "content-language", "language")):
        found = LANGUAGE.fullmatch((candidate or "").strip())
        if found is not None:
            language, script, region = found.groups()
            return "-".join(filter(None, (language.lower(), script and script.title(), region and region.upper())))
    return None


# text


def _stated_body(items: Sequence[jsonld.Item]) -> str:
    for item in items:
        body = item.get("articleBody")
        if isinstance(body, str) and body.strip():
            return body.strip()
    return ""


def _body(page: Page, sections: Sequence[HtmlElement]) -> str:
    if len(page.body) > LARGEST_PAGE or not _is_tame(page.html):
        return _dense(page.html, frozenset(sections))
    tree = _without(page.html, sections)
    try:
        return extract(tree, url=None, fast=True, include_comments=False, include_tables=True) or ""
    except Exception:  # noqa: BLE001 a foreign parser over hostile pages; what it cannot take is read more simply
        return _dense(page.html, frozenset(sections))


def _is_tame(tree: HtmlElement) -> bool:
    """Whether a page is small and flat enough for an extractor that recurses."""
    depth = count = 0
    level: Iterable[HtmlElement] = (tree,)
    while level:
        level = [child for element in level for child in element]
        depth, count = depth + 1, count + len(level)
        if depth > DEEPEST or count > MOST_ELEMENTS:
            return False
    return True


def _without(tree: HtmlElement, sections: Sequence[HtmlElement]) -> HtmlElement:
    """A copy of the page without some of its elements."""
    places = [_path(section) for section in sections]
    copy = deepcopy(tree)
    found = [_at(copy, place) for place in places]
    for element in found:
        if element is not None and element.getparent() is not None:
            element.drop_tree()
    return copy


def _path(element: HtmlElement) -> list[int]:
    place: list[int] = []
    while (above := element.getparent()) is not None:
        place.append(above.index(element))
        element = above
    return place[::-1]


def _at(tree: HtmlElement, place: Sequence[int]) -> HtmlElement | None:
    for index in place:
        if index >= len(tree):
            return None
        tree = tree[index]
    return tree


def _dense(tree: HtmlElement, cut: frozenset[HtmlElement]) -> str:
    """The paragraphs below the element that holds most of them."""
    sums: dict[Any, int] = {}
    for paragraph in tree.iter("p"):
        above = paragraph.getparent()
        if above is not None and above not in cut:
            sums[above] = sums.get(above, 0) + len(paragraph.text or "")
    if not sums:
        return ""
    holder = max(sums, key=_of_sums(sums))
    return "\n\n".join(filter(None, (text_of(child, skip=cut) for child in holder if child.tag == "p")))


def _of_sums(sums: dict[Any, int]) -> Callable[[Any], int]:
    return lambda element: sums[element]
