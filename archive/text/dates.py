"""Date text as pages print it, in many languages, to a `Moment`.

A time that names no zone is taken as UTC; the text is kept beside it, so the reading can be checked. What cannot be
told (05/06/2016 without a hint, "3 years ago", a day without its year) keeps its text and has no `at`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from archive.thread import Moment, Precision

LONGEST = 120

# Twelve names a language, January first; "/" parts the forms of one month.
_MONTHS = """
january february march april may june july august september/sept october november december
januar/jänner februar/feber/feb märz/maerz/mrz/mär april mai juni juli august september oktober/okt november \
dezember/dez
janvier/janv février/févr/fevrier/fév mars avril/avr mai juin juillet/juil août/aout septembre octobre \
novembre décembre/déc
enero/ene febrero marzo abril/abr mayo junio julio agosto/ago septiembre/setiembre/set octubre noviembre diciembre/dic
gennaio/gen febbraio marzo aprile maggio/mag giugno/giu luglio/lug agosto settembre ottobre/ott novembre dicembre
janeiro fevereiro/fev março/marco abril maio/mai junho julho agosto setembro outubro/out novembro dezembro
januari februari maart/mrt april mei juni juli augustus september oktober november december
stycznia/styczeń/sty lutego/luty/lut marca/marzec kwietnia/kwiecień/kwi maja/maj czerwca/czerwiec/cze \
lipca/lipiec/lip sierpnia/sierpień/sie września/wrzesień/wrz października/październik/paź \
listopada/listopad/lis grudnia/grudzień/gru
января/январь/янв февраля/февраль/фев марта/март/мар апреля/апрель/апр мая/май июня/июнь/июн \
июля/июль/июл августа/август/авг сентября/сентябрь/сен/сент октября/октябрь/окт ноября/ноябрь/ноя декабря/декабрь/дек
січня/січень/січ лютого/лютий/лют березня/березень/бер квітня/квітень/кві травня/травень/тра червня/червень/чер \
липня/липень/лип серпня/серпень/сер вересня/вересень/вер жовтня/жовтень/жов листопада/листопад/лис грудня/грудень/гру
ledna/leden/led února/únor/úno března/březen/bře dubna/duben/dub května/květen/kvě června/červen/čvn \
července/červenec/čvc srpna/srpen/srp září/zář října/říjen/říj listopadu/listopad prosince/prosinec/pro
januára/január februára/február marca/marec apríla/apríl/apr mája/máj júna/jún júla/júl \
augusta/august septembra/september októbra/október novembra/november decembra/december
siječnja/siječanj veljače/veljača ožujka/ožujak travnja/travanj svibnja/svibanj lipnja/lipanj \
srpnja/srpanj kolovoza/kolovoz rujna/rujan listopada studenoga/studenog/studeni prosinca/prosinac
јануар/januar фебруар/februar март/mart април/april мај/maj јун/jun јул/jul август/avgust септембар/septembar \
октобар/oktobar новембар/novembar децембар/decembar
ianuarie/ian februarie martie aprilie mai iunie/iun iulie/iul august septembrie octombrie noiembrie/noi decembrie
január február március/márc április/ápr május/máj június/jún július/júl augusztus szeptember/szept október \
november december
tammikuuta/tammikuu helmikuuta/helmikuu maaliskuuta/maaliskuu huhtikuuta/huhtikuu toukokuuta/toukokuu \
kesäkuuta/kesäkuu \
heinäkuuta/heinäkuu elokuuta/elokuu syyskuuta/syyskuu lokakuuta/lokakuu marraskuuta/marraskuu joulukuuta/joulukuu
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november december/des/desember
jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
ocak/oca şubat/şub mart nisan/nis mayıs haziran/haz temmuz/tem ağustos/ağu eylül/eyl ekim/eki kasım/kas aralık/ara
ιανουαρίου/ιανουάριος/ιαν φεβρουαρίου/φεβρουάριος/φεβ μαρτίου/μάρτιος/μαρ απριλίου/απρίλιος/απρ μαΐου/μάιος/μαΐ \
ιουνίου/ιούνιος/ιουν ιουλίου/ιούλιος/ιουλ αυγούστου/αύγουστος/αυγ σεπτεμβρίου/σεπτέμβριος/σεπ \
οκτωβρίου/οκτώβριος/οκτ νοεμβρίου/νοέμβριος/νοε δεκεμβρίου/δεκέμβριος/δεκ
януари/ян февруари/февр март април май юни юли август септември октомври ноември декември
gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
januari februari/peb maret april mei juni juli agustus/agu september oktober/okt november/nop desember/des
يناير فبراير مارس أبريل/ابريل مايو يونيو يوليو أغسطس/اغسطس سبتمبر أكتوبر/اكتوبر نوفمبر ديسمبر
ינואר פברואר מרץ/מרס אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
"""

_ZONES = {"z": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8}
_ZONES |= {"pdt": -7, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "msk": 3}
_AFTERNOON = {"pm", "μμ", "下午", "午後", "오후"}

_ORDINAL = r"(?:st|nd|rd|th|er|re|º|°|ª|\.|-?[её]?го)?"
_OF = r"(?:\s*[-./]\s*|,?\s+(?:de\s+|d['’]|of\s+)?)"
_WORD = r"([^\W\d_]{3,12})\.?"
_YEAR = r"((?:19|20)\d\d)"
_DAY_FORMS = (
    r"(?P<iso>(?:19|20)\d\d(?P<s1>[-/.])\d{1,2}(?P=s1)\d{1,2})(?!\d)",
    r"(?P<asian>(?:19|20)\d\d\s*[年년]\s*\d{1,2}\s*[月월]\s*\d{1,2}\s*[日일])",
    r"(?P<numeric>(?<!\d)\d{1,2}\s?(?P<s2>[-/. ])\s?\d{1,2}\s?(?P=s2)\s?(?:(?:19|20)\d\d|\d\d))(?!\d)",
    rf"(?P<dmy>(?<!\w)(\d{{1,2}})({_ORDINAL}){_OF}{_WORD}(?:\s+de[l]?\s+|\s*[-./,]?\s*|\s+['’]?)"
    r"((?:19|20)\d\d|(?<=['’])\d\d))(?!\d)",
    rf"(?P<mdy>{_WORD}\s*(\d{{1,2}}){_ORDINAL}(?:,\s*|\s+){_YEAR})(?!\d)",
    rf"(?P<ymd>{_YEAR}[.,]?\s*(?:m\.\s*|g\.\s*|gada\s+)?{_WORD}\s+(\d{{1,2}})\b(?!,?\s+(?:19|20)\d\d))",
    rf"(?P<my>{_WORD},?\s+(?:de\s+)?{_YEAR})(?!\d)",
    rf"(?P<dm>(?<!\w)\d{{1,2}}{_ORDINAL}{_OF}{_WORD}(?![^\W\d_]|\.?\s+\d{{1,2}},?\s+(?:19|20)\d\d))",
    rf"(?P<md>{_WORD}\s+\d{{1,2}}{_ORDINAL}(?![\w:.]))",
)
_DAY = re.compile("|".join(_DAY_FORMS), re.IGNORECASE)
_TIME = re.compile(
    r"(?P<pre>午前|午後|上午|下午|오전|오후)?\s*(?<![\d:])(?P<h>[01]?\d|2[0-4])"
    r"(?:\s?(?:[:h.]|時|시|点)\s?(?P<m>[0-5]\d)(?:[:.](?P<s>[0-5]\d)(?:\.\d+)?)?(?:分|분)?|(?=\s?(?:[ap]\.?m\b|uhr|"
    r"h\b)))"
    r"(?!\d)(?:\s?(?P<half>[ap]\.?\s?m\b\.?|[πμ]\.?μ\b\.?)|\s?(?:uhr|uur|min|h)\b)?"
    r"(?:\s?\(?(?P<zone>utc|gmt|z|[ecmp][sd]t|bst|ces?t|mes?z|msk)\b\)?)?(?P<offset>\s?[+-]\d\d:?\d\d\b)?",
    re.IGNORECASE,
)
_JOIN = re.compile(
    r"[\s.,@·•|/()\[\]–—-]*(?:\b(?:at|um|à|a las|a la|alle ore|alle|ore|o godz|godz|o|о|в|kl|om|às|as|klo|saat|στις|"
    r"στο|"
    r"u|v|at|là|lúc|pukul|a les|kell|ob|la|ora|om|den|le|de|op|en|em|na|på|pe|tại|a|w|dne)\b|(?<=\d)T(?=\d))?[\s.,:|"
    r"–—-]*(?:\([^\W\d_]{1,9}\))?\s*",
    re.IGNORECASE,
)
_CLOCK_FIRST = re.compile(r"[\s,@·•|–—-]*(?:\b(?:on|am|le|del|on the|,)\b)?[\s,:]*", re.IGNORECASE)
_UNIT = (
    r"(?:sec\w*|min\w*|h|hr?s?|hours?|days?|weeks?|wks?|months?|mos?|years?|yrs?|y|d|w|m|sekunden?|stunden?|std|"
    r"tag\w*|wochen?|"
    r"monat\w*|jahr\w*|an[sn]?\w*|meses|mois|jours?|heures?|semaines?|años?|mes\w*|d[ií]as?|horas?|semanas?|or[ae]|"
    r"giorn\w|"
    r"settiman\w|mes[ei]|dias?|m[eê]s\w*|maand\w*|jaar|uur|uren|da?g\w*|weken|lat\w?|rok\w*|dni|dzień|miesi\w+|"
    r"godzin\w*|tygod\w+|"
    r"год\w*|лет|месяц\w*|дн\w+|день|час\w*|недел\w+|минут\w*|år|månad\w*|måned\w*|dag\w*|uke\w*|timm\w*|timer?|yıl|"
    r"ay|gün|"
    r"saat|hafta|dakika|vuotta|kuukautta|päivää|let\w*|dny|měsíc\w*|[年天週周]|ヶ月|か月|個月|个月|日|時間|小時|"
    r"小时|분|시간|일|주|개월|년|달|"
    r"سنوات|سنة|أشهر|أيام|\w{2,9})"
)
_SOME = r"(?:\d{1,4}|an?|one|ein(?:e[mnr]?)?|un[ae]?|een|jeden|один|en|ett|et)"
_RELATIVE = re.compile(
    rf"\b{_SOME}\+?\s?{_UNIT}(?:,?\s+(?:and\s+)?\d+\s+{_UNIT})?\s?(?:ago|geleden|fa|atrás|temu|назад|тому|sedan|siden|"
    r"önce|sitten|前|전|zpět|nazaj|ezelőtt|yang lalu|trước)(?!\w)"
    rf"|\b(?:vor|il y a|hace|há|fa|för|for|před|pred|acum|منذ|πριν|преди|пре|prije)\s+(?:about |etwa |"
    rf"environ )?{_SOME}\s+{_UNIT}(?![^\W\d_])(?:\s+(?:sedan|siden))?"
    r"|\b(?:yesterday|today|just now|gestern|heute|hier|aujourd['’]hui|ayer|hoy|ieri|oggi|ontem|hoje|gisteren|vandaag|"
    r"wczoraj|dzisiaj|вчера|сегодня|igår|idag)\b|昨日|今日|昨天|今天|어제|오늘",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d+")
_EXACT = re.compile(r"\d{4}|\d[:.h/-]\d|\d+\s\D+\s\D+|[年월月前]")
_DIGIT = re.compile(r"\d")
_DAY_NAME = re.compile(
    r"\bago\b|yesterday|today|just now|gestern|heute|hier|aujourd|ayer|hoy|ieri|oggi|ontem|hoje|gisteren|vandaag|"
    r"wczoraj|dzis|вчера|сегодня|"
    r"igår|idag|[昨今][日天]|어제|오늘|\b(?:geleden|fa|atrás|temu|назад|sedan|siden|önce|sitten)\b|^(?:vor|il y a|"
    r"hace|há|"
    r"för|for|před|منذ) "
)


@cache
def _months() -> dict[str, int]:
    """Every month name, and every beginning of one (three letters or more) that can mean one month only."""
    exact: dict[str, int] = {}
    for language in _MONTHS.replace("\\\n", "").strip().splitlines():
        for number, forms in enumerate(language.split(), 1):
            for form in forms.split("/"):
                exact.setdefault(form.casefold(), number)
    beginnings: dict[str, set[int]] = {}
    for name, number in exact.items():
        for length in range(3, min(len(name), 7)):
            beginnings.setdefault(name[:length], set()).add(number)
    english = dict(
        zip(
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
            range(1, 13),
            strict=True,
        )
    )
    return {b: n.pop() for b, n in beginnings.items() if len(n) == 1} | english | exact


def month(word: str) -> int | None:
    """The month that a word names in any of the languages, or None."""
    return _months().get(word.casefold().rstrip("."))


def span(text: str) -> tuple[int, int] | None:
    """Where the first date (with its time of day, if any) stands in a line, or None."""
    if len(text) > LONGEST:
        return None
    found = _day(text)
    if found is None:
        return _relative(text)
    start, end = found.span()
    after = _JOIN.match(text, end)
    clock = _TIME.match(text, after.end() if after else end)
    if clock:
        return start, clock.end()
    return _clock_before(text, start), end


def may_hold_date(text: str) -> bool:
    """Whether a closer look is worth its time."""
    return _DIGIT.search(text) is not None or (len(text) <= 30 and _DAY_NAME.search(text.casefold()) is not None)


def is_date(text: str) -> bool:
    """Whether a line is a date and, apart from a word or two, nothing else."""
    if len(text) > LONGEST or not may_hold_date(text):
        return False
    where = span(text)
    return where is not None and stands_alone(text, where)


def stands_alone(text: str, where: tuple[int, int]) -> bool:
    """Whether but a word or two stands around a date in its line."""
    start, end = where
    rest = [word for word in (text[:start] + " " + text[end:]).split() if any(map(str.isalnum, word))]
    most = 3 if _EXACT.search(text[start:end]) else 1
    return len(rest) <= most and sum(map(len, rest)) <= 24 and (end - start) * 2 >= len(text) - 12


def read(text: str, day_first: bool | None = None) -> Moment:
    """The moment that a date text names; `day_first` says what 05/06/2016 means where the document has shown it."""
    found = _day(text[:LONGEST])
    if found is None:
        return Moment(text=text)
    parts = _parts(found, day_first)
    if parts is None:
        return Moment(text=text)
    year, number, day = parts
    if day is None:
        return Moment(f"{year:04}-{number:02}-01T00:00:00Z", text, "month")
    return _at(text, found, year, number, day)


def day_order(texts: Iterable[str]) -> bool | None:
    """Whether the day stands first in these dates: True or False where one of them shows it, else None."""
    for text in texts:
        found = _day(text[:LONGEST])
        if found is None or found.lastgroup != "numeric":
            continue
        first, second, _ = _numbers(found[0])
        if (first > 12) != (second > 12):
            return first > 12
    return None


@lru_cache(512)
def _day(text: str) -> re.Match[str] | None:
    first = _DIGIT.search(text)
    position = max(0, first.start() - 18) if first else len(text)
    while found := _DAY.search(text, position):
        if _names_a_month(found):
            return found
        position = found.start() + 1 if found.lastgroup == "my" else max(found.start() + 1, found.end() - 12)
    return None


def _names_a_month(found: re.Match[str]) -> bool:
    if found.lastgroup in ("iso", "asian", "numeric"):
        return _possible(found)
    if found.lastgroup in ("dm", "md") and int(_NUMBERS.findall(found[0])[0]) > 31:
        return False
    return any(month(word) for word in re.findall(r"[^\W\d_]{3,}", found[0]))


def _possible(found: re.Match[str]) -> bool:
    first, second, third = _numbers(found[0])
    if found.lastgroup == "numeric":
        return 0 < min(first, second) <= 12 and 0 < max(first, second) <= 31
    return 0 < second <= 12 and 0 < third <= 31


def _numbers(text: str) -> tuple[int, int, int]:
    first, second, third = _NUMBERS.findall(text)[:3]
    return int(first), int(second), int(third)


def _relative(text: str) -> tuple[int, int] | None:
    found = _RELATIVE.search(text)
    return found.span() if found else None


def _clock_before(text: str, start: int) -> int:
    """The start of a time of day that stands straight before a date, else the date's own start."""
    for clock in _TIME.finditer(text, 0, start):
        between = _CLOCK_FIRST.match(text, clock.end())
        if between and between.end() >= start:
            return clock.start()
    return start


