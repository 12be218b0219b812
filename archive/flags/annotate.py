"""Turn what the rules find in comments into flags of their threads."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from archive.flags.detect import find_all_matches, find_matches
from archive.flags.match import Match, TextContext
from archive.flags.versions import data_sha256
from archive.thread import Flag, Thread

# What the codes of flags begin with that rules raise on texts.
TEXT_NAMESPACES = ("content.", "context.")


def annotate_thread(thread: Thread) -> Thread:
    """Add the flags that rules raise on its comments' texts to a thread."""
    return annotate_threads([thread])[0]


def annotate_threads(threads: Sequence[Thread]) -> list[Thread]:
    """Add the flags that rules raise on its comments' texts to each thread: many at once take less time than alone."""
    positions = [(thread, position) for thread in threads for position in range(len(thread.comments))]
    found = iter(find_all_matches((thread.comments[n].body, _context(thread, n)) for thread, n in positions))
    return [_annotated(thread, found) for thread in threads]


def _annotated(thread: Thread, found: Iterator[Sequence[Match]]) -> Thread:
    """Add the next matches, which are of this thread's comments, and leave those of other threads."""
    comments = tuple(
        replace(comment, flags=(*comment.flags, *matches_to_flags(matches))) if matches else comment
        for comment, matches in zip(thread.comments, found, strict=False)
    )
    return replace(thread, comments=comments, rules=data_sha256())


def comment_flags(thread: Thread, position: int) -> tuple[Flag, ...]:
    """Find the flags of the comment at a position of a thread; its parent and the article's title are its context."""
    return tuple(matches_to_flags(find_matches(thread.comments[position].body, _context(thread, position))))


def _context(thread: Thread, position: int) -> TextContext:
    parent = thread.comments[position].parent
    body = None if parent is None else thread.comments[parent].body
    return TextContext(body, thread.article.title, thread.article.language)


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
