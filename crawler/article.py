"""A page -> its article."""

from collections.abc import Sequence

from lxml.html import HtmlElement

from archive.thread import Article
from archive.urls import canonical, domain
from crawler.page import Page


def read(page: Page, sections: Sequence[HtmlElement] = ()) -> Article:
    """The article of a page; `sections` hold comments, and so none of its text."""
    del sections
    return Article(page.html.findtext(".//title"), "", url=canonical(page.url), outlet=domain(page.url))
