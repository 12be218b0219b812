"""HTML becomes the text that a reader sees, at any depth."""

import pytest

from archive.text.html_text import html_text, parse_count, parse_moment
from archive.thread import Moment


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("One<br>two", "One\ntwo"),
        ("bare,\n  with a line feed", "bare,\nwith a line feed"),
        ("<blockquote><p>Was it?</p></blockquote><p>It was.</p>", "> Was it?\n\nIt was."),
        ('<a href="https://town.example/plan">the plan</a>', "the plan (https://town.example/plan)"),
        ('<a href="https://www.town.example/">town.example</a>', "town.example"),
        (
            '<a href="https://paper.example/out?to=1">https://town.example/<wbr>a\u00adplan</a>',
            "https://town.example/a\u00adplan",
        ),
        (
            '<a href="https://town.example/plan/2024">https://town.example/pl…</a>',
            "https://town.example/pl… (https://town.example/plan/2024)",
        ),
        ('<p>Hello <img alt=":)"><script>x()</script><!-- no -->there</p>', "Hello :)there"),
        ("<pre>a  b\n  c</pre>", "a  b\n  c"),
    ],
)
def test_the_text_of_a_piece_of_html(html, text):
    assert html_text(html) == text


def test_depth_has_no_limit():
    assert html_text("<div>" * 6_000 + "deep" + "</div>" * 6_000) == "deep"


def test_times_keep_the_visible_words():
    assert parse_moment("last Tuesday", "2024-05-07T10:00:00Z") == Moment(
        "2024-05-07T10:00:00Z", "last Tuesday", "second"
    )
    assert parse_moment(" ", None) is None


def test_counts():
    assert [parse_count(line) for line in ("1,234 comments", "3 Kommentare", "none")] == [1234, 3, None]
