"""Write a query as SQL over the archive's own tables, with FTS5 for its words: where there is no index beside it."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from archive.search.query import full_text
from archive.search.query_nodes import RECORDS, AndNode, FieldNode, FlagFilter, Node, NotNode, OrNode
from archive.search.tokenizer import SearchTerm, fold
from archive.store.labels import LABEL_FOUND, LABEL_TEXT
from archive.store.views import STANDING

_MATCHING = "select rowid from comments_fts where comments_fts match {}"
_OF_LIST = "in (select value from json_each({}))"
_OF_THREADS = "comments.thread_id in (select threads.id from threads {} where {})"
# Of each field of records: its table, the column that is compared, and which rows count.
RECORDED = {
    "label": (RECORDS["label"], LABEL_TEXT, LABEL_FOUND),
    "decision": (RECORDS["decision"], "decisions.status", "true"),
    "report": (RECORDS["report"], "reports.kind", 'reports."count" > 0'),
}


@dataclass(slots=True)
class IdSelection:
    """The ids of comments that match: `sql` selects `id` and `score`, in no order, of `source` where `where` holds.

    `key` is the column to order or limit by: the newest stored comments have the greatest. The score is BM25's, the
    best the lowest, and 0 where FTS5 did not choose the comments."""

    source: str = "comments"
    key: str = "comments.id"
    score: str = "0"
    conditions: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)

    def sql(self, *, scored: bool = False, newest: bool = False) -> str:
        """Return the statement; `newest` takes but the newest :limit of them."""
        order = f" order by {self.key} desc limit :limit" if newest else ""
        score = self.score if scored else "0"
        where = " and ".join(self.conditions) or "true"
        return f"select {self.key} as id, {score} as score from {self.source} where {where}{order}"  # noqa: S608

    def bind(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"


def prepare(connection: sqlite3.Connection) -> None:
    """Add the function that the statements use: folded(text)."""
    connection.create_function("folded", 1, lambda text: fold(text or ""), deterministic=True)


def select_comments(node: Node) -> IdSelection:
    """Return the selection of the comments that match. Withheld ones never do."""
    parts = node.parts if isinstance(node, AndNode) else (node,)
    by_words = [part for part in parts if _is_words(part)]
    match = full_text(AndNode(tuple(by_words))) if by_words else None
    others = [part for part in parts if match is None or part not in by_words]
    selection = IdSelection()
    if match is not None:
        selection.source, selection.key, selection.score = "comments_fts", "comments_fts.rowid", "bm25(comments_fts)"
        selection.conditions.append(f"comments_fts match {selection.bind(match)}")
    if match is None or others:
        selection.conditions.append("comments.withheld is null")
    if match is not None and others:
        selection.source = "comments_fts cross join comments on comments.id = comments_fts.rowid"
    selection.conditions += [_condition(selection, part) for part in others]
    return selection


def _is_words(node: Node) -> bool:
    return full_text(node.part if isinstance(node, NotNode) else node) is not None


def _condition(selection: IdSelection, node: Node) -> str:
    expression = full_text(node)
    if expression is not None:
        return f"comments.id in ({_MATCHING.format(selection.bind(expression))})"
    match node:
        case AndNode(parts):
            return "(" + " and ".join(_condition(selection, part) for part in parts) + ")"
        case OrNode(parts):
            return "(" + " or ".join(_condition(selection, part) for part in parts) + ")"
        case NotNode(part):
            return f"not ({_condition(selection, part)})"
        case FieldNode():
            return f"coalesce({_field(selection, node)}, 0)"
        case _:
            raise TypeError(node)


def _field(selection: IdSelection, node: FieldNode) -> str:
    """Return the condition of a field; it may be null."""
    values, bind = node.values, selection.bind
    first = values[0] if values else None
    match node.name:
        case "author" if isinstance(first, SearchTerm):
            return _author(selection, first)
        case "commenter":
            return f"comments.commenter_id {_OF_LIST.format(bind(json.dumps(values)))}"
        case "outlet":
            chosen = f"articles.outlet_id {_OF_LIST.format(bind(json.dumps(values)))}"
            return _OF_THREADS.format("join articles on articles.id = article_id", chosen)
        case "dataset":
            return _OF_THREADS.format("", f"threads.dataset_id {_OF_LIST.format(bind(json.dumps(values)))}")
        case "state":
            return f"comments.state {_OF_LIST.format(bind(json.dumps(values)))}"
        case "label" | "decision" | "report":
            return _record(selection, node)
        case "flag" if isinstance(first, FlagFilter):
            return _flag(selection, first)
        case _:
            return _date(selection, node.name, str(first))


def _author(selection: IdSelection, term: SearchTerm) -> str:
    """Return the condition of a name: all of them are read, which an index beside the archive need not."""
    phrase = " " + " ".join(term.words) + ("" if term.is_prefix else " ")
    named = f"instr(' ' || folded(name) || ' ', {selection.bind(phrase)})"
    return f"comments.commenter_id in (select id from commenters where {named})"  # noqa: S608


def _record(selection: IdSelection, node: FieldNode) -> str:
    """Return the condition on the records of a comment: equal to a text, or folded where it was typed."""
    table, text, counts = RECORDED[node.name]
    first = node.values[0] if node.values else None
    if isinstance(first, SearchTerm):
        phrase = " ".join(first.words)
        folded = f"folded({text})"
        chosen = f"substr({folded}, 1, {len(phrase)})" if first.is_prefix else folded
        chosen += f" = {selection.bind(phrase)}"
    else:
        chosen = f"{text} {_OF_LIST.format(selection.bind(json.dumps(node.values)))}"
    return f"exists (select 1 from {table} where {table}.comment_id = comments.id and {counts} and {chosen})"  # noqa: S608


def _flag(selection: IdSelection, flag: FlagFilter) -> str:
    conditions = [STANDING]
    if flag.codes:
        conditions.append(f"code {_OF_LIST.format(selection.bind(json.dumps(flag.codes)))}")
    if flag.source is not None:
        conditions.append(f"substr(code, 1, instr(code, '.') - 1) = {selection.bind(flag.source)}")
    if flag.severity is not None:
        conditions.append(f"severity >= {selection.bind(flag.severity)}")
    if flag.target is not None:
        conditions.append(f"target = {selection.bind(flag.target)}")
    if flag.status is not None:
        conditions.append(f"status = {selection.bind(flag.status)} and code between 'content.' and 'content/'")
    return f"exists (select 1 from flags where flags.comment_id = comments.id and {' and '.join(conditions)})"  # noqa: S608


def _date(selection: IdSelection, name: str, value: str) -> str:
    day, bound = "substr(comments.posted_at, 1, 10)", selection.bind(value)
    match name:
        case "after":
            return f"{day} >= {bound}"
        case "before":
            return f"{day} < {bound}"
        case "until":  # the last day, month or year that still counts
            return f"substr(comments.posted_at, 1, length({bound})) <= {bound}"
        case "date":
            return f"substr({day}, 1, length({bound})) = {bound}"
    raise ValueError(f"a query has no field {name!r}")
