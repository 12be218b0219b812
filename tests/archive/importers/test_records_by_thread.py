"""Exports whose comments lie among others', or in several files: each row once, parents right, nothing personal."""

import csv
import gzip
import io
import json
import sqlite3
import zipfile
from contextlib import suppress
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.cli import main
from archive.importers import IMPORTERS, choose_importer
from archive.importers.base import BadDocument, Options, Probe, Source, Undecided
from archive.importers.files import open_file
from archive.importers.records_by_thread import Gatherer
from archive.importers.run import import_files
from archive.store.archive import Archive
from archive.store.undo import undo_import
from archive.thread import Author, Dataset, Flag, Label, Moment
from crawler.evidence.verify import verify_archive
from tests.trees import made, said

PERSONAL = (b"example.org", b"192.0.2.7", b"faces/mira")
TREE = """select c.native_id, p.native_id, m.name, c.state, c.body from comments c left join comments p on p.id = c.parent_id
left join commenters m on m.id = c.commenter_id order by c.thread_id, c.position"""

ITEMS = [
    {"id": 13, "by": "tom", "parent": 11, "time": 1_772_000_300, "type": "comment", "text": "In frost, <i>too</i>."},
    {"id": 10, "by": "ida", "time": 1_772_000_000, "type": "story", "title": "The wall", "kids": [12, 11],
     "url": "https://courier.example/wall", "descendants": 4, "score": 7},
    {"id": 11, "by": "mira", "parent": 10, "time": 1_772_000_100, "type": "comment", "text": "Good work.", "kids": [13]},
    {"id": 12, "parent": 10, "time": 1_772_000_200, "type": "comment", "deleted": True},
    {"id": 14, "by": "kim", "parent": 13, "time": 1_772_000_400, "type": "comment", "text": "Buy a wall.", "dead": True},
    {"id": 21, "by": "kim", "parent": 20, "time": 1_772_000_500, "type": "comment", "text": "Of another story."},
    {"id": 30, "by": "ida", "time": 1_772_000_600, "type": "story", "title": "Ask: which stone?", "text": "I ask.<p>You?"},
]  # fmt: skip
ITEM_TREE = {
    "id": 10, "created_at_i": 1_772_000_000, "type": "story", "author": "ida", "title": "The wall", "points": 7,
    "url": "https://courier.example/wall", "text": None, "parent_id": None, "story_id": 10, "children": [
        {"id": 11, "created_at_i": 1_772_000_100, "type": "comment", "author": "mira", "text": "<p>Good work.</p>",
         "parent_id": 10, "story_id": 10, "children": [
            {"id": 13, "created_at_i": 1_772_000_300, "type": "comment", "author": "tom", "text": "In frost, too.",
             "parent_id": 11, "story_id": 10, "children": []}]}],
}  # fmt: skip
TOPIC = {
    "id": 7, "title": "The wall", "slug": "the-wall", "closed": True, "posts_count": 6, "created_at": "2026-03-02T13:00:00Z",
    "post_stream": {"stream": [70, 71, 72, 73, 74, 79], "posts": [
        {"id": 70, "post_number": 1, "username": "ida", "user_id": 1, "cooked": "<p>It stands.</p>", "post_type": 1,
         "created_at": "2026-03-02T13:00:00.000Z", "avatar_template": "/faces/mira/{size}.png"},
        {"id": 71, "post_number": 2, "username": "mira", "user_id": 2, "cooked": "<p>Good work.</p>", "post_type": 1,
         "created_at": "2026-03-02T13:05:00.000Z", "reply_to_post_number": 1, "actions_summary": [{"id": 2, "count": 3}],
         "reactions": [{"id": "heart", "count": 3}, {"id": "tada", "count": 1}], "version": 2, "moderator": True,
         "post_url": "/t/the-wall/7/2"},
        {"id": 72, "post_number": 3, "username": "tom", "user_id": 3, "cooked": "<p>In frost.</p>", "post_type": 1,
         "created_at": "2026-03-02T14:05:00.000Z", "reply_to_post_number": 2, "hidden": True, "actions_summary": []},
        {"id": 73, "post_number": 4, "username": "kim", "user_id": 4, "cooked": "<p>(post deleted by author)</p>",
         "post_type": 1, "created_at": "2026-03-02T15:05:00.000Z", "user_deleted": True},
        {"id": 74, "post_number": 5, "username": "system", "cooked": "", "post_type": 3},
    ]},
}  # fmt: skip


