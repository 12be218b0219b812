"""What the rules make of one text, step by step, for people who write rules or doubt one."""

from collections.abc import Iterator

from archive.flags import pii_patterns
from archive.flags.detect import NO_CONTEXT, PROMOTION, find, language_of, prefilter
from archive.flags.lexical_detector import Decision, detector
from archive.flags.match import Context, Match
from archive.flags.normalize import fold


def explain(text: str, context: Context = NO_CONTEXT) -> Iterator[str]:
    """Lines that say which language's rules read a text, every place that a pattern fits and what became of it, and
    the flags that come out."""
    folded = fold(text)
    hits = prefilter().hits(folded.text)
    named = [name for name in hits.masks if name != PROMOTION]
    language = language_of(folded.text, hits, context)
    yield f"words of rules in: {', '.join(named) or 'no language'}; read by the rules of: {language or 'none'}"
    if language:
        rules = detector(language)
        sentences = rules.reader.read(folded.text, folded.written(text))
        for decision in rules.decisions(folded, sentences, context, range(len(sentences))):
            yield from _told(decision, text)
    for match in pii_patterns.find(text, folded, context.language, promotes=PROMOTION in hits.masks):
        yield f"{match.rule}: {text[match.start : match.end]!r}"
    found = find(text, context)
    yield "flags:" if found else "no flags"
    yield from (f"  {_line(match, text)}" for match in found)


def _told(decision: Decision, text: str) -> Iterator[str]:
    yield f"{decision.rule.id} fits {text[decision.start : decision.end]!r}, meant: {decision.target}"
    yield f"    pattern: {decision.pattern}"
    if decision.dropped:
        yield f"    dropped: {decision.dropped}"
    elif decision.match and decision.match.of:
        yield f"    held back by {decision.match.rule}: {text[decision.match.start : decision.match.end]!r}"


def _line(match: Match, text: str) -> str:
    instead = f", instead of {match.of}" if match.of else ""
    target = f", meant: {match.target}" if match.target else ""
    return (
        f"{match.code} by {match.rule} at {match.start}-{match.end}: {text[match.start : match.end]!r}{target}{instead}"
    )
