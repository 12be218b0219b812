"""The lines that the texts of a list share: "Comment:", "Report this", which a page prints around each."""

import re
from collections.abc import Sequence

from crawler.platforms.comment_html.blocks import DIGITS
from crawler.platforms.comment_html.fields import CommentFields

MOST_REPEATED = 4
FEWEST = 3
SHARE = 0.6  # of the texts that must share a line which is none of the commenters' own
LONGEST = 60
LONGEST_REST = 30  # characters of a line of name and date beside these
QUOTED = re.compile(r"^> ?", re.MULTILINE)


def strip_repeated_lines(fields: Sequence[CommentFields]) -> None:
    """Remove the first and last lines that most texts of a list share but for their numbers: they are the page's."""
    for edge in (0, -1) if len(fields) >= FEWEST else ():
        for _ in range(MOST_REPEATED):
            counts: dict[str, int] = {}
            for field in fields:
                lines = field.body.split("\n")
                if len(lines) > 1 and lines[edge]:
                    pattern = _pattern(lines[edge], field)
                    counts[pattern] = counts.get(pattern, 0) + 1
            repeated = {
                pattern
                for pattern, count in counts.items()
                if count >= max(FEWEST, SHARE * len(fields)) and len(pattern) <= LONGEST
            }
            if not repeated:
                break
            for field in fields:
                lines = field.body.split("\n")
                if len(lines) > 1 and _pattern(lines[edge], field) in repeated:
                    field.body = "\n".join(lines[1:] if edge == 0 else lines[:-1]).strip("\n")


def strip_shared_quotes(fields: Sequence[CommentFields]) -> None:
    """Remove the marks of quotations from texts that are nothing else: a page quotes all that is written in it."""
    lines = [line for field in fields for line in field.body.split("\n") if line]
    if len(fields) >= FEWEST and lines and all(line.startswith(">") for line in lines):
        for field in fields:
            field.body = QUOTED.sub("", field.body)


def _pattern(line: str, fields: CommentFields) -> str:
    """Return what a line of a text has in common with those of others: all but its numbers, its author and its date."""
    line = line.strip()
    if line == fields.name:
        return ""
    common = line
    for own, sign in ((fields.date_text, "#"), (fields.name, "@")):
        common = common.replace(own, sign) if own and len(own) > 1 else common
    return DIGITS.sub("#", common if len(common) <= LONGEST_REST else line)  # a sentence may name its author, too
