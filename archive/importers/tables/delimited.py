"""Delimited text (CSV, TSV ...): which delimiter and encoding, and its rows."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from archive.importers.base import HEAD_LENGTH, BadDocument
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.plain_text.encoding import BOMS
from archive.importers.tables.row_lines import NEVER_CLOSED, Lines, is_whole, takes_in_rows
from archive.text.charsets import decode_page

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
ROWS_TRIED = 60
SAME_WIDTH = 0.9  # share of rows that have as many fields as the most usual row
NAMED_SAME_WIDTH = 0.65  # the same where the name says that it is a table
LONGEST_HEADER_CELL = 60
ENDS_A_SENTENCE = re.compile(r"\s\S.*[.:;]$|\s.*\?$|[!…]$")  # "No." and "Highlighted?" are names
MOST_TITLE_ROWS = 10
SEPARATOR_LINE = re.compile(r"\ufeff?sep=([,;\t|])\r?\n", re.IGNORECASE)  # which Excel reads and writes
STRAY = "\ud800"  # stands for a carriage return inside a line while the csv module reads it: no file decodes to it
LONE_RETURN = re.compile(r"\r(?!\n)")
NUMERIC = re.compile(r"[+-]?[\d.,:/ -]*\d[\d.,:/ -]*")
csv.field_size_limit(LONGEST_DOCUMENT)


@dataclass(frozen=True, slots=True)
class Delimiters:
    """How a file is delimited. `header` are the first row's cells, `width` its number of cells; `skipped` is how many
    rows stand before it, which are no part of the table."""

    delimiter: str
    encoding: str
    header: tuple[str, ...]
    has_header: bool
    has_line_feeds: bool = True
    skipped: int = 0

    @property
    def width(self) -> int:
        return len(self.header)

    def describe(self) -> str:
        """Return the dialect in words: `comma, UTF-8, with a header`."""
        header = "with a header" if self.has_header else "no header"
        return f"{DELIMITERS.get(self.delimiter, repr(self.delimiter))}, {self.encoding.upper()}, {header}"


def find_dialect(
    head: bytes, delimiter: str | None = None, encoding: str | None = None, *, is_named: bool = False
) -> Delimiters | None:
    """Return how a file that begins like this is delimited, or None where it is no table.

    Nine rows of ten have the same number of cells, and the first row's are short, distinct and end no sentence; two of
    three are enough where the file's name says that it is a table (`is_named`): a single column then is one too, and a
    title may stand above it.
    """
    encoding = encoding or find_encoding(head)
    text = _decoded(head, encoding)
    best: tuple[float, Delimiters] | None = None
    if stated := SEPARATOR_LINE.match(text):
        delimiter = delimiter or stated[1]
    for candidate in [delimiter] if delimiter else DELIMITERS:
        if candidate not in text:  # so there is one column
            continue
        rows = _first_rows(text, candidate, is_whole=len(head) < HEAD_LENGTH)
        skipped = 1 if stated else _title_rows(rows) if is_named else 0
        rows = rows[skipped:]
        if len(rows) < 2:
            continue
        width, count = Counter(map(len, rows)).most_common(1)[0]
        share = count / len(rows)
        header = list(distinct_names(rows[0]))
        if (
            width < 2
            or share < (NAMED_SAME_WIDTH if is_named else SAME_WIDTH)
            or len(header) != width
            or not _is_head_row(header, rows[1:])
        ):
            continue
        score = share + min(width, 20) / 100
        if best is None or score > best[0]:
            names = tuple(name.strip() for name in header)
            best = score, Delimiters(candidate, encoding, names, _is_header(header, rows[1:]), "\n" in text, skipped)
    if best is None and is_named:
        return _one_column(text, encoding)
    return best[1] if best else None


def first_rows(head: bytes, dialect: Delimiters) -> list[list[str]]:
    """Return the rows that a file begins with, the header first."""
    rows = _first_rows(_decoded(head, dialect.encoding), dialect.delimiter, is_whole=len(head) < HEAD_LENGTH)
    return rows[dialect.skipped :]


def _title_rows(rows: list[list[str]]) -> int:
    """Return how many rows stand above the header: titles and notes, which have fewer cells than most rows have."""
    if not rows:
        return 0
    width, _ = Counter(map(len, rows)).most_common(1)[0]
    first = next((n for n, row in enumerate(rows) if len(row) == width and sum(map(bool, row)) > 1), 0)
    return first if first <= MOST_TITLE_ROWS and _is_header(rows[first], rows[first + 1 :]) else 0


def distinct_names(cells: Sequence[str]) -> Iterator[str]:
    """Yield the names of columns; the second `text` is `text (2)`."""
    seen: Counter[str] = Counter()
    for cell in cells:
        name = cell.strip()
        seen[name] += 1
        yield f"{name} ({seen[name]})" if name and seen[name] > 1 else cell


def _one_column(text: str, encoding: str) -> Delimiters | None:
    """Return the dialect of a file with one cell a row, whose first is a header."""
    rows = _first_rows(text, ",", is_whole=False)
    name = rows[0][0].strip() if rows and len(rows[0]) == 1 else ""
    if not name or len(name) > LONGEST_HEADER_CELL or " " in name or any(len(row) != 1 for row in rows):
        return None
    return Delimiters(",", encoding, (name,), has_header=True)


def find_encoding(head: bytes) -> str:
    """Return the encoding of a file that begins like this: by its mark, as UTF-8 where it is that, else by evidence."""
    for mark, name in BOMS.items():
        if head.startswith(mark):
            return "utf-8-sig" if name == "utf-8" else "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    with suppress(UnicodeDecodeError):
        decoder.decode(head)
        return "utf-8"
    return decode_page(head, None).encoding


def _decoded(head: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return decoder.decode(head)


def _first_rows(text: str, delimiter: str, *, is_whole: bool) -> list[list[str]]:
    """Return the first rows; the last is left out where the text is cut in it."""
    rows: list[list[str]] = []
    if "\n" in text:
        text = LONE_RETURN.sub(STRAY, text)
    with suppress(csv.Error):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > ROWS_TRIED:
                break
    return rows[:-1] if len(rows) > ROWS_TRIED or (not is_whole and len(rows) > 2) else rows


def _is_head_row(header: list[str], rows: list[list[str]]) -> bool:
    """Whether the first row may be a table's: a header, or a row of data that is as the others are."""
    if _is_header(header, rows):
        return True
    # Sentences with commas in them: their pieces are long, or begin with a space.
    cells = [cell for row in rows for cell in row]
    loose = sum(cell.startswith(" ") for cell in cells)
    return loose * 4 < len(cells) and any(NUMERIC.fullmatch(cell.strip()) for cell in header)


