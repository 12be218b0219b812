"""Parse HTML into a tree: by libxml2, or by a slower parser for pages that nest deeper than libxml2 goes."""

import re
from html.parser import HTMLParser as Tokenizer
from itertools import islice

from lxml.etree import ElementDefaultClassLookup, ErrorTypes, ParserError, SubElement
from lxml.html import (
    HtmlComment,
    HtmlElement,
    HtmlEntity,
    HTMLParser,
    HtmlProcessingInstruction,
    document_fromstring,
    fragment_fromstring,
    html_parser,
)

EMPTY = b"<html><body></body></html>"
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
DEEPEST = 10_000
MOST_ATTRIBUTES = 1_000  # of an element: libxml2 compares each with all before it
LONG_TAG_FROM = 4_000
LONG_PIECE = re.compile(rf"<[^<]{{{LONG_TAG_FROM + 1}}}")
LONG_TAG = re.compile(rf"^([A-Za-z][^\s<>/]{{0,100}})([^<>]{{{LONG_TAG_FROM},}})")  # behind its "<"
ATTRIBUTE = re.compile(r"""[\s/"'=]*[^\s=/"']+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+))?""")
# One class for all elements. lxml's own lookup, which gives forms and fields classes of their own, is a call of Python
# for each element of each copy of a tree: a tenth of the time that the text of an article takes.
ELEMENTS = ElementDefaultClassLookup(HtmlElement, HtmlComment, HtmlProcessingInstruction, HtmlEntity)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # characters that XML does not allow
MOST_DEEP_TAGS = 100_000
"""Of a page that nests deeper than libxml2 goes: what reads it then takes four times as long."""
UNCLOSED = 20  # how many open elements an end tag may close at most; bounds the work on hostile pages


class TooDeep(ValueError):
    """A page that nests deeper than libxml2 goes and has too many tags for the slower parser."""


def parse_document(html: str) -> HtmlElement:
    """Parse a page into a tree with `head` and `body`. Never raises for broken markup, but TooDeep."""
    parser = _new_parser()
    try:
        tree = document_fromstring(_encode(html).strip() or EMPTY, parser=parser, ensure_head_body=True)
    except ParserError:  # nothing but comments
        return document_fromstring(EMPTY, parser=parser, ensure_head_body=True)
    if not _is_cut_short(parser):
        return tree
    tags = html.count("<")
    if tags > MOST_DEEP_TAGS:
        raise TooDeep(f"page of {tags:,} tags, thousands of levels deep; at most {MOST_DEEP_TAGS:,} are read")
    return _parse_deep(html)


def parse_fragment(html: str) -> HtmlElement:
    """Parse a piece of HTML, as APIs and feeds deliver it; return a `div` around it."""
    parser = _new_parser()
    tree = fragment_fromstring(_encode(f"<div>{html}</div>"), parser=parser)
    return _parse_deep(html) if _is_cut_short(parser) else tree


def _new_parser() -> HTMLParser:
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    parser.set_element_class_lookup(ELEMENTS)
    return parser


def _encode(html: str) -> bytes:
    # libxml2 stops at a NUL, and refuses a str that declares an encoding.
    html = html.replace("\0", "")
    if LONG_PIECE.search(html):
        pieces = html.split("<")
        pieces[1:] = [LONG_TAG.sub(_without_surplus, p) if len(p) > LONG_TAG_FROM else p for p in pieces[1:]]
        html = "<".join(pieces)
    return html.encode("utf-8", "replace")


def _without_surplus(tag: re.Match[str]) -> str:
    """Return the beginning of a start tag with its first attributes, which are nearly always all."""
    surplus = next(islice(ATTRIBUTE.finditer(tag[2]), MOST_ATTRIBUTES, None), None)
    return tag[0] if surplus is None else tag[1] + tag[2][: surplus.start()]


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
        self.last: list[HtmlElement | None] = [None]  # the last child of each open element: lxml counts to tell
        self.too_deep: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        try:
            attributes = {name: value or "" for name, value in islice(attrs, MOST_ATTRIBUTES)}
            element = SubElement(self.open[-1], tag, attributes)
        except ValueError:  # a name or a value that XML does not allow
            return
        self.last[-1] = element
        if tag in VOID:
            return
        if len(self.open) < DEEPEST:
            self.open.append(element)
            self.last.append(None)
        else:
            self.too_deep.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.too_deep and tag in self.too_deep[-UNCLOSED:]:
            while self.too_deep.pop() != tag:
                pass
            return
        for index in range(len(self.open) - 1, max(0, len(self.open) - UNCLOSED), -1):
            if self.open[index].tag == tag:
                del self.open[index:], self.last[index:]
                return

    def handle_data(self, data: str) -> None:
        text = CONTROL.sub("", data)
        parent, last = self.open[-1], self.last[-1]
        if last is not None:
            last.tail = (last.tail or "") + text
        else:
            parent.text = (parent.text or "") + text
