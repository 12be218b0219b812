"""How text is looked at: lower case, plain letters, and where each of them stood in the text as it was written.

Warning: this file holds hostile words, for a detector of them.
"""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.flags.detect import find_matches
from archive.flags.normalize import DROPPED, normalize

INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u2060\ufe0f\ufeff\u0301\u0308"
WRITTEN = st.text(st.one_of(st.characters(), st.sampled_from(f"aeKoИаеоßẞÆœﬁＡ𝔘ⅣΩİıſ’“—… {INVISIBLE}")))


def offsets_of(normalized):
    return list(range(len(normalized.text))) if normalized.offsets is None else list(normalized.offsets)


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
    assert normalize(written).text == plain


@pytest.mark.parametrize("written", ["паразит", "Привет, мир", "Καλημέρα κόσμε", "Ёлка"])
def test_words_that_are_of_another_script_throughout_stay_in_it(written):
    assert not any("a" <= letter <= "z" for letter in normalize(written).text)


@pytest.mark.parametrize("capital, small", [("Æ", "æ"), ("Œ", "œ"), ("ẞ", "ß"), ("Ø", "ø"), ("Ł", "ł"), ("Đ", "đ")])
def test_capitals_fold_as_small_letters_do(capital, small):
    assert normalize(f"x{capital}x").text == normalize(f"x{small}x").text


def test_each_letter_folds_to_something_that_stays_as_it_is():
    letters = [*map(chr, range(0xD800)), *map(chr, range(0xE000, 0x10000)), *map(chr, range(0x1D400, 0x1D800))]
    moving = [
        letter for letter in letters if normalize(normalize(f"a{letter}a").text).text != normalize(f"a{letter}a").text
    ]
    assert [f"{letter} {unicodedata.name(letter, '?')}" for letter in moving] == []


@given(WRITTEN)
def test_a_folded_text_folds_to_itself(text):
    once = normalize(text).text
    assert normalize(once).text == once


@given(WRITTEN)
def test_places_rise_and_lie_in_the_text(text):
    normalized = normalize(text)
    offsets = offsets_of(normalized)
    assert len(offsets) == len(normalized.text)
    assert all(offset < following for offset, following in pairwise(offsets))
    assert all(0 <= offset < len(text) for offset in offsets)


@given(WRITTEN)
def test_what_is_dropped_is_what_nobody_sees_alone(text):
    remaining = {*offsets_of(normalize(text))}
    assert all(bool(DROPPED.match(letter)) != (offset in remaining) for offset, letter in enumerate(text))


@given(WRITTEN, st.data())
def test_a_span_gives_back_what_was_folded(text, data):
    normalized = normalize(text)
    if not normalized.text:
        return
    start = data.draw(st.integers(0, len(normalized.text) - 1))
    end = data.draw(st.integers(start + 1, len(normalized.text)))
    first, last = normalized.original_span(start, end)
    assert 0 <= first < last <= len(text)
    again = normalize(text[first:last])
    assert len(again.text) == end - start


@given(st.text(st.sampled_from(INVISIBLE), max_size=20))
def test_text_of_invisible_characters_alone_folds_to_nothing(text):
    assert normalize(text).text == ""


@settings(deadline=None)
@given(st.text(st.sampled_from(INVISIBLE + "😀"), max_size=12), st.text(st.sampled_from(INVISIBLE), max_size=3))
def test_a_match_is_found_where_it_stands_behind_and_around_invisible_characters(before, within):
    word = within.join("vermin")
    text = f"{before}\nMuslims are {word}{before}"
    (found,) = find_matches(text)
    start = text.index("Muslims")
    assert (found.code, found.start, found.end) == ("content.dehumanisation", start, text.index(word) + len(word))
