"""What the templates of blog systems of twenty years print around names, times and texts, each as small as can be."""

import pytest

from crawler.pages.page import Page
from crawler.platforms import driver
from tests.crawler.platforms.test_generic import ROWS, flat, page, read, rows
from tests.crawler.platforms.test_generic_systems import NAMES, TEXTS

BLOCKS = {
    "a name behind the date": '<dt id="c{n}">{n}. Le {date} par {name}</dt><dd>{text}</dd>',
    "a number with a point before the name": '<div class="cmt" id="c{n}"><div>{text}</div><div>#{n}.1 {name} am {date} (<a href="#form">Antwort</a>)</div></div>',
    "a permalink before the date": '<div class="bComment"><div>Comment from: {name} [Visitor]</div><div class="bText"><p>{text}</p></div><div><a href="#c{n}">Permalink</a>{date}</div></div>',
    "the comment's own title": '<div class="cmt" id="comment{n}"><h4 class="sub_title">Hello there</h4><div class="sub_body">{text}</div><ul><li>{date}</li><li>{name} <a href="http://x.example/">URL</a></li></ul></div>',
    "a line of name, break, date": '<dt>Hello there</dt><dd>{text}<p class="posted">{name} <a href="http://x.example/">URL</a><br>{date} <a href="?edit={n}">Edit</a></p></dd>',
    "a button in bold": '<div class="cmt" id="c{n}"><span class="reply"><a href="#"><b>Reply</b></a></span><ul><li><h4><a href="/user/{n}/">{name}</a></h4></li><li>{date}</li></ul><ul><li>Group: guests</li><li>ICQ: --</li></ul><div class="d">{text}</div></div>',
    "a mark of the writer's": '<div class="cmt" id="c{n}"><div class="comment_name">{name} <span class="comment_author_flag">Author</span></div><i>{date}</i><p>{text}</p></div>',
    "a list for each comment": '<ul class="msg" id="cmt{n}"><li><a href="/{n}">{name}</a> <small>{date}</small></li><li class="msgarticle">{text}</li></ul>',
    "a quotation for each comment": '<blockquote id="cmt{n}"><cite><b>{name}</b> <time>{date}</time></cite><q>{text}</q></blockquote>',
    "a sentence of name and date in what is called the content": '<li class="comment" id="x-{n}"><div class="comment-content"><div class="card-header"><span><a class="url">{name}</a></span> <span>il {date} dice:</span></div><div><p>{text}</p></div></div></li>',
    "a date at the end of what is called the content": '<div class="single-comment"><div><span>A</span></div><div class="comment-content"><h3>{name}</h3><p>{text}</p><div><span>{date}</span></div></div></div>',
    "a dash behind the date, and a title": '<div class="comment odd" id="c{n}"><span class="submitted">{date} — {name} (not verified)</span><h3><a href="/node/12#comment-{n}">Re: mills</a></h3><div class="content"><p>{text}</p></div></div>',
    "a paragraph each": '<div id="c{n}"><p>{text}</p><p>{name}</p><p>{date}</p></div>',
    "a paragraph for all": '<li class="comment-content"><span>#{n}</span><div class="comment-main"><p><a class="address">{name}</a><span class="time">({date})</span><br>{text}</p></div></li>',
    "name and date in the heading of a figure": '<li class="list__item"><figure class="comment"><img src="/a.png"><figcaption><h3 class="comment-title">{name}, {date}</h3><p class="comment-body">{text}</p></figcaption></figure></li>',
    "a bold line of date and name": '<div class="cmt" id="c{n}"><span class="meta"><b>{date} - posted by {name}</b></span><p>{text}</p></div>',
    "a numbered line above each text": '<p id="c{n}" class="comment-info"><a href="#c{n}">{n}.</a> Le {date}, par <strong>{name}</strong> :: <a href="http://x.example/">site</a></p><blockquote><p>{text}</p></blockquote>',
    "an item of name and date behind each item of text": '<li><p>{text}</p></li><li><div class="commentmetadata"><strong>{name}</strong> wrote: <a href="#comment-{n}">{date}</a></div></li>',
    "a badge in the name": '<li class="comment" id="comment-{n}"><cite class="fn">{name} <span> Författare</span></cite> <time>{date}</time><div class="comment-content"><p>{text}</p></div></li>',
    "a label above each text": '<li class="comment" id="comment-{n}"><span class="comment_author">{name}</span> <time>{date}</time><div class="comment_entry"><div>Comment:</div><p>{text}</p></div></li>',
    "a head beside its comment": '<div id="post-{n}" class="reply-header"><span>{date}</span> <a href="#post-{n}">#{n}</a></div><!-- #post-{n} --><div class="post-{n} reply"><div class="reply-author"><a href="/users/u{n}/">{name}</a></div><div class="reply-content"><p>{text}</p></div></div>',
    "a label in the name's box": '<li class="comment" id="li-comment-{n}"><div class="comment-author">Автор: {name}</div><div>{date}</div><div class="comment-body"><p>{text}</p></div></li>',
    "a line that ends in said, and a quotation": '<li class="comment" id="comment-{n}"><p><em>{name} said&hellip;</em></p><div class="content"><blockquote>{text}</blockquote></div><time>{date}</time></li>',
    "a label in every number": '<article class="comment" id="comment-{n}"><span><small>NUMBER</small><br>#{n}</span> <i></i>by {name} <i></i>Added on {date}<div class="comment-content"><p>{text}</p></div></article>',
    "an address behind the name": '<div class="comment_line"><div class="comment_info">{date} - {name} http://x.example/{n}</div><div class="comment_content">{text}</div></div>',
    "a sentence above a bare text": '<div class="comment"><a name="CO{n}"></a>On {date}, <a href="http://x.example/{n}">{name}</a> said: <br>{text}</div>',
    "a paragraph for head and text": '<p class="a_comment">Le {date} par <span class="bold">{name}</span><br>{text}</p>',
    "a verb before the name": '<li class="odd"><a id="comment{n}" href="#comment{n}">Link</a><span class="commentDate">{date}</span><span class="commentAuthorName">Написал {name}</span><p>{text}</p></li>',
    "a mention of another site": '<li class="webmention"><figure class="webmention-author"><figcaption><a class="webmention-author-name" href="http://x.example/">{name} (id:u{n})</a><time>{date}</time></figcaption></figure><div class="webmention-text"><p>{text}</p></div></li>',
    "a line of name and date below each text": '<li><div class="comment"><h5><em>#{n}</em></h5><div>{text}</div><div>Created : {date} by : {name}</div></div></li>',
    "a box that only clears what floats": '<div class="comment comment-published" id="comment-{n}"><div class="clear-block"><span class="submitted">Skickat av {name} mån, {date}.</span><h3><a href="/node/7#comment-{n}">{text}</a></h3><div class="content"><p>{text}</p></div></div></div>',
    "a comment that says whose it is": '<li id="comment-{n}"><p>{text}</p><p><cite>Comentariu de {name} &#8212; {date}</cite></p></li>',
    "a title, and bold words around name and date": '<details class="CommentBox"><summary><h3 class="CommentTitle">Mills</h3><p class="CommentPoster"><b>Posted</b> {date} by <b>{name}</b> (subscriber, #{n})</p></summary><div class="FormattedComment"><p>{text}</p></div></details>',
    "the number of a user beside the name": '<div class="cmt" id="c{n}"><div class="details">by <span class="by"><a href="/~x">{name}</a> ( <span>7{n}</span> )</span> on {date}</div><div class="body">{text}</div></div>',
    "a title before the name in short lines": '<li class="talkback" id="tb{n}"><span>{n}.</span> <span class="tb-title">Well done</span><div class="tb-sign">{name} <span class="tb-date">{date}</span></div><div class="tb-text">{text}</div></li>',
    "an anchor before the box, a title and a permalink that lead to it": '<a id="comment-{n}"></a><div class="comment odd clearfix"><h3><a href="/comment/{n}#comment-{n}" class="permalink">Mills</a></h3><div class="submitted"><a href="/comment/{n}#comment-{n}" class="permalink">Permalink</a> Submitted by <span class="username">{name}</span> on {date}.</div><div class="content"><p>{text}</p></div></div>',
    "an item with font elements": '<li><font color="navy"><b>{name}</b></font> <font size="1">({date})</font><br>{text}</li>',
    "a form without fields around the text": '<div class="thing comment" data-fullname="t1_{n}"><p class="tagline"><a class="author">{name}</a> <time>{date}</time></p><form class="usertext"><input type="hidden" name="id" value="{n}"><div class="md"><p>{text}</p></div></form></div>',
}  # fmt: skip
BARE = "<h2>Comments</h2>{}<h2>Post a comment</h2>"


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_block_of_a_blog_is_read(kind: str) -> None:
    tag = {"<dt": "dl", "<li": "ol"}.get(BLOCKS[kind][:3], "div")
    section = f'<{tag} id="comments">{{}}</{tag}>'
    thread = read(flat(BLOCKS[kind], section))
    assert [(row[0], row[1]) for row in rows(thread)] == NAMES
    assert [row[2] for row in rows(thread)] == TEXTS


