"""Convert the HTML of a comment to text, times and numbers, the same for all platforms. Pure, one walk, any depth."""

import re

from lxml.html import HtmlElement

from archive.text.dates import parse_date
from archive.text.html_tree import parse_fragment
from archive.text.urls import is_web_address
from archive.thread import Moment

SKIPPED = frozenset(
    ("script", "style", "template", "noscript", "form", "button", "input", "select", "textarea", "svg", "head", "title")
)
PARAGRAPHS = frozenset(
    ("p", "blockquote", "div", "ul", "ol", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6", "figure")
)
BLOCKS = (
    PARAGRAPHS
    | frozenset(("li", "main", "nav", "section", "tr", "address", "article", "aside", "center", "dd", "details"))
    | frozenset(("dl", "dt", "figcaption", "footer", "header", "hr"))
)
PLAIN = frozenset(("p", "div", "span", "li", "dd"))  # of these nothing but the text counts
SPACE = re.compile(r"[ \t\r\n\f]+")
NUMBER = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?!\d)|\d+")
SHOWN_ADDRESS = re.compile(r"(?:https?://|www\.)\S+(?<!…)(?<!\.\.\.)", re.IGNORECASE)
UNSEEN = re.compile("[\u00ad\u200b\u2060]")  # where a long address may be broken
SCHEME = re.compile(r"^https?://(?:www\.)?")
LONGEST_NUMBER = 12
MOST_SPACE = 10  # of what is read for a line of text, times its length


def element_text(element: HtmlElement, *, skip: frozenset[HtmlElement] = frozenset()) -> str:
    """Return the text of an element as a reader sees it, without the elements in `skip`.

    Paragraphs are apart by a blank line, `br` is a line feed, quotes follow "> ", a link is followed by its target
    unless it shows that, and a picture is its alternative text.
    """
    if len(element) == 0 and element.tag in PLAIN and element not in skip:
        text = element.text or ""
        return "" if text.isspace() else SPACE.sub(" ", text).strip(" ")
    simple = bare_paragraphs(element) if not skip else None
    if simple is not None:
        return simple
    writer = _TextWriter(skip)
    writer.walk(element)
    return writer.finish()


def bare_paragraphs(element: HtmlElement) -> str | None:
    """Return the text of an element that holds only paragraphs of bare text, as most comments do; else None."""
    if element.text and not element.text.isspace():
        return None
    lines = []
    for child in element:
        if child.tag != "p" or len(child) or child.get("class") or (child.tail and not child.tail.isspace()):
            return None
        lines.append(SPACE.sub(" ", child.text or "").strip(" "))
    return "\n\n".join(line for line in lines if line and not line.isspace())


def html_text(html: str) -> str:
    """Return the text of a piece of HTML, as `element_text` does; bare text keeps its line feeds."""
    if "<" in html or "&" in html:
        return element_text(parse_fragment(html))
    return "\n".join(SPACE.sub(" ", line).strip() for line in html.strip().splitlines())


