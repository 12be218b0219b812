"""Words that dates are written with, by language: months, and times from the moment of reading ("3 hours ago")."""

import tomllib
from functools import cache
from importlib.resources import files

from archive.thread import Precision

ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
AMOUNT = r"(?:\d{1,4}|an?|one|ein(?:e[mnr]?)?|un[ae]?|een|jeden|один|en|ett|et)"
# Any word may be the unit beside an amount and "ago"; which units are known, and how long they are: relative_dates.
UNIT = r"[^\W\d_](?:[^\W\d_]|[\u0901-\u0903\u093c-\u094d\u0981-\u0983\u09bc-\u09cd\u0e31-\u0e4e]){0,13}"
AGO = (
    *("ago", "geleden", "fa", "atrás", "temu", "назад", "тому", "sedan", "siden", "önce", "sitten", "zpět", "nazaj"),
    *("ezelőtt", "yang lalu", "lalu", "trước", "her", "în urmă", "tagasi", "eest", "таму", "më parë", "əvvəl"),
    *("gelede", "síðan", "бұрын", "oldin", "ang nakalipas", "առաջ", "წინ"),
)
AGO_CHARACTERS = ("前", "전", "پیش", "पहले", "ที่แล้ว", "ที่ผ่านมา", "আগে", "پہلے")
BEFORE = (
    *("vor", "il y a", "hace", "há", "fa", "před", "pred", "acum", "منذ", "قبل", "πριν", "преди"),
    *("пре", "пред", "hai", "fyrir", "prije", r"pre(?=\s\d{1,2}\s)", "πριν από", "לפני", "prieš", "pirms"),
)
# Words for two of a unit: its seconds, and how exact a time in it is.
DUALS: dict[str, tuple[float, Precision]] = {
    "دقيقتين": (60, "minute"), "ساعتين": (3_600, "hour"), "يومين": (86_400, "day"), "أسبوعين": (604_800, "month"),
    "شهرين": (2_629_800, "month"), "سنتين": (31_557_600, "year"), "שעתיים": (3_600, "hour"), "יומיים": (86_400, "day"),
    "שבועיים": (604_800, "month"), "חודשיים": (2_629_800, "month"), "שנתיים": (31_557_600, "year"),
}  # fmt: skip
SUFFIXED = ("másodperce", "perce", "órája", "napja", "hete", "hónapja", "éve")  # units in which the "ago" is
AROUND = {"för": "sedan", "for": "siden"}
ABOUT = ("about", "almost", "over", "etwa", "fast", "environ", "circa", "około", "около")
NOW = (
    *("just now", "gerade eben", "à l['’]instant", "ahora mismo", "proprio ora", "agora mesmo", "zojuist"),
    *("только что",),
)
NOW_CHARACTERS = ("刚刚", "たった今", "방금")
YESTERDAY = (
    *("yesterday", "gestern", "hier", "ayer", "ieri", "ontem", "gisteren", "wczoraj", "вчера", "вчора", "igår"),
    *("i går", "eilen", "dün", "včera", "tegnap", "χθες", "jučer"),
)
YESTERDAY_CHARACTERS = ("昨[日天]", "어제", "أمس", "אתמול")
TODAY = (
    *("today", "heute", "aujourd['’]hui", "hoy", "oggi", "hoje", "vandaag", "dzisiaj", "dziś", "сегодня", "сьогодні"),
    *("idag", "i dag", "tänään", "bugün", "dnes", "σήμερα", "danas"),
)
TODAY_CHARACTERS = ("今[日天]", "오늘", "اليوم")
CLOCK = r"(?:,?\s+(?:at|um|à|a las|alle|às|kl\.?|o|в|om)\s+\d{1,2}[:.]\d\d)?"


@cache
def _months() -> dict[str, int]:
    """Every month name, and every beginning of one (three letters or more) that can mean one month only."""
    exact: dict[str, int] = {}
    for months in tomllib.loads(files(__package__).joinpath("months.toml").read_text("utf-8")).values():
        for number, forms in enumerate(months, 1):
            for form in forms.split("/"):
                exact.setdefault(form.casefold(), number)
    beginnings: dict[str, set[int]] = {}
    for name, number in exact.items():
        for length in range(3, min(len(name), 7)):
            beginnings.setdefault(name[:length], set()).add(number)
    english = {name: number for number, name in enumerate(ENGLISH, 1)}
    return {b: n.pop() for b, n in beginnings.items() if len(n) == 1} | english | exact


def month(word: str) -> int | None:
    """Return the month (1 to 12) that a word names in any of the languages, or None."""
    return _months().get(word.casefold().rstrip("."))