def status(number, parent=None, **more):
    return {
        "id": str(number), "uri": f"https://social.example/s/{number}", "url": f"https://social.example/@mira/{number}",
        "created_at": "2026-03-02T13:05:00.000Z", "in_reply_to_id": parent and str(parent), "visibility": "public",
        "account": {"acct": f"a{number}", "display_name": f"Name {number}", "avatar": "https://x.example/faces/mira.png"},
        "content": f"<p>Post {number}.</p>", "favourites_count": number, "reblogs_count": 1, "spoiler_text": "", **more,
    }  # fmt: skip


CONTEXT = {"ancestors": [status(1, language="en")], "descendants": [status(3, 2), status(4, 3, edited_at="2026-03-03"),
                                                                   status(5, 4, visibility="direct")]}  # fmt: skip
STATUSES = [status(3, 2), status(2, 1), status(1), status(9, 8, spoiler_text="Frost")]
TO_ALL = "https://www.w3.org/ns/activitystreams#Public"
OUTBOX = {
    "@context": "https://www.w3.org/ns/activitystreams", "id": "outbox.json", "type": "OrderedCollection",
    "orderedItems": [
        {"type": "Create", "object": {"id": "https://social.example/s/1", "type": "Note", "inReplyTo": None, "to": [TO_ALL],
         "content": "<p>Good work.</p>", "published": "2026-03-02T13:05:00Z",
         "attributedTo": "https://social.example/users/mira", "url": "https://social.example/@mira/1"}},
        {"type": "Create", "object": {"id": "https://social.example/s/2", "type": "Note", "cc": TO_ALL, "summary": None,
         "inReplyTo": "https://social.example/s/1", "content": "<p>In frost.</p>", "published": "2026-03-02T14:05:00Z",
         "attributedTo": "https://social.example/users/mira"}},
        {"type": "Create", "object": {"id": "https://social.example/s/3", "type": "Note", "to": ["https://x.example/tom"],
         "content": "<p>Private.</p>", "inReplyTo": None}},
        {"type": "Create", "object": {"id": "https://social.example/s/4", "type": "Note", "to": TO_ALL,
         "inReplyTo": "https://other.example/s/77", "content": "<p>Seen.</p>",
         "attributedTo": "https://social.example/users/mira"}},
        {"type": "Announce", "object": "https://other.example/s/78"},
    ],
}  # fmt: skip
CHAT = {
    "name": "Courier talk", "type": "public_supergroup", "id": 1001, "messages": [
        {"id": 1, "type": "service", "date": "2026-03-02T12:00:00", "actor": "Ida", "action": "create_group"},
        {"id": 2, "type": "message", "date": "2026-03-02T13:00:00", "date_unixtime": "1772456400", "from": "Courier",
         "from_id": "channel9", "text": ["The wall ", {"type": "bold", "text": "stands"}, "."]},
        {"id": 3, "type": "message", "date": "2026-03-02T13:05:00", "date_unixtime": "1772456700", "from": "Mira",
         "from_id": "user5", "text": "Good work.", "reply_to_message_id": 2,
         "reactions": [{"type": "emoji", "count": 3, "emoji": "👍"}, {"type": "custom_emoji", "count": 1}]},
        {"id": 4, "type": "message", "date": "2026-04-02T13:05:00", "date_unixtime": "1775135100", "from": None,
         "from_id": "user6", "text": "", "photo": "photos/1.jpg", "reply_to_message_id": 3, "edited": "2026-04-02T14:00:00"},
        {"id": 5, "type": "message", "date": "2026-04-03T13:05:00", "date_unixtime": "1775221500", "from": "Tom",
         "from_id": "user7", "text": "Who is here?"},
        {"id": 6, "type": "message", "date": "2026-04-03T13:06:00", "from": "Kim", "from_id": "user8", "text": "Me.",
         "reply_to_message_id": 5},
        {"id": 7, "type": "message", "date": "2026-04-03T13:07:00", "date_unixtime": "1775221620", "from": "Kim",
         "from_id": "user8", "text": "Gone above.", "reply_to_message_id": 99},
    ],
}  # fmt: skip
CORAL_STORIES = [{"tenantID": "t", "id": "s1", "url": "https://courier.example/wall", "commentCounts": {},
                  "metadata": {"title": "The wall", "author": "Ida", "publishedAt": {"$date": "2026-03-02T12:00:00Z"}}}]  # fmt: skip
CORAL_USERS = [
    {"tenantID": "t", "id": "u1", "username": "Mira", "email": "x@example.org", "role": "MODERATOR", "profiles": []},
    {"tenantID": "t", "id": "u2", "username": "Tom", "email": "y@example.org", "role": "COMMENTER", "profiles": []},
]


