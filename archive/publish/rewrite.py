"""The texts that a public copy shows otherwise than the archive: worked out beforehand, so that it never holds them.

Everything goes into temporary tables (`altered_*`) of the connection that builds the copy, where the archive is
attached as `src`; what is not in them is copied as it is.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from archive.publish import pseudonyms
from archive.publish.policy import Policy, matches
from archive.publish.pseudonyms import DROPPED, Names, pseudonym
from archive.store.views import STANDING
from archive.text.pii_masking import MASK, MaskedParts
from archive.thread import digest

TABLES = """
create temp table altered_comments (id integer primary key, body text not null, body_sha256 text not null, why text);
create temp table altered_revisions (id integer primary key, body text not null, body_sha256 text not null);
create temp table altered_events (id integer primary key, "before" text, "after" text);
create temp table altered_spans (id integer primary key, start integer, "end" integer, exact text);
create temp table altered_flags (id integer primary key, evidence text);
create temp table public_names (id integer primary key, name text);
"""
# Whatever says of a comment that it is withheld, its text is not copied.
FLAGGED = """
insert or ignore into temp.altered_comments
select comment_id, '', :sha256, 'archive.withheld' from src.flags join src.comments on comments.id = comment_id
where code = 'archive.withheld' and withdrawn_at is null and comments.body <> ''"""
WITHHELD = f"""
insert or ignore into temp.altered_comments
select comment_id, '', :sha256, min(code) from src.flags join src.comments on comments.id = comment_id
where {STANDING} and code in (select value from json_each(:codes)) and comments.body <> ''
  and (flags.revision = comments.revision or code not between 'content.' and 'content/') group by comment_id"""
MASKED = f"""
select comment_id, flags.revision, start, "end", exact from src.flags join src.flag_spans on flag_id = flags.id
where {STANDING} and code in (select value from json_each(?)) and comment_id is not null order by comment_id"""
NAMES = """
select commenters.id, platform, coalesce(domain, ''), commenters.native_id, commenters.name from src.commenters
left join src.outlets on outlets.id = outlet_id"""
BODIES = """
select thread_id, comments.id, body, revision, commenters.id, commenters.name from src.comments
left join src.commenters on commenters.id = commenter_id order by thread_id, position"""
SOME_BODIES = """
select 0, id, body, revision, null, null from src.comments where id in (select value from json_each(?)) order by id"""
REVISIONS = "select id, revision, body from src.comment_revisions where comment_id = ?"
EVENTS = """
select id, kind, "before", "after" from src.events where comment_id = ? and kind in ('edited', 'renamed')"""
FLAGS = """
select id, code, revision, evidence from src.flags where comment_id = ? and withdrawn_at is null order by id"""
SPANS = 'select id, start, "end", exact from src.flag_spans where flag_id = ?'
BATCH = 5_000


class Rewriting:
    """What is replaced in the texts of one comment: words that are masked, and names."""

    def __init__(self, hidden: MaskedParts | None, known: Names | None) -> None:
        self.hidden, self.known = hidden, known

    def places(self, text: str, revision: int | None = None) -> list[tuple[pseudonyms.Place, str]]:
        masked = [(place, MASK) for place in self.hidden.find(text, revision)] if self.hidden else []
        named = self.known.places(text) if self.known else []
        free = [one for one in named if not any(one[0][0] < end and start < one[0][1] for (start, end), _ in masked)]
        return sorted(masked + free)

    def text(self, text: str, revision: int | None = None) -> str:
        return pseudonyms.replaced(text, self.places(text, revision))


def script(connection: sqlite3.Connection, statements: str) -> None:
    """Runs statements, each ending its line with a semicolon, within the transaction that is open."""
    for statement in statements.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def prepare(connection: sqlite3.Connection, policy: Policy, key: bytes, codes: Iterable[str]) -> None:
    """Fills the temporary tables. Memory holds what is masked, and the names of one thread."""
    script(connection, TABLES)
    if policy.commenters == "pseudonyms":
        rows = ((row[0], pseudonym(key, *row[1:])) for row in connection.execute(NAMES))
        connection.executemany("insert into temp.public_names values (?, ?)", rows)
    connection.execute(FLAGGED, {"sha256": digest("")})
    listed = list(codes)
    withheld = [code for code in listed if any(matches(pattern, code) for pattern in policy.withhold)]
    if withheld:
        connection.execute(WITHHELD, {"sha256": digest(""), "codes": json.dumps(withheld)})
    masked = [code for code in listed if any(matches(pattern, code) for pattern in policy.mask)]
    _rewrite(connection, policy, masked)


def _rewrite(connection: sqlite3.Connection, policy: Policy, masked: list[str]) -> None:
    hidden = dict(_hidden(connection, masked)) if masked else {}
    withheld = {row[0] for row in connection.execute("select id from temp.altered_comments")}
    writer = _Writer(connection, set(masked))
    for known, comment, body, revision in _comments(connection, policy, hidden):
        rewriting = Rewriting(hidden.get(comment), known)
        if comment in withheld:
            writer.withhold(comment)
        elif comment in hidden or known is not None:
            writer.rewrite(comment, body, revision, rewriting)
    writer.flush()
    for comment in withheld - writer.done:
        writer.withhold(comment)
    writer.flush()


def _hidden(connection: sqlite3.Connection, codes: list[str]) -> Iterator[tuple[int, MaskedParts]]:
    """What is masked of each comment that has such a flag."""
    rows = connection.execute(MASKED, (json.dumps(codes),))
    for comment, of_comment in groupby(rows, itemgetter(0)):
        spans: dict[int, list[pseudonyms.Place]] = defaultdict(list)
        words = set()
        for _, revision, start, end, exact in of_comment:
            spans[revision].append((start, end))
            words.add(exact)
        yield comment, MaskedParts(spans, words)


def _comments(
    connection: sqlite3.Connection, policy: Policy, hidden: Mapping[int, MaskedParts]
) -> Iterator[tuple[Names | None, int, str, int]]:
    """The comments that may have to be rewritten, with the names of their thread where names are replaced."""
    if policy.commenters == "shown":
        for row in connection.execute(SOME_BODIES, (json.dumps(list(hidden)),)):
            yield None, row[1], row[2], row[3]
        return
    shown = dict(connection.execute("select id, name from temp.public_names"))
    for _, rows in groupby(connection.execute(BODIES), itemgetter(0)):
        thread = list(rows)
        known = Names({row[5]: shown.get(row[4], DROPPED) for row in thread if row[5]})
        for row in thread:
            yield known, row[1], row[2], row[3]


class _Writer:
    """Collects the altered rows and writes them in batches."""

    def __init__(self, connection: sqlite3.Connection, masked: set[str]) -> None:
        self.connection, self.masked = connection, masked
        self.rows: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        self.done: set[int] = set()

    def withhold(self, comment: int) -> None:
        """Empties everything that stands beside a comment whose text is withheld."""
        self.done.add(comment)
        for number, *_ in self.connection.execute(REVISIONS, (comment,)):
            self._add("revisions", number, "", digest(""))
        for number, *_ in self.connection.execute(EVENTS, (comment,)):
            self._add("events", number, None, None)
        for flag, *_ in self.connection.execute(FLAGS, (comment,)):
            self._add("flags", flag, None)
            for span, start, end, _ in self.connection.execute(SPANS, (flag,)):
                self._add("spans", span, start, end, "")

    def rewrite(self, comment: int, body: str, revision: int, rewriting: Rewriting) -> None:
        places = rewriting.places(body, revision)
        if places:
            new = pseudonyms.replaced(body, places)
            self._add("comments", comment, new, digest(new), None)
        texts = {revision: body}
        if revision:
            for number, of_revision, text in self.connection.execute(REVISIONS, (comment,)).fetchall():
                texts[of_revision] = text
                new = rewriting.text(text, of_revision)
                if new != text:
                    self._add("revisions", number, new, digest(new))
        if revision or rewriting.known is not None:
            self._events(comment, rewriting)
        if places or revision or rewriting.hidden:
            self._flags(comment, texts, rewriting)

    def _events(self, comment: int, rewriting: Rewriting) -> None:
        for number, kind, *texts in self.connection.execute(EVENTS, (comment,)).fetchall():
            renamed = kind == "renamed" and rewriting.known is not None
            self._add("events", number, *(None if renamed or not text else rewriting.text(text) for text in texts))

    def _flags(self, comment: int, texts: Mapping[int, str], rewriting: Rewriting) -> None:
        for flag, code, revision, evidence in self.connection.execute(FLAGS, (comment,)).fetchall():
            if evidence:
                self._add("flags", flag, None if code in self.masked else rewriting.text(evidence))
            text = texts.get(revision, "")
            places = rewriting.places(text, revision)
            if places:
                new = pseudonyms.replaced(text, places)
                for span, start, end, _ in self.connection.execute(SPANS, (flag,)).fetchall():
                    first, last = (
                        pseudonyms.moved(start, places, is_end=False),
                        pseudonyms.moved(end, places, is_end=True),
                    )
                    self._add("spans", span, first, last, new[first:last])

    def _add(self, table: str, *row: object) -> None:
        rows = self.rows[table]
        rows.append(row)
        if len(rows) >= BATCH:
            self._write(table)

    def flush(self) -> None:
        for table in list(self.rows):
            self._write(table)

    def _write(self, table: str) -> None:
        rows = self.rows.pop(table, [])
        if rows:
            values = ", ".join("?" * len(rows[0]))
            self.connection.executemany(f"insert or replace into temp.altered_{table} values ({values})", rows)
