"""What a source has on record of a comment beside its text: heading, edits, earlier wordings, decisions and reports."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Table

from archive.flags.detect import find_matches, matches_to_flags
from archive.flags.match import TextContext
from archive.store.flags import FlagWriter, Subject
from archive.store.schema import TABLES
from archive.store.thread_visit import edit_columns
from archive.store.writer import RowWriter
from archive.thread import Comment, Decision, EarlierText, digest

COMMENTS, DECISIONS, REPORTS, REVISIONS = (
    TABLES[name] for name in ("comments", "decisions", "reports", "comment_revisions")
)
DECISION_COLUMNS = tuple(field.name for field in fields(Decision))


class SourceRecordWriter:
    """Adds decisions, reports and earlier texts to a batch; nothing is written before the batch's rows are.

    Rules read earlier texts as they read present ones: what holds personal data is masked on the site and in copies.
    """

    def __init__(self, writer: RowWriter, flags: FlagWriter, counts: Counter[str]) -> None:
        self.writer, self.flags, self.counts = writer, flags, counts

    def add(self, comment_id: int, comment: Comment, seen_at: str, capture_id: int, context: TextContext) -> int:
        """Add what is on record of a comment that is new; return how many flags that readers are shown it raised."""
        for kind, count in comment.reports:
            self._insert_report(comment_id, kind, count, seen_at)
        for decision in dict.fromkeys(comment.decisions):
            self._insert_decision(comment_id, decision, seen_at)
        return self._add_texts(comment_id, comment.earlier, {digest(comment.body)}, 0, seen_at, capture_id, context)

    def add_missing(
        self,
        comments: Mapping[int, tuple[Comment, int]],
        seen_at: str,
        context: TextContext,
        *,
        is_late: bool,
    ) -> int:
        """Add what is not stored yet of stored comments (by id, with the id of the capture that each was read from).

        A late visit renews nothing that is there. Return how many flags that readers are shown were raised.
        """
        self._fill_in(comments, is_late=is_late)
        self._renew_reports(comments, seen_at, is_late=is_late)
        self._add_decisions(comments, seen_at)
        with_texts = [comment_id for comment_id, (comment, _) in comments.items() if comment.earlier]
        hashes: dict[int, set[str]] = {comment_id: set() for comment_id in with_texts}
        lowest = Counter[int]()
        for row in self._rows(REVISIONS, ("comment_id", "revision", "body_sha256"), with_texts):
            hashes[row[0]].add(row[2])
            lowest[row[0]] = min(lowest[row[0]], row[1])
        for row in self._rows(COMMENTS, ("id", "body_sha256"), with_texts, "id"):
            hashes[row[0]].add(row[1])
        raised = 0
        for comment_id in with_texts:
            comment, capture_id = comments[comment_id]
            existing = hashes[comment_id] | {digest(comment.body)}
            raised += self._add_texts(
                comment_id, comment.earlier, existing, lowest[comment_id], seen_at, capture_id, context
            )
        return raised

    def _fill_in(self, comments: Mapping[int, tuple[Comment, int]], *, is_late: bool) -> None:
        """Store the heading of a comment that has none, and when it was last edited."""
        stating = [id_ for id_, (comment, _) in comments.items() if comment.title or comment.edited]
        for comment_id, title, edited_at in self._rows(COMMENTS, ("id", "title", "edited_at"), stating, "id"):
            comment = comments[comment_id][0]
            values: dict[str, Any] = {}
            if title is None and comment.title:
                values["title"] = comment.title
            if comment.edited and (edited_at is None or not is_late) and comment.edited.at != edited_at:
                values |= edit_columns(comment)
            if values:
                self.writer.update("comments", comment_id, values)

    def _renew_reports(self, comments: Mapping[int, tuple[Comment, int]], seen_at: str, *, is_late: bool) -> None:
        reported = [comment_id for comment_id, (comment, _) in comments.items() if comment.reports]
        rows = self._rows(REPORTS, ("comment_id", "kind", "id", "count"), reported)
        stored = {(row[0], row[1]): (row[2], row[3]) for row in rows}
        for comment_id in reported:
            for kind, count in comments[comment_id][0].reports:
                if (comment_id, kind) not in stored:
                    self._insert_report(comment_id, kind, count, seen_at)
                elif not is_late:
                    row_id = stored[comment_id, kind][0]
                    self.writer.update("reports", row_id, {"count": count, "seen_at": seen_at})

    def _add_decisions(self, comments: Mapping[int, tuple[Comment, int]], seen_at: str) -> None:
        decided = [comment_id for comment_id, (comment, _) in comments.items() if comment.decisions]
        columns = ("comment_id", *DECISION_COLUMNS)
        stored = {(row[0], tuple(row[1:])) for row in self._rows(DECISIONS, columns, decided)}
        for comment_id in decided:
            for decision in dict.fromkeys(comments[comment_id][0].decisions):
                if (comment_id, tuple(_decision_values(decision).values())) not in stored:
                    self._insert_decision(comment_id, decision, seen_at)

    def _insert_report(self, comment_id: int, kind: str, count: int, seen_at: str) -> None:
        self.writer.insert("reports", {"comment_id": comment_id, "kind": kind, "count": count, "seen_at": seen_at})

    def _insert_decision(self, comment_id: int, decision: Decision, seen_at: str) -> None:
        values = {"comment_id": comment_id, **_decision_values(decision), "seen_at": seen_at}
        self.writer.insert("decisions", values)
        self.counts["decisions_new"] += 1

    def _add_texts(
        self,
        comment_id: int,
        texts: Iterable[EarlierText],
        existing: set[str],
        lowest: int,
        seen_at: str,
        capture_id: int,
        context: TextContext,
    ) -> int:
        """Add earlier texts whose hashes are not known, under numbers below `lowest`, the oldest under the lowest."""
        new = {sha256: text for text in texts if (sha256 := digest(text.body)) not in existing}
        raised = 0
        for number, (sha256, text) in enumerate(new.items(), lowest - len(new)):
            values = {
                "comment_id": comment_id,
                "revision": number,
                "body": text.body,
                "body_sha256": sha256,
                "capture_id": capture_id,
                "seen_from": seen_at,
                "seen_until": seen_at,
                "capture_position": None,
                "written_at": text.written_at,
            }
            self.writer.insert("comment_revisions", values)
            flags = matches_to_flags(find_matches(text.body, context))
            subject = Subject("comment_id", comment_id, number)
            raised += self.flags.raise_flags(subject, flags, text=text.body, at=seen_at)
        return raised

    def _rows(self, table: Table, columns: Iterable[str], ids: list[int], by: str = "comment_id") -> list[Any]:
        if not ids:
            return []
        # As JSON, since a statement has a limit of parameters, and a thread none of comments.
        chosen = "in (select cast(value as bigint) from json_each(?))"
        statement = f"select {', '.join(columns)} from {table.name} where {by} {chosen}"  # noqa: S608
        return list(self.writer.connection.exec_driver_sql(statement, (json.dumps(ids),)).fetchall())


def _decision_values(decision: Decision) -> dict[str, Any]:
    return {name: getattr(decision, name) for name in DECISION_COLUMNS}
