"""What lines of pages are taken for, by their words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text import line_rules, phrases


@pytest.mark.parametrize(
    ("line", "name"),
    [("Joe says:", "Joe"), ("Anna schreibt", "Anna"), ("Iga napisał(a):", "Iga"), ("Joe walked", None)],
)
def test_a_name_stands_before_says(line, name):
    end = line_rules.find_says(line)
    assert (None if end is None else line[:end]) == name


@pytest.mark.parametrize(("line", "name"), [("Posted by Joe", "Joe"), ("von Anna", "Anna"), ("Joe", "Joe")])
def test_a_byline_ends_where_the_name_begins(line, name):
    assert line[line_rules.byline_length(line) :] == name


@pytest.mark.parametrize(
    ("line", "leads"),
    [("Ga naar de inhoud", True), ("Skip to content", True), ("Menu", True), ("Menu of the week", False),
     ("Skip to content, said the captain, and read on to the end", False)],
)  # fmt: skip
def test_links_to_the_main_part_of_a_page(line, leads):
    assert line_rules.is_skip_link(line) is leads


def test_linking_words_are_stripped_from_the_end():
    assert line_rules.strip_linking("Joe on") == "Joe"
    assert line_rules.strip_linking("on") == "on"


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("12 comments", 12),
        ("One Comment", 1),
        ("1.234 Kommentare", 1234),
        ("Comments Showing 1-50 of 4,718 (4718 new)", 4718),
        ("Kommentare 1 - 10 von 57", 57),
        ("Reacties 1-20 van 112", 112),
        ("x", None),
    ],
)
def test_a_heading_states_a_count(line, count):
    assert line_rules.stated_count(line) == count


def test_the_lists_of_words_are_in_small_letters_and_without_spaces_around():
    for words in (phrases.SAYS, phrases.REPLY, phrases.STOP, phrases.EXCLAIMED, phrases.MORE_ENDS):
        assert len(words) > 10
        assert all(word == " ".join(word.casefold().split()) for word in words)


@pytest.mark.parametrize("line", ["ReplyDelete", "AntwortenLöschen", "ResponderEliminar", "ОтветитьУдалить"])
def test_two_buttons_may_run_into_each_other(line: str) -> None:
    assert line_rules.is_reply(line)
    assert not any(map(line_rules.is_reply, ("LinkedIn", "McEdit", "ReplyAll")))


@pytest.mark.parametrize("line", ["Neue Kommentare", "New comments", "Nuevos comentarios"])
def test_new_comments_are_those_of_other_articles(line: str) -> None:
    assert line_rules.is_elsewhere(line)
    assert not line_rules.is_elsewhere(f"3 {line}")


@pytest.mark.parametrize("line", ["© 2014 The Paper", "Alle Rechte vorbehalten", "Creative Commons Attribution 4.0"])
def test_the_foot_of_a_page(line: str) -> None:
    assert line_rules.is_foot(line)
    assert not line_rules.is_foot("He has the right to a towel.")


HEADINGS = (
    *("3 Comments", "One thought on “The pool”", "Leserkommentare (3)", "12 Kommentare", "Réponses: 4", "コメント 3件"),
    *(
        "7 bình luận",
        "2 tankar om ”Badet”",
        "Ein Gedanke zu",
        "4 commenti",
        "댓글 5",
        "5 ответов",
        "Dyskusja",
        "8条回应",
    ),
    *("Une réflexion sur", "3 σκέψεις για", "Pool üzerine 3 yorum", "2 svar", "3 opiniones", "6 respuestas"),
)


@pytest.mark.parametrize("text", HEADINGS)
def test_headings_hold_a_word_for_comments(text: str) -> None:
    assert line_rules.comment_words(f"menu\n{text.casefold()}\nlast words")


@given(st.sampled_from(phrases.COMMENT.split("|")), st.sampled_from(["{}", "3 {}", "{} (4)", "x{}: 5", "1 new {}"]))
def test_no_line_is_a_heading_without_a_word_for_comments(word: str, form: str) -> None:
    text = form.format(re.sub(r"[^\w ]|\bw\b", "", word))
    if line_rules.stated_count(text) is not None or line_rules.is_heading(text):
        assert line_rules.comment_words(text.casefold())


def test_other_lines_hold_no_word_for_comments() -> None:
    assert line_rules.comment_words("the pool – open again\nseason tickets • 3 may") == ()


@given(st.sampled_from(sorted(phrases.REPLY - {"#"})), st.sampled_from(["{}", "May 3 | {}", "3/4 {} ↓", "Ann {} #3 »"]))
def test_a_line_with_a_button_behind_a_date_may_end_in_one(word: str, form: str) -> None:
    assert line_rules.may_end_in_reply(form.format(word))
    assert not line_rules.may_end_in_reply("Ann, 3 May 2016")


@given(st.sampled_from(phrases.BY_WORDS), st.sampled_from(["{} Ann", "{}: Ann", "Posted {}\tAnn"]))
def test_bylines_hold_their_words(word: str, form: str) -> None:
    assert line_rules.byline_length(form.format(word)) > 0
    assert line_rules.holds_byline_words(f"x\n{form.format(word)}\nlast")
    assert not line_rules.holds_byline_words("nearby, standby")
