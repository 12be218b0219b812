"""Threads that a site shows a page at a time: every page is read once, and the comments stand in their order."""

import pytest

from crawler.pages.page import FetchFailed, Page
from crawler.platforms import driver

ADDRESS = "https://courier.example/2026/03/ferry/"
ROWS = [(str(40 + i), f"Reader {i}", f"2026-03-0{i}T09:00:00Z", f"Is it late on day {i}?") for i in range(1, 7)]


def page_of(address: str, rows, links: str, *, ids: bool = True) -> Page:
    blocks = "".join(
        f'<div class="item"{f" id=c{n}" if ids else ""}><b class="who">{name}</b> <time datetime="{at}">{at}</time>'
        f"<p>{text}</p></div>"
        for n, name, at, text in rows
    )
    html = f"<h1>Ferry</h1><p>The ferry leaves at nine.</p><section class=comments>{blocks}<nav>{links}</nav></section>"
    return Page(address, html.encode(), {"content-type": "text/html; charset=utf-8"}, "2026-03-14T06:00:00Z")


def read(pages: dict[str, Page]):
    requested = []

    def fetch(request):
        requested.append(request.url)
        if request.url not in pages:
            raise FetchFailed(request.url, "not there", 404)
        return pages[request.url]

    return driver.run(driver.visit(next(iter(pages.values()))), fetch)[0], requested


def days(thread):
    return [(c.posted.at[8:10], c.page) for c in thread.comments]


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('<a rel="next" href="?p=2#comments">›</a>', '<a rel="prev" href="?p=1">‹</a>'),
        ('<a href="?p=2">Next comments</a>', '<a href="/2026/03/ferry/">Earlier comments</a>'),
    ],
)
def test_the_pages_that_a_section_leads_to_are_read(ids, first, second):
    pages = {
        ADDRESS: page_of(ADDRESS, ROWS[:3], first, ids=ids),
        f"{ADDRESS}?p=2": page_of(f"{ADDRESS}?p=2", ROWS[3:], second, ids=ids),
        f"{ADDRESS}?p=1": page_of(f"{ADDRESS}?p=1", ROWS[:3], first, ids=ids),
    }
    thread, requested = read(pages)
    assert days(thread) == [("01", 0), ("02", 0), ("03", 0), ("04", 1), ("05", 1), ("06", 1)]
    assert requested[0] == f"{ADDRESS}?p=2"
    assert len(requested) == len(set(requested)) <= 2
    assert thread.completeness == "unknown"
    assert len(thread.pages) == len(requested)


def test_a_section_that_shows_its_last_page_first():
    older = f"{ADDRESS}comment-page-1"
    pages = {
        ADDRESS: page_of(ADDRESS, ROWS[3:], f'<a href="{older}">Older comments</a>'),
        older: page_of(older, ROWS[:3], ""),
    }
    assert [day for day, _ in days(read(pages)[0])] == ["01", "02", "03", "04", "05", "06"]
    newest_first = {
        ADDRESS: page_of(ADDRESS, ROWS[:2:-1], f'<a href="{older}">Older comments</a>'),
        older: page_of(older, ROWS[2::-1], ""),
    }
    assert [day for day, _ in days(read(newest_first)[0])] == ["06", "05", "04", "03", "02", "01"]


@pytest.mark.parametrize(
    "link",
    [
        '<a rel="next" href="/2026/03/the-next-article/">Next</a>',
        '<a rel="next" href="https://elsewhere.example/2026/03/ferry/?p=2">Next</a>',
        '<a rel="next" href="#comments">Next</a>',
        '<a rel="next" href="/2026/03/ferry-again/">Next</a>',
        '<a rel="next" href="javascript:more()">Next</a>',
        '<a href="?share=mail">Share</a>',
    ],
)
def test_no_link_to_another_article_is_followed(link):
    assert read({ADDRESS: page_of(ADDRESS, ROWS, link)})[1] == []


def test_pages_that_cannot_be_read_leave_the_thread_partial():
    thread, _ = read({ADDRESS: page_of(ADDRESS, ROWS, '<a rel="next" href="?p=2">Next</a>')})
    assert (len(thread.comments), thread.completeness) == (6, "partial")
    empty = Page(f"{ADDRESS}?p=2", b"<p>Nothing here.</p>", {"content-type": "text/html"}, None)
    thread, _ = read({ADDRESS: page_of(ADDRESS, ROWS, '<a rel="next" href="?p=2">Next</a>'), empty.url: empty})
    assert "no comments" in " ".join(flag.evidence or "" for flag in thread.flags)


def test_a_site_that_goes_round_in_circles_is_left():
    def turning(number: int) -> Page:
        address = f"{ADDRESS}?p={number}"
        return page_of(address, ROWS, f'<a rel="next" href="?p={number + 1}">Next</a>')

    thread, requested = read({ADDRESS: page_of(ADDRESS, ROWS, '<a rel="next" href="?p=2">Next</a>')} | {
        f"{ADDRESS}?p={number}": turning(number) for number in range(2, 9)
    })  # fmt: skip
    assert (len(thread.comments), len(requested)) == (6, 1)


def test_wordpress_shows_its_last_page_first():
    def post(address: str, rows, links: str) -> Page:
        items = "".join(
            f'<li id="comment-{n}" class="comment even depth-1"><article id="div-comment-{n}" class="comment-body">'
            f'<b class="fn">{name}</b><time datetime="{at}">{at}</time><div class="comment-content"><p>{text}</p></div>'
            "</article></li>"
            for n, name, at, text in rows
        )
        html = f'<body class="postid-77"><h1>Ferry</h1><div id="comments"><ol class="comment-list">{items}</ol>{links}'
        return Page(address, html.encode(), {"content-type": "text/html; charset=utf-8"}, "2026-03-14T06:00:00Z")

    older = '<a href="/2026/03/ferry/comment-page-{}/#comments">Older comments</a>'
    pages = {ADDRESS: post(ADDRESS, ROWS[4:], older.format(2))}
    for number in (1, 2):
        address = f"{ADDRESS}comment-page-{number}/"
        pages[address] = post(address, ROWS[number * 2 - 2 : number * 2], older.format(1) if number == 2 else "")
    thread, _ = read(pages)
    assert thread.platform == "wordpress"
    assert [day for day, _ in days(thread)] == ["01", "02", "03", "04", "05", "06"]