def coral_comment(number, parent, author, body, status="APPROVED", **more):
    revisions = [{"id": f"r{i}", "body": text, "createdAt": {"$date": {"$numberLong": "1772456700000"}}}
                 for i, text in enumerate([body] if isinstance(body, str) else body)]  # fmt: skip
    return {"_id": {"$oid": "0"}, "tenantID": "t", "id": f"c{number}", "storyID": "s1", "parentID": parent, "status": status,
            "authorID": author, "revisions": revisions, "createdAt": {"$date": "2026-03-02T13:05:00.000Z"}, "tags": [],
            "actionCounts": {}, **more}  # fmt: skip


CORAL = [
    coral_comment(2, "c1", "u2", "<div>In frost.</div>", "REJECTED", actionCounts={"FLAG": 2, "FLAG__COMMENT_REPORTED_SPAM": 2}),
    coral_comment(1, None, "u1", ["<div>Good.</div>", "<div>Good <b>work</b>.</div>"], tags=[{"type": "FEATURED"}],
                  actionCounts={"REACTION": 3}),
    coral_comment(3, "c1", "u9", "<div>Wait.</div>", "PREMOD"),
    coral_comment(4, None, None, [], "NONE", deletedAt={"$date": "2026-03-03T00:00:00Z"}),
]  # fmt: skip
CORAL_TREE = [
    ("c1", None, "Mira", "visible", "Good work."),
    ("c2", "c1", "Tom", "removed", "In frost."),
    ("c3", "c1", None, "withheld", "Wait."),
    ("c4", None, None, "author_deleted", ""),
]


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def csv_text(rows):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


CORAL_CSV = {
    "users.csv": csv_text([["u1", "x@example.org", "Mira", "MODERATOR", "false", "2026-01-01T00:00:00Z"]]),
    "stories.csv": csv_text([["s1", "https://courier.example/wall", "The wall", "Ida", "2026-03-02T12:00:00Z", "", "COMMENTS"]]),
    "comments.csv": csv_text([
        ["c2", "u2", "s1", "2026-03-02T14:05:00Z", "<p>In\nfrost.</p>", "c1", "REJECTED", ""],
        ["c1", "u1", "s1", "2026-03-02T13:05:00Z", "<p>Good work.</p>", "", "APPROVED", "4"],
        ["broken"],
    ]),
}  # fmt: skip
CORNELL = {
    "utterances.jsonl": lines([
        {"id": "p1", "conversation_id": "p1", "text": "It stands.", "speaker": "ida", "reply-to": None, "timestamp": 1_772_000_000,
         "meta": {"score": 5, "is_paid": True, "post_id": "p1"}},
        {"id": "k2", "conversation_id": "p1", "text": "[removed]", "speaker": "[deleted]", "reply-to": "k1",
         "timestamp": "1772000200", "meta": {"score": -2, "author_ip": "192.0.2.7"}},
        {"id": "k1", "conversation_id": "p1", "text": "Good work.", "speaker": "mira", "reply-to": "p1",
         "timestamp": 1_772_000_100.0, "meta": {"score": 3, "is_attack": False, "tone": "calm"}},
        {"id": "w1", "root": "w1", "text": "A talk page.", "user": "tom", "reply_to": None, "timestamp": 1_772_000_300, "meta": {}},
        {"id": "bad"},
    ]),
    "conversations.json": json.dumps({"p1": {"meta": {"title": "The wall", "subreddit": "harbour", "num_comments": 2, "tone": "mild", "gone_awry": 0,
                                             "owner": "kim@mail.example", "host": "192.0.2.9"}},
                                      "w1": {"meta": {"page_title": "Walls", "gone_awry": 1, "split": "train", "by": "ida@example.org " * 9}}}),
    "speakers.json": json.dumps({"mira": {"meta": {"email": "x@example.org", "username": "Mira"}, "vectors": []}}),
    "corpus.json": json.dumps({"name": "harbour-corpus", "license": {"name": "CC-BY-4.0"}, "Citation": ["Quay (2024)"], "url": "quay"}),
    "index.json": json.dumps({"utterances-index": {}, "version": 3, "licence": "other", "homepage": "https://corpus.example/"}),
}  # fmt: skip


def reddit_comment(own, parent, body, author="mira", **more):
    return {"id": own, "link_id": "t3_s1", "parent_id": parent, "author": author, "author_fullname": f"t2_{author}", "score": 3,
            "body": body, "created_utc": 1_772_000_000, "subreddit": "harbour", "retrieved_on": 1_772_100_000, "edited": False,
            "permalink": f"/r/harbour/comments/s1/x/{own}/", "author_flair_text": "x@example.org", **more}  # fmt: skip


