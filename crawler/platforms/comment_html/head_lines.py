"""The lines of name and date above a text that no element of its own holds, and the buttons below it."""

from archive.text import line_rules, phrases
from archive.text.dates import find_date, may_hold_date
from crawler.platforms.comment_html.author import WEB_ADDRESS
from crawler.platforms.comment_html.parts import is_initial

LONGEST_DATE_LINE = 120
LONGEST_DATE_REST = 12
AROUND_LINE = " :：-–—|·•,.@#()"


def without_head(text: str, name: str | None) -> str:
    """Remove the lines of name, "says" and date from the start of a text, and buttons from its end."""
    lines = text.split("\n")
    while lines and is_head_line(lines[0].strip(), name):
        lines.pop(0)
    while lines and (not lines[-1].strip() or line_rules.is_reply(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip("\n")


def is_head_line(line: str, name: str | None) -> bool:
    """Whether a line holds a comment's name, its date, or both, and nothing but the words that link them."""
    line = line.removeprefix(name) if name and len(name) > 1 else line
    bare = line.strip(AROUND_LINE)
    if (
        not bare
        or (name and (bare == name.strip(AROUND_LINE) or (bare.isupper() and is_initial(bare, name))))
        or bare.casefold() in phrases.SAYS
        or line_rules.is_waiting(line)
    ):
        return True
    date = find_date(line) if len(line) <= LONGEST_DATE_LINE and may_hold_date(line) else None
    if date is None:
        return False
    rest = line[: date[0]] + line[date[1] :]
    if len(rest) < LONGEST_DATE_REST:
        return True
    if not name or len(name) < 2 or name not in rest:
        return False
    words = (word.strip(AROUND_LINE) for word in WEB_ADDRESS.sub("", rest.replace(name, " ", 1)).casefold().split())
    return all(word in phrases.SAYS or word in phrases.BY_WORDS or line_rules.is_linking(word) for word in words)
