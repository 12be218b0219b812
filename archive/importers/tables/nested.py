"""JSON records with records in them: comments with their replies, articles with their comments, lists in wrappers.

Objects within a record become columns with a dot (`author.name`); lists of values stay what they are.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archive.importers.base import without_mark
from archive.importers.tables.name_parts import role_names
from archive.text.fold import fold_name

Row = tuple[int, dict[str, Any]]
DEEPEST = 4
# What lists of comments within an article are called, and of replies within a comment: rows of their own.
COMMENT_LISTS = """
comments comment commentlist commentslist allcomments usercomments kommentare kommentarer kommentit commentaires
comentarios commenti komentarze komentare komentari komentarai reacties yorumlar komentar binhluan комментарии
коментарі 评论 コメント 댓글
"""
REPLY_LISTS = """
replies children answers responses antworten subcomments replys reply respuestas respostas reponses risposte odpowiedzi
antwoorden svar ответы 回复 답글
"""
COMMENTS = frozenset(map(fold_name, COMMENT_LISTS.split()))
REPLIES = COMMENTS | set(map(fold_name, REPLY_LISTS.split()))
MESSAGES = ("posts", "messages", "threads", "items", "hits", "results", "data", "entries", "rows")
# Keys of yt-dlp's info.json, whose comments come behind other lists.
YT_DLP = (b'"webpage_url"', b'"extractor"')
LIST_OF_RECORDS = re.compile(rb'"((?:[^"\\]|\\.){1,80})"\s*:\s*\[\s*\{')
PARENT_COLUMN = "(within)"
ARTICLE_PREFIX = "(article)."  # begins columns of the article that a comment stood in
LONGEST_REPEATED = 1_000  # characters of an article's text that each of its comments may repeat
OWN_ID = re.compile(r"(?:comment)?_?(?:id|uuid|hex|cid)$", re.IGNORECASE)


def holds_comments(head: bytes) -> bool:
    """Whether records have lists of comments within them, as far as a file's beginning shows."""
    return any(fold_name(key.decode("utf-8", "replace")) in COMMENTS for key in LIST_OF_RECORDS.findall(head))


def find_array(head: bytes) -> str | None:
    """Return the path of the array of comments in one JSON object, as far as its beginning shows: the one that is
    called so, else the first array of objects. `item` is the path within an array, as ijson names it."""
    if all(key in head for key in YT_DLP):
        return "comments.item"
    paths = dict.fromkeys(
        path
        for path, event, _ in _events(head)
        if event == "start_map" and path.split(".").count("item") == 1 and path.endswith("item")
    )
    return min(paths, key=_rank, default=None)


def _rank(path: str) -> int:
    key = _list_key(path)
    return 0 if key in COMMENTS else 1 if key in REPLIES else 2 if key in MESSAGES else 3


def _list_key(path: str) -> str:
    return fold_name(path.removesuffix("item").rstrip(".").rpartition(".")[2])


def _events(head: bytes) -> Iterator[tuple[str, str, Any]]:
    import ijson

    try:
        yield from ijson.parse(without_mark(head), use_float=True)
    except (ijson.JSONError, ValueError):
        return


def article_above(head: bytes, path: str) -> dict[str, Any]:
    """Return what an object says of the article whose comments are at a path in it, as far as its beginning shows."""
    if _list_key(path) not in COMMENTS:
        return {}
    parent = path.removesuffix(".item").rpartition(".")[0]
    above = {
        key: value
        for key, event, value in _events(head)
        if event in ("string", "number") and "item" not in key.split(".") and key.rpartition(".")[0] == parent
    }
    cells = {key.rpartition(".")[2]: value for key, value in above.items()}
    return _as_article(cells) if _is_article(cells) else {}


