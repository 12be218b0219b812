"""Rendered texts that then lost single lines or indents, as the texts in corpora have. Works on marked text."""

import re
from random import Random

from benchmarks.pages.talk import END, FIRST_MARK, MARKS, NAME, PAGE, START

_HEAD = re.compile(r"^(\s*)(?:•|\d+\.) ")


def _kinds(line: str) -> set[int]:
    """What parts of comments stand on a line; what the page says of itself does not count."""
    numbers = (ord(mark) - FIRST_MARK for mark in MARKS.findall(line))
    return {number % 4 for number in numbers if number < 4 * PAGE}


def _is_author_line(line: str) -> bool:
    return bool(_HEAD.match(line)) and _kinds(line) == {NAME}


def without_authors(text: str, rng: Random, share: float = 0.15) -> str:
    """Some lines that hold a bullet and an author and nothing else are gone, but only where the body's indent then
    still tells that another comment begins: nobody could see the others."""
    lines = text.split("\n")
    remaining = []
    for number, line in enumerate(lines):
        if _is_author_line(line) and rng.random() < share and _shows(lines, number):
            continue
        remaining.append(line)
    return "\n".join(remaining)


def _shows(lines: list[str], number: int) -> bool:
    """Whether the body after this line is indented unlike the last body before it."""
    before = next((line for line in reversed(lines[:number]) if _kinds(line) & {START, END}), "")
    after = next((line for line in lines[number + 1 :] if _kinds(line) & {START, END}), "")
    return bool(after) and _indent(before) != _indent(after)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def without_indents(text: str, rng: Random, share: float = 0.05) -> str:
    """Some later paragraphs of comments stand at the left margin."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        later = START in _kinds(line) and not _HEAD.match(line) and number > 3 and END in _kinds(lines[number - 2])
        if later and rng.random() < share:
            lines[number] = line.lstrip(" ")
    return "\n".join(lines)


def without_start(text: str, _rng: Random) -> str:
    """The first author's line is gone: the thread begins with an indented paragraph under the article."""
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if _kinds(line)), None)
    if first is None or not _is_author_line(lines[first]):
        return text
    return "\n".join(lines[:first] + lines[first + 1 :])


def cut_short(text: str, rng: Random) -> str:
    """The end of the text is gone, from the beginning of some comment on."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if _is_author_line(line)]
    return "\n".join(lines[: rng.choice(starts[1:])]) if len(starts) > 1 else text


LOSSES = (without_authors, without_indents, without_start, cut_short)
