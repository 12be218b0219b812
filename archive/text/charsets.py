"""Decode pages to Unicode: by what they declare where that fits their bytes, else by evidence.

Servers declare a default charset over pages in another one, templates keep the `meta` of an earlier one, and both may
name what is no text encoding at all. So every candidate is tried, and judged by how odd its letters stand together.
Resiliparse's detector (uchardet) proposes what nobody declares.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

HEAD_LENGTH = 4_096  # bytes in which a page declares its charset
SAMPLE_LENGTH = 1 << 16  # bytes by which candidates are judged
MOST_JUDGED = 8_000  # characters
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([^\s"';,>]+)""", re.IGNORECASE)
META_CHARSET = re.compile(rb"""<meta\b[^>]{0,500}?\bcharset\s*=\s*["']?\s*([\w.:+-]+)""", re.IGNORECASE)
XML_ENCODING = re.compile(rb"""^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']\s*([\w.:+-]+)""")
TAGS = re.compile(rb"<[^<>]{0,2000}>")
BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
BESIDE = 60  # bytes of the text around what is not ASCII
# What browsers read under a name is a superset of what the name says.
SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "koi8-r": "koi8-u",
}
# What the detector takes other Latin texts for.
RARE = frozenset(("iso8859-3", "iso8859-4", "iso8859-10", "iso8859-13", "iso8859-14", "hp-roman8", "viscii"))
ESCAPES = (b"\x1b$", b"\x1b(")
SYMBOLS = frozenset(("So", "Sk", "Sc", "Sm", "No", "Po", "Ps", "Pe", "Cf"))
BAD_COST = 4.0
TOLERANCE = 0.08  # how much odder per character a declared encoding may look than another
SLIGHTLY = 0.03
RUBBISH = 0.15
FEWEST_LETTERS = 20  # by which the detector overrules a declared encoding that fits
LETTERS_IN_A_ROW = 3
WORD = re.compile(r"[^\s\x00-\x26\x28-\x2f:-@\[-`{-~]+")
LONGEST_WORD = 80
WIDE = "wide"


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text, the Python name of its encoding, and what was wrong with what its source declares.

    `repaired` says what was read otherwise than declared, or replaced; `unsure` why the encoding is a guess.
    """

    text: str
    encoding: str
    repaired: str | None = None
    unsure: str | None = None


def decode_text(body: bytes, content_type: str | None) -> str:
    """Return a body as Unicode, decoded as that of a page."""
    return decode_page(body, content_type).text


def decode_page(body: bytes, content_type: str | None) -> DecodedText:
    """Decode the body of a response by byte order mark, as UTF-8, as it declares, or by evidence. Never raises."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _decode(body.removeprefix(mark), encoding, ())
    labels = tuple(_labels(body[:HEAD_LENGTH], content_type))
    if body.isascii() and not any(escape in body for escape in ESCAPES) and b"\0" not in body:
        return DecodedText(body.decode("ascii"), "utf-8")
    encodings = tuple(dict.fromkeys(filter(None, map(find_encoding, labels))))
    if b"\0" in body and (wide := _find_wide_encoding(body)):
        return _decode(body, wide, labels)
    if not body.isascii():
        with suppress(UnicodeDecodeError):
            return DecodedText(body.decode("utf-8"), "utf-8", _overruled(labels, "utf-8"))
    return _decode_by_evidence(body, labels, encodings)


def _labels(head: bytes, content_type: str | None) -> Iterator[str]:
    """Yield the names that the page's `meta` or XML declaration and its header give, the page's own first.

    A header often states the server's default, so that it is the weaker one wherever both can be true.
    """
    for pattern in (META_CHARSET, XML_ENCODING):
        if match := pattern.search(head):
            yield match[1].decode("ascii", "replace")
    if (stated := CHARSET.search(content_type or "")) is not None:
        yield stated[1]


@lru_cache(256)
def find_encoding(label: str) -> str | None:
    """Return the Python name of what browsers read under a label; None where it names no encoding of texts."""
    from resiliparse.parse.encoding import map_encoding_to_html5

    name = map_encoding_to_html5(label, fallback_utf8=False)
    if name is None or name.startswith("utf-16"):  # a page that declares that in ASCII is not in it
        return None
    return SUPERSETS.get(name, name)


