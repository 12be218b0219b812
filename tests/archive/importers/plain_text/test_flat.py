"""Comments of texts without lists: parted by what recurs, taken for comments on two kinds of evidence only."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importers.plain_text.importer import Reading, read_text
from tests.waiting import no_hang

ARTICLE = [
    "Swimming pool reopens in May",
    "The town's open-air pool opens again on the first of May after two years of repairs, the council said on Monday.",
    "Season tickets go on sale next week at the town hall, and swimmers are asked to bring their own towels this year.",
    "The work has cost less than was feared, and the council thanks all who gave money for the new tiles of the pool.",
]
SAID = [
    ("Anna Lind", "Lovely water, and not too cold."),
    ("old_tom", "Will there be cake this year?"),
    ("Bo", "There will."),
]


def flat(*lines: str, blank: bool = False) -> Reading:
    return read_text(("\n\n" if blank else "\n").join([*ARTICLE, *lines]))


def said(reading: Reading) -> list[tuple[str | None, str]]:
    return [(comment.author.name if comment.author else None, comment.body) for comment in reading.comments]


def codes(reading: Reading) -> list[str]:
    return [flag.code for flag in reading.flags]


def thread(*forms: str) -> list[str]:
    """The comments, each in lines of these forms."""
    return [
        form.format(n=n, name=name, text=text, at=f"March {n + 1}, 2016 at 9:0{n} am")
        for n, (name, text) in enumerate(SAID, 1)
        for form in forms
    ]


HEADERS = {
    "says, then a date": ["{name} says:", "{at}", "{text}", "Reply"],
    "name and date": ["{name}", "{at}", "{text}", "Reply"],
    "one line": ["{name} | {at}", "{text}"],
    "number between": ["{name} {at}", "{n}.", "{text}"],
    "number and button beside": ["{name} #{n} {at} Reply", "{text}"],
    "by": ["By {name} on {at}", "{text}"],
    "wrote on": ["{name} wrote on {at}:", "{text}"],
    "picture": ["Avatar", "{name}", "{at}", "{text}", "Reply"],
    "answers": ["{name} replied to comment from Somebody | {at} | Reply", "{text}"],
}


@pytest.mark.parametrize("blank", [False, True], ids=["lines", "paragraphs"])
@pytest.mark.parametrize("forms", HEADERS.values(), ids=HEADERS)
def test_headers_that_recur_part_comments(forms: list[str], blank: bool) -> None:
    reading = flat("3 comments", *thread(*forms), "Leave a Reply", blank=blank)
    assert said(reading) == SAID
    assert [(comment.parent, comment.parent_source) for comment in reading.comments] == [(None, "unknown")] * 3
    assert [comment.posted.at for comment in reading.comments if comment.posted] == [
        f"2016-03-0{n + 1}T09:0{n}:00Z" for n in (1, 2, 3)
    ]
    assert (reading.stated_count, codes(reading)) == (3, ["capture.flat_text"])
    assert (reading.title, list(reading.paragraphs)) == (ARTICLE[0], ARTICLE[1:])


def test_footers_that_recur_part_comments() -> None:
    text = "{text} It was high time that somebody mended it."
    reading = flat("3 comments", *thread(text, "Posted by {name} at {at}"), "Leave a Reply")
    assert [name for name, _ in said(reading)] == [name for name, _ in SAID]
    assert [body.startswith(text) for (_, body), (_, text) in zip(said(reading), SAID, strict=True)] == [True] * 3
    assert list(reading.paragraphs) == ARTICLE[1:]


def test_numbers_that_come_to_what_the_heading_states() -> None:
    reading = flat("3 comments", *thread("{n}:", "{text}"), "Leave a Reply")
    assert said(reading) == [(None, text) for _, text in SAID]


def test_a_word_behind_names_that_comes_to_what_the_heading_states() -> None:
    reading = flat("3 Kommentare", *thread("{name} am", "{text}"), "Schreibe einen Kommentar")
    assert [text for _, text in said(reading)] == [text for _, text in SAID]


def test_one_comment() -> None:
    reading = flat("1 comment", "Lea September 17, 2014 - 1:01 pm", "Far too cold for me.", "Reply", "Leave a Comment")
    assert said(reading) == [("Lea", "Far too cold for me.")]


def test_the_last_comment_ends_where_the_others_do() -> None:
    reading = flat(
        "3 comments", *thread("{name} says:", "{at}", "{text}", "Reply"), "Our newsletter", "Imprint", "About us"
    )
    assert said(reading) == SAID
    assert reading.furniture[-3:] == ("Our newsletter", "Imprint", "About us")


def test_comments_that_nothing_parts_stay_out_of_the_article() -> None:
    reading = flat("3 comments", *(text + " I have been there since I was a child." for _, text in SAID))
    assert (reading.comments, reading.stated_count, reading.completeness) == ((), 3, "partial")
    assert codes(reading) == ["capture.comments_unparted"]
    assert list(reading.paragraphs) == ARTICLE[1:]
    assert any("cake" in line for line in reading.furniture)


NO_COMMENTS = {
    "stories by date": [
        "Related stories",
        *thread("{text}", "{at}", "The story of it, told at some length by one of us."),
    ],
    "events": ["Coming events", *thread("{at}", "{text}", "Harbour Street")],
    "posts with their own counts": thread(
        "{text}", "By {name} on {at}", "{n} comments", "The story, told by one of us."
    ),
    "a list of dates": thread("{at}", "The council met, and it was decided to go on with the work at once."),
    "names and texts": thread("{name}", "{text}"),
    "a counter over the article": [],
    "no comments yet": ["0 comments", "Be the first to comment.", *thread("{at}", "{text}")],
}


@pytest.mark.parametrize("blank", [False, True], ids=["lines", "paragraphs"])
@pytest.mark.parametrize("lines", NO_COMMENTS.values(), ids=NO_COMMENTS)
def test_no_comment_is_invented(lines: list[str], blank: bool) -> None:
    reading = flat(*lines, blank=blank)
    assert reading.comments == ()
    assert reading.title == ARTICLE[0]
    assert list(reading.paragraphs)[:3] == ARTICLE[1:]
    assert codes(reading) == []


def test_a_counter_over_an_article_takes_nothing_out_of_it() -> None:
    reading = read_text("\n".join([ARTICLE[0], "12 comments", *ARTICLE[1:]]))
    assert list(reading.paragraphs)[-3:] == ARTICLE[1:]
    assert codes(reading) == []


def test_lines_are_paragraphs_where_no_blank_line_stands() -> None:
    reading = read_text("\n".join(ARTICLE))
    assert (reading.title, list(reading.paragraphs)) == (ARTICLE[0], ARTICLE[1:])
    wrapped = (
        "A title\n\n" + "\n".join(["a line that was wrapped at its end by"] * 4) + "\n\nAnother paragraph of it.\n"
    )
    assert len(read_text(wrapped).paragraphs) == 2


WORDS = st.lists(
    st.sampled_from(
        ["the", "pool", "again.", "Home", "|", ">", "2016", "•", "3", "comments", "says:", "water!", "..."]
    ),
    min_size=1,
)
ROWS = st.lists(st.lists(WORDS.map(" ".join), min_size=1, max_size=9).map(" ".join), min_size=1, max_size=30).map(
    "\n".join
)


@given(ROWS.filter(lambda text: len(text) >= 200))
@settings(max_examples=100, deadline=None)
def test_no_row_is_left_empty(text: str) -> None:
    reading = read_text(text)
    assert reading.title or reading.paragraphs or reading.comments
    assert "".join(reading.paragraphs) or reading.comments or reading.flags


PIECES = {
    "says": "Anna says:\nMarch 3, 2016 at 9:02 am\nLovely.\nReply\n",
    "headings": "3 comments\n",
    "numbers": "1.\n",
    "dates": "March 3, 2016\n",
    "names": "Anna Lind\n",
    "forms": "Leave a Reply\n",
    "deep list": "  • a\n\n    b\n\n",
    "suffixes": "Anna am\n",
    "digits": "1" * 50 + " ",
    "spaces": " " * 50 + "x\n",
}


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_reading_takes_a_time_linear_in_the_text(piece: str) -> None:
    with no_hang():
        read_text("\n".join(ARTICLE) + "\n3 comments\n" + piece * (400_000 // len(piece)))


@pytest.mark.parametrize("listed", [False, True], ids=["lines", "list"])
def test_a_notice_of_removal_is_no_text(listed: bool) -> None:
    texts = ["Lovely water, and not too cold.", "This comment has been removed by a moderator.", "There will be cake."]
    forms = (
        [f"  • {name} says:\n\n    March {n}, 2016 at 9:0{n} am\n\n    {text}" for n, (name, text) in named(texts)]
        if listed
        else [f"{name} says:\nMarch {n}, 2016 at 9:0{n} am\n{text}\nReply" for n, (name, text) in named(texts)]
    )
    reading = flat("3 comments", *forms, blank=listed)
    assert [comment.state for comment in reading.comments] == ["visible", "removed", "visible"]
    notice = reading.comments[1]
    assert (notice.author and notice.author.name, notice.body) == (SAID[1][0], "")
    assert [flag.evidence for flag in notice.flags if flag.code == "capture.removed_notice"] == [texts[1]]
    assert said(reading)[2] == (SAID[2][0], texts[2])


def named(texts: list[str]) -> list[tuple[int, tuple[str, str]]]:
    """The texts with the names of the readers, numbered."""
    return list(enumerate(((name, text) for (name, _), text in zip(SAID, texts, strict=True)), 1))
