"""Bytes to text: encodings recognised, invalid bytes and mojibake repaired line by line, each repair told."""

import codecs
import re
from dataclasses import dataclass, field

from archive.text.storable import UNSTORABLE, replace_unstorable

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# What mojibake of any common pair of encodings shows: asking ftfy about every line would cost more than all the rest.
SUSPECT = re.compile(
    "[\u0080-\u009f]|[\u00c2-\u00f4\u221a\u201a\u251c\u252c\u0393][^\x00-\x7f]|(?:[\u0420\u0421][^\x00-\x7f]){3}"
)
TYPOGRAPHY = "•’‘“”–—…\u00a0"


@dataclass(slots=True)
class Text:
    """A document's text with `\\n` line ends; `repaired` maps each line that was changed to what it was before."""

    text: str
    repaired: dict[str, str] = field(default_factory=dict)


def decode(raw: bytes) -> Text:
    """UTF-8 or UTF-16, with or without a mark. A byte that is not UTF-8 is read as Windows-1252, and told."""
    encoding = next((name for bom, name in BOMS.items() if raw.startswith(bom)), None)
    if encoding is not None:
        raw = raw[len(codecs.BOM_UTF8) if encoding == "utf-8" else 2 :]
    encoding = encoding or _guessed(raw)
    try:
        return clean(raw.decode(encoding))
    except UnicodeDecodeError:
        return clean(*_by_line(raw, encoding))


def _guessed(raw: bytes) -> str:
    """UTF-16 without a mark shows by zeros that stand at odd places only, or at even ones."""
    even, odd = raw[:2000:2].count(0), raw[1:2000:2].count(0)
    if max(even, odd) * 4 < len(raw[:2000:2]) or min(even, odd) * 10 > max(even, odd):
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"


def _by_line(raw: bytes, encoding: str) -> tuple[str, dict[str, str]]:
    if encoding != "utf-8":
        return raw.decode(encoding, "replace"), {}
    lines, repaired = [], {}
    for line in raw.split(b"\n"):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError:
            lines.append(line.decode("utf-8", "windows-1252"))
            repaired[lines[-1].strip()] = repr(line.strip())[2:-1]
    return "\n".join(lines), repaired


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    byte = error.object[error.start : error.start + 1]
    return byte.decode("windows-1252", "replace"), error.start + 1


codecs.register_error("windows-1252", _as_windows_1252)


def clean(text: str, repaired: dict[str, str] | None = None) -> Text:
    """Line ends made `\\n`, characters that no text can hold replaced, mojibake undone where it is plain."""
    result = Text(text.replace("\r\n", "\n").replace("\r", "\n"), repaired or {})
    if not _is_plain(result.text) and (UNSTORABLE.search(result.text) or SUSPECT.search(result.text)):
        result.text = "\n".join(_repair(line, result.repaired) for line in result.text.split("\n"))
    return result


def _is_plain(text: str) -> bool:
    """Whether there is nothing but ASCII and typography, which most documents hold and needs no closer look."""
    if not text.isascii():
        for mark in TYPOGRAPHY:
            text = text.replace(mark, "")
    return text.isascii() and "\0" not in text


def _repair(line: str, repaired: dict[str, str]) -> str:
    better = replace_unstorable(line)
    if SUSPECT.search(better):
        from ftfy import fix_encoding

        better = fix_encoding(better)
    if better != line:
        repaired[better.strip()] = replace_unstorable(line).strip()
    return better
