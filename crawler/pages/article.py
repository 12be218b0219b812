"""Read the newsroom's article from a page: what it states of itself, its address and its text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from urllib.parse import urlsplit

from lxml.etree import XPath
from lxml.html import HtmlElement

from archive.text.dates import find_date, is_date, parse_date
from archive.text.html_text import fold_space, line_of, parse_moment
from archive.text.urls import domain, unwrap_archived
from archive.thread import Article, Moment
from crawler.pages import jsonld
from crawler.pages.article_address import read_address
from crawler.pages.article_text import read_text
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
WITH_AUTHOR = XPath("//*[@rel or @itemprop]")
BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?lines?|authors?|autor(?:en)?|auteurs?|autore)(?=[\s_-]|$)", re.IGNORECASE
)
AUTHOR_TAGS = frozenset(("a", "span", "div", "p", "address"))
DATE_CLASSES = frozenset(("entry-date", "published", "post-date"))
LINE_CLASSES = DATE_CLASSES | {"date", "dateline", "posted-on", "pubdate", "article-date", "post-time", "byline-date"}
ASIDE = frozenset(("li", "aside", "nav", "footer", "table"))  # dates in these are of other articles
DATED_PATH = re.compile(r"/((?:19|20)\d\d)/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/")
LONGEST_TITLE = 1_000
LONGEST_NAME = 120
LONGEST_BYLINE = 80
MOST_NAMES = 20
MOST_LEVELS = 250  # above an element that are looked at
MOST_CANDIDATES = 200  # elements that may name the title, the author or the time
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
    url = read_address(page, metas.get("og:url", ()), items)
    title = _title(page, metas, items)
    return Article(
        title,
        _without_title(read_text(page, sections), title, page) or _stated_body(items),
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
        elements = (e for e in WITH_AUTHOR(page.html) if e.tag in AUTHOR_TAGS and _names_author(e))
        stated = [_author_name(e) for e in islice(elements, MOST_CANDIDATES) if not _is_of_readers(e, sections)]
    if not any(map(_clean_name, stated)):
        stated = _printed_bylines(page, sections)
    names = dict.fromkeys(name for text in stated[:MOST_NAMES] if (name := _clean_name(text)))
    return ", ".join(names) or None


def _names_author(element: HtmlElement) -> bool:
    relation, property_ = element.get("rel"), element.get("itemprop")
    is_link = relation is not None and element.tag in ("a", "span") and "author" in relation.lower().split()
    return is_link or (property_ is not None and "author" in property_.split())


def _printed_bylines(page: Page, sections: frozenset[HtmlElement]) -> list[str]:
    """Return the first line that is called a byline and begins as one: "By Anna Lind"."""
    called = (e for e in page.html.iter("p", "div", "span", "address") if _is_called_byline(e.get("class")))
    for element in islice(called, MOST_CANDIDATES):
        line = _line(element)
        if not BY.match(line):
            continue
        date = find_date(line) if len(line) <= LONGEST_NAME else None
        line = line[: date[0]].rstrip(" ,|·•–—-") if date is not None else line
        is_aside = any(above.tag in ASIDE for above in islice(element.iterancestors(), MOST_LEVELS))
        if len(line) <= LONGEST_BYLINE and not is_aside and not _is_of_readers(element, sections):
            return [line]
    return []


@lru_cache(4_096)
def _is_called_byline(class_: str | None) -> bool:
    return class_ is not None and BYLINE_CLASS.search(class_) is not None


def _author_name(element: HtmlElement) -> str:
    below = islice(element.iterdescendants(), MOST_CANDIDATES)
    name = next((e for e in below if "name" in (e.get("itemprop") or "").split()), element)
    return _line(name) or (name.get("content") or "")


def _is_of_readers(element: HtmlElement, sections: frozenset[HtmlElement]) -> bool:
    """Whether an element stands among the comments: in a section of a platform, a comment's item, or what says so."""
    for above in islice(element.iterancestors(), MOST_LEVELS):
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
        and not any(above.tag in ASIDE for above in islice(element.iterancestors(), MOST_LEVELS))
        and not _is_of_readers(element, sections)
    )
    moments = [parse_date(line) for line in islice(lines, MOST_NAMES) if is_date(line)]
    exact = [moment for moment in moments if moment.at is not None and moment.precision not in COARSE]
    return exact[0] if len({str(moment.at)[:10] for moment in exact}) == 1 else None


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


def _without_title(body: str, title: str | None, page: Page) -> str:
    """Remove the headline where the text repeats it as its first line."""
    first, _, rest = body.partition("\n\n")
    headlines = {
        fold_space(title or ""),
        *(fold_space(_line(heading)) for heading in islice(page.html.iter("h1"), MOST_NAMES)),
    }
    return rest.lstrip("\n") if rest and fold_space(first.lstrip("# ")) in headlines - {""} else body
