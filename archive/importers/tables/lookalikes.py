"""Texts that are laid out in columns, and are no tables of records: those of Markdown, glossaries, verses.

All of it is asked of files alone whose names do not say that they are tables.
"""

import re
from collections import Counter
from collections.abc import Sequence

from archive.importers.tables.contents import MOST_CHOICES
from archive.importers.tables.delimited import NUMERIC, Delimiters, first_rows
from archive.importers.tables.name_parts import role_names
from archive.importers.tables.other_tables import glossary_names
from archive.text.fold import fold_name

MARKED_UP = re.compile(
    r"\.(?:md|markdown|mdown|rst|adoc|asciidoc|org|tex|textile|wiki|mediawiki)(?:\.\w+)?$", re.IGNORECASE
)
RULE_CELL = re.compile(r"\s*:?[-=+]{1,}:?\s*")
MOST_WORDS = 3  # of the name of a column
FEWEST_ROWS = 8  # by which the values of a column are called a few choices
MOSTLY = 0.9


def is_laid_out_text(head: bytes, name: str, dialect: Delimiters) -> bool:
    """Whether a file that could be read as a table is rather a text."""
    if MARKED_UP.search(name):
        return True
    rows = first_rows(head, dialect)
    return _is_ruled(rows) or _is_verse(dialect) or _is_glossary(dialect) or not _holds_records(dialect, rows)


def _is_ruled(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second row is the line that Markdown and Org mode draw below a header."""
    return len(rows) > 1 and all(RULE_CELL.fullmatch(cell) or not cell.strip() for cell in rows[1]) and any(rows[1])


def _is_verse(dialect: Delimiters) -> bool:
    """Whether two columns are halves of lines: what they would be called is too long."""
    return dialect.width == 2 and any(len(cell.split()) > MOST_WORDS for cell in dialect.header)


def _is_glossary(dialect: Delimiters) -> bool:
    names = {fold_name(cell) for cell in dialect.header}
    return not any(map(names.isdisjoint, glossary_names()))


def _holds_records(dialect: Delimiters, rows: Sequence[Sequence[str]]) -> bool:
    """Whether a column is called as comments are, or holds numbers or a few choices: words alone are a text."""
    if any(fold_name(name) in role_names()["body"] for name in dialect.header):
        return True
    columns = [[cell.strip() for cell in column if cell.strip()] for column in zip(*rows[1:], strict=False)]
    return any(_is_numeric(cells) or _is_choice(cells) for cells in columns)


def _is_numeric(cells: Sequence[str]) -> bool:
    return bool(cells) and sum(NUMERIC.fullmatch(cell) is not None for cell in cells) >= MOSTLY * len(cells)


def _is_choice(cells: Sequence[str]) -> bool:
    values = Counter(cells)
    is_few = len(cells) >= FEWEST_ROWS and 1 < len(values) <= min(MOST_CHOICES, len(cells) // 2)
    return is_few and all(len(value.split()) <= MOST_WORDS for value in values)
