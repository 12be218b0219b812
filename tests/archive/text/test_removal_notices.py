"""Notices in place of comments that were taken down: a state and a flag, and no text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text.removal_notices import BY_READER, as_removed, is_by_reader, tombstone_state
from archive.thread import Author, Comment


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert tombstone_state(text) in (None, "removed", "author_deleted")


@given(st.from_regex(BY_READER))
def test_each_notice_of_a_reader_is_known(text: str) -> None:
    assert is_by_reader(text)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("This comment has been removed by a moderator.", "removed"),
        ("Dieser Kommentar wurde gelöscht.", "removed"),
        ("[deleted]", "removed"),
        ("Inlägget har tagits bort av moderatorn.", "removed"),
        ("Příspěvek byl smazán administrátorem.", "removed"),
        ("A hozzászólást moderáltuk.", "removed"),
        ("A hozzászólást törölte a moderátor.", "removed"),
        ("Comment deleted by user", "author_deleted"),
        ("Supprimé par l’auteur", "author_deleted"),
        ("My comment was removed last week, and nobody told me.", None),
        ("The old tiles have been removed at last.", None),
    ],
)
def test_notices(text: str, state: str | None) -> None:
    comment = as_removed(Comment(text, author=Author("Anna")))
    assert comment.state == (state or "visible")
    assert comment.body == ("" if state else text)
    assert [(flag.code, flag.evidence) for flag in comment.flags] == (
        [("capture.removed_notice", text)] if state else []
    )
