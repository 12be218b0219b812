"""Cite a comment or a thread: in the words of Chicago and APA, and for BibTeX. Pure.

The address on the outlet's own site comes first, then that in the archive: the first is what was published, the second
what is still there when the first is not.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from archive.site.formatting import INVISIBLE, MONTHS, moment

MAX_LINE = 300
UNKNOWN, WITHHELD = "unknown author", "author withheld"
DATE_PARTS = {"year": 1, "month": 2}
LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1|0\.0\.0\.0")
LOCAL = "(a link on one computer only)"

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "%&#$_"},
}
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True)
class Cited:
    """The facts of a citation. Of something withheld, `title` and `author` are None, whatever the archive stores."""

    kind: str
    number: int
    archive: str
    author: str | None = None
    title: str | None = None
    outlet: str | None = None
    source_url: str | None = None
    posted_at: str | None = None
    precision: str | None = None
    revision: int | None = None
    captured_at: str | None = None
    text_sha256: str | None = None
    capture_sha256: str | None = None
    withheld: bool = False


def permanent_link(cited: Cited, base: str) -> str:
    """Return the permanent link."""
    return _address(f"{base}/{cited.kind}/{cited.number}")


def _archive_link(cited: Cited, base: str) -> str:
    host = urlsplit(base).hostname or ""
    return f"{permanent_link(cited, base)} {LOCAL}" if LOOPBACK.fullmatch(host) else permanent_link(cited, base)


def _address(url: str | None) -> str:
    """Return an address, whatever a source put into it, as one word."""
    return quote(_line(url), safe="%/:?#[]@!$&'()*+,;=~-._")


def format_styles(cited: Cited, base: str) -> list[tuple[str, str]]:
    """Return the name and the text of every style."""
    return [("Chicago", chicago(cited, base)), ("APA", apa(cited, base)), ("BibTeX", bibtex(cited, base))]


def chicago(cited: Cited, base: str) -> str:
    parts = [_author(cited), f"{_title(cited, '“', '”')}."]
    when = _moment(cited)
    parts.append(f"{_plain(cited.outlet)}, {when}." if cited.outlet else f"{_capital(when)}.")
    parts += [f"{_address(cited.source_url)}."] if cited.source_url else []
    return _spaced([*parts, f"{_archived(cited)}.", f"{_archive_link(cited, base)}.", _sums(cited)])


def apa(cited: Cited, base: str) -> str:
    kind = "Online comment" if cited.kind == "comment" else "Comment thread"
    parts = [_author(cited), f"({_apa_date(cited)}).", f"{_title(cited, '“', '”')} [{kind}]."]
    parts += [f"{_plain(cited.outlet)}."] if cited.outlet else []
    parts += [_address(cited.source_url)] if cited.source_url else []
    return _spaced([*parts, f"{_archived(cited)}.", _archive_link(cited, base), _sums(cited)])


def bibtex(cited: Cited, base: str) -> str:
    """Return an entry whose signs neither BibTeX nor TeX interprets; letters of all scripts stay (UTF-8)."""
    posted = _parts(cited)
    # One entry has one address: the archive's stands in the note where the outlet's is known.
    archived = f"{_archived(cited)}. {_archive_link(cited, base)}" if cited.source_url else _archived(cited)
    fields = {
        "author": f"{{{_tex(_capital_author(cited))}}}" if cited.kind == "comment" or cited.author else None,
        "title": f"{{{_tex(_title(cited, '‘', '’'))}}}",
        "year": posted[0] if posted else None,
        "date": "-".join(posted) if posted else None,
        "howpublished": _tex(_plain(cited.outlet)),
        "note": _tex(". ".join(part for part in (archived, _sums(cited).rstrip(".")) if part)),
        "url": _address(cited.source_url) or permanent_link(cited, base),
        "urldate": (cited.captured_at or "")[:10] if _DATE.match(cited.captured_at or "") else None,
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{btl-{cited.kind}-{cited.number},\n{lines}\n}}\n"


def _author(cited: Cited) -> str:
    if cited.kind == "thread" and not cited.author:
        return ""
    name = _capital_author(cited)
    return name if name.endswith(".") else f"{name}."


def _capital_author(cited: Cited) -> str:
    return _plain(cited.author) or _capital(WITHHELD if cited.withheld else UNKNOWN)


def _title(cited: Cited, left: str, right: str) -> str:
    what = f"Comment {cited.number}" if cited.kind == "comment" else f"Comments, thread {cited.number},"
    if cited.withheld:
        return f"{what.rstrip(',')}, withheld by this archive"
    return f"{what} on {left}{_plain(cited.title)}{right}" if cited.title else f"{what} on an untitled article"


def _archived(cited: Cited) -> str:
    """`Archived in Below the Line, release 3, revision 0, captured 16 March 2026, 06:00 UTC`."""
    parts = [f"Archived in {_plain(cited.archive)}"]
    parts += [f"revision {cited.revision}"] if cited.revision is not None else []
    parts += [f"captured {moment(cited.captured_at)} UTC"] if cited.captured_at else []
    return _line(", ".join(parts))


def _sums(cited: Cited) -> str:
    sums = [("text", cited.text_sha256), ("capture", cited.capture_sha256)]
    text = "; of the ".join(f"{what} {_line(value)}" for what, value in sums if value)
    return f"SHA-256 of the {text}." if text else ""


def _moment(cited: Cited) -> str:
    if not cited.posted_at:
        return "undated"
    exact = cited.precision not in ("year", "month", "day")
    return _plain(moment(cited.posted_at, cited.precision)) + (" UTC" if exact else "")


def _parts(cited: Cited) -> tuple[str, ...]:
    """Return year, month and day, as far as they are known."""
    match = _DATE.match(cited.posted_at or "")
    return match.groups()[: DATE_PARTS.get(cited.precision or "", 3)] if match else ()


def _apa_date(cited: Cited) -> str:
    year, *rest = _parts(cited) or ("n.d.",)
    if not rest or not 1 <= int(rest[0]) <= 12:
        return year
    return f"{year}, {MONTHS[int(rest[0]) - 1]}" + (f" {int(rest[1])}" if len(rest) > 1 else "")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _plain(text: str | None) -> str:
    """Return a text on one line without invisible signs, cut where it is too long for a name or title."""
    line = _line(text)
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"


def _line(text: str | None) -> str:
    return " ".join(INVISIBLE.sub(" ", text or "").split())


def _tex(text: str | None) -> str:
    return "".join(_TEX.get(sign, sign) for sign in _line(text))


def _spaced(parts: list[str]) -> str:
    return " ".join(part for part in parts if part)
