"""Names, labels and references that only the list as a whole tells from texts, each invented and as small as it can be."""

import pytest

from tests.crawler.platforms.test_generic import ROWS, flat, read, rows
from tests.crawler.platforms.test_generic_shapes import FORM, WHOLE

UNDATED = [(name, None, text, None) for name, _, text in ROWS]
NAMED_BY_PLACE = {
    "a name and a colon before each text": ("<li><b>{name}:</b> {text}</li>", '<ul class="kommentare">{}</ul>'),
    "a box for a name that nothing calls one": (
        "<div class='kommentar'><div class='kommentator'>{name} :</div><div class='kommentartekst'>{text}</div></div><hr>",
        "<div class='kommentarboks'>{}</div>",
    ),
    "a name that is the first line of each": (
        "<div style='color: #{n}'><label>{name}</label><br><p>{text}</p></div>",
        f"<div>{FORM}</div><div class='binh-luan'>{{}}</div>",
    ),
    "no word but that of the form": (
        "<div class='media'><img src='/{n}.png'><div class='media-body'><h5>{name}</h5>{text}</div></div>",
        f"<div><h5>Leave a Comment:</h5>{FORM}</div>{{}}",
    ),
}


@pytest.mark.parametrize("kind", NAMED_BY_PLACE)
def test_names_are_what_stands_first_in_every_comment_of_a_list(kind: str) -> None:
    assert rows(read(flat(*NAMED_BY_PLACE[kind]))) == UNDATED


LABELLED = {
    "a label before the name": (
        "<div class='kommentar'><p>{date}</p><p><b>Navn:</b> {name}</p><p><b>Epost:</b> p{n}@post.example</p>"
        "<p><b>Kommentar:</b><br>{text}</p></div>"
    ),
    "who it is before the name": (
        "<div class='comment'><div class='comment-header-name'>Guest : {name}</div><i>{date}</i><p>{text}</p></div>"
    ),
    "a date in brackets before the name": (
        "<div class='comentario'><small>[{date}] {name}:</small><p class='mb-0'>{text}</p></div>"
    ),
    "a line of its own for the name": (
        "<p class='body comment-author'>{name}</p><p class='comment-date'>{date}</p><p class='body'>{text}</p><hr>"
    ),
    "rows of which the first has the name": (
        "<tr><td class='head'><a id='comment{n}'></a> {name}</td><td class='head'><div class='comDate'>Posted: {date}</div>"
        "</td></tr><tr><td><div class='comUserStat'><span>Joined:</span> 2016-5-4</div></td><td><div class='comText'>"
        "{text}</div></td></tr>"
    ),
}


@pytest.mark.parametrize("kind", LABELLED)
def test_labels_are_no_names(kind: str) -> None:
    around = "<table>{}</table>" if kind.startswith("rows") else "<div>{}</div>"
    assert rows(read(flat(LABELLED[kind], f"<h2>Comments</h2>{around}"))) == WHOLE


REFERENCES = {
    "a link to it with the name of its author": "<a href='/story#{id}'>{name}</a>",
    "its author alone": "<span>In reply to {name}</span>",
}


@pytest.mark.parametrize("kind", REFERENCES)
def test_a_comment_answers_the_one_whose_author_its_head_names(kind: str) -> None:
    def one(number: int, reference: str = "") -> str:
        name, date, text = ROWS[number]
        head = f"<a href='https://{number}.example' rel='nofollow'>{name}</a>{reference} <time>{date}</time>"
        return f"<li id='c{71 + number}'><div class='meta'>{head}</div><div class='content'>{text}</div></li>"

    reference = REFERENCES[kind].format(id="c71", name=ROWS[0][0])
    thread = read(f"<ul class='comments'>{one(0)}{one(1)}{one(2, reference)}</ul>")
    assert rows(thread) == [WHOLE[0], (*WHOLE[2][:3], 0), WHOLE[1]]


def test_a_line_that_is_but_a_date_is_no_text() -> None:
    section = "".join(f"<p class='comment-date'>{date}</p>" for _, date, _ in ROWS)
    assert rows(read(f"<div class='comments'><h2>Comments</h2>{section}</div>")) == []
