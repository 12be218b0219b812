"""Who is flagged most across outlets, and which names appear under several outlets."""

import json
from collections.abc import Sequence
from typing import Any

from archive.site.database import Connection, fetch_all
from archive.site.flags import load_codes
from archive.site.formatting import count
from archive.site.questions.base import (
    Answer,
    QuestionParams,
    flag_phrase,
    has_pseudonyms,
    outlet_names,
    per_thousand,
    rows_of,
)
from archive.site.search_queries import COMMENTER_NAMES
from archive.site.viewer import Visitor
from archive.store.aggregates import MOST_COMMENTERS, MOST_COMMENTERS_OF_OUTLET, MOST_NAMES

FLAGGED_COLUMNS = (
    ("commenter", "Commenter"),
    ("outlet", "Outlet"),
    ("flagged", "Flagged comments"),
    ("comments", "All comments"),
    ("per_1000", "Per 1,000 comments"),
)
FLAGGED_NAME_COLUMNS = (("name", "Name"), ("outlets", "Outlets"), *FLAGGED_COLUMNS[2:])
NAME_COLUMNS = (("name", "Name"), ("outlets", "Outlets"), ("comments", "Comments"), ("where", "Where"))
COMMENTERS = """
select commenters.id, commenters.name, coalesce(outlet_id, 0) as outlet,
  (select count(*) from comments where commenter_id = commenters.id) as comments
from commenters where id in (select value from json_each(:ids)) and (:outlet is null or outlet_id = :outlet)"""
SAME_NAMES = """
select named.name, commenters.id, commenters.outlet_id, coalesce(outlets.name, outlets.domain) as outlet,
  (select count(*) from comments where commenter_id = commenters.id) as comments
from commenters as named join commenters on commenters.name = named.name
join outlets on outlets.id = commenters.outlet_id
where named.id in (select value from json_each(:ids)) order by commenters.id"""
NO_NAMES = (
    "This copy shows no names, or made-up ones that differ from outlet to outlet, so that nobody can be followed from "
    "one to another: this question has no answer here."
)
MOST_WRITE = (
    "Who writes most is flagged most: the last column sets that right. Flags are raised by rules on the words unless a "
    "reviewer confirmed them."
)
NOT_A_PERSON = "A name is not a person: several people may use one, and one person several."


def load_flagged(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Return the commenters with most flagged comments, of all outlets or of one; with `by=name` the names."""
    if params.by == "name":
        return _load_flagged_names(connection, params)
    flagged = {
        int(commenter): outlets_of
        for _, commenter, outlets_of in rows_of(connection, "commenters_by_flag", "key1 = :flag", flag=params.flag)
    }
    if params.outlet is None:
        first = sorted(flagged, key=lambda commenter: (-flagged[commenter], commenter))[:MOST_COMMENTERS]
        flagged = {commenter: flagged[commenter] for commenter in first}
    names = outlet_names(connection)
    rows = [
        {
            "commenter": row["name"] or "unnamed account",
            "outlet": names.get(str(row["outlet"]), str(row["outlet"])),
            "flagged": flagged[row["id"]],
            "comments": row["comments"],
            "per_1000": per_thousand(flagged[row["id"]], row["comments"]),
            "links": {"commenter": f"/commenter/{row['id']}"},
            "id": row["id"],
        }
        for row in fetch_all(connection, COMMENTERS, ids=json.dumps(list(flagged)), outlet=params.outlet)
    ]
    rows.sort(key=lambda row: (-row["flagged"], row["id"]))
    most = MOST_COMMENTERS if params.outlet is None else MOST_COMMENTERS_OF_OUTLET
    what = flag_phrase(load_codes(connection), params.flag)
    lead = f"{count(len(rows[:most]), 'commenter')} whose comments have {what}, the most often flagged first."
    return Answer(FLAGGED_COLUMNS, rows[:most], lead, notes=[NOT_A_PERSON, MOST_WRITE], limited=len(rows) >= most)


def _load_flagged_names(connection: Connection, params: QuestionParams) -> Answer:
    """Return the names with most flagged comments, those of all commenters with a name together."""
    if has_pseudonyms(connection):
        return Answer(FLAGGED_NAME_COLUMNS, (), NO_NAMES)
    flagged = {
        int(commenter): comments
        for _, commenter, comments in rows_of(connection, "names_by_flag", "key1 = :flag", flag=params.flag)
    }
    first = {row["id"]: row["name"] for row in fetch_all(connection, COMMENTER_NAMES, ids=json.dumps(list(flagged)))}
    flagged_of = {first[commenter]: comments for commenter, comments in flagged.items() if commenter in first}
    rows = [
        {
            **entry,
            "flagged": flagged_of[entry["name"]],
            "per_1000": per_thousand(flagged_of[entry["name"]], entry["comments"]),
        }
        for entry in _of_names(connection, list(flagged), params.outlet)
    ]
    rows.sort(key=lambda row: (-row["flagged"], row["name"]))
    what = flag_phrase(load_codes(connection), params.flag)
    lead = f"{count(len(rows), 'name')} whose comments have {what}, the most often flagged first, at any outlet."
    return Answer(
        FLAGGED_NAME_COLUMNS, rows, lead, notes=[NOT_A_PERSON, MOST_WRITE], limited=len(flagged) >= MOST_COMMENTERS
    )


def load_names(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Return the names that appear under several outlets, those under most of them first."""
    if has_pseudonyms(connection):
        return Answer(NAME_COLUMNS, (), NO_NAMES)
    outlets_of = {int(commenter): outlets for commenter, _, outlets in rows_of(connection, "names_by_outlets")}
    rows = _of_names(connection, list(outlets_of), params.outlet)
    rows.sort(key=lambda row: (-row["outlets"], -row["comments"], row["name"]))
    lead = f"{count(len(rows), 'name')} under more than one outlet."
    return Answer(NAME_COLUMNS, rows, lead, notes=[NOT_A_PERSON], limited=len(outlets_of) >= MOST_NAMES)


def _of_names(connection: Connection, commenters: Sequence[int], outlet: int | None) -> list[dict[str, Any]]:
    """Return each name of these commenters with its comments at all outlets; of one outlet, those that appear there."""
    names: dict[str, dict[str, Any]] = {}
    for row in fetch_all(connection, SAME_NAMES, ids=json.dumps(commenters)):
        entry = names.setdefault(row["name"], {"name": row["name"], "outlets": set(), "comments": 0, "where": {}})
        entry["outlets"].add(row["outlet_id"])
        entry["comments"] += row["comments"]
        entry["where"][row["outlet"]] = entry["where"].get(row["outlet"], 0) + row["comments"]
        entry.setdefault("links", {"name": f"/commenter/{row['id']}"})
    return [
        {**entry, "outlets": len(entry["outlets"]), "where": _describe(entry["where"])}
        for entry in names.values()
        if outlet is None or outlet in entry["outlets"]
    ]


def _describe(outlets: dict[str, int]) -> str:
    return ", ".join(
        f"{outlet} ({comments:,})" for outlet, comments in sorted(outlets.items(), key=lambda item: -item[1])
    )
