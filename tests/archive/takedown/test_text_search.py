"""Texts are matched in all that pages make of them, and no others are."""

import html
import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from archive.takedown.text_search import TextSearch, decodings
from archive.text.fold import fold_letters

OTHER = "<p>Ten past six is when the ferry leaves, says the timetable on the pier.</p>"
PROSE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=20, max_size=200)


@given(
    PROSE.filter(
        lambda text: len(fold_letters(text)) >= 12 and "<" not in text and "\\" not in text and "&" not in text
    )
)
def test_a_text_is_found_in_all_that_pages_make_of_it(text):
    search = TextSearch([text])
    escaped = html.escape(text)
    for made in (
        text,
        f"<p>{escaped}</p>",
        html.escape(escaped),
        json.dumps({"a": f"<p>{escaped}</p>"}),
        json.dumps(json.dumps(text)),
        quote(text),
        "<br>".join(map(html.escape, text)),
    ):
        assert search.matches(list(decodings(made))), made
    assert not search.matches(list(decodings(OTHER)))


def test_short_texts_are_told_by_their_words():
    search = TextSearch(["At nine.", "👍"])
    assert not search.matches(["At nine."])
    assert search.matches_short(list(decodings("<p>At&nbsp;<i>nine</i>!</p>")))
    assert search.matches_short(["well 👍 done"])
    assert not search.matches_short(list(decodings("<p>That nineteenth time</p>")))
    empty = TextSearch(["", "  "])
    assert not empty.matches(["", "  "])
    assert not empty.matches_short(["", "  "])
