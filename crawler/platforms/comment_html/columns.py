"""What stands in one place of every block of a list: it shows which line is a label, and which the name or text.

One block alone cannot show that "Name" is no name, or that what a class calls an info is all that was written.
"""

from collections.abc import Iterable, Mapping, Sequence

from lxml.html import HtmlElement

from archive.text.dates import is_date
from archive.text.html_text import element_text, fold_space
from archive.text.line_rules import byline_length, is_reply, name_score
from crawler.platforms.comment_html.author import BRACKETED, is_piece_of_name
from crawler.platforms.comment_html.blocks import DIGITS
from crawler.platforms.comment_html.elements import CommentElement
from crawler.platforms.comment_html.fields import CommentFields
from crawler.platforms.comment_html.parts import LONGEST_LINE

FEWEST_BLOCKS = 3
MOST_BLOCKS, MOST_ELEMENTS = 40, 120  # that are looked at
SHARE = 0.8  # of the blocks that must have an element in a place
LEAST_VARIED = 0.6  # of these, whose texts must differ
Place = tuple[str, ...]
Column = dict[int, list[HtmlElement]]
Block = tuple[CommentElement, CommentFields]


def settle_by_columns(blocks: Sequence[Block]) -> None:
    """Replace names that are one label, and texts that leave out the longest of what differs from block to block."""
    if len(blocks) < FEWEST_BLOCKS:
        return
    names = [fields.name for _, fields in blocks]
    is_label = names[0] is not None and len(set(names)) == 1
    missing = sum(name is None for name in names) * 2 > len(names)
    bodies = [fold_space(DIGITS.sub("#", fields.body)) for _, fields in blocks]
    holding = sum(bool(fields.name and fields.name in fields.body) for _, fields in blocks)
    same = (
        holding >= SHARE * len(bodies)
        or len(set(bodies)) <= len(bodies) * (1 - LEAST_VARIED)
        or sum(map(len, bodies)) < 12 * len(bodies)
    )
    if not (is_label or missing or same):
        return
    columns = {
        place: column
        for place, column in _columns(blocks[:MOST_BLOCKS]).items()
        if len(column) >= SHARE * min(len(blocks), MOST_BLOCKS)
    }
    if is_label or missing:
        _settle_names(blocks, columns)
    if same:
        _settle_bodies(blocks, columns)


def _columns(blocks: Sequence[Block]) -> Mapping[Place, Column]:
    columns: dict[Place, Column] = {}
    for number, (comment, _) in enumerate(blocks):
        for element in comment.own[:MOST_ELEMENTS]:
            if element is not comment.root and (element.text or "").strip():
                columns.setdefault(_place(element), {}).setdefault(number, []).append(element)
    return columns


def _place(element: HtmlElement) -> Place:
    above = element.getparent()
    return element.tag, *(DIGITS.sub("#", e.get("class") or "") for e in (element, above)), above.tag


def _texts(column: Column) -> dict[int, str]:
    """Return the text of the first element of each block in a place."""
    return {number: fold_space(elements[0].text_content()) for number, elements in column.items()}


def _varies(texts: Iterable[str]) -> bool:
    values = list(texts)
    return len({DIGITS.sub("#", value) for value in values}) >= LEAST_VARIED * len(values)


def _settle_names(blocks: Sequence[Block], columns: Mapping[Place, Column]) -> None:
    """Take the names from the first place that holds a line of a name in each block."""
    for place, column in columns.items():
        texts = {number: BRACKETED.sub(r"\1", text) for number, text in _texts(column).items()}
        if not _varies(texts.values()) or not all(is_piece_of_name(text) for text in texts.values()):
            continue
        inside = sum(text in blocks[number][1].body for number, text in texts.items())
        likely = sum(name_score(text) > 0 for text in texts.values())
        leads = all(blocks[number][1].body.startswith(f"{text}\n") for number, text in texts.items())
        if (inside * 2 < len(texts) or leads) and likely >= SHARE * len(texts):
            for comment, fields in blocks:
                element = next((e for e in comment.own[:MOST_ELEMENTS] if e.text and _place(e) == place), None)
                fields.name = BRACKETED.sub(r"\1", fold_space(element.text_content())) if element is not None else None
                fields.body = fields.body.removeprefix(f"{fields.name}\n").lstrip("\n")
            return
    _settle_names_by_byline(blocks)


def _settle_names_by_byline(blocks: Sequence[Block]) -> None:
    """Take the names from the first piece of each block that a "by" leads to."""
    names = [next(filter(None, map(_name_in_byline, comment.own[:MOST_ELEMENTS])), None) for comment, _ in blocks]
    if len(names) - names.count(None) >= SHARE * len(names):
        for (_, fields), name in zip(blocks, names, strict=True):
            fields.name = name


def _name_in_byline(element: HtmlElement) -> str | None:
    for piece in (element.text, element.tail):
        line = fold_space(piece) if piece and len(piece) <= LONGEST_LINE else ""
        name = line[byline_length(line) :] if line else ""
        if name != line and is_piece_of_name(name):
            return name
    return None


def _settle_bodies(blocks: Sequence[Block], columns: Mapping[Place, Column]) -> None:
    """Take the texts from the place whose lines are longest, and that is none of names, dates and buttons."""
    best, longest = None, 0.0
    for place, column in columns.items():
        texts = _texts(column)
        length = sum(map(len, texts.values())) / len(texts)
        names = sum(text == blocks[number][1].name for number, text in texts.items())
        lines = sum(len(t) <= LONGEST_LINE and (is_reply(t) or is_date(t)) for t in texts.values())
        if length > longest and _varies(texts.values()) and not names and lines * 2 < len(texts):
            best, longest = place, length
    if best is None or sum(text in fold_space(blocks[n][1].body) for n, text in _texts(columns[best]).items()) > 0:
        return
    for comment, fields in blocks:
        elements = [e for e in comment.own[:MOST_ELEMENTS] if _place(e) == best] if comment.own else []
        text = "\n\n".join(filter(None, map(element_text, elements)))
        fields.body = text or fields.body
