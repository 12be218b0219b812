"""Comment sections as data: a theme is the markup of a list, an item, its replies; `{...}` are filled per comment."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from random import Random
from typing import Any

from benchmarks.pages.talk import CLOSED, COUNT, DATE, NAME, PAGE, Remark, mark
from benchmarks.pages.tongues import Tongue


@dataclass(frozen=True, slots=True)
class Theme:
    """`item` may use what `_fields` makes; `author` there is a link or the bare name, at random.

    Without `kids` the markup shows no nesting. `form` is for the dates; without it the language has its own.
    """

    name: str
    section: str
    item: str
    kids: str = ""
    form: str | None = None

    @property
    def deepest(self) -> int:
        return 8 if self.kids else 1


def section(theme: Theme, rng: Random, remarks: Sequence[Remark], tongue: Tongue, title: str) -> str:
    """The comment section of a page in the theme's markup."""
    count = f"{mark(PAGE, COUNT)}{len(remarks)}"
    heading = rng.choice(tongue.headings).format(n=count, title=title)
    says, reply = rng.choice(tongue.says), rng.choice(tongue.reply)
    common = {
        "says": says,
        "reply": reply,
        "leave": tongue.leave,
        "form": tongue.form,
        "closed": mark(PAGE, CLOSED) + tongue.closed,
    }
    children: dict[int | None, list[Remark]] = {}
    for remark in remarks:
        children.setdefault(remark.parent, []).append(remark)
    items = _items(theme, rng, None, children, remarks, common)
    return theme.section.format(items=items, heading=heading, count=count, **common)


def _items(
    theme: Theme,
    rng: Random,
    parent: int | None,
    children: dict[int | None, list[Remark]],
    remarks: Sequence[Remark],
    common: dict[str, str],
) -> str:
    made = []
    for remark in children.get(parent, []):
        kids = _items(theme, rng, remark.index, children, remarks, common)
        fields = _fields(rng, remark, remarks) | common
        made.append(theme.item.format(kids=theme.kids.format(kids=kids) if kids else "", **fields))
    return "\n".join(made)


def number(index: int) -> int:
    """The id that a page gives its comment `index`."""
    return 4000 + index * 7


def _fields(rng: Random, remark: Remark, remarks: Sequence[Remark]) -> dict[str, Any]:
    name = mark(remark.index, NAME) + escape(remark.name)
    url = f"http://{'abcdefgh'[remark.index % 8]}.town.example/"
    link = f'<a href="{url}" rel="external nofollow" class="url">{name}</a>'
    answered = remarks[remark.parent].name if remark.parent is not None else None
    return {
        "name": name,
        "who": escape(remark.name),
        "link": link,
        "author": link if rng.random() < 0.4 else name,
        "url": url if rng.random() < 0.5 else "",
        "date": mark(remark.index, DATE) + remark.date,
        "body": remark.body,
        "n": remark.index + 1,
        "id": number(remark.index),
        "pid": 0 if remark.parent is None else number(remark.parent),
        "depth": remark.depth + 1,
        "likes": remark.likes,
        "to": f"in reply to {escape(answered)}" if answered else "",
        "initial": escape(remark.name[:1]),
    }