def _is_header(header: list[str], rows: list[list[str]]) -> bool:
    cells = [cell.strip() for cell in header]
    named = [cell for cell in cells if cell]
    return (
        len(named) >= max(1 if _is_numbered(cells, rows) else 2, len(cells) - 2)
        and len(set(named)) == len(named)
        and all(len(cell) <= LONGEST_HEADER_CELL and not ENDS_A_SENTENCE.search(cell) for cell in named)
        and not any(NUMERIC.fullmatch(cell) for cell in named)
        and len(rows) >= 1
    )


def _is_numbered(header: list[str], rows: list[list[str]]) -> bool:
    """Whether the first of two columns has no name and numbers the rows, as pandas writes them."""
    return len(header) == 2 and not header[0] and all(row[0].isdecimal() for row in rows if row)


def read_rows(file: BinaryIO, name: str, dialect: Delimiters) -> Iterator[tuple[int, dict[str, Any]] | BadDocument]:
    """Yield each row with the line that it ends in; BadDocument for one with another number of cells than the header.

    Where lines end in line feeds, a carriage return by itself is a character of its cell.
    """
    encoding = dialect.encoding
    # An encoding's gaps are kept as they are in the file, and mended where the cell is read.
    text = io.TextIOWrapper(
        file, encoding, errors="surrogateescape" if encoding.startswith("utf-8") else "replace", newline=""
    )
    lines = Lines(_without_stray_returns(text) if dialect.has_line_feeds else text)
    reader = csv.reader(lines, delimiter=dialect.delimiter)
    columns, width = dialect.header, dialect.width
    if not dialect.has_header:
        columns = tuple(str(number) for number in range(1, width + 1))
    above = dialect.skipped + dialect.has_header
    while True:
        lines.taken.clear()
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield BadDocument(
                lines.place(name), NEVER_CLOSED if len(lines.taken) > 1 else f"no row of a table: {error}"
            )
            lines.put_back()
            continue
        if row is None:
            text.detach()
            return
        if row and above:
            above -= 1
        elif row and (reason := _why_no_row(row, lines.taken, dialect)):
            yield BadDocument(lines.place(name) if reason == NEVER_CLOSED else f"{name}:{lines.number}", reason)
            if reason == NEVER_CLOSED:
                lines.put_back()
        elif row:
            yield lines.number, {column: _mended(cell) for column, cell in zip(columns, row, strict=True)}


def _why_no_row(row: list[str], lines: Sequence[str], dialect: Delimiters) -> str | None:
    """Return why a row of these lines is none of the table; cells that are too many and empty are taken away."""
    is_whole_row = len(lines) == 1 or is_whole(lines, dialect.delimiter, dialect.width)
    if not is_whole_row and takes_in_rows(row, dialect.delimiter, dialect.width):
        return NEVER_CLOSED
    while len(row) > dialect.width and not row[-1]:
        row.pop()
    if len(row) != dialect.width:
        return f"{len(row)} cells where the header has {dialect.width}: the row is left out"
    return None


def _without_stray_returns(lines: Iterator[str]) -> Iterator[str]:
    pending = ""
    for line in lines:  # newline="" splits at a lone carriage return as well
        pending += line
        if pending.endswith("\n"):
            end = "\r\n" if pending.endswith("\r\n") else "\n"
            yield pending.removesuffix(end).replace("\r", STRAY) + end
            pending = ""
    if pending:
        yield pending.replace("\r", STRAY)


def _mended(cell: str) -> str:
    """Put a stray carriage return back, and read bytes that are no UTF-8 as Windows-1252."""
    if cell.isascii():
        return cell
    cell = cell.replace(STRAY, "\r")
    try:
        cell.encode()
    except UnicodeEncodeError:
        return cell.encode("utf-8", "surrogateescape").decode("utf-8", "windows-1252")
    return cell
