"""Lines that a page prints around each text are left out; what commenters write alike stays."""

import pytest

from crawler.platforms.comment_html.fields import CommentFields
from crawler.platforms.comment_html.repeated_lines import strip_repeated_lines

OTHERS = ["The ferry is late.", "Well done.", "It rains.", "No."]


def strip(*texts: str) -> list[str]:
    fields = [
        CommentFields(f"Reader {number}", text, None, None, in_moderation=False) for number, text in enumerate(texts)
    ]
    strip_repeated_lines(fields)
    return [field.body for field in fields]


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (["12\nI agree.", "3\nSo do I."], ["I agree.", "So do I."]),
        (["+1\nI agree.", "+1\nSo do I."], ["+1\nI agree.", "+1\nSo do I."]),
        (["Yes.\nI agree.", "Yes.\nSo do I."], ["Yes.\nI agree.", "Yes.\nSo do I."]),
    ],
)
def test_numbers_above_some_texts(texts: list[str], left: list[str]) -> None:
    assert strip(*texts, *OTHERS) == [*left, *OTHERS]


def test_a_line_above_most_texts() -> None:
    assert strip("Comment:\nI agree.", "Comment:\nSo do I.", "Comment:\nNo.") == ["I agree.", "So do I.", "No."]
