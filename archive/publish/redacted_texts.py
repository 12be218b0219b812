"""Compute the redacted and pseudonymised texts of a copy beforehand, so that the copy never holds the originals.

They go into temporary tables (`altered_*`) of the connection that builds the copy, where the archive is attached as
`src`; texts that are not in these tables are copied as they are.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from archive.publish.policy import Policy, matches
from archive.publish.pseudonyms import DROPPED, Pseudonyms, Replacement, pseudonym
from archive.store.views import STANDING
from archive.text.span_masking import MASK, MaskedParts, move_point, replace_spans
from archive.thread import digest

# `why` is set for comments that are withheld: the code of the policy that withholds it, or the archive's own.
TABLES = """
create temp table altered_comments (id integer primary key, body text not null, body_sha256 text not null, why text);
create temp table altered_revisions (id integer primary key, body text not null, body_sha256 text not null);
create temp table altered_events (id integer primary key, "before" text, "after" text);
create temp table altered_spans (id integer primary key, start integer, "end" integer, exact text);
create temp table altered_flags (id integer primary key, evidence text);
create temp table public_names (id integer primary key, name text);
create temp table public_titles (id integer primary key, title text);
"""
WITHHELD_BY_POLICY = f"""
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
MASKED_BODIES = """
select 0, id, body, revision, null, null from src.comments where id in (select value from json_each(?)) order by id"""
RECORDED = "select distinct comment_id from src.comment_revisions where revision < 0"
REVISIONS = "select id, revision, body from src.comment_revisions where comment_id = ?"
EVENTS = """
select id, kind, "before", "after" from src.events where comment_id = ? and kind in ('edited', 'renamed')"""
FLAGS = """
select id, code, revision, evidence from src.flags where comment_id = ? and withdrawn_at is null order by id"""
SPANS = 'select id, start, "end", exact from src.flag_spans where flag_id = ?'
BATCH = 5_000


class TextRewriter:
    """Replace masked words and names in the texts of one comment; a mask wins over a name."""

    def __init__(self, masks: MaskedParts | None, names: Pseudonyms | None) -> None:
        self.masks, self.names = masks, names

    def find(self, text: str, revision: int | None = None) -> list[Replacement]:
        """Return the spans to replace, in order. Masked words are known by their offsets in a revision only."""
        masked = [(span, MASK) for span in self.masks.find(text, revision)] if self.masks else []
        named = self.names.find(text) if self.names else []
        free = [
            (span, new)
            for span, new in named
            if not any(span[0] < end and start < span[1] for (start, end), _ in masked)
        ]
        return sorted(masked + free)

    def rewrite(self, text: str, revision: int | None = None) -> str:
        """Return the text with all that replaced."""
        return replace_spans(text, self.find(text, revision))


def run_script(connection: sqlite3.Connection, statements: str) -> None:
    """Run statements that each end a line with a semicolon, in the open transaction (executescript would commit it)."""
    for statement in statements.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def fill_altered(connection: sqlite3.Connection, policy: Policy, key: bytes, codes: Iterable[str]) -> None:
    """Create and fill the temporary tables. Memory holds what is masked, and the names of one thread."""
    run_script(connection, TABLES)
    if policy.commenters == "pseudonyms":
        rows = ((row[0], pseudonym(key, *row[1:])) for row in connection.execute(NAMES))
        connection.executemany("insert into temp.public_names values (?, ?)", rows)
    listed = list(codes)
    # What the archive withholds has no text left; if it has, that is not copied all the same.
    connection.execute(
        "insert into temp.altered_comments select id, '', ?, withheld from src.comments "
        "where withheld is not null and body <> ''",
        (digest(""),),
    )
    withheld_codes = [code for code in listed if any(matches(pattern, code) for pattern in policy.withhold)]
    if withheld_codes:
        connection.execute(WITHHELD_BY_POLICY, {"sha256": digest(""), "codes": json.dumps(withheld_codes)})
    masked_codes = [code for code in listed if any(matches(pattern, code) for pattern in policy.mask)]
    masks = dict(load_masks(connection, masked_codes)) if masked_codes else {}
    withheld = {row[0] for row in connection.execute("select id from temp.altered_comments")}
    tables = AlteredTables(connection, set(masked_codes))
    for names, comment, body, revision in _comments_to_rewrite(connection, policy, masks):
        if comment in withheld:
            tables.withhold(comment)
        elif comment in masks or names is not None:
            tables.rewrite(comment, body, revision, TextRewriter(masks.get(comment), names))
    tables.flush()
    for comment in withheld - tables.withheld:
        tables.withhold(comment)
    tables.flush()