def _find_wide_encoding(body: bytes) -> str | None:
    """Return the UTF-16 encoding of a body without byte order mark, in which nearly every other byte is a NUL."""
    sample = body[:HEAD_LENGTH]
    half = max(1, len(sample) // 2)
    shares = {"utf-16-le": sample[1::2].count(0) / half, "utf-16-be": sample[::2].count(0) / half}
    encoding = max(shares, key=lambda name: shares[name])
    return encoding if shares[encoding] > 0.5 > 2 * min(shares.values()) else None


def _decode_by_evidence(body: bytes, labels: tuple[str, ...], declared: tuple[str, ...]) -> DecodedText:
    sample = _sample(body)
    detected = _detect(sample)
    candidates = dict.fromkeys(filter(None, (*declared, detected, "utf-8", "cp1252")))
    looks = {encoding: _judge(sample, encoding) for encoding in candidates}
    least = min(look.cost for look in looks.values())
    best = next(encoding for encoding, look in looks.items() if look.cost <= least + TOLERANCE)
    if detected is not None and looks[detected].cost <= least + SLIGHTLY and _overrules(looks[detected], looks[best]):
        differs = sample.decode(detected, "replace") != sample.decode(best, "replace")
        best = detected if differs else best
    decoded = _decode(body, best, labels)
    if best in declared or (declared and looks[best].cost <= RUBBISH):
        return decoded
    guess = f"declared {', '.join(labels) or 'nothing'}, read as {best}"
    return DecodedText(decoded.text, best, decoded.repaired if "\ufffd" in decoded.text else None, guess)


def _decode(body: bytes, encoding: str, labels: tuple[str, ...]) -> DecodedText:
    """Decode, and tell what is lost: bytes that are no characters become U+FFFD."""
    try:
        return DecodedText(body.decode(encoding), encoding, _overruled(labels, encoding))
    except UnicodeDecodeError:
        text = body.decode(encoding, "replace")
    own = body.count(b"\xef\xbf\xbd") if encoding == "utf-8" else 0
    count = max(1, text.count("\ufffd") - own)
    reasons = (_overruled(labels, encoding), f"{count} unreadable in {encoding}, now U+FFFD")
    return DecodedText(text, encoding, "; ".join(filter(None, reasons)))


def _overruled(labels: tuple[str, ...], encoding: str) -> str | None:
    """Return what was declared and is not so; None where a declaration is right, or nothing is declared."""
    if not labels or any(find_encoding(label) == encoding for label in labels):
        return None
    return f"declared {', '.join(labels)}, read as {encoding}"


def _sample(body: bytes) -> bytes:
    """Return lines of a page's text that are not ASCII, of the whole page and without tags."""
    if any(escape in body for escape in ESCAPES):
        return body[: 2 * SAMPLE_LENGTH]
    text = TAGS.sub(b"\n", body[: 16 * SAMPLE_LENGTH])
    parts, size, start, end = [], 0, 0, 0
    for match in BEYOND_ASCII.finditer(text):
        position = match.start()
        if position >= end:
            parts.append(text[start:end])
            size += end - start
            start = max(end, text.rfind(b"\n", 0, position) + 1, position - BESIDE)
        end = position + BESIDE
        if size + end - start >= SAMPLE_LENGTH:
            break
    return b"\n".join((*parts, text[start:end])).strip(b"\n") or body[-SAMPLE_LENGTH:]


def _detect(sample: bytes) -> str | None:
    from resiliparse.parse.encoding import detect_encoding

    name = detect_encoding(sample, html5_compatible=False)
    try:
        known = codecs.lookup(name).name if name else None
    except LookupError:
        return None
    return None if known is None or known in RARE or known.startswith("utf-") else SUPERSETS.get(known, known)


@dataclass(frozen=True, slots=True)
class _Look:
    """How a sample looks in an encoding: oddity by character beyond ASCII (0 flawless, 1 rubbish), and its letters."""

    cost: float
    latin: str
    others: int


def _overrules(detected: _Look, best: _Look) -> bool:
    """Whether the detector, which knows the frequent letters of languages, sees enough of them to be believed.

    Of Latin letters it must see many that the other encoding reads otherwise: German or French are the same in most.
    """
    if detected.others >= FEWEST_LETTERS and detected.others > len(detected.latin):
        return True
    pairs = zip(detected.latin, best.latin, strict=False)
    return not best.others and sum(one != other for one, other in pairs) >= FEWEST_LETTERS


def _judge(sample: bytes, encoding: str) -> _Look:
    try:
        text = sample.decode(encoding, "replace")
    except (LookupError, UnicodeError):
        return _Look(BAD_COST, "", 0)
    count, cost, others, latin = 0, 0.0, 0, []
    for word in WORD.finditer(text):
        if word[0].isascii():
            continue
        characters = [(character, *_describe(character)) for character in word[0][:LONGEST_WORD]]
        cost += _oddity(characters)
        for character, category, script in characters:
            if character > "\x7f":
                count += 1
                if script == "LATIN":
                    latin.append(character)
                elif category[0] == "L":
                    others += 1
        if count >= MOST_JUDGED:
            break
    return _Look(cost / count if count else 0.0, "".join(latin), others)


def _oddity(word: list[tuple[str, str, str | None]]) -> float:
    """Return how oddly the characters of a word stand beside their neighbours."""
    odd, run, has_lower, before = 0.0, 0, False, ""
    for index, (character, category, script) in enumerate(word):
        if character > "\x7f":
            odd += _own_oddity(character, category)
            odd += 0.5 * (before[:1] == "L" and category in SYMBOLS and script != WIDE)
            odd += 0.5 * (has_lower and category == "Lu")
            is_between = 0 < index < len(word) - 1 and word[index - 1][2] == word[index + 1][2] == "LATIN"
            odd += is_between and script == WIDE and category[0] == "L"
        run = run + 1 if script == "LATIN" and character > "\x7f" else 0
        odd += 0.7 * (run >= LETTERS_IN_A_ROW) + 0.2 * (run == LETTERS_IN_A_ROW - 1)
        has_lower, before = has_lower or category == "Ll", category
    scripts = {script for _, _, script in word} - {None, WIDE}
    return odd + (len(scripts) > 1)


def _own_oddity(character: str, category: str) -> float:
    if character == "\ufffd":
        return BAD_COST
    if category in ("Cc", "Co", "Cn"):
        return 1.0
    return 0.8 if "\uff61" <= character <= "\uff9f" else 0.0


@lru_cache(4_096)
def _describe(character: str) -> tuple[str, str | None]:
    """Return a character's Unicode category and, for letters, its script."""
    category = unicodedata.category(character)
    if character >= "\u1100":
        return category, WIDE
    script = unicodedata.name(character, "").partition(" ")[0] if category[0] == "L" else None
    return category, script if script not in ("FEMININE", "MASCULINE", "MICRO", "MODIFIER") else None
