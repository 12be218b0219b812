"""The HTML of a comment -> its text, its time, its numbers. Shared by all platforms. Pure, one walk, any depth."""

import re
from datetime import UTC, datetime

from lxml.etree import _Comment, _Entity, _ProcessingInstruction
from lxml.html import HtmlElement

from archive.text.dates import read
from archive.text.urls import is_web_address
from archive.thread import Moment
from crawler.pages.html_tree import fragment

SKIPPED = frozenset(
    ("script", "style", "template", "noscript", "form", "button", "input", "select", "textarea", "svg", "head", "title")
)
APART = frozenset(("p", "blockquote", "div", "ul", "ol", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6", "figure"))
BLOCKS = (
    APART
    | frozenset(("li", "main", "nav", "section", "tr"))
    | frozenset(
        ("address", "article", "aside", "center", "dd", "details", "dl", "dt", "figcaption", "footer", "header", "hr")
    )
)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_COUNT = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?!\d)|\d+")
_NOT_TEXT = (_Comment, _ProcessingInstruction, _Entity)
LONGEST_NUMBER = 12


def text(element: HtmlElement, *, skip: frozenset[HtmlElement] | None = None) -> str:
    """What a reader would read: paragraphs apart by a blank line, `br` a line feed, quotes after "> ", a link with its
    target where that is not what it shows, pictures by their alternative text. `skip` are elements to leave out."""
    simple = paragraphs_only(element) if not skip else None
    if simple is not None:
        return simple
    writer = _Writer(skip or frozenset())
    writer.walk(element)
    return writer.finished()


def paragraphs_only(element: HtmlElement) -> str | None:
    """The text of an element that holds nothing but paragraphs of bare text, as most comments do; else None."""
    if element.text and not element.text.isspace():
        return None
    lines = []
    for child in element:
        if child.tag != "p" or len(child) or child.get("class") or (child.tail and not child.tail.isspace()):
            return None
        lines.append(_SPACE.sub(" ", child.text or "").strip(" "))
    return "\n\n".join(line for line in lines if line and not line.isspace())


def html_text(html: str) -> str:
    """`text` of a piece of HTML."""
    return text(fragment(html)) if "<" in html or "&" in html else _plain(html)


def _plain(value: str) -> str:
    return "\n".join(_SPACE.sub(" ", line).strip() for line in value.strip().splitlines())


class _Writer:
    """Walks with a stack of its own: reply chains and hostile pages nest deeper than Python's."""

    def __init__(self, skip: frozenset[HtmlElement]) -> None:
        self.skip = skip
        self.lines: list[tuple[int, str]] = []
        self.line: list[str] = []
        self.quotes = self.literal = 0

    def walk(self, root: HtmlElement) -> None:
        stack: list[tuple[HtmlElement, bool]] = [(root, True)]
        while stack:
            element, entering = stack.pop()
            if not entering:
                self._leave(element)
                if element is not root:
                    self._say(element.tail)
                continue
            if isinstance(element, _NOT_TEXT) or element.tag in SKIPPED or element in self.skip:
                if element is not root:
                    self._say(element.tail)
                continue
            self._enter(element)
            self._say(element.text)
            stack.append((element, False))
            stack.extend((child, True) for child in reversed(element))

    def _enter(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "br":
            self._end_line()
        elif tag in BLOCKS:
            self._break(apart=tag in APART)
        elif tag == "img":
            self._say(element.get("alt"))
        self.quotes += tag == "blockquote"
        self.literal += tag == "pre"

    def _leave(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "a":
            self._target(element)
        elif tag in BLOCKS:
            self._break(apart=tag in APART)
        elif tag in ("td", "th"):
            self.line.append(" ")
        self.quotes -= tag == "blockquote"
        self.literal -= tag == "pre"

    def _target(self, link: HtmlElement) -> None:
        href = (link.get("href") or "").strip()
        if not is_web_address(href):
            return
        shown = "".join(link.itertext()).strip()
        if not shown and not link.xpath(".//img"):
            return
        if not _says(shown, href):
            self.line.append(f" ({href})")

    def _say(self, words: str | None) -> None:
        if not words:
            return
        if not self.literal:
            self.line.append(_SPACE.sub(" ", words))
            return
        first, *more = words.split("\n")
        self.line.append(first)
        for line in more:
            self._end_line()
            self.line.append(line)

    def _end_line(self) -> None:
        line = "".join(self.line)
        self.lines.append((self.quotes, line.rstrip() if self.literal else re.sub(" +", " ", line).strip(" ")))
        self.line.clear()

    def _break(self, *, apart: bool) -> None:
        if any(not piece.isspace() for piece in self.line if piece):
            self._end_line()
        else:
            self.line.clear()
        if apart and self.lines and self.lines[-1][1]:
            self.lines.append((self.quotes, ""))

    def finished(self) -> str:
        self._break(apart=False)
        result: list[str] = []
        for quotes, line in self.lines:
            if line or (result and result[-1]):
                result.append("> " * quotes + line if line else "")
        return "\n".join(result).strip("\n")


def _says(shown: str, href: str) -> bool:
    """Whether a link shows its own address, be it without its scheme."""
    bare, target = (re.sub(r"^https?://(?:www\.)?", "", url.casefold()).rstrip("/") for url in (shown, href))
    return bare == target


def moment(shown: str | None, machine: str | None = None) -> Moment | None:
    """A time from what the page shows and from what it holds for machines (`datetime`, `content`, `title`).

    The text kept is what the page shows; None where it says nothing.
    """
    said = _SPACE.sub(" ", shown or "").strip() or None
    stated = (machine or "").strip() or None
    for candidate in (stated, said):
        found = read(candidate) if candidate else None
        if found and found.at:
            return Moment(found.at, said or stated, found.precision)
    return Moment(text=said or stated) if said or stated else None


def epoch(seconds: object) -> Moment | None:
    """A time from seconds since 1970, or None where that is no such number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return Moment(at.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20), str(seconds), "second")


def count(words: str | None) -> int | None:
    """The first number of a line such as "1,234 comments", or None."""
    found = _COUNT.search(words or "")
    if found is None:
        return None
    digits = re.sub(r"\D", "", found[0])
    return int(digits) if len(digits) <= LONGEST_NUMBER else None
