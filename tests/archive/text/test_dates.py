"""Date text in many languages: the moment, its precision, and never a guess."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text import dates
from archive.text.date_words import month
from archive.thread import Moment
from tests.call_count import count_calls

EARLIEST, LATEST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2099-12-31")
MINUTE = "2016-03-14T09:02:00Z"
EVENING = "2016-03-14T21:02:00Z"
DAY = "2016-03-14T00:00:00Z"

KNOWN = [
    ("March 14, 2016 at 9:02 am", MINUTE, "minute"),
    ("Monday, March 14th, 2016 at 9:02 pm", EVENING, "minute"),
    ("9:02 am on March 14, 2016", MINUTE, "minute"),
    ("Mar 14, 2016 @ 9:02", MINUTE, "minute"),
    ("14 Mar 2016 09:02:00 EST", "2016-03-14T14:02:00Z", "second"),
    ("14-Mar-2016", DAY, "day"),
    ("March 14, 2016 at 9 am", "2016-03-14T09:00:00Z", "hour"),
    ("14. März 2016 um 09:02 Uhr", MINUTE, "minute"),
    ("14.03.16 09:02", MINUTE, "minute"),
    ("le 14 mars 2016 à 9 h 02", MINUTE, "minute"),
    ("14 mars 2016 à 9 h 02 min", MINUTE, "minute"),
    ("14 de marzo de 2016 a las 09:02", MINUTE, "minute"),
    ("14 marzo, 2016 en 9:02 am", MINUTE, "minute"),
    ("14 marzo 2016 alle 9:02", MINUTE, "minute"),
    ("14 de março de 2016 às 09:02", MINUTE, "minute"),
    ("14 maart 2016 om 09:02", MINUTE, "minute"),
    ("14 maart 2016 op 09:02", MINUTE, "minute"),
    ("14 marca 2016 o 09:02", MINUTE, "minute"),
    ("14 марта 2016 в 09:02", MINUTE, "minute"),
    ("14.03.2016 в 09:02", MINUTE, "minute"),
    ("14 березня 2016 о 09:02", MINUTE, "minute"),
    ("14. března 2016 v 9:02", MINUTE, "minute"),
    ("2016. március 14. 09:02", MINUTE, "minute"),
    ("14. maaliskuuta 2016 klo 9.02", MINUTE, "minute"),
    ("14 mars 2016 kl. 09:02", MINUTE, "minute"),
    ("14 Mart 2016, 09:02", MINUTE, "minute"),
    ("14 Μαρτίου 2016 στις 9:02 μμ", EVENING, "minute"),
    ("Μαΐου 9, 2016", "2016-05-09T00:00:00Z", "day"),
    ("14 مارس 2016", DAY, "day"),
    ("2016年3月14日 09:02", MINUTE, "minute"),
    ("2016年3月14日 下午 9:02", EVENING, "minute"),
    ("2016년 3월 14일 오후 9:02", EVENING, "minute"),
    ("2016. 3. 14. 오후 9:02", EVENING, "minute"),
    ("2016/03/14(月) 09:02:03.01", "2016-03-14T09:02:03Z", "second"),
    ("14 مارس 2016 الساعة 9:02 م", EVENING, "minute"),
    ("١٤ مارس ٢٠١٦", DAY, "day"),
    ("14 במרץ 2016 בשעה 9:02", MINUTE, "minute"),
    ("14.03.16 09:02 +28", MINUTE, "minute"),
    ("14 Maret 2016 pukul 09.02", MINUTE, "minute"),
    ("2016-03-14 09:02", MINUTE, "minute"),
    ("2016-03-14T09:02:03Z", "2016-03-14T09:02:03Z", "second"),
    ("2016-03-14T09:02:03+02:00", "2016-03-14T07:02:03Z", "second"),
    ("14/03/2016", DAY, "day"),
    ("3/14/16, 9:02 PM", EVENING, "minute"),
    ("March 2016", "2016-03-01T00:00:00Z", "month"),
    ("12 listopada 2016", "2016-11-12T00:00:00Z", "day"),
    ("12. listopada 2016.", "2016-10-12T00:00:00Z", "day"),
    ("2016-Mar-14 09:02", MINUTE, "minute"),
    ("14\u200f/03\u200f/2016, 9:02", MINUTE, "minute"),
    ("14 مارچ، 2016", DAY, "day"),
    ("14 במרץ׳ 2016", DAY, "day"),
    ("14 בפבר׳ 2016", "2016-02-14T00:00:00Z", "day"),
    ("14 thg 3, 2016", DAY, "day"),
    ("14 มีนาคม ค.ศ. 2016", DAY, "day"),
    ("14 मई 2016", "2016-05-14T00:00:00Z", "day"),
    ("14 জানু, 2016", "2016-01-14T00:00:00Z", "day"),
    ("14 მარტი, 2016", DAY, "day"),
    ("2016 թ. մարտի 14", DAY, "day"),
    ("2016 ж. 14 наурыз", DAY, "day"),
    ("14 ta’ Marzu 2016", DAY, "day"),
    ("14 Feabhra 2016", "2016-02-14T00:00:00Z", "day"),
    ("14. lip 2016.", "2016-06-14T00:00:00Z", "day"),
    ("14 lip 2016", "2016-07-14T00:00:00Z", "day"),
    ("20160314T0902Z", MINUTE, "minute"),
    ("14 Mart 2016 ÖS 9:02", EVENING, "minute"),
    ("14 Mart 2016 ÖÖ 9:02", MINUTE, "minute"),
    ("2016/3/14 下午 09:02", EVENING, "minute"),
    ("14-Mar-16 09:02", MINUTE, "minute"),
    ("Mon Mar 14 09:02:00 2016", MINUTE, "second"),
    ("Mon Mar 14 10:02:00 CET 2016", MINUTE, "second"),
    ("Mon Mar 14 09:02:00 +0000 2016", MINUTE, "second"),
    ("14 March 2016 04:02 (UTC−05:00)", MINUTE, "minute"),
    ("14 March 2016 12:02 EAT", MINUTE, "minute"),
    ("March 14, 2016 5:02 AM ET", MINUTE, "minute"),
    ("December 14, 2016 4:02 AM ET", "2016-12-14T09:02:00Z", "minute"),
    ("14. март 2016. у 9:02", MINUTE, "minute"),
    ("14 mars 2016 në 9:02", MINUTE, "minute"),
    ("14 de marzo de 2016 ás 9:02", MINUTE, "minute"),
    ("14 сакавіка 2016 у 9:02", MINUTE, "minute"),
    ("平成28年3月14日 9時2分", MINUTE, "minute"),
    ("令和元年12月31日", "2019-12-31T00:00:00Z", "day"),
    ("2016년 3월 14일 9시 2분", MINUTE, "minute"),
    ("2016年3月14日 午後9時2分", EVENING, "minute"),
    ("১৪ মার্চ ২০১৬", DAY, "day"),
]


@pytest.mark.parametrize(("text", "at", "precision"), KNOWN)
def test_parse_date(text: str, at: str, precision: str) -> None:
    assert dates.parse_date(text) == Moment(at, text, precision)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "at", "precision"), KNOWN)
def test_a_date_is_found_in_its_line(text: str, at: str, precision: str) -> None:
    line = f"Joe | {text} | Permalink"
    assert dates.is_date(text)
    where = dates.find_date(line)
    assert where is not None
    assert dates.parse_date(line[where[0] : where[1]]).at == at


@pytest.mark.parametrize(
    "text",
    [
        "3 years ago",
        "a year ago",
        "vor 3 Jahren",
        "il y a 2 ans",
        "hace 5 meses",
        "2 года назад",
        "3 anni fa",
        "3年前",
        "March 14 at 9:02 am",
        "05/06/2016",
    ],
)
def test_what_cannot_be_told_keeps_its_text(text: str) -> None:
    assert dates.is_date(text)
    assert dates.parse_date(text) == Moment(text=text)


def test_words_that_are_zones_in_capitals_only() -> None:
    for text in ("14 March 2016 9:02 eat", "14 March 2016 9:02 et à demain", "14 March 2016 9:02 West Street"):
        assert dates.parse_date(text).at == MINUTE


@pytest.mark.parametrize("text", ["Feb 30, 2016", "99/99/2016", "", "in 2016 we went", "14"])
def test_no_such_day(text: str) -> None:
    assert dates.parse_date(text) == Moment(text=text)


@pytest.mark.parametrize(
    "text",
    [
        "I was there in March 2016 and it rained all day",
        "In 2016 the pool was closed for repairs.",
        "They may march 4 times.",
        "x" * 10_000 + " March 14, 2016",
    ],
)
def test_a_sentence_is_no_date(text: str) -> None:
    assert not dates.is_date(text)


def test_the_order_of_day_and_month_is_learned() -> None:
    assert dates.infer_day_first(["05/06/2016", "25/06/2016"]) is True
    assert dates.infer_day_first(["05/06/2016", "06/25/2016"]) is False
    assert dates.infer_day_first(["05/06/2016", "March 14, 2016"]) is None
    assert dates.parse_date("05/06/2016", day_first=True).at == "2016-06-05T00:00:00Z"
    assert dates.parse_date("05/06/2016", day_first=False).at == "2016-05-06T00:00:00Z"
    assert dates.parse_date("05/05/2016").at == "2016-05-05T00:00:00Z"


@pytest.mark.parametrize(
    ("language", "day_first"),
    [("de", True), ("es-MX", True), ("en_GB", True), ("en", None), ("es-US", None), ("fr-CA", None), (None, None)],
)
def test_the_language_of_a_page_says_which_number_is_the_day_where_its_writers_agree(language, day_first):
    assert dates.infer_day_first(["05/06/2016"], language) is day_first


def test_a_number_before_a_date_is_no_day() -> None:
    line = "Nan from No. 7 May 10, 2016"
    assert dates.find_date(line) == (15, len(line))


@pytest.mark.parametrize(
    "text", ["14 mis-Mawrth 2016", "14 Mawrth 2016, 09:02", "14. Mawrth 2016 um 9:02", "Mawrth 14, 2016 at 9:02 am"]
)
def test_of_a_month_of_an_unknown_language_the_year_is_known_where_a_time_shows_a_date(text: str) -> None:
    dated = text.endswith(("2", "m"))
    known = Moment("2016-01-01T00:00:00Z", text, "year") if ":" in text else Moment(text=text)
    assert dates.parse_date(text) == known
    assert (dates.find_date(text) is not None) == (dated and ":" in text)


@pytest.mark.parametrize("text", ["12 rooms 2016", "Anna LindMarch 1, 2016 at 9:01 AM", "40 Mawrth 2016, 09:02"])
def test_a_number_and_a_word_before_a_year_are_not_often_a_date(text: str) -> None:
    assert dates.parse_date(text).precision != "year"


def test_a_day_may_run_into_a_name() -> None:
    assert dates.find_glued_date("Ann1. Mai 2016 um 09:02") == (3, 23)
    assert dates.find_glued_date("Ann1. Mawrth 2016 um 09:02") == (3, 26)


@pytest.mark.parametrize("text", ["about a minute ago", "un'ora fa", "almost 2 years ago", "circa 3 uur geleden"])
def test_ages_may_be_rough(text: str) -> None:
    assert dates.find_date(f"Anna Lind {text}") == (10, 10 + len(text))
    assert dates.may_hold_date(f"Anna Lind of Harbour Street {text}")


def test_months() -> None:
    assert [month(word) for word in ("März", "mar", "marraskuuta", "Wednesday", "kwietnia", "سپتامبر")] == [
        3,
        3,
        11,
        None,
        4,
        9,
    ]


@given(st.text(max_size=200), st.none() | st.booleans())
def test_never_raises_and_keeps_the_text(text: str, day_first: bool | None) -> None:
    moment = dates.parse_date(text, day_first)
    assert moment.text == text
    assert (moment.at is None) == (moment.precision is None)
    where = dates.find_date(text)
    assert where is None or 0 <= where[0] < where[1] <= len(text)


@given(
    st.datetimes(EARLIEST, LATEST),
    st.sampled_from(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ"]),
)
def test_iso_round_trip(when: datetime, pattern: str) -> None:
    text = f"{when:{pattern}}"
    assert (dates.parse_date(text).at or "")[:16] == text[:10] + "T" + text[11:16]


@pytest.mark.parametrize("unit", ["1 ", "may ", "1/1/", "12 de ", "2016年", "9:02 ", "a"])
def test_hostile_lines_are_little_work(unit: str) -> None:
    """A line is searched again from each date that is none: once a character at most."""
    for text in (unit * (dates.MAX_LENGTH // len(unit)), unit * 100_000):
        dates.parse_date(text)
        assert count_calls(dates.find_date, text + " ") < 20 * dates.MAX_LENGTH
        assert count_calls(dates.parse_date, text + " ") < 20 * dates.MAX_LENGTH


def test_epochs():
    assert dates.parse_epoch(0) == Moment("1970-01-01T00:00:00Z", "0", "second")
    assert dates.parse_epoch("0") is None
    assert dates.parse_epoch(1e300) is None


def test_where_dates_of_one_page_fall_shows_which_number_is_the_day() -> None:
    assert dates.infer_day_first(["05/03/2019", "06/03/2019", "09/03/2019"], "en") is True
    assert dates.infer_day_first(["03/05/2019 7:12 PM", "03/06/2019 7:12 PM", "03/09/2019 7:12 PM"], "en") is False
    assert dates.infer_day_first(["03/05/2019", "03/06/2019"], "en") is None
    assert dates.infer_day_first(["03/05/2019", "04/06/2019", "05/04/2019"], "en") is None


def test_the_end_of_a_name_is_no_month() -> None:
    assert dates.parse_date("Stokes 05 Mar 2019 22:32").at == "2019-03-05T22:32:00Z"
    assert "Stokes 05 Mar 2019"[slice(*dates.find_date("Stokes 05 Mar 2019"))] == "05 Mar 2019"
