"""What a detector gives: a claim about a place in a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a text: the comment that it answers, the article's title, its language where that is known."""

    parent: str | None = None
    title: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A claim about the code points from `start` to `end` of a text. `of` names the rule that a guard held back."""

    code: str
    rule: str
    start: int
    end: int
    target: str | None = None
    of: str | None = None
