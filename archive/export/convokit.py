"""Write a corpus for ConvoKit (https://convokit.cornell.edu): a folder that `Corpus(filename=...)` reads.

A conversation is a thread. ConvoKit requires a tree whose root has the conversation's id, so the first utterance of
each is the article, spoken by its outlet; top-level comments reply to it. Speakers are commenters by id, since two may
share a name; a comment of an unknown author has a speaker of its own, for nobody knows who else wrote it.
Labels of a thread stand with its conversation, those of its article with the first utterance; what the datasets are
called, and how to cite them, stands in corpus.json, which ConvoKit calls the corpus' `meta`.
`timestamp` is in seconds since 1970, or null; `meta` has its precision (posted_precision), whether the selection chose
the comment or includes it as an ancestor (chosen), its page in the archive (permalink; url says the same) and its own
address at the source (source_url).
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archive.export.jsonl import (
    COMMENT_FLAGS,
    OTHER_FLAGS,
    THREADS,
    CommentLines,
    select_comments,
    select_threads,
    thread_condition,
)
from archive.export.records import DATASET, LISTS, lists_of
from archive.export.rows import site_address_sql
from archive.export.selection import DumpFile, ExportOptions, RowCounts, Selection, pick_comments
from archive.export.selection import count as count

SELECTS = ("comments",)
FOLDER = True
DUMP: DumpFile | None = None

UTTERANCE = """json_object('id', {id}, 'conversation_id', 'thread-' || {thread}, 'text', {text}, 'speaker', {speaker},
  'meta', json_object({meta}), 'reply-to', {reply_to}, 'timestamp', cast(strftime('%s', {posted_at}) as integer),
  'vectors', json('[]')) || char(10)"""
AUTHOR = "coalesce('commenter-' || commenters.id, 'unknown-' || comments.id)"
OUTLET = "coalesce('outlet-' || outlets.id, 'article-' || articles.id)"
COMMENT_META = """'kind', 'comment', 'native_id', comments.native_id,
  'url', {base} || '/comment/' || comments.id, 'state', comments.state,
  'posted_at', posted_at, 'posted_precision', posted_precision, 'likes', likes, 'dislikes', dislikes,
  'revision', comments.revision, 'permalink', {base} || '/comment/' || comments.id, 'source_url', comments.url,
  'posted_at_text', posted_at_text, 'chosen', json(iif({chosen}, 'true', 'false')), 'flags', {flags},
  'labels', {labels}, 'title', title, 'edited_at', edited_at, 'edited_at_text', edited_at_text,
  'edited_precision', edited_precision, 'parent_source', parent_source, 'reactions', {reactions},
  'reports', {reports}, 'decisions', {decisions}, 'earlier', {earlier}"""
ARTICLE_META = """'kind', 'article', 'url', {base} || '/thread/' || threads.id, 'posted_at', published_at,
  'posted_precision', published_precision, 'permalink', {base} || '/thread/' || threads.id,
  'source_url', articles.url, 'byline', byline, 'flags', json('[]'), 'labels', {article_labels}"""
COMMENT = UTTERANCE.format(
    id="cast(comments.id as text)",
    thread="comments.thread_id",
    text="body",
    speaker=AUTHOR,
    meta=COMMENT_META,
    reply_to="coalesce(cast(parent_id as text), 'thread-' || comments.thread_id)",
    posted_at="posted_at",
)
ARTICLE = UTTERANCE.format(
    id="'thread-' || threads.id",
    thread="threads.id",
    text="iif(title is null, body, title || char(10, 10) || body)",
    speaker=OUTLET,
    meta=ARTICLE_META,
    reply_to="null",
    posted_at="published_at",
)
# The members of a JSON object: a key, and an object with its `meta`.
MEMBER = "json_quote({}) || ': ' || json_object('meta', json_object({}), 'vectors', json('[]'))"
CONVERSATION = MEMBER.format(
    "'thread-' || threads.id",
    f"""'title', title, 'outlet', domain, 'outlet_name', coalesce(outlets.name, domain),
  'url', {{base}} || '/thread/' || threads.id, 'article_url', articles.url,
  'published_at', published_at, 'published_precision', published_precision, 'byline', byline,
  'permalink', {{base}} || '/thread/' || threads.id, 'language', language, 'section', section, 'platform', platform,
  'native_id', threads.native_id, 'stated_count', stated_count, 'completeness', completeness, 'flags', {OTHER_FLAGS},
  'dataset', datasets.name, 'labels', {{thread_labels}}""",
)
COMMENTER = MEMBER.format(
    "'commenter-' || commenters.id",
    """'kind', 'commenter', 'name', name, 'platform', platform, 'is_guest', is_guest, 'is_staff', is_staff,
  'native_id', native_id""",
)
UNKNOWN = MEMBER.format("'unknown-' || comments.id", "'kind', 'unknown', 'name', null")
NEWSROOM = MEMBER.format(OUTLET, "'kind', 'outlet', 'name', coalesce(outlets.name, domain), 'domain', domain")
TEXT, NUMBER, LIST, TRUTH = (f"<class '{kind}'>" for kind in ("str", "int", "list", "bool"))
INDEX = {
    "utterances-index": {
        "kind": TEXT, "url": TEXT, "state": TEXT, "posted_at": TEXT, "posted_precision": TEXT, "likes": NUMBER,
        "dislikes": NUMBER, "revision": NUMBER, "permalink": TEXT, "source_url": TEXT, "posted_at_text": TEXT,
        "byline": TEXT, "chosen": TRUTH, "flags": LIST, "native_id": TEXT,
        "title": TEXT, "edited_at": TEXT, "edited_at_text": TEXT, "edited_precision": TEXT, "parent_source": TEXT,
        **dict.fromkeys(LISTS, LIST),
    },
    "speakers-index": {
        "kind": TEXT, "name": TEXT, "platform": TEXT, "is_guest": NUMBER, "is_staff": NUMBER, "domain": TEXT,
        "native_id": TEXT,
    },
    "conversations-index": {
        "title": TEXT, "outlet": TEXT, "outlet_name": TEXT, "url": TEXT, "permalink": TEXT, "byline": TEXT,
        "published_precision": TEXT, "article_url": TEXT, "published_at": TEXT, "language": TEXT,
        "section": TEXT, "platform": TEXT, "stated_count": NUMBER, "completeness": TEXT, "flags": LIST,
        "dataset": TEXT, "native_id": TEXT, "labels": LIST,
    },
    "overall-index": {
        "name": TEXT, "url": TEXT, "software_version": TEXT, "release": TEXT, "comments": NUMBER, "context": NUMBER,
        "datasets": LIST, "licence": TEXT, "citation": TEXT,
    },
}  # fmt: skip


def write(connection: sqlite3.Connection, out: Path, selection: Selection, _options: ExportOptions, /) -> RowCounts:
    """Write the files of the corpus into a folder; memory holds one comment, or one article."""
    out.mkdir(exist_ok=True)
    release = _release(connection)
    base = site_address_sql(connection, selection)
    connection.text_factory = bytes
    with pick_comments(connection, selection) as by_comment:
        rows = _write_utterances(connection, out / "utterances.jsonl", selection, base, by_comment=by_comment)
        conversation = CONVERSATION.format(base=base, **lists_of(connection))
        members = (member for _, member in select_threads(connection, selection, conversation, by_comment=by_comment))
        _write_object(out / "conversations.json", members)
        _write_object(out / "speakers.json", _speakers(connection, selection, by_comment=by_comment))
        about = _datasets(connection, thread_condition(selection, by_comment=by_comment))
    about |= {
        "name": release.get("title") or "Below the Line",
        "url": release.get("url"),
        "release": release.get("number"),
        "software_version": version("belowtheline"),
        "comments": rows.rows,
        "context": rows.context,
    }
    (out / "corpus.json").write_text(json.dumps(about, ensure_ascii=False) + "\n", "utf-8")
    index = {part: {name: [kind] for name, kind in names.items()} for part, names in INDEX.items()}
    (out / "index.json").write_text(json.dumps({**index, "version": 1, "vectors": []}) + "\n", "utf-8")
    return rows


def _datasets(connection: sqlite3.Connection, condition: str) -> dict[str, Any]:
    """Return the datasets of the threads that are written; of one alone also what other readers look for."""
    chosen = f"id in (select dataset_id from threads where {condition})"  # noqa: S608
    rows = connection.execute(f"select {DATASET} from datasets where {chosen} order by id")  # noqa: S608
    datasets = [json.loads(row[0]) for row in rows]
    one = {key: datasets[0][key] for key in ("licence", "citation")} if len(datasets) == 1 else {}
    return {"datasets": datasets, **one}


def _release(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the table `release` of a public copy; a live archive has none."""
    if connection.execute("select 1 from sqlite_master where name = 'release'").fetchone() is None:
        return {}
    return dict(connection.execute("select name, value from release"))


