"""Dates of other calendars and scripts: read as western ones, and found where they stand in their line."""

import pytest

from archive.text.calendars import western
from archive.text.dates import find_date, parse_date
from archive.text.relative_dates import place_day

DATES = {
    "۱۲ اردیبهشت ۱۳۸۸ در ۱۰:۲۲ ب.ظ": "2009-05-02T22:22:00Z",
    "شهریور ۱۲, ۱۳۹۰ در ۱۰:۲۲ ق.ظ": "2011-09-03T10:22:00Z",
    "30 اسفند 1399 ساعت: 14:05": "2021-03-20T14:05:00Z",
    "1394/03/12 - 10:22": "2015-06-02T10:22:00Z",
    "12 มี.ค. 2553 14:22": "2010-03-12T14:22:00Z",
    "12 มีนาคม พ.ศ. 2553 เวลา 14:22": "2010-03-12T14:22:00Z",
    "१२ मार्च २०१४ को १०:१२ अपराह्न": "2014-03-12T22:12:00Z",
    "04 مئی 2009 بوقت 4:02 pm": "2009-05-04T16:02:00Z",
    "٥ مايو ٢٠١١ في ٤:١٢ م": "2011-05-05T16:12:00Z",
    "2011-05-05 في 4:12 مساء": "2011-05-05T16:12:00Z",
    "16:12 Ngày 05 tháng 05 năm 2011": "2011-05-05T16:12:00Z",
    "5 tháng 5 2011 lúc 4:12 chiều": "2011-05-05T16:12:00Z",
    "2011년 5월 5일 4:12 오후": "2011-05-05T16:12:00Z",
    "Sat, 05/03/2008 - 14:12": "2008-05-03T14:12:00Z",
    "Tue, 03/06/2008 - 10:00": "2008-06-03T10:00:00Z",
    "平成23年5月5日 16:12": "2011-05-05T16:12:00Z",
}


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_read_and_found_as_a_whole(text: str) -> None:
    assert parse_date(text).at == DATES[text]
    assert parse_date(text).text == text
    line = f"Anna {text} !"
    where = find_date(line)
    assert where is not None
    assert line[slice(*where)].strip() == text


@pytest.mark.parametrize("text", [*DATES, "Plain words, 12 of them.", "夏目漱石 12", "۱۲ کتاب", "3 ม.ค."])
def test_the_western_form_has_the_length_of_the_line(text: str) -> None:
    assert len(western(text)) == len(text)


def test_a_month_and_a_day_in_numbers_are_placed_by_the_article() -> None:
    assert parse_date("1月12日 09:30").at is None
    placed = place_day("1月12日 09:30", "2026-01-10T00:00:00Z", None)
    assert placed is not None
    assert placed.at == "2026-01-12T09:30:00Z"
    assert find_date("13月12日") is None
