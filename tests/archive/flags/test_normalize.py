"""How text is looked at: lower case, plain letters, and where each of them stood in the text as it was written.

Warning: this file holds hostile words, for a detector of them.
"""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.flags.detect import find
from archive.flags.normalize import DROPPED, fold

INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u2060\ufe0f\ufeff\u0301\u0308"
WRITTEN = st.text(st.one_of(st.characters(), st.sampled_from(f"aeKoИаеоßẞÆœﬁＡ𝔘ⅣΩİıſ’“—… {INVISIBLE}")))


def places_of(folded):
    return list(range(len(folded.text))) if folded.places is None else list(folded.places)


@pytest.mark.parametrize(
    "written, plain",
    [
        ("Vermin", "vermin"),
        ("VÉRMÍN", "vermin"),
        ("ve\u0301rmi\u0301n", "vermin"),
        ("ｖｅｒｍｉｎ", "vermin"),
        ("𝓋𝖊𝐫𝕞𝑖𝗇", "vermin"),
        ("v\u00aderm\u200bin\ufeff", "vermin"),
        ("vеrmіn", "vermin"),  # Cyrillic е and і
        ("vεrmιn", "vermin"),  # Greek ε and ι
        ("“it’s” – …", '"it\'s" - .'),
        ("straße", "strase"),
        ("Øl, Łódź", "ol, lodz"),
        ("İstanbul ılık", "istanbul ilik"),
        ("a\u00a0b", "a b"),
    ],
)
def test_letters_become_plain_ones(written, plain):
    assert fold(written).text == plain


@pytest.mark.parametrize("written", ["паразит", "Привет, мир", "Καλημέρα κόσμε", "Ёлка"])
def test_words_that_are_of_another_script_throughout_stay_in_it(written):
    assert not any("a" <= letter <= "z" for letter in fold(written).text)


@pytest.mark.parametrize("capital, small", [("Æ", "æ"), ("Œ", "œ"), ("ẞ", "ß"), ("Ø", "ø"), ("Ł", "ł"), ("Đ", "đ")])
def test_capitals_fold_as_small_letters_do(capital, small):
    assert fold(f"x{capital}x").text == fold(f"x{small}x").text


def test_each_letter_folds_to_something_that_stays_as_it_is():
    letters = [*map(chr, range(0xD800)), *map(chr, range(0xE000, 0x10000)), *map(chr, range(0x1D400, 0x1D800))]
    moving = [letter for letter in letters if fold(fold(f"a{letter}a").text).text != fold(f"a{letter}a").text]
    assert [f"{letter} {unicodedata.name(letter, '?')}" for letter in moving] == []


@given(WRITTEN)
def test_a_folded_text_folds_to_itself(text):
    once = fold(text).text
    assert fold(once).text == once


@given(WRITTEN)
def test_places_rise_and_lie_in_the_text(text):
    folded = fold(text)
    places = places_of(folded)
    assert len(places) == len(folded.text)
    assert all(one < another for one, another in pairwise(places))
    assert all(0 <= place < len(text) for place in places)


@given(WRITTEN)
def test_what_is_dropped_is_what_nobody_sees_alone(text):
    kept = {*places_of(fold(text))}
    assert all(bool(DROPPED.match(letter)) != (place in kept) for place, letter in enumerate(text))


@given(WRITTEN, st.data())
def test_a_span_gives_back_what_was_folded(text, data):
    folded = fold(text)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    first, last = folded.span(start, end)
    assert 0 <= first < last <= len(text)
    again = fold(text[first:last])
    assert len(again.text) == end - start


@given(st.text(st.sampled_from(INVISIBLE), max_size=20))
def test_text_of_invisible_characters_alone_folds_to_nothing(text):
    assert fold(text).text == ""


@settings(deadline=None)
@given(st.text(st.sampled_from(INVISIBLE + "😀"), max_size=12), st.text(st.sampled_from(INVISIBLE), max_size=3))
def test_a_match_is_found_where_it_stands_behind_and_around_invisible_characters(before, within):
    word = within.join("vermin")
    text = f"{before}\nMuslims are {word}{before}"
    (found,) = find(text)
    start = text.index("Muslims")
    assert (found.code, found.start, found.end) == ("content.dehumanisation", start, text.index(word) + len(word))
