"""The lines that the texts of a list share: "Comment:", "Report this", which a page prints around each."""

import re
from collections import Counter
from collections.abc import Sequence

from crawler.platforms.comment_html.blocks import DIGITS
from crawler.platforms.comment_html.fields import CommentFields

MOST_REPEATED = 4
FEWEST, FEWEST_NUMBERS = 3, 2
SHARE_OF_NUMBERS = 0.3
SHARE = 0.6  # of the texts that must share a line which is none of the commenters' own
LONGEST = 60
LONGEST_LINE = 150  # characters that name and date may add to
LONGEST_REST = 30  # characters of a line of name and date beside these
QUOTED = re.compile(r"^> ?", re.MULTILINE)


def strip_repeated_lines(fields: Sequence[CommentFields]) -> None:
    """Remove the first and last lines that most texts of a list share but for their numbers: they are the page's."""
    for is_first in (True, False) if len(fields) >= FEWEST else ():
        for _ in range(MOST_REPEATED):
            patterns = [_pattern(field, is_first=is_first) for field in fields]
            counts = Counter(filter(None, patterns))
            lines: dict[str | None, set[str]] = {}
            for field, pattern in zip(fields, patterns, strict=True):
                lines.setdefault(pattern, set()).add(_line(field, is_first=is_first))
            repeated = {
                pattern
                for pattern, count in counts.items()
                if count >= _least(pattern, len(fields), is_varied=len(lines[pattern]) > 1)
            }
            if not repeated:
                break
            for field, pattern in zip(fields, patterns, strict=True):
                if pattern in repeated:
                    first, _, rest = field.body.partition("\n") if is_first else field.body.rpartition("\n")
                    field.body = (rest if is_first else first).strip("\n")


def _least(pattern: str, texts: int, *, is_varied: bool) -> float:
    """Return how many texts must share a line that is none of the commenters': fewer where it is a mere number.

    One that is the same in all of these may be what commenters write: "+1".
    """
    is_number = is_varied and "#" in pattern and not any(map(str.isalpha, pattern))
    return max(FEWEST_NUMBERS, SHARE_OF_NUMBERS * texts) if is_number else max(FEWEST, SHARE * texts)


def _line(field: CommentFields, *, is_first: bool) -> str:
    return (field.body.partition("\n")[0] if is_first else field.body.rpartition("\n")[2]).strip()


def strip_shared_quotes(fields: Sequence[CommentFields]) -> None:
    """Remove the marks of quotations from texts that are nothing else: a page quotes all that is written in it."""
    lines = [line for field in fields for line in field.body.split("\n") if line]
    if len(fields) >= FEWEST and lines and all(line.startswith(">") for line in lines):
        for field in fields:
            field.body = QUOTED.sub("", field.body)


def _pattern(field: CommentFields, *, is_first: bool) -> str | None:
    """Return what the first or last of a text's lines has in common with those of others: all but numbers, name, date.

    None where it is the only one, or long.
    """
    if "\n" not in field.body:
        return None
    line = _line(field, is_first=is_first)
    if len(line) > LONGEST_LINE:
        return None
    common = line
    for own, sign in ((field.date_text, "#"), (field.name, "@")):
        common = common.replace(own, sign) if own and len(own) > 1 else common
    common = DIGITS.sub("#", common if len(common) <= LONGEST_REST else line)  # a sentence may name its author, too
    return common if len(common) <= LONGEST else None
