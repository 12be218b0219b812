"""Cut words that are written together into their parts: "killthemall". Pure."""

from collections.abc import Set as AbstractSet

# Runs of words that are written together: how short they, and their parts, may be.
SHORTEST_RUN = 7
LONGEST_WORD = 60
LONGEST_PART = 16
SHORTEST_MEAN = 2
LONG_ENOUGH = 4
SHORT_WORDS = frozenset(
    "i a u we he is be to of in my up so no us am do it or on all the are for you and out them these they who his her "  # noqa: SIM905
    "not was".split()
)


def split_words(text: str, words: AbstractSet[str]) -> list[int] | None:
    """Where the words of a run of letters end, the fewest that it can be cut into; None where it is no such run.

    The shortest path over the positions of the text, in time of its length times LONGEST_PART.
    """
    best: list[tuple[int, int] | None] = [(0, 0), *[None] * len(text)]
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - LONGEST_PART), end):
            before = best[start]
            part = text[start:end]
            if before is None or part not in words or (len(part) < 3 and part not in SHORT_WORDS):
                continue
            if (cost := before[0] + 1) < (best[end] or (len(text) + 1, 0))[0]:
                best[end] = (cost, start)
    if best[-1] is None or best[-1][0] * SHORTEST_MEAN > len(text):
        return None
    ends, position, longest = list[int](), len(text), 0
    while position:
        ends.append(position)
        longest = max(longest, position - best[position][1])  # type: ignore[index]
        position = best[position][1]  # type: ignore[index]
    first = ends[-1]
    short = min(text[:first], text[first:], key=len) if len(ends) == 2 else ""
    return ends[::-1] if longest >= LONG_ENOUGH and (len(short) != 3 or short in SHORT_WORDS) else None
