"""Explain step by step what the rules make of a text, for people who write rules or doubt one."""

from collections.abc import Iterator

from archive.flags.detect import NO_CONTEXT, PROMOTION, find_matches, language_of, prefilter
from archive.flags.lexical_detector import MatchDecision, load_detector
from archive.flags.match import Match, TextContext
from archive.flags.normalize import normalize
from archive.flags.pii_patterns import find_patterns


def explain(text: str, context: TextContext = NO_CONTEXT) -> Iterator[str]:
    """Yield lines: which language's rules read a text, every span that a pattern fits and what became of it, the flags.

    `btl flag --explain` prints them.
    """
    normalized = normalize(text)
    hits = prefilter().search(normalized.text)
    named = [name for name in hits.masks if name != PROMOTION]
    language = language_of(normalized.text, hits, context)
    yield f"words of rules in: {', '.join(named) or 'no language'}; read by the rules of: {language or 'none'}"
    if language:
        detector = load_detector(language)
        sentences = detector.tokenizer.tokenize(normalized.text, normalized.original_case(text))
        fitting = {n: detector.fitting(sentences.tags(n), of_group=True) for n in range(len(sentences))}
        for decision in detector.decisions(normalized, sentences, context, fitting):
            yield from _decision_lines(decision, text)
    for match in find_patterns(text, normalized, context.language, promotes=hits.is_of(PROMOTION)):
        yield f"{match.rule}: {text[match.start : match.end]!r}"
    matches = find_matches(text, context)
    yield "flags:" if matches else "no flags"
    yield from (f"  {_match_line(match, text)}" for match in matches)


def _decision_lines(decision: MatchDecision, text: str) -> Iterator[str]:
    yield f"{decision.rule.id} fits {text[decision.start : decision.end]!r}, meant: {decision.target}"
    yield f"    pattern: {decision.pattern}"
    if decision.dropped:
        yield f"    dropped: {decision.dropped}"
    elif decision.match and decision.match.guarded_rule:
        yield f"    held back by {decision.match.rule}: {text[decision.match.start : decision.match.end]!r}"


def _match_line(match: Match, text: str) -> str:
    instead = f", instead of {match.guarded_rule}" if match.guarded_rule else ""
    target = f", meant: {match.target}" if match.target else ""
    return (
        f"{match.code} by {match.rule} at {match.start}-{match.end}: {text[match.start : match.end]!r}{target}{instead}"
    )
