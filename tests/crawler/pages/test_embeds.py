"""Hosted comment systems are recognised, with the thread's id where the page shows it."""

import pytest

from crawler.pages.embeds import find_hosted_threads, load_markers
from crawler.pages.page import Page


@pytest.mark.parametrize(
    ("html", "threads"),
    [
        ('<div id="disqus_thread"></div>', {"disqus": None}),
        ('<script src="https://courier.disqus.com/embed.js"></script>', {"disqus": "courier"}),
        ('<vf-conversations vf-container-id="9"></vf-conversations>', {"viafoura": "9"}),
        ("<p>We left Disqus last year.</p>", {}),
    ],
)
def test_systems_and_ids(html, threads):
    assert find_hosted_threads(Page("https://courier.example/ferry", html.encode())) == threads


def test_every_marker_can_match():
    for name, marker in load_markers().items():
        assert marker.hints, name
        assert marker.tag or marker.patterns.keys() - {"native"}, name
