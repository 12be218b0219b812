"""Names in the headers of flat comments, and what stands beside them: numbers, times, whom they answer."""

import re
from collections import Counter
from collections.abc import Sequence

from archive.importers.plain_text.dialect import ANSWERS, Entry
from archive.text import line_rules

AROUND_NAMES = " .,|·•–—-@(:#/"
_NO_NAME = re.compile(
    r"#\s?\d+(?:\.\d+)*|\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?[ap]\.?m\b\.?)?|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bposted:?",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z]\w{0,10}[^<>]{0,80}>", re.IGNORECASE)
_ENDS_NAME = re.compile(r"[•|#(,·]|\s[–—-]\s")
_NUMBERED = re.compile(r"^#?\d+[:.)]\s*(?:by\s+)?", re.IGNORECASE)
_COUNTED = re.compile(r"\d+\+?\s+[^\W\d_]+")


def is_name_like(text: str) -> bool:
    """Whether a text is a name, or nothing but words around one."""
    text = text[line_rules.byline_length(text) :]
    end = line_rules.find_says(text)
    text = _NO_NAME.sub(" ", line_rules.strip_linking(text[:end] if end else text)).strip(AROUND_NAMES)
    return not text or line_rules.name_score(text) > -2 or line_rules.is_linking(text)


def clean_names(entries: Sequence[Entry]) -> None:
    """Take off names what stands beside them: numbers, times, weekdays, whom they answer ("Ann #3 replied to Bo")."""
    for entry in entries:
        if not entry.name:
            continue
        answer = ANSWERS.search(entry.name)
        name = entry.name
        if answer and answer.start():
            name = entry.name[: answer.start()]
            entry.answers = _ENDS_NAME.split(entry.name[answer.end() :], maxsplit=1)[0].strip(AROUND_NAMES) or None
        name = _NUMBERED.sub("", _TAG.sub("", name))
        name = " ".join(_NO_NAME.sub(" ", name).split()).strip(AROUND_NAMES)
        name = line_rules.undouble(name)
        if _COUNTED.fullmatch(name):
            name = ""
        if name != entry.name:
            left = Counter(entry.name.split())
            left.subtract(name.split())
            entry.rest.append(" ".join(word for word, count in left.items() for _ in range(count)))
            entry.name = name or None
