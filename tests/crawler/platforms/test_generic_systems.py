"""The general reader: what systems of many countries print around names, times and replies, each as small as can be."""

import pytest

from tests.crawler.platforms.test_generic import flat, read, rows

NAMES = [("Anna", "2026-03-02T09:30:00Z"), ("Finn", "2026-03-02T10:00:00Z"), ("Ruth", "2026-03-03T07:15:00Z")]
TEXTS = ["Is it late today?", "It was on Friday.", "Not on Sundays, I think."]

HEADS = {
    "name word of another language": '<div class="kop"><span class="kop__user">{name}</span><span class="kop__date">{date}</span></div><p>{text}</p>',
    "short class in humps": '<div class="cHead"><span class="cName">{name}</span><span class="cDate">{date}</span></div><p>{text}</p>',
    "weekday before the date": '<p class="cmt-nume">{name}</p><p class="cmt-data">Marți, {date}</p><div class="cmt-text">{text}</div>',
    "name and town without a space": '<div class="x1"><span class="x2">{name}</span><span class="x3">Millbrook</span></div><span class="x4">{date}</span><div class="x5"><p>{text}</p></div>',
    "date in a paragraph behind the text": '<p>{text}</p><p class="posted">Posted by {name} on {date}</p>',
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
