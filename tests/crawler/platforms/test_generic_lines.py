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
    "a label before each field": ("<p><b>Commenter:</b> {name}<br><b>Date:</b> {date}<br><b>Comment:</b> {text}</p>"),
    "a paragraph each, with the date in it": "<p><strong>{name}</strong> ({date}): {text}</p>",
    "a button before the name": (
        "<dl id='comment_{n}_li'><dt><span><a href='javascript:;'>Quote</a></span><a href='/space-{n}'>{name}</a>"
        "<span>{date}</span></dt><dd>{text}</dd></dl>"
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


def test_the_second_name_in_bold_is_the_author_where_the_first_is_a_title() -> None:
    block = (
        "<div><a id='comment_{n}'></a><table><tr><td class='head'><b>Re: what they said of day {n}</b> <b>{name}</b> {date}"
        "</td></tr><tr><td>{text}<br></td></tr></table></div>"
    )
    assert rows(read(flat(block, "<div class='comments'>{}</div>"))) == WHOLE


def test_a_signature_is_no_text() -> None:
    block = "<div class='comment'><b>{name}</b> {date}<div>{text}</div><font>--------------------<br>Fair winds</font></div>"
    assert rows(read(flat(block))) == WHOLE


def test_a_text_in_a_heading_of_the_first_rank_is_no_article_where_all_have_one() -> None:
    block = "<div class='remark-comment' id='5f{n}c0ffee'><a class='commentUser'>{name}</a><h1>{text}</h1><i>{date}</i></div>"
    assert rows(read(flat(block, f"<div id='remarks'>{{}}{FORM}</div>"))) == WHOLE


def test_text_name_and_date_are_told_apart_where_none_has_a_class() -> None:
    texts = (
        "The ferry came in on time for once, and nobody on the pier seemed to mind the rain.",
        "It was the smaller boat, as the harbour office had said the week before.",
        "Whoever wants a seat on the upper deck should be there a good while before it leaves.",
    )
    lines = [(text, name, date) for (name, date, _), text in zip(ROWS, texts, strict=True)]
    cards = ("".join(f"<div><span>{line}</span></div>" for line in card) for card in lines)
    section = "".join(f"<div class='card'><div class='Comment_Item card-title'>{card}</div></div>" for card in cards)
    thread = read(f"<h2>Comments</h2><div class='comments'>{section}</div>")
    assert rows(thread) == [(*row[:2], text, None) for row, text in zip(WHOLE, texts, strict=True)]


INDENTED = {
    "levels in capitals": ("<div class='comment replyTreeLevel{level}'>{block}</div>", ""),
    "columns that are offset": ("<div class='well'>{block}</div>", "<div class='col-md-offset-1'>{below}</div>"),
    "tables moved in by their style": (
        "<table style='margin-left: {indent}px'><tr><td>{block}</td></tr></table>",
        "",
    ),
}


@pytest.mark.parametrize("kind", INDENTED)
def test_what_is_moved_in_answers_what_stands_before_it(kind: str) -> None:
    around, wrapped = INDENTED[kind]

    def one(number: int, level: int) -> str:
        name, date, text = ROWS[number]
        block = f"<b>{name}</b> <i>{date}</i><p>{text}</p>"
        comment = around.format(level=level, indent=30 * level, block=block)
        return wrapped.format(below=comment) if wrapped and level else comment

    thread = read(f"<h3>Comments</h3>{FORM}<div>{one(0, 0)}{one(1, 1)}{one(2, 0)}</div>")
    assert rows(thread) == [WHOLE[0], (*WHOLE[1][:3], 0), WHOLE[2]]


def test_the_first_of_each_thread_is_answered_by_those_of_another_shape() -> None:
    def one(number: int, shape: str) -> str:
        name, date, text = ROWS[number]
        return f"<li class='row-item {shape}'><h6>{name}</h6><span>{date}</span><p>{text}</p></li>"

    threads = f"<div>{one(0, 'a1')}{one(1, 'b2')}</div><div>{one(2, 'a1')}</div>"
    thread = read(f"<h3>Comments</h3>{FORM}<div>{threads}</div>")
    assert rows(thread) == [WHOLE[0], (*WHOLE[1][:3], 0), WHOLE[2]]


def test_levels_that_replies_alone_have_count_from_the_first_comment() -> None:
    def one(number: int, level: str = "") -> str:
        name, date, text = ROWS[number]
        return f"<li class='comment{level}' id='c{71 + number}'><b>{name}</b> <i>{date}</i><p>{text}</p></li>"

    thread = read(f"<ul>{one(0)}{one(1, ' level-1')}{one(2)}</ul>")
    assert rows(thread) == [WHOLE[0], (*WHOLE[1][:3], 0), WHOLE[2]]


def test_one_reply_within_its_comment_is_none_of_that_comment() -> None:
    def one(number: int, below: str = "") -> str:
        name, date, text = ROWS[number]
        head = f"<div class='comment-header'><strong>{name}</strong> <small>{date}</small></div>"
        return f"<div class='comment'>{head}<div class='comment-body'><p>{text}</p></div>{below}</div>"

    name, date, text = ROWS[1]
    reply = (
        f"<div class='reply'><strong>{name}</strong> <small>{date}</small><div class='reply-body'>{text}</div></div>"
    )
    thread = read(f"<h3>Comments</h3><div>{one(0, reply)}{one(2)}</div>")
    assert rows(thread) == [WHOLE[0], (*WHOLE[1][:3], 0), WHOLE[2]]


def test_a_quotation_with_the_name_of_its_author_says_whom_a_comment_answers() -> None:
    def one(number: int, quote: str = "") -> str:
        name, date, text = ROWS[number]
        return f"<li><p><a href='/user?id={number}'>{name}</a> {date}</p>{quote}<p>{text}</p></li>"

    quote = f"<p class='reply'><a href='/user?id=0'>@{ROWS[0][0]}</a> : {ROWS[0][2]}</p>"
    thread = read(f"<div class='comment-box'><ul>{one(0)}{one(1)}{one(2, quote)}</ul></div>")
    assert rows(thread) == [WHOLE[0], (*WHOLE[2][:3], 0), WHOLE[1]]


def test_the_history_of_a_page_is_no_thread() -> None:
    item = (
        "<li><a href='/rev/{n}'>{n} March 2026, 09:30</a> by <a href='/user/{n}'>Person {n}</a><p>Change {n}</p></li>"
    )
    items = "".join(item.format(n=n) for n in range(1, 7))
    assert rows(read(f"<ul class='history'>{items}</ul>")) == []
