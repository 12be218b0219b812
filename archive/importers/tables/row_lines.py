"""Lines of delimited text as rows take them, so that a quotation mark that is never closed costs one row alone."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence

MOST_LINES, MOST_LETTERS = 5_000, 1 << 23  # of a row: with more, a quotation mark is never closed
NEVER_CLOSED = "a quotation mark opens a cell here and takes in the rows that follow: the row is left out"
FEWEST_TAKEN_IN = 3
LONGEST_KIND = 60


class Lines:
    """Lines of a file, of which those of the last row can be read again: `taken` are these, `number` is the last."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.number = 0
        self.taken: list[str] = []
        self._again: deque[str] = deque()
        self._letters = 0

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if not self.taken:
            self._letters = 0
        elif len(self.taken) > MOST_LINES or self._letters > MOST_LETTERS:
            raise csv.Error(NEVER_CLOSED)
        line = self._again.popleft() if self._again else next(self.lines)
        self.number += 1
        self._letters += len(line)
        self.taken.append(line)
        return line

    def place(self, name: str) -> str:
        """Return where the last row begins."""
        return f"{name}:{self.number - len(self.taken) + 1}"

    def put_back(self) -> None:
        """Have all lines of the last row but its first read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1


def is_whole(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether lines are one row in which each quotation mark that opens a cell is closed at the end of it."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return len(rows) == 1 and len(rows[0]) == width


def takes_in_rows(row: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether a cell of several lines holds rows of the table: as many cells, and the first of them of the same kind.

    Lines of a text may have as many commas, but with a space behind them. And the row's first cell has a digit in it,
    as ids and times do, or else all lines of the cell, three at least, look like rows.
    """
    first = _kind(row[0])
    for cell in row:
        below = cell.splitlines()[1:]
        pieces = [line.split(delimiter) for line in below if line.strip()]
        like = [
            piece
            for piece in pieces
            if len(piece) >= width > 1 and _kind(piece[0]) == first and not piece[1].startswith(" ")
        ]
        if like and ("9" in first or (len(like) == len(pieces) >= FEWEST_TAKEN_IN)):
            return True
    return False


def _kind(cell: str) -> str:
    """Return a cell's shape: `c-21` and `d-7` are `a-9`."""
    text = cell.strip().strip('"')[:LONGEST_KIND]
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text))