class _TextWriter:
    """Walks with a stack of its own: reply chains and hostile pages nest deeper than Python recurses."""

    def __init__(self, skip: frozenset[HtmlElement]) -> None:
        self.skip = skip
        self.lines: list[tuple[int, str]] = []  # with the number of quotes that the line stands in
        self.line: list[str] = []
        self.quotes = self.literal = 0  # how many blockquote and pre elements are open

    def walk(self, root: HtmlElement) -> None:
        stack: list[tuple[HtmlElement, bool]] = [(root, True)]
        while stack:
            element, entering = stack.pop()
            # The tag of a comment or an entity is no str.
            skipped = entering and (not isinstance(element.tag, str) or element.tag in SKIPPED or element in self.skip)
            if entering and not skipped:
                self._enter(element)
                self._write(element.text)
                stack.append((element, False))
                stack.extend((child, True) for child in reversed(element))
                continue
            if not entering:
                self._leave(element)
            if element is not root:
                self._write(element.tail)

    def _enter(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "br":
            self._end_line()
        elif tag in BLOCKS:
            self._end_block(paragraph=tag in PARAGRAPHS)
        elif tag == "img":
            self._write(element.get("alt"))
        self.quotes += tag == "blockquote"
        self.literal += tag == "pre"

    def _leave(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "a":
            self._write_target(element)
        elif tag in BLOCKS:
            self._end_block(paragraph=tag in PARAGRAPHS)
        elif tag in ("td", "th"):
            self.line.append(" ")
        self.quotes -= tag == "blockquote"
        self.literal -= tag == "pre"

    def _write_target(self, link: HtmlElement) -> None:
        """Write where a link leads, unless it leads nowhere in the web, or shows an address already.

        An address that is shown is the one that was meant: the site may send its readers there by way of its own pages.
        """
        href = (link.get("href") or "").strip()
        if not is_web_address(href):
            return
        label = UNSEEN.sub("", "".join(link.itertext())).strip()
        if not label and link.find(".//img") is None:
            return
        if SHOWN_ADDRESS.fullmatch(label):
            return
        bare_label, bare_target = (SCHEME.sub("", url.casefold()).rstrip("/") for url in (label, href))
        if bare_label != bare_target:
            self.line.append(f" ({href})")

    def _write(self, text: str | None) -> None:
        if not text:
            return
        if not self.literal:
            self.line.append(SPACE.sub(" ", text))
            return
        first, *more = text.split("\n")
        self.line.append(first)
        for line in more:
            self._end_line()
            self.line.append(line)

    def _end_line(self) -> None:
        line = "".join(self.line)
        self.lines.append((self.quotes, line.rstrip() if self.literal else re.sub(" +", " ", line).strip(" ")))
        self.line.clear()

    def _end_block(self, *, paragraph: bool) -> None:
        if any(not piece.isspace() for piece in self.line if piece):
            self._end_line()
        else:
            self.line.clear()
        if paragraph and self.lines and self.lines[-1][1]:
            self.lines.append((self.quotes, ""))

    def finish(self) -> str:
        """Return the text, without blank lines at its ends or two in a row."""
        self._end_block(paragraph=False)
        result: list[str] = []
        for quotes, line in self.lines:
            if line or (result and result[-1]):
                result.append("> " * quotes + line if line else "")
        return "\n".join(result).strip("\n")


def fold_space(text: str) -> str:
    """Return a text with each run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def line_of(element: HtmlElement, longest: int, separator: str = "") -> str:
    """Return the text of an element as one line, cut where it gets longer: not all that stands in it is read."""
    if len(element) == 0:
        return " ".join((element.text or "")[: longest * MOST_SPACE].split())
    length, pieces = 0, []
    for piece in element.itertext():
        pieces.append(piece[: longest * MOST_SPACE])
        length += max(1, len(" ".join(pieces[-1].split())))
        if length > longest:
            break
    return " ".join(separator.join(pieces).split())


def parse_moment(visible: str | None, machine: str | None = None) -> Moment | None:
    """Parse a time from the visible text and from its machine-readable form (`datetime`, `content`, `title`).

    Keeps the visible text as the source's own words; None where both are empty.
    """
    text = SPACE.sub(" ", visible or "").strip() or None
    stated = (machine or "").strip() or None
    for candidate in (stated, text):
        moment = parse_date(candidate) if candidate else None
        if moment and moment.at:
            return Moment(moment.at, text or stated, moment.precision)
    return Moment(text=text or stated) if text or stated else None


def parse_count(text: str | None) -> int | None:
    """Return the first number of a line such as "1,234 comments", or None."""
    match = NUMBER.search(text or "")
    if match is None:
        return None
    digits = re.sub(r"\D", "", match[0])
    return int(digits) if len(digits) <= LONGEST_NUMBER else None
