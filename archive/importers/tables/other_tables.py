"""Tables whose texts are called as those of comments are, and that hold something else: e-mails, logs, goods."""

from collections.abc import Mapping

from archive.importers.tables.mapping import ColumnMapping
from archive.importers.tables.profile import COMMENT_WORD, Profile

# Tables of something else, and the columns that tell them: one of each group.
OTHER_TABLES = {
    "e-mails": ({"from", "sender"}, {"to", "recipient", "recipients"}, {"subject"}),
    "commits": ({"commit", "commithash", "sha", "hash"}, {"message", "subject", "commitmessage"}),
    "appointments": ({"startdate", "starttime", "dtstart", "start"}, {"enddate", "endtime", "dtend", "end"}),
    "goods": ({"sku", "ean", "gtin", "asin"}, {"price", "preis", "prix", "precio", "prezzo"}),
    "payments": ({"amount", "betrag", "montant", "importe"}, {"iban", "currency", "account", "balance", "saldo"}),
}
OF_READERS = frozenset(
    ("author", "author_id", "parent", "thread", "posted", "likes", "dislikes", "score", "state", "staff", "comment_url")
)
LOG_LEVELS = frozenset(
    ("trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal", "alert", "emerg", "severe")
)


def doubt_of(mapping: ColumnMapping, profiles: Mapping[str, Profile]) -> str | None:
    """Return why a table, though a column is called as texts of comments are, may hold something else."""
    body, title = mapping.column("body") or "", mapping.column("title")
    keys = {column.key for column in profiles.values()}
    if f"{body} (2)" in profiles:
        return f"it has two columns {body!r}, the second of which is called '{body} (2)' here"
    other = next((kind for kind, groups in OTHER_TABLES.items() if all(keys & group for group in groups)), None)
    if other is None and any(_is_log_level(column) for column in profiles.values()):
        other = "a program's log"
    is_of_readers = COMMENT_WORD.search(profiles[body].key) or not OF_READERS.isdisjoint(mapping.columns)
    if other is None and title and not is_of_readers:
        titles = profiles[title]
        is_of_each = titles.distinct > 0.9 and len(titles.texts) > 0.9 * titles.rows
        other = "works that have a title each" if is_of_each else None
    return f"it looks like {other}, not like comments; it has {', '.join(list(profiles)[:12])}" if other else None


def _is_log_level(column: Profile) -> bool:
    return bool(column.texts) and {text.lower() for text in column.texts} <= LOG_LEVELS
