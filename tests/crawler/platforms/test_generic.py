"""The general reader: sections of many kinds, none of them a known system's, each invented and as small as it can be."""

import sys

import pytest

from crawler.pages.page import FetchFailed, Page
from crawler.platforms import driver, generic
from crawler.platforms.comment_html import page_index, repeated_groups

ADDRESS = "https://courier.example/2026/03/ferry"
ARTICLE = (
    "<h1>Ferry to run again</h1><p>The ferry leaves at nine, the harbour office said on Monday, and calls twice.</p>"
)
ROWS = (("Anna", "2 March 2026, 09:30", "Is it late today?"), ("Finn", "2 March 2026, 10:00", "It was on Friday."),
        ("Ruth", "3 March 2026, 07:15", "Not on Sundays, I think."))  # fmt: skip


def page(section: str, fetched_at: str | None = None) -> Page:
    html = f"<html><head><title>Ferry</title></head><body><main>{ARTICLE}{section}</main></body></html>"
    return Page(ADDRESS, html.encode(), {"content-type": "text/html; charset=utf-8"}, fetched_at)


def read(section: str, fetched_at: str | None = None):
    def fetch(request):
        raise FetchFailed(request.url, "no network", 404)

    return driver.run(driver.visit(page(section, fetched_at)), fetch)[0]


def rows(thread):
    return [(c.author and c.author.name, c.posted and c.posted.at, c.body, c.parent) for c in thread.comments]


def flat(block: str, around: str = '<div class="comments">{}</div>') -> str:
    return around.format("".join(block.format(n=41 + i, name=r[0], date=r[1], text=r[2]) for i, r in enumerate(ROWS)))


BLOCKS = {
    "classes": '<div class="item"><b class="who">{name}</b> <span class="date">{date}</span><p>{text}</p></div>',
    "numbered ids": '<div id="c{n}"><h4>{name}</h4><small>{date}</small><p>{text}</p></div>',
    "bare list": '<li><strong>{name}</strong> {date}<p>{text}</p></li>',
    "names in links": '<div class="item"><a href="/user/{n}">{name}</a> <a href="#c{n}">{date}</a><p>{text}</p></div>',
    "camel case": '<div class="pageCommentBox"><p class="pageCommentAuthor">{name}</p><i>{date}</i><div class="msgText">{text}</div></div>',
    "table rows": '<tr class="row-{n}"><td class="author">{name}</td><td class="date">{date}</td><td><p>{text}</p></td></tr>',
    "definition list": '<dt id="c{n}">{name} <span class="date">{date}</span></dt><dd><p>{text}</p></dd>',
    "custom elements": '<x-comment data-comment-id="{n}"><span class="author">{name}</span><time>{date}</time><p>{text}</p></x-comment>',
    "header line": '<div class="entry-{n} note"><div class="head">{name} • #{n} • {date} • <a href="#">Reply</a></div><p>{text}</p></div>',
}  # fmt: skip


@pytest.mark.parametrize("kind", BLOCKS)
def test_blocks_of_any_shape_are_read(kind: str) -> None:
    around = {
        "table rows": '<table class="comments">{}</table>',
        "definition list": '<dl class="comments">{}</dl>',
        "bare list": '<ul id="comments">{}</ul>',
    }.get(kind, '<div class="comments">{}</div>')
    assert rows(read(flat(BLOCKS[kind], around))) == [
        ("Anna", "2026-03-02T09:30:00Z", "Is it late today?", None),
        ("Finn", "2026-03-02T10:00:00Z", "It was on Friday.", None),
        ("Ruth", "2026-03-03T07:15:00Z", "Not on Sundays, I think.", None),
    ]


@pytest.mark.parametrize(
    "name",
    ["kommentare", "commentaires", "comentarios", "reacties", "komentarze", "komentáře", "leserbriefe", "yorumlar",
     "opiniones", "avis", "комментарии", "hozzaszolasok", "talkback", "has-sidebar comments-widget"],
)  # fmt: skip
def test_a_container_may_have_any_name(name: str) -> None:
    thread = read(flat(BLOCKS["classes"], f'<div class="{name}">{{}}</div>'))
    assert [row[0] for row in rows(thread)] == ["Anna", "Finn", "Ruth"]


def test_a_list_without_any_name_needs_dates_ids_and_buttons() -> None:
    block = (
        '<div id="p-{n}"><a href="/user/{n}">{name}</a> <time>{date}</time><p>{text}</p><button>Reply</button></div>'
    )
    assert len(read(flat(block, "<div>{}</div>")).comments) == 3


