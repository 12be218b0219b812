"""What is known by its shape: personal data, links, promotion. All names, numbers and addresses are invented or those
that are kept for examples."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.flags.detect import find_matches
from archive.flags.match import TextContext


def shapes(text, language=None):
    return [(match.rule, text[match.start : match.end]) for match in find_matches(text, TextContext(language=language))]


@pytest.mark.parametrize(
    "text, rule, what, language",
    [
        ("Write to anna@example.org for a ticket.", "shape.email", "anna@example.org", None),
        ("Write to anna.b+tickets@mail.example.co.uk today", "shape.email", "anna.b+tickets@mail.example.co.uk", None),
        ("anna [at] example [dot] org", "shape.email", "anna [at] example [dot] org", None),
        ("Ring her on 020 7946 0018, any time", "shape.phone", "020 7946 0018", None),
        ("Ring her on +44 20 7946 0018", "shape.phone", "+44 20 7946 0018", None),
        ("Er hat die Nummer 030 901820-0, ruft ihn an", "shape.phone", "030 901820-0", "de"),
        ("She lives at 12 Acacia Avenue, ask there", "shape.address", "12 Acacia Avenue", None),
        ("Er wohnt in der Lindenstraße 14 im zweiten Stock", "shape.address", "Lindenstraße 14", "de"),
        ("Il habite 12 rue Monge", "shape.address", "12 rue Monge", "fr"),
        ("Vive en Calle Mayor, 12 desde enero", "shape.address", "Calle Mayor, 12", "es"),
        ("His number is 078-05-1120 by the way", "shape.id_number", "078-05-1120", None),
        ("Pay to GB82 WEST 1234 5698 7654 32 please", "shape.id_number", "GB82 WEST 1234 5698 7654 32", None),
        ("The card was 4539 7012 0356 6463 he says", "shape.id_number", "4539 7012 0356 6463", None),
        ("See https://example.org/page?x=1 there", "shape.link", "https://example.org/page?x=1", None),
        ("See www.example.org there", "shape.link", "www.example.org", None),
        ("See HTTPS://EXAMPLE.ORG there", "shape.link", "HTTPS://EXAMPLE.ORG", None),
    ],
)
def test_shapes_are_found_as_they_are_written(text, rule, what, language):
    assert (rule, what) in shapes(text, language)


@pytest.mark.parametrize("before", ["😀😀 ", "\u200b\u00ad", "ﬁne. ", "e\u0301 ", "İİ ", "𝔘 "])
def test_shapes_stand_where_they_stand_behind_any_characters(before):
    text = f"{before}Write to anna@example.org or see https://example.org/a"
    assert [what for _, what in shapes(text)] == ["anna@example.org", "https://example.org/a"]


@pytest.mark.parametrize(
    "text",
    [
        "It cost 1,250,000 pounds in 2019.",
        "The score was 3-2, then 4-2, in 1987-88.",
        "@anna said so, and so did @bert at the meeting.",
        "The order 4539 7012 0356 6464 has a digit wrong.",
        "Pay to GB83WEST12345698765432, which is no such account.",
        "In 2024 there were 12 roads closed and 14 streets flooded.",
        "The prime minister lives at 10 Downing Street.",
        "Chapter 12 Verse 4 of the book, page 1234.",
        "I make coffee at work from nine.",
        "We earn money, they get paid by the council.",
        "The law of 12.03.2024, section 14, paragraph 2",
        "It happened on 12/03/2024 and again on 2024-05-14.",
    ],
)
def test_numbers_and_words_of_every_day_are_no_personal_data(text):
    assert [rule for rule, _ in shapes(text) if rule != "shape.spam"] == []


def test_one_sign_of_promotion_is_none():
    assert shapes("I get paid on Fridays.") == []


def test_two_kinds_of_signs_are_promotion():
    found = shapes("I make $85 an hour online, click here and see.")
    assert {rule for rule, _ in found} == {"shape.spam"}
    assert ("shape.spam", "click here") in found


def test_one_sign_and_a_link_are_promotion():
    assert {rule for rule, _ in shapes("I get paid well: https://example.com/job")} == {"shape.spam", "shape.link"}


@pytest.mark.parametrize("before", ["☎\ufe0f ", "e\u0301 ", "\u200b"])
def test_promotion_with_characters_that_are_dropped_is_promotion_where_it_stands(before):
    text = f"{before}I make $85 an hour online, click here and see."
    assert ("shape.spam", "click here") in shapes(text)


def test_promotion_with_an_invisible_character_in_its_words_is_promotion():
    assert ("shape.spam", "click\u200b here") in shapes("I make $85 an hour online, click\u200b here and see.")


def test_personal_data_names_nobody_as_a_target():
    assert all(
        match.target is None and match.guarded_rule is None for match in find_matches("anna@example.org, 020 7946 0018")
    )


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789 -+()/.@aw:[]tDE"), max_size=200))
def test_any_row_of_digits_and_marks_is_read(text):
    assert all(0 <= match.start < match.end <= len(text) for match in find_matches(text))