def test_a_line_below_each_text_parts_comments_that_nothing_stands_around() -> None:
    block = '<p>{text}</p>\n<p class="posted">Posted by {name} at {date}</p>'
    thread = read(flat(block, BARE))
    assert [(row[0], row[1]) for row in rows(thread)] == NAMES
    assert [row[2] for row in rows(thread)] == TEXTS


def test_a_bold_word_may_be_the_heading_of_blocks_that_nothing_names() -> None:
    block = "<div><b>{name}</b> - <i>{date}</i><p>{text}</p></div>"
    thread = read(flat(block, "<b>Comments:</b><div>{}</div>"))
    assert [(row[0], row[1]) for row in rows(thread)] == NAMES
    assert [row[2] for row in rows(thread)] == TEXTS


def test_a_sentence_is_nobodys_name() -> None:
    block = '<div class="Comment"><div><span>level 1</span> <span>3{n} points</span> <a href="/c/{n}/">{date}</a></div><div class="t"><p>{text} So I have heard.</p></div></div>'
    thread = read(flat(block, '<div class="comments"><h3>3 comments</h3>{}</div>'))
    assert [(row[0], row[2]) for row in rows(thread)] == [(None, f"{text} So I have heard.") for text in TEXTS]


def test_a_heading_above_those_over_comments_ends_them() -> None:
    block = "<h4>{name} <small>{date}</small></h4><p>{text}</p>"
    thread = read(flat(block, "<h2>Comments</h2>{}<h2>Write a comment</h2><form><textarea></textarea></form>"))
    assert [row[2] for row in rows(thread)] == TEXTS


