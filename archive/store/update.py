"""A thread that the archive has, seen again: what is new is added, what changed is kept as a revision and an event."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from archive.store import blanking, diff, suppressions
from archive.store.diff import Change, Plan, Stored
from archive.store.schema import TABLES
from archive.store.thread_visit import Visit, thread_columns, thread_flags
from archive.thread import Comment, Flag, Thread

if TYPE_CHECKING:
    from archive.store.save import Batch

CRAWL_FLAGS = {
    "edited": "crawl.edited",
    "removed": "crawl.removed",
    "restored": "crawl.restored",
    "renamed": "crawl.author_renamed",
    "moved": "crawl.moved",
}
CONFIDENCE = {"full": "high", "unknown": "low"}


def save(batch: "Batch", visit: Visit, row: dict[str, Any]) -> str:
    """Saves a visit of the stored thread `row` and gives its outcome: changed, unchanged or late. A capture older than
    the last one only adds what is unknown."""
    batch.flush()
    stored = _stored(batch, visit.thread_id)
    hidden = _hidden(batch, visit, stored) if batch.screen.ledger else set()
    late = visit.seen_at < row["last_seen_at"]
    plan = diff.compare(
        stored,
        visit.thread.comments,
        visit.hashes,
        batch.rows.next_id("comments"),
        whole=_whole(visit.thread) and not late,
    )
    changed = _Revisit(batch, visit, row, {s.id: s for s in stored}, late, hidden).save(plan)
    return "late" if late else "changed" if changed else "unchanged"


def _hidden(batch: "Batch", visit: Visit, stored: Sequence[Stored]) -> set[int]:
    """The ids of stored comments that are withheld, after giving their rows back (in memory alone) what they held, so
    that they are told from the others as ever: from `withheld`, or where that was erased, from what is seen now."""
    flagged = f"select id from comments where thread_id = ? and {suppressions.FLAGGED}"  # noqa: S608
    ids = {row[0] for row in batch.connection.exec_driver_sql(flagged, (visit.thread_id,))}
    held = blanking.held_of(batch.connection, sorted(ids))
    comments = visit.thread.comments
    seen = {one: i for i, one in enumerate(diff.identities(comments, visit.hashes))} if ids else {}
    for row in stored:
        if row.id in held:
            row.body, row.body_sha256 = held[row.id]["body"], held[row.id]["body_sha256"]
            row.commenter_id, author = held[row.id]["commenter_id"], suppressions.author_of(held[row.id])
        elif row.id in ids and row.identity in seen:
            i = seen[row.identity]
            row.body, row.body_sha256, author = comments[i].body, visit.hashes[i], comments[i].author
        else:
            continue
        row.author_name, row.author_native_id = (author.name, author.native_id) if author else (None, None)
    return ids


def _whole(thread: Thread) -> bool:
    """Whether what is not in the thread is gone. An empty thread that nothing vouches for may be a page that failed."""
    return thread.completeness == "full" or (thread.completeness == "unknown" and bool(thread.comments))


def _stored(batch: "Batch", thread_id: int) -> list[Stored]:
    comments, commenters = TABLES["comments"], TABLES["commenters"]
    columns = [
        commenters.c.name.label("author_name")
        if name == "author_name"
        else commenters.c.native_id.label(name)
        if name == "author_native_id"
        else comments.c[name]
        for name in Stored.__dataclass_fields__
    ]
    joined = comments.outerjoin(commenters, commenters.c.id == comments.c.commenter_id)
    statement = select(*columns).select_from(joined).where(comments.c.thread_id == thread_id)
    return [Stored(*row) for row in batch.connection.execute(statement.order_by(comments.c.position))]


class _Revisit:
    def __init__(
        self,
        batch: "Batch",
        visit: Visit,
        row: dict[str, Any],
        stored: dict[int, Stored],
        late: bool,
        hidden: set[int],
    ) -> None:
        self.batch, self.visit, self.row, self.stored, self.late = batch, visit, row, stored, late
        self.hidden = hidden
        self.values: dict[int, dict[str, Any]] = defaultdict(dict)
        self.flags: dict[int, list[Flag]] = defaultdict(list)
        self.flag_count: int = row["flag_count"]
        self.index: dict[int, int] = {}

    def save(self, plan: Plan) -> bool:
        """Writes the plan: new comments, changes, what is gone, places, flags, and the thread itself."""
        self.index = {comment_id: i for i, comment_id in enumerate(plan.ids)}
        self._hide_known(plan)
        new_before = self.batch.counts["comments_new"]
        self._add_new(plan)
        if not self.late:
            for change in plan.changes:
                self._change(change)
            for comment_id in plan.gone:
                self._lose(comment_id)
        self._seen(plan)
        for comment_id, values in self.values.items():
            self.batch.rows.update("comments", comment_id, values)
        self._renew_flags()
        added = self.batch.counts["comments_new"] - new_before
        self._update_thread(added)
        changed = bool(added or plan.changes or plan.gone)
        self.batch.counts["threads_changed" if changed else "threads_unchanged"] += 1
        return changed

    def _hide_known(self, plan: Plan) -> None:
        """Stored comments that the ledger withholds only as they are seen now are to be hidden; of withheld ones no
        change is kept that would show a text or a name."""
        for comment_id, i in self.index.items():
            if comment_id in self.stored and comment_id not in self.hidden and i in self.visit.withheld:
                self.hidden.add(comment_id)
                self.batch.to_hide.append(comment_id)
                self.flags[comment_id].append(Flag(suppressions.CODE, self.visit.withheld[i].reason))
        for change in plan.changes:
            if change.comment_id in self.hidden and change.kind == "edited":
                self._keep_hidden(change.comment_id)
        told = [c for c in plan.changes if c.comment_id not in self.hidden or c.kind not in ("edited", "renamed")]
        plan.changes[:] = told

    def _keep_hidden(self, comment_id: int) -> None:
        """Notes the present text of a withheld comment beside the others that are withheld."""
        held = blanking.held_of(self.batch.connection, [comment_id]).get(comment_id)
        if held is not None:
            i = self.index[comment_id]
            held |= {"body": self.visit.thread.comments[i].body, "body_sha256": self.visit.hashes[i]}
            statement = "update withheld set held = ? where name = 'comments' and row_id = ?"
            self.batch.connection.exec_driver_sql(statement, (json.dumps(held), comment_id))

    def _add_new(self, plan: Plan) -> None:
        gone_since = self.late and self.row["completeness"] != "partial"
        for i in plan.new:
            comment = self.visit.thread.comments[i]
            parent_id = plan.parents[i]
            place = plan.places[plan.ids[i]]
            state = "missing" if gone_since and comment.state == "visible" else comment.state
            flags = self.visit.flags_of(i)
            comment_id = self.batch.new_comment(self.visit, i, plan.identities[i], parent_id, place, state, flags)
            self.flag_count += self.batch.raise_flags("comment_id", comment_id, 0, flags, self.visit, comment.body)
            if not self.late:
                self._event(Change("added", comment_id, None, None), "high")

    def _event(self, change: Change, confidence: str) -> None:
        values: dict[str, Any] = {"run_id": self.batch.run_id, "thread_id": self.visit.thread_id}
        values |= {"comment_id": change.comment_id, "kind": change.kind, "before": change.before, "after": change.after}
        self.batch.rows.insert("events", values | {"seen_at": self.visit.seen_at, "confidence": confidence})
        if change.kind != "added":
            self.batch.counts[f"comments_{change.kind}"] += 1
        if code := CRAWL_FLAGS.get(change.kind):
            self.flags[change.comment_id].append(Flag(code, "visit", f"run {self.batch.run_id}"))

    def _change(self, change: Change) -> None:
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
        self._event(change, "high" if row.native_id is not None or change.kind == "restored" else "medium")

    def _rename(self, row: Stored, comment: Comment) -> None:
        """The same account has another name now; without a native id, the comment has another author."""
        author = comment.author
        if author is not None and author.native_id is not None and author.native_id == row.author_native_id:
            self.batch.rows.update("commenters", row.commenter_id or 0, {"name": author.name})
        else:
            commenter_id = self.batch.commenter(self.visit.thread.platform, self.visit.outlet_id, author)
            self.values[row.id]["commenter_id"] = commenter_id

    def _revise(self, row: Stored, i: int) -> None:
        """The old text becomes a revision, unless all that was known of it is that it was not shown."""
        revision = {"comment_id": row.id, "revision": row.revision, "body": row.body, "body_sha256": row.body_sha256}
        spell = {"seen_from": row.first_seen_at, "seen_until": row.last_seen_at}
        if row.capture_id is not None:
            spell["seen_from"] = self.batch.read_at(row.capture_id)
        self.batch.rows.insert("comment_revisions", revision | {"capture_id": row.capture_id} | spell)
        row.revision += 1
        body, sha256 = self.visit.thread.comments[i].body, self.visit.hashes[i]
        new = {"body": body, "body_sha256": sha256, "revision": row.revision, "capture_id": self.visit.read_from(i)}
        self.values[row.id] |= new
        self.flags[row.id] += self.visit.text_flags_of(i)

    def _lose(self, comment_id: int) -> None:
        confidence = CONFIDENCE[self.visit.thread.completeness]
        self._event(Change("removed", comment_id, "visible", "missing"), confidence)
        self.values[comment_id]["state"] = "missing"

    def _seen(self, plan: Plan) -> None:
        """Notes when stored comments were seen, and where each one stands now."""
        for comment_id in plan.ids:
            if comment_id in self.stored:
                row = self.stored[comment_id]
                self.values[comment_id]["first_seen_at"] = min(row.first_seen_at, self.visit.seen_at)
                self.values[comment_id]["last_seen_at"] = max(row.last_seen_at, self.visit.seen_at)
        for comment_id, row in self.stored.items():
            position, depth = plan.places[comment_id]
            if (position, depth) != (row.position, row.depth):
                self.values[comment_id] |= {"position": position, "depth": depth}

    def _renew_flags(self) -> None:
        """Raises the flags that the source has for seen comments and that are not up, and withdraws those that it no
        longer has; what rules found in a text stays with that text."""
        seen = {
            comment_id: i
            for comment_id, i in self.index.items()
            if comment_id in self.stored and comment_id not in self.hidden
        }
        said = {comment_id: self.visit.source_flags_of(i) for comment_id, i in seen.items()}
        up: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for flag_id, comment_id, code, rule, status in self._current_flags():
            if (
                comment_id in seen
                and not self.late
                and (code, rule) not in {(f.code, f.rule) for f in said[comment_id]}
            ):
                self._withdraw(flag_id, code, rule, status)
                self.batch.recounted.add(comment_id)
            else:
                up[comment_id].add((code, rule))
        for comment_id, flags in said.items():
            if not self.late:
                self.flags[comment_id] += [flag for flag in flags if (flag.code, flag.rule) not in up[comment_id]]
        for comment_id, flags in self.flags.items():
            if flags:
                revision = self.stored[comment_id].revision if comment_id in self.stored else 0
                text = self.visit.thread.comments[self.index[comment_id]].body if comment_id in self.index else ""
                self.flag_count += self.batch.raise_flags("comment_id", comment_id, revision, flags, self.visit, text)
                self.batch.recounted.add(comment_id)

    def _current_flags(self) -> Iterable[tuple[int, int, str, str, str]]:
        flags, comments, detectors = TABLES["flags"], TABLES["comments"], TABLES["detectors"]
        joined = flags.join(comments, comments.c.id == flags.c.comment_id).join(detectors)
        ours = and_(comments.c.thread_id == self.visit.thread_id, detectors.c.name == self.visit.thread.platform)
        columns = (flags.c.id, flags.c.comment_id, flags.c.code, flags.c.rule, flags.c.status)
        statement = select(*columns).select_from(joined).where(ours, flags.c.withdrawn_at.is_(None))
        return [(row[0], row[1], row[2], row[3], row[4]) for row in self.batch.connection.execute(statement)]

    def _withdraw(self, flag_id: int, code: str, rule: str, status: str) -> None:
        self.flag_count -= self.batch.withdraw(flag_id, code, rule, status, self.visit.seen_at)

    def _update_thread(self, added: int) -> None:
        values = {"first_seen_at": min(self.visit.seen_at, self.row["first_seen_at"])}
        if not self.late:
            values = thread_columns(self.visit)
            self._renew_thread_flags(thread_flags(self.visit.thread))
        values |= {"comment_count": self.row["comment_count"] + added, "flag_count": self.flag_count}
        self.row.update(values)
        self.batch.rows.update("threads", self.visit.thread_id, values)

    def _renew_thread_flags(self, wanted: tuple[Flag, ...]) -> None:
        table = TABLES["flags"]
        current = and_(table.c.thread_id == self.visit.thread_id, table.c.withdrawn_at.is_(None))
        up = {(r.code, r.rule, r.evidence): r for r in self.batch.connection.execute(select(table).where(current))}
        keys = {(flag.code, flag.rule, flag.evidence): flag for flag in wanted}
        for key, row in up.items():
            if key not in keys:
                self._withdraw(row.id, row.code, row.rule, row.status)
        new = [flag for key, flag in keys.items() if key not in up]
        self.flag_count += self.batch.raise_flags("thread_id", self.visit.thread_id, 0, new, self.visit)
