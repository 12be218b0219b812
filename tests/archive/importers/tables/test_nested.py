"""JSON with comments within articles, replies within comments, and lists within the wrappers of APIs."""

import io
import json

import pytest

from archive.importers import choose_importer
from archive.importers.base import Options, Probe, Source
from archive.importers.tables.importer import documents, parse

LONG = "The quay was built of stone, and nobody asked why. " * 30


def comment(i, **more):
    return {
        "id": i,
        "author": f"reader {i}",
        "text": f"So says number {i} of them.",
        "date": f"2024-01-0{i}T10:00:00Z",
        **more,
    }


def read(value, name="comments.json"):
    """Return the threads of a JSON value, or of a list of values as JSON Lines."""
    text = "".join(json.dumps(item) + "\n" for item in value) if name.endswith("l") else json.dumps(value)
    raw = text.encode()
    assert choose_importer(Probe(raw, name)).NAME == "table"
    source = Source(io.BufferedReader(io.BytesIO(raw)), name, None, Options())
    return [parse(document) for document in documents(source)]


def tree(threads):
    """Return of each comment its id and that of what it answers, by the title of its article."""
    return {
        thread.article.title: [(each.native_id, each.parent_native_id) for each in thread.comments]
        for thread in threads
    }


ARTICLES = [
    {"url": "https://a.example/1", "title": "Wall", "content": LONG, "published": "2024-01-01",
     "comments": [comment(1, replies=[comment(2, replies=[])]), comment(3, replies=[])]},
    {"url": "https://a.example/2", "title": "Quay", "content": LONG, "published": "2024-01-02", "comments": []},
    {"url": "https://a.example/3", "title": "Mole", "content": LONG, "published": "2024-01-03",
     "comments": [comment(4, replies=[])]},
]  # fmt: skip


@pytest.mark.parametrize("name", ["articles.json", "articles.jsonl"])
def test_articles_with_their_comments_are_threads(name):
    threads = read(ARTICLES, name)
    assert tree(threads) == {"Wall": [("1", None), ("2", "1"), ("3", None)], "Mole": [("4", None)]}
    wall = next(thread.article for thread in threads if thread.article.title == "Wall")
    assert (wall.url, wall.body, wall.published.at[:10]) == ("https://a.example/1", LONG.strip(), "2024-01-01")
    assert all(each.posted.at and each.author.name for thread in threads for each in thread.comments)


def test_one_article_with_its_comments_is_a_thread():
    (thread,) = read(
        {"url": "https://a.example/1", "title": "Wall", "author": "Ida", "comments": [comment(1), comment(2)]}
    )
    assert (thread.article.title, thread.article.url, thread.article.byline) == ("Wall", "https://a.example/1", "Ida")
    assert len(thread.comments) == 2


def test_comments_that_are_texts_alone_are_comments_each():
    threads = read(
        [{"title": "Wall", "comments": ["It is old.", "It is high."]}, {"title": "Quay", "comments": ["No one knows."]}]
    )
    assert {thread.article.title: [each.body for each in thread.comments] for thread in threads} == {
        "Wall": ["It is old.", "It is high."],
        "Quay": ["No one knows."],
    }


def test_comments_are_found_behind_other_lists():
    value = {
        "version": 3,
        "pages": [{"id": "p", "path": "/wall"}],
        "comments": [comment(1, pageId="p"), comment(2, pageId="p")],
    }
    (thread,) = read(value)
    assert len(thread.comments) == 2


def youtube(i, text, **more):
    snippet = {"videoId": "v", "textOriginal": text, "textDisplay": text, "authorDisplayName": f"@reader{i}",
               "authorChannelId": {"value": f"UC{i}"}, "likeCount": i, "publishedAt": "2024-01-01T10:00:00Z", **more}  # fmt: skip
    return {"kind": "youtube#comment", "id": f"u{i}", "snippet": snippet}


def test_youtube_s_threads_are_a_comment_with_its_replies():
    thread = {"kind": "youtube#commentThread", "id": "u1",
              "snippet": {"videoId": "v", "topLevelComment": youtube(1, "It is old and high."), "totalReplyCount": 1},
              "replies": {"comments": [youtube(2, "It is not that old.", parentId="u1")]}}  # fmt: skip
    (read_thread,) = read(
        {"kind": "youtube#commentThreadListResponse", "pageInfo": {"totalResults": 1}, "items": [thread]}
    )
    assert [(each.native_id, each.parent_native_id) for each in read_thread.comments] == [("u1", None), ("u2", "u1")]


def thing(kind, **data):
    return {"kind": kind, "data": data}


def listing(*children):
    return thing("Listing", after=None, children=list(children))


def test_a_page_of_reddit_is_a_thread_below_its_submission():
    def said(i, replies=""):
        return thing("t1", id=f"k{i}", link_id="t3_s", parent_id="t3_s", author=f"reader{i}", body=f"So says number {i}.",
                     created_utc=1_700_000_000.0 + i, replies=replies)  # fmt: skip

    submission = thing("t3", id="s", name="t3_s", title="Wall", url="https://a.example/wall", selftext="")
    more = thing("more", count=3, children=["k8", "k9"])
    (thread,) = read([listing(submission), listing(said(1, listing(said(2), more)), said(3))])
    assert (thread.article.title, thread.article.url) == ("Wall", "https://a.example/wall")
    assert [(each.native_id, each.parent_native_id) for each in thread.comments] == [
        ("k1", None),
        ("k2", "k1"),
        ("k3", None),
    ]


def test_lines_of_leancloud_are_read_behind_their_heading():
    head = b'#filetype:JSON-streaming {"type":"Class","class":"Comment"}\n'
    raw = head + b"".join(json.dumps(comment(i, pid="1" if i == 3 else "")).encode() + b"\n" for i in range(1, 6))
    assert choose_importer(Probe(raw, "Comment.0.jsonl")).NAME == "table"
    (thread,) = map(parse, documents(Source(io.BufferedReader(io.BytesIO(raw)), "Comment.0.jsonl", None, Options())))
    assert [each.parent_native_id for each in thread.comments if each.parent is not None] == ["1"]
    assert len(thread.comments) == 5
