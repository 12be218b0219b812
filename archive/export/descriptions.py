"""Describe the columns of a row of a comment in words, as the codebook does."""

from archive.export.records import DESCRIPTIONS
from archive.store.schema import TABLES
from archive.store.views import COLUMN_DESCRIPTIONS

OWN = {
    "outlet_name": "Name of the outlet, or its host name.",
    "codes": "Codes of the flags that stand, as a list.",
    "permalink": "Its page on the site: the whole address where the site has one.",
    "url": "Its own address at the source.",
    "author_native_id": "The platform's id of the account, where stated.",
    "thread_url": "Address of the thread itself, where it has one.",
    "thread_native_id": "The platform's own id of the thread; the article's url where the source has none.",
} | DESCRIPTIONS
# Whose columns they are, the first that has one of the name.
OF_TABLES = ("comments", "articles", "threads", "commenters")


def describe(name: str) -> str:
    """Return what a column holds."""
    if name in OWN or name in COLUMN_DESCRIPTIONS:
        return OWN.get(name) or COLUMN_DESCRIPTIONS[name]
    columns = next(TABLES[table].columns for table in OF_TABLES if name in TABLES[table].columns)
    return str(columns[name].comment)
