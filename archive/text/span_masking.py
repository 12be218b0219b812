"""Take personal data out of a text: spans are replaced by a mask whose length gives nothing away. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

Span = tuple[int, int]

MASK = "████"
# Shorter words stand in too many other places to be masked wherever they occur.
SHORTEST_WORDS = 3


def mask_spans(text: str, spans: Iterable[Span], mask: str = MASK) -> str:
    """Replace each span of a text by the mask; spans that overlap or touch become one."""
    return replace_spans(text, [(span, mask) for span in merge_spans(spans, len(text))])


def shift_span(span: Span, masked: Iterable[Span], length: int, mask: str = MASK) -> Span:
    """Map a span of a text of this length to the masked text; it grows to take in a mask that it cuts."""
    gaps = [(gap, mask) for gap in merge_spans(masked, length)]
    return move_point(span[0], gaps, is_end=False), move_point(span[1], gaps, is_end=True)


def replace_spans(text: str, replacements: Iterable[tuple[Span, str]]) -> str:
    """Replace each span of a text by its own words; spans are in order and do not overlap."""
    parts, done = [], 0
    for (start, end), new in replacements:
        parts += [text[done:start], new]
        done = end
    return "".join(parts) + text[done:]


def move_point(offset: int, replacements: Iterable[tuple[Span, str]], *, is_end: bool) -> int:
    """Map an offset to the text after `replace_spans`; one inside a span goes to the edge of its new words."""
    shift = 0
    for (start, end), new in replacements:
        if end <= offset:
            shift += len(new) - (end - start)
        elif start < offset:
            return start + shift + (len(new) if is_end else 0)
    return offset + shift


def merge_spans(spans: Iterable[Span], length: int) -> list[Span]:
    """Sort spans, cut them to the text's length, and merge those that overlap or touch."""
    merged: list[Span] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def find_occurrences(text: str, words: str) -> Iterable[Span]:
    """Yield every span that is exactly these words, overlapping ones too."""
    start = text.find(words) if words else -1
    while start >= 0:
        yield start, start + len(words)
        start = text.find(words, start + 1)


@dataclass(frozen=True, slots=True)
class MaskedParts:
    """What is masked of one comment: spans of its texts by revision, and their words wherever else they occur."""

    spans: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    words: AbstractSet[str] = frozenset()

    def find(self, text: str, revision: int | None = None) -> list[Span]:
        """Find the spans to mask in a text, which is that of a revision of the comment or any other."""
        spans = list(self.spans.get(revision, ())) if revision is not None else []
        for words in self.words:
            if len(words) >= SHORTEST_WORDS:
                spans += find_occurrences(text, words)
        return merge_spans(spans, len(text))

    def find_within(self, start: int, end: int, revision: int, exact: str) -> list[Span]:
        """Find the spans to mask in `exact`, the words from `start` to `end` of a revision's text."""
        cut = [(left - start, right - start) for left, right in self.spans.get(revision, ())]
        return merge_spans([*cut, *self.find(exact)], end - start)