REDDIT = [
    reddit_comment("c3", "t1_c2", "Gone later.", _meta={"retrieved_2nd_on": 1_772_300_000, "was_deleted_later": True,
                                                         "removal_type": "removed by reddit"}),
    reddit_comment("c2", "t1_c1", "In frost.", "tom", _meta={"retrieved_2nd_on": 1_772_300_000, "is_edited": True}),
    reddit_comment("c1", "t3_s1", "Good work.", distinguished="moderator", created_utc="1772000000", edited=1_772_050_000),
    reddit_comment("c4", "t3_s1", "[removed]", "[deleted]"),
    reddit_comment("c5", "t1_c1", "By me.", _meta={"retrieved_2nd_on": 1_772_200_000, "removal_type": "deleted"}),
    reddit_comment("c6", "t1_zz", "Elsewhere.", link_id="t3_s2", score=-4),
]  # fmt: skip
SUBMISSION = {"id": "s1", "subreddit": "harbour", "title": "The wall", "selftext": "It stands.", "author": "ida", "num_comments": 5,
              "created_utc": 1_771_990_000, "retrieved_on": 1_772_100_000, "locked": True, "is_self": True}  # fmt: skip


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def pack(path, files, folder="corpus/"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(folder + name, text)
    return path


def stored(tmp_path):
    return b"".join(file.read_bytes() for file in tmp_path.glob("archive.db*"))


def read(archive, path, **options):
    """Import what is at a path; verify then reads every comment again from its bytes."""
    progress = import_files(archive, [str(path)], options=Options(**options))
    verified = verify_archive(archive)
    assert [str(difference) for difference in verified.differences] == []
    assert verified.counts["texts"] > 0
    return progress


@pytest.mark.parametrize("form", ["lines", "array", "gzip"])
def test_hacker_news_items(archive, query, tmp_path, form):
    text = json.dumps(ITEMS) if form == "array" else lines(ITEMS)
    path = tmp_path / "items.json"
    path.write_bytes(gzip.compress(text.encode()) if form == "gzip" else text.encode())
    assert read(archive, path).errors == []
    assert query(TREE) == [
        ("12", None, None, "author_deleted", ""),
        ("11", None, "mira", "visible", "Good work."),
        ("13", "11", "tom", "visible", "In frost, too."),
        ("14", "13", "kim", "removed", "Buy a wall."),
        ("21", None, "kim", "visible", "Of another story."),
    ]
    assert query("select native_id, title, articles.url, body, stated_count from threads join articles on articles.id = article_id") == [
        ("10", "The wall", "https://courier.example/wall", "", 4),
        ("20", None, "https://news.ycombinator.com/item?id=20", "", None),
        ("30", "Ask: which stone?", "https://news.ycombinator.com/item?id=30", "I ask.\n\nYou?", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "form", [json.dumps(ITEM_TREE), json.dumps(ITEM_TREE, indent=1), lines([ITEM_TREE] * 2), json.dumps([ITEM_TREE])]
)
def test_hacker_news_trees(archive, query, tmp_path, form):
    (tmp_path / "x.json").write_text(form)
    assert read(archive, tmp_path / "x.json").errors == []
    assert query(TREE) == [
        ("11", None, "mira", "visible", "Good work."),
        ("13", "11", "tom", "visible", "In frost, too."),
    ]
    assert query("select native_id, title from threads join articles on articles.id = article_id") == [
        ("10", "The wall")
    ]


def test_discourse(archive, query, tmp_path):
    (tmp_path / "7.json").write_text(json.dumps(TOPIC))
    assert read(archive, tmp_path / "7.json", outlet="forum.example").errors == []
    assert query(TREE) == [
        ("71", None, "mira", "visible", "Good work."),
        ("72", "71", "tom", "withheld", "In frost."),
        ("73", None, "kim", "author_deleted", "(post deleted by author)"),
    ]
    assert query("select url, title, byline, body from articles") == [
        ("https://forum.example/t/the-wall/7", "The wall", "ida", "It stands.")
    ]
    assert query("select native_id, closed, stated_count, completeness from threads") == [
        ("forum.example/7", 1, 4, "partial")
    ]
    assert query("select likes, (select kind || count from reactions where comment_id = comments.id), url from comments limit 1") == [
        (3, "tada1", "https://forum.example/t/the-wall/7/2")
    ]  # fmt: skip
    assert query("select code from flags where comment_id = 1 order by 1") == [
        ("platform.edited",),
        ("platform.staff",),
    ]
    assert query("select is_staff from commenters where name = 'mira'") == [(1,)]
    assert '"(left out)": ["avatar_template"]' in query("select metadata_json from captures")[0][0]
    assert not any(words in stored(tmp_path) for words in PERSONAL)


def test_a_context_of_mastodon(archive, query, tmp_path):
    (tmp_path / "context.json").write_text(json.dumps(CONTEXT))
    assert read(archive, tmp_path / "context.json").errors == []
    assert query(TREE) == [
        ("https://social.example/s/3", None, "Name 3", "visible", "Post 3."),
        ("https://social.example/s/4", "https://social.example/s/3", "Name 4", "visible", "Post 4."),
    ]
    assert query("select body, url, language from articles") == [("Post 1.", "https://social.example/@mira/1", "en")]
    assert json.loads(query("select metadata_json from captures")[0][0])["not_public"] == 1
    assert not any(words in stored(tmp_path) for words in PERSONAL)


@pytest.mark.parametrize("text", [json.dumps(STATUSES), lines(STATUSES)])
def test_statuses_of_mastodon(archive, query, tmp_path, text):
    (tmp_path / "statuses.json").write_text(text)
    assert read(archive, tmp_path / "statuses.json").errors == []
    assert query(TREE) == [
        ("https://social.example/s/2", None, "Name 2", "visible", "Post 2."),
        ("https://social.example/s/3", "https://social.example/s/2", "Name 3", "visible", "Post 3."),
        ("https://social.example/s/9", None, "Name 9", "visible", "Frost\n\nPost 9."),
    ]
    assert query("select likes from comments order by id limit 1") == [(2,)]


def test_an_outbox(archive, query, tmp_path):
    (tmp_path / "outbox.json").write_text(json.dumps(OUTBOX))
    progress = read(archive, tmp_path / "outbox.json")
    assert (progress.errors, progress.counts["empty"]) == ([], 2)  # a share, and a post that is not public
    assert query(TREE) == [
        ("https://social.example/s/2", None, "mira", "visible", "In frost."),
        ("https://social.example/s/4", None, "mira", "visible", "Seen."),
    ]
    assert query("select url, body from articles order by id") == [
        ("https://social.example/@mira/1", "Good work."), ("https://other.example/s/77", "")
    ]  # fmt: skip
    assert b"Private." not in stored(tmp_path)


@pytest.mark.parametrize("is_whole", [False, True])
def test_telegram(archive, query, tmp_path, is_whole):
    personal = {"name": "Tom", "type": "personal_chat", "id": 5, "messages": CHAT["messages"]}
    export = {"about": "x", "chats": {"list": [personal, CHAT]}} if is_whole else CHAT
    (tmp_path / "result.json").write_text(json.dumps(export, indent=1))
    progress = read(archive, tmp_path / "result.json")
    assert [error.reason for error in progress.errors] == ["chat 5 is personal_chat: personal, left out"] * is_whole
    assert sorted(query(TREE)) == [
        ("3", None, "Mira", "visible", "Good work."),
        ("4", "3", None, "visible", ""),
        ("5", None, "Tom", "visible", "Who is here?"),
        ("6", "5", "Kim", "visible", "Me."),
        ("7", None, "Kim", "visible", "Gone above."),
    ]
    assert query("select native_id, title from threads join articles on articles.id = article_id order by 1") == [
        ("1001/2", "The wall stands."), ("1001/2026-04", "Courier talk 2026-04"), ("1001/99", "Courier talk")
    ]  # fmt: skip
    assert query("select kind, count from reactions order by 1") == [("custom_emoji", 1), ("👍", 3)]
    assert query("select posted_at, posted_at_text from comments where native_id in ('3', '6') order by native_id") == [
        ("2026-03-02T13:05:00Z", "1772456700"), (None, "2026-04-03T13:06:00")
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_coral(archive, query, tmp_path, form):
    files = {"comments.json": lines(CORAL), "stories.json": lines(CORAL_STORIES), "users.json": json.dumps(CORAL_USERS)}
    path = write(tmp_path / "dump", files) if form == "folder" else pack(tmp_path / "dump.zip", files)
    assert read(archive, path).errors == []
    assert query(TREE) == CORAL_TREE
    assert query("select url, title, byline, published_at from articles") == [
        ("https://courier.example/wall", "The wall", "Ida", "2026-03-02T12:00:00Z")
    ]
    assert query(
        "select native_id, code, evidence from flags join comments on comments.id = comment_id order by 1, 2"
    ) == [
        ("c1", "platform.edited", "2 texts, the last 2026-03-02T13:05:00Z"),
        ("c1", "platform.featured", "FEATURED"),
        ("c1", "platform.staff", "staff"),
        ("c2", "platform.removed", "REJECTED"),
        ("c2", "platform.reported", "FLAG 2, FLAG__COMMENT_REPORTED_SPAM 2"),
        ("c3", "platform.withheld", "PREMOD"),
        ("c4", "platform.author_deleted", "deletedAt"),
    ]
    assert not any(words in stored(tmp_path) for words in PERSONAL)


CORAL_ACTIONS = [
    {"id": "m2", "tenantID": "t", "commentID": "c2", "moderatorID": "u1", "commentRevisionID": "r", "status": "REJECTED",
     "createdAt": {"$date": "2026-03-02T15:00:00Z"},
     "rejectionReason": {"code": "SPAM", "customReason": "an advert, x@example.org says"}},
    {"id": "m1", "tenantID": "t", "commentID": "c2", "moderatorID": None, "commentRevisionID": "r",
     "status": "SYSTEM_WITHHELD", "createdAt": {"$date": "2026-03-02T14:06:00Z"}},
]  # fmt: skip


def test_what_coral_has_on_record(archive, query, tmp_path):
    files = {"comments.json": lines(CORAL), "stories.json": lines(CORAL_STORIES),
             "commentModerationActions.json": lines(CORAL_ACTIONS)}  # fmt: skip
    assert read(archive, write(tmp_path / "dump", files)).errors == []
    assert query(
        "select native_id, status, decisions.state, decided_at, decider, reason, explanation "
        "from decisions join comments on comments.id = comment_id order by decisions.id"
    ) == [
        ("c2", "REJECTED", "removed", "2026-03-02T15:00:00Z", "moderator", "SPAM", "an advert, ████ says"),
        ("c2", "SYSTEM_WITHHELD", "withheld", "2026-03-02T14:06:00Z", "system", None, None),
    ]
    assert query("select native_id, kind, count from reports join comments on comments.id = comment_id") == [
        ("c2", "COMMENT_REPORTED_SPAM", 2)
    ]
    assert query(
        "select native_id, edited_at, revision.body, written_at from comments "
        "join comment_revisions as revision on comment_id = comments.id"
    ) == [("c1", "2026-03-02T13:05:00Z", "Good.", "2026-03-02T13:05:00Z")]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_coral_csv(archive, query, tmp_path, form):
    path = write(tmp_path / "dump", CORAL_CSV) if form == "folder" else pack(tmp_path / "dump.zip", CORAL_CSV, "")
    progress = read(archive, path)
    assert [error.reason for error in progress.errors] == ["1 columns where there are 8"]
    assert query(TREE) == [
        ("c1", None, "Mira", "visible", "Good work."),
        ("c2", "c1", None, "removed", "In frost."),
    ]
    assert query("select url, title from articles") == [("https://courier.example/wall", "The wall")]
    assert not any(words in stored(tmp_path) for words in PERSONAL)


def test_files_that_belong_together_are_named_where_one_is_missing(archive, tmp_path):
    (tmp_path / "stories.json").write_text(lines(CORAL_STORIES))
    (tmp_path / "speakers.json").write_text(CORNELL["speakers.json"])
    reasons = [error.reason for error in import_files(archive, [str(tmp_path)]).errors]
    assert reasons == [
        "of a ConvoKit corpus, without utterances.jsonl beside it", "of Coral, without its comments beside it"
    ]  # fmt: skip


def test_one_kept_file_of_several_is_refused_and_a_zip_file_is_kept(archive, query, tmp_path):
    folder = write(tmp_path / "corpus", CORNELL)
    progress = import_files(archive, [str(folder)], keep=True)
    assert [error.reason for error in progress.errors] == [
        "--keep keeps one file, and this corpus is several: pack them into a zip file"
    ]
    path = pack(tmp_path / "corpus.zip", CORNELL)
    kept = import_files(archive, [str(path)], keep=True)
    assert len(kept.kept) == 1
    path.unlink()
    verified = verify_archive(archive)
    assert (verified.differences, verified.counts["present"]) == ([], 2)


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_convokit(archive, query, tmp_path, form):
    path = write(tmp_path / "corpus", CORNELL) if form == "folder" else pack(tmp_path / "corpus.zip", CORNELL)
    progress = read(archive, path)
    assert [error.reason for error in progress.errors] == ["an utterance without an id or a conversation"]
    assert query(TREE) == [
        ("k1", None, "Mira", "visible", "Good work."),
        ("k2", "k1", None, "removed", ""),
        ("w1", None, "tom", "visible", "A talk page."),
    ]
    assert query("select native_id, title, body, byline, section from threads join articles on articles.id = article_id") == [
        ("harbour-corpus:p1", "The wall", "It stands.", "ida", "harbour"), ("harbour-corpus:w1", "Walls", "", None, None)
    ]  # fmt: skip
    labels = "select name, value, number from labels where {}_id is not null order by id"
    assert query(labels.format("comment")) == [("is_attack", "False", 0.0), ("tone", "calm", None)]
    assert query(labels.format("article")) == [("is_paid", "True", 1.0)]
    assert query(labels.format("thread")) == [
        ("tone", "mild", None), ("gone_awry", "0", 0.0), ("gone_awry", "1", 1.0), ("split", "train", None)
    ]  # fmt: skip
    assert query("select count(*) from labels where name in ('owner', 'host')") == [(0,)]
    assert query("select kind, count from reactions order by id") == [("score", 3), ("score", -2)]
    assert query("select name, version, licence, citation, url from datasets") == [
        ("harbour-corpus", None, "CC-BY-4.0", "Quay (2024)", "https://corpus.example/")
    ]
    assert not any(words in stored(tmp_path) for words in PERSONAL)


OWN = made(
    said("Good work by the masons.", native_id="1", likes=3, dislikes=1, posted=Moment("2026-03-02T13:05:00Z", "2 March", "minute"),
         flags=(Flag("platform.featured", "tag"),)),
    said("In frost, too.", author=None, native_id="2", parent=0, parent_native_id="1", flags=(Flag("capture.author_missing", "x"),),
         labels=(Label("tone", "calm", 0.5, 3, Dataset("harbour corpus")),)),
    said("The quay is next.", native_id=None, state="removed"),
    at="2026-03-14T06:00:00Z", native_id="n7", completeness="full",
)  # fmt: skip
OWN = replace(OWN, comments=(*OWN.comments, replace(said("Seen it."), author=Author("kim", is_guest=True))))
OWN_TREE = "select native_id, parent_id, body, state, likes, dislikes, posted_at, posted_precision, codes from comments order by position"


def test_our_own_corpus_back_in(archive, query, tmp_path):
    run = archive.begin_run("crawl", {})
    archive.save([OWN, made(said("b"), url="https://courier.example/2")], run)
    before = query(OWN_TREE), query("select name, is_guest from commenters order by name")
    btl = lambda *arguments: CliRunner().invoke(main, list(arguments), catch_exceptions=False)  # noqa: E731
    out = str(tmp_path / "corpus")
    assert btl("export", "--db", str(archive.path), "--format", "convokit", "-o", out).exit_code == 0
    with Archive(tmp_path / "other.db") as other:
        assert read(other, out).errors == []
    with sqlite3.connect(tmp_path / "other.db") as connection:
        assert (
            connection.execute(OWN_TREE).fetchall(),
            connection.execute("select name, is_guest from commenters order by name").fetchall(),
        ) == before
        assert connection.execute("select platform, native_id from threads").fetchall() == query(
            "select platform, native_id from threads"
        )
        labels = "select labels.name, value, number, raters, datasets.name from labels join datasets on datasets.id = dataset_id"
        assert connection.execute(labels).fetchall() == query(labels) == [("tone", "calm", 0.5, 3, "harbour corpus")]
    connection.close()
    progress = import_files(archive, [out])  # where it came from, it adds nothing
    assert (progress.counts["threads_unchanged"], progress.counts["comments_new"]) == (2, 0)
    assert query("select count(*) from events") == [(0,)]
    assert query(OWN_TREE) == before[0]


EXAMPLES = {
    "hacker-news": (lines(ITEMS), json.dumps(ITEMS), json.dumps(ITEM_TREE)),
    "discourse": (json.dumps(TOPIC),),
    "mastodon": (json.dumps(CONTEXT), json.dumps(STATUSES), lines(STATUSES), json.dumps(OUTBOX)),
    "telegram": (json.dumps(CHAT), json.dumps({"chats": {"list": [CHAT]}})),
    "coral": (lines(CORAL), json.dumps(CORAL), lines(CORAL_STORIES), lines(CORAL_USERS)),
    "convokit": (CORNELL["utterances.jsonl"],),
    "reddit": (lines(REDDIT), lines([SUBMISSION])),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in EXAMPLES.items() for text in texts])
def test_each_is_claimed_by_what_it_holds(name, text):
    assert name == choose_importer(Probe(text.encode(), "x.json")).NAME


TEXTS = [text for texts in EXAMPLES.values() for text in texts] + list(CORAL_CSV.values())


@pytest.mark.slow
@given(st.sampled_from(TEXTS), st.integers(0, 4_000), st.binary(max_size=3), st.booleans())
@settings(deadline=None, max_examples=150)
def test_damaged_files_are_errors_and_nothing_else(tmp_path_factory, text, place, noise, is_cut):
    raw = text.encode()
    place %= len(raw)
    damaged = raw[:place] + (b"" if is_cut else noise + raw[place + len(noise) :])
    path = tmp_path_factory.mktemp("x") / "comments.csv"
    path.write_bytes(damaged)
    for importer in IMPORTERS:
        if importer.NAME in EXAMPLES:
            with open_file(str(path)) as (file, _):
                for document in importer.documents(Source(file, str(path), None)):
                    if not isinstance(document, BadDocument):
                        with suppress(BadDocument):
                            importer.parse(document)
    with suppress(BadDocument, Undecided):
        choose_importer(Probe(damaged, "x.json"))


def test_texts_that_cannot_be_stored_and_records_without_an_end_spoil_no_other(archive, query, tmp_path):
    odd = r'{"id":"x1","conversation_id":"p\ud800","text":"half \ud83d and \u0000","speaker":"\udc00","reply-to":null}'
    deep = (
        '{"id":"x2","conversation_id":"p","speaker":"a","reply-to":null,"text":"x","meta":'
        + "[" * 900
        + "]" * 900
        + "}"
    )
    (tmp_path / "utterances.jsonl").write_text(f"{odd}\n{deep}\n" + CORNELL["utterances.jsonl"])
    progress = import_files(archive, [str(tmp_path / "utterances.jsonl")])
    ids = {row[0] for row in query("select native_id from comments")}
    assert {"k1", "k2", "p1", "w1", "x1"} <= ids
    assert len(progress.errors) == 1 + ("x2" not in ids)  # how deep is too deep is Python's to say


def test_what_is_no_row_of_a_dump_is_left_to_tables():
    wrapped = json.dumps({"data": REDDIT, "error": None}).encode()
    assert choose_importer(Probe(wrapped, "x.json")).NAME == "table"


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 12)), max_size=12))
@settings(deadline=None, max_examples=60)
def test_each_record_is_in_one_thread_whatever_answers_what(pairs):
    with Gatherer() as gatherer:
        for line, (own, parent) in enumerate(pairs):
            gatherer.add(line, {"id": own}, str(own), None if parent is None else str(parent))
        seen = [line for _, rows in gatherer.threads() for line, _ in rows]
    assert sorted(seen) == list(range(len(pairs)))