def rows_of(record: Mapping[str, Any], number: int, article: Mapping[str, Any] | None = None) -> Iterator[Row]:
    """Yield a record, and below it those in its lists of replies; of an article, its comments, each with what is known
    of the article."""
    record = _unwrapped(record)
    name, comments = next(
        (
            (key, found)
            for key in record
            if fold_name(key) in COMMENTS
            if (found := _records_in(record[key])) is not None
        ),
        ("", None),
    )
    if comments is not None and article is None and not _is_comment(record, comments):
        article = _as_article({key: value for key, value in record.items() if key != name})
        for comment in comments:
            yield from rows_of(comment, number, article)
            article = {
                key: cell for key, cell in article.items() if not isinstance(cell, str) or len(cell) < LONGEST_REPEATED
            }
        return
    stack: list[tuple[Mapping[str, Any], Any]] = [(record, None)]
    while stack:
        current, parent = stack.pop()
        below = {
            key: found for key, value in current.items() if fold_name(key) in REPLIES and (found := _records_in(value))
        }
        row = flatten({key: value for key, value in current.items() if key not in below})
        is_wrapper = below and not _has_text(current)
        if row and not is_wrapper:
            row |= {PARENT_COLUMN: parent} if parent is not None else {}
            yield number, {**(article or {}), **row}
        own_id = None if is_wrapper else next((value for key, value in current.items() if OWN_ID.fullmatch(key)), None)
        stack.extend((_unwrapped(reply), own_id) for replies in below.values() for reply in reversed(replies))


def submission_of(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what Reddit says of what is commented on, in the listing that comes before that of the comments."""
    things = _records_in(record) if record.get("kind") == "Listing" else None
    if not things or any(thing.get("kind") != "t3" for thing in things):
        return None
    data = things[0].get("data") or {}
    return _as_article({key: data.get(key) for key in ("id", "title", "url", "selftext", "created_utc")})


def _records_in(value: Any) -> list[dict[str, Any]] | None:
    """Return the records of a list, or of the only list within a wrapper; texts alone are records of a comment each.

    None where there is no such list.
    """
    for _ in range(DEEPEST):
        if not isinstance(value, dict):
            break
        lists = [inner for inner in value.values() if isinstance(inner, list | dict) and inner]
        if len(lists) != 1:
            return None
        value = lists[0]
    if not isinstance(value, list):
        return None
    if value and all(isinstance(item, str) and " " in item for item in value):
        return [{"comment": item} for item in value]
    return value if all(isinstance(item, dict) for item in value) else None


def _unwrapped(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a record wraps: GraphQL's nodes, Reddit's things, YouTube's threads with their first comment."""
    if isinstance(node := record.get("node"), dict):
        return node
    snippet, data, kind = record.get("snippet"), record.get("data"), record.get("kind")
    if isinstance(snippet, dict) and isinstance(top := snippet.get("topLevelComment"), dict):
        return {**top, "replies": record.get("replies")}
    if isinstance(data, dict) and isinstance(kind, str):
        return {} if kind == "more" else data
    return record


def _is_comment(record: Mapping[str, Any], within: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a record that holds others is of their kind: a comment with its replies, and no article."""
    if not within:
        return not _is_article(record)
    keys = set(_unwrapped(within[0]))
    shared = keys & set(record)
    return len(shared) * 2 > len(keys) and _has_text({key: record[key] for key in shared})


def _is_article(record: Mapping[str, Any]) -> bool:
    names = {fold_name(key) for key in record}
    return any(not names.isdisjoint(role_names()[role]) for role in ("url", "title", "article_body"))


def _has_text(record: Mapping[str, Any]) -> bool:
    names = role_names()["body"]
    return any(fold_name(key) in names or fold_name(key.rpartition(".")[2]) in names for key in flatten(record))


def _as_article(record: Mapping[str, Any]) -> dict[str, Any]:
    return {ARTICLE_PREFIX + key: value for key, value in flatten(record).items()}


def flatten(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Return a record whose objects are columns with a dot; `{"$oid": ...}` and `{"$date": ...}` are their value."""
    row: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("$oid", "$date", "$numberLong"):
            row[prefix + key] = next(iter(value.values()))
        elif isinstance(value, dict) and depth < DEEPEST:
            row |= flatten(value, f"{prefix}{key}.", depth + 1)
        elif isinstance(value, list | dict):
            row[prefix + key] = json.dumps(value, ensure_ascii=False)
        else:
            row[prefix + key] = value
    return row
