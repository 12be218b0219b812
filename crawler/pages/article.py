"""Read the newsroom's article from a page: its metadata first, then trafilatura for the body."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import islice, pairwise
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml.html import HtmlElement
from trafilatura import extract

from archive.text.dates import is_date, parse_date
from archive.text.hosts import is_public, parse_literal_address, registered_site
from archive.text.html_text import element_text, fold_space, line_of, parse_moment
from archive.text.urls import canonical, domain, unwrap_archived
from archive.thread import Article, Comment, Moment
from crawler.pages import jsonld
from crawler.pages.page import Page

ARTICLE_TYPES = (
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
DATE_METAS = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "publish-date",
    "publication_date",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
)
DATE_CLASSES = frozenset(("entry-date", "published", "post-date"))
LINE_CLASSES = DATE_CLASSES | {"date", "dateline", "posted-on", "pubdate", "article-date", "post-time", "byline-date"}
ASIDE = frozenset(("li", "aside", "nav", "footer", "table"))  # dates in these are of other articles
DATED_PATH = re.compile(r"/((?:19|20)\d\d)/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/")
# What trafilatura, which recurses, is given at most.
MOST_ELEMENTS = 60_000
LARGEST_PAGE = 3 << 20
DEEPEST = 250
# It counts the links and the text within each element anew: what weighs is how many levels stand above them.
MOST_LINK_LEVELS = 100_000
MOST_TEXT_LEVELS = 30_000_000
LONGEST_TITLE = 1_000
LONGEST_NAME = 120
MOST_NAMES = 20
MOST_CANDIDATES = 200  # elements that may name the title, the author or the time
FEW_SECTIONS = 20  # so few are looked up in a copied page one by one
SAME_BLOCK = ("- ", "|")
COARSE = frozenset(("month", "year"))
COMMENT_ITEMS = frozenset(("comment", "usercomments", "answer", "review"))
COMMENT_NAME = re.compile(
    r"comment(?!ary|ator|ed-by)|kommentar|komment\w*list|comentario|reacties|leserbrief|disqus|discussion|respond",
    re.IGNORECASE,
)
WHOLE_PAGE = frozenset(("html", "body", "main", "article"))
LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?")
E_MAIL = re.compile(r"(?<![^\s@])[^\s@]+@[^\s@]+\.\w+")
BY = re.compile(r"^(?:by|von|par|por|di|door|av|af|przez|от)\s+(?=\S)", re.IGNORECASE)
TITLE_SEPARATOR = re.compile(r"\s+[|–—·•»:-]+\s+")
MOBILE = re.compile(r"^(?:m|mobile|mobil|amp)\.(?=[^.]+\.)", re.IGNORECASE)
VARIANT = re.compile(r"/(?:amp|print|drucken|imprimir|comment-page-\d+)/?$|(?<=/)(?:amp|print)/", re.IGNORECASE)
AMP_SUFFIX = re.compile(r"\.amp(?=\.html?$|$)", re.IGNORECASE)
COMMENT_PARAMETERS = frozenset(("cpage", "replytocom"))
VARIANT_PARAMETERS = frozenset(("amp", "print", "output", "outputtype", "showcomments", "share", "view"))
VARIANT_VALUES = frozenset(("1", "true", "print", "amp", "yes", "drucken", "printable", ""))
Metas = dict[str, list[str]]


def read_article(page: Page, sections: Sequence[HtmlElement]) -> Article:
    """Read the article of a page, without the `sections` that hold comments. Never raises for broken pages."""
    metas: Metas = {}
    for meta in page.html.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        content = " ".join((meta.get("content") or "").split())
        if name and content:
            metas.setdefault(name.lower(), []).append(content)
    items = jsonld.select(jsonld.load_objects(page), *ARTICLE_TYPES)
    items.sort(key=lambda item: "WebPage" in jsonld.type_names(item))  # the page itself speaks last
    url = _address(page, metas, items)
    title = _title(page, metas, items)
    return Article(
        title,
        _without_title(_body(page, sections), title, page) or _stated_body(items),
        url=url,
        outlet=domain(url) if url else None,
        outlet_name=_first_meta(metas, "og:site_name", "application-name") or _first_value(items, "publisher"),
        byline=_byline(page, metas, items, frozenset(sections)),
        published=_published(page, metas, items, frozenset(sections)),
        language=_language(page, metas, items),
        section=_first_meta(metas, "article:section", "section") or _first_value(items, "articleSection"),
        flags=page.encoding_flags,
    )


def _first_meta(metas: Metas, *names: str) -> str | None:
    return next((metas[name][0] for name in names if name in metas), None)


def _first_value(items: Iterable[jsonld.JsonObject], *names: str) -> str | None:
    texts = (jsonld.first_text(item.get(name)) for item in items for name in names)
    return next((text for text in texts if text), None)


# address


def _address(page: Page, metas: Metas, items: Sequence[jsonld.JsonObject]) -> str | None:
    """Return the canonical address that the page states, where it can be believed; else its own, less any variant."""
    archived = unwrap_archived(page.url)
    canonical_url = canonical(archived.url if archived else page.url)
    if canonical_url is None:
        return None
    own = _without_variant(canonical_url)
    links = [link.get("href") or "" for link in page.html.iter("link") if "canonical" in _rel(link)]
    for candidate in (*links, *metas.get("og:url", ()), *_item_urls(items)):
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


# metadata


def _title(page: Page, metas: Metas, items: Sequence[jsonld.JsonObject]) -> str | None:
    headline = _first_value([item for item in items if "WebPage" not in jsonld.type_names(item)], "headline")
    headings = [_line(heading) for heading in islice(page.html.iter("h1"), MOST_CANDIDATES)]
    stated = headline or _first_meta(metas, "og:title", "twitter:title", "dc.title", "headline")
    if stated is None:
        tag = next(page.html.iter("title"), None)
        stated = _line(tag) if tag is not None else None
    if not stated:
        return next((heading for heading in headings if heading), None)
    return _without_outlet(stated, headings, _first_meta(metas, "og:site_name"))[:LONGEST_TITLE]


def _without_outlet(title: str, headings: Sequence[str], outlet: str | None) -> str:
    """Remove the outlet's name from the title of the browser's bar: "Ferry to close | Courier"."""
    for heading in headings:
        if len(heading) >= 8 and heading != title and (title.startswith(heading) or title.endswith(heading)):
            rest = title.removeprefix(heading).removesuffix(heading).strip()
            if rest and not rest[0].isalnum():
                return heading
    parts = TITLE_SEPARATOR.split(title)
    if len(parts) > 1 and outlet and parts[-1].casefold() == outlet.casefold():
        return title[: title.rfind(parts[-1])].rstrip(" |–—·•»:-")
    return title


def _byline(
    page: Page, metas: Metas, items: Sequence[jsonld.JsonObject], sections: frozenset[HtmlElement]
) -> str | None:
    stated = list(_item_authors(items)) or next(
        (metas[name] for name in ("author", "article:author", "dc.creator") if name in metas), []
    )
    if not any(map(_clean_name, stated)):
        elements = (e for e in page.html.iter("a", "span", "div", "p", "address") if _names_author(e))
        stated = [_author_name(e) for e in islice(elements, MOST_CANDIDATES) if not _is_of_readers(e, sections)]
    names = dict.fromkeys(name for text in stated[:MOST_NAMES] if (name := _clean_name(text)))
    return ", ".join(names) or None


def _names_author(element: HtmlElement) -> bool:
    relation, property_ = element.get("rel"), element.get("itemprop")
    is_link = relation is not None and element.tag in ("a", "span") and "author" in relation.lower().split()
    return is_link or (property_ is not None and "author" in property_.split())


def _author_name(element: HtmlElement) -> str:
    below = islice(element.iterdescendants(), MOST_CANDIDATES)
    name = next((e for e in below if "name" in (e.get("itemprop") or "").split()), element)
    return _line(name) or (name.get("content") or "")


def _is_of_readers(element: HtmlElement, sections: frozenset[HtmlElement]) -> bool:
    """Whether an element stands among the comments: in a section of a platform, a comment's item, or what says so."""
    for above in islice(element.iterancestors(), DEEPEST):
        item_type = (above.get("itemtype") or "").rstrip("/").rpartition("/")[2].lower()
        if above in sections or item_type in COMMENT_ITEMS or "comment" in (above.get("itemprop") or "").split():
            return True
        names = f"{above.get('id') or ''} {above.get('class') or ''}"
        if above.tag not in WHOLE_PAGE and COMMENT_NAME.search(names):
            return True
    return False