def packed(records):
    """Zstandard as dumps of Reddit are packed: a frame with a window of 2^31 bytes."""
    content = lines(records).encode()
    return b"\x28\xb5\x2f\xfd\x00\xa8" + (1 | len(content) << 3).to_bytes(3, "little") + content


def test_reddit_with_its_second_looks(archive, query, tmp_path):
    (tmp_path / "RC_2026-03.zst").write_bytes(packed(REDDIT))
    (tmp_path / "RS_2026-03.zst").write_bytes(packed([SUBMISSION]))
    assert read(archive, tmp_path).errors == []
    assert query(TREE) == [
        ("c1", None, "mira", "visible", "Good work."),
        ("c2", "c1", "tom", "visible", "In frost."),
        ("c3", "c2", "mira", "removed", "Gone later."),
        ("c5", "c1", "mira", "author_deleted", "By me."),
        ("c4", None, None, "removed", ""),
        ("c6", None, "mira", "visible", "Elsewhere."),
    ]
    assert query("select native_id, kind, before, after, events.seen_at from events join comments on comments.id = comment_id order by 1") == [
        ("c3", "removed", "visible", "removed", "2026-02-28T17:33:20Z"), ("c5", "removed", "visible", "author_deleted", "2026-02-28T17:33:20Z")
    ]  # fmt: skip
    assert query("select native_id, title, body, byline, articles.url, section, closed, stated_count from threads join articles on articles.id = article_id") == [
        ("s1", "The wall", "It stands.", "ida", "https://www.reddit.com/comments/s1/", "harbour", None, None),  # of a late visit
        ("s2", None, "", None, "https://www.reddit.com/comments/s2/", "harbour", None, None),
    ]  # fmt: skip
    assert query("select outcome, visits.seen_at from visits where thread_id = 1 order by id") == [
        ("new", "2026-02-26T10:00:00Z"), ("changed", "2026-02-28T17:33:20Z"), ("late", "2026-02-26T10:00:00Z")
    ]  # fmt: skip
    assert query("select native_id, count from reactions join comments on comments.id = comment_id where native_id in ('c1', 'c6') order by 1") == [
        ("c1", 3), ("c6", -4)
    ]  # fmt: skip
    assert query("select is_staff from commenters order by id limit 1")[0][0] in (0, 1)
    again = import_files(archive, [str(tmp_path)])
    assert (again.counts["unchanged"], again.counts["documents"]) == (4, 4)


def test_an_article_known_by_its_address_alone_is_named_later_and_unnamed_by_an_undo(archive, query, tmp_path):
    (tmp_path / "RC.jsonl").write_text(lines(REDDIT[2:3]))
    (tmp_path / "RS.jsonl").write_text(lines([SUBMISSION | {"retrieved_on": 1_772_900_000}]))
    import_files(archive, [str(tmp_path / "RC.jsonl")])
    before = query("select * from articles")
    named = import_files(archive, [str(tmp_path / "RS.jsonl")])
    assert query("select title, body, revision from articles") == [("The wall", "It stands.", 0)]
    assert query("select count(*) from articles_fts where articles_fts match 'stands'") == [(1,)]
    undo_import(archive, named.run)
    assert query("select * from articles") == before
