"""The general reader: what systems of many countries print around names, times and replies, each as small as can be."""

from dataclasses import replace

import pytest

from crawler.pages.page import FetchFailed
from crawler.platforms import driver
from tests.crawler.platforms.test_generic import flat, page, read, rows

NAMES = [("Anna", "2026-03-02T09:30:00Z"), ("Finn", "2026-03-02T10:00:00Z"), ("Ruth", "2026-03-03T07:15:00Z")]
TEXTS = ["Is it late today?", "It was on Friday.", "Not on Sundays, I think."]

HEADS = {
    "name word of another language": '<div class="kop"><span class="kop__user">{name}</span><span class="kop__date">{date}</span></div><p>{text}</p>',
    "short class in humps": '<div class="cHead"><span class="cName">{name}</span><span class="cDate">{date}</span></div><p>{text}</p>',
    "weekday before the date": '<p class="cmt-nume">{name}</p><p class="cmt-data">Marți, {date}</p><div class="cmt-text">{text}</div>',
    "name and town without a space": '<div class="x1"><span class="x2">{name}</span><span class="x3">Millbrook</span></div><span class="x4">{date}</span><div class="x5"><p>{text}</p></div>',
    "date in a paragraph behind the text": '<p>{text}</p><p class="posted">Posted by {name} on {date}</p>',
    "title above a line of name and date": '<div><h2>A thought</h2><span class="metadata">written by {name} on {date}</span></div><p>{text}</p>',
    "bold name in a paragraph": '<p><b>{name}</b>, {date}:</p><p>{text}</p>',
    "signature in the same box": '{text}<br><span class="signed">{name} | {date} | <a href="#c{n}">#</a></span>',
    "day of joining": '<div><a class="username">{name}</a><div>Join Date: Mar 2005</div></div><i>{date}</i><div class="message">{text}</div>',
    "foot with strokes": '<div class="cmt-content"><p>{text}</p></div><footer><p>{name} | {date} <span>+28</span></p></footer>',
    "initial in place of a picture": '<div class="p-2 rounded-full">A</div><div><div class="flex"><span class="font-bold">{name}</span><span>·</span><time>{date}</time></div><div class="mt-1">{text}</div></div>',
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADS)
def test_the_name_is_told_from_what_stands_around_it(kind: str) -> None:
    block = f'<article id="c{{n}}" class="cmt">{HEADS[kind]}</article>'
    if "initial" in kind:
        block = block.replace(">A<", ">{name[0]}<")
    thread = read(flat(block))
    assert [(row[0], row[1]) for row in rows(thread)] == NAMES
    assert [row[2] for row in rows(thread)] == TEXTS


def test_a_first_word_that_has_the_letters_of_the_name_stays_in_the_text() -> None:
    block = '<div class="comment" id="comment-{n}"><b class="author">{name} Olsen</b> <i class="date">{date}</i><br>{text}</div>'
    html = flat(block).replace(">Anna Olsen<", ">Ida Falk<").replace("Is it late today?", "If<br><br>only it ran.")
    assert [row[2] for row in rows(read(html))] == ["If\n\nonly it ran.", *TEXTS[1:]]


def test_a_short_number_in_brackets_is_part_of_a_name_and_a_long_one_is_not() -> None:
    block = '<div class="comment" id="comment-{n}"><b class="author">{name}</b> <i class="date">{date}</i><p>{text}</p></div>'
    html = (
        flat(block).replace(">Anna<", ">Kim (1)<").replace(">Finn<", ">Kim (1984)<").replace(">Ruth<", ">Kim (20417)<")
    )
    assert [row[0] for row in rows(read(html))] == ["Kim (1)", "Kim (1984)", "Kim"]


COUNTS = [
    '<a href="/c/{n}/replies">3 replies</a>',
    '<a href="/c/{n}">Reply (2)</a>',
    '<a href="/user/{name}">120 comments</a>',
]


@pytest.mark.parametrize("link", COUNTS)
def test_a_comment_may_count_its_replies_or_what_its_author_has_written(link: str) -> None:
    block = f'<div class="x2" id="c{{n}}"><b class="author">{{name}}</b> <i class="date">{{date}}</i><p>{{text}}</p>{link}</div>'
    assert [row[0] for row in rows(read(flat(block, '<div class="x1"><h2>3 comments</h2>{}</div>')))] == [
        n for n, _ in NAMES
    ]


def test_lists_that_hold_a_comment_each_are_no_replies() -> None:
    block = '<dl id="comment_{n}_li"><dt><a href="/space-uid-{n}">{name}</a> <span class="d">{date}</span></dt><dd>{text}</dd></dl>'
    thread = read(flat(block))
    assert [row[3] for row in rows(thread)] == [None, None, None]
    assert [comment.native_id for comment in thread.comments] == ["41", "42", "43"]


