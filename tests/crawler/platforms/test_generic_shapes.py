"""Shapes of sections that real pages have, after templates of many systems: each invented and as small as it can be."""

import pytest

from tests.crawler.platforms.test_generic import ROWS, flat, read, rows

TIMES = ["2026-03-02T09:30:00Z", "2026-03-02T10:00:00Z", "2026-03-03T07:15:00Z"]
WHOLE = [(name, time, text, None) for (name, _, text), time in zip(ROWS, TIMES, strict=True)]
FORM = '<div class="compose"><textarea></textarea></div>'
SHAPES = {
    "a cell with name, date in brackets, text": (
        "<tr><td>{name}({date})<br>{text}</td></tr>",
        f"<h3>Comments</h3>{FORM}" + '<div id="replies"><table>{}</table></div>',
    ),
    "heads without a box for each comment": (
        "<h4>{name}</h4><p>{text}</p><p>{date}</p><p><a href='/edit?{n}'>Edit</a></p>",
        '<h2>Comments</h2><div class="comments">{}</div>',
    ),
    "a name in brackets behind the date": (
        '<dl><dt><img src="/{n}.gif"></dt><dd><em>{date}</em><span>[{name}]</span></dd>'
        '<dd class="info">{text}</dd><dd><a href="?id={n}">[2] up</a> <a href="?id={n}">[0] down</a></dd></dl>',
        '<div id="feedback"><h4>Comments</h4>{}</div>',
    ),
    "a name with its label": (
        "<li><h4>A title of {n}</h4><p>{text}</p><span>Added: {date}, Author: {name}, Address: 10.0.*</span></li>",
        '<ul class="comments">{}</ul>',
    ),
    "a quotation around it all": (
        '<div id="c{n}" class="comment"><blockquote><p class="info">On {date} {name} wrote:</p>'
        '<p class="content_com">{text}</p></blockquote></div>',
        "<div>{}</div>",
    ),
    "a profile with labels": (
        '<div id="p{n}" class="row"><div class="user-box"><div class="tag">Called</div><div class="value">'
        '<a href="/info?m={n}">{name}</a></div><div class="tag">Notes</div><div class="value">12</div></div>'
        '<div class="when">{date}</div><div class="post-content"><p>{text}</p></div></div>',
        '<div id="posts">{}</div>' + FORM,
    ),
    "rows of name and rows of text": (
        '<tr><td rowspan="2"><b>{name}</b><p>Members</p><p>12 posts</p></td>'
        '<td><a id="post{n}" href="?p={n}#{n}">{n}</a> {date}</td></tr><tr><td><div>{text}</div></td></tr>',
        '<table class="cells"><tr><td>Author</td><td>Message</td></tr>{}</table>',
    ),
    "what stands beside the text in an aside": (
        "<li><article><aside><header><a href='/u/{n}'>{name}</a></header><p>Made: <i>{date}</i></p>"
        "<footer><ul><li><a href='/change/{n}'>Change</a></li></ul></footer></aside>"
        "<div><h4>A title of {n}</h4><p>{text}</p></div></article></li>",
        '<ul id="list-of-comments">{}</ul>',
    ),
    "a heading with name and date": (
        '<div class="row"><h5>{name} <small>{date}</small></h5><p>{text}</p></div>',
        "<h2>Comments (3)</h2><div>{}</div>",
    ),
    "a name above a text that nothing but boxes part": (
        '<div class="p-3"><div class="small">{name}</div>\n<div class="prose"><p>{text}</p></div>\n<div class="grey">{date}</div></div>',
        "<h2>Comments</h2><div>{}</div>",
    ),
    "neither names nor tags say what is what": (
        '<div class="_3xK9"><div class="_a1"><span class="_q7">{name}</span><span class="_q7">{date}</span></div>'
        '<div class="_b2">{text}</div><div class="_c3"><a href="#">Nice</a></div></div>',
        '<div class="_r8">{}</div>' + FORM,
    ),
    "a number, and a line of name and date longer than some texts": (
        '<div class="zab"><div class="cis">{n}.</div><div class="kdo">{name} wrote {date}:</div><div class="co">{text}'
        "</div></div>",
        '<div class="zed"><h3>Comments</h3>{}</div>' + FORM,
    ),
    "the author's link behind a title": (
        '<article class="comment"><header><h3><a href="#comment-{n}">A title of {n}</a></h3><time>{date}</time>'
        ' by <a rel="author" href="#">{name}</a></header><div class="content"><p>{text}</p></div></article>',
        "<section>{}</section>",
    ),
    "the author's box beside a title": (
        '<table id="cm_{n}" class="comment-table"><tr><td colspan="2">{date}</td></tr><tr><td class="author-info"><h2>{name}</h2>'
        '<div>Notes: 12</div></td><td class="comment-body"><h3>A title of {n}</h3><div class="entry"><p>{text}</p></div>'
        '<div class="post-signature">Fair winds</div></td></tr></table>',
        "<div>{}</div>",
    ),
    "a date by a name above a text": (
        '<div class="commentBlock"><div class="commentInfos">{date} by {name}</div>\n<div class="commentContent">{text}</div></div>',
        '<div class="lastCommentsBlock">{}</div>',
    ),
    "a name that no class tells from the text": (
        '<div class="comments-content"><div class="comments-text"><div class="flex"><div><a href="#" class="admin-title">{name}</a>'
        '<p class="post-time">{date}</p></div><a class="comment-reply" href="#">Reply</a></div><p>{text}</p></div></div>',
        "<h4>3 Comments</h4><div>{}</div>",
    ),
    "a name below the text": (
        '<div class="comment"><h3 class="title">A title of {n}</h3><div class="content"><p>{text}</p></div>'
        '<div class="submitted">{name}</div><i>{date}</i></div>',
        "<div>{}</div>",
    ),
    "a date above the name in the box of the name": (
        '<li><div class="user-box"><div class="user-name"><h6>{date}</h6><h5>{name}</h5></div><p>{text}</p></div></li>',
        "<h3>Comments</h3><ul>{}</ul>",
    ),
    "a name called so by an id": (
        '<li class="comment"><p>{text}</p><span>by</span> <span id="author">{name}</span> <span>on {date}</span></li>',
        "<ul>{}</ul>",
    ),
    "rows in a table in a table": (
        "<tr><td><div><a href='?q={n}'>{name}</a>: <span>{date}</span><p>{text}</p></div></td></tr>",
        f"<div class='block-header'>Comments</div><table><tr><td><table>{{}}<tr><td>{FORM}</td></tr></table></td></tr></table>",
    ),
    "paragraphs of name, text and date": (
        '<div style="padding: 1em"><p>{name}</p><p>{text}</p><p>{date}</p></div>',
        '<h3>Comments (3)</h3><div id="comments">{}</div>',
    ),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes_of_real_templates_are_read(kind: str) -> None:
    assert rows(read(flat(*SHAPES[kind]))) == WHOLE


def test_comments_under_a_heading_need_no_date_where_a_form_stands_beside_them() -> None:
    block = '<div class="panel"><div class="panel-heading"><h3>{name}</h3></div><div>{text}</div></div>'
    thread = read(flat(block, f"<h3>Comments</h3>{FORM}" + "<div>{}</div>"))
    assert rows(thread) == [(name, None, text, None) for name, _, text in ROWS]


def test_the_first_of_a_list_is_read_where_it_has_another_shape_than_most() -> None:
    shapes = ("is-comment", "is-answer", "is-answer")
    item = '<li class="{shape}"><div class="comment-name">{name}</div><i>{date}</i><div class="comment-text">{text}</div></li>'
    items = "".join(item.format(shape=s, name=n, date=d, text=t) for s, (n, d, t) in zip(shapes, ROWS, strict=True))
    assert rows(read(f"<div class='comments'><ul>{items}</ul></div>")) == [
        (name, time, text, None if number == 0 else 0) for number, (name, time, text, _) in enumerate(WHOLE)
    ]


def test_a_definition_list_behind_its_anchor_is_a_comment_and_what_is_indented_behind_it_answers() -> None:
    def one(row: tuple[str, str, str], number: int, below: str = "") -> str:
        head = f"<dt><em>Submitted by <a href='/user/{number}'>{row[0]}</a> on {row[1]}.</em></dt>"
        return f'<a id="comment-{number}"></a><dl class="list">{head}<dd><p>{row[2]}</p></dd></dl>{below}'

    below = f'<div class="indented">{one(ROWS[1], 42)}</div>'
    thread = read(f'<div id="comments">{one(ROWS[0], 41, below)}{one(ROWS[2], 43)}</div>')
    assert rows(thread) == [(*WHOLE[0][:3], None), (*WHOLE[1][:3], 0), (*WHOLE[2][:3], None)]


def test_what_holds_all_comments_and_is_numbered_as_they_are_is_none() -> None:
    block = (
        '<div style="padding-left:{pad}em"><div id="blg-comment-{n}"><div class="blog-author"><a href="/u/{n}/">{name}</a></div>'
        '<div class="date">{date}</div><div class="blog-comment-content">{text}</div></div></div>'
    )
    blocks = "".join(
        block.format(n=41 + i, pad=2.5 * (i == 1), name=row[0], date=row[1], text=row[2]) for i, row in enumerate(ROWS)
    )
    thread = read(f'<div class="blog-comments" id="blg-comment-5"><b>Comments</b>{blocks}</div>')
    assert rows(thread) == [(*row[:3], 0 if number == 1 else None) for number, row in enumerate(WHOLE)]


def test_parents_are_what_a_list_of_no_known_name_stands_behind_and_what_has_one_level_less() -> None:
    item = '<div class="remark {more}"><b>{row[0]}</b> <i>{row[1]}</i><div class="comment-text">{row[2]}</div></div>'
    first, second, third = ROWS
    behind = f'{item.format(row=first, more="")}<div class="zug">{item.format(row=second, more="")}</div>'
    levels = zip((first, second, third, first, second), (1, 2, 3, 2, 1), strict=True)
    stairs = "".join(item.format(row=row, more=f"stair-{level}") for row, level in levels)
    for section, parents in (
        (behind + item.format(row=third, more=""), [None, 0, None]),
        (stairs, [None, 0, 1, 0, None]),
    ):
        assert [c.parent for c in read(f"<h2>Comments</h2><div>{section}</div>").comments] == parents


def test_rows_that_call_themselves_comments_need_no_other_name() -> None:
    row = (
        "<tr><td><div>Comment posted by <b>Person {n}</b> on {n} March 2026</div><div>Text of day {n}.</div></td></tr>"
    )
    thread = read("<table>" + "".join(row.format(n=n) for n in range(1, 7)) + "</table>")
    assert rows(thread) == [(f"Person {n}", f"2026-03-0{n}T00:00:00Z", f"Text of day {n}.", None) for n in range(1, 7)]


def test_titles_that_all_lead_to_the_page_of_the_thread_are_no_headlines() -> None:
    block = (
        '<div class="comment"><p class="metadata">by <a href="/user/{n}">{name}</a></p><h3><a href="/node/5#comment">A title'
        '</a></h3><div class="content"><p>{text}</p></div></div>'
    )
    assert rows(read(flat(block, "<div>{}</div>"))) == [(name, None, text, None) for name, _, text in ROWS]


def test_replies_that_stand_alone_in_their_list_and_cells_that_indent() -> None:
    def one(row: tuple[str, str, str], below: str = "") -> str:
        head = f'<div class="x-c"><div><a href="/user/{row[0]}">{row[0]} | {row[1]}</a></div><div><p>{row[2]}</p></div></div>'
        return f'<div class="x-ct">{head}<div class="x-cl">{below}</div></div>'

    nested = read(f'<h2>Comments (3)</h2><div class="x-cl">{one(ROWS[0], one(ROWS[1]))}{one(ROWS[2])}</div>')
    cells = "".join(
        f'<table><tr id="{41 + i}"><td width="{30 * (i == 1)}" height="1"></td><td>'
        f"<a href='/user/{row[0]}'>{row[0]}</a> <i>{row[1]}</i><p class='comment-text'>{row[2]}</p></td></tr></table>"
        for i, row in enumerate(ROWS)
    )
    for thread in (nested, read(f"<div>{cells}</div>")):
        assert rows(thread) == [(*row[:3], 0 if number == 1 else None) for number, row in enumerate(WHOLE)]


TRAPS = {
    "stories that someone wrote of": (
        '<div class="entry"><h5><a href="/story/{n}">What the road to the bridge is on day {n}</a></h5><p>{text}</p>'
        "<small>{name}, {date}</small></div>"
    ),
    "questions and their answers": (
        '<div class="item" id="faq-{n}"><h3 class="question"><a href="#faq-{n}">How late is {name}?</a></h3><p class="answer">'
        '{text}</p><button class="vote-up">Yes</button> <i>{date}</i></div>'
    ),
    "questions whose answers are rated and dated": (
        '<div class="faq-item" id="faq-{n}"><h3 class="question"><a href="#faq-{n}">How late is the ferry of day {n} again?</a>'
        '</h3><div class="answer"><p>{text}</p></div><div class="helpful">Was this helpful? <button class="vote-up">Yes '
        '(1)</button> <button class="vote-down">No (0)</button> <span class="updated">Updated {date}</span></div></div>'
    ),
    "news called comments": (
        '<div class="commentItem"><a href="/news/{n}"><img src="{n}.jpg"></a><div class="commentItem-name">{name}</div>'
        '<i>{date}</i><div class="commentItem-text">{text} <a href="/news/{n}">More</a></div></div>'
    ),
    "people who write here": (
        '<article class="card"><h5>{name}</h5><small>Since {date}</small><p>{text}</p><a href="/author/{n}">All articles</a>'
        "</article>"
    ),
    "comments on several articles": (
        '<section class="comment"><h6>Sent for</h6><a href="/story/{n}">The story of day {n}</a><small>{date}</small>'
        '<p class="comment-text">{text}</p></section>'
    ),
}


@pytest.mark.parametrize("kind", TRAPS)
def test_what_leads_to_other_pages_is_no_thread(kind: str) -> None:
    items = (
        TRAPS[kind].format(n=n, date=f"{n} March 2026", name=f"Person {n}", text=f"Text of day {n}.")
        for n in range(1, 7)
    )
    assert rows(read("<div>" + "".join(items) + "</div>")) == []
