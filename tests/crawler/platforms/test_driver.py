"""What becomes of a page in which no comment can be read."""

import pytest

from crawler.pages.page import Page
from crawler.platforms import driver

ARTICLE = "<article><h1>The ferry</h1><p>It sails again on Monday, says the harbour office of the town.</p></article>"


def read(html: str):
    page = Page("https://courier.example/2026/ferry", html.encode(), {"content-type": "text/html; charset=utf-8"})
    (thread,) = driver.run(driver.visit(page), lambda _: pytest.fail("nothing is to be fetched"))
    return thread


def test_a_page_that_states_comments_and_shows_none_is_partial():
    thread = read(f"<body>{ARTICLE}<h2>110 comments</h2><div id=app></div></body>")
    assert (thread.platform, thread.stated_count, thread.completeness) == ("none", 110, "partial")
    assert [flag.evidence for flag in thread.flags] == ["110 stated, 0 held"]


@pytest.mark.parametrize("heading", ["", "<h2>0 comments</h2>", "<h3>2 comments</h3><h3>5 comments</h3>"])
def test_without_one_number_nothing_is_missed(heading):
    thread = read(f"<body>{ARTICLE}{heading}</body>")
    assert (thread.platform, thread.stated_count, thread.completeness, thread.flags) == ("none", None, "unknown", ())


@pytest.mark.parametrize(("published", "at"), [("2015-12-30T10:00:00Z", "2016-01-02T16:22:00Z"), ("", None)])
def test_a_day_without_a_year_is_placed_by_the_articles_date(published, at):
    remarks = ("Good riddance to it.", "I shall miss the old boat.", "Who decides on such things, and when?")
    items = "".join(
        f'<li class="comment" id="c{n}"><b class="author">Finn {n}</b> <span class="date">2 January at 4:22 pm</span>'
        f"<p>{text}</p><a>Reply</a></li>"
        for n, text in enumerate(remarks, 100)
    )
    head = f'<meta property="article:published_time" content="{published}">' if published else ""
    thread = read(f'<head>{head}</head><body>{ARTICLE}<ol class="comments">{items}</ol></body>')
    assert [comment.body for comment in thread.comments] == list(remarks)
    assert {(comment.posted.at, comment.posted.text) for comment in thread.comments} == {(at, "2 January at 4:22 pm")}
