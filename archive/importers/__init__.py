"""Files -> Thread, a module a format: each cuts a file into documents, and reads one document to a thread."""

import re

from archive.importers import (
    convokit,
    coral,
    discourse,
    discourse_backup,
    hacker_news,
    mastodon,
    own_archive,
    own_jsonl,
    own_parquet,
    reddit,
    telegram,
    wet,
    wxr,
)
from archive.importers.base import (
    HEAD_LENGTH,
    NEAR,
    BadDocument,
    FormatClaim,
    Importer,
    Probe,
    Undecided,
    without_mark,
)
from archive.importers.not_articles import describe_no_text
from archive.importers.plain_text import importer as plain_text
from archive.importers.tables import importer as table_importer

IMPORTERS: tuple[Importer, ...] = (
    *(wet, wxr, own_archive, own_jsonl, own_parquet, coral, discourse, discourse_backup),
    *(telegram, mastodon, hacker_news, reddit, convokit, table_importer, plain_text),
)
_KEY = re.compile(rb'"((?:[^"\\]|\\.){1,80})"\s*:')
REFUSALS = (
    (b"WARC/", "a WARC file: btl replay reads it"),
    (b"%PDF", "a PDF file, no text"),
    (b"PK\x03\x04", "a zip file: unpack it, or give a WACZ file to btl replay"),
    (b"<!doctype html", "a web page: btl replay reads it, with --url"),
    (b"<html", "a web page: btl replay reads it, with --url"),
    (b"<?xml", "XML of a kind that is not known"),
    (b"[", "a JSON array of something else than records"),
    (b"{", "JSON without a text (text, raw_content, content, maintext, raw_text)"),
)


def importer_named(name: str) -> Importer | None:
    """Return the importer that `--as` calls by this name."""
    return next((importer for importer in IMPORTERS if name == importer.NAME), None)


def choose_importer(probe: Probe, name: str | None = None) -> Importer:
    """Return the importer that is surest of a file, or the one of this name.

    Raises Undecided where two are as sure, and BadDocument, which says what was seen, where none knows the format.
    """
    if name is not None:
        importer = importer_named(name)
        if importer is None:
            raise Undecided(
                probe.name, f"no format is called {name!r}; there are {', '.join(i.NAME for i in IMPORTERS)}"
            )
        return importer
    claims = [(claim, importer) for importer in IMPORTERS if (claim := importer.claim(probe)) is not None]
    if not claims:
        raise BadDocument(probe.name, describe_refusal(probe.head, probe.name))
    claims.sort(key=lambda pair: -pair[0].score)
    (best, importer), *others = claims
    if near := [(claim, other) for claim, other in others if best.score - claim.score < NEAR]:
        raise Undecided(probe.name, _describe_rivals([(best, importer), *near]))
    return importer


def _describe_rivals(claims: list[tuple[FormatClaim, Importer]]) -> str:
    rivals = " or ".join(f"{importer.NAME} ({claim.reason})" for claim, importer in claims)
    return f"it may be {rivals}: --as {claims[0][1].NAME} or --as {claims[1][1].NAME} says which"


def describe_refusal(head: bytes, name: str = "") -> str:
    """Return why no importer reads a file that begins like this."""
    if not head:
        return "the file is empty"
    if seen := describe_no_text(head, name):
        return f"no importer knows this format; it is {seen}"
    begin = without_mark(head[:200]).lstrip().lower()
    seen = next((reason for start, reason in REFUSALS if begin.startswith(start.lower())), None)
    if begin.startswith(b"{"):
        keys = dict.fromkeys(key.decode("utf-8", "replace") for key in _KEY.findall(head[:HEAD_LENGTH]))
        seen = f"{seen} and no comments; its keys are {', '.join(list(keys)[:8])}"
    return f"no importer knows this format; it is {seen}" if seen else "no importer knows this format"
