"""Parse HTML into a tree: by libxml2, or by a slower parser for pages that nest deeper than libxml2 goes."""

from html.parser import HTMLParser as Tokenizer

from lxml.etree import ErrorTypes
from lxml.html import HtmlElement, HTMLParser, document_fromstring, fragment_fromstring, html_parser

EMPTY = b"<html><body></body></html>"
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
DEEPEST = 4_000
UNCLOSED = 20  # how many open elements an end tag may close at most; bounds the work on hostile pages


def parse_document(html: str) -> HtmlElement:
    """Parse a page into a tree with `head` and `body`. Never raises for broken markup."""
    parser = _new_parser()
    tree = document_fromstring(_encode(html).strip() or EMPTY, parser=parser, ensure_head_body=True)
    return _parse_deep(html) if _is_cut_short(parser) else tree


def parse_fragment(html: str) -> HtmlElement:
    """Parse a piece of HTML, as APIs and feeds deliver it; return a `div` around it."""
    parser = _new_parser()
    tree = fragment_fromstring(_encode(f"<div>{html}</div>"), parser=parser)
    return _parse_deep(html) if _is_cut_short(parser) else tree


def _new_parser() -> HTMLParser:
    return HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)


def _encode(html: str) -> bytes:
    # libxml2 stops at a NUL, and refuses a str that declares an encoding.
    return html.replace("\0", "").encode("utf-8", "replace")


def _is_cut_short(parser: HTMLParser) -> bool:
    """Whether libxml2 stopped because elements nest deeper than 2,046."""
    return any(entry.type == ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)


def _parse_deep(html: str) -> HtmlElement:
    builder = _DeepTreeBuilder(convert_charrefs=True)
    builder.feed(html)
    builder.close()
    return builder.root


class _DeepTreeBuilder(Tokenizer):
    """Builds a tree of any depth up to DEEPEST; elements below that become siblings."""

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
        if self.too_deep and tag in self.too_deep[-UNCLOSED:]:
            while self.too_deep.pop() != tag:
                pass
            return
        for index in range(len(self.open) - 1, max(0, len(self.open) - UNCLOSED), -1):
            if self.open[index].tag == tag:
                del self.open[index:]
                return

    def handle_data(self, data: str) -> None:
        text = "".join(character for character in data if character >= " " or character in "\t\n\r")
        parent = self.open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text
