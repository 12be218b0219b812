"""Invented townsfolk and what they talk about: names in many scripts, sentences, titles. Data and small choosers."""

import re
from random import Random

from benchmarks.pages.tongues import MONTHS, TONGUES, Tongue


def _listed(text: str) -> list[str]:
    return re.split(r"[|\n]", text.strip())


USERNAMES = _listed("""
k2|tidewatcher|quay_walker|Marta77|old-salt-9|BreadBasket|lamplighter|J.P.|mr_pigeon|ferryfan2009|Zed
sunny_side_up|Kestrel|the_real_oskar|nightbus44|PollyP|x7|GreenGable|Tom_Baker99|hal.of.hill|snowdrop_|Wren
ink&paper|RiverRat63|A.|Bee42|MossyStone|harbour-cat|Quill_|DrTeapot|lil_anchor|7thStreet|1952|user48213|o_o
""")
FULL = _listed("""
Anna Lindqvist|Tom Okafor|Billy Joe Harker|Rosa de la Vega|Sean O'Malley|Jean-Luc Perrin|Dr. Edith Marsh
Ann-Marie Holt|Henrik Ødegård|Łukasz Wrona|Zoë van Dijk|Jürgen Weiß|María José Núñez|Côme Lefèvre|Şule Aydın
Bao Nguyễn|Ines d'Abreu|William H. Porter III|R. J. Calloway|mary ellen|ROBERT STONE|Peter Q|Lise & Arne
Kofi Mensah (Quayside)|Ana Maria S.|Fatima Zahra|Grandpa Joe|Ferry Captain Bob|Nan from No. 7|Mayor Plum
""")
FIRST = _listed("""
Alma|Bertil|Carla|Dmitri|Elif|Finn|Greta|Hugo|Ilse|Joana|Karim|Lena|Mateo|Nadia|Oskar|Petra|Quentin|Ravi|Sofía|Tariq
Una|Viktor|Wanda|Xenia|Yusuf|Zora|Ben|Claire|Dan|Eve|Frank|Gwen|Harry|Ivy|Jack|Kate|Leo|Molly|Ned|Olive|Paul|Ruth
""")
LAST = _listed("""
Abel|Brook|Castell|Dahl|Ebner|Fontaine|Grieg|Harrow|Ilves|Jansen|Kovač|Larkin|Moreau|Novak|Orchard|Pereira|Quill|Rossi
Sørensen|Thorne|Ullman|Vega|Whitlock|Yılmaz|Zeller|Baker|Fisher|Miller|Potter|Cooper|Mason|Gardner|Marsh|Reed|Stone
""")
SCRIPTS = _listed("""
Анна Кузнецова|Пётр|Ольга_78|Иван Речной|أحمد الصياد|ليلى
سامي حداد|田中花子|さくら|パン屋の娘|山本|王小明|李梅|海边的人|김민수|이서연|바다사람
Ελένη Παππά|Γιώργος|Νίκος42|דנה|สมชาย|अनिता
""")
ODD = _listed("""
Anonymous|A reader from the quay|concerned citizen|Guest|Just me|No name given|🌻 Daisy|captain ⚓|~*mila*~
[harbour]|Someone who cares|The Baker's Dozen|Not a morning person|2 cents|Reader|Visitor 12|me again
Me, Myself & Tea|Ask me about bread!|who knows?|Neighbour at number 4|-- dot --|(quiet one)|R2-Tea2|Yes|Admin
editor's cousin|Hello
""")
SUBJECTS = _listed("""
The ferry|Our library|The bakery on the corner|The market hall|That old bench|My neighbour|The harbour master
The clock tower|The night bus|The new bridge|The school choir|The town band|The lighthouse|The flower stall
The swimming pool|The post office
""")
VERBS = _listed("""
has been running late|was much better years ago|needs a fresh coat of paint|deserves a proper roof
opens far too early|should stay just as it is|makes the whole street smile|costs less than people think
brings visitors every spring|reminds me of my childhood|will need more volunteers
is the best thing about this town|closed for a week last winter
""")
ENDS = _listed("""
since the summer timetable|because nobody asked the residents|if the council listens for once
and I for one am glad|whatever the weather does|according to the notice by the door|as my aunt always said
now that the rain has stopped|although the queue is long|and the children love it|even on a Sunday morning
which surprised all of us
""")
OPENERS = _listed("""
Well,|Honestly,|I agree:|With respect,|As I said before:|Funny,|To be fair,|Good point.|Thanks for this.|Hm.
I remember it well.
""")
SHORT = _listed("""
Nice!|Exactly|+1|Agreed.|lol|Thanks|Why?|Yes.|No.|😀|👍👍|Well said!|This.|Same here|Source?|Hear, hear!|First!|OK
Lovely photo|Me too|...|?|Bravo|Merci|Danke!|Ha ha ha|Good|True
""")
TITLES = _listed("""
Ferry timetable changes on Monday|Bakery wins regional bread prize|Library to open on Sundays
Town plants two hundred lime trees|Old lighthouse gets a new lamp|Market square closed for repairs
Choir sings on the quay|Night bus returns after winter break|Council debates benches by the river
School garden feeds the neighbourhood|Harbour bridge painted green|Swimming pool reopens in May
""")
PLACES = _listed("""
Quayside|Old Town|Mill Lane|Harbour Street|Chapel Hill|North Pier|Lime Square|Rope Walk|Upper Green|Ferry Steps
""")
SECTIONS = _listed("""
News|Local|Business|Culture|Sport|Opinion|Weather|Traffic|Food|Travel|Events|Archive|Letters|Photos
""")


