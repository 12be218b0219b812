"""Headings and what else a source has on record of comments, as a public copy shows them."""

from contextlib import closing
from dataclasses import replace
from sqlite3 import connect

import pytest

from archive.publish.policy import Policy
from archive.publish.release import publish
from archive.publish.verify import verify_release
from archive.takedown import withhold
from archive.thread import Decision, EarlierText
from tests.trees import made, said

SECRET = Decision("REJECTED", "removed", None, "moderator", "SPAM", "kim again, as last week")
THREAD = made(
    replace(said("First.", "Kim_Harbour", native_id="1"), title="To kim@courier.example", decisions=(SECRET,)),
    replace(
        said("Second.", "anna", native_id="2"),
        title="Kim_Harbour is right",
        earlier=(EarlierText("Write to anna@courier.example, says Kim_Harbour."),),
        reports=(("SPAM", 2),),
    ),
    replace(
        said("Third.", "tom", native_id="3"), title="What nobody reads", decisions=(SECRET,), reports=(("SPAM", 1),)
    ),
    native_id="t1",
)


@pytest.mark.parametrize(
    ("policy", "titles", "earlier"),
    [
        (Policy(), ["To ████", "Kim_Harbour is right", None], "Write to ████, says Kim_Harbour."),
        (
            Policy(commenters="pseudonyms"),
            ["To ████", "{kim} is right", None],
            "Write to ████, says {kim}.",
        ),
    ],
)
def test_what_a_copy_shows(archive, tmp_path, policy, titles, earlier):
    archive.save([THREAD], archive.begin_run("import", {"paths": []}))
    withhold.withhold(archive, "comment", 3, "privacy")
    done = publish(archive, tmp_path / "out", policy)
    assert verify_release(done.folder) == []
    database = done.folder / "archive.db"
    with closing(connect(f"file:{database}?mode=ro", uri=True)) as copy:
        name = copy.execute("select author from comments where id = 1").fetchone()[0]
        expected = [title and title.format(kim=name) for title in titles]
        assert [row[0] for row in copy.execute("select title from comments order by id")] == expected
        rows = copy.execute("select revision, body from comment_revisions").fetchall()
        assert rows == [(-1, earlier.format(kim=name))]
        assert copy.execute("select comment_id, reason, explanation from decisions").fetchall() == [(1, "SPAM", None)]
        assert copy.execute("select comment_id, count from reports").fetchall() == [(2, 2)]
    for text in (b"anna@courier", b"kim@courier", b"as last week", b"What nobody reads"):
        assert text not in database.read_bytes()