@pytest.mark.parametrize(
    "section",
    [
        flat('<div class="teaser"><h3><a href="/other-{n}">{text}</a></h3><span class="date">{date}</span></div>'),
        flat('<li><b>{name}</b> on <a href="/story-{n}#comment-{n}">{text}</a></li>', '<ul class="recent-comments">{}</ul>'),
        flat('<li><a href="/story-{n}">{text}</a> <span class="date">{date}</span></li>', '<ul class="latest">{}</ul>'),
        '<div class="comments"><form><p>Leave a comment</p><textarea></textarea></form></div>',
        '<div class="comment-form"><h3 class="comment-title">Your comment</h3><p>Be kind.</p></div>',
    ],
)  # fmt: skip
def test_what_only_looks_like_comments_is_not_read(section: str) -> None:
    assert read(section).comments == ()


REPLIES = {
    "nested": '<div class="c" id="c1"><b>Anna</b><time>2 March 2026</time><p>One.</p><div class="answers">'
    '<div class="c" id="c2"><b>Finn</b><time>2 March 2026</time><p>Two.</p></div></div></div>',
    "list behind": '<div class="c" id="c1"><b>Anna</b><time>2 March 2026</time><p>One.</p></div><div class="indented">'
    '<div class="c" id="c2"><b>Finn</b><time>2 March 2026</time><p>Two.</p></div></div>',
    "level class": '<div class="c level-1" id="c1"><b>Anna</b><time>2 March 2026</time><p>One.</p></div>'
    '<div class="c level-2" id="c2"><b>Finn</b><time>2 March 2026</time><p>Two.</p></div>',
    "indentation": '<div class="c" id="c1" style="margin-left:0px"><b>Anna</b><time>2 March 2026</time><p>One.</p></div>'
    '<div class="c" id="c2" style="margin-left:40px"><b>Finn</b><time>2 March 2026</time><p>Two.</p></div>',
    "data": '<div class="c" data-comment-id="1"><b>Anna</b><time>2 March 2026</time><p>One.</p></div>'
    '<div class="c" data-comment-id="2" data-parent-id="1"><b>Finn</b><time>2 March 2026</time><p>Two.</p></div>',
    "in reply to": '<div class="c" id="c1"><b>Anna</b><time>2 March 2026</time><p>One.</p></div><div class="c" id="c2">'
    '<b>Finn</b><time>2 March 2026</time><p>Two.</p><p class="parent">In reply to <a href="#c1">One</a></p></div>',
    "reply class": '<div class="comment" id="c1"><b>Anna</b><time>2 March 2026</time><p>One.</p></div>'
    '<div class="comment comment--reply" id="c2"><b>Finn</b><time>2 March 2026</time><p>Two.</p></div>',
}  # fmt: skip


