"""The rows of a large archive, thread by thread: what crawls of 16 outlets and imports from 4 more would have left."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from importlib.metadata import version
from itertools import accumulate
from random import Random

from archive.flags.versions import rule_rows
from archive.thread import Flag
from benchmarks.large.marks import DETECTORS, LEXICONS, Marks, On, Row, Section
from benchmarks.large.words import DAY, DAYS, SENTENCES, Words

PLATFORMS = ("wordpress",) * 12 + ("isso",) * 4 + ("resiliparse_text",) * 4
IMPORTED = "resiliparse_text"
LONGEST_THREAD = 40_960
DEEPEST = 9
A_PAGE = 100
BATCH = 20_000
FLAGGED = 0.05
ADDRESSED = 0.03
VERSION = version("belowtheline")
FIRST_NATIVE_ID = 700_000_000

COLUMNS = {
    "runs": "id, kind, started_at, finished_at, outcome, software_version, settings, counts",
    "outlets": "id, domain, name",
    "detectors": "id, name, version, lexicon_sha256",
    "flag_rules": "rule, code, language, pattern, note",
    "commenters": "id, platform, outlet_id, native_id, name, is_guest, is_staff",
    "captures": "id, run_id, url, fetched_at, http_status, media_type, sha256, warc_file, warc_offset, warc_length, "
    "line, page_of",
    "articles": "id, outlet_id, url, title, published_at, published_precision, language, section, body, "
    "body_sha256, revision, capture_id, first_seen_at, last_seen_at",
    "article_revisions": "article_id, revision, title, body, body_sha256, capture_id, seen_from, seen_until",
    "threads": "id, article_id, platform, native_id, url, stated_count, completeness, closed, comment_count, "
    "flag_count, capture_id, first_seen_at, last_seen_at",
    "visits": "thread_id, run_id, capture_id, seen_at, outcome, completeness, stated_count, comment_count, reason",
    "comments": "id, thread_id, parent_id, native_id, parent_native_id, identity, commenter_id, position, depth, "
    "posted_at, posted_precision, parent_source, body, body_sha256, revision, state, likes, dislikes, url, "
    "capture_id, first_seen_at, last_seen_at, codes",
    "comment_revisions": "comment_id, revision, body, body_sha256, capture_id, seen_from, seen_until",
    "events": 'run_id, thread_id, comment_id, kind, "before", "after", seen_at, confidence',
    "flags": "id, code, comment_id, thread_id, article_id, revision, detector_id, rule, evidence, created_at, run_id, "
    "severity, status, corrects",
    "flag_spans": 'flag_id, start, "end", exact',
    "reviews": "flag_id, reviewer, verdict, corrected_code, reviewed_at",
    "frontier": "url, host, outlet, kind, added_at, next_at, interval_s, visited_at, content_sha256, capture_id, "
    "failures",
}


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet; of its commenters the first write the most."""

    id: int
    domain: str
    platform: str
    commenters: range


