"""The backup of a Discourse: tables as PostgreSQL copies them, in any order, as far as readers could see them."""

import gzip
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.importers import choose_importer, discourse, discourse_backup
from archive.importers.base import BadDocument, Document, EmptyDocument, Options, Probe, Source
from archive.importers.discourse_backup import _field
from archive.importers.run import import_files
from crawler.evidence.verify import verify_archive

POST_COLUMNS = """id, user_id, topic_id, post_number, raw, cooked, created_at, updated_at, reply_to_post_number,
 deleted_at, off_topic_count, like_count, spam_count, post_type, hidden, last_version_at, user_deleted, version,
 hidden_at, raw_email""".replace("\n", "")
WRITTEN = "2026-03-02 10:00:00.123456"
EDITED = "2026-03-02 11:30:00"
YAML = "--- !ruby/hash:ActiveSupport::HashWithIndifferentAccess\nraw:\n- The wal\n- The wall\ncooked:\n- %s\n- x\n"


def post(number, user, topic, at, text, **more):
    """Return a row of posts; `more` is by column."""
    row = dict.fromkeys((name.strip() for name in POST_COLUMNS.split(",")), None)
    row |= {"id": number + 100, "user_id": user, "topic_id": topic, "post_number": at, "raw": text}
    row |= {"cooked": f"<p>{text}</p>", "created_at": WRITTEN, "updated_at": WRITTEN, "last_version_at": WRITTEN}
    row |= {"off_topic_count": 0, "like_count": 0, "spam_count": 0, "post_type": 1, "version": 1}
    return list((row | {"hidden": "f", "user_deleted": "f"} | more).values())


POSTS = [
    post(4, 3, 7, 4, "Not the\tbridge \\ but\nthe wall.", reply_to_post_number=2, like_count=5, spam_count=2),
    post(1, -1, 7, 1, "About the wall."),
    post(3, 2, 7, 3, "Gone by hand.", deleted_at=EDITED, reply_to_post_number=1),
    post(2, 2, 7, 2, "The wall stands.", version=2, last_version_at=EDITED, raw_email="tom@example.org"),
    post(5, 1, 7, 5, "closed this", post_type=3),
    post(6, 1, 7, 6, "Watch this one.", post_type=4),
    post(7, 2, 7, 7, "Hidden for now.", hidden="t", hidden_at=EDITED),
    post(8, 2, 8, 1, "Between us."),
    post(9, 1, 9, 1, "For staff."),
    post(10, 2, 10, 1, "A topic of a reader."),
    post(11, 3, 10, 2, "An answer in a topic that went."),
]
TABLES = {
    "categories": ("id, name, read_restricted", [(1, "Harbour", "f"), (2, "Staff", "t")]),
    "email_logs": ("id, to_address", [(1, "mira@example.org")]),
    "post_revisions": (
        "id, user_id, post_id, modifications, number, created_at, updated_at, hidden",
        [(1, 2, 102, YAML % "<p>The wal stands.</p>", 2, EDITED, EDITED, "f"), (2, 2, 102, "--- [", 3, EDITED, EDITED, "f")],
    ),
    "posts": (POST_COLUMNS, POSTS),
    "topic_embeds": ("id, topic_id, post_id, embed_url", [(1, 7, 101, "https://courier.example/2026/wall?utm_source=x")]),
    "topics": (
        "id, title, created_at, user_id, category_id, archetype, deleted_at, closed, slug",
        [
            (7, "Wall", WRITTEN, -1, 1, "regular", None, "t", "wall"),
            (8, "Hello", WRITTEN, 2, None, "private_message", None, "f", "hello"),
            (9, "Rota", WRITTEN, 1, 2, "regular", None, "f", "rota"),
            (10, "Mine", WRITTEN, 2, 1, "regular", EDITED, "f", "mine"),
        ],
    ),
    "users": (
        "id, username, name, admin, moderator, ip_address",
        [(-1, "system", "system", "t", "t", None), (1, "ida", "Ida", "f", "t", "192.0.2.7"), (2, "tom", None, "f", "f", None),
         (3, "mira", "Mira", "f", "f", "192.0.2.7")],
    ),
}  # fmt: skip
BEGIN = "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.allowed_pm_users (\n);\nCREATE TABLE public.badge_types (\n);\n"


def escape(value):
    if value is None:
        return "\\N"
    for letter, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        value = str(value).replace(letter, escaped)
    return value


def dump(tables=TABLES, schema="public."):
    parts = [BEGIN]
    for name, (columns, rows) in tables.items():
        lines = "".join("\t".join(map(escape, row)) + "\n" for row in rows)
        parts.append(f"COPY {schema}{name} ({columns}) FROM stdin;\n{lines}\\.\n\n\n")
    return "".join(parts).encode()


def tarred(content, name="dump.sql.gz"):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for member, raw in ((name, content), ("uploads/default/x.png", b"\x89PNG")):
            info = tarfile.TarInfo(member)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return file.getvalue()


def read(raw, outlet=None):
    source = Source(io.BufferedReader(io.BytesIO(raw)), "backup", options=Options(outlet=outlet))
    return list(discourse_backup.documents(source))


