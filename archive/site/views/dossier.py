"""Load a dossier: comments that a reader marked, with notes, to be printed or kept as a file.

The list stands in the address: nothing of it is stored here. A script keeps it in the browser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request

from archive.site import citations, flags, queries
from archive.site.database import Connection, fetch_row
from archive.site.formatting import moment
from archive.site.row_streams import Rows
from archive.site.viewer import Visitor
from archive.site.views import comment
from archive.site.views.comments_elsewhere import render_with_threads
from archive.site.views.downloads import COMMENT_COLUMNS, comment_batch

MAX_ENTRIES, MAX_NOTE = 100, 1000
COLUMNS = ("place", "note", *COMMENT_COLUMNS, "source_url", "text_sha256", "capture_sha256", "captured_at", "citation")
_LINE = re.compile(r"\s*#?(\d{1,15})\b[\s:,;.]*(.*)")


@dataclass(frozen=True, slots=True)
class DossierParams:
    """The comments of a dossier with their notes, in order; `problems` are the lines that name none."""

    entries: tuple[tuple[int, str], ...] = ()
    problems: tuple[str, ...] = ()


def parse_dossier(request: Request) -> DossierParams:
    """Read a list with a comment a line, its number and then a note; `add` is one more."""
    entries, problems = dict[int, str](), list[str]()
    text = "\n".join((request.args.get(name) or "")[:200_000] for name in ("list", "add"))
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(f"“{line.strip()[:60]}” does not begin with the number of a comment.")
        elif len(entries) >= MAX_ENTRIES:
            problems.append(f"A dossier holds {MAX_ENTRIES} comments; the others were left out.")
            break
        else:
            entries.setdefault(int(match[1]), match[2].strip()[:MAX_NOTE])
    return DossierParams(tuple(entries.items()), tuple(problems))


def dossier_url(params: DossierParams, suffix: str = "") -> str:
    return f"/dossier{suffix}" + (f"?{urlencode({'list': _write(params)})}" if params.entries else "")


def _write(params: DossierParams) -> str:
    return "\n".join(f"{number} {note}".strip() for number, note in params.entries)


def load(connection: Connection, params: DossierParams, visitor: Visitor) -> dict[str, Any]:
    """Return what the template needs."""
    entries = [
        {**entry, "html": render_with_threads(connection, [entry["number"]], visitor)}
        for entry in _entries(connection, params, visitor)
    ]
    existing = {entry["number"] for entry in entries}
    missing = [f"There is no comment #{number}." for number, _ in params.entries if number not in existing]
    return {
        "entries": entries,
        "problems": [*params.problems, *missing],
        "list": _write(params),
        "files": [(kind.upper(), dossier_url(params, f".{kind}")) for kind in ("csv", "json")] if entries else [],
    }


def _entries(connection: Connection, params: DossierParams, visitor: Visitor) -> Iterator[dict[str, Any]]:
    context = flags.load_flags(connection, [number for number, _ in params.entries], visitor)
    for number, note in params.entries:
        row = comment.load_row(connection, number)
        if row is None:
            continue
        cited = comment.describe_citation(connection, row, context)
        source = fetch_row(connection, queries.COMMENT_SOURCE, comment=number)
        thread = fetch_row(connection, queries.THREAD, thread=row["thread_id"])
        address = (source and source["url"]) or (thread and thread["article_url"])
        yield {
            "number": number,
            "note": note,
            "cited": cited,
            "source": None if cited.withheld else address,
            "captured": moment(cited.captured_at) if cited.captured_at else None,
        }


def rows(connection: Connection, params: DossierParams, visitor: Visitor, base: str) -> Rows:
    """Return the comments of a dossier with their notes and citations, for a file."""
    entries = list(_entries(connection, params, visitor))
    by_id = {row["id"]: row for row in comment_batch(connection, [entry["number"] for entry in entries], visitor, base)}
    table = [
        {
            "place": place,
            "note": entry["note"],
            **by_id[entry["number"]],
            "source_url": entry["source"],
            "text_sha256": entry["cited"].text_sha256,
            "capture_sha256": entry["cited"].capture_sha256,
            "captured_at": entry["cited"].captured_at,
            "citation": citations.chicago(entry["cited"], base),
        }
        for place, entry in enumerate(entries, 1)
    ]
    return Rows(COLUMNS, [table], name="comments")
