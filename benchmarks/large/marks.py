"""The flags of a large archive, what reviewers say of them, and what became of comments after they were written."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from archive.flags.codes import severities
from archive.flags.versions import data_sha256, detector_of, rule_rows
from archive.store.flags import codes_of
from archive.thread import Flag
from benchmarks.large.words import LONGEST, Words

Row = tuple[Any, ...]

DETECTORS = ("wordpress", "isso", "resiliparse_text", "crawl", "rules", "shapes", "review")
LEXICONS = {name: data_sha256() for name in ("rules", "shapes")}
MILD = ("content.insult", "content.profanity", "content.slur", "content.link", "content.spam", "content.threat")
SECOND, CORRECTED = "content.exclusion", "content.sexual"
VERDICTS = ("confirmed", "confirmed", "confirmed", "dismissed", "dismissed", "corrected")
REVIEWERS = ("reader.one", "reader.two", "reader.three")


@dataclass(slots=True)
class Section:
    """A thread under way. `began` is in seconds since BEGAN; `pages` and `later` are captures, 0 where an import saw
    the thread once only."""

    id: int
    platform: str
    url: str
    began: int
    seen: str
    again: str
    runs: tuple[int, int]
    capture: int = 0
    pages: int = 0
    later: int = 0
    flag_count: int = 0
    changed: bool = False
    taken: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Fate:
    """What is stored of a comment that something befell."""

    body: str
    revision: int = 0
    state: str = "visible"
    codes: str | None = None
    capture: int | None = None
    known_author: bool = True


@dataclass(frozen=True, slots=True)
class On:
    """What a flag stands on, and the text there."""

    comment: int | None = None
    thread: int | None = None
    article: int | None = None
    text: str = ""
    revision: int = 0


class Marks:
    """Adds rows to `out` and counts to `totals`, which the caller owns."""

    def __init__(self, words: Words, out: "defaultdict[str, list[Row]]", totals: Counter[str]) -> None:
        self.words, self.out, self.totals = words, out, totals
        self.chance = words.chance
        self.flags = 0  # how many there are so far
        self.detectors = {name: number for number, name in enumerate(DETECTORS, 1)}
        self.rules: defaultdict[str, list[str]] = defaultdict(list)
        for rule in rule_rows():
            self.rules[str(rule["code"])].append(str(rule["rule"]))

    def fate(self, section: Section, number: int, body: str, capture: int) -> Fate:
        """A fifth each holds personal data, was edited, is gone; rules found words in most others, and the source
        marked some. Where nobody came again, rules found words."""
        kind = self.chance.random() / 0.2
        fate, flags = Fate(body), list[Flag]()
        if kind < 1:
            fate.body, flags = self._personal(body)
        elif kind < 2 and section.later:
            flags = self._edited(section, number, fate, capture)
        elif kind < 3 and section.later:
            flags = self._gone(section, number, fate)
        elif kind < 4.5:
            flags = self._found(body, self.chance.choice(MILD))
        elif kind < 4.75:
            fate.known_author, flags = False, [Flag("capture.author_missing", "no-name")]
        else:
            flags = [Flag(self.chance.choice(("platform.featured", "platform.staff")), "class")]
        on = On(comment=number, text=fate.body, revision=fate.revision)
        fate.codes = codes_of([told for flag in flags for told in self.flag(section, flag, on)])
        return fate

    def flag(self, section: Section, flag: Flag, on: On) -> list[Flag]:
        """Adds a flag, its place and what reviewers say of it. Gives what readers are told of."""
        in_text, by_crawl = flag.code.startswith(("content.", "context.")), flag.code.startswith("crawl.")
        name = detector_of(flag.rule) if in_text else "crawl" if by_crawl else section.platform
        at = section.again if by_crawl else section.seen
        status = self._reviewed(at) if flag.code in MILD else "unreviewed"
        number = self._add(flag, on, name, at, section.runs[by_crawl], status, None)
        told = [flag] if self._count(section, flag, on, status) else []
        if status == "corrected":
            better = Flag(CORRECTED, "review.correction", None, flag.start, flag.end)
            self._add(better, on, "review", at, None, "confirmed", number)
            told += [better] if self._count(section, better, on, "confirmed") else []
        return told

    def _add(
        self, flag: Flag, on: On, detector: str, at: str, run: int | None, status: str, corrects: int | None
    ) -> int:
        self.flags += 1
        claim = (self.flags, flag.code, on.comment, on.thread, on.article, on.revision, self.detectors[detector])
        severity = severities()[flag.code]
        self.out["flags"].append((*claim, flag.rule, flag.evidence, at, run, severity, status, corrects))
        if flag.start is not None and flag.end is not None:
            self.out["flag_spans"].append((self.flags, flag.start, flag.end, on.text[flag.start : flag.end]))
        return self.flags

    def _count(self, section: Section, flag: Flag, on: On, status: str) -> bool:
        context, refused = flag.code.startswith("context."), status in ("dismissed", "corrected")
        if context or not refused:
            self.totals[f"flags:{flag.code}"] += 1
            if flag.code.startswith(("content.", "context.")):
                self.totals[f"rules:{flag.rule}"] += 1
        told = not context and not refused
        section.flag_count += told and on.article is None
        return told

    def _reviewed(self, at: str) -> str:
        """The status of the next flag, and its reviews; one in eight was looked at."""
        if self.chance.random() > 0.125:
            return "unreviewed"
        verdict = self.chance.choice(VERDICTS)
        add, number = self.out["reviews"].append, self.flags + 1
        add((number, self.chance.choice(REVIEWERS[:2]), verdict, CORRECTED if verdict == "corrected" else None, at))
        if verdict == "confirmed" and self.chance.random() < 0.2:
            add((number, REVIEWERS[2], "dismissed", None, at))
            return "disputed"
        return verdict

    def _personal(self, body: str) -> tuple[str, list[Flag]]:
        body = body[: LONGEST - 80].rstrip()
        if self.chance.random() < 0.5:
            rule, words = "shape.email", "Write to "
            exact = f"{self.words.plain()}{self.chance.randint(10, 9999)}@{self.words.plain()}.example"
        else:
            rule, words, exact = "shape.phone", "Call me on ", f"01632 960{self.chance.randint(100, 999)}"
        start = len(body) + 1 + len(words)
        return f"{body} {words}{exact}, mornings.", [Flag("content.pii", rule, None, start, start + len(exact))]

    def _edited(self, section: Section, number: int, fate: Fate, capture: int) -> list[Flag]:
        """A tenth had words in the earlier text that rules found there."""
        old = fate.body
        if self.chance.random() < 0.1:
            for flag in self._found(old, "content.insult"):
                self.flag(section, flag, On(comment=number, text=old))
        new = f"{old[: LONGEST - 60].rstrip()} Edited: {self.words.plain()}."
        fate.body, fate.revision, fate.capture, section.changed = new, 1, section.later, True
        digest = sha256(old.encode()).hexdigest()
        self.out["comment_revisions"].append((number, 0, old, digest, capture, section.seen, section.seen))
        self._event(section, number, "edited", old, new)
        return [Flag("crawl.edited", "visit", f"run {section.runs[1]}")]

    def _gone(self, section: Section, number: int, fate: Fate) -> list[Flag]:
        fate.state, section.changed = "missing", True
        self._event(section, number, "removed", "visible", "missing")
        return [Flag("crawl.removed", "visit", f"run {section.runs[1]}")]

    def _event(self, section: Section, number: int, kind: str, before: str, after: str) -> None:
        row = (section.runs[1], section.id, number, kind, before, after, section.again, "high")
        self.out["events"].append(row)

    def _found(self, body: str, code: str) -> list[Flag]:
        """A flag on a word of the text; one in five was quoted as well, one in ten is claimed twice over."""
        start = body.rfind(" ", 0, self.chance.randrange(len(body)) + 1) + 1
        end = body.find(" ", start + 1)
        end = len(body) if end < 0 else end
        flags = [Flag(code, self.chance.choice(self.rules[code]), None, start, end)]
        if self.chance.random() < 0.2:
            flags.append(Flag("context.quoted", "guard.quotation-marks", f"instead of {flags[0].rule}", start, end))
        if self.chance.random() < 0.1:
            flags.append(Flag(SECOND, self.chance.choice(self.rules[SECOND]), None, start, end))
        return flags
