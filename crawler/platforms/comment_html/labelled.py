"""Fields of a list whose comments show them in one place alike: behind labels, or a date at the head of each text."""

from collections.abc import Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement

from archive.text.dates import find_date, is_date, may_hold_date
from archive.text.html_text import fold_space
from crawler.platforms.comment_html.author import is_piece_of_name
from crawler.platforms.comment_html.elements import CommentElement
from crawler.platforms.comment_html.fields import CommentFields

LABELS = frozenset(("b", "strong", "em", "i", "span", "label", "dt", "th", "td", "u", "font"))
LONGEST_LABEL = 20
FEWEST_LABELS = 2
MOST_ELEMENTS, MOST_SIBLINGS = 60, 40  # of a comment that are looked at, and behind a label
LONGEST_HEAD = 60  # characters of a text in which a date may stand first
AROUND_VALUE = " :：\n"
BEHIND_DATE = " )]}】:：|·•,.–—-\n"
SHARE = 0.8  # of all text that must stand behind labels, and of the texts that must begin with a date
Block = tuple[CommentElement, CommentFields]


def settle_labelled(blocks: Sequence[Block]) -> bool:
    """Take fields from behind the labels that every block has: "Name: Joe", "Date: 5 March", "Comment: Well done"."""
    pairs = [dict(_pairs(comment)) for comment, _ in blocks]
    labels = [label for label in pairs[0] if all(pair.get(label) for pair in pairs)]
    if len(labels) < FEWEST_LABELS:
        return False
    values = {label: [pair[label] for pair in pairs] for label in labels}
    text = max(labels, key=lambda label: sum(map(len, values[label])))
    names = next((label for label in labels if label != text and all(map(is_piece_of_name, values[label]))), None)
    dates = next((label for label in labels if label != text and all(map(is_date, values[label]))), None)
    labelled = sum(len(label) + len(value) for label in labels for value in values[label])
    if names is None or len(set(values[text])) == 1 or labelled < SHARE * sum(len(f.body) for _, f in blocks):
        return False
    for number, (_, fields) in enumerate(blocks):
        fields.name, fields.body = values[names][number], values[text][number]
        fields.date_text = values[dates][number] if dates is not None else fields.date_text
    return True


def _pairs(comment: CommentElement) -> Iterator[tuple[str, str]]:
    for element in comment.own[:MOST_ELEMENTS]:
        label = _label(element)
        if label is not None:
            yield label, _behind(element)


def _label(element: HtmlElement) -> str | None:
    """Return what an element says that is a label: a word or two and a colon, in it or behind it."""
    text = element.text.strip() if element.tag in LABELS and element.text else ""
    is_one = text.endswith((":", "：")) or (element.tail or "").lstrip().startswith((":", "："))
    label = text.rstrip(AROUND_VALUE)
    return label if is_one and 0 < len(label) <= LONGEST_LABEL and len(element) == 0 else None


def _behind(label: HtmlElement) -> str:
    """Return what stands behind a label in the same element, up to the next label."""
    pieces = [label.tail or ""]
    for element in islice(label.itersiblings(), MOST_SIBLINGS):
        if _label(element) is not None:
            break
        pieces += ["\n" if element.tag == "br" else element.text_content(), element.tail or ""]
    lines = map(fold_space, "".join(pieces).strip(AROUND_VALUE).split("\n"))
    return "\n".join(line for line in lines if line)


def settle_leading_dates(blocks: Sequence[Block]) -> None:
    """Take the dates from the beginnings of texts, where the most have one there and none has one elsewhere."""
    if any(fields.date_text or fields.machine_date for _, fields in blocks):
        return
    ends = [_leading_date(fields.body) for _, fields in blocks]
    if sum(end is not None for end in ends) < SHARE * len(blocks):
        return
    for (_, fields), span in zip(blocks, ends, strict=True):
        if span is not None:
            fields.date_text = fields.body[slice(*span)]
            fields.body = fields.body[span[1] :].lstrip(BEHIND_DATE)


def _leading_date(body: str) -> tuple[int, int] | None:
    head = body[:LONGEST_HEAD].partition("\n")[0]
    span = find_date(head) if may_hold_date(head) else None
    if span is None or any(map(str.isalnum, head[: span[0]])) or not body[span[1] :].strip(BEHIND_DATE):
        return None
    return span
