"""Find personal data, links and promotion by their shape, whatever the language.

Telephone numbers are found by `phonenumbers`; the rest are regular
expressions without nested repetition.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from archive.flags.lexicon import split_forms
from archive.flags.match import Match
from archive.flags.normalize import NormalizedText

if TYPE_CHECKING:
    from ahocorasick_rs import BytesAhoCorasick

RULES = {
    "shape.email": ("content.pii", "An e-mail address, with @ or spelled out in brackets."),
    "shape.phone": ("content.pii", "A telephone number that is valid where the language is spoken, or international."),
    "shape.address": ("content.pii", "A house number beside the name of a street."),
    "shape.id_number": ("content.pii", "A social security number, an IBAN, or the number of a card."),
    "shape.link": ("content.link", "An address of the web."),
    "shape.spam": ("content.spam", "Several signs of promotion (archive/flags/spam.toml)."),
}  # fmt: skip
EMAIL = re.compile(r"[\w.+-]{1,64}(?:@|\s?[\[({]\s?at\s?[\])}]\s?)[\w-]{1,63}(?:(?:\.|\s?[\[({]\s?dot\s?[\])}]\s?)[\w-]{2,24}){1,4}", re.IGNORECASE)  # fmt: skip  # noqa: E501
LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']{3,2000}", re.IGNORECASE)
ASCII_DIGITS = b"0123456789"
TELLING = ASCII_DIGITS + b"@])}/"  # no personal data and no address of the web does without, but for one with www.
DIGITS = re.compile(r"\d(?:[ ().+/-]{0,2}\d){6}")
FEWER_DIGITS = re.compile(r"\d(?: ?\d){5}")  # which SOCIAL_SECURITY cannot do without where there is none of DIGITS
STREETS = (
    "street|road|avenue|lane|drive|close|court|way|crescent|terrace|boulevard|gardens|grove|mews|parade|highway|"
    "st|rd|ave|ln|dr|blvd|cres|ct|pl|place|square|walk|row"
)
ADDRESS = re.compile(
    rf"\b\d{{1,5}}[a-z]?\s{{1,3}}(?:[A-Z][\w'.-]{{1,30}}\s{{1,3}}){{1,4}}(?i:{STREETS})\b\.?"
    r"|\b[A-ZÄÖÜ][\wäöüß-]{2,40}(?:straße|strasse|str\.|gasse|allee|weg|platz|straat|laan|plein|gracht|kade)\s{1,2}\d{1,4}[a-z]?\b"
    r"|\b\d{1,4}(?:\s?(?:bis|ter))?,?\s{1,2}(?:rue|avenue|boulevard|impasse|allée|chemin|quai)\s(?:[\w'’-]{1,30}\s?){1,5}"
    r"|\b(?:[Cc]alle|[Aa]venida|[Pp]laza|[Pp]aseo)\s(?:[\w'’-]{1,30}\s){0,4}[\w'’-]{1,30},?\s(?:n[.ºo]*\s?)?\d{1,4}\b"
)
# What ADDRESS cannot do without, in its order.
NUMBERED_NAME = re.compile(r"\d[a-z]?\s{1,3}[A-Z]")
ROADS = (
    "straße strasse str. gasse allee weg platz straat laan plein gracht kade "
    "rue avenue boulevard impasse allée chemin quai alle venida laza aseo"
)
PUBLIC = re.compile(r"10 downing|1600 pennsylvania|24 sussex|221b baker|wall st\b", re.IGNORECASE)
SOCIAL_SECURITY = re.compile(r"\b\d{3}-\d{2}-\d{4}\b|\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
CARD = re.compile(r"\b(?:\d[ -]?){12,18}\d\b")
REGIONS = {
    "en": ("GB", "US", "CA", "AU", "IE", "NZ"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH", "CA"),
    "es": ("ES", "MX", "US", "AR"),
    "nl": ("NL", "BE"),
}
DATE = re.compile(r"(?<!\d)(?:[0-3]?\d([./-])[01]?\d\1(?:19|20)\d\d|(?:19|20)\d\d([./-])[01]?\d\2[0-3]?\d)(?!\d)")
MAX_NUMBERS = 20
SHORTEST_NUMBER = 10
LONGEST = 20_000
PROMOTION_SIGNALS = 2


@cache
def _roads() -> "BytesAhoCorasick":
    from ahocorasick_rs import BytesAhoCorasick  # importers read this module's rules without it

    return BytesAhoCorasick(ROADS.encode().split())


def find_patterns(text: str, normalized: NormalizedText, language: str | None, *, promotes: bool) -> list[Match]:
    """Find personal data, links and promotion in a text; `promotes` is set where it has a word of `spam.toml`."""
    matches: list[Match] = []
    # A cheap look for what each expression cannot do without comes first: most texts have none of it.
    text, plain = text[:LONGEST], normalized.text[:LONGEST]
    raw = text.encode(errors="replace")
    if not promotes and len(raw.translate(None, TELLING)) == len(raw) and "www." not in plain:
        return matches
    if "http" in plain or "www." in plain:
        matches += _matches("shape.link", LINK.finditer(text))
    if "@" in text or "at]" in plain or "at)" in plain:
        matches += _matches("shape.email", EMAIL.finditer(text))
    if len(raw.translate(None, ASCII_DIGITS)) < len(raw):
        matches += _numbers(text, raw, language)
    if promotes:
        linked = any(match.code in ("content.link", "content.pii") for match in matches)
        matches += _promotion(normalized, linked=linked)
    return matches


def _matches(rule: str, matches: Iterable[re.Match[str]]) -> Iterator[Match]:
    code = RULES[rule][0]
    yield from (Match(code, rule, match.start(), match.end()) for match in matches)


def _numbers(text: str, raw: bytes, language: str | None) -> list[Match]:
    matches: list[Match] = []
    if NUMBERED_NAME.search(text) or _roads().find_matches_as_indexes(raw):
        addresses = (address for address in ADDRESS.finditer(text) if not PUBLIC.search(address[0]))
        matches += _matches("shape.address", addresses)
    if not DIGITS.search(text) and not (FEWER_DIGITS.search(text) and SOCIAL_SECURITY.search(text)):
        return matches
    ids = [
        *SOCIAL_SECURITY.finditer(text),
        *filter(_is_iban, IBAN.finditer(text)),
        *filter(_is_card, CARD.finditer(text)),
    ]
    matches += _matches("shape.id_number", ids)
    matches += (Match("content.pii", "shape.phone", *span) for span in _telephones(text, language))
    return matches


def _telephones(text: str, language: str | None) -> Iterator[tuple[int, int]]:
    from phonenumbers import Leniency, PhoneNumberMatcher, is_valid_number

    taken: list[tuple[int, int]] = []
    cleaned = LINK.sub(lambda link: " " * len(link[0]), text)
    for region in REGIONS.get((language or "en")[:2], REGIONS["en"]):
        for number in PhoneNumberMatcher(cleaned, region, leniency=Leniency.POSSIBLE, max_tries=MAX_NUMBERS):
            is_valid = is_valid_number(number.number) and _is_grouped(number.raw_string)
            if DATE.search(number.raw_string) or (not is_valid and not _is_complete(number.raw_string)):
                continue
            if not any(number.start < end and start < number.end for start, end in taken):
                taken.append((number.start, number.end))
    yield from sorted(taken)


def _is_grouped(raw: str) -> bool:
    """Whether digits are written as telephone numbers are: a sum of money, a year or a row of scores is not."""
    return raw.startswith(("+", "0", "(")) or len(re.findall(r"\d+", raw)) in (3, 4)


def _is_complete(raw: str) -> bool:
    """Whether a number has the prefix of a country or a network, and enough digits."""
    return raw.startswith(("+", "0", "(0")) and sum(map(str.isdigit, raw)) >= SHORTEST_NUMBER


def _is_iban(match: re.Match[str]) -> bool:
    """Check by ISO 7064, remainder 97."""
    text = match[0].replace(" ", "")
    moved = text[4:] + text[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def _is_card(match: re.Match[str]) -> bool:
    """Check by Luhn's check digit; a row of one digit is no card."""
    backwards = [int(letter) for letter in match[0] if letter.isdigit()][::-1]
    doubled = (sum(divmod(2 * digit, 10)) for digit in backwards[1::2])
    return (sum(backwards[::2]) + sum(doubled)) % 10 == 0 and len(set(backwards)) > 2


def _promotion(normalized: NormalizedText, *, linked: bool) -> list[Match]:
    signals = list(_signals().finditer(normalized.text[:LONGEST]))
    kinds = {signal.lastgroup for signal in signals}
    if len(kinds) + linked < PROMOTION_SIGNALS:
        return []
    return [
        Match(RULES["shape.spam"][0], "shape.spam", *normalized.original_span(*signal.span())) for signal in signals
    ]


@cache
def spam_words() -> dict[str, list[str]]:
    """Load the words of promotion by what they are signals of."""
    listed = tomllib.loads(files(__package__).joinpath("spam.toml").read_text("utf-8"))["signal"]
    return {name: split_forms(values["words"]) for name, values in listed.items()}


@cache
def _signals() -> re.Pattern[str]:
    kinds = (f"(?P<{name}>{'|'.join(map(re.escape, words))})" for name, words in spam_words().items())
    return re.compile(rf"(?<!\w)(?:{'|'.join(kinds)})(?!\w)")
