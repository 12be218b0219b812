"""Describe the columns of a row of a comment in words, as the codebook does."""

from archive.export.rows import MORE_COLUMNS
from archive.store.schema import TABLES
from archive.store.views import COLUMN_DESCRIPTIONS

OWN = {
    "outlet_name": "Name of the outlet, or its host name.",
    "codes": "Codes of the flags that stand, as a list.",
    "permalink": "Its page on the site: the whole address where the site has one.",
    "url": "Its own address at the source.",
}


def describe(name: str) -> str:
    """Return what a column holds."""
    if name in OWN or name in COLUMN_DESCRIPTIONS:
        return OWN.get(name) or COLUMN_DESCRIPTIONS[name]
    table = TABLES["articles" if name in MORE_COLUMNS and name not in TABLES["comments"].columns else "comments"]
    return str(table.columns[name].comment)
