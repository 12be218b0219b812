"""Names of elements, and buttons for more, in twenty languages; and ages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text.dates import find_date, parse_date
from archive.text.relative_dates import is_short_age, place_age
from crawler.platforms.comment_html.load_more import says_more
from crawler.platforms.comment_html.section_words import MEDIUM, STRONG, words_of

NOW = "2026-03-05T12:00:00Z"


@pytest.mark.parametrize(
    ("name", "strength"),
    [("pageCommentBox", STRONG), ("news-comment-main", STRONG), ("Leserbriefe", STRONG), ("letters-to-the-editor", STRONG), ("guestbook", STRONG), ("avis", STRONG),
     ("message", MEDIUM), ("replies", MEDIUM), ("hentry", 0), ("content", 0), (None, 0)],
)  # fmt: skip
def test_names_of_comments(name: str | None, strength: int) -> None:
    assert words_of(name).strength == strength


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert says_more(text) in (True, False)
    assert words_of(text).strength in (0, MEDIUM, STRONG)
    moment = place_age(text, NOW)
    assert moment is None or (moment.text == text and moment.at <= "2026-03-05T12:00:00Z")
    assert is_short_age(text) in (True, False)
    span = find_date(text)
    assert span is None or 0 <= span[0] < span[1] <= len(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2 March 2026 at 14:05 JST", "2026-03-02T05:05:00Z"),
        ("March 2, 2026 at 2:05 pm IST", "2026-03-02T08:35:00Z"),
        ("2 March 2026 14:05 UTC+3", "2026-03-02T11:05:00Z"),
        ("2 March 2026 14:05 (GMT+9)", "2026-03-02T05:05:00Z"),
        ("2026-03-02 14:05:11 +09", "2026-03-02T05:05:11Z"),
        ("20260302T140511Z", "2026-03-02T14:05:11Z"),
        ("8:18 AM Wednesday, Mar 4, 2026", "2026-03-04T08:18:00Z"),
        ("02.03, 2026 @ 13:04", "2026-03-02T13:04:00Z"),
        ("2026 m. kovo 2 d. 14:05", "2026-03-02T14:05:00Z"),
        ("2026. gada 2. marts, 14:05", "2026-03-02T14:05:00Z"),
        ("2 Mart 2026 Pazartesi 14:05", "2026-03-02T14:05:00Z"),
    ],
)
def test_times_in_pieces_and_zones(text: str, at: str) -> None:
    assert parse_date(text, day_first=True).at == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("5 minutes ago", "2026-03-05T11:55:00Z"),
        ("vor 50 Minuten", "2026-03-05T11:10:00Z"),
        ("hace 2 días", "2026-03-03T00:00:00Z"),
        ("3 недели назад", "2026-02-01T00:00:00Z"),
        ("2日前", "2026-03-03T00:00:00Z"),
        ("Yesterday", "2026-03-04T00:00:00Z"),
        ("1y", "2025-01-01T00:00:00Z"),
        ("2 March 2026", None),
        ("the ferry", None),
    ],
)
def test_ages(text: str, at: str | None) -> None:
    moment = place_age(text, NOW)
    assert (moment and moment.at) == at
    assert place_age(text, None) is None
