"""Texts as they are compared: without what differs between two runs, and HTML without white space between its tags."""

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import lxml.etree
import lxml.html

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
_LITERAL = frozenset(("pre", "textarea", "script", "style"))
_SPACE = re.compile(r"[ \t\r\n\f]+")
_LINES = re.compile(r"[ \t\r\f]*\n[ \t\r\f]*")
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)(?:([T ])(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|\+00:00)?)?")
_WORDS = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})(, \d\d:\d\d)?")
_PATTERNS = (
    (re.compile(r"\b(?:127\.0\.0\.1|localhost)(:|%3A)\d{2,5}\b"), "loopback"),
    (re.compile(r"(/-/below/\w+\.)[0-9a-f]{6,64}(\.\w+)"), r"\1HASH\2"),
    (re.compile(r"(app\.css\?)[0-9a-f]+"), r"\1HASH"),
    (re.compile(r"(Queries took )[\d.]+ms"), r"\1N ms"),
    (re.compile(r"(Datasette v?)\d+\.\d+(\.\d+)?"), r"\1VERSION"),
)
SLACK = timedelta(minutes=2)


class Normaliser:
    """Takes out what legitimately differs: ports, folders, the time at which this runs, the software's version."""

    def __init__(self, folder: str, version: str) -> None:
        self.began = datetime.now(UTC) - SLACK
        self.folders = sorted({folder, folder.removeprefix("/private")}, key=len, reverse=True)
        self.version = re.escape(version)

    def __call__(self, text: str) -> str:
        for folder in self.folders:
            text = text.replace(folder, "FOLDER")
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        text = re.sub(rf"(belowtheline[ /]|btl, version |software_version\W{{1,6}}){self.version}", r"\1VERSION", text)
        text = _ISO.sub(self._iso, text)
        return visible(_WORDS.sub(self._words, text))

    def _iso(self, found: re.Match[str]) -> str:
        year, month, day, apart, *time = found.groups()
        if not self._is_today(int(year), int(month), int(day)):
            return found[0]
        if apart is None:
            return "TODAY"
        try:
            at = datetime(int(year), int(month), int(day), *map(int, time), tzinfo=UTC)
        except ValueError:
            return found[0]
        return "NOW" if self.began <= at <= datetime.now(UTC) + SLACK else found[0]

    def _words(self, found: re.Match[str]) -> str:
        day, month, year, time = found.groups()
        is_today = self._is_today(int(year), MONTHS.index(month) + 1, int(day))
        return ("TODAY, NOW" if time else "TODAY") if is_today else found[0]

    def _is_today(self, year: int, month: int, day: int) -> bool:
        return (year, month, day) in {
            (one.year, one.month, one.day) for one in (self.began, datetime.now(UTC), datetime.now(UTC) + SLACK)
        }


def visible(text: str) -> str:
    """With controls and signs of direction as escapes, so that a file shows all that is in it."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf") else _escaped(sign) for sign in text
    )


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def html(text: str) -> str:
    """A page, a tag a line: attributes in order, white space only where a browser shows it."""
    root = lxml.html.document_fromstring(text)
    return "\n".join(_lines(root, is_html=True))


def xml(raw: bytes) -> str:
    """A feed or sitemap, a tag a line."""
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True)
    return "\n".join(_lines(lxml.etree.fromstring(raw, parser), is_html=False))


def as_json(text: str) -> str:
    """JSON with a value a line; what is JSON Lines, each line so."""
    try:
        return dumped(json.loads(text))
    except ValueError:
        return "\n".join(dumped(json.loads(line)) for line in text.splitlines())


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _lines(element: Any, *, is_html: bool, within: str = "") -> Iterator[str]:
    """An element, its tags and texts each on a line; on one line where it holds nothing but a text."""
    if not isinstance(element.tag, str):
        yield f"<!--{_words(element.text, '')}-->"
        return
    name = _local(element.tag)
    if within != "pre":
        within = "pre" if name in _LITERAL else "lines" if name == "p" and element.get("dir") else within
    begin, said = f"<{name}{_attributes(element, name)}>", _words(element.text, within)
    end = "" if is_html and name in VOID else f"</{name}>"
    if not len(element):
        yield begin + said + end
        return
    yield begin
    if said:
        yield said
    for child in _children(element, name):
        yield from _lines(child, is_html=is_html, within=within)
        if said := _words(child.tail, within):
            yield said
    yield end


def _children(element: Any, name: str) -> list[Any]:
    """In order. Values of a filter that are as frequent as each other stand in no order: here, in that of their names."""
    children = list(element)
    if name != "ul" or "filter" not in element.get("class", "").split():
        return children
    return sorted(children, key=lambda one: (-_count(one), one.text_content()))


def _count(item: Any) -> int:
    said = item[-1].text_content().replace(",", "").strip() if len(item) else ""
    return int(said) if said.isdecimal() else 0


def _local(name: str) -> str:
    return re.sub(r"\{.*\}", "", name)


def _attributes(element: Any, name: str) -> str:
    given = {_local(key): value for key, value in element.attrib.items()}
    if name == "input" and given.get("name") == "csrftoken":
        given["value"] = "TOKEN"
    return "".join(f' {key}="{_attribute(key, given[key])}"' for key in sorted(given))


def _attribute(name: str, value: str) -> str:
    if name == "class":
        value = _SPACE.sub(" ", value).strip()
    return value.replace("\n", "\\n").replace('"', "&quot;")


def _words(text: str | None, within: str) -> str:
    """What a browser shows of a text: all of it in `pre`, line ends in the texts of readers, else words."""
    if within == "pre":
        return text if (text or "").strip() else ""
    if within == "lines":
        return "\\n".join(_SPACE.sub(" ", line) for line in _LINES.split(text or "")).strip(" ")
    return _SPACE.sub(" ", text or "").strip()
