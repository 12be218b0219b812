"""The text of an article: by trafilatura, or for pages that it cannot take by the densest paragraphs; no comments."""

import logging
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import pairwise

from lxml.etree import Comment as MarkupComment
from lxml.etree import XPath, strip_attributes, strip_elements
from lxml.html import HtmlElement
from trafilatura import extract

from archive.text.html_text import element_text, fold_space
from archive.thread import Article, Comment
from crawler.pages.page import Page

# What trafilatura, which recurses, is given at most.
MOST_ELEMENTS = 60_000
LARGEST_PAGE = 3 << 20
DEEPEST = 250
# Whether elements stand more levels deep than these: a search that ends at the first level that is empty.
GOES_DEEPER = {level: XPath(f"boolean({'/*' * (level + 1)})") for level in (32, 64, DEEPEST)}
# It counts the links and the text within each element anew: what weighs is how many levels stand above them.
MOST_LINK_LEVELS = 100_000
MOST_TEXT_LEVELS = 30_000_000
FEW_SECTIONS = 20  # so few are looked up in a copied page one by one
SAME_BLOCK = ("- ", "|")
# trafilatura copies what it is given several times and reads nothing of these where no links or pictures are wanted.
UNREAD = ("style", "svg", "iframe", "select", "input", "img", "meta", "link", MarkupComment)
UNREAD_ATTRIBUTES = ("href", "src", "alt", "title", "rel", "target")
LONGEST_BETWEEN = 120  # of a line of name or date between two comments


def read_text(page: Page, sections: Sequence[HtmlElement]) -> str:
    """Return the text of an article, without the `sections` that hold comments. Never raises for broken pages."""
    if len(page.body) > LARGEST_PAGE or not _is_tame(page):
        return _densest_paragraphs(page.html, frozenset(sections))
    _silence_trafilatura()
    try:
        tree = _without(page.html, sections)
        text = extract(tree, url=None, fast=True, include_comments=False, include_tables=True) or ""
        return _part_paragraphs(text if "\n" in text else _without_rest(text, page.html, frozenset(sections)))
    except Exception:  # noqa: BLE001 a foreign parser over hostile pages; what it cannot take is read more simply
        return _densest_paragraphs(page.html, frozenset(sections))


def _without_rest(line: str, tree: HtmlElement, cut: frozenset[HtmlElement]) -> str:
    """Return the paragraphs of a short page, where trafilatura joined them in one line with all that stands around."""
    paragraphs = _densest_paragraphs(tree, cut)
    folded = fold_space(paragraphs)
    return paragraphs if folded and folded != line and folded in line and len(folded) * 5 > len(line) * 2 else line


def _part_paragraphs(text: str) -> str:
    """Put a blank line between the paragraphs, which trafilatura writes a line each; lists and tables stay together."""
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    parted = list(lines[:1])
    for before, line in pairwise(lines):
        is_one = line.startswith(SAME_BLOCK) and before.startswith(line[:1])
        parted.append(line if is_one else f"\n{line}")
    return "\n".join(parted)


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
    between = {i for i in range(first, final) if len(paragraphs[i]) <= LONGEST_BETWEEN} if len(dropped) > 1 else set()
    dropped |= between
    remaining = [paragraph for i, paragraph in enumerate(paragraphs) if i not in dropped]
    return replace(article, body="\n\n".join(remaining)) if remaining else article


@cache
def _silence_trafilatura() -> None:
    """Stop its log lines about every page that holds no text; once, when it is first used."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def _is_tame(page: Page) -> bool:
    """Whether a page is small and flat enough for an extractor that recurses."""
    if len(page.elements) > MOST_ELEMENTS:
        return False
    deepest = next((level for level, goes_deeper in GOES_DEEPER.items() if not goes_deeper(page.html)), None)
    if deepest is None:
        return False
    # More than if all elements were links, and all letters, in the lowest level: only where that is too much are they
    # weighed.
    if deepest * len(page.elements) <= MOST_LINK_LEVELS and deepest * len(page.text) <= MOST_TEXT_LEVELS:
        return True
    levels: list[list[HtmlElement]] = [list(page.html)]
    while levels[-1]:
        levels.append([child for element in levels[-1] for child in element])
    return _weigh_levels(levels)


def _weigh_levels(levels: Sequence[Sequence[HtmlElement]]) -> bool:
    """Whether few enough links and letters stand few enough levels deep."""
    links = text = 0
    for depth, level in enumerate(levels, 1):
        links += depth * sum(element.tag == "a" for element in level)
        text += depth * sum(len(element.text or "") + len(element.tail or "") for element in level)
    return links <= MOST_LINK_LEVELS and text <= MOST_TEXT_LEVELS


def _without(tree: HtmlElement, sections: Sequence[HtmlElement]) -> HtmlElement:
    """Return a copy of the page without some of its elements, and without what holds no text of an article."""
    copy, dropped = deepcopy(tree), frozenset(sections)
    if len(dropped) > FEW_SECTIONS:
        pairs = zip(tree.iter(), copy.iter(), strict=True)
        twins = [twin for element, twin in pairs if element in dropped]
    else:
        twins = [_twin(element, copy) for element in dropped]
    for twin in twins:
        if twin.getparent() is not None:
            twin.drop_tree()
    strip_elements(copy, *UNREAD, with_tail=False)
    strip_attributes(copy, *UNREAD_ATTRIBUTES)
    for script in copy.iter("script"):
        if script.get("type") != "application/ld+json":
            script.text = None
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
