"""Update a stored thread by a later visit: new comments are added, changes become revisions and events."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, select

from archive.flags.versions import DATASET
from archive.store import blanking, diff
from archive.store.diff import Change, Plan
from archive.store.flags import Subject
from archive.store.match import Stored
from archive.store.save_batch import SaveBatch
from archive.store.schema import TABLES
from archive.store.stored_thread import fill_in_withheld, stored_comments
from archive.store.suppressions import CODE
from archive.store.thread_visit import ThreadVisit, thread_columns, thread_flags
from archive.thread import Comment, Flag, Thread

CRAWL_FLAGS = {
    "edited": "crawl.edited",
    "removed": "crawl.removed",
    "restored": "crawl.restored",
    "renamed": "crawl.author_renamed",
    "moved": "crawl.moved",
}
CONFIDENCE = {"full": "high", "unknown": "low"}


def update_thread(batch: SaveBatch, visit: ThreadVisit, row: dict[str, Any]) -> str:
    """Update the stored thread `row`, and return the outcome: changed, unchanged or late.

    A capture that is older than the last one is late: it only adds what is not stored yet.
    """
    batch.flush()  # what this batch added to the thread is compared as stored
    stored = stored_comments(batch.connection, visit.thread_id)
    withheld = fill_in_withheld(batch, visit, stored)
    late = visit.seen_at < row["last_seen_at"]
    plan = diff.compare(
        stored,
        visit.thread.comments,
        visit.hashes,
        batch.writer.next_id("comments", len(visit.thread.comments)),
        whole=_is_whole(visit.thread) and not late,
    )
    changed = _ThreadUpdate(batch, visit, row, {s.id: s for s in stored}, late, withheld).apply(plan)
    return "late" if late else "changed" if changed else "unchanged"


def _is_whole(thread: Thread) -> bool:
    """Return whether what is not in the thread is gone.

    An empty thread that nothing vouches for may be a page that failed.
    """
    return thread.completeness == "full" or (thread.completeness == "unknown" and bool(thread.comments))


def _has_record(comment: Comment) -> bool:
    return bool(comment.title or comment.edited or comment.earlier or comment.decisions or comment.reports)


class _ThreadUpdate:
    """The work on one thread. `row` is the stored thread, `stored` its comments by id, `withheld` ids of those."""

    def __init__(
        self,
        batch: SaveBatch,
        visit: ThreadVisit,
        row: dict[str, Any],
        stored: dict[int, Stored],
        late: bool,
        withheld: set[int],
    ) -> None:
        self.batch, self.visit, self.row, self.stored, self.late = batch, visit, row, stored, late
        self.withheld = withheld
        self.values: dict[int, dict[str, Any]] = defaultdict(dict)
        self.flags: dict[int, list[Flag]] = defaultdict(list)
        self.flag_count: int = row["flag_count"]
        self.index: dict[int, int] = {}

    def apply(self, plan: Plan) -> bool:
        """Write new comments, changes, removals, positions, flags, and the thread itself; return whether any."""
        counts = self.batch.counts
        self.index = {comment_id: i for i, comment_id in enumerate(plan.ids)}
        self._leave_others(plan)
        self._blank_suppressed(plan)
        new_before = counts["comments_new"]
        self._add_new(plan)
        if not self.late:
            for change in plan.changes:
                self._apply(change)
            for comment_id in plan.gone:
                self._lose(comment_id)
        self._note_seen(plan)
        self._renew_reactions()
        self._add_labels()
        self._add_records()
        for comment_id, values in self.values.items():
            self.batch.writer.update("comments", comment_id, values)
        self._renew_comment_flags()
        added = counts["comments_new"] - new_before
        self._update_row(added)
        changed = bool(added or plan.changes or plan.gone)
        counts["threads_changed" if changed else "threads_unchanged"] += 1
        return changed

    def _leave_others(self, plan: Plan) -> None:
        """Do not withhold what only looks like a withheld comment of this thread: the stored rows tell them apart."""
        screened = self.visit.screened
        left = {
            i: suppression
            for i, suppression in screened.comments.items()
            if suppression.subject != "comment"
            or suppression.number not in self.stored
            or plan.ids[i] == suppression.number
            or (plan.ids[i] not in self.stored and suppression.number not in self.index)
        }
        self.visit.screened = replace(screened, comments=left)

    def _blank_suppressed(self, plan: Plan) -> None:
        """Blank stored comments whose new text is on the suppression list, and drop changes that would show a text.

        A withheld comment may gain votes or be removed; what it said or who wrote it is not noted as an event.
        """
        for comment_id, i in self.index.items():
            suppression = self.visit.screened.comments.get(i)
            if suppression and comment_id in self.stored and comment_id not in self.withheld:
                self.withheld.add(comment_id)
                self.batch.to_blank[suppression.reason].append(comment_id)
                self.flags[comment_id].append(Flag(CODE, suppression.reason))
                self.batch.learn_position(self.visit, suppression, self.stored[comment_id].identity)
        for change in plan.changes:
            if change.comment_id in self.withheld and change.kind == "edited" and not self.late:
                self._put_away_edit(change.comment_id)
        plan.changes[:] = [
            change
            for change in plan.changes
            if change.comment_id not in self.withheld or change.kind not in ("edited", "renamed")
        ]

    def _put_away_edit(self, comment_id: int) -> None:
        """Note another text of a withheld comment, with both texts put away, so that a restore brings both back."""
        values = blanking.values_of(self.batch.connection, [comment_id]).get(comment_id)
        if values is not None:
            i, row = self.index[comment_id], self.stored[comment_id]
            earlier = json.dumps({"body": row.body, "body_sha256": row.body_sha256})
            row.body, row.body_sha256 = "", blanking.NOTHING_SHA256
            revision_id = self._add_revision(row, i)
            put_away = {"name": "comment_revisions", "row_id": revision_id, "comment_id": comment_id, "held": earlier}
            self.batch.writer.insert("withheld", put_away)
            values |= {"body": self.visit.thread.comments[i].body, "body_sha256": self.visit.hashes[i]}
            self.batch.flags.recount(comments=[comment_id])  # of flags of the earlier text, codes has none
            statement = "update withheld set held = ? where name = 'comments' and row_id = ?"
            self.batch.connection.exec_driver_sql(statement, (json.dumps(values), comment_id))

    def _add_new(self, plan: Plan) -> None:
        # A later visit did not see what only this older one shows: it was gone by then.
        gone_since = self.late and self.row["completeness"] != "partial"
        for i in plan.new:
            comment = self.visit.thread.comments[i]
            state = "missing" if gone_since and comment.state == "visible" else comment.state
            flags = self.visit.flags_of(i)
            position = plan.positions[plan.ids[i]]
            comment_id = self.batch.add_comment(
                self.visit, i, plan.identities[i], plan.parents[i], position, state, flags
            )
            self._raise(Subject("comment_id", comment_id), flags, comment.body)
            self.flag_count += self.batch.add_record(self.visit, i, comment_id)
            if not self.late:
                self._add_event(Change("added", comment_id, None, None), "high")

    def _raise(self, subject: Subject, flags: Iterable[Flag], text: str = "") -> None:
        platform, at = self.visit.thread.platform, self.visit.seen_at
        self.flag_count += self.batch.flags.raise_flags(subject, flags, platform=platform, text=text, at=at)

    def _add_event(self, change: Change, confidence: str) -> None:
        values: dict[str, Any] = {
            "run_id": self.batch.run_id,
            "thread_id": self.visit.thread_id,
            "comment_id": change.comment_id,
            "kind": change.kind,
            "before": change.before,
            "after": change.after,
            "seen_at": self.visit.seen_at,
            "confidence": confidence,
        }
        self.batch.writer.insert("events", values)
        if change.kind != "added":
            self.batch.counts[f"comments_{change.kind}"] += 1
        if code := CRAWL_FLAGS.get(change.kind):
            self.flags[change.comment_id].append(Flag(code, "visit", f"run {self.batch.run_id}"))

    def _apply(self, change: Change) -> None:
        row = self.stored[change.comment_id]
        i = self.index[row.id]
        comment = self.visit.thread.comments[i]
        values = self.values[row.id]
        match change.kind:
            case "edited":
                self._revise(row, i)
            case "removed" | "restored":
                values["state"] = comment.state
            case "moved":
                values["parent_id"] = None if change.after is None else int(change.after)
                values |= {"parent_native_id": comment.parent_native_id, "parent_source": comment.parent_source}
            case "votes":
                values |= {"likes": comment.likes, "dislikes": comment.dislikes}
            case "renamed":
                self._rename(row, comment)
        self._add_event(change, "high" if row.native_id is not None or change.kind == "restored" else "medium")

    def _rename(self, row: Stored, comment: Comment) -> None:
        """Rename the account; without a native id, the comment has another author."""
        author = comment.author
        if author is not None and author.native_id is not None and author.native_id == row.author_native_id:
            self.batch.writer.update("commenters", row.commenter_id or 0, {"name": author.name})
        else:
            commenter_id = self.batch.commenter_id(self.visit.thread.platform, self.visit.outlet_id, author)
            self.values[row.id]["commenter_id"] = commenter_id

    def _revise(self, row: Stored, i: int) -> None:
        """Keep the previous text as a revision."""
        self._add_revision(row, i)
        self.values[row.id] |= {"body": self.visit.thread.comments[i].body, "body_sha256": self.visit.hashes[i]}
        self.flags[row.id] += self.visit.text_flags_of(i)

    def _add_revision(self, row: Stored, i: int) -> int:
        """Add the stored text as a revision, since comment i of the visit has another, and return the revision's id."""
        first_seen = row.first_seen_at if row.capture_id is None else self.batch.read_at(row.capture_id)
        revision = {
            "comment_id": row.id,
            "revision": row.revision,
            "body": row.body,
            "body_sha256": row.body_sha256,
            "capture_id": row.capture_id,
            "capture_position": row.capture_position,
            "seen_from": first_seen,
            "seen_until": row.last_seen_at,
            "written_at": None,
        }
        row.revision += 1
        self.values[row.id] |= {
            "revision": row.revision,
            "capture_id": self.visit.capture_of(i),
            "capture_position": i,
        }
        return self.batch.writer.insert("comment_revisions", revision)

    def _lose(self, comment_id: int) -> None:
        confidence = CONFIDENCE[self.visit.thread.completeness]
        self._add_event(Change("removed", comment_id, "visible", "missing"), confidence)
        self.values[comment_id]["state"] = "missing"

    def _note_seen(self, plan: Plan) -> None:
        """Note when stored comments were seen, and their positions now."""
        for comment_id in plan.ids:
            if comment_id in self.stored:
                row = self.stored[comment_id]
                self.values[comment_id]["first_seen_at"] = min(row.first_seen_at, self.visit.seen_at)
                self.values[comment_id]["last_seen_at"] = max(row.last_seen_at, self.visit.seen_at)
        for comment_id, row in self.stored.items():
            position, depth = plan.positions[comment_id]
            if (position, depth) != (row.position, row.depth):
                self.values[comment_id] |= {"position": position, "depth": depth}

    def _renew_reactions(self) -> None:
        """Store how often readers reacted to the comments seen. What the source no longer lists keeps its old date."""
        comments = self.visit.thread.comments
        seen = {comment_id: comments[i].reactions for comment_id, i in self.index.items() if comment_id in self.stored}
        if self.late or not any(seen.values()):
            return
        table = TABLES["reactions"]
        of_thread = select(TABLES["comments"].c.id).where(TABLES["comments"].c.thread_id == self.visit.thread_id)
        statement = select(table.c.comment_id, table.c.kind, table.c.id).where(table.c.comment_id.in_(of_thread))
        stored = {(row[0], row[1]): row[2] for row in self.batch.connection.execute(statement)}
        for comment_id, reactions in seen.items():
            for kind, count in reactions:
                values: dict[str, Any] = {"count": count, "seen_at": self.visit.seen_at}
                row_id = stored.get((comment_id, kind))
                if row_id is None:
                    self.batch.writer.insert("reactions", {"comment_id": comment_id, "kind": kind, **values})
                else:
                    self.batch.writer.update("reactions", row_id, values)

    def _add_labels(self) -> None:
        """Add what the dataset says anew of stored comments."""
        comments = self.visit.thread.comments
        labels = {comment_id: comments[i].labels for comment_id, i in self.index.items()
                  if comment_id in self.stored and comment_id not in self.withheld and comments[i].labels}  # fmt: skip
        if labels:
            self.batch.labels.add_missing(self.visit.thread_id, labels, self.visit.thread.dataset)

    def _add_records(self) -> None:
        """Add what the source has on record of stored comments, and had not when it was last read."""
        records = {comment_id: (comment, self.visit.capture_of(i)) for comment_id, i in self.index.items()
                   if comment_id in self.stored and comment_id not in self.withheld
                   and _has_record(comment := self.visit.thread.comments[i])}  # fmt: skip
        if records:
            visit = self.visit
            self.flag_count += self.batch.moderation.add_missing(
                records, visit.seen_at, visit.text_context(), is_late=self.late
            )

    def _renew_comment_flags(self) -> None:
        """Raise the source's flags that are new on seen comments, and withdraw those that it no longer has.

        What rules found in a text stays with that text.
        """
        seen = {
            comment_id: i
            for comment_id, i in self.index.items()
            if comment_id in self.stored and comment_id not in self.withheld
        }
        source = {comment_id: self.visit.source_flags_of(i) for comment_id, i in seen.items()}
        active: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for flag_id, comment_id, code, rule, status in self._active_comment_flags():
            still = comment_id not in seen or (code, rule) in {(f.code, f.rule) for f in source[comment_id]}
            if still or self.late:
                active[comment_id].add((code, rule))
            else:
                self._withdraw(flag_id, code, rule, status)
                self.batch.flags.recount(comments=[comment_id])
        for comment_id, flags in source.items():
            if not self.late:
                self.flags[comment_id] += [flag for flag in flags if (flag.code, flag.rule) not in active[comment_id]]
        self._add_flags_by_labels(seen)
        for comment_id, flags in self.flags.items():
            if flags:
                revision = self.stored[comment_id].revision if comment_id in self.stored else 0
                text = self.visit.thread.comments[self.index[comment_id]].body if comment_id in self.index else ""
                self._raise(Subject("comment_id", comment_id, revision), flags, text)
                self.batch.flags.recount(comments=[comment_id])

    def _add_flags_by_labels(self, seen: Mapping[int, int]) -> None:
        """Raise the flags that labels raise on seen comments (by id, with their numbers) and that do not stand there.

        A label is never taken back, and neither is what it raises.
        """
        comments = self.visit.thread.comments
        given = {id_: flags for id_, i in seen.items() if (flags := [f for f in comments[i].flags if f.dataset])}
        if not given:
            return
        table, detectors = TABLES["flags"], TABLES["detectors"]
        of_thread = select(TABLES["comments"].c.id).where(TABLES["comments"].c.thread_id == self.visit.thread_id)
        active = table.c.comment_id.in_(of_thread) & table.c.withdrawn_at.is_(None)
        columns = table.c.comment_id, table.c.revision, table.c.code, table.c.rule, detectors.c.name
        statement = select(*columns).join(detectors, detectors.c.id == table.c.detector_id).where(active)
        stored = {tuple(row) for row in self.batch.connection.execute(statement)}
        for comment_id, flags in given.items():
            revision = self.stored[comment_id].revision
            self.flags[comment_id] += [
                f
                for f in flags
                if f.dataset and (comment_id, revision, f.code, f.rule, DATASET + f.dataset.name) not in stored
            ]

    def _active_comment_flags(self) -> Iterable[tuple[int, int, str, str, str]]:
        """Return id, comment, code, rule and status of the platform's own flags that were not withdrawn."""
        flags, comments, detectors = TABLES["flags"], TABLES["comments"], TABLES["detectors"]
        joined = flags.join(comments, comments.c.id == flags.c.comment_id).join(detectors)
        own = and_(comments.c.thread_id == self.visit.thread_id, detectors.c.name == self.visit.thread.platform)
        columns = (flags.c.id, flags.c.comment_id, flags.c.code, flags.c.rule, flags.c.status)
        statement = select(*columns).select_from(joined).where(own, flags.c.withdrawn_at.is_(None))
        return [(row[0], row[1], row[2], row[3], row[4]) for row in self.batch.connection.execute(statement)]

    def _withdraw(self, flag_id: int, code: str, rule: str, status: str) -> None:
        self.flag_count -= self.batch.flags.withdraw(flag_id, code, rule, status, self.visit.seen_at)

    def _update_row(self, added: int) -> None:
        values: dict[str, Any] = {"first_seen_at": min(self.visit.seen_at, self.row["first_seen_at"])}
        if not self.late:
            values = thread_columns(self.visit)
            self._renew_thread_flags(thread_flags(self.visit.thread))
        dataset_id = self.batch.labels.strictest_id(self.row["dataset_id"], self.visit.thread.dataset)
        values |= {"comment_count": self.row["comment_count"] + added, "flag_count": self.flag_count}
        values |= {"dataset_id": dataset_id}
        self.row.update(values)
        self.batch.writer.update("threads", self.visit.thread_id, values)

    def _renew_thread_flags(self, flags: tuple[Flag, ...]) -> None:
        table = TABLES["flags"]
        current = and_(table.c.thread_id == self.visit.thread_id, table.c.withdrawn_at.is_(None))
        rows = self.batch.connection.execute(select(table).where(current))
        active = {(row.code, row.rule, row.evidence): row for row in rows}
        by_key = {(flag.code, flag.rule, flag.evidence): flag for flag in flags}
        for key, row in active.items():
            if key not in by_key:
                self._withdraw(row.id, row.code, row.rule, row.status)
        new = [flag for key, flag in by_key.items() if key not in active]
        self._raise(Subject("thread_id", self.visit.thread_id), new)
