"""Kinds of lists and headers that the texts of real pages have, each made small."""

import pytest

from archive.importers.base import BadDocument, Document
from archive.importers.plain_text.importer import MOST_LINES, Reading, parse, read_text
from archive.text import dates
from tests.archive.importers.plain_text.test_flat import ARTICLE, SAID, flat, said

NAMES = [name for name, _ in SAID]
TEXTS = [text for _, text in SAID]


def listed(heading: str, *forms: str, above: str = "\n\n".join(ARTICLE)) -> Reading:
    """Read the comments as a list whose items have lines of these forms, below a heading."""
    items = [
        "\n\n    ".join(
            form.format(n=n, name=name, text=text, at=f"March {n + 1}, 2016 at 9:0{n} am") for form in forms
        )
        for n, (name, text) in enumerate(SAID, 1)
    ]
    return read_text(f"{above}\n\n{heading}\n\n" + "\n\n".join(f"  • {item}" for item in items) + "\n")


LISTS = {
    "a rating above the text": ["{name}", "5 stars\n    {text}"],
    "stars above the text": ["{name} says:", "★★★★☆", "{text}"],
    "a name and a date run together": ["{name}March {n}, 2016 at 9:0{n} AM", "{text}", "ReplyDelete"],
    "the name twice, with its date": ["{name}\n    12 readers liked this\n    {name} Sun {at} USA Report", "{text}"],
    "the picture's name beside the name": ["{name} {name} {at}", "{text}", "Reply"],
    "a number on top": ["#1979{n}", "{name}", "{text}"],
}


@pytest.mark.parametrize("forms", LISTS.values(), ids=LISTS)
def test_lists_have_names_and_texts_apart_from_the_rest(forms: list[str]) -> None:
    assert said(listed("3 comments", *forms)) == SAID


def test_a_heading_may_be_the_last_line_of_a_long_paragraph() -> None:
    heading = "\n".join(["The harbour lights go on at six in the evening from now on"] * 6 + ["3 Comments"])
    reading = listed(heading, "Since you ask me, I can say so much: {text}")
    assert [comment.body.split(": ")[-1] for comment in reading.comments] == TEXTS


def test_a_word_with_the_number_of_the_items_stands_over_comments_in_any_language() -> None:
    assert said(listed("Kommentsioonid (3)", "{name}", "{text}")) == SAID
    assert not listed("Kommentsioonid (4)", "{name}", "{text}").comments


def test_a_single_numbered_item_straight_below_a_bare_heading_is_a_comment() -> None:
    above, text = "\n\n".join(ARTICLE), "The old pool was warmer, and the tiles were blue when I learned to swim there."
    assert said(read_text(f"{above}\n\nComments\n\n  1. {text}\n")) == [(None, text)]
    assert not read_text(f"{above}\n\nComments\n\nHouse rules:\n\n  1. {text}\n").comments


def test_an_item_that_was_never_closed_holds_a_page_and_no_comment() -> None:
    page = "\n\n".join(f"    {line}" for line in [*ARTICLE, *ARTICLE[1:], "Comments"])
    items = "\n\n".join(
        f"    {n}. {name}\n\n      {at}\n\n      {text}\n\n      Reply"
        for n, (name, text, at) in enumerate(((*pair, "March 2, 2016 at 9:01 am") for pair in SAID), 1)
    )
    reading = read_text(f"Town News\n\n  • About us\n{page}\n\n{items}\n")
    assert said(reading) == SAID
    assert [comment.parent for comment in reading.comments] == [None, None, None]
    assert any(ARTICLE[1] in paragraph for paragraph in reading.paragraphs)


FLAT = {
    "the year and the hour run together": ["{name}", "March 0{n}, 20169:0{n} am", "{text}", "Reply"],
    "a date, then says": ["March 0{n}, 2016", "{name} said...", "{text}"],
    "numbers with parts": ["{name}", "#1.{n}  —  March {n}, 2016", "{text}"],
    "texts that begin with the name": ["{name} | March {n}, 2016 at 9:0{n} am", "{name} {text}", "reply | flag"],
}


@pytest.mark.parametrize("forms", FLAT.values(), ids=FLAT)
def test_flat_headers_have_names_and_texts_apart_from_the_rest(forms: list[str]) -> None:
    lines = [form.format(n=n, name=name, text=text) for n, (name, text) in enumerate(SAID, 1) for form in forms]
    assert said(flat("3 comments", *lines, "Leave a Reply")) == SAID


def test_a_header_that_names_whom_it_answers_gives_the_parent() -> None:
    headers = ["{0} • #1", "{1} replied to comment from {0} • #2", "{2} replied to comment from {1} • #3"]
    lines = [
        line
        for n, (header, text) in enumerate(zip(headers, TEXTS, strict=True), 1)
        for line in (f"{header.format(*NAMES)} • 8:0{n} AM Wednesday, Aug 18, 2010 • Reply", text)
    ]
    reading = flat("3 Comments", *lines)
    assert said(reading) == SAID
    assert [comment.parent for comment in reading.comments] == [None, 0, 1]
    assert [comment.parent_source for comment in reading.comments] == ["unknown", "indent", "indent"]
    flags = [flag for flag in reading.comments[2].flags if flag.code == "capture.parent_inferred"]
    assert [(flag.rule, flag.evidence) for flag in flags] == [("answers-name", NAMES[1])]


def test_dates_that_run_into_their_neighbours() -> None:
    assert dates.parse_date("August 06, 20194:14 pm").at == "2019-08-06T16:14:00Z"
    assert dates.find_glued_date("Nora71May 27, 2011 at 5:45 PM") == (6, 29)
    assert dates.find_glued_date("McDonald of May") is None


def test_a_text_of_more_lines_than_any_page_has_is_refused() -> None:
    document = Document(b"word\n" * MOST_LINES, "rows.txt")
    with pytest.raises(BadDocument, match="text of 300,001 lines; at most 300,000 are read"):
        parse(document)


def test_words_that_stand_in_ages_make_no_date_by_themselves() -> None:
    for text in (
        "Opt for a multi-centre trip",
        "Another word about her",
        "Einfacher Versuch",
        "Let sit for 10 minutes",
    ):
        assert dates.find_date(text) is None
    for text in ("for 3 dager siden", "vor einer Stunde", "3年前", "för 2 timmar sedan", "an hour ago", "i går"):
        assert dates.is_age(text)
