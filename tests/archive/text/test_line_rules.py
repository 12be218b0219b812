"""What lines of pages are taken for, by their words."""

import pytest

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


def test_linking_words_are_stripped_from_the_end():
    assert line_rules.strip_linking("Joe on") == "Joe"
    assert line_rules.strip_linking("on") == "on"


@pytest.mark.parametrize(
    ("line", "count"), [("12 comments", 12), ("One Comment", 1), ("1.234 Kommentare", 1234), ("x", None)]
)
def test_a_heading_states_a_count(line, count):
    assert line_rules.stated_count(line) == count


def test_the_lists_of_words_are_in_small_letters_and_without_spaces_around():
    for words in (phrases.SAYS, phrases.REPLY, phrases.STOP, phrases.EXCLAIMED, phrases.MORE_ENDS):
        assert len(words) > 10
        assert all(word == " ".join(word.casefold().split()) for word in words)