class Rows:
    """`batches` gives rows by table, about 20,000 comments at a time, in the order of their ids; `totals` are whole
    after the last. The same size and seed give the same rows."""

    def __init__(self, comments: int, seed: int = 1) -> None:
        self.comments, self.chance = comments, Random(seed)
        self.totals: Counter[str] = Counter()
        self.out: defaultdict[str, list[Row]] = defaultdict(list)
        self.words = Words(self.chance, min(SENTENCES, comments))
        self.marks = Marks(self.words, self.out, self.totals)
        self.shares = [1 / (place + 3) for place in range(len(PLATFORMS))]
        self.outlets = self._outlets()
        self.last: Counter[str] = Counter()
        day = self.words.days[DAYS + 30]
        self.imported = (DAYS + 31, f"{day}06:00:00Z", f"{day}08:00:00Z")

    def batches(self) -> Iterator[dict[str, list[Row]]]:
        self._first_rows()
        yield from self._taken()
        for outlet in self.outlets:
            yield from self._commenters(outlet)
        weights = list(accumulate(self.shares))
        while (done := self.last["comments"]) < self.comments:
            size = LONGEST_THREAD if done == 0 else int(self.chance.lognormvariate(3.0, 1.5)) + 1
            size = min(size, LONGEST_THREAD, self.comments - done, max(1, self.comments // 10))
            self._thread(self.chance.choices(self.outlets, cum_weights=weights)[0], size)
            if len(self.out["comments"]) >= BATCH:
                yield from self._taken()
        yield from self._taken()

    def _taken(self) -> Iterator[dict[str, list[Row]]]:
        yield dict(self.out)
        self.out.clear()

    def _number(self, table: str) -> int:
        self.last[table] += 1
        return self.last[table]

    # what comes first

    def _outlets(self) -> list[Outlet]:
        """The platforms take turns in the order of how much is written there."""
        found, first = [], 1
        platforms = self.chance.sample(PLATFORMS, len(PLATFORMS))
        for place, (platform, share) in enumerate(zip(platforms, self.shares, strict=True), 1):
            count = max(3, int(self.comments / 10 * share / sum(self.shares)))
            domain = f"{self.words.plain()}-{place}.example"
            found.append(Outlet(place, domain, platform, range(first, first + count)))
            first += count
        return found

    def _first_rows(self) -> None:
        """A crawl a day, an import, and what flags are raised by."""
        add = self.out
        for run, day in enumerate(self.words.days[: DAYS + 30], 1):
            add["runs"].append((run, "crawl", f"{day}00:00:00Z", f"{day}23:59:59Z", "done", VERSION, "{}", "{}"))
        run, began, ended = self.imported
        settings = json.dumps({"paths": ["texts.jsonl"]})
        add["runs"].append((run, "import", began, ended, "done", VERSION, settings, "{}"))
        add["outlets"] += [(o.id, o.domain, o.domain.partition("-")[0].capitalize()) for o in self.outlets]
        add["detectors"] += [(n, name, VERSION, LEXICONS.get(name)) for n, name in enumerate(DETECTORS, 1)]
        add["flag_rules"] += [(r["rule"], r["code"], r["language"], r["pattern"], r["note"]) for r in rule_rows()]
        self.totals["outlets"] = len(self.outlets)

    def _commenters(self, outlet: Outlet) -> Iterator[dict[str, list[Row]]]:
        imported = outlet.platform == IMPORTED
        for one in outlet.commenters:
            account = None if imported or one % 3 else str(one)
            kind = (None, None) if imported else (int(account is None), 0)
            self.out["commenters"].append((one, outlet.platform, outlet.id, account, self.words.name(one), *kind))
            if len(self.out["commenters"]) >= BATCH:
                yield from self._taken()
        self.totals["commenters"] += len(outlet.commenters)
        yield from self._taken()

    # threads

    def _thread(self, outlet: Outlet, size: int) -> None:
        section = self._section(outlet, size)
        self._article(section, outlet)
        self._comments(section, outlet, size)
        self._close(section, outlet, size)

    def _section(self, outlet: Outlet, size: int) -> Section:
        """Later threads are later, too: so are they found."""
        number, progress = self._number("threads"), self.last["comments"] / self.comments
        began = int((progress * (DAYS - 30) + self.chance.random() * 29) * DAY)
        url = f"https://{outlet.domain}/{self.words.days[began // DAY][:4]}/{self.words.plain()}-{number}/"
        seen, again = began + 5 * DAY, began + 7 * DAY
        runs, times = (seen // DAY + 1, again // DAY + 1), (self.words.time(seen), self.words.time(again))
        if outlet.platform == IMPORTED:
            runs, times = (self.imported[0],) * 2, (self.imported[1],) * 2
        section = Section(number, outlet.platform, url, began, *times, runs)
        section.capture = section.pages = self._capture(section, 0)
        if outlet.platform != IMPORTED:
            section.pages = section.capture + 1
            for page in range(-(-size // A_PAGE)):
                self._capture(section, 0, page + 1)
            section.later = self._capture(section, 1)
        return section

    def _capture(self, section: Section, visit: int, page: int = 0) -> int:
        number, run = self._number("captures"), section.runs[visit]
        digest = sha256(f"capture {number}".encode()).hexdigest()
        fetched: Row = (section.again if visit else section.seen, 200, "text/html")
        place: Row = (f"archive.db.warc/{run}.warc.gz", number * 4_000, 3_900, None)
        if section.platform == IMPORTED:
            fetched, place = (None, None, None), ("texts.jsonl", None, None, number)
        url = f"{section.url}?page={page}" if page else section.url
        self.out["captures"].append((number, run, url, *fetched, digest, *place, section.capture if page else None))
        return number

    def _article(self, section: Section, outlet: Outlet) -> None:
        title, old = self.words.text(1).rstrip(".!?"), self.words.text(self.chance.randint(6, 20))
        changed = section.later > 0 and self.chance.random() < 0.01
        body = f"{old}\n\nCorrected: {self.words.text(1)}" if changed else old
        head = (section.id, outlet.id, section.url, title, self.words.time(section.began), "second", "en", "town")
        kept = (body, _digest(f"{title}\n{body}"), int(changed), section.later if changed else section.capture)
        self.out["articles"].append((*head, *kept, section.seen, section.again))
        if changed:
            row = (section.id, 0, title, old, _digest(f"{title}\n{old}"), section.capture)
            self.out["article_revisions"].append((*row, section.seen, section.seen))
            on = On(article=section.id, revision=1)
            self.marks.flag(section, Flag("crawl.article_changed", "visit"), on)

    def _close(self, section: Section, outlet: Outlet, size: int) -> None:
        imported, random = outlet.platform == IMPORTED, self.chance.random
        stated = None if imported and random() < 0.5 else size + (imported and self.chance.randint(1, 9))
        reason = f"{stated} stated, {size} held" if stated is not None and stated > size else None
        closed = None if imported else int(random() < 0.2)
        if reason:
            self.marks.flag(section, Flag("capture.partial_thread", "stated-count", reason), On(thread=section.id))
        if closed:
            self.marks.flag(section, Flag("platform.closed", "page"), On(thread=section.id))
        state = ("unknown" if imported else "full", stated, size, reason)
        row = (section.id, section.id, outlet.platform, section.url, section.url, stated, state[0], closed, size)
        last = section.later or section.capture
        self.out["threads"].append((*row, section.flag_count, last, section.seen, section.again))
        add = self.out["visits"].append
        add((section.id, section.runs[0], section.capture, section.seen, "new", *state))
        if section.later:
            outcome = "changed" if section.changed else "unchanged"
            add((section.id, section.runs[1], section.later, section.again, outcome, *state))
            front = (section.url, outlet.domain, f"https://{outlet.domain}/", "article", section.seen, None, 2 * DAY)
            digest = _digest(f"capture {section.later}")
            self.out["frontier"].append((*front, section.again, digest, section.later, 0))
        self.totals.update(articles=1, threads=1, comments=size)

    # comments

    def _comments(self, section: Section, outlet: Outlet, size: int) -> None:
        """In document order; `above` has the last comment of each depth: its number, writer, time and identity."""
        random, words, add, text = self.chance.random, self.words, self.out["comments"].append, self.words.body
        imported, votes = outlet.platform == IMPORTED, outlet.platform == "isso"
        first, writers = outlet.commenters.start, len(outlet.commenters)
        source, latest = ("indent" if imported else "api"), section.began + 5 * DAY - 3_600
        above: list[tuple[int, int, int, str]] = [(0, 0, section.began, "")] * (DEEPEST + 2)
        depth = -1
        for position in range(size):
            depth = min(int(random() * (depth + 2)), DEEPEST)
            parent, addressed, since, stem = above[depth]
            number = self._number("comments")
            posted = min(since + 30 + int(random() ** 3 * 80_000), latest)
            commenter: int | None = first + int(writers * random() ** 2.2)
            body = text()
            if addressed and random() < ADDRESSED:
                body = f"@{words.name(addressed)} {body}"[:1_500]
            capture = section.capture if imported else section.pages + position // A_PAGE
            revision, state, codes, last = 0, "visible", None, section.again
            if random() < FLAGGED:
                fate = self.marks.fate(section, number, body, capture)
                body, revision, state, codes = fate.body, fate.revision, fate.state, fate.codes
                capture = fate.capture or capture
                commenter = commenter if fate.known_author else None
                last = last if state == "visible" else section.seen
            digest = sha256(body.encode()).hexdigest()
            dated = (None, None) if imported and number % 2 else (words.time(posted), "second")
            if imported:
                identity = self._fingerprint(section, stem, commenter, digest)
                named: Row = (None, None, identity)
                url = None
            else:
                native, over = str(FIRST_NATIVE_ID + number), str(FIRST_NATIVE_ID + parent) if parent else None
                identity = f"id:{native}"
                named, url = (native, over, identity), f"{section.url}#comment-{native}"
            above[depth + 1] = (number, commenter or 0, posted, identity)
            liked = (number % 40, number % 7) if votes else (None, None)
            row = (number, section.id, parent or None, *named, commenter, position, depth, *dated, source, body, digest)
            add((*row, revision, state, *liked, url, capture, section.seen, last, codes))

    def _fingerprint(self, section: Section, above: str, commenter: int | None, digest: str) -> str:
        """What tells a comment without an id from the others, as archive.changes has it."""
        who = ("name", self.words.name(commenter)) if commenter else ("", "")
        stem = "fp:" + blake2b("\x1f".join((above, *who, digest)).encode(), digest_size=12).hexdigest()
        section.taken[stem] += 1
        return stem if section.taken[stem] == 1 else f"{stem}.{section.taken[stem]}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