def name(rng: Random) -> str:
    """A name: most are usernames and full names, some stand in other scripts, some look like words."""
    pool = rng.choices((USERNAMES, FULL, SCRIPTS, ODD, ()), (24, 24, 12, 12, 28))[0]
    return rng.choice(pool) if pool else _made_up(rng)


def _made_up(rng: Random) -> str:
    """A name put together from parts, so that no list of names can hold them all."""
    first, last = rng.choice(FIRST), rng.choice(LAST)
    number = rng.choice((rng.randint(1, 9), rng.randint(10, 99), rng.randint(1940, 2010)))
    forms = (
        *(
            f"{first} {last}",
            f"{first} {last}",
            first,
            f"{first} {last[0]}.",
            f"{first[0]}. {last}",
            f"{last}, {first}",
        ),
        *(f"{first}{number}", f"{first}_{last}".lower(), f"{first}{last}", f"{first[0]}{last}{number}".lower()),
        *(
            f"{last}-{number}",
            f"the {last.lower()}",
            f"{first} from {rng.choice(PLACES)}",
            f"{first} & {rng.choice(FIRST)}",
        ),
        *(last.upper(), f"Mr. {last}", f"{first} {last[0]}. {rng.choice(LAST)}", f"{first.lower()}.{last.lower()}"),
    )
    return rng.choice(forms)


def sentence(rng: Random, tongue: Tongue = TONGUES[0]) -> str:
    """One mild sentence; English where the language has none of its own, and now and then even where it has."""
    if tongue.sentences and rng.random() < 0.8:
        return rng.choice(tongue.sentences)
    opener = rng.choice(OPENERS) + " " if rng.random() < 0.25 else ""
    end = " " + rng.choice(ENDS) if rng.random() < 0.7 else ""
    return f"{opener}{rng.choice(SUBJECTS)} {rng.choice(VERBS)}{end}{rng.choices('.!?', (8, 1, 1))[0]}"


def prose(rng: Random, low: int, high: int, tongue: Tongue = TONGUES[0]) -> str:
    """Between `low` and `high` sentences."""
    return " ".join(sentence(rng, tongue) for _ in range(rng.randint(low, high)))


def date(rng: Random, form: str, code: str = "en") -> str:
    """A date between 2004 and 2024 in one of the language's formats."""
    month, hour = rng.randint(1, 12), rng.randint(0, 23)
    half = "am" if hour < 12 else "pm"
    parts = {"d": rng.randint(1, 28), "M": month, "y": rng.randint(2004, 2024), "m": MONTHS[code].split()[month - 1]}
    return form.format(**parts, H=hour, h=hour % 12 or 12, i=f"{rng.randint(0, 59):02}", ap=half, AP=half.upper())
