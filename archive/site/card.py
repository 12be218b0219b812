"""What other sites show of a page that is shared: titles and numbers, never what readers wrote or are called. Pure."""

import re
from dataclasses import dataclass

LONGEST_TITLE, LONGEST = 110, 200

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Card:
    """`path` is of the page that stands for all its views."""

    title: str
    description: str
    path: str
    kind: str = "article"


def card(title: str, parts: list[str | None], path: str, kind: str = "article") -> Card:
    """`parts` of the description stand with a dot between them; those that are empty are left out."""
    words = " · ".join(line for part in parts if part and (line := one_line(part, LONGEST)))
    return Card(one_line(title, LONGEST_TITLE), one_line(words, LONGEST), path, kind)


def one_line(text: str, longest: int) -> str:
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