def test_a_name_above_the_comments_does_not_make_their_list_the_first_of_them() -> None:
    block = '<div class="section-post" id="post-{n}"><div class="story">{text}</div><a class="post-name">{name}</a> <i>{date}</i></div>'
    section = '<div class="discussion"><p>By <a class="post-name">Otto</a></p><div id="thread-page">{}</div></div>'
    assert [row[3] for row in rows(read(flat(block, section)))] == [None, None, None]


def test_a_notice_of_removal_in_the_head_of_a_block_is_kept() -> None:
    removed = (
        '<div id="t44" class="leaf"><div class="leaf-header"><span>This comment has been removed.</span></div></div>'
    )
    block = (
        '<div id="t{n}" class="leaf"><div class="leaf-header"><b>{name}</b> <i>{date}</i></div><div>{text}</div></div>'
    )
    thread = read(flat(block, f'<div class="comments">{{}}{removed}</div>'))
    assert [comment.state for comment in thread.comments] == ["visible"] * 3 + ["removed"]


@pytest.mark.parametrize("attribute", ["data-idcommento", "data-msgid", "data-comment-id36"])
def test_ids_have_names_in_many_systems(attribute: str) -> None:
    block = f'<div class="comment" {attribute}="{{n}}"><b>{{name}}</b> <i>{{date}}</i><p>{{text}}</p></div>'
    assert [comment.native_id for comment in read(flat(block)).comments] == ["41", "42", "43"]


def test_a_signature_below_a_text_is_no_part_of_it() -> None:
    block = '<li id="c{n}"><p>{text}</p><p><small>&#8212; {name} &#183; {date} &#183; <a href="/a/3#c{n}">#</a></small></p></li>'
    assert rows(read(flat(block, '<ol class="comments">{}</ol>'))) == [
        (name, at, text, None) for (name, at), text in zip(NAMES, TEXTS, strict=True)
    ]


def test_what_stands_in_place_of_a_removed_comment_may_have_a_shape_of_its_own() -> None:
    block = '<div class="leaf comment" id="t{n}"><b>{name}</b> <i>{date}</i><p>{text}</p></div>'
    gone = '<div class="stub"><span class="stub-header">This comment has been removed by a moderator.</span></div>'
    thread = read(flat(block, f'<div class="comments">{gone}{{}}</div>'))
    assert [comment.state for comment in thread.comments] == ["removed"] + ["visible"] * 3


def test_the_line_above_a_definition_is_no_part_of_it() -> None:
    block = (
        '<dt id="res{n}">{n}：<b>{name}</b>：{date} ID:Xb9{n}</dt><dd><a href="#res41">&gt;&gt;41</a><br>{text}</dd>'
    )
    thread = read(flat(block, '<h2>コメント</h2><dl class="thread">{}</dl>'))
    assert [row[0] for row in rows(thread)] == ["Anna", "Finn", "Ruth"]
    assert [row[3] for row in rows(thread)] == [None, 0, 0]
    assert all(row[2].endswith(text) and "ID:" not in row[2] for row, text in zip(rows(thread), TEXTS, strict=True))


def test_a_shadow_root_in_the_page_is_part_of_it() -> None:
    inside = '<template shadowrootmode="open"><b class="author">{name}</b> <time>{date}</time><p>{text}</p></template>'
    block = f'<x-comment data-comment-id="{{n}}">{inside}</x-comment>'
    assert [row[2] for row in rows(read(flat(block)))] == TEXTS


def test_flat_microdata_states_its_levels_in_other_ways() -> None:
    item = (
        '<li id="kmt-{n}" parentid="kmt-{parent}" itemscope itemtype="http://schema.org/UserComments">'
        '<span itemprop="creator">{name}</span><time itemprop="commentTime">{date}</time>'
        '<div itemprop="commentText">{text}</div></li>'
    )
    items = "".join(
        item.format(n=41 + number, parent=40 + number, name=name, date=at, text=text)
        for number, ((name, at), text) in enumerate(zip(NAMES, TEXTS, strict=True))
    )
    thread = read(f'<ul class="kmt-list">{items}</ul>')
    assert [row[3] for row in rows(thread)] == [None, 0, 1]


