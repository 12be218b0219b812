"""Know files that hold no article and its comments: what a corpus' folder says about itself, dumps, YAML, chats."""

import re

from archive.importers.base import SQL_DUMP, without_mark

YAML_NAME = re.compile(r"\.ya?ml(?:\.\w+)?$", re.IGNORECASE)
# Lines as chats write them to a file: WhatsApp's on both systems, Signal's and Line's are alike.
CHAT_LINE = re.compile(
    rb"(?:\xe2\x80[\x8e\xaf])*\[?\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
    rb"(?:(?: |\xe2\x80\xaf|\xc2\xa0)?[AaPp]\.?[Mm]\.?)?(?:\]| -) (?:\xe2\x80\x8e)?[^:\r\n]{1,80}: "
)
LINES_TRIED, FEWEST_LINES = 40, 3
# What a corpus' folder holds about itself, in no text's name: not to be taken for articles.
ABOUT_THE_CORPUS = re.compile(
    r"(?:(?i:readme|licen[cs]e|copying|citation|contributing|changelog|dataset_infos?|dataset_dict|datapackage|"
    r"croissant|(?:sha\d{1,3}|md5|b2)-?sums?|checksums?)|NOTICE|AUTHORS|CONTRIBUTORS|CHANGES|MANIFEST|INDEX|VERSION)"
    r"(?:[.-][\w-]{1,8}){0,2}|(?:index|manifest|_?metadata|state)\.(?:json|ya?ml)|.+\.(?:sha\d{1,3}|md5|sig|asc)"
)


def is_about_corpus(name: str) -> bool:
    """Whether a file of a folder is by its name about the corpus: a README, a licence, check sums."""
    return ABOUT_THE_CORPUS.fullmatch(name) is not None


def describe_no_text(head: bytes, name: str) -> str | None:
    """Return what a file that begins like this is rather than a text, and what to do with it; None for a text."""
    if SQL_DUMP.match(without_mark(head)):
        return (
            "SQL, a dump of a database: load it there, and export its comments as CSV"
            " (WordPress and Disqus export them themselves)"
        )
    if YAML_NAME.search(name):
        return "YAML: its records are read as JSON or CSV"
    if sum(CHAT_LINE.match(line) is not None for line in head.splitlines()[:LINES_TRIED]) >= FEWEST_LINES:
        return "the log of a chat, not an article with comments; as a table with a message a row it is read"
    return None