def _item_authors(items: Iterable[jsonld.JsonObject]) -> Iterator[str]:
    """Yield the authors of the first item that states any."""
    for item in items:
        stated = item.get("author")
        for author in stated if isinstance(stated, list) else [stated]:
            if (name := jsonld.first_text(author)) is not None:
                yield name
        if stated:
            return


def _line(element: HtmlElement) -> str:
    return line_of(element, LONGEST_TITLE)


def _clean_name(text: str) -> str | None:
    """Return a name without "by" and e-mail address; None where the text is an address or a whole sentence."""
    name = BY.sub("", E_MAIL.sub("", text).strip(" ,;|()<>")).strip()
    return name if 1 < len(name) <= LONGEST_NAME and "://" not in name else None


def _published(
    page: Page, metas: Metas, items: Sequence[jsonld.JsonObject], sections: frozenset[HtmlElement]
) -> Moment | None:
    stated = [_first_value(items, "datePublished", "dateCreated"), *(_first_meta(metas, name) for name in DATE_METAS)]
    for candidate in stated:
        moment = parse_moment(None, candidate)
        if moment is not None and moment.at is not None:
            return moment
    for element in islice(page.html.iter("time"), MOST_CANDIDATES):
        if _is_of_readers(element, sections):
            continue
        is_own = element.get("pubdate") is not None or element.get("itemprop") == "datePublished"
        if is_own or not DATE_CLASSES.isdisjoint((element.get("class") or "").split()):
            moment = parse_moment(_line(element), element.get("datetime"))
            if moment is not None and moment.at is not None:
                return moment
    return _printed_date(page, sections) or _date_in_address(page)


