"""ConvoKit's layout, as its documentation states it (Data Format) and its loader reads it."""

import json
import sqlite3
from collections import defaultdict
from contextlib import closing

import pytest

from archive.export.convokit import INDEX
from archive.export.selection import Selection
from archive.export.write import Written, export
from archive.store.archive import Archive
from archive.thread import Author, Comment
from tests.archive.store.test_save import save
from tests.archive_fixture import fill_reviewed
from tests.trees import made, said

MANDATORY = {"id", "speaker", "conversation_id", "reply-to", "timestamp", "text"}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return fill_reviewed(tmp_path_factory.mktemp("convokit") / "archive.db")


class Corpus:
    """The folder, read by the rules of the documentation, each of them checked."""

    def __init__(self, folder):
        self.files = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
        assert set(self.files) == {
            "utterances.jsonl", "speakers.json", "conversations.json", "corpus.json", "index.json",
        }  # fmt: skip
        self.utterances = [json.loads(line) for line in self.files["utterances.jsonl"].split("\n")[:-1]]
        self.speakers, self.conversations, self.about, self.index = (
            json.loads(self.files[f"{name}.json"], object_pairs_hook=self._once)
            for name in ("speakers", "conversations", "corpus", "index")
        )
        self.by_id = {utterance["id"]: utterance for utterance in self.utterances}
        assert len(self.by_id) == len(self.utterances)
        self._check_utterances()
        self._check_members()

    @staticmethod
    def _once(pairs):
        """No key stands twice in an object."""
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def _check_utterances(self):
        roots = defaultdict(list)
        for one in self.utterances:
            assert set(one) == MANDATORY | {"meta", "vectors"}
            assert all(isinstance(one[name], str) for name in ("id", "speaker", "conversation_id", "text"))
            assert one["timestamp"] is None or isinstance(one["timestamp"], int)
            if one["reply-to"] is None:
                roots[one["conversation_id"]].append(one["id"])
            else:
                assert self.by_id[one["reply-to"]]["conversation_id"] == one["conversation_id"]
        assert roots == {conversation: [conversation] for conversation in self.conversations}

    def _check_members(self):
        assert {one["speaker"] for one in self.utterances} == set(self.speakers)
        assert {one["conversation_id"] for one in self.utterances} == set(self.conversations)
        members = [*self.speakers.values(), *self.conversations.values()]
        assert all(set(member) == {"meta", "vectors"} for member in members)
        assert set(self.index) == {
            "utterances-index", "speakers-index", "conversations-index", "overall-index", "version", "vectors",
        }  # fmt: skip
        metas = {
            "utterances-index": [one["meta"] for one in self.utterances],
            "speakers-index": [one["meta"] for one in self.speakers.values()],
            "conversations-index": [one["meta"] for one in self.conversations.values()],
            "overall-index": [self.about],
        }
        for part, found in metas.items():
            assert set(self.index[part]) == set(INDEX[part]) >= {name for meta in found for name in meta}
            for meta in found:
                for name, value in meta.items():
                    assert value is None or str(type(value)) in self.index[part][name]

    def comments(self):
        return {int(one["id"]): one for one in self.utterances if one["meta"]["kind"] == "comment"}


def corpus(path, folder, selection=Selection()):  # noqa: B008
    return export(path, "convokit", folder, selection), Corpus(folder)


def test_every_comment_is_an_utterance(full, tmp_path):
    written, read = corpus(full, tmp_path / "corpus")
    with closing(sqlite3.connect(full)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            "select *, cast(strftime('%s', posted_at) as integer) as seconds from comment_list order by thread_id, position"
        ).fetchall()
        assert len(read.conversations) == connection.execute("select count(*) from threads").fetchone()[0]
    found = read.comments()
    assert written == Written(len(rows), len(rows), "comments")
    assert list(found) == [row["id"] for row in rows]
    for row in rows:
        one = found[row["id"]]
        speaker = read.speakers[one["speaker"]]["meta"]
        root = f"thread-{row['thread_id']}"
        assert (one["text"], one["timestamp"]) == (row["body"], row["seconds"])
        assert one["reply-to"] == (str(row["parent_id"]) if row["parent_id"] else root)
        assert one["conversation_id"] == root
        assert speaker["name"] == row["author"]
        meta = one["meta"]
        assert (meta["url"], meta["state"], meta["likes"], meta["chosen"]) == (
            row["permalink"],
            row["state"],
            row["likes"],
            True,
        )
        assert {flag["code"] for flag in meta["flags"]} >= set(json.loads(row["codes"] or "[]"))


def test_the_article_is_the_root_and_its_outlet_says_it(full, tmp_path):
    _, read = corpus(full, tmp_path / "corpus")
    root = read.by_id["thread-1"]
    with closing(sqlite3.connect(full)) as connection:
        title, body = connection.execute("select title, body from articles where id = 1").fetchone()
    assert root["text"] == f"{title}\n\n{body}"
    assert read.speakers[root["speaker"]]["meta"] == {
        "kind": "outlet", "name": "Harbour Courier", "domain": "harbour-courier.example",
    }  # fmt: skip
    silent = read.by_id["thread-3"]
    assert silent["text"] == "A short notice."
    assert silent["speaker"] == "article-3"


def test_nobody_is_made_out_to_be_one_person(tmp_path):
    named = [Comment("one", None, Author("anna", "1")), Comment("two", None, Author("anna", "2"))]
    with Archive(tmp_path / "a.db") as archive:
        save(archive, made(said("lost", None), said("lost too", None), *named))
    _, read = corpus(tmp_path / "a.db", tmp_path / "corpus")
    speakers = [one["speaker"] for one in read.comments().values()]
    assert len(set(speakers)) == 4
    assert [read.speakers[speaker]["meta"]["name"] for speaker in speakers] == [None, None, "anna", "anna"]


@pytest.mark.parametrize(
    "selection", [Selection(where="depth = 5"), Selection(flag="content.*"), Selection(threads=range(2, 4)),
                  Selection(outlet="plain.example"), Selection(where="author is null"), Selection(where="false")]
)  # fmt: skip
def test_a_selection_is_a_whole_corpus(full, tmp_path, selection):
    written, read = corpus(full, tmp_path / "corpus", selection)
    found = read.comments()
    assert written.rows == sum(one["meta"]["chosen"] for one in found.values())
    assert written.rows + written.context == len(found)
    assert (read.about["comments"], read.about["context"]) == (written.rows, written.context)


def test_a_public_copy_gives_its_addresses(full, tmp_path):
    path = tmp_path / "public.db"
    with closing(sqlite3.connect(full)) as archive, closing(sqlite3.connect(path)) as copy:
        archive.backup(copy)
        copy.execute("create table release (name text primary key, value text not null) without rowid")
        copy.execute(
            "insert into release values ('url', 'https://comments.example'), ('number', '3'), ('title', 'Harbour')"
        )
        copy.commit()
    _, read = corpus(path, tmp_path / "corpus")
    assert read.by_id["1"]["meta"]["url"] == "https://comments.example/comment/1"
    assert read.conversations["thread-1"]["meta"]["url"] == "https://comments.example/thread/1"
    assert (read.about["name"], read.about["release"], read.about["url"]) == (
        "Harbour",
        "3",
        "https://comments.example",
    )
