"""What the rules find in comments, as flags of their threads."""

from collections.abc import Iterable
from dataclasses import replace

from archive.flags.detect import find
from archive.flags.match import Context, Match
from archive.flags.versions import data_sha256
from archive.thread import Flag, Thread

FOUND_IN_TEXT = ("content.", "context.")


def marked(thread: Thread) -> Thread:
    """The thread with the flags that rules raise on its comments' texts."""
    comments = tuple(
        replace(comment, flags=(*comment.flags, *flags)) if (flags := flags_of(thread, place)) else comment
        for place, comment in enumerate(thread.comments)
    )
    return replace(thread, comments=comments, rules=data_sha256())


def flags_of(thread: Thread, place: int) -> tuple[Flag, ...]:
    """What rules find in the text of one comment of a thread."""
    comment, article = thread.comments[place], thread.article
    parent = None if comment.parent is None else thread.comments[comment.parent].body
    return tuple(flags_in(find(comment.body, Context(parent, article.title, article.language))))


def flags_in(matches: Iterable[Match]) -> list[Flag]:
    """Matches as flags; that of a guard says which rules it held back."""
    matches = list(matches)
    held: dict[tuple[str, str, str | None], set[str]] = {}
    for match in matches:
        if match.of:
            held.setdefault((match.code, match.rule, match.target), set()).add(match.of)
    return [
        Flag(
            match.code,
            match.rule,
            "instead of " + ", ".join(sorted(held[match.code, match.rule, match.target])) if match.of else None,
            match.start,
            match.end,
            match.target,
        )
        for match in matches
    ]
