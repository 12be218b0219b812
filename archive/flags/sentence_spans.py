"""Where the sentences of a normalized text begin and end. Pure."""

import re
from collections.abc import Iterator

SENTENCE_END = re.compile(r"[.!?]+|\n")
# Only what `_ends_sentence` is true of, in a text of ASCII with its capitals.
PLAIN_SENTENCE_END = re.compile(
    r"[.!?\n](?:(?<!\n)[.!?]+|(?<=[!?])|(?<=\.)(?:(?<![0-9]\.)|(?![0-9]))(?<![^a-zA-Z][a-zA-Z]\.)"
    r"|(?<=\n)(?![a-z](?!\n)|[^\S\n][a-z]))"
)
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+")
SPACED_LETTERS = re.compile(r"(?:(?<![^\W_])[^\W_](?![^\W_])[\W_]{1,3}){3}[^\W_](?![^\W_])")

# Bounds on what is looked at, so that no text takes long.
LONGEST_TEXT = 100_000
LONGEST_SENTENCE = 800


def blank_addresses(text: str) -> str:
    """Put spaces in the place of addresses, so that their dots end no sentence."""
    if "://" in text or "www." in text or "@" in text:
        return ADDRESS.sub(lambda address: " " * len(address[0]), text)
    return text


def sentence_spans(text: str, cased: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence begins and ends; `cased` is the same text with its capitals."""
    start, last = 0, min(len(text), LONGEST_TEXT)
    for mark in SENTENCE_END.finditer(text, 0, LONGEST_TEXT):
        if _ends_sentence(text, mark, cased):
            yield from _cut_long(text, start, mark.start())
            start = mark.end()
    yield from _cut_long(text, start, last)


def plain_sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return where each sentence of a text of ASCII begins and ends, given with its capitals."""
    spans, start = list[tuple[int, int]](), 0
    for mark in PLAIN_SENTENCE_END.finditer(text):
        end, after = mark.span()
        if end > start:
            spans.append((start, end))
        start = after
    if len(text) > start:
        spans.append((start, len(text)))
    if len(text) > LONGEST_SENTENCE:
        return [cut for start, end in spans for cut in _cut_long(text, start, end)]
    return [span for span in spans if not text[slice(*span)].isspace()]


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence that goes on without an end at spaces, so that none takes long."""
    while end - start > LONGEST_SENTENCE:
        cut = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
        cut = start + LONGEST_SENTENCE if cut < 0 else cut
        yield start, cut
        start = cut
    if text[start:end].strip():
        yield start, end


def _ends_sentence(text: str, mark: re.Match[str], cased: str) -> bool:
    """Whether a mark ends a sentence: not within a number or an abbreviation, nor where a line is only wrapped."""
    start, end = mark.span()
    if text[start] == "\n":
        ahead = cased[end : end + 2]
        following = ahead.strip()[:1]
        return following == "" or "\n" in ahead or following.isupper() or not following.isalpha()
    if end - start > 1 or text[start] != ".":
        return True
    before = text[max(0, start - 2) : start]
    if before[-1:].isdigit() and text[end : end + 1].isdigit():
        return False
    return not (before[-1:].isalpha() and len(before) == 2 and not before[0].isalpha())