def _parts(found: re.Match[str], day_first: bool | None) -> tuple[int, int, int | None] | None:
    kind = found.lastgroup
    if kind in ("iso", "asian"):
        return _numbers(found[0])
    if kind == "numeric":
        return _numeric(found[0], day_first)
    if kind in ("dm", "md"):
        return None
    return _named(found[0], kind)


def _numeric(text: str, day_first: bool | None) -> tuple[int, int, int] | None:
    first, second, year = _numbers(text)
    if year < 100:
        year += 2000 if year < 70 else 1900
    if first == second or first > 12 or "." in text:
        return (year, second, first) if second <= 12 else (year, first, second)
    if second > 12 or day_first is False:
        return year, first, second
    return (year, second, first) if day_first else None


def _named(text: str, kind: str | None) -> tuple[int, int, int | None] | None:
    numbers = _NUMBERS.findall(text)
    named = [number for word in re.findall(r"[^\W\d_]{3,}", text) if (number := month(word))]
    if not named:
        return None
    if re.search(r"\d\.\s*listopada", text, re.IGNORECASE):
        named = [10]
    if kind == "my":
        return int(numbers[0]), named[0], None
    year, day = (numbers[0], numbers[1]) if kind == "ymd" else (numbers[1], numbers[0])
    return int(year) + (2000 if len(year) == 2 else 0), named[0], int(day)


