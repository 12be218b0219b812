"""The detector's result: a claim about a span of a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextContext:
    """What surrounds a text: the body of its parent comment, the article's title, and its BCP 47 language if known."""

    parent: str | None = None
    title: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A claim about the code points from `start` to `end` of a text.

    `code` is one of `flag_codes`. A match of a guard (negation, quotation ...) names in `guarded_rule` the rule whose
    match it replaces; otherwise that is None.
    """

    code: str
    rule: str
    start: int
    end: int
    target: str | None = None
    guarded_rule: str | None = None