def _printed_date(page: Page, sections: frozenset[HtmlElement]) -> Moment | None:
    """Return the day that lines made for a date print, where all of them print one: lists have those of others."""
    lines = (
        _line(element)
        for element in page.html.iter("div", "span", "p", "small")
        if not LINE_CLASSES.isdisjoint((element.get("class") or "").lower().split())
        and not any(above.tag in ASIDE for above in islice(element.iterancestors(), DEEPEST))
        and not _is_of_readers(element, sections)
    )
    moments = [parse_date(line) for line in islice(lines, MOST_NAMES) if is_date(line)]
    days = {moment.at[:10] for moment in moments if moment.at is not None and moment.precision not in COARSE}
    return moments[0] if len(days) == 1 and moments[0].at is not None else None


def _date_in_address(page: Page) -> Moment | None:
    """Return the day that an address such as /2016/03/14/ferry-to-close/ has."""
    archived = unwrap_archived(page.url)
    match = DATED_PATH.search(urlsplit(archived.url if archived else page.url).path)
    moment = parse_date("-".join(match.groups())) if match is not None else None
    return moment if moment is not None and moment.at is not None else None


def _language(page: Page, metas: Metas, items: Sequence[jsonld.JsonObject]) -> str | None:
    """Return the language as a tag such as "de" or "pt-BR"."""
    stated = (page.html.get("lang"), page.html.get("xml:lang"), _first_value(items, "inLanguage"))
    for candidate in (*stated, _first_meta(metas, "og:locale"), _first_meta(metas, "content-language", "language")):
        match = LANGUAGE.fullmatch((candidate or "").strip())
        if match is not None:
            language, script, region = match.groups()
            return "-".join(filter(None, (language.lower(), script and script.title(), region and region.upper())))
    return None


# text


def _stated_body(items: Sequence[jsonld.JsonObject]) -> str:
    bodies = (item.get("articleBody") for item in items)
    return next((body.strip() for body in bodies if isinstance(body, str) and body.strip()), "")


def _body(page: Page, sections: Sequence[HtmlElement]) -> str:
    if len(page.body) > LARGEST_PAGE or not _is_tame(page):
        return _densest_paragraphs(page.html, frozenset(sections))
    _silence_trafilatura()
    try:
        tree = _without(page.html, sections)
        text = extract(tree, url=None, fast=True, include_comments=False, include_tables=True) or ""
        return _part_paragraphs(text)
    except Exception:  # noqa: BLE001 a foreign parser over hostile pages; what it cannot take is read more simply
        return _densest_paragraphs(page.html, frozenset(sections))


def _part_paragraphs(text: str) -> str:
    """Put a blank line between the paragraphs, which trafilatura writes a line each; lists and tables stay together."""
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    parted = list(lines[:1])
    for before, line in pairwise(lines):
        is_one = line.startswith(SAME_BLOCK) and before.startswith(line[:1])
        parted.append(line if is_one else f"\n{line}")
    return "\n".join(parted)