def test_the_language_of_a_page_tells_the_day_from_the_month() -> None:
    block = '<div class="comment" id="comment-{n}"><b class="fn">{name}</b> <i class="date">05/06/2024 09:30</i><p>{text}</p></div>'
    html = page(flat(block)).text
    french = replace(page(""), body=html.replace("<html>", '<html lang="fr-FR">').encode())
    for made, at in ((page(flat(block)), None), (french, "2024-06-05T09:30:00Z")):
        (thread,) = driver.run(driver.visit(made), refuse)
        assert {comment.posted.at for comment in thread.comments} == {at}


def refuse(request):
    raise FetchFailed(request.url, "no network", 404)


def test_a_list_of_facts_on_an_author_is_not_the_text() -> None:
    block = (
        '<tr class="row" id="m{n}"><td><ul class="profile"><li class="username">{name}</li><li>Messages: {n}</li></ul></td>'
        '<td><span class="kdate">{date}</span><div class="kbody">{text} And at noon?</div></td></tr>'
    )
    thread = read(flat(block, '<h3>Discuss</h3><table class="comments">{}</table>'))
    assert [row[2] for row in rows(thread)] == [text + " And at noon?" for text in TEXTS]


def test_paragraphs_of_name_and_date_are_no_text() -> None:
    block = (
        '<div class="q{n} aq"><p class="be"><a href="/@u{n}?source=r">{name}</a></p><p class="bz"><span>{date}</span></p>'
        '<pre><div class="ms"><p>{text}</p></div></pre><button>Reply</button></div>'
    )
    assert [(row[0], row[2]) for row in rows(read(flat(block, '<div class="comments">{}</div>')))] == [
        (name, text) for (name, _), text in zip(NAMES, TEXTS, strict=True)
    ]


def test_the_text_may_stand_in_the_row_below_the_name() -> None:
    block = (
        '<tr><td class="head"><a name="r{n}"></a><b>{name}</b> - {date}</td></tr><tr><td class="said">{text}</td></tr>'
    )
    thread = read(flat(block, '<table class="reacties">{}</table>'))
    assert rows(thread) == [(name, at, text, None) for (name, at), text in zip(NAMES, TEXTS, strict=True)]


def test_a_heading_tells_what_a_list_without_any_name_is() -> None:
    block = "<li><b>{name}</b> <span>{date}</span><p>{text}</p></li>"
    assert rows(read(flat(block, "<h2>Comments</h2><ol>{}</ol>"))) == [
        (name, at, text, None) for (name, at), text in zip(NAMES, TEXTS, strict=True)
    ]
    assert read(flat(block, "<h2>Chronicle</h2><ol>{}</ol>")).comments == ()


NO_COMMENTS = {
    "entries of the newsroom": '<section class="live"><div class="live__post" id="post-{n}"><time>{date}</time><h3>At noon</h3><p>{text}</p><span class="live__author">{name}</span></div></section>',
    "jobs to reply to": '<div id="job-{n}" class="job"><h3 class="job-title"><a href="/jobs/{n}">{name}</a></h3><time>{date}</time><p>{text}</p><a class="apply">Reply</a></div>',
    "latest comments on other pages": '<li class="latest-comment"><b class="author">{name}</b> on <a href="/story/7{n}/#comment-{n}">Ferry</a> <time>{date}</time><p>{text}</p></li>',
    "events to sign up for": '<article class="event" id="event-{n}"><time>{date}</time><h2>Ferry, {n}</h2><p>{name}</p><p>{text}</p></article>',
    "reviews of a product": '<li class="review comment" id="li-comment-{n}"><b class="author">{name}</b> <time>{date}</time><p>{text}</p></li>',
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_COMMENTS)
def test_what_only_looks_like_comments_is_none(kind: str) -> None:
    around = '<aside class="widget">{}</aside>' if "latest" in kind else "<div>{}</div>"
    made = page(flat(NO_COMMENTS[kind], around))
    if "product" in kind:
        made = replace(made, body=made.body.replace(b"<body>", b'<body class="single-product woocommerce">'))
    assert [len(thread.comments) for thread in driver.run(driver.visit(made), refuse)] in ([], [0])


def test_comments_on_a_page_that_calls_itself_a_product_are_read() -> None:
    """Shops for single articles say so of articles, too."""
    block = '<li class="comment" id="comment-{n}"><b class="author">{name}</b> <time>{date}</time><p>{text}</p></li>'
    made = page(flat(block, '<section id="comments"><ol>{}</ol></section>'))
    sold = b'<meta property="og:type" content="product"><body class="single-product">'
    (thread,) = driver.run(driver.visit(replace(made, body=made.body.replace(b"<body>", sold))), refuse)
    (unsold,) = driver.run(driver.visit(made), refuse)
    assert thread.comments == unsold.comments
    assert thread.comments