def _write_utterances(
    connection: sqlite3.Connection, path: Path, selection: Selection, base: str, *, by_comment: bool
) -> RowCounts:
    chosen = "chosen" if by_comment else "true"
    lists = lists_of(connection)
    comment = COMMENT.format(base=base, chosen=chosen, flags=COMMENT_FLAGS, **lists)
    article = ARTICLE.format(base=base, **lists)
    lines = CommentLines(select_comments(connection, selection, comment, by_comment=by_comment))
    with path.open("wb") as out:
        for thread_id, line in select_threads(connection, selection, article, by_comment=by_comment):
            out.write(line)
            for comment_line in lines.of_thread(thread_id):
                out.write(comment_line)
    return RowCounts(lines.chosen, lines.context)


def _speakers(connection: sqlite3.Connection, selection: Selection, *, by_comment: bool) -> Iterator[bytes]:
    """Yield the members of speakers.json, each once: commenters, unknown authors, newsrooms."""
    if by_comment:
        condition = "comments.id in (select id from temp.picked)"
        of_commenter = "id in (select commenter_id from temp.picked join comments on comments.id = picked.id)"
    else:
        condition = selection.within("comments.thread_id")
        of_commenter = f"exists (select 1 from comments where commenter_id = commenters.id and {condition})"  # noqa: S608
    commenters = f"select {COMMENTER} from commenters where {of_commenter} order by id"  # noqa: S608
    unknown = f"""select {UNKNOWN} from comments left join commenters on commenters.id = commenter_id
where commenters.id is null and {condition} order by comments.id"""  # noqa: S608
    newsrooms = THREADS.format(
        f"distinct {NEWSROOM}", thread_condition(selection, by_comment=by_comment), "articles.id"
    )
    for statement in (commenters, unknown, newsrooms):
        yield from (member for (member,) in connection.execute(statement))


def _write_object(path: Path, members: Iterable[bytes]) -> None:
    """Write a JSON object member by member."""
    with path.open("wb") as out:
        out.write(b"{")
        for number, member in enumerate(members):
            out.write(b",\n" + member if number else b"\n" + member)
        out.write(b"\n}\n")
