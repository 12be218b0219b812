"""The date of one comment: from attributes for machines, else from words."""

import pytest
from lxml import html

from crawler.platforms.comment_html.class_names import traits
from crawler.platforms.comment_html.date import find_stamp, read_moment


@pytest.mark.parametrize(
    "markup",
    [
        '<span class="comment-date" data-timestamp="1457946120">8 years ago</span>',
        '<span class="comment-date" data-timestamp="1457946120000">8 years ago</span>',
        '<span class="when" data-livestamp="1457946120">8 years ago</span>',
        '<span class="when" data-datetime="2016-03-14 09:02:00">vor 8 Jahren</span>',
        '<time datetime="1457946120">8y</time>',
        '<a href="#c1"><relative-time datetime="2016-03-14T09:02:00Z">on Mar 14, 2016</relative-time></a>',
    ],
)
def test_a_time_for_machines_is_read_from_any_attribute(markup: str) -> None:
    block = html.fromstring(f"<div>{markup}<p>The ferry leaves at nine.</p></div>")
    stamp = find_stamp([(element, traits(element.get("class"))) for element in block.iter()], set())
    assert read_moment(stamp.machine or "").at == "2016-03-14T09:02:00Z"
    assert stamp.text is not None
    assert "2016-03" not in stamp.text


def test_a_number_that_is_no_time_is_none() -> None:
    assert read_moment("214").at is None
    assert read_moment("9876543210987").at is None
