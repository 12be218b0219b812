"""Which comments have the same text, of archives with more comments than are compared for texts that are nearly it."""

import pytest

from archive.store import repeated_texts
from archive.store.repeated_texts import find_in_archive
from archive.text.similarity import Copy, find_copies
from tests.trees import made, said

TEXT = "The ferry was ten minutes late again this morning, as it is on every Monday of the winter."
NEARLY = TEXT.replace("winter", "year")


@pytest.mark.parametrize("most", [10, 4])
def test_older_comments_are_in_the_group_of_the_newer_ones(archive, query, monkeypatch, most):
    monkeypatch.setattr(repeated_texts, "MAX_COMPARED", most)
    bodies = (TEXT, "So it is.", TEXT, NEARLY, "No.", TEXT)
    run = archive.begin_run("import", {})
    archive.save([made(*(said(body, native_id=str(i)) for i, body in enumerate(bodies)))], run)
    ids = [id_ for (id_,) in query("select id from comments order by position")]
    assert find_in_archive(archive)["copies"] == 4
    rows = query("select comment_id, group_id, similarity = 1 from text_copies order by comment_id")
    assert [(number, first) for number, first, _ in rows] == [(ids[i], ids[0]) for i in (0, 2, 3, 5)]
    assert [bool(is_same) for *_, is_same in rows] == [True, True, False, True]


def test_what_is_the_same_as_a_near_copy_is_as_near():
    texts = {1: TEXT, 2: NEARLY, 3: NEARLY.upper()}
    first, second, third = find_copies(texts.items(), texts.__getitem__)
    assert first == Copy(1, 1, 1.0)
    assert 0.7 <= second.similarity == third.similarity < 1