def test_articles_within_an_article_are_comments() -> None:
    block = "<article><header><p>Posted by: <span>{name}</span></p><p><time>{date}</time></p></header><p>{text}</p></article>"
    thread = read(flat(block, "<article><section><h2>Comments</h2>{}</section></article>"))
    assert [(row[0], row[1]) for row in rows(thread)] == NAMES
    assert [row[2] for row in rows(thread)] == TEXTS


@pytest.mark.parametrize(
    "block",
    [
        '<div role="comment" aria-level="{n}"><span>{name}</span> <time>{date}</time><div>{text}</div></div>',
        '<div data-testid="comment-{n}"><span>{name}</span> <time>{date}</time><div>{text}</div></div>',
    ],
)
def test_a_block_may_be_called_a_comment_by_another_attribute_than_its_class(block: str) -> None:
    assert [row[2] for row in rows(read(flat(block, "<section>{}</section>")))] == TEXTS


def test_a_score_stands_between_those_that_a_vote_would_lead_to() -> None:
    scores = "".join(
        f'<span class="score {name}">{11 + i} points</span>' for i, name in enumerate(("dislikes", "unvoted", "likes"))
    )
    block = f'<div class="comment" id="c{{n}}"><b class="author">{{name}}</b> {scores}<time>{{date}}</time><p>{{text}}</p></div>'
    thread = read(flat(block))
    assert {(comment.likes, comment.dislikes) for comment in thread.comments} == {(12, None)}


def test_what_a_shop_or_its_customers_say_is_no_comment() -> None:
    review = '<li class="review" id="comment-{n}"><strong>{name}</strong> <time>{date}</time><p>{text}</p></li>'
    shop = (
        '<div id="reviews"><ol class="commentlist">{}</ol></div><button class="single_add_to_cart_button">Buy</button>'
    )
    assert not read(flat(review, shop)).comments
    slide = '<div class="swiper-slide"><p>{text}</p><h4>{name}</h4><span>Customer</span></div>'
    assert not read(flat(slide, '<section class="comments"><div class="swiper-wrapper">{}</div></section>')).comments


def test_entries_of_a_journal_are_no_comments_though_a_line_stands_below_each() -> None:
    block = '<h3>{text}</h3><p>{text}</p>\n<p class="posted">Posted by {name} at {date}</p>'
    assert not read(flat(block, BARE)).comments


