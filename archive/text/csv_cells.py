"""Cells of CSV files that spreadsheets open: a byte order mark, and text that they must not run as a formula."""

from typing import Any

# What makes a spreadsheet calculate: OWASP's list, with the full-width forms.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"


def safe_cell(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would calculate; other values stay as they are."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def format_cell(value: Any, *, excel: bool) -> str:
    """Write a value of SQLite as a CSV cell: text in quotes, bytes as hexadecimal digits, NULL as nothing.

    Text is always in quotes, so that an empty one is not a NULL. `excel` makes it safe for a spreadsheet.
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f'"{value.hex()}"'
    if not isinstance(value, str):
        return repr(value)
    return '"' + (safe_cell(value) if excel else value).replace('"', '""') + '"'
