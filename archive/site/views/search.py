"""Search: candidates from full text or from their flags, the filters beside them, and the hits of one page."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from archive.site import bm25, flags, html, params, queries, search_query
from archive.site.database import Connection, Row, fetch_all, fetch_value
from archive.site.excerpt import excerpt, places_of
from archive.site.formatting import month, number
from archive.site.memory import remembered
from archive.site.params import LISTED, MOST, SIZE, Asked, Claim, Fact, address
from archive.site.viewer import Visitor
from archive.text.pii_masking import Place

MOST_RANKED_BY_SQLITE = 400_000
LOOKED_AT = 5_000
LONGEST_LINE = 140
FIRST = ("outlet", "flag", "severity", "date")


@dataclass(frozen=True, slots=True)
class Found:
    """What a question finds: `facts` of those that pass its filters, in its order, out of the `newest` that match.
    `more` says that others match."""

    question: search_query.Question
    by: str | None
    newest: Sequence[Fact]
    facts: Sequence[Fact]
    more: bool


def find(connection: Connection, asked: Asked, known: flags.Codes) -> Found:
    question = search_query.understand(asked.q)
    found_by = "words" if question.match else "flags" if not asked.q and params.asks_of_flags(asked) else None
    candidates = _candidates(connection, question, asked, known) if found_by else []
    newest = _newest(candidates)
    facts = params.passing(newest, asked) if params.is_filtered(asked) else newest
    facts = sorted(facts, key=_by_day if asked.sort or found_by == "flags" else _by_rank, reverse=True)
    return Found(question, found_by, newest, facts, more=len(candidates) > MOST)


def found_ids(connection: Connection, asked: Asked) -> tuple[list[int], dict[str, Any]]:
    """All comments that a question finds, in its order, and what is to be said of them."""
    found = find(connection, asked, flags.codes(connection))
    about = {
        "question": {name: getattr(asked, name) for name in params.FIELDS if name != "page"},
        "matched": len(found.facts),
        "limited": found.more,
        "looked_at": len(found.newest),
    }
    return [fact.id for fact in found.facts], about


def load(connection: Connection, asked: Asked, visitor: Visitor) -> dict[str, Any]:
    known = flags.codes(connection)
    found = find(connection, asked, known)
    question, found_by, newest, facts, more = found.question, found.by, found.newest, found.facts, found.more
    page = facts[(asked.page - 1) * SIZE : asked.page * SIZE]
    return {
        "asked": asked,
        "notes": question.notes,
        "about": _about(asked, known) if found_by == "flags" else None,
        "found": _found(len(facts), asked, more=more, by_words=found_by == "words") if found_by else None,
        "hits": _hits(connection, question, [fact.id for fact in page], visitor),
        "articles": _articles(connection, question.match) if question.match and asked.page == 1 else [],
        **_filters(connection, asked, newest, facts, known),
        "dates": asked.since or asked.until,
        "sorts": _sorts(asked) if found_by == "words" else [],
        "kept": [(name, getattr(asked, name)) for name in params.KEPT if getattr(asked, name)],
        "before": address(asked, page=asked.page - 1) if asked.page > 1 else None,
        "after": address(asked, page=asked.page + 1) if len(facts) > asked.page * SIZE else None,
        "pages": -(-len(facts) // SIZE),
        "files": [(_file(kind, more=more), params.file_address(asked, kind)) for kind in ("csv", "json")],
    }


def _file(kind: str, *, more: bool) -> str:
    """What a link to these comments as a file says; that they are not all, where others match."""
    return f"{kind.upper()} of the newest {number(MOST)}" if more else kind.upper()


def _by_day(fact: Fact) -> tuple[Any, ...]:
    return fact.day, fact.id


def _by_rank(fact: Fact) -> tuple[Any, ...]:
    return -fact.score, fact.id


def _about(asked: Asked, known: flags.Codes) -> str:
    """What a list without words holds, in words."""
    code = known.get(asked.flag or "")
    return f"Flagged: {code['title']}" if code else "Flagged comments"


def _candidates(
    connection: Connection, question: search_query.Question, asked: Asked, known: flags.Codes
) -> list[Fact]:
    """The newest comments that match, one more than MOST where there are as many, in no order."""
    if question.match:
        return remembered(connection, ("facts", question), lambda: _facts(connection, _matches(connection, question)))
    codes = _codes(asked, known)
    key = ("flagged", codes, asked.target, asked.status)
    return remembered(connection, key, lambda: _facts(connection, _flagged(connection, asked, codes)))


def _codes(asked: Asked, known: flags.Codes) -> tuple[str, ...]:
    """The codes that what is asked of flags leaves."""
    only_content = asked.status is not None
    return tuple(
        code
        for code, row in sorted(known.items())
        if (asked.flag is None or code == asked.flag)
        and (asked.severity is None or row["severity"] >= params.GRAVE[asked.severity])
        and (asked.source is None or row["namespace"] == asked.source)
        and (row["namespace"] == "content" or (not only_content and row["namespace"] != "context"))
    )


def _flagged(connection: Connection, asked: Asked, codes: Sequence[str]) -> list[list[Any]]:
    found: dict[int, list[Any]] = {}
    wanted = {"target": asked.target, "status": asked.status, "looked": LOOKED_AT, "most": MOST + 1}
    for code in codes:
        rows = json.loads(fetch_value(connection, queries.NEWEST_FLAGGED, code=code, **wanted))
        found |= {row[0]: row for row in rows}
    return [found[one] for one in sorted(found, reverse=True)[: MOST + 1]]


def _facts(connection: Connection, found: Sequence[Sequence[Any]]) -> list[Fact]:
    threads = json.dumps(sorted({thread for _, _, thread, _, _ in found}))
    outlets = dict(json.loads(fetch_value(connection, queries.OUTLETS_OF, ids=threads)))
    claims: dict[int, list[Claim]] = {}
    wanted = json.dumps([comment for comment, *_ in found])
    for comment, *claim in json.loads(fetch_value(connection, queries.CLAIMS, ids=wanted)):
        claims.setdefault(comment, []).append(Claim(*claim))
    return [
        Fact(comment, score, outlets[thread], commenter, day or "", claims.get(comment, ()))
        for comment, score, thread, commenter, day in found
    ]


def _matches(connection: Connection, question: search_query.Question) -> list[list[Any]]:
    """Id, score, thread, commenter and day of each candidate."""
    ranked = total(connection) <= MOST_RANKED_BY_SQLITE
    sql = queries.MATCHES if ranked else queries.NEWEST_MATCHES
    found: list[list[Any]] = json.loads(fetch_value(connection, sql, match=question.match, most=MOST + 1), strict=False)
    if ranked:
        return found
    scores = bm25.scores([body for _, body, *_ in found], question.words)
    return [[one, score, *rest] for (one, _, *rest), score in zip(found, scores, strict=True)]


def _newest(candidates: list[Fact]) -> list[Fact]:
    if len(candidates) <= MOST:
        return candidates
    return sorted(candidates, key=lambda fact: fact.id, reverse=True)[:MOST]


def _found(total: int, asked: Asked, *, more: bool, by_words: bool) -> str:
    comments = f"{number(total)} comment{'' if total == 1 else 's'}"
    if not more:
        return f"{comments} match{'es' if total == 1 else ''}"
    done = "ranked" if by_words else "shown"
    ranked = f"more than {number(MOST)} comments match; {done} are the newest {number(MOST)}"
    return f"{comments} here: {ranked}" if by_words and params.is_filtered(asked) else ranked.capitalize()


def _hits(
    connection: Connection, question: search_query.Question, ids: Sequence[int], visitor: Visitor
) -> list[dict[str, Any]]:
    if not ids:
        return []
    rows = {row["id"]: row for row in fetch_all(connection, queries.HITS, ids=json.dumps(ids))}
    above = sorted({row["parent_id"] for row in rows.values() if row["parent_id"]})
    parents = {row["id"]: row for row in fetch_all(connection, queries.NAMES_BY_ID, ids=json.dumps(above))}
    known = flags.context(connection, [*ids, *above], visitor)
    texts = _texts(connection, known, [*known.hidden, *([] if question.match else ids)])
    snippets = _snippets(connection, question.match, ids) if question.match else {}
    for one in texts.keys() & rows.keys():
        marks = places_of(texts[one], question.words) if question.match else _places(known, rows[one])
        snippets[one] = excerpt(texts[one], marks)
    return [_hit(rows[one], snippets.get(one, ""), parents, texts, known, visitor) for one in ids if one in rows]


def _texts(connection: Connection, known: flags.Context, ids: Sequence[int]) -> dict[int, str]:
    """Whole texts, masked: of comments that hold personal data, and of those whose snippet full text does not make."""
    rows = fetch_all(connection, queries.TEXTS_BY_ID, ids=json.dumps(ids)) if ids else []
    return {row["id"]: known.read(row["id"], row["body"], row["revision"]) for row in rows}


def _places(known: flags.Context, row: Row) -> list[Place]:
    """Where flags matched; nothing is marked in a masked text, where places have moved."""
    if row["id"] in known.hidden:
        return []
    found = [flag["id"] for flag in known.flags.get(row["id"], ()) if flag["revision"] == row["revision"]]
    return [(span["start"], span["end"]) for flag in found for span in known.spans.get(flag, ())]


def _snippets(connection: Connection, match: str, ids: Sequence[int]) -> dict[int, str]:
    wanted = {"ids": json.dumps(ids), "match": match, "first": min(ids), "last": max(ids)}
    return {row["rowid"]: row["snippet"] for row in fetch_all(connection, queries.SNIPPETS, **wanted)}


def _hit(
    row: Row,
    snippet: str,
    parents: Mapping[int, Row],
    texts: Mapping[int, str],
    known: flags.Context,
    visitor: Visitor,
) -> dict[str, Any]:
    chips = known.chips(row)
    parent = parents.get(row["parent_id"])
    return {
        "row": row,
        "author": html.author(row, visitor.base),
        "when": html.when(row["posted_at"], row["posted_at_text"], row["posted_precision"]),
        "chips": html.chips(chips),
        "text": _text(chips, html.snippet(snippet)),
        "gone": html.GONE.get(row["state"]),
        "parent": _parent(parent, texts.get(parent["id"], parent["body"]), known) if parent else None,
    }


def _text(chips: Sequence[html.Chip], snippet: Markup) -> Markup:
    if any(chip.code == "archive.withheld" for chip in chips):
        return Markup('<p class="note">This archive does not show the text.</p>')
    words = Markup('<p dir="auto">{}</p>').format(snippet)
    reason = html.fold_reason(chips)
    return html.folded(reason, words) if reason else words


def _parent(row: Row, text: str, known: flags.Context) -> dict[str, Any]:
    folding = any(known.codes[flag["code"]]["blur"] for flag in known.flags.get(row["id"], ()))
    line = next((line for line in text[: LONGEST_LINE * 20].splitlines() if line.strip()), "(no text)")
    words = "(folded)" if folding else line[:LONGEST_LINE] + ("…" if len(line) > LONGEST_LINE else "")
    return {"id": row["id"], "name": html.name(row), "line": html.finished(html.plain(words))}


def _articles(connection: Connection, match: str) -> list[dict[str, Any]]:
    found = {row["id"]: row["snippet"] for row in fetch_all(connection, queries.ARTICLE_HITS, match=match)}
    rows = fetch_all(connection, queries.ARTICLES_BY_ID, ids=json.dumps(list(found))) if found else []
    return [
        {
            "row": row,
            "snippet": html.snippet(found[row["id"]]),
            "when": html.when(row["published_at"], None, row["published_precision"]) if row["published_at"] else "",
        }
        for row in rows
    ]


def _sorts(asked: Asked) -> list[tuple[str, str | None]]:
    return [
        ("Best match", address(asked, sort=None) if asked.sort else None),
        ("Newest first", None if asked.sort else address(asked, sort="newest")),
    ]


def _filters(
    connection: Connection, asked: Asked, candidates: Sequence[Fact], facts: Sequence[Fact], codes: flags.Codes
) -> dict[str, Any]:
    """The filters, most of them behind "More filters", which is open where one of them is used."""
    counted = {
        name: params.counts(candidates, facts, asked, name)
        for name in ("outlet", "flag", "severity", "target", "source", "status", "date", "commenter")
    }
    dates = counted["date"]
    shown: list[tuple[str, str, Mapping[Any, str]]] = [
        ("Outlet", "outlet", _names(connection, queries.OUTLET_NAMES, counted["outlet"])),
        ("Flag", "flag", {code: row["title"] for code, row in codes.items()}),
        ("Severity", "severity", {name: f"{name} or graver" for name in ("medium", "high")}),
        ("Target", "target", {target: target.replace("_", " ") for target in counted["target"]}),
        ("Source", "source", params.SOURCES),
        ("Review", "status", params.STATUSES),
        ("Date", "date", {key: month(key) if len(key) == 7 else key for key in dates}),
        ("Commenter", "commenter", _names(connection, queries.COMMENTER_NAMES, counted["commenter"])),
    ]
    listed = {name: params.listed(title, name, asked, counted[name], names) for title, name, names in shown}
    used = {name: one for name, one in listed.items() if one["values"] or one["remove"]}
    return {
        "filters": [one for name, one in used.items() if name in FIRST],
        "more_filters": [one for name, one in used.items() if name not in FIRST],
        "more_open": any(one["remove"] for name, one in used.items() if name not in FIRST),
    }


def _names(connection: Connection, sql: str, counter: Counter[int]) -> dict[int, str]:
    ids = [one for one, _ in counter.most_common(LISTED)]
    return {row["id"]: row["name"] or "unnamed account" for row in fetch_all(connection, sql, ids=json.dumps(ids))}


def total(connection: Connection) -> int:
    found: int | None = fetch_value(connection, "select value from totals where name = 'comments'")
    return found or 0
