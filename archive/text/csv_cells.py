"""Cells of CSV files that spreadsheets open: a byte order mark, and text that they must not run as a formula."""

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"


def safe_cell(value: Any) -> Any:
    """The value as a spreadsheet may have it: text that it would calculate begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
