"""Rewrite dates of other calendars and scripts as western ones of the same length, so that one parser reads all.

The length stays, since who finds a date in a line needs to know where it stands.
"""

import re
from datetime import date, timedelta
from functools import partial

from archive.text.date_words import ENGLISH

_MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2069"  # of the direction of writing
_PLAIN = str.maketrans(
    "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯๐๑๒๓๔๕๖๗๘๙０１２３４５６７８９،׳" + _MARKS,
    "0123456789" * 6 + ",." + " " * len(_MARKS),
)
WEEKDAY = r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s+"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBER = re.compile(r"\d+")
_PERSIAN = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند".split()  # noqa: SIM905
_THAI = (
    "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม".split(),  # noqa: SIM905
    "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.".split(),  # noqa: SIM905
)
_HINDI = (
    "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर".split(),  # noqa: SIM905
    "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितम्बर अक्तूबर नवम्बर दिसम्बर".split(),  # noqa: SIM905
)
_SHORT = (
    "जन॰ फ़र॰ मार्च अप्रैल मई जून जुल॰ अग॰ सित॰ अक्टू॰ नव॰ दिस॰".split(),  # noqa: SIM905
    "জানু ফেব মার্চ এপ্রি মে জুন জুল আগ সেপ অক্টো নভে ডিসে".split(),  # noqa: SIM905
)
_MAY = re.compile(r"(?<=\d\s)(?:मई|মে|مه)[\s,]")  # shorter than what it is in English
_CHRISTIAN = re.compile(r"ค\.ศ\.")
_BENGALI = "জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর".split()  # noqa: SIM905
_NAMED = {
    name: ENGLISH[number]
    for months in (*_SHORT, *_THAI, *_HINDI, _BENGALI)
    for number, name in enumerate(months)
    if len(name) > 2
}
_MONTH = re.compile("|".join(sorted(map(re.escape, _NAMED), key=len, reverse=True)))
_SCRIPTS = re.compile(r"[\u0600-\u06ff\u0900-\u09ff\u0e00-\u0e7f午前後上下오전후平昭令ờậăáềốũ]")
_PERSIAN_DAY = re.compile(
    rf"(?<!\d)(\d{{1,2}})\s*(?:ام\s)?({'|'.join(_PERSIAN)})\s*(?:ماه)?\s*[،,]?\s*(1[34]\d\d)(?!\d)"
)
_PERSIAN_MONTH = re.compile(rf"({'|'.join(_PERSIAN)})\s*(\d{{1,2}})\s*[،,]?\s*(1[34]\d\d)(?!\d)")
_PERSIAN_NUMBERS = re.compile(r"(?<!\d)(1[34]\d\d)([/-])(0\d|1[0-2])\2([0-2]\d|3[01])(?!\d)")
_BUDDHIST = re.compile(r"(?<=\D)(?:พ\.ศ\.)?\s*(25\d\d)(?!\d)")
_VIETNAMESE = re.compile(
    r"(?:ngày\s)?\b(\d{1,2}) (?:tháng|thg) (\d{1,2})(?: năm|,)? ((?:19|20)\d\d)(?!\d)", re.IGNORECASE
)
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
_ERA_DAY = re.compile(r"(令和|平成|昭和)(元|\d{1,2})年\s?(\d{1,2})月\s?(\d{1,2})日")
_ERA_YEAR = re.compile(r"(令和|平成|昭和)(\d\d)(?=年)")
_WORDS = (  # how they are written beside a clock
    (
        re.compile(
            r"(?<=\d)\s?(?:ب[.\s]?ظ|بعد از ظهر|بعدازظهر|عصر|مساءً?|شام|دوپہر|ظهراً?|अपराह्न|"
            r"chiều|tối|(?:오후|下午|午後)(?!\s?\d))"
        ),
        "pm",
    ),
    (re.compile(r"(?<=\d)\s?(?:ق[.\s]?ظ|قبل از ظهر|صبح|صباحاً?|صبحًا|पूर्वाह्न|오전|上午|午前|sáng)(?!\s?\d)"), "am"),
    (re.compile(r"(?<=[\s\d،,])(?:في|در|ساعت|الساعة|عند|को|पर|เวลา|ที่)(?=[\s:])"), "at"),
)


