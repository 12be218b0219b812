"""Place times that pages state from the moment of reading ("3 hours ago", "vor 2 Tagen", "8mo"), in many languages.

What a unit's precision is, its result has: "3 weeks ago" is known to the month at best.
"""

import re
from datetime import UTC, datetime, timedelta

from archive.text import date_words
from archive.text.dates import is_age, parse_yearless
from archive.thread import Moment, Precision

LONGEST = 80
DAY, YEAR = timedelta(days=1), timedelta(days=365)
FIRST_YEAR, LAST_YEAR = 2, 9_990  # so that a day before and a year after are dates too
_UNITS: tuple[tuple[Precision, float, str], ...] = (
    (
        "second",
        1,
        r"s|secs?|seconds?|segons|sek|sekund\w*|segundos?|second[oie]|secondes?|seconden?|секунд\w*|сек|saniye|"
        r"másodperc\w*|δευτερ\w*|"
        r"δευτερόλ\w*|秒(?:鐘|钟)?|초|ثانیه|सेकंड|ثوان\w*|ثانية|שניות|detik|giây|วินาที",
    ),
    (
        "minute",
        60,
        r"m|min|mins|minutes?|minit|minuut\w*|mínút\w*|хвілін\w*|dəqiqə|daqiqa|րոպե|წუთის|منٹ|মিনিট|minut\w*|minuut|minuten|minuto?s?|minuti|minút\w*|perc\w*|dakika|λεπτ\w*|минут\w*|"
        r"мин|хвилин\w*|хв|"
        r"分(?:鐘|钟|間)?|분|دقيقة|دقائق|دقیقه|मिनट|minūt\w*|דקות|menit|phút|นาที",
    ),
    (
        "hour",
        3_600,
        r"h|hrs?|hours?|hores|std|tunni|valand\w*|ur(?:ami|o)|гадзін\w*|orë|klukkustund\w*|tímar|soat|сағат|ժամ|საათის|گھنٹ\w+|ঘণ্টা|oras|stunden?|heures?|horas?|or[ae]|uur|uren|u|godz\w*|час\w*|ч|годин\w*|timm\w*|tim(?:er|"
        r"e)?|tuntia?|saat|"
        r"hodin\w*|hod|hodín|óra|órá\w*|or[ăe]|ώρ\w*|сат\w*|sat\w?|小?[時时](?:間|间)?|小時|시간|घंट\S*|val|tund\w*|stund\w*|ساع\w*|שעות|jam|giờ|ชั่วโมง",
    ),
    (
        "day",
        86_400,
        r"d|days?|dies|tage?n?|døgn|дан[аи]|dň\w+|dnev\w*|дні|ditë|dögum|dae|күн|kun|օր|დღის|دنوں|دن|দিন|araw|tg|jours?|j|d[ií]as?|giorn[oi]|gg|dag(?:en|ar|er|e)?|dni|dzień|дн\w+|день|д|päivää?|gün|"
        r"dny|dnů|den|nap\w*|"
        r"zile?|ημέρ\w*|μέρ\w*|дена?|dan\w?|天|日|일|روز|दिन|dien\w*|päeva?|أيام|يوم|ימים|hari|ngày|วัน",
    ),
    (
        "month",
        604_800,
        r"w|wks?|weeks?|weke|héttel|недељ\w*|tedn\w*|тыдн\w*|javë|vikum?|vikur|həftə|апта|hafta|շաբաթ|კვირის|ہفت\w+|সপ্তাহ|linggo|wo|wochen?|semaines?|sem|semanas?|setman\w*|settiman[ae]|we(?:ek|ken)|tygod\w+|недел\w+|нед|"
        r"тижд?\w*|veckor?|uker?|uger?|"
        r"viikkoa?|hafta|týd\w+|týž\w+|hét|hete\w*|săptămân\w*|εβδομάδ\w*|седмиц\w*|tjed\w+|[週周](?:間)?|个?星期|주|"
        r"هفته|सप्ताह|हफ़्?त\S*|nädal\w*|nedēļ\w*|savait\w*|sav|สัปดาห์|أسابيع|أسبوع|שבועות|minggu|tuần",
    ),
    (
        "month",
        2_629_800,
        r"mo|mos|mon|months?|mesec\w*|muaj|mánuð\w*|mánaðir|ай|oy|ամիս|თვის|مہین\w+|माह|মাস|buwan|monat\w*|mois|meses|mesos|m[eê]s|mes[ei]|maand\w*|mies\w+|месяц\w*|мес|місяц\w*|månad\w*|"
        r"måned\w*|kuukautta|kk|ay|"
        r"měsíc\w*|mesiac\w*|hónap\w*|luni|lună|μήν\w*|месец\w*|mjesec\w*|[个個か]月|ヶ月|개월|달|ماه|महीन\S*|mėn\w*|mēne\w*|kuud?|أشهر|شهر|חודשים|bulan|"
        r"tháng|เดือน",
    ),
    (
        "year",
        31_557_600,
        r"y|yrs?|years?|letoma|гад\w*|vjet|árum|ár|il|жыл|yil|տարի|წლის|বছর|taon|годин\w*|jahr\w*|ans?|années?|anys?|a[ñn]os?|ann[oi]|jaar|jaren|lat\w?|rok\w*|год\w*|лет|г|л|рок\w*|"
        r"years|år|vuotta|v|yıl|"
        r"let|lety|év\w*|ani?|χρόνια|έτη|години?|godin\w*|年|년|سال|साल|वर्ष|met\w*|aasta\w*|gad\w*|سنوات|سنة|שנים|tahun|năm|ปี",
    ),
)
_AGE = re.compile(
    rf"(?<![\w.,:/-])({date_words.AMOUNT})(?:\+?\s?|['’])(?:"
    + "|".join(f"({unit})" for _, _, unit in _UNITS)
    + r")(?:(?!\w)|(?=[前전]|ที่))",
    re.IGNORECASE,
)
_SOUTHERN_YEARS = re.compile(r"\b(?:пре|пред|преди)\s.*годин")  # which are hours in Ukrainian
_SHORT = re.compile(
    r"\d{1,3}\s?(?:y|yrs?|mo|mos|mon|w|wks?|d|h|hrs?|m|min|mins|s|secs?|std|tg|j|a|sem|г|л|мес|нед|д|ч|мин|"
    r"[天日年週周秒分]|時間|小时|小時|分鐘|"
    r"시간|분|일|주|년|달)(?:\s?(?:ago|前|전))?",
    re.IGNORECASE,
)
_YESTERDAY = re.compile(
    rf"\b(?:{'|'.join(date_words.YESTERDAY)})\b|{'|'.join(date_words.YESTERDAY_CHARACTERS)}", re.IGNORECASE
)
_TODAY = re.compile(rf"\b(?:{'|'.join(date_words.TODAY)})\b|{'|'.join(date_words.TODAY_CHARACTERS)}", re.IGNORECASE)
_NOW = re.compile("|".join((*date_words.NOW, *date_words.NOW_CHARACTERS)), re.IGNORECASE)


