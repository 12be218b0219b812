"""Names in texts: replaced where somebody is addressed by them, and the same name for the same account."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.publish.pseudonyms import Names, moved, pseudonym, replaced

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
    assert Names(KNOWN).scrubbed(text) == public


@given(TEXTS)
def test_no_name_is_left_that_is_addressed_and_places_stay_apart(text):
    names = Names(KNOWN)
    places = names.places(text)
    assert all(first[0][1] <= second[0][0] for first, second in pairwise(places))
    public = replaced(text, places)
    assert "@anna" not in public.casefold().replace("@annals", "")
    assert "tom billes" not in public.casefold() or _stuck(text)
    assert names.places(public) == [] or _stuck(public)


def _stuck(text):
    """Whether a name stands within a longer word, where it is none."""
    folded = text.casefold()
    return any(
        folded[place - 1 : place].isalnum() or folded[place + len(name) : place + len(name) + 1].isalnum()
        for name in map(str.casefold, KNOWN)
        for place in range(len(folded))
        if folded.startswith(name, place)
    )


@given(TEXTS, st.data())
def test_points_of_a_text_move_with_it(text, data):
    places = Names(KNOWN).places(text)
    public = replaced(text, places)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = moved(start, places, is_end=False), moved(end, places, is_end=True)
    assert 0 <= first <= last <= len(public)
    if not any(left < end and start < right for (left, right), _ in places):
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