def western(text: str) -> str:
    """Return a line with its digits, months and halves of the day as in English, of the same length."""
    if text.isascii():
        text = _VIETNAMESE.sub(_from_vietnamese, text) if " thg " in text else text
        return _PERSIAN_NUMBERS.sub(_from_numbers, text) if "13" in text or "14" in text else text
    text = text.translate(_PLAIN)
    if not _SCRIPTS.search(text):
        return text
    text = _PERSIAN_DAY.sub(lambda match: _from_persian(match, match[3], _PERSIAN.index(match[2]) + 1, match[1]), text)
    text = _PERSIAN_MONTH.sub(
        lambda match: _from_persian(match, match[3], _PERSIAN.index(match[1]) + 1, match[2]), text
    )
    text = _PERSIAN_NUMBERS.sub(_from_numbers, text)
    text = _CHRISTIAN.sub(lambda match: " " * len(match[0]), _MAY.sub("may", text))
    if _MONTH.search(text):
        text = _MONTH.sub(lambda match: _fill(match, _NAMED[match[0]]), text)
        text = _BUDDHIST.sub(lambda match: _fill(match, str(int(match[1]) - 543), before=True), text)
    text = _VIETNAMESE.sub(_from_vietnamese, text)
    text = _ERA_DAY.sub(lambda match: _fill(match, f"{_era_year(match)}-{match[3]}-{match[4]}"), text)
    text = _ERA_YEAR.sub(lambda match: str(_era_year(match)), text)
    for words, plain in _WORDS:
        text = words.sub(partial(_fill, plain=plain), text)
    return text


def day_order(text: str) -> bool | None:
    """Whether the day comes first in a date of numbers: what is above 12 tells it, else the day of the week before."""
    first, second, year = map(int, _NUMBER.findall(text)[:3])
    if (first > 12) != (second > 12):
        return first > 12
    name = re.match(WEEKDAY, text, re.IGNORECASE)
    if name is None or first == second or max(first, second) > 12 or not 1900 < year < 2100:
        return None
    orders = [
        is_first for is_first in (True, False) if _weekday(year, first, second, is_first) == name[0][:3].casefold()
    ]
    return orders[0] if len(orders) == 1 else None


def _weekday(year: int, first: int, second: int, is_day_first: bool) -> str:
    month, day = (second, first) if is_day_first else (first, second)
    return _WEEKDAYS[date(year, month, day).weekday()]


def end_in(text: str, plain: str, end: int) -> int:
    """Return where a date that ends in the western form of a line ends in the line: a word may be longer there."""
    behind = len(plain) - len(plain[end:].lstrip(" "))
    return end + len(text[end:behind].rstrip(" "))


def _from_numbers(match: re.Match[str]) -> str:
    return _from_persian(match, match[1], match[3], match[4])


def _from_vietnamese(match: re.Match[str]) -> str:
    return _fill(match, f"{match[3]}-{match[2]:>02}-{match[1]:>02}")


def _era_year(match: re.Match[str]) -> int:
    return _ERAS[match[1]] + (1 if match[2] == "元" else int(match[2]))


def _fill(match: re.Match[str], plain: str, *, before: bool = False) -> str:
    """Return a word of another length with spaces up to that of a match; the match where it is too short."""
    length = len(match[0])
    if len(plain) > length:
        return match[0]
    return plain.rjust(length) if before else plain.ljust(length)


def _from_persian(match: re.Match[str], year: str | int, month: str | int, day: str | int) -> str:
    """Return a day of the solar calendar of Iran as one of ours."""
    years, days = int(year) - 1, int(day) + 30 * (int(month) - 1) + min(int(month) - 1, 6)
    # 33 years have 8 leap days: right from 1343 to 1472.
    passed = years * 365 + (years * 8 + 29) // 33 + days
    try:
        plain = (date(1921, 3, 20) + timedelta(days=passed - (1299 * 365 + (1299 * 8 + 29) // 33))).isoformat()
    except OverflowError:
        return match[0]
    return _fill(match, plain)
