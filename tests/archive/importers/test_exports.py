"""What comment systems and tools export, in their own shapes: threads, states, parents, and nothing personal."""

import io
import json
import sqlite3
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importers import choose_importer
from archive.importers.base import BadDocument, Options, Probe
from archive.importers.run import import_files
from archive.importers.xml_elements import cut_elements
from archive.store.archive import Archive
from archive.thread import Article, Capture, Comment, Thread

PERSONAL = (b"example.org", b"192.0.2.7")
TREE = """select c.native_id, p.native_id, m.name, c.state, c.body from comments c left join comments p on p.id = c.parent_id
left join commenters m on m.id = c.commenter_id order by c.thread_id, c.position"""

WXR = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="https://wordpress.org/export/1.2/"><channel><wp:author><wp:author_email>desk@example.org</wp:author_email></wp:author>
<item><title>Harbour &amp; wall</title><link>https://courier.example/wall</link><dc:creator>Ida</dc:creator>
<content:encoded><![CDATA[One paragraph with </item> in it.

Another.]]></content:encoded><wp:post_id>77</wp:post_id><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>
<wp:comment_status>closed</wp:comment_status>
%s</item>
<item><title>A draft</title><link>https://courier.example/?p=78</link><wp:post_id>78</wp:post_id><wp:status>draft</wp:status>
<wp:post_type>post</wp:post_type></item>
<item><title>menu</title><wp:post_id>79</wp:post_id><wp:post_type>nav_menu_item</wp:post_type></item></channel></rss>"""
WXR_COMMENT = """<wp:comment><wp:comment_id>{}</wp:comment_id><wp:comment_author><![CDATA[{}]]></wp:comment_author>
<wp:comment_author_email>x@example.org</wp:comment_author_email><wp:comment_author_IP>192.0.2.7</wp:comment_author_IP>
<wp:comment_date_gmt>2026-03-02 13:05:00</wp:comment_date_gmt><wp:comment_content><![CDATA[{}]]></wp:comment_content>
<wp:comment_approved>{}</wp:comment_approved><wp:comment_type>{}</wp:comment_type><wp:comment_parent>{}</wp:comment_parent>
</wp:comment>"""
WXR_COMMENTS = [
    (501, "Mira", "Good work.\n\nBy the masons.", 1, "", 0),
    (502, "Tom", "In frost, <em>too</em>.", 1, "comment", 501),
    (503, "Kim", "Buy a wall.", "spam", "comment", 0),
    (504, "Ida", "Wait.", 0, "comment", 501),
    (505, "A page", "[...] a wall [...]", 1, "pingback", 0),
]


def wxr(comments=WXR_COMMENTS):
    return WXR % "".join(WXR_COMMENT.format(*comment) for comment in comments)


DISQUS = """junk<?xml version="1.0"?><disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<category dsq:id="1"><title>General</title></category>
<thread dsq:id="9"><id>wall-77</id><forum>courier</forum><link>https://courier.example/wall</link><title>Wall</title></thread>
<thread dsq:id="8"><id/><forum>courier</forum><link>https://courier.example/quay</link><title>Quay</title></thread>
<post dsq:id="1"><message><![CDATA[<p>Good work.</p><p>By the masons.</p>]]></message><createdAt>2026-03-02T13:05:00Z</createdAt>
<isDeleted>false</isDeleted><isSpam>false</isSpam><author><name>Mira</name><email>x@example.org</email></author>
<ipAddress>192.0.2.7</ipAddress><thread dsq:id="9"/></post>
<post dsq:id="2"><message><![CDATA[<p>The quay too.</p>]]></message><createdAt>2026-03-02T13:06:00Z</createdAt>
<isDeleted>false</isDeleted><isSpam>true</isSpam><author><name>Kim</name></author><thread dsq:id="8"/></post>
<post dsq:id="3"><message><![CDATA[<p>In frost.</p>]]></message><createdAt>2026-03-02T14:05:00Z</createdAt>
<isDeleted>true</isDeleted><isSpam>false</isSpam><author><name>Tom</name></author><thread dsq:id="9"/><parent dsq:id="1"/></post>
<post dsq:id="4"><message/><createdAt>2026-03-02T15:05:00Z</createdAt><isDeleted>true</isDeleted><isSpam>false</isSpam>
<author><name/></author><thread dsq:id="9"/></post></disqus>"""

COMMENTO = {
    "version": 1,
    "comments": [
        {"commentHex": "a1", "domain": "courier.example", "url": "/wall", "commenterHex": "h1", "markdown": "Good work.",
         "html": "", "parentHex": "root", "score": -2, "state": "approved", "creationDate": "2026-03-02T13:05:00Z"},
        {"commentHex": "a2", "domain": "courier.example", "url": "/wall", "commenterHex": "h2", "markdown": "In frost.",
         "html": "", "parentHex": "a1", "score": 1, "state": "unapproved", "creationDate": "2026-03-02T14:05:00Z"},
    ],
    "commenters": [{"commenterHex": "h1", "email": "x@example.org", "name": "Mira"}],
}  # fmt: skip
REMARK42 = [
    {"version": 1, "users": [], "posts": []},
    {"id": "a1", "pid": "", "text": "<p>Good work.</p>", "user": {"name": "Mira", "id": "h1", "ip": "192.0.2.7"}, "score": -2,
     "locator": {"site": "courier", "url": "https://courier.example/wall"}, "time": "2026-03-02T13:05:00Z", "votes": {}},
    {"id": "a2", "pid": "a1", "text": "", "user": {"name": "Tom", "id": "h2", "ip": "192.0.2.7"}, "score": 0, "delete": True,
     "locator": {"site": "courier", "url": "https://courier.example/wall"}, "time": "2026-03-02T14:05:00Z", "votes": {}},
]  # fmt: skip
YT_DLP = {
    "id": "v1", "title": "The wall", "formats": [{"format_id": "1"}], "webpage_url": "https://video.example/v1",
    "extractor": "youtube",
    "comments": [
        {"id": "u1", "parent": "root", "text": "Good work.", "author": "@mira", "author_id": "UC1", "like_count": 3,
         "timestamp": 1_772_000_000, "_time_text": "2 years ago", "author_is_uploader": False},
        {"id": "u1.b", "parent": "u1", "text": "In frost.", "author": "@tom", "author_id": "UC2", "like_count": None,
         "timestamp": 1_772_000_100, "_time_text": "2 years ago", "author_is_uploader": True},
    ],
}  # fmt: skip


def isso(path):
    connection = sqlite3.connect(path)
    connection.executescript("""
        create table threads (id integer primary key, uri varchar(256) unique, title varchar(256));
        create table comments (tid references threads(id), id integer primary key, parent integer, created float,
          modified float, mode integer, remote_addr varchar, text varchar, author varchar, email varchar, website varchar,
          likes integer, dislikes integer, voters blob not null, notification integer);
        insert into threads values (1, '/wall', 'Wall');
        insert into comments values
          (1, 1, null, 1772000000.5, null, 1, '192.0.2.7', 'Good work.', 'Mira', 'x@example.org', null, 3, 1, x'00', 0),
          (1, 2, 1, 1772000100, null, 4, '192.0.2.7', '', null, null, null, 0, 0, x'00', 0),
          (1, 3, 1, 1772000200, null, 2, '192.0.2.7', 'In frost.', 'Tom', null, null, 0, 0, x'00', 0);""")
    connection.commit()
    connection.close()


def everything(folder):
    return b"".join(file.read_bytes() for file in folder.glob("archive.db*"))


def test_wordpress(archive, query, tmp_path):
    (tmp_path / "x.xml").write_text(wxr())
    progress = import_files(archive, [str(tmp_path / "x.xml")])
    assert (progress.errors, progress.counts["empty"]) == ([], 2)
    assert query(TREE) == [
        ("501", None, "Mira", "visible", "Good work.\n\nBy the masons."),
        ("502", "501", "Tom", "visible", "In frost, too."),
        ("504", "501", "Ida", "withheld", "Wait."),
        ("503", None, "Kim", "removed", "Buy a wall."),
    ]
    assert query("select platform, native_id, closed from threads") == [
        ("wordpress", "https://courier.example/?p=77", 1)
    ]
    decided = "select native_id, status, decisions.state, decided_at, decider from decisions join comments on comments.id = comment_id"
    assert query(f"{decided} order by native_id") == [
        ("503", "spam", "removed", None, None), ("504", "0", "withheld", None, None)
    ]  # fmt: skip
    body = "One paragraph with in it.\n\nAnother."
    assert query("select title, url, byline, body from articles") == [
        ("Harbour & wall", "https://courier.example/wall", "Ida", body)
    ]
    assert not any(words in everything(tmp_path) for words in PERSONAL)


def test_an_export_of_wordpress_lays_its_states_over_what_was_crawled(archive, query, tmp_path):
    crawled = Thread(
        article=Article(
            "Harbour & wall", "The text as readers saw it.", "https://courier.example/wall", "courier.example"
        ),
        comments=(
            Comment("Good work.\n\nBy the masons.", native_id="501"),
            Comment("In frost, too.", 0, native_id="502", parent_native_id="501"),
            Comment("Buy a wall.", native_id="503"),
        ),
        platform="wordpress",
        capture=Capture("0" * 64, "https://courier.example/wall", "2026-03-03T00:00:00Z"),
        native_id="https://courier.example/?p=77",
        completeness="full",
    )
    archive.save([crawled], archive.begin_run("crawl", {}))
    (tmp_path / "x.xml").write_text(wxr())
    import_files(archive, [str(tmp_path / "x.xml")])
    assert query("select native_id, state from comments order by native_id") == [
        ("501", "visible"), ("502", "visible"), ("503", "removed"), ("504", "withheld")
    ]  # fmt: skip
    assert query("select body, revision from articles") == [("The text as readers saw it.", 0)]
    assert query("select count(*) from threads") == [(1,)]


def test_disqus(archive, query, tmp_path):
    (tmp_path / "x.xml").write_text(DISQUS)
    assert not import_files(archive, [str(tmp_path / "x.xml")]).errors
    assert query(TREE) == [
        ("1", None, "Mira", "visible", "Good work.\n\nBy the masons."),
        ("3", "1", "Tom", "removed", "In frost."),
        ("4", None, None, "author_deleted", ""),
        ("2", None, "Kim", "removed", "The quay too."),
    ]
    assert query("select native_id from threads order by 1") == [
        ("disqus.com/courier/https://courier.example/quay",), ("disqus.com/courier/wall-77",)
    ]  # fmt: skip
    assert not any(words in everything(tmp_path) for words in PERSONAL)


def test_isso(archive, query, tmp_path):
    isso(tmp_path / "comments.db")
    options = Options(outlet="courier.example")
    assert not import_files(archive, [str(tmp_path / "comments.db")], options=options).errors
    assert query(TREE) == [
        ("1", None, "Mira", "visible", "Good work."),
        ("2", "1", None, "removed", ""),
        ("3", "1", "Tom", "withheld", "In frost."),
    ]
    assert query("select url, title from articles") == [("https://courier.example/wall", "Wall")]
    assert not any(words in everything(tmp_path) for words in PERSONAL)


@pytest.mark.parametrize(
    ("content", "platform", "tree"),
    [
        (json.dumps(COMMENTO), "commento", [("a1", None, None, "visible"), ("a2", "a1", None, "withheld")]),
        ("".join(json.dumps(line) + "\n" for line in REMARK42), "remark42",
         [("a1", None, "Mira", "visible"), ("a2", "a1", "Tom", "removed")]),
        (json.dumps(YT_DLP), "youtube", [("u1", None, "@mira", "visible"), ("u1.b", "u1", "@tom", "visible")]),
    ],
)  # fmt: skip
def test_exports_in_json(archive, query, tmp_path, content, platform, tree):
    (tmp_path / "x.json").write_text(content)
    assert not import_files(archive, [str(tmp_path / "x.json")]).errors
    assert [row[:4] for row in query(TREE)] == tree
    assert query("select distinct platform from threads") == [(platform,)]
    assert not any(words in everything(tmp_path) for words in PERSONAL)


def test_an_export_of_our_own_comes_back_equal(archive, query, tmp_path, seed):
    from archive.export.jsonl import write
    from archive.export.selection import ExportOptions, Selection

    def exported(path, target):
        with sqlite3.connect(path) as connection, target.open("wb") as out:
            write(connection, out, Selection(), ExportOptions())
        connection.close()
        return [json.loads(line) for line in target.read_text().splitlines()]

    import_files(archive, [str(seed)])
    first = exported(archive.path, tmp_path / "first.jsonl")
    with Archive(tmp_path / "again.db") as again:
        assert not import_files(again, [str(tmp_path / "first.jsonl")]).errors
    second = exported(tmp_path / "again.db", tmp_path / "second.jsonl")
    kept = ("native_id", "parent_id", "author", "posted_at", "body", "state", "depth", "position")
    for before, after in zip(first, second, strict=True):
        assert before["article"] == after["article"]
        assert [[c[name] for name in kept] for c in before["comments"]] == [
            [c[name] for name in kept] for c in after["comments"]
        ]


def test_xml_of_another_kind_is_refused():
    with pytest.raises(BadDocument, match="XML"):
        choose_importer(Probe(b"<?xml version='1.0'?><catalogue/>", "x.xml"))


@settings(deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="<>]", exclude_categories=("Cs", "Cc")), max_size=30), max_size=8
    ),
    st.integers(1, 64),
)
def test_elements_are_cut_wherever_a_block_ends(texts, block):
    elements = [f"<item x='1'><a><![CDATA[{text}</item><item>]]></a><!-- </item> --></item>".encode() for text in texts]
    raw = b"<rss><item/>" + b"\n".join(elements) + b"</rss>"
    with patch("archive.importers.xml_elements.BLOCK", block):
        cut = list(cut_elements(io.BytesIO(raw), "x", "item"))
    assert [element for _, element in cut] == elements
    assert [raw[offset : offset + len(element)] for offset, element in cut] == elements


def test_an_element_that_does_not_end_is_named():
    (whole, bad) = cut_elements(io.BytesIO(b"<rss><item>a</item><item>b"), "x.xml", "item")
    assert whole == (5, b"<item>a</item>")
    assert str(bad) == "x.xml:19: the file ends within this element"