def is_short_age(text: str) -> bool:
    """Whether a text is nothing but a number and a unit of time, as apps print ages: "8mo", "3 h"."""
    return len(text) <= 12 and _SHORT.fullmatch(text) is not None


def place_age(text: str, now: str | None) -> Moment | None:
    """Return the time that a text states from `now` (ISO 8601, when it was read); None where it states none so."""
    read_at = _read_time(now)
    if read_at is None or len(text) > LONGEST:
        return None
    if not is_short_age(text) and not is_age(text):
        return None
    span, precision = _span(text)
    if span is None:
        return None
    try:
        at = read_at - span
    except OverflowError:
        return None
    return Moment(_cut(at, precision), text, precision)


def _read_time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC) if text is not None else None
    except (OverflowError, ValueError):
        return None


def place_day(text: str, published: str, now: str | None) -> Moment | None:
    """Return the time of a day that states no year: the first such day since an article was published.

    Comments come in the year after their article. None where the day is none of that year, or is yet to come.
    """
    began, read_at = _read_time(published), _read_time(now)
    if began is None or not FIRST_YEAR <= began.year <= LAST_YEAR:
        return None
    first, last = began - DAY, began + YEAR  # by a day, since zones differ
    last = min(last, read_at + DAY) if read_at is not None else last
    for year in (first.year, first.year + 1):
        moment = parse_yearless(text, year)
        if moment.at is not None and first <= datetime.fromisoformat(moment.at) <= last:
            return moment
    return None


def _span(text: str) -> tuple[timedelta | None, Precision]:
    match = _AGE.search(text)
    dual = next((dual for dual in date_words.DUALS if dual in text), None)
    if match is None and dual is not None:
        return timedelta(seconds=2 * date_words.DUALS[dual][0]), date_words.DUALS[dual][1]
    if match is not None:
        unit = next(number for number in range(len(_UNITS)) if match[number + 2])
        if _SOUTHERN_YEARS.search(text):
            unit = len(_UNITS) - 1
        precision, seconds, _ = _UNITS[unit]
        amount = int(match[1]) if match[1].isdecimal() else 1
        return timedelta(seconds=min(amount * seconds, 3e9)), precision
    if _NOW.search(text):
        return timedelta(), "minute"
    if _YESTERDAY.search(text):
        return timedelta(days=1), "day"
    if _TODAY.search(text):
        return timedelta(), "day"
    return None, "day"


def _cut(at: datetime, precision: Precision) -> str:
    """Return a time in ISO 8601, with zeros for what is finer than its precision."""
    fields = {"second": 6, "minute": 5, "hour": 4, "day": 3, "month": 2, "year": 1}[precision]
    values = [at.year, at.month, at.day, at.hour, at.minute, at.second][:fields] + [1, 1, 1, 0, 0, 0][fields:]
    return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*values)
