"""What people write under articles: one word, five paragraphs, quotes, lists, links, a name, a date."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from random import Random

from benchmarks.pages import words
from benchmarks.pages.tongues import Tongue

Blocks = list[tuple[str, str]]
"""HTML blocks as (tag, inner HTML); the items of a list stand between `|`."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody about to answer `answered`."""

    rng: Random
    tongue: Tongue
    answered: str

    def blocks(self) -> Blocks:
        kind: Callable[[Speaker], Blocks] = self.rng.choices(list(KINDS), list(KINDS.values()))[0]
        return kind(self)

    def plain(self) -> Blocks:
        return [("p", self._prose(1, 3))]

    def paragraphs(self) -> Blocks:
        return [("p", self._prose(1, 4)) for _ in range(self.rng.randint(2, 4))]

    def long(self) -> Blocks:
        return [("p", self._prose(5, 12)) for _ in range(self.rng.randint(1, 6))]

    def short(self) -> Blocks:
        return [("p", self.rng.choice(words.SHORT))]

    def at_name(self) -> Blocks:
        lead = self.rng.choice(("@{}: ", "@{} ", "@{}<br>", "{}: ", "{}, "))
        return [("p", lead.format(escape(self.answered)) + self._prose(1, 2))]

    def breaks(self) -> Blocks:
        return [("p", "<br>\n".join(self._prose(1, 1) for _ in range(self.rng.randint(2, 6))))]

    def quote(self) -> Blocks:
        lead = [("p", f"{escape(self.answered)} {self.tongue.says[0]}")] if self.rng.random() < 0.3 else []
        return [*lead, ("blockquote", self._prose(1, 1)), *self.plain()]

    def bullets(self) -> Blocks:
        items = "|".join(self._prose(1, 1) for _ in range(self.rng.randint(2, 4)))
        last = self.plain() if self.rng.random() < 0.5 else []
        return [("p", "Three things:"), (self.rng.choice(("ul", "ul", "ol")), items), *last]

    def link(self) -> Blocks:
        label = self.rng.choice(("this page", "https://quay.example/timetable"))
        anchor = f'<a href="https://quay.example/timetable" rel="nofollow">{label}</a>'
        inner = self.rng.choice((anchor, anchor, "https://town.example/plan?id=4"))
        return [("p", f"{self._prose(1, 1)} {inner} {self._prose(1, 1)}")]

    def bare_link(self) -> Blocks:
        return [("p", self.rng.choice(("https://town.example/lime-trees", "www.quay.example/bread")))]

    def just_name(self) -> Blocks:
        answered = escape(self.answered)
        return [("p", self.rng.choice((answered, f"@{answered}", "Anna", "Tom Okafor")))]

    def just_date(self) -> Blocks:
        form = self.rng.choice(("{d} {m} {y}", "{m} {d}, {y}", "{H:02}:{i}", "{y}"))
        return [("p", words.date(self.rng, form))]

    def signed(self) -> Blocks:
        sign = self.rng.choice(("– Anna", "Yours, T.", "Greetings from Mill Lane", "/Tom", "P.S. Bread!"))
        return [*self.plain(), ("p", sign)]

    def typed_list(self) -> Blocks:
        sign = self.rng.choice(("{}. ", "{}) ", "- ", "* "))
        lines = (sign.format(n + 1) + self._prose(1, 1) for n in range(self.rng.randint(2, 4)))
        return [("p", "<br>\n".join(lines))]

    def heading_like(self) -> Blocks:
        leads = (
            "Comments",
            "Reply",
            "Share",
            "UPDATE:",
            "3 comments",
            "Related",
            "Read more",
            "Note:",
            "ALL CAPS HERE",
        )
        return [("p", self.rng.choice(leads)), *self.plain()]

    def _prose(self, low: int, high: int) -> str:
        return escape(words.prose(self.rng, low, high, self.tongue))


KINDS: dict[Callable[[Speaker], Blocks], int] = {
    Speaker.plain: 40,
    Speaker.paragraphs: 14,
    Speaker.long: 5,
    Speaker.short: 9,
    Speaker.at_name: 7,
    Speaker.breaks: 5,
    Speaker.quote: 3,
    Speaker.bullets: 2,
    Speaker.link: 5,
    Speaker.bare_link: 1,
    Speaker.just_name: 1,
    Speaker.just_date: 1,
    Speaker.signed: 3,
    Speaker.typed_list: 2,
    Speaker.heading_like: 1,
}
"""How often people write like this, in per cent."""