def test_a_reply_in_a_list_of_its_own_stands_behind_that_of_another() -> None:
    block = '<ul class="msg" id="cmt{n}"><li><a href="/{n}">{name}</a> <small>{date}</small></li><li>{text}</li></ul>'
    html = flat(block, '<div id="comments">{}</div>')
    for number in ("42", "43"):
        start = html.index(f'<ul class="msg" id="cmt{number}">')
        end = html.index("</ul>", start) + len("</ul>")
        html = f'{html[:start]}<ul class="children">{html[start:end]}</ul>{html[end:]}'
    assert [row[3] for row in rows(read(html))] == [None, 0, 0]


@pytest.mark.parametrize("excerpt", ["[...] {text} [...]", "[…] {text} […]"])
def test_an_excerpt_of_another_page_is_no_comment(excerpt: str) -> None:
    block = '<li class="alt" id="comment-{n}"><cite>{name}</cite> Says: <small>{date}</small><p>{text}</p></li>'
    html = flat(block, '<ol class="commentlist">{}</ol><form id="commentform"></form>')
    assert len(read(html).comments) == 3
    html = html.replace(TEXTS[1], excerpt.format(text=TEXTS[1]))
    assert [row[0] for row in rows(read(html))] == ["Anna", "Ruth"]


def test_levels_in_classes_of_a_theme_tell_the_parents() -> None:
    block = (
        '<div class="comment_bg level_{n}" id="comment-{n}"><b class="fn">{name}</b> <i>{date}</i><p>{text}</p></div>'
    )
    html = flat(block, '<div id="comments">{}</div><form id="commentform"></form>')
    for number, level in (("41", "1"), ("42", "2"), ("43", "3")):
        html = html.replace(f"level_{number}", f"level_{level}")
    assert [row[3] for row in rows(read(html))] == [None, 0, 1]


def test_entries_of_a_list_of_events_are_no_comments() -> None:
    block = '<li class="event" id="event-{n}"><time>{date}</time> <strong>{name}</strong><p>{text}</p></li>'
    assert not read(flat(block, '<ul class="events">{}</ul>')).comments


def test_a_list_without_any_text_is_none_of_comments() -> None:
    block = (
        '<li class="comment-item"><div>{date} by {name} on</div><div><a href="/{n}/#comment-{n}">{text}</a></div></li>'
    )
    threads = driver.run(driver.visit(page(flat(block, '<ul id="dynamic-comments">{}</ul>'))), _no_page)
    assert not [comment for thread in threads for comment in thread.comments]


def _no_page(_: object) -> Page:
    raise AssertionError("nothing is asked for")


def test_names_stand_in_one_line_with_their_texts() -> None:
    thread = read(
        flat("<li><p><strong>{name}</strong>: {text}</p></li>", "<h4>Comments</h4><ul>{}</ul><textarea></textarea>")
    )
    assert [(row[0], row[2]) for row in rows(thread)] == [
        (name, text) for (name, _), text in zip(NAMES, TEXTS, strict=True)
    ]


def test_the_name_of_whom_a_comment_answers_is_no_comment() -> None:
    def one(n: int, whom: str, below: str = "") -> str:
        named = "".join(f'<span class="comment-user-name">{name}</span>' for name in (ROWS[n][0], whom) if name)
        return (
            f'<div class="comment-item"><header>{named}</header><div class="comment-body"><p>{ROWS[n][2]}</p></div>'
            f'<time class="comment-date">{ROWS[n][1]}</time><div class="descendants">{below}</div></div>'
        )

    thread = read(f'<div class="comment-list">{one(0, "", one(1, ROWS[0][0]))}{one(2, "")}</div>')
    assert [(row[0], row[3]) for row in rows(thread)] == [("Anna", None), ("Finn", 0), ("Ruth", None)]


def test_what_some_texts_begin_with_is_a_number_of_the_page() -> None:
    block = '<div class="comment" id="c{n}"><p>{n}.</p><b class="name">{name}</b> <i>{date}</i><p>{text}</p></div>'
    section = flat(block, '<div id="comments">{}</div>').replace("<p>43.</p>", "")
    assert [row[2] for row in rows(read(section))] == TEXTS


def test_a_list_of_versions_in_a_post_is_no_thread() -> None:
    block = '<div class="entry" id="v-{n}"><h3>Version {n}</h3><p>Released on {date} by <i class="author">{name}</i></p><ul><li>{text}</li></ul></div>'
    entries = flat(block, "{}")
    assert read(f'</main><div class="post"><h1>The ferry tables</h1>{entries}</div>').comments == ()
