"""Days without a year are placed by their article's date; nothing is placed where that does not tell."""

import pytest

from archive.text.dates import parse_date
from archive.text.relative_dates import place_age, place_day

PUBLISHED, FETCHED = "2015-11-20T10:00:00Z", "2026-03-14T06:00:00Z"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Nov.20 at 4:22 pm", "2015-11-20T16:22:00Z"),
        ("19. November, 23:30", "2015-11-19T23:30:00Z"),
        ("5 de marzo", "2016-03-05T00:00:00Z"),
        ("29 February", "2016-02-29T00:00:00Z"),
        ("30 February", None),
        ("18 November", "2016-11-18T00:00:00Z"),
        ("14.03. 2016", None),
        ("3 hours ago", None),
    ],
)
def test_the_first_such_day_since_the_article(text, at):
    placed = place_day(text, PUBLISHED, FETCHED)
    assert (placed and (placed.at, placed.text)) == (at and (at, text))


def test_no_day_that_is_yet_to_come():
    assert place_day("5 March", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z") is None
    assert place_day("5 March", "0001-01-01T00:00:00Z", FETCHED) is None
    assert place_day("29 February", "2014-03-01T00:00:00Z", FETCHED) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("un'ora fa", "2026-03-14T05:00:00Z"),
        ("about a day ago", "2026-03-13T00:00:00Z"),
        ("пре 2 године", "2024-01-01T00:00:00Z"),
        ("преди 2 години", "2024-01-01T00:00:00Z"),
        ("2 години тому", "2026-03-14T04:00:00Z"),
        ("قبل يومين", "2026-03-12T00:00:00Z"),
        ("לפני שנתיים", "2024-01-01T00:00:00Z"),
        ("5 minuuttia sitten", "2026-03-14T05:55:00Z"),
        ("2 päeva eest", "2026-03-12T00:00:00Z"),
        ("pred 2 dnevoma", "2026-03-12T00:00:00Z"),
        ("3 гадзіны таму", "2026-03-14T03:00:00Z"),
        ("2 วันที่ผ่านมา", "2026-03-12T00:00:00Z"),
        ("fyrir 3 klukkustundum", "2026-03-14T03:00:00Z"),
        ("5 মিনিট আগে", "2026-03-14T05:55:00Z"),
        ("fa 2 hores", "2026-03-14T04:00:00Z"),
        ("fa 3 setmanes", "2026-02-01T00:00:00Z"),
    ],
)
def test_ages_in_words(text, at):
    placed = place_age(text, FETCHED)
    assert (placed and placed.at) == at


def test_a_clock_is_no_year():
    assert parse_date("28.10. 14:20").at is None