@pytest.mark.parametrize("kind", REPLIES)
def test_replies_are_seen_by(kind: str) -> None:
    last = '<div class="c comment" id="c3" data-comment-id="3"><b>Ruth</b><time>3 March 2026</time><p>Three.</p></div>'
    thread = read(f'<div class="comments">{REPLIES[kind]}{last}</div>')
    assert [(c.author.name, c.body, c.parent) for c in thread.comments] == [
        ("Anna", "One.", None), ("Finn", "Two.", 0), ("Ruth", "Three.", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("notice", "state"),
    [
        ("This comment was removed by a moderator.", "removed"),
        ("Entfernt. Bitte bleiben Sie sachlich.", "removed"),
        ("Ce commentaire a été supprimé.", "removed"),
        ("Комментарий удалён модератором", "removed"),
        ("Comment deleted by user", "author_deleted"),
        ("My comment was removed last week, too.", "visible"),
        ("The old stones were removed in May.", "visible"),
    ],
)
def test_notices_of_removal_are_no_texts(notice: str, state: str) -> None:
    thread = read(flat(BLOCKS["numbered ids"]).replace("Is it late today?", notice))
    first = thread.comments[0]
    assert first.state == state
    assert first.body == (notice if state == "visible" else "")
    evidence = [flag.evidence for flag in first.flags if flag.code == "capture.removed_notice"]
    assert evidence == ([] if state == "visible" else [notice])


@pytest.mark.parametrize(
    "button", ["Load more comments", "Show 6 more replies", "Weitere Kommentare laden", "Voir plus de commentaires"]
)
def test_a_button_for_more_makes_a_thread_partial(button: str) -> None:
    thread = read(f'<section class="thread">{flat(BLOCKS["numbered ids"])}<button>{button}</button></section>')
    assert thread.completeness == "partial"


def test_a_list_without_buttons_is_not_called_full() -> None:
    assert read(flat(BLOCKS["numbered ids"])).completeness == "unknown"


@pytest.mark.parametrize(
    ("age", "at", "precision"),
    [
        ("3 hours ago", "2026-03-05T09:00:00Z", "hour"),
        ("vor 2 Tagen", "2026-03-03T00:00:00Z", "day"),
        ("il y a 3 ans", "2023-01-01T00:00:00Z", "year"),
        ("8mo", "2025-07-01T00:00:00Z", "month"),
    ],
)
def test_ages_are_placed_by_the_time_of_the_capture(age: str, at: str, precision: str) -> None:
    section = flat(BLOCKS["numbered ids"].replace("<small>{date}", f'<small class="date">{age}'))
    moment = read(section, "2026-03-05T12:00:00Z").comments[0].posted
    assert (moment.at, moment.text, moment.precision) == (at, age, precision)
    assert read(section).comments[0].posted.at is None


def count_calls(section: str) -> int:
    """Count the calls of functions while a section is read: a clock would measure the machine."""
    target = page(section)
    target.html  # noqa: B018 parsed before, so that only the reader counts
    calls = 0

    def note(_frame, event, _argument) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        claim = generic.claim(target)
    finally:
        sys.setprofile(None)
    assert claim is not None
    return calls


def flat_section(size: int) -> str:
    item = '<li id="comment-{n}"><b>Ann {n}</b> <time>2 March 2026</time><p>Text number {n}.</p></li>'
    return '<ul class="comments">' + "".join(item.format(n=n) for n in range(size)) + "</ul>"


def nested_section(size: int) -> str:
    html = ""
    for n in range(size):
        html = f'<li id="comment-{n}"><b>Ann {n}</b> <time>2 March 2026</time><p>Text {n}.</p><ul>{html}</ul></li>'
    return f'<ul class="comments">{html}</ul>'


@pytest.mark.parametrize("section", [flat_section, nested_section])
def test_the_work_grows_with_the_page_and_not_with_its_square(section) -> None:
    count_calls(section(20))  # caches fill
    assert count_calls(section(320)) < 6 * count_calls(section(80))


def test_a_text_is_the_part_called_so_in_camel_case_whole_and_no_label():
    block = (
        '<li class="newsCommentItem" id="c{n}"><div class="newsCommentHead"><span class="commentAuthor">{name}</span>'
        '<span class="newCommentsText">(new)</span> <time>{date}</time></div>'
        '<div class="newsCommentBody"><div class="folded"><p>{text}</p></div><span>…</span>'
        '<div class="unfolded">Whoever asks {name} hears more about the timetable.</div></div></li>'
    )
    thread = read(flat(block, '<h3>3 comments</h3><ul class="newsComments">{}</ul>'))
    assert [c.author.name for c in thread.comments] == [name for name, _, _ in ROWS]
    for comment, (name, _, text) in zip(thread.comments, ROWS, strict=True):
        assert text in comment.body
        assert comment.body.endswith(f"Whoever asks {name} hears more about the timetable.")
        assert "(new)" not in comment.body


def test_a_list_of_the_shape_of_its_blocks_is_no_comment():
    block = (
        "<div id='comment-id-{n}'><div class='content_4'><div><strong>{name}</strong></div><div class='final'>"
        "<div class='finalDate'>{date}</div><div id='comm-id-{n}'>{text}</div></div></div></div>"
    )
    thread = read(flat(block, "<div id='own-comments-list'>{}</div>"))
    assert [(c.native_id, c.parent) for c in thread.comments] == [("41", None), ("42", None), ("43", None)]


@pytest.mark.parametrize("kind", ["classes", "numbered ids", "bare list", "header line"])
def test_a_list_longer_than_is_read_is_partial_and_says_so(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    around = '<ul id="comments">{}</ul>' if kind == "bare list" else '<div class="comments">{}</div>'
    blocks = (
        BLOCKS[kind].format(n=41 + n, name=f"Reader {n}", date=f"2 March 2026, 09:{10 + n}", text=f"At {n}.")
        for n in range(14)
    )
    section = around.format("".join(blocks))
    assert (len(read(section).comments), read(section).completeness) == (14, "unknown")
    for module in (page_index, repeated_groups):
        monkeypatch.setattr(module, "MOST_BLOCKS", 12)
    thread = read(section)
    assert (len(thread.comments), thread.completeness) == (12, "partial")
    assert generic.TOO_MANY in [flag.evidence for flag in thread.flags if flag.code == "capture.partial_thread"]


LIVE = '<div class="{kind}" id="e-{n}"><time>{date}</time><b class="author">{name}</b><p>{text}</p></div>'
LIVE_JSON = '<script type="application/ld+json">{"@type": "LiveBlogPosting", "headline": "Ferry"}</script>'


@pytest.mark.parametrize(
    ("kind", "around"),
    [
        ("live-post", '<div class="live-blog">{}</div>'),
        ("live-post", "<div>{}</div>"),
        ("post", LIVE_JSON + "<div>{}</div>"),
        ("entry", LIVE_JSON + '<div class="stream">{}</div>'),
    ],
)
def test_entries_of_a_live_blog_are_the_newsrooms(kind: str, around: str) -> None:
    section = flat(LIVE.replace("{kind}", kind), around.replace("{", "{{").replace("}", "}}").replace("{{}}", "{}"))
    thread = read(section)
    assert not thread.comments
    assert "It was on Friday." in thread.article.body


def test_comments_below_a_live_blog_are_read() -> None:
    assert len(read(LIVE_JSON + flat(BLOCKS["classes"])).comments) == 3


def test_texts_alone_are_comments_where_there_are_as_many_as_are_stated() -> None:
    item = '<li class="x-comment"><div class="x-comment-content"><div class="unfold">{text}</div></div></li>'
    texts = [f"{row[2]} {again}" for again in ("Truly.", "I ask you.") for row in ROWS]
    around = '<div class="x-comment-widget sidebar"><p class="comments-total">{} comments</p><ul>{}</ul></div>'
    items = "".join(item.format(text=text) for text in texts)
    assert [row[2] for row in rows(read(around.format(6, items)))] == texts
    assert rows(read(around.format(16, items))) == []
    assert rows(read(around.format("Latest 6", items))) == []


def test_a_comment_is_not_left_out_for_the_name_of_its_place() -> None:
    block = '<li class="comment" id="{id}"><b class="author">{name}</b> <i class="date">{date}</i><p>{text}</p></li>'
    ids = ("reader-1", "reader-2", "last-reader")
    blocks = (block.format(id=id_, name=r[0], date=r[1], text=r[2]) for id_, r in zip(ids, ROWS, strict=True))
    assert [row[0] for row in rows(read(f'<ul class="comments">{"".join(blocks)}</ul>'))] == ["Anna", "Finn", "Ruth"]


def test_a_box_to_type_in_is_no_comment() -> None:
    block = '<div class="comment-data"><b class="user-name">{name}</b> <i class="date">{date}</i><p>{text}</p></div>'
    form = (
        '<div class="comment-data"><b class="user-name">You</b><p>Sign out of <i>Courier</i>?</p><textarea></textarea>'
        "</div>"
    )
    thread = read(flat(block, f'<div class="comments">{form}{{}}</div>'))
    assert [row[0] for row in rows(thread)] == ["Anna", "Finn", "Ruth"]


def test_a_reply_to_a_comment_of_which_nothing_is_left_stands_at_the_top() -> None:
    block = '<li id="c{n}"><b class="author">{name}</b> <i class="date">{date}</i><p>{text}</p><a href="#">Reply</a>{inner}</li>'
    emptied = block.format(n=40, name="", date="", text="", inner="<ul>{}</ul>")
    blocks = [block.format(n=41 + i, name=r[0], date=r[1], text=r[2], inner="") for i, r in enumerate(ROWS)]
    thread = read(f'<ul class="comments">{blocks[0]}{emptied.format(blocks[1])}{blocks[2]}</ul>')
    assert [(row[0], row[3]) for row in rows(thread)] == [("Anna", None), ("Finn", None), ("Ruth", None)]


@pytest.mark.parametrize(
    "motto", ['<div class="bio">Fond of boats</div><div><a href="/f">250 fans</a></div>', "<p>Sails</p>"]
)
def test_a_motto_below_a_name_is_none_of_it(motto: str) -> None:
    block = (
        '<div class="comment" id="comment_{n}"><div class="author_name"><a href="/p?a={n}">{name}</a>'
        + motto
        + '</div><div class="comment_time">{date}</div><div class="comment_text">{text}</div></div>'
    )
    assert [row[0] for row in rows(read(flat(block)))] == ["Anna", "Finn", "Ruth"]


@pytest.mark.parametrize("text", [".", "...", ":-"])
def test_a_text_of_signs_is_kept(text: str) -> None:
    block = '<div class="comment"><i class="comment-author">{name}</i><div class="comment-body">{text}</div></div>'
    section = flat(block).replace(ROWS[1][2], text)
    assert [row[2] for row in rows(read(section))] == [ROWS[0][2], text, ROWS[2][2]]


TITLED = {
    "events": '<div class="event" id="e{n}"><time>{date}</time><h3>Choir of {name}</h3><p>{text}</p></div>',
    "jobs": '<li class="job" id="job-{n}"><h3>Baker</h3><i class="date">{date}</i><p>{text}</p><a href="/{n}">Apply</a></li>',
}  # fmt: skip


@pytest.mark.parametrize("kind", TITLED)
def test_titles_of_a_list_are_no_names(kind: str) -> None:
    numbered = [(n, *row) for n, row in enumerate(ROWS * 2, 11)]
    blocks = (TITLED[kind].format(n=n, name=name, date=date, text=f"{text} {n}") for n, name, date, text in numbered)
    assert rows(read(f"<div>{''.join(blocks)}</div>")) == []
