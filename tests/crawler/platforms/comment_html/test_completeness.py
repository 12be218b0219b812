"""What says that a page does not show all comments of its thread."""

import pytest
from lxml import html

from crawler.platforms.comment_html.completeness import reasons_for_more


@pytest.mark.parametrize(
    ("element", "leads_to_more"),
    [
        ('<button aria-label="Load more comments"><svg></svg></button>', True),
        ('<a href="/login">Sign in to see all 14 comments</a>', True),
        ('<a href="/login">Anmelden, um alle 14 Kommentare zu lesen</a>', True),
        ('<a href="/login">Log in to reply</a>', False),
        ('<button aria-label="Load more comments">Send</button>', False),
        ('<a class="hidden" href="#">Load more comments</a>', False),
    ],
)
def test_buttons_and_links(element: str, leads_to_more: bool) -> None:
    section = html.fromstring(f"<div><p>The ferry leaves at nine.</p>{element}</div>")
    assert bool(reasons_for_more(section, None, 1)) is leads_to_more