def _at(text: str, found: re.Match[str], year: int, number: int, day: int) -> Moment:
    try:
        when = datetime(year, number, day, tzinfo=UTC)
    except ValueError:
        return Moment(text=text)
    precision: Precision = "day"
    clock = _clock(text, found)
    if clock and (shifted := _with_clock(when, clock)):
        when, precision = shifted
    return Moment(when.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20), text, precision)


def _clock(text: str, found: re.Match[str]) -> re.Match[str] | None:
    after = _JOIN.match(text, found.end())
    clock = _TIME.match(text, after.end() if after else found.end())
    return clock or next(_TIME.finditer(text, 0, found.start()), None)


def _with_clock(day: datetime, clock: re.Match[str]) -> tuple[datetime, Precision] | None:
    hour = _hour(int(clock["h"]), _half(clock))
    if hour is None:
        return None
    when = day + timedelta(hours=hour, minutes=int(clock["m"] or 0), seconds=int(clock["s"] or 0))
    precision: Precision = "second" if clock["s"] else "minute" if clock["m"] else "hour"
    try:
        return when - _offset(clock), precision
    except OverflowError:
        return None


def _half(clock: re.Match[str]) -> str | None:
    if clock["pre"]:
        return "pm" if clock["pre"] in _AFTERNOON else "am"
    half = re.sub(r"[\s.]", "", clock["half"] or "").casefold()
    return None if not half else "pm" if half in _AFTERNOON else "am"


def _hour(hour: int, half: str | None) -> int | None:
    if half is None:
        return hour if hour < 24 else None
    if hour > 12:
        return hour if half == "pm" and hour < 24 else None
    return hour % 12 + (12 if half == "pm" else 0)


def _offset(clock: re.Match[str]) -> timedelta:
    if clock["offset"]:
        sign = -1 if "-" in clock["offset"] else 1
        digits = re.sub(r"\D", "", clock["offset"])
        return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timedelta(hours=_ZONES[clock["zone"].casefold()] if clock["zone"] else 0)
