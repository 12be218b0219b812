"""Invented pages with known comments, by family, reproducible from a seed: `generate("disqus_static", 100, seed=1)`."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from resiliparse.extract.html2text import extract_plain_text

from benchmarks.pages import furniture, lossy, plain, platforms, sites, talk, themes, words
from benchmarks.pages.talk import Expected
from benchmarks.pages.tongues import TONGUES

FAMILIES = ("disqus_static", "wordpress", "real_world", "no_comments", "lossy", "no_lists")


@dataclass(frozen=True, slots=True)
class Page:
    """The text that a page became and what of its comments stands there; `seconds` is what the converter took."""

    family: str
    variant: str
    html: str
    main_content: bool
    text: str
    comments: tuple[Expected, ...]
    title: str
    stated: int | None
    closed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Draft:
    """A page before it becomes text: marked HTML, the thread in it, how it is converted and what is lost after that."""

    family: str
    variant: str
    title: str
    html: str
    main_content: bool
    remarks: tuple[talk.Remark, ...] = ()
    loss: Callable[[str, Random], str] | None = None


def generate(family: str, count: int, seed: int = 1) -> Iterator[Page]:
    """`count` pages of a family; its themes take turns, then the kinds of conversion or of loss."""
    for number in range(count):
        rng = Random(f"{family} {seed} {number}")
        tries = (_tried(rng, family, number) for _ in range(50))
        yield next(page for page in tries if page)


THEMES = {
    "disqus_static": platforms.DISQUS,
    "wordpress": platforms.WORDPRESS,
    "real_world": sites.LIST_SITES,
    "lossy": platforms.DISQUS[:5] + platforms.WORDPRESS[-5:],
    "no_lists": sites.SOUP_SITES,
}


def _commented(rng: Random, family: str, number: int) -> Draft:
    turn, index = divmod(number, len(THEMES[family]))
    theme = THEMES[family][index]
    tongue = rng.choice(TONGUES) if family == "wordpress" or rng.random() < 0.3 else TONGUES[0]
    remarks = talk.thread(rng, tongue, theme.deepest, theme.form)
    title = rng.choice(words.TITLES)
    comments = themes.section(theme, rng, remarks, tongue, title)
    html = furniture.page(rng, title, comments, much=0.5 if family == "real_world" else 0.15)
    loss = lossy.LOSSES[turn % len(lossy.LOSSES)] if family == "lossy" else None
    main = rng.random() < 0.7 if family in ("disqus_static", "lossy") else turn % 2 == 0
    variant = f"{theme.name}, {tongue.code}, {_conversion(main)}" + (f", {loss.__name__}" if loss else "")
    return Draft(family, variant, title, html, main, remarks, loss)


def _plain(rng: Random, number: int) -> Draft:
    turn, which = divmod(number, len(plain.SHAPES))
    shape, main, title = plain.SHAPES[which], turn % 2 == 0, rng.choice(words.TITLES)
    content, below = plain.content(shape, rng), turn % 4 > 1
    html = furniture.page(rng, title, content if below else "", 0.4, "" if below else content)
    position = "below" if below else "inside"
    return Draft("no_comments", f"{shape.name}, {position}, {_conversion(main)}", title, html, main)


def _conversion(main_content: bool) -> str:
    return "main content" if main_content else "whole page"


def _tried(rng: Random, family: str, number: int) -> Page | None:
    """A page, or None where the marks themselves changed what the converter keeps, as they do on some pages in a
    hundred: then its text would not be what the converter makes of the page."""
    draft = _plain(rng, number) if family == "no_comments" else _commented(rng, family, number)
    marked, html = extract_plain_text(draft.html, main_content=draft.main_content), talk.unmarked(draft.html)
    begin = time.process_time()
    text = extract_plain_text(html, main_content=draft.main_content)
    seconds = time.process_time() - begin
    if text != talk.unmarked(marked):
        return None
    return _page(draft, draft.loss(marked, rng) if draft.loss else marked, html, seconds)


def _page(draft: Draft, marked: str, html: str, seconds: float) -> Page:
    return Page(
        family=draft.family,
        variant=draft.variant,
        title=draft.title,
        html=html,
        main_content=draft.main_content,
        text=talk.unmarked(marked),
        comments=talk.expected(marked, draft.remarks),
        stated=len(draft.remarks) if talk.mark(talk.PAGE, talk.COUNT) in marked else None,
        closed=talk.mark(talk.PAGE, talk.CLOSED) in marked,
        seconds=seconds,
    )
