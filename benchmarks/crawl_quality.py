"""Measure how well the crawler reads comment sections of pages made with known comments.

python -m benchmarks.crawl_quality [--pages N] [--show THEME]

Pages are made by benchmarks.pages, whole or damaged as pages are in the wild, and read as a crawl reads them, with
nothing else to ask. Exit status 1 where a score is below its floor.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from random import Random

from archive.text.dates import infer_day_first, parse_date
from archive.thread import Comment, Thread
from benchmarks.pages import furniture, plain, platforms, talk, themes, words
from benchmarks.pages.native import NATIVE
from benchmarks.pages.themes import Theme
from benchmarks.pages.tongues import TONGUES
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import driver

FAMILIES: dict[str, tuple[Theme, ...]] = {
    "wordpress, seen": (*platforms.WORDPRESS, *NATIVE[::2]),
    "wordpress, held out": NATIVE[1::2],
    "disqus_static": platforms.DISQUS,
}
_NATIVE = {
    "found": 99.9, "invented": 0.0, "parent": 99.9, "author": 99.7, "body": 99.7, "posted": 99.8, "count": 99.0,
    "closed": 99.0,
}  # fmt: skip
FLOORS: dict[str, dict[str, float]] = {**dict.fromkeys(FAMILIES, _NATIVE), "no_comments": {"invented": 0.0}}
SCORES = ("found", "invented", "parent", "author", "body", "posted", "count", "closed")
TAGS = re.compile(r"<[^>]+>")
DATETIME = re.compile(r' datetime="[^"]*"')
BLOCK = re.compile(r"</?(?:p|li|ul|ol|blockquote)>|<br ?/?>")
TARGET = re.compile(r" \(https?://[^\s()]+\)")
LEADING = re.compile(r"(?m)^[> ]+")
WIDGET = (
    '<aside class="widget widget_recent_comments"><h3>Recent comments</h3><ul id="recentcomments">'
    '<li class="recentcomments"><span class="comment-author-link">Mo Pell</span> on <a href="/other/#comment-99001">'
    'The lime trees</a></li><li class="recentcomments"><span class="comment-author-link">Ann Orr</span> on '
    '<a href="/other/#comment-99002">A week by the water</a></li></ul></aside>'
)
AD = '<div class="adsbygoogle ad-slot"><p>Advertisement</p><script>window.ad("<p>comment</p>")</script></div>'


@dataclass(frozen=True, slots=True)
class Truth:
    """A comment as its page holds it."""

    native_id: str
    parent: str | None
    name: str | None
    body: str
    at: str | None


@dataclass(slots=True)
class Case:
    """A page with what it holds."""

    family: str
    variant: str
    html: str
    truths: list[Truth]
    count: int | None
    closed: bool


def folded(text: str) -> str:
    """Without white space, bullets, the targets of links, and the marks of quotes."""
    return talk.folded(TARGET.sub("", LEADING.sub("", text)))


# damage


def _none(html: str, _: Random) -> str:
    return html


def _open_paragraphs(html: str, rng: Random) -> str:
    return re.sub(r"</p>", lambda match: "" if rng.random() < 0.4 else match[0], html)


def _open_items(html: str, _: Random) -> str:
    return re.sub(r"</li>(?=\s*<li|\s*</[ou]l>)", "", html)


def _upper(html: str, _: Random) -> str:
    return re.sub(r"</?(?:p|div|li|ol|ul|span|cite|b)\b", lambda match: match[0].upper(), html)


def _ads(html: str, rng: Random) -> str:
    return re.sub(
        r"(<(?:ol|ul|div) class=\"children\">)",
        lambda match: match[0] if rng.random() < 0.5 else match[0] + "<!-- ad -->",
        html.replace('<div class="comment-content">', AD + '<div class="comment-content">', 2),
    )


def _widgets(html: str, _: Random) -> str:
    return html.replace("<main>", WIDGET + "<main>").replace("</main>", "</main>" + WIDGET)


def _stray(html: str, _: Random) -> str:
    return html.replace("</form>", "</form></div>", 1).replace("<body>", "<body></span></p>", 1)


DAMAGE: tuple[Callable[[str, Random], str], ...] = (
    _none,
    _open_paragraphs,
    _open_items,
    _upper,
    _ads,
    _widgets,
    _stray,
)


def cases(family: str, count: int, seed: int = 1) -> Iterator[Case]:
    """Yield `count` pages of a family; its themes take turns, then the kinds of damage."""
    shapes = FAMILIES[family]
    for number in range(count):
        rng = Random(f"{family} {seed} {number}")
        turn, index = divmod(number, len(shapes))
        yield _case(family, shapes[index], DAMAGE[turn % len(DAMAGE)], rng)


def _case(family: str, theme: Theme, damage: Callable[[str, Random], str], rng: Random) -> Case:
    tongue = TONGUES[0] if rng.random() < 0.4 else rng.choice(TONGUES)
    remarks = talk.thread(rng, tongue, theme.deepest, theme.form)
    title = rng.choice(words.TITLES)
    section = DATETIME.sub("", themes.section(theme, rng, remarks, tongue, title))
    html = furniture.page(rng, title, section, 0.4)
    counted, closed = talk.mark(talk.PAGE, talk.COUNT) in html, talk.mark(talk.PAGE, talk.CLOSED) in html
    named = any(slot in theme.item for slot in ("{author}", "{name}", "{link}", "_SPAN"))
    day_first = infer_day_first([remark.date for remark in remarks])
    truths = [
        Truth(
            str(themes.number(r.index)),
            None if r.parent is None or not theme.kids else str(themes.number(r.parent)),
            r.name if named else None,
            folded(unescape(TAGS.sub("", BLOCK.sub("\n", r.body)))),
            parse_date(r.date, day_first).at if "{date}" in theme.item else None,
        )
        for r in remarks
    ]
    whole = damage(talk.unmarked(html).replace("<head>", '<head><meta charset="utf-8">', 1), rng)
    variant = f"{theme.name}, {tongue.code}, {damage.__name__.strip('_')}"
    count = len(remarks) if counted and "pingback" not in theme.section else None  # those headings count pingbacks in
    return Case(family, variant, whole, truths, count, closed)


def silent(count: int, seed: int = 1) -> Iterator[Case]:
    """Pages without a comment: lists, teasers, forms, widgets and notices instead."""
    for number in range(count):
        rng = Random(f"silent {seed} {number}")
        turn, which = divmod(number, len(plain.SHAPES))
        content, below = plain.content(plain.SHAPES[which], rng), turn % 2 == 0
        form = platforms._RESPOND.format(leave="Leave a reply", form="Required fields are marked *") if turn % 3 else ""
        under = (content if below else "") + (form if turn % 3 == 1 else "")
        html = furniture.page(rng, rng.choice(words.TITLES), under, 0.5, "" if below else content)
        whole = talk.unmarked(html).replace("<head>", '<head><meta charset="utf-8">', 1)
        yield Case("no_comments", plain.SHAPES[which].name, _widgets(whole, rng), [], None, closed=False)


def thread_of(html: str) -> Thread:
    """Read a page as a crawl does, where no other request gets a response."""

    def fetch(request: Fetch) -> Page:
        raise FetchFailed(request.url, "nothing else is there")

    page = Page(
        "https://town.example/2014/05/a-page/", html.encode(), {"content-type": "text/html"}, "2026-01-02T03:04:05Z"
    )
    return driver.run(driver.visit(page), fetch)[0]


@dataclass(slots=True)
class Tally:
    """Counts of right and wrong over some pages."""

    counts: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)

    def add(self, case: Case, thread: Thread) -> None:
        got = {comment.native_id: comment for comment in thread.comments}
        ids = {truth.native_id for truth in case.truths}
        self.counts["pages"] += 1
        self.counts["expected"] += len(case.truths)
        self.counts["got"] += len(thread.comments)
        self._note("invented", [c.native_id or c.body[:40] for c in thread.comments if c.native_id not in ids], case)
        for truth in case.truths:
            comment = got.get(truth.native_id)
            if comment is None:
                self._note("missing", [truth.native_id], case)
            else:
                self._compare(case, truth, comment)
        if case.count is not None:
            self.counts["counted"] += 1
            self._note("count", [str(thread.stated_count)] if thread.stated_count != case.count else [], case)
        if case.truths:
            self.counts["talks"] += 1
            self._note("closed", [str(thread.closed)] if bool(thread.closed) != case.closed else [], case)

    def _compare(self, case: Case, truth: Truth, comment: Comment) -> None:
        self.counts["found"] += 1
        name = comment.author.name if comment.author else None
        self._note(
            "parent",
            [f"{truth.native_id}: {comment.parent_native_id} for {truth.parent}"]
            if comment.parent_native_id != truth.parent
            else [],
            case,
        )
        self._note("author", [f"{name!r} for {truth.name!r}"] if name != truth.name else [], case)
        body = folded(comment.body)
        self._note("body", [f"\n    {body!r}\n    {truth.body!r}"] if body != truth.body else [], case)
        if truth.at is not None:
            self.counts["dated"] += 1
            self._note(
                "posted",
                [f"{comment.posted} for {truth.at}"] if not comment.posted or comment.posted.at != truth.at else [],
                case,
            )

    def _note(self, what: str, wrongs: Iterable[str], case: Case) -> None:
        for wrong in wrongs:
            self.counts[f"{what} wrong"] += 1
            self.wrongs.append(f"{case.variant}: {what}: {wrong}")

    def scores(self) -> dict[str, float | None]:
        """Per cent of what each score is about; None where nothing was."""
        c = self.counts
        pairs = {name: (c["found"] - c[f"{name} wrong"], c["found"]) for name in ("parent", "author", "body")}
        pairs |= {"found": (c["found"], c["expected"]), "invented": (c["invented wrong"], c["got"] or c["pages"])}
        pairs |= {
            "posted": (c["dated"] - c["posted wrong"], c["dated"]),
            "count": (c["counted"] - c["count wrong"], c["counted"]),
        }
        pairs |= {"closed": (c["talks"] - c["closed wrong"], c["talks"])}
        return {name: 100 * part / whole if whole else None for name, (part, whole) in pairs.items()}


def measured(count: int, seed: int = 1) -> dict[str, Tally]:
    """Read `count` pages of each family; return a tally for each."""
    tallies = {family: Tally() for family in (*FAMILIES, "no_comments")}
    for family, tally in tallies.items():
        made = silent(count, seed) if family == "no_comments" else cases(family, count, seed)
        for case in made:
            tally.add(case, thread_of(case.html))
    return tallies


def below(tallies: dict[str, Tally]) -> list[str]:
    """Return a line for each score that is worse than its floor."""
    failures = []
    for family, floors in FLOORS.items():
        scores = tallies[family].scores()
        for name, floor in floors.items():
            value = scores[name]
            if value is not None and (value > floor if name == "invented" else value < floor):
                failures.append(f"{family}: {name} is {value:.2f} %, pinned at {floor} %")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=300, help="pages a family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", help="print what is wrong on pages whose variant begins so")
    options = parser.parse_args()
    begin = time.perf_counter()
    tallies = measured(options.pages, options.seed)
    print(f"{'per cent':<22}" + "".join(f"{name:>10}" for name in SCORES))
    for family, tally in tallies.items():
        scores = tally.scores()
        print(
            f"{family:<22}" + "".join(f"{'-' if scores[n] is None else format(scores[n], '.2f'):>10}" for n in SCORES)
        )
    print(f"{time.perf_counter() - begin:.0f} s")
    if options.show is not None:
        for tally in tallies.values():
            print("\n".join(wrong for wrong in tally.wrongs if wrong.startswith(options.show)))
    failures = below(tallies)
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
