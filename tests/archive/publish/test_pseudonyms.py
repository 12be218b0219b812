"""Names in texts: replaced where somebody is addressed by them, and the same name for the same account."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.publish.pseudonyms import Pseudonyms, pseudonym
from archive.text.span_masking import move_point, replace_spans

KNOWN = {"anna": "reader-a", "harbour_watcher_77": "reader-b", "Tom Billes": "reader-c", "Will": "reader-d"}
PIECES = st.sampled_from([*KNOWN, "@", " ", "\n", ",", ":", "the ferry", "ANNA", "ß", "İ", "annals", "> ", "wrote"])
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@pytest.mark.parametrize(
    "text, public",
    [
        ("@anna you are right", "@reader-a you are right"),
        ("@Anna, no", "@reader-a, no"),
        ("anna: no", "reader-a: no"),
        ("So it is.\n> anna wrote:\nno", "So it is.\n> reader-a wrote:\nno"),
        ("Anna meinte, das sei so", "reader-a meinte, das sei so"),
        ("anna napisała: nie", "reader-a napisała: nie"),
        ("Anna sayings", "Anna sayings"),
        ("I know anna from school", "I know anna from school"),
        ("Will you go? I will.", "Will you go? I will."),
        ("Will, go", "reader-d, go"),
        ("as Tom Billes says", "as reader-c says"),
        ("harbour_watcher_77's boat", "reader-b's boat"),
        ("harbour_watcher_778", "harbour_watcher_778"),
        ("İ @anna", "İ @reader-a"),
        ("annals, joanna: no", "annals, joanna: no"),
        ("", ""),
    ],
)
def test_what_is_replaced(text, public):
    assert replace_spans(text, Pseudonyms(KNOWN).find(text)) == public


@given(TEXTS)
@example("@annaanna")
@example("@anna@annaanna")
@example("İharbour_watcher_77")
def test_no_name_is_left_that_is_addressed_and_spans_stay_apart(text):
    names = Pseudonyms(KNOWN)
    spans = names.find(text)
    assert all(first[0][1] <= second[0][0] for first, second in pairwise(spans))
    public = replace_spans(text, spans)
    # A name inside a longer word is not that name: "@annaanna" addresses somebody else.
    assert re.search(r"@anna(?!\w)", public, re.IGNORECASE) is None
    assert re.search(r"(?<!\w)(?:tom billes|harbour_watcher_77)(?!\w)", public, re.IGNORECASE) is None


@given(TEXTS, st.data())
def test_points_of_a_text_move_with_it(text, data):
    spans = Pseudonyms(KNOWN).find(text)
    public = replace_spans(text, spans)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = move_point(start, spans, is_end=False), move_point(end, spans, is_end=True)
    assert 0 <= first <= last <= len(public)
    if not any(left < end and start < right for (left, right), _ in spans):
        assert public[first:last] == text[start:end]


def test_a_pseudonym_is_of_an_account_and_a_key():
    one = pseudonym(b"key", "wordpress", "courier.example", "7", "anna")
    assert one == pseudonym(b"key", "wordpress", "courier.example", "7", "renamed")
    others = {
        pseudonym(b"other", "wordpress", "courier.example", "7", "anna"),
        pseudonym(b"key", "wordpress", "courier.example", "8", "anna"),
        pseudonym(b"key", "wordpress", "other.example", "7", "anna"),
        pseudonym(b"key", "wordpress", "courier.example", None, "7"),
    }
    assert len(others) == 4
    assert one not in others
    assert "anna" not in one
