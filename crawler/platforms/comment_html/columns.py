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
from crawler.platforms.comment_html.labelled import settle_labelled, settle_leading_dates
from crawler.platforms.comment_html.parts import LONGEST_LINE

FEWEST_BLOCKS = 3
MOST_BLOCKS, MOST_ELEMENTS = 40, 120  # that are looked at
SHARE = 0.8  # of the blocks that must have an element in a place
LEAST_VARIED = 0.6  # of these, whose texts must differ, or be likely names
LONGEST_WORD = 20  # characters of a name without spaces
AROUND_LABELLED = " :："
Place = tuple[str, ...]
Column = dict[int, list[HtmlElement]]
Block = tuple[CommentElement, CommentFields]


def settle_by_columns(blocks: Sequence[Block]) -> None:
    """Replace names that are one label, and texts that leave out the longest of what differs from block to block."""
    if len(blocks) < FEWEST_BLOCKS:
        return
    _strip_labels(blocks)
    names = [fields.name for _, fields in blocks]
    is_label = names[0] is not None and len(set(names)) == 1
    missing = sum(name is None or _may_be_title(name) for name in names) * 2 > len(names)
    bodies = [fold_space(DIGITS.sub("#", fields.body)) for _, fields in blocks]
    holding = sum(bool(fields.name and fields.name in fields.body) for _, fields in blocks)
    same = (
        holding >= SHARE * len(bodies)
        or len(set(bodies)) <= len(bodies) * (1 - LEAST_VARIED)
        or sum(map(len, bodies)) < 12 * len(bodies)
    )
    settle_leading_dates(blocks)
    if not (is_label or missing or same) or ((is_label or missing) and settle_labelled(blocks)):
        return
    if missing or (is_label and not _settle_labelled_names(blocks)):
        _settle_names(blocks)
    if same:
        columns = _columns(blocks[:MOST_BLOCKS])
        least = SHARE * min(len(blocks), MOST_BLOCKS)
        _settle_bodies(blocks, {place: column for place, column in columns.items() if len(column) >= least})


def _may_be_title(name: str) -> bool:
    """Whether what was read as a name reads as the beginning of a text: it may be a comment's title."""
    return name_score(name) < 0 and (name.count(" ") >= 2 or len(name) > LONGEST_WORD)


def _strip_labels(blocks: Sequence[Block]) -> None:
    """Remove what stands before a colon in every name, where several have it alike: "Reader: Joe"."""
    pairs = [(fields.name or "").partition(":") for _, fields in blocks]
    labels = {label.strip() for label, _, name in pairs if name.strip()}
    if all(name.strip() for _, _, name in pairs) and len(labels) * 2 <= len(blocks):
        for (_, fields), (_, _, name) in zip(blocks, pairs, strict=True):
            fields.name = name.strip()


def _settle_labelled_names(blocks: Sequence[Block]) -> bool:
    """Take the names from what stands behind the label that was read as a name in every block: "Name: Joe"."""
    label = blocks[0][1].name
    names = []
    for comment, _ in blocks:
        element = next((e for e in comment.own[:MOST_ELEMENTS] if _is_label(e, label)), None)
        following = element.getnext() if element is not None and not (element.tail or "").strip() else None
        text = "" if element is None else following.text_content() if following is not None else element.tail
        names.append(fold_space(text or "").strip(AROUND_LABELLED))
    if not all(map(is_piece_of_name, names)) or not _varies(names):
        return False
    for (_, fields), name in zip(blocks, names, strict=True):
        fields.name = name
    return True


def _is_label(element: HtmlElement, label: str | None) -> bool:
    return bool(element.text) and fold_space(element.text_content()).strip(AROUND_LABELLED) == label


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


def _settle_names(blocks: Sequence[Block]) -> None:
    """Take the names from the first place that holds a line of a name in each block."""
    for texts in _lines(blocks).values():
        known = {number: text for number, text in texts.items() if number < MOST_BLOCKS}
        if len(known) < SHARE * min(len(blocks), MOST_BLOCKS) or not _are_names(known, blocks):
            continue
        for number, (_, fields) in enumerate(blocks):
            fields.name = texts.get(number)
            if fields.name and fields.body.startswith(fields.name):
                fields.body = fields.body[len(fields.name) :].lstrip(AROUND_LABELLED + "\n")
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


def _lines(blocks: Sequence[Block]) -> Mapping[Place, dict[int, str]]:
    """Return the first two texts of each place, by block: of elements, and of what stands behind an element."""
    lines: dict[Place, dict[int, str]] = {}
    for number, (comment, _) in enumerate(blocks):
        for element in comment.own[:MOST_ELEMENTS]:
            place = _place(element)
            for text, where in ((element.text, place), (element.tail, (*place, "behind"))):
                if element is not comment.root and text and text.strip():
                    line = element.text_content() if where is place else text
                    column = lines.setdefault(where, {})
                    column = lines.setdefault((*where, "second"), {}) if number in column else column
                    column.setdefault(number, _bare_name(fold_space(line)))
    return lines


def _bare_name(text: str) -> str:
    return BRACKETED.sub(r"\1", text.rstrip(AROUND_LABELLED))


def _are_names(texts: Mapping[int, str], blocks: Sequence[Block]) -> bool:
    """Whether the lines of a place differ, may be names, and are none within a text."""
    if not _varies(texts.values()) or not all(map(is_piece_of_name, texts.values())):
        return False
    bodies = {number: blocks[number][1].body for number in texts}
    inside = sum(text in bodies[n] and not bodies[n].startswith(text) for n, text in texts.items())
    return inside * 2 < len(texts) and sum(name_score(text) > 0 for text in texts.values()) >= LEAST_VARIED * len(texts)


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
        found = filter(None, map(element_text, elements))
        text = "\n\n".join(line for line in found if line not in (fields.name, fields.date_text))
        fields.body = text or fields.body
