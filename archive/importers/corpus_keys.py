"""What the keys of a corpus' row say: text, address, times, language, byline. Pure.

Corpora name the same thing in many ways, at the top of a row or in an object such as `metadata`. Only what a key says
for certain is taken: a corpus' `date` beside a title is when the article was published, never when it was visited.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archive.importers.plain_text.encoding import clean
from archive.text import dates, urls
from archive.thread import Moment

TEXT_KEYS = ("text", "raw_content", "content", "maintext", "raw_text")
URL_KEYS = (
    *("url", "warc_target_uri", "warc-target-uri", "target_uri", "source_url", "page_url", "uri", "u"),
    *("source", "id"),  # addresses in some corpora, names and numbers in others
)
FETCH_KEYS = (
    *("warc_date", "warc-date", "fetched_at", "fetch_date", "crawl_date", "crawled_at", "date_download"),
    *("date_crawled", "timestamp", "ts"),
)
PUBLICATION_KEYS = (
    *("date_publish", "date_published", "datepublished", "published", "published_at", "published_date"),
    *("publish_date", "publication_date", "pubdate", "pub_date"),
)
LANGUAGE_KEYS = ("language", "lang", "warc-identified-content-language", "language_id_whole_page_fasttext")
BYLINE_KEYS = ("author", "authors", "byline")
COMMENT_KEYS = frozenset({"parent", "parent_id", "reply_to", "reply-to", "in_reply_to", "conversation_id", "speaker"})
NESTED = ("metadata", "meta", "warc_headers", "warc_metadata")
SHORTEST_ARTICLE = 200
DEEPEST = 4
# ISO 639-3, as language identifiers write it, to ISO 639-1, as pages do.
_CODES = (
    "en=eng de=deu/ger fr=fra/fre es=spa it=ita pt=por nl=nld/dut pl=pol ru=rus uk=ukr cs=ces/cze sk=slk sv=swe "
    "da=dan no=nor nb=nob nn=nno fi=fin et=est lv=lav/lvs lt=lit hu=hun ro=ron/rum bg=bul el=ell/gre tr=tur "
    "ar=ara/arb he=heb fa=fas/pes hi=hin bn=ben ja=jpn zh=zho/chi/cmn ko=kor vi=vie th=tha id=ind ms=msa/zsm ca=cat "
    "eu=eus gl=glg hr=hrv sr=srp bs=bos sl=slv mk=mkd sq=sqi/als is=isl ga=gle cy=cym "
)
TWO_LETTERS: dict[str, str] = {
    long: short for short, longs in re.findall(r"(\w+)=(\S+)", _CODES) for long in longs.split("/")
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row without its text: `keys` are those of the row and of the objects in it, in lower case."""

    metadata: dict[str, Any]
    keys: Mapping[str, Any]

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> "Row":
        """Return the row with these keys."""
        return cls(metadata, _flatten(metadata))

    def text(self, *keys: str) -> str | None:
        """Return the first of these keys that holds a text."""
        for value in self._values(keys):
            if isinstance(value, str) and (text := clean(value).text.strip()):
                return text
        return None

    def url(self) -> str | None:
        """Return the address of the page, canonical."""
        for value in self._values(URL_KEYS):
            if (url := urls.canonical(value)) is not None:
                return url
        return None

    def fetched_at(self) -> str | None:
        """Return when the page was visited, as far as the row says that and not something else."""
        keys = list(FETCH_KEYS)
        if not self._has_title():
            keys += ["date", *["created"] * ("added" in self.keys or "source" in self.keys)]
        return next(filter(None, map(parse_time, self._values(keys))), None)

    def published(self) -> Moment | None:
        """Return when the article was published."""
        keys = list(PUBLICATION_KEYS)
        if self._has_title() or any(self._values(FETCH_KEYS)):
            keys.append("date")
        for value in self._values(keys):
            if moment := _moment(value):
                return moment
        return None

    def language(self) -> str | None:
        """Return the language as a short code, the likeliest where the row names several."""
        for value in self._values(LANGUAGE_KEYS):
            chosen = _likeliest(value)
            if isinstance(chosen, str) and (text := clean(chosen).text.strip()):
                code = text.partition("_")[0].partition(",")[0]
                return TWO_LETTERS.get(code.lower(), code)
        return None

    def byline(self) -> str | None:
        """Return who wrote the article: a text, or a list of names."""
        for value in self._values(BYLINE_KEYS):
            names = value if isinstance(value, list) else [value]
            texts = [clean(name).text.strip() for name in names if isinstance(name, str)]
            if byline := ", ".join(filter(None, texts)):
                return byline
        return None

    def _has_title(self) -> bool:
        return "title" in self.keys

    def _values(self, keys: Iterable[str]) -> Iterator[Any]:
        return (value for key in keys if (value := self.keys.get(key)))


def take_text(record: dict[str, Any]) -> str | None:
    """Take the text out of a row: the first key that has one; "" where none but an empty one is there, else None."""
    for key in TEXT_KEYS:
        if isinstance(record.get(key), str) and record[key].strip():
            return str(record.pop(key))
    is_blank = any(key in record and (record[key] is None or isinstance(record[key], str)) for key in TEXT_KEYS)
    return "" if is_blank else None


def is_comment(text: str, record: Mapping[str, Any]) -> bool:
    """Whether a row is one comment of a thread and no article: it is short, and names what it answers."""
    return len(text) < SHORTEST_ARTICLE and not COMMENT_KEYS.isdisjoint(record)


def parse_time(value: Any) -> str | None:
    """Return a time as the archive writes it; one without a zone counts as UTC."""
    moment = _moment(value)
    return moment.at if moment and moment.at and moment.at >= "1970" else None


def _flatten(record: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return a row's keys in lower case, with those of the objects in it that hold metadata; outer ones win."""
    flat: dict[str, Any] = {}
    keys = {str(key).lower(): value for key, value in record.items()}
    for name in NESTED if depth < DEEPEST else ():
        if isinstance(inner := keys.get(name), dict):
            flat = _flatten(inner, depth + 1) | flat
    return flat | keys


def _moment(value: Any) -> Moment | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Milliseconds where seconds would be in a far future; small numbers are no times.
        moment = dates.parse_epoch(value / 1000 if value > 1e11 else value)
        return replace(moment, text=str(value)) if moment and moment.at and moment.at >= "1971" else None
    if not isinstance(value, str) or not (text := clean(value).text.strip()) or len(text) > dates.MAX_LENGTH:
        return None
    if len(text) == 14 and text.isdecimal():
        text = f"{text[:8]}T{text[8:]}"
    moment = dates.parse_iso(text.replace("/", "-")) or dates.parse_date(text)
    return replace(moment, text=text) if moment.at else None


def _likeliest(value: Any) -> Any:
    """Return the language of `["en"]`, `{"en": 0.9}`, `[["en", 0.9]]` or `{"code": "en"}`."""
    if isinstance(value, list) and value:
        return _likeliest(value[0])
    if isinstance(value, dict) and value:
        scores = {key: score for key, score in value.items() if isinstance(score, int | float)}
        if scores:
            return max(scores, key=lambda key: scores[key])
        return next((value[key] for key in ("code", "language", "lang", "label") if key in value), None)
    return value
