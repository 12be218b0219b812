"""HTML -> a tree: by libxml2, and where a page nests deeper than that goes, by a slower parser that loses nothing."""

from html.parser import HTMLParser as Tokenizer

from lxml.etree import ErrorTypes
from lxml.html import HtmlElement, HTMLParser, document_fromstring, fragment_fromstring, html_parser

EMPTY = "<html><body></body></html>"
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
DEEPEST = 4_000


def document(html: str) -> HtmlElement:
    """The tree of a page, with `head` and `body`. Never raises for broken markup."""
    parser = _parser()
    tree = document_fromstring(_bytes(html).strip() or EMPTY.encode(), parser=parser, ensure_head_body=True)
    return _deep(html) if _cut_short(parser) else tree


def fragment(html: str) -> HtmlElement:
    """A piece of HTML, as APIs and feeds deliver it, below a `div`."""
    parser = _parser()
    tree = fragment_fromstring(_bytes(f"<div>{html}</div>"), parser=parser)
    return _deep(html) if _cut_short(parser) else tree


def _parser() -> HTMLParser:
    return HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)


def _bytes(html: str) -> bytes:
    """libxml2 stops at a NUL, and takes no text that declares an encoding unless it comes as bytes."""
    return html.replace("\0", "").encode("utf-8", "replace")


def _cut_short(parser: HTMLParser) -> bool:
    """Whether libxml2 stopped where elements nest deeper than 2,046."""
    return any(entry.type == ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)


def _deep(html: str) -> HtmlElement:
    builder = _Builder(convert_charrefs=True)
    builder.feed(html)
    builder.close()
    return builder.root


class _Builder(Tokenizer):
    """Elements below DEEPEST become siblings, so that whatever walks the tree keeps its bounds."""

    def __init__(self, *, convert_charrefs: bool) -> None:
        super().__init__(convert_charrefs=convert_charrefs)
        self.root: HtmlElement = html_parser.makeelement("html")
        self.open = [self.root]
        self.too_deep: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        try:
            element = html_parser.makeelement(tag, {name: value or "" for name, value in attrs})
        except ValueError:  # a name or a value that XML does not allow
            return
        self.open[-1].append(element)
        if tag in VOID:
            return
        if len(self.open) < DEEPEST:
            self.open.append(element)
        else:
            self.too_deep.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.too_deep and tag in self.too_deep[-20:]:
            while self.too_deep.pop() != tag:
                pass
            return
        for place in range(len(self.open) - 1, max(0, len(self.open) - 20), -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        words = "".join(character for character in data if character >= " " or character in "\t\n\r")
        above = self.open[-1]
        if len(above):
            above[-1].tail = (above[-1].tail or "") + words
        else:
            above.text = (above.text or "") + words
