"""Kinds of texts without lists that the texts of real pages have, each made small."""

import pytest

from tests.archive.importers.plain_text.test_flat import ARTICLE, SAID, flat, said, thread

TALK = [
    ("Anna Lind", "Lovely water, and not too cold at all."),
    ("Bo", "Will there be cake this year?"),
    ("Anna Lind", "There will, the baker told me so yesterday."),
    ("Bo", "Then I shall come."),
    ("Karla", "Is the slide still there? My children ask me every day."),
    ("Anna Lind", "It is, and it is blue now."),
]


@pytest.mark.parametrize("blank", [False, True], ids=["lines", "paragraphs"])
@pytest.mark.parametrize("heading", ["Comments", "Commentaires", "Kommentare", "Комментарии"])
def test_bare_names_that_speak_again_part_comments(heading: str, blank: bool) -> None:
    lines = [line for pair in TALK for line in pair]
    assert said(flat(heading, *lines, "© 2014 The Paper", blank=blank)) == TALK


@pytest.mark.parametrize("heading", ["Discussion", "Ideas", "Panel discussion", "Our team"])
def test_names_that_speak_again_are_no_comments_under_another_heading(heading: str) -> None:
    assert said(flat(heading, *(line for pair in TALK for line in pair))) == []


def test_two_who_take_turns_are_no_comments() -> None:
    lines = [line for n in range(4) for line in ("Anna Lind", f"How was year {n}?", "Bo", f"Year {n} was a good one.")]
    assert said(flat("Comments", *lines)) == []


@pytest.mark.parametrize(
    ("heading", "form"),
    [
        ("Comments Showing 1-3 of 1,718 (1718 new)", "message {n}: by {name} (new)"),
        ("Comments Showing 1-3 of 1,718", "message {n}: by {name} (last edited {at})"),
        ("Kommentare 1-3 von 57", "Beitrag {n}: von {name}"),
        ("57 comentarios", "#{n}. por {name}"),
    ],
)
def test_numbered_bylines_part_comments(heading: str, form: str) -> None:
    reading = flat(heading, *thread(form, "{text}"), "Leave a comment", blank=True)
    assert said(reading) == SAID
    assert reading.stated_count in (1718, 57)


def test_numbers_with_names_under_no_heading_of_comments_are_a_list() -> None:
    assert said(flat("Contents", *thread("{n}. by {name}", "{text}"))) == []


@pytest.mark.parametrize("form", ["Ihr Kommentar zu diesem Artikel", "Your comment", "Votre commentaire", "Je reactie"])
def test_a_form_below_shows_what_names_and_times_above_it_are(form: str) -> None:
    assert said(flat(*thread("{name} | {at}", "{text}"), form, "Please be kind.", blank=True)) == SAID
    assert said(flat(*thread("{name} | {at}", "{text}"), "Imprint", "Please be kind.", blank=True)) == []


def test_dates_without_a_time_of_day_among_times_are_of_other_things() -> None:
    other = ["Our gardens", "March 1, 2014", "Swans at the lake, and where to see them", "March 4, 2014"]
    lines = thread("{name}", "{at}", "{text}", "Reply") * 3
    assert said(flat("9 comments", *lines, *other, "The lamps of the pier, an essay in two parts")) == SAID * 3


@pytest.mark.parametrize("age", ["about a minute ago", "vor einer Stunde", "hace una hora", "un'ora fa"])
def test_ages_in_words_part_comments(age: str) -> None:
    assert said(flat("3 comments", *thread("{name}", age, "{text}"), "Leave a comment")) == SAID


def test_what_stands_behind_the_last_button_belongs_to_the_next_comment() -> None:
    lines = thread("{at}", "{text}", "Permalink", "photo")[:-1]
    assert [body for _, body in said(flat("3 comments", "photo", *lines))] == [text for _, text in SAID]


def test_beginnings_of_comments_on_other_articles_are_no_comments() -> None:
    assert said(flat("Opinion", *thread("{name} {at}", "This begins, and then it is…"))) == []


HEADERS = ["  • {at}\n  • {name} wrote:", "    • {at}\n    • {name} schrieb:", "  • {at}\n  • {name} a écrit :"]


@pytest.mark.parametrize("header", HEADERS)
def test_a_small_list_may_be_the_header_of_each_comment(header: str) -> None:
    indent = header[: header.index("•")]
    reading = flat("3 comments", *thread(header, f"{indent}{{text}}"), "Leave a comment", blank=True)
    assert said(reading) == SAID
    assert [comment.posted.at for comment in reading.comments if comment.posted] == [
        f"2016-03-0{n + 1}T09:0{n}:00Z" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize("reference", ["In reply to {name}", "Antwort auf {name}", "En réponse à {name}"])
def test_whom_a_comment_answers_may_stand_below_its_text(reference: str) -> None:
    lines = thread("Avatar", "{name} | {at}", "{text}")
    reading = flat("3 comments", *lines[:6], reference.format(name="Anna Lind"), *lines[6:], "Leave a comment")
    assert said(reading) == SAID
    assert [comment.parent for comment in reading.comments] == [None, 0, None]


def test_the_title_tells_which_comment_of_a_name_is_answered() -> None:
    lines = thread("Avatar", "{name} | {at}", "{text}")
    again = ["Avatar", "Anna Lind | March 8, 2016 at 9:00 am", "The slide is blue now."]
    answer = [
        "Avatar",
        "Bo | March 9, 2016 at 9:00 am",
        "I know.",
        "In reply to Lovely water by Anna Lind (not verified)",
    ]
    reading = flat("5 comments", *lines, *again, *answer, "Leave a comment")
    assert [comment.parent for comment in reading.comments] == [None, None, None, None, 0]


def test_the_foot_of_a_page_ends_the_last_comment() -> None:
    reading = flat("3 comments", *thread("{name} | {at}", "{text}"), "Creative Commons Attribution 4.0 Licence.")
    assert said(reading) == SAID
    assert list(reading.paragraphs) == ARTICLE[1:]
