"""The fields of one comment of an HTML list: author, date, text; by class names, else by what is left."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.text import line_rules
from archive.text.dates import parse_date
from archive.text.html_text import SKIPPED, fold_space
from archive.text.relative_dates import place_age
from archive.text.removal_notices import LONGEST_NOTICE, tombstone_state
from archive.thread import Moment
from crawler.platforms.comment_html.author import (
    LIKELY,
    STATED,
    find_author,
    name_before_says,
    name_by_date,
    name_by_label,
    name_in_head,
)
from crawler.platforms.comment_html.body import find_content, is_head, is_text_only, outside_text, read_body
from crawler.platforms.comment_html.class_names import traits
from crawler.platforms.comment_html.date import find_stamp, read_moment
from crawler.platforms.comment_html.elements import HEADS, CommentElement
from crawler.platforms.comment_html.parts import (
    LONGEST_LINE,
    Part,
    is_short,
    is_title,
    traits_of,
)
from crawler.platforms.comment_html.section_words import TO_REPLY

LONGEST_INITIAL = 2
LINES_OF_REFERENCE = frozenset(("p", "div", "span"))
FEWEST_WORDS = 4  # of a sentence, which is nobody's name
EXCERPT = re.compile(r"\[(?:…|\.\.\.)\]\s.*\s\[(?:…|\.\.\.)\]", re.DOTALL)


@dataclass(eq=False, slots=True)
class CommentFields:
    """A comment's fields, the date still as text: only the whole list shows which of its numbers is the day."""

    name: str | None
    body: str
    date_text: str | None
    machine_date: str | None
    in_moderation: bool


def parse_fields(comment: CommentElement) -> CommentFields:
    """Read one comment."""
    own = _parts(comment)
    textual = _textual_parts(comment, own)
    content = called = find_content(comment, textual)
    if called is not None and called is not comment.root and _is_all(called, own):
        content = None
    outside = outside_text(own, content)
    author, name = _find_author(own, outside, content)
    read = set() if comment.root.tag in HEADS else {comment.root}
    holders = _holders_of_replies(comment)
    date = find_stamp([part for part in outside if part[0] not in holders] if holders else outside, read)
    if date.element is None and holders:
        date = find_stamp(outside, read)
    if date.element is None:
        date = find_stamp([part for part in own if part[1].dated], read)
    if date.element is not None and author is not None and is_title(author):
        beside = name_by_date(comment, date.element, date.text, content)
        author, name = beside if beside[1] is not None else (author, name)
    if name is None and date.element is not None:
        author, name = name_by_date(comment, date.element, date.text, content)
    if name is None:
        name = name_in_head(_head_parts(comment, own, outside, content), date.text)
    if name is None:
        author, name = _name_at_beginning(comment, own)
    apart = {element for element in (author, date.element) if element is not None}
    if date.element is not None and (date.is_bare or _holds_text(date.element, content, comment)):
        apart.discard(date.element)
    body = read_body(comment, textual, content, apart, name) or (_notice_in(comment) if date.element is None else "")
    if not body and called is not None:  # what is called the text holds but the head, or the text but no head
        body = read_body(comment, textual, None if content is called else called, apart - {called}, name)
    body = "" if body == date.text and called is None else body
    return CommentFields(
        _unless_sentence(name, body), body, date.text, date.machine, any(kind.waiting for _, kind in own)
    )


def _unless_sentence(name: str | None, body: str) -> str | None:
    """Return a name; None where it is all of the text, and that a sentence."""
    is_text = name is not None and name == body and len(name.split()) >= FEWEST_WORDS and name[-1] in ".!?…"
    return None if is_text else name


def _is_all(content: HtmlElement, own: Sequence[Part]) -> bool:
    """Whether what is called the text holds name and date, too: nothing but buttons and an initial stands beside it."""
    if not any(map(_may_be_head, content.iterdescendants())):  # as in most texts, without a look at the others
        return False
    within = {*content.iter()}
    if not any(_may_be_head(element) for element, _ in own if element in within and element is not content):
        return False
    pieces = [(element.text, element.tail) for element, _ in own if element not in within]
    texts = (fold_space(piece) for pair in pieces for piece in pair if piece and piece.strip())
    return sum(len(text) for text in texts if not line_rules.is_reply(text)) <= LONGEST_INITIAL


def _may_be_head(element: HtmlElement) -> bool:
    kind = traits_of(element)
    return kind.furniture or kind.name is not None or element.tag in HEADS


def reads_as_pingback(fields: CommentFields) -> bool:
    """Whether what stands among comments was sent by another page: it names itself so, or is an excerpt of that page.

    WordPress cuts an excerpt at both ends.
    """
    name = fields.name or ""
    return line_rules.is_pingback(name) or (
        line_rules.is_pingback(fields.body) if not name else EXCERPT.fullmatch(fields.body.strip()) is not None
    )


def _find_author(
    own: Sequence[Part], outside: Sequence[Part], content: HtmlElement | None
) -> tuple[HtmlElement | None, str | None]:
    """Return the element that names the author, and the name."""
    author, name = find_author(outside, STATED)
    if author is None:
        author, name = name_by_label(outside)
    if author is None:
        author, name = find_author(outside, LIKELY)
    if author is not None:
        return author, name
    # Within a text a bold word or a link is no author.
    in_text = content is not None and is_text_only(content)
    author, name = find_author(own, STATED if in_text else (*STATED, *LIKELY))
    return name_before_says(own) if author is None and in_text else (author, name)


