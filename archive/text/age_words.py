"""Words of times that are stated from the moment of reading ("3 hours ago", "vor 2 Tagen", "gestern"), by language."""

AMOUNT = r"(?:\d{1,4}|an?|one|ein(?:e[mnr]?)?|un[ae]?|een|jeden|один|en|ett|et)"
# Any word may be the unit beside an amount and "ago"; which units are known, and how long they are: relative_dates.
UNIT = r"[^\W\d_]{1,10}"
AGO = (
    *("ago", "geleden", "fa", "atrás", "temu", "назад", "тому", "sedan", "siden", "önce", "sitten", "zpět", "nazaj"),
    *("ezelőtt", "yang lalu", "lalu", "trước", "her"),
)
AGO_CHARACTERS = ("前", "전")
BEFORE = (
    *("vor", "il y a", "hace", "há", "fa", "před", "pred", "acum", "منذ", "قبل", "πριν", "преди"),
    *("пре", "prije"),
)
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