SHAPES = {
    "forum-2026-03-03-000000-v20260101000000.tar.gz": gzip.compress(tarred(gzip.compress(dump()))),
    "forum-2013-03-03-000000.tar.gz": gzip.compress(tarred(dump(schema=""), "./dump.sql")),
    "forum-2026-03-03-000000-v20260101000000.sql.gz": gzip.compress(dump()),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_backup_becomes_threads(archive, query, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(SHAPES[name])
    result = import_files(archive, [str(path)], options=Options(outlet="forum.example"))
    assert (result.errors, result.counts["threads_new"], result.counts["empty"]) == ([], 2, 2)
    assert query("select platform, native_id, stated_count, completeness, closed from threads order by id") == [
        ("discourse", "forum.example/7", 4, "full", 1),
        ("discourse", "forum.example/10", 1, "full", 0),
    ]
    assert query("select url, title, section, byline, published_at from articles order by id") == [
        ("https://courier.example/2026/wall", "Wall", "Harbour", None, "2026-03-02T10:00:00Z"),
        ("https://forum.example/t/mine/10", "Mine", "Harbour", "tom", "2026-03-02T10:00:00Z"),
    ]
    assert query(
        """select c.native_id, p.native_id, m.name, c.state, c.body, c.likes, c.posted_at from comments c
        left join comments p on p.id = c.parent_id left join commenters m on m.id = c.commenter_id
        order by c.thread_id, c.position"""
    ) == [
        ("102", None, "tom", "visible", "The wall stands.", 0, "2026-03-02T10:00:00Z"),
        ("104", "102", "mira", "visible", "Not the bridge \\ but the wall.", 5, "2026-03-02T10:00:00Z"),
        ("103", None, "tom", "removed", "Gone by hand.", 0, "2026-03-02T10:00:00Z"),
        ("107", None, "tom", "withheld", "Hidden for now.", 0, "2026-03-02T10:00:00Z"),
        ("111", None, "mira", "removed", "An answer in a topic that went.", 0, "2026-03-02T10:00:00Z"),
    ]
    assert query("select status, decided_at from decisions order by comment_id") == [
        ("deleted", "2026-03-02T11:30:00Z"),
        ("hidden", "2026-03-02T11:30:00Z"),
        ("topic deleted", "2026-03-02T11:30:00Z"),
    ]
    assert query("select kind, count from reports") == [("spam", 2)]
    assert ("The wal stands.",) in query("select body from comment_revisions")
    stored = b"".join(file.read_bytes() for file in archive.path.parent.glob(f"{archive.path.name}*"))
    assert b"example.org" not in stored
    assert b"192.0.2.7" not in stored
    verified = verify_archive(archive)
    assert (verified.differences, verified.counts["texts"] > 0) == ([], True)
    again = import_files(archive, [str(path)], options=Options(outlet="forum.example"))
    assert (again.counts["unchanged"], again.counts["comments_new"]) == (2, 0)


def test_what_no_reader_could_open_is_left_out_and_counted():
    reasons = [d.reason for d in read(dump()) if isinstance(d, EmptyDocument)]
    assert reasons == ["a private message", "in a category that is closed to readers"]
    assert b"Watch this one" not in b"".join(d.raw for d in read(dump()) if isinstance(d, Document))


def test_a_topic_has_the_shape_that_the_forum_itself_gives_it():
    documents = [d for d in read(dump()) if isinstance(d, Document)]
    topic = json.loads(documents[0].raw)
    assert [p["post_number"] for p in topic["post_stream"]["posts"]] == [1, 2, 3, 4, 5, 7]
    del topic["embed_url"]
    by_itself = discourse.parse(Document(json.dumps(topic).encode(), "7.json", outlet="forum.example"))
    from_backup = discourse_backup.parse(read(dump(), "forum.example")[0])
    assert by_itself.comments == from_backup.comments
    assert by_itself.native_id == from_backup.native_id


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (dump()[: dump().index(b"Gone by")], "a row of posts with 5 of 20 columns"),
        (dump()[: dump().index(b"\\.\n\n\nCOPY public.topics")], "the dump is cut off in the table topic_embeds"),
        (tarred(b"", "meta.json"), "a tar file without dump.sql or dump.sql.gz"),
        (tarred(gzip.compress(dump()))[:1000], "a damaged tar file: unexpected end of data"),
        (dump({"users": ("id, username", [("x", "tom")])}), "not a row of Discourse: ValueError"),
    ],
)
def test_a_damaged_backup_is_named_with_its_place(raw, reason):
    errors = [d.reason for d in read(raw) if isinstance(d, BadDocument) and not isinstance(d, EmptyDocument)]
    assert len(errors) == 1
    assert errors[0].startswith(reason)


def test_what_stands_before_a_cut_is_kept():
    order = {name: TABLES[name] for name in ("topics", "users", "categories", "posts")}
    whole = dump(order)
    documents = read(whole[: whole.index(b"Hidden for now")])
    assert isinstance(documents[0], BadDocument)
    assert len(discourse_backup.parse(documents[1]).comments) == 3


@pytest.mark.parametrize("head", [dump(), dump(schema=""), tarred(gzip.compress(dump())), tarred(dump(), "./dump.sql")])
def test_claims(head):
    assert choose_importer(Probe(head[:65536], "backup.sql")) is discourse_backup


@pytest.mark.parametrize(
    "head", [b"--\n-- PostgreSQL database dump\n--\nCREATE TABLE public.posts (\n);\n", tarred(b"text", "comments.txt")]
)
def test_other_dumps_and_tar_files_are_not_claimed(head):
    assert discourse_backup.claim(Probe(head, "x")) is None


@given(st.text().filter(lambda text: "\0" not in text))
def test_fields_come_back_as_they_were_copied(text):
    assert _field(escape(text).encode("utf-8", "replace")) == text.encode("utf-8", "replace").decode()