def _name_at_beginning(comment: CommentElement, own: Sequence[Part]) -> tuple[HtmlElement | None, str | None]:
    """Return the line that a comment begins with, and the name in it, where that ends in "says:"."""
    author, name = name_before_says(own)
    pieces = (piece.strip() for element in (comment.root, *comment.siblings) for piece in element.itertext())
    begins = author is not None and fold_space(author.text_content()).startswith(
        fold_space(next(filter(None, pieces), ""))
    )
    return (author, name) if begins else (None, None)


def _holders_of_replies(comment: CommentElement) -> set[HtmlElement]:
    """Return the elements of a comment that hold replies to it, too: a date in one may be that of a reply."""
    holders: set[HtmlElement] = set()
    for reply in comment.nested:
        element = reply.getparent()
        while element is not None and element is not comment.root and element not in holders:
            holders.add(element)
            element = element.getparent()
    return holders


def _textual_parts(comment: CommentElement, own: list[Part]) -> list[Part]:
    """Return the parts in which the text may stand: of a row of name and date, those of the rows behind it."""
    if comment.root.tag != "tr" or not comment.siblings:
        return own
    behind = {element for sibling in comment.siblings for element in sibling.iter()}
    parts = [part for part in own if part[0] in behind]
    return parts if any((element.text or "").strip() for element, _ in parts) else own


def _notice_in(comment: CommentElement) -> str:
    """Return the notice that a block holds in place of a text, where only its head or a button holds it."""
    pieces = [comment.root.text, *(piece for e in comment.own[1:] for piece in (e.text, e.tail))]
    text = " ".join(" ".join(filter(None, pieces)).split()) if len(comment.own) <= LONGEST_NOTICE else ""
    return text if tombstone_state(text) is not None else ""


def _parts(comment: CommentElement) -> list[Part]:
    """Return a comment's elements with what their classes say, without forms, scripts and what stands in them."""
    parts: list[Part] = []
    skipped: set[HtmlElement] = set()
    for element in comment.own:
        tag = element.tag
        if (
            (tag in SKIPPED and not _is_around_text(element))
            or (skipped and element.getparent() in skipped)
            or (tag in LINES_OF_REFERENCE and _is_reference(element))
        ):
            skipped.add(element)
        else:
            parts.append((element, traits(element.get("class"))))
    return parts


def _is_around_text(element: HtmlElement) -> bool:
    """Whether a form has nothing to fill in: some templates put the text of a comment into one, to be edited."""
    if element.tag != "form":
        return False
    fields = (field for field in element.iter("input", "textarea", "select", "button") if field.get("type") != "hidden")
    return next(fields, None) is None


def _head_parts(
    comment: CommentElement, own: Sequence[Part], outside: Sequence[Part], content: HtmlElement | None
) -> list[Part]:
    """Return the parts beside a text that has an element of its own: no bare text can be among them."""
    if content is None or content is comment.root:
        paragraphs = any(element.tag in ("p", "blockquote") for element, _ in own)
        return [part for part in outside if part[0] is not comment.root] if paragraphs else []
    around = set(content.iterancestors())
    return [part for part in outside if (part[0] is not content and part[0] not in around) or is_short(part[0])]


def _is_reference(element: HtmlElement) -> bool:
    """Whether a line names the comment that this one answers, and its author."""
    text = (element.text or "").strip()
    return 0 < len(text) <= LONGEST_LINE and TO_REPLY.match(text) is not None and is_short(element)


def _holds_text(dated: HtmlElement, content: HtmlElement | None, comment: CommentElement) -> bool:
    """Whether an element with the date holds the text, too, or other paragraphs than lines of name and date."""
    return (content is not None and _holds(dated, content, comment)) or any(
        not is_head(below) and any(piece.strip() for piece in below.itertext())
        for below in dated.iterdescendants("p", "blockquote", "div")
    )


def _holds(outer: HtmlElement, inner: HtmlElement, comment: CommentElement) -> bool:
    """Whether one of two elements of a comment holds the other; the outer one may be what the comment stands in."""
    highest = comment.root.getparent()
    element: HtmlElement | None = inner
    while element is not None and element is not outer and element is not highest:
        element = element.getparent()
    return element is outer


def posted(fields: CommentFields, day_first: bool | None, now: str | None = None) -> Moment | None:
    """Return the time of a comment, once the list has shown in which order day and month stand.

    An age such as "3 hours ago" is placed by `now`, the time when the page was fetched, where that is known.
    """
    if fields.machine_date is None and fields.date_text is None:
        return None
    moment = read_moment(fields.machine_date) if fields.machine_date else Moment()
    if moment.at is None and fields.date_text:
        moment = parse_date(fields.date_text, day_first)
        if moment.at is None:
            moment = place_age(fields.date_text, now) or moment
    return Moment(moment.at, fields.date_text or fields.machine_date, moment.precision if moment.at else None)
