"""A thread as one capture shows it, on its way to becoming rows. Pure."""

from dataclasses import dataclass
from typing import Any

from archive.flags.codes import TEXT_NAMESPACES
from archive.flags.detect import comment_flags
from archive.flags.match import TextContext
from archive.store.suppressions import CODE, Screened
from archive.thread import Comment, Flag, Moment, Thread

NO_EDIT = Moment()


@dataclass(slots=True)
class ThreadVisit:
    """A thread with what its rows have in common; `hashes` are of the comments' bodies, `thread_id` is 0 until saved.

    `capture_ids` are of the thread's own capture and of its further pages, as `Comment.page` counts them.
    """

    screened: Screened
    hashes: list[str]
    seen_at: str
    capture_ids: list[int]
    outlet_id: int | None
    thread_id: int = 0

    @property
    def thread(self) -> Thread:
        return self.screened.thread

    @property
    def capture_id(self) -> int:
        return self.capture_ids[0]

    def flags_of(self, i: int) -> tuple[Flag, ...]:
        """Return the source's flags of comment i and those of rules; of a withheld one only that it is withheld."""
        if i in self.screened.comments:
            return (Flag(CODE, self.screened.comments[i].reason),)
        flags = self.thread.comments[i].flags
        return flags if self.thread.rules else (*flags, *comment_flags(self.thread, i))

    def text_flags_of(self, i: int) -> list[Flag]:
        return [flag for flag in self.flags_of(i) if flag.dataset is None and flag.code.startswith(TEXT_NAMESPACES)]

    def source_flags_of(self, i: int) -> list[Flag]:
        flags = self.thread.comments[i].flags
        return [flag for flag in flags if flag.dataset is None and not flag.code.startswith(TEXT_NAMESPACES)]

    def text_context(self) -> TextContext:
        """Return what surrounds the earlier texts of comments, as far as it is known."""
        return TextContext(None, self.thread.article.title, self.thread.article.language)

    def capture_of(self, i: int) -> int:
        """Return the id of the capture that comment i was read from."""
        return self.capture_ids[self.thread.comments[i].page]


def thread_columns(visit: ThreadVisit) -> dict[str, Any]:
    """Return the columns of a thread that every visit states anew."""
    thread = visit.thread
    return {
        "url": thread.url,
        "stated_count": thread.stated_count,
        "stated_kind": thread.stated_kind,
        "completeness": completeness(thread),
        "closed": thread.closed,
        "capture_id": visit.capture_id,
        "last_seen_at": visit.seen_at,
        "withheld": visit.screened.thread_reason,
    }


def edit_columns(comment: Comment) -> dict[str, Any]:
    """Return the columns that say when a comment was last edited."""
    edited = comment.edited or NO_EDIT
    return {"edited_at": edited.at, "edited_at_text": edited.text, "edited_precision": edited.precision}


def completeness(thread: Thread) -> str:
    """Return how whole a thread is, as the archive states it: one that is flagged as partial is not whole."""
    is_partial = any(flag.code == "capture.partial_thread" for flag in thread_flags(thread))
    return "partial" if is_partial else thread.completeness


def shortfall(thread: Thread) -> str | None:
    """Return why a visit saw less than the whole thread, as its flags state it."""
    reasons = [flag.evidence or flag.rule for flag in thread_flags(thread) if flag.code == "capture.partial_thread"]
    return "; ".join(reasons) or None


def thread_flags(thread: Thread) -> tuple[Flag, ...]:
    """Return the flags that came with a thread, and one more where it states more comments than it holds."""
    stated, comments = thread.stated_count, len(thread.comments)
    if stated is None or thread.stated_kind != "all" or stated <= comments:
        return thread.flags
    return (*thread.flags, Flag("capture.partial_thread", "stated-count", f"{stated} stated, {comments} held"))