def load_masks(connection: sqlite3.Connection, codes: list[str]) -> Iterator[tuple[int, MaskedParts]]:
    """Yield what is masked of each comment that has a flag of these codes."""
    rows = connection.execute(MASKED, (json.dumps(codes),))
    for comment, of_comment in groupby(rows, itemgetter(0)):
        spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
        words = set()
        for _, revision, start, end, exact in of_comment:
            spans[revision].append((start, end))
            words.add(exact)
        yield comment, MaskedParts(spans, words)


def _comments_to_rewrite(
    connection: sqlite3.Connection, policy: Policy, masks: Mapping[int, MaskedParts]
) -> Iterator[tuple[Pseudonyms | None, int, str, int]]:
    """Yield names to replace, id, body and revision of the comments that may have to be rewritten."""
    if policy.commenters == "shown":
        for row in connection.execute(MASKED_BODIES, (json.dumps(list(masks)),)):
            yield None, row[1], row[2], row[3]
        return
    public_names = dict(connection.execute("select id, name from temp.public_names"))
    for _, rows in groupby(connection.execute(BODIES), itemgetter(0)):
        thread = list(rows)
        names = Pseudonyms({row[5]: public_names.get(row[4], DROPPED) for row in thread if row[5]})
        for row in thread:
            yield names, row[1], row[2], row[3]


class AlteredTables:
    """Collect altered rows and write them to the temporary tables in batches."""

    def __init__(self, connection: sqlite3.Connection, masked_codes: set[str]) -> None:
        self.connection, self.masked_codes = connection, masked_codes
        self.rows: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        self.withheld: set[int] = set()
        # Those with texts that the source has on record, and no visit saw.
        self.recorded = {row[0] for row in connection.execute(RECORDED)}

    def withhold(self, comment: int) -> None:
        """Blank everything that stands beside a comment whose text is withheld."""
        self.withheld.add(comment)
        for number, *_ in self.connection.execute(REVISIONS, (comment,)):
            self._add("revisions", number, "", digest(""))
        for number, *_ in self.connection.execute(EVENTS, (comment,)):
            self._add("events", number, None, None)
        for flag, *_ in self.connection.execute(FLAGS, (comment,)):
            self._add("flags", flag, None)
            for span, start, end, _ in self.connection.execute(SPANS, (flag,)):
                self._add("spans", span, start, end, "")

    def rewrite(self, comment: int, body: str, revision: int, rewriter: TextRewriter) -> None:
        """Rewrite a comment, its earlier texts, its events and the spans of its flags."""
        has_earlier = bool(revision) or comment in self.recorded
        replacements = rewriter.find(body, revision)
        if replacements:
            new = replace_spans(body, replacements)
            self._add("comments", comment, new, digest(new), None)
        texts = {revision: body}
        if has_earlier:
            for number, of_revision, text in self.connection.execute(REVISIONS, (comment,)).fetchall():
                texts[of_revision] = text
                new = rewriter.rewrite(text, of_revision)
                if new != text:
                    self._add("revisions", number, new, digest(new))
        if revision or rewriter.names is not None:
            self._rewrite_events(comment, rewriter)
        if replacements or has_earlier or rewriter.masks:
            self._rewrite_flags(comment, texts, rewriter)

    def _rewrite_events(self, comment: int, rewriter: TextRewriter) -> None:
        for number, kind, *texts in self.connection.execute(EVENTS, (comment,)).fetchall():
            is_rename = kind == "renamed" and rewriter.names is not None
            self._add("events", number, *(None if is_rename or not text else rewriter.rewrite(text) for text in texts))

    def _rewrite_flags(self, comment: int, texts: Mapping[int, str], rewriter: TextRewriter) -> None:
        for flag, code, revision, evidence in self.connection.execute(FLAGS, (comment,)).fetchall():
            if evidence:
                self._add("flags", flag, None if code in self.masked_codes else rewriter.rewrite(evidence))
            text = texts.get(revision, "")
            replacements = rewriter.find(text, revision)
            if replacements:
                new = replace_spans(text, replacements)
                for span, start, end, _ in self.connection.execute(SPANS, (flag,)).fetchall():
                    first = move_point(start, replacements, is_end=False)
                    last = move_point(end, replacements, is_end=True)
                    self._add("spans", span, first, last, new[first:last])

    def _add(self, table: str, *row: object) -> None:
        rows = self.rows[table]
        rows.append(row)
        if len(rows) >= BATCH:
            self._write(table)

    def flush(self) -> None:
        """Write the rows that are still in memory."""
        for table in list(self.rows):
            self._write(table)

    def _write(self, table: str) -> None:
        rows = self.rows.pop(table, [])
        if rows:
            values = ", ".join("?" * len(rows[0]))
            self.connection.executemany(f"insert or replace into temp.altered_{table} values ({values})", rows)