def _without_title(body: str, title: str | None, page: Page) -> str:
    """Remove the headline where the text repeats it as its first line."""
    first, _, rest = body.partition("\n\n")
    headlines = {
        fold_space(title or ""),
        *(fold_space(_line(heading)) for heading in islice(page.html.iter("h1"), MOST_NAMES)),
    }
    return rest.lstrip("\n") if rest and fold_space(first.lstrip("# ")) in headlines - {""} else body


def without_comments(article: Article, comments: Iterable[Comment]) -> Article:
    """Remove from an article's text the comments that were read beside it, and what stands between two of them.

    A comment counts only as a whole: one that quotes a paragraph leaves it in the article.
    """
    paragraphs = [paragraph for paragraph in article.body.split("\n\n") if paragraph.strip()]
    places: dict[str, list[int]] = {}
    folded = [fold_space(paragraph) for paragraph in paragraphs]
    for index, text in enumerate(folded):
        places.setdefault(text, []).append(index)
    dropped: set[int] = set()
    for comment in comments:
        parts = [text for line in comment.body.split("\n") if (text := fold_space(line))]
        last = places.get(parts[-1], []) if parts else []
        if last and all(part in places for part in parts) and last[-1] >= len(parts) - 1:
            start = last.pop() - len(parts) + 1
            if folded[start : start + len(parts)] == parts:
                dropped.update(range(start, start + len(parts)))
    if not dropped:
        return article
    first, final = min(dropped), max(dropped)
    between = {i for i in range(first, final) if len(paragraphs[i]) <= LONGEST_NAME} if len(dropped) > 1 else set()
    dropped |= between
    kept = [paragraph for i, paragraph in enumerate(paragraphs) if i not in dropped]
    return replace(article, body="\n\n".join(kept)) if kept else article


@cache
def _silence_trafilatura() -> None:
    """Stop its log lines about every page that holds no text; once, when it is first used."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def _is_tame(page: Page) -> bool:
    """Whether a page is small and flat enough for an extractor that recurses."""
    levels: list[list[HtmlElement]] = [[page.html]]
    count = 0
    while levels[-1]:
        levels.append([child for element in levels[-1] for child in element])
        count += len(levels[-1])
        if len(levels) > DEEPEST + 1 or count > MOST_ELEMENTS:
            return False
    # More than all links and letters in the lowest level there cannot be: only where that is too much are they weighed.
    most_links = page.text.count("<a") + page.text.count("<A")
    if len(levels) * most_links <= MOST_LINK_LEVELS and len(levels) * len(page.text) <= MOST_TEXT_LEVELS:
        return True
    return _weigh_levels(levels[1:])


def _weigh_levels(levels: Sequence[Sequence[HtmlElement]]) -> bool:
    """Whether few enough links and letters stand few enough levels deep."""
    links = text = 0
    for depth, level in enumerate(levels, 1):
        links += depth * sum(element.tag == "a" for element in level)
        text += depth * sum(len(element.text or "") + len(element.tail or "") for element in level)
    return links <= MOST_LINK_LEVELS and text <= MOST_TEXT_LEVELS


def _without(tree: HtmlElement, sections: Sequence[HtmlElement]) -> HtmlElement:
    """Return a copy of the page without some of its elements."""
    copy, dropped = deepcopy(tree), frozenset(sections)
    if len(dropped) > FEW_SECTIONS:
        pairs = zip(tree.iter(), copy.iter(), strict=True)
        twins = [twin for element, twin in pairs if element in dropped]
    else:
        twins = [_twin(element, copy) for element in dropped]
    for twin in twins:
        if twin.getparent() is not None:
            twin.drop_tree()
    return copy


def _twin(element: HtmlElement, copy: HtmlElement) -> HtmlElement:
    """Return the element of a copied tree that stands where one stands in its own tree."""
    places: list[int] = []
    while (above := element.getparent()) is not None:
        places.append(above.index(element))
        element = above
    for place in reversed(places):
        copy = copy[place]
    return copy


def _densest_paragraphs(tree: HtmlElement, cut: frozenset[HtmlElement]) -> str:
    """Return the paragraphs below the element that holds most text in its own."""
    lengths: dict[HtmlElement, int] = {}
    for paragraph in tree.iter("p"):
        above = paragraph.getparent()
        if above is not None and above not in cut:
            lengths[above] = lengths.get(above, 0) + len(paragraph.text or "")
    if not lengths:
        return ""
    holder, _ = max(lengths.items(), key=lambda pair: pair[1])
    return "\n\n".join(filter(None, (element_text(child, skip=cut) for child in holder if child.tag == "p")))
