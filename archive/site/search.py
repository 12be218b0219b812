"""Search: candidates from full text, filters and their counts within them, and the hits of one page."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, replace
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup

from archive.site import asking, flags, queries, rank, render
from archive.site.database import Connection, Row, all_rows, one_value
from archive.site.memory import remembered
from archive.site.words import month, number

MOST = 2000
MOST_RANKED_BY_SQLITE = 400_000
SIZE = 20
LISTED = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its filters; as in the address, where `from` and `to` are days."""

    q: str = ""
    outlet: int | None = None
    commenter: int | None = None
    flag: str | None = None
    date: str | None = None
    since: str | None = None
    until: str | None = None
    sort: str | None = None
    page: int = 1


FIELDS = tuple(one.name for one in fields(Asked))
NO_CODES: AbstractSet[str] = frozenset()
NAMES = {"since": "from", "until": "to"}


class Fact(NamedTuple):
    """What filters look at."""

    id: int
    score: float
    outlet: int | None
    commenter: int | None
    day: str
    codes: AbstractSet[str]


def asked(arguments: Mapping[str, str]) -> Asked:
    """Reads an address. What is not understood is left out rather than an error."""

    def whole(name: str) -> int | None:
        text = arguments.get(name) or ""
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    def date(name: str) -> str | None:
        text = (arguments.get(name) or "").strip()
        return text if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text) else None

    flag = arguments.get("flag") or ""
    return Asked(
        q=(arguments.get("q") or "").strip(),
        outlet=whole("outlet"),
        commenter=whole("commenter"),
        flag=flag if re.fullmatch(r"[a-z_]+\.[a-z_]+", flag) else None,
        date=date("date") or date("month") or date("year"),
        since=date("from"),
        until=date("to"),
        sort="newest" if arguments.get("sort") == "newest" else None,
        page=min(max(whole("page") or 1, 1), MOST // SIZE + 1),
    )


def address(asked: Asked, **changed: Any) -> str:
    """The address of this question with something changed; always from its first page unless that is what changes."""
    new = replace(asked, **{"page": 1, **changed})
    shown = [(NAMES.get(name, name), getattr(new, name)) for name in FIELDS if name != "page" or new.page > 1]
    return "/search?" + urlencode([(name, value) for name, value in shown if value not in (None, "")])


def load(connection: Connection, asked: Asked, base: str) -> dict[str, Any]:
    question = asking.understand(asked.q)
    match = question.match
    candidates = remembered(connection, ("facts", question), lambda: _facts(connection, question)) if match else []
    more = len(candidates) > MOST
    facts = (
        [fact for fact in _newest(candidates) if _passes(fact, asked)] if _is_filtered(asked) else _newest(candidates)
    )
    facts = sorted(facts, key=_by_day if asked.sort else _by_rank, reverse=True)
    page = facts[(asked.page - 1) * SIZE : asked.page * SIZE]
    known = flags.codes(connection)
    return {
        "asked": asked,
        "notes": question.notes,
        "found": _found(len(facts), more=more, filtered=_is_filtered(asked)) if question.match else None,
        "hits": _hits(connection, question.match, [fact.id for fact in page], base),
        "articles": _articles(connection, question.match) if question.match and asked.page == 1 else [],
        "filters": _filters(connection, asked, facts, known),
        "dates": asked.since or asked.until,
        "sorts": _sorts(asked),
        "kept": [(name, getattr(asked, name)) for name in KEPT if getattr(asked, name)],
        "before": address(asked, page=asked.page - 1) if asked.page > 1 else None,
        "after": address(asked, page=asked.page + 1) if len(facts) > asked.page * SIZE else None,
        "pages": -(-len(facts) // SIZE),
    }


def _by_day(fact: Fact) -> tuple[Any, ...]:
    return fact.day, fact.id


def _by_rank(fact: Fact) -> tuple[Any, ...]:
    return -fact.score, fact.id


KEPT = ("q", "outlet", "commenter", "flag", "date", "sort")


def _facts(connection: Connection, question: asking.Question) -> list[Fact]:
    """The newest comments that match, one more than MOST where there are as many, in no order."""
    found = _matches(connection, question)
    threads = json.dumps(sorted({thread for _, _, thread, _, _ in found}))
    outlets = dict(json.loads(one_value(connection, queries.OUTLETS_OF, ids=threads)))
    codes: dict[int, set[str]] = {}
    wanted = json.dumps([comment for comment, *_ in found])
    for comment, code in json.loads(one_value(connection, queries.FLAGGED, ids=wanted)):
        codes.setdefault(comment, set()).add(code)
    return [
        Fact(comment, score, outlets[thread], commenter, day or "", codes.get(comment, NO_CODES))
        for comment, score, thread, commenter, day in found
    ]


def _matches(connection: Connection, question: asking.Question) -> list[list[Any]]:
    """Id, score, thread, commenter and day of each candidate."""
    ranked = total(connection) <= MOST_RANKED_BY_SQLITE
    sql = queries.MATCHES if ranked else queries.NEWEST_MATCHES
    found: list[list[Any]] = json.loads(one_value(connection, sql, match=question.match, most=MOST + 1), strict=False)
    if ranked:
        return found
    scores = rank.scores([body for _, body, *_ in found], question.words)
    return [[one, score, *rest] for (one, _, *rest), score in zip(found, scores, strict=True)]


def _newest(candidates: list[Fact]) -> list[Fact]:
    return sorted(candidates, reverse=True)[:MOST] if len(candidates) > MOST else candidates


def _passes(fact: Fact, asked: Asked) -> bool:
    return (
        (asked.outlet is None or fact.outlet == asked.outlet)
        and (asked.commenter is None or fact.commenter == asked.commenter)
        and (asked.flag is None or asked.flag in fact.codes)
        and (asked.date is None or fact.day.startswith(asked.date))
        and (asked.since is None or fact.day >= asked.since)
        and (asked.until is None or "" < fact.day[: len(asked.until)] <= asked.until)
    )


def _is_filtered(asked: Asked) -> bool:
    return any(getattr(asked, name) for name in FIELDS if name not in ("q", "sort", "page"))


def _found(total: int, *, more: bool, filtered: bool) -> str:
    comments = f"{number(total)} comment{'' if total == 1 else 's'}"
    if not more:
        return f"{comments} match{'es' if total == 1 else ''}"
    ranked = f"more than {number(MOST)} comments match; ranked are the newest {number(MOST)}"
    return f"{comments} here: {ranked}" if filtered else ranked.capitalize()


def _hits(connection: Connection, match: str, ids: Sequence[int], base: str) -> list[dict[str, Any]]:
    if not ids:
        return []
    wanted = json.dumps(ids)
    rows = {row["id"]: row for row in all_rows(connection, queries.HITS, ids=wanted)}
    cut = all_rows(connection, queries.SNIPPETS, ids=wanted, match=match, first=min(ids), last=max(ids))
    snippets = {row["rowid"]: row["snippet"] for row in cut}
    above = sorted({row["parent_id"] for row in rows.values() if row["parent_id"]})
    parents = {row["id"]: row for row in all_rows(connection, queries.NAMES_BY_ID, ids=json.dumps(above))}
    known = flags.context(connection, [*ids, *above])
    return [_hit(rows[one], snippets.get(one, ""), parents, known, base) for one in ids if one in rows]


def _hit(row: Row, snippet: str, parents: Mapping[int, Row], known: flags.Context, base: str) -> dict[str, Any]:
    chips = known.chips(row)
    parent = parents.get(row["parent_id"])
    return {
        "row": row,
        "author": render.author(row, base),
        "when": render.when(row["posted_at"], row["posted_at_text"], row["posted_precision"]),
        "chips": render.chips(chips),
        "text": _text(chips, render.snippet(snippet)),
        "gone": render.GONE.get(row["state"]),
        "parent": _parent(parent, known) if parent else None,
    }


def _text(chips: Sequence[render.Chip], snippet: Markup) -> Markup:
    if any(chip.code == "archive.withheld" for chip in chips):
        return Markup('<p class="note">This archive does not show the text.</p>')
    words = Markup('<p dir="auto">{}</p>').format(snippet)
    reason = render.fold_reason(chips)
    return render.folded(reason, words) if reason else words


def _parent(row: Row, known: flags.Context) -> dict[str, Any]:
    folding = any(known.codes[flag["code"]]["blur"] for flag in known.flags.get(row["id"], ()))
    line = next((line for line in row["body"][:2000].splitlines() if line.strip()), "(no text)")
    words = "(folded)" if folding else line[:140] + ("…" if len(line) > 140 else "")
    return {"id": row["id"], "name": render.name(row), "line": words}


def _articles(connection: Connection, match: str) -> list[dict[str, Any]]:
    found = {row["id"]: row["snippet"] for row in all_rows(connection, queries.ARTICLE_HITS, match=match)}
    rows = all_rows(connection, queries.ARTICLES_BY_ID, ids=json.dumps(list(found))) if found else []
    return [
        {
            "row": row,
            "snippet": render.snippet(found[row["id"]]),
            "when": render.when(row["published_at"], None, row["published_precision"]) if row["published_at"] else "",
        }
        for row in rows
    ]


def _sorts(asked: Asked) -> list[tuple[str, str | None]]:
    return [
        ("Best match", address(asked, sort=None) if asked.sort else None),
        ("Newest first", None if asked.sort else address(asked, sort="newest")),
    ]


def _filters(connection: Connection, asked: Asked, facts: Sequence[Fact], codes: flags.Codes) -> list[dict[str, Any]]:
    outlets = Counter(map(attrgetter("outlet"), facts))
    commenters = Counter(map(attrgetter("commenter"), facts))
    found = Counter(chain.from_iterable(map(attrgetter("codes"), facts)))
    width = 7 if asked.date else 4
    dates = Counter(fact.day[:width] for fact in facts)
    del outlets[None], commenters[None], dates[""]
    return [
        _filter("Outlet", "outlet", asked, outlets, _names(connection, queries.OUTLET_NAMES, outlets)),
        _filter("Flag", "flag", asked, found, {code: row["title"] for code, row in codes.items()}),
        _filter("Date", "date", asked, dates, {key: month(key) if width == 7 else key for key in dates}),
        _filter("Commenter", "commenter", asked, commenters, _names(connection, queries.COMMENTER_NAMES, commenters)),
    ]


def _names(connection: Connection, sql: str, counter: Counter[int]) -> dict[int, str]:
    ids = [one for one, _ in counter.most_common(LISTED)]
    return {row["id"]: row["name"] or "unnamed account" for row in all_rows(connection, sql, ids=json.dumps(ids))}


def _filter(title: str, name: str, asked: Asked, counter: Counter[Any], names: Mapping[Any, str]) -> dict[str, Any]:
    chosen = getattr(asked, name)
    top = counter.most_common(LISTED)
    return {
        "title": title,
        "remove": address(asked, **{name: None}) if chosen is not None else None,
        "values": [
            {
                "label": names.get(value, str(value)),
                "count": number(found),
                "href": None if value == chosen else address(asked, **{name: value}),
            }
            for value, found in top
        ],
        "more": len(counter) - len(top),
    }


def total(connection: Connection) -> int:
    found: int | None = one_value(connection, "select value from totals where name = 'comments'")
    return found or 0
