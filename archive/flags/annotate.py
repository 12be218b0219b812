"""Turn what the rules find in comments into flags of their threads."""

from collections.abc import Iterable
from dataclasses import replace

from archive.flags.detect import find_matches
from archive.flags.match import Match, TextContext
from archive.flags.versions import data_sha256
from archive.thread import Flag, Thread

# What the codes of flags begin with that rules raise on texts.
TEXT_NAMESPACES = ("content.", "context.")


def annotate_thread(thread: Thread) -> Thread:
    """Add the flags that rules raise on its comments' texts to a thread."""
    comments = tuple(
        replace(comment, flags=(*comment.flags, *flags)) if (flags := comment_flags(thread, position)) else comment
        for position, comment in enumerate(thread.comments)
    )
    return replace(thread, comments=comments, rules=data_sha256())


def comment_flags(thread: Thread, position: int) -> tuple[Flag, ...]:
    """Find the flags of the comment at a position of a thread; its parent and the article's title are its context."""
    comment, article = thread.comments[position], thread.article
    parent = None if comment.parent is None else thread.comments[comment.parent].body
    return tuple(matches_to_flags(find_matches(comment.body, TextContext(parent, article.title, article.language))))


def matches_to_flags(matches: Iterable[Match]) -> list[Flag]:
    """Turn matches into flags; the evidence of a guard's flag names the rules that it held back."""
    matches = list(matches)
    # A guard's matches of one target become one flag with several spans, so each names the rules of all of them.
    guarded: dict[tuple[str, str, str | None], set[str]] = {}
    for match in matches:
        if match.guarded_rule:
            guarded.setdefault((match.code, match.rule, match.target), set()).add(match.guarded_rule)
    flags = []
    for match in matches:
        rules = guarded.get((match.code, match.rule, match.target)) if match.guarded_rule else None
        evidence = "instead of " + ", ".join(sorted(rules)) if rules else None
        flags.append(Flag(match.code, match.rule, evidence, match.start, match.end, match.target))
    return flags
