"""A thread as one capture shows it, on its way to becoming rows. Pure."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from archive.flags import annotate
from archive.flags.annotate import FOUND_IN_TEXT
from archive.thread import Article, Flag, Thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.store.suppressions import Entry


@dataclass(slots=True)
class Visit:
    """A thread with what its rows have in common; `hashes` are of the comments' bodies, `thread_id` 0 while unknown.

    `capture_ids` are of the thread's own capture and of its further pages, as `Comment.page` counts them; `withheld`
    says which comments the archive withholds, by index.
    """

    thread: Thread
    hashes: list[str]
    seen_at: str
    capture_ids: list[int]
    outlet_id: int | None
    thread_id: int = 0
    withheld: "Mapping[int, Entry]" = field(default_factory=dict)

    @property
    def capture_id(self) -> int:
        return self.capture_ids[0]

    def flags_of(self, i: int) -> tuple[Flag, ...]:
        """What the source says of comment i, and what rules find in its text; of one that is withheld only that."""
        if i in self.withheld:
            return (Flag("archive.withheld", self.withheld[i].reason),)
        said = self.thread.comments[i].flags
        return said if self.thread.rules else (*said, *annotate.flags_of(self.thread, i))

    def text_flags_of(self, i: int) -> list[Flag]:
        return [flag for flag in self.flags_of(i) if flag.code.startswith(FOUND_IN_TEXT)]

    def source_flags_of(self, i: int) -> list[Flag]:
        return [flag for flag in self.thread.comments[i].flags if not flag.code.startswith(FOUND_IN_TEXT)]

    def read_from(self, i: int) -> int:
        """The capture that comment i was read from."""
        return self.capture_ids[self.thread.comments[i].page]


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8. Raises ValueError where the text is not Unicode (lone surrogates)."""
    return sha256(text.encode()).hexdigest()


def article_digest(article: Article) -> str:
    return digest(f"{article.title or ''}\n{article.body}")


def article_url(article: Article, capture_sha256: str) -> str:
    """The article's identity: its address, else a hash of its text, else of the document where it has no text."""
    return article.url or "urn:sha256:" + (article_digest(article) if article.body else capture_sha256)


def thread_columns(visit: Visit) -> dict[str, Any]:
    """What each visit says anew of its thread."""
    thread = visit.thread
    return {
        "url": thread.url,
        "stated_count": thread.stated_count,
        "completeness": thread.completeness,
        "closed": thread.closed,
        "capture_id": visit.capture_id,
        "last_seen_at": visit.seen_at,
    }


def shortfall(thread: Thread) -> str | None:
    """Why a visit saw less than the whole thread, as its flags say."""
    said = [flag.evidence or flag.rule for flag in thread_flags(thread) if flag.code == "capture.partial_thread"]
    return "; ".join(said) or None


def thread_flags(thread: Thread) -> tuple[Flag, ...]:
    """The flags that came with a thread, and that it is incomplete where it states more comments than it holds."""
    stated, held = thread.stated_count, len(thread.comments)
    if stated is None or stated <= held:
        return thread.flags
    return (*thread.flags, Flag("capture.partial_thread", "stated-count", f"{stated} stated, {held} held"))
