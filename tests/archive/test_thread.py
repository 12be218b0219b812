import pickle

import pytest
from hypothesis import given

from archive.thread import Author, Comment, Moment
from tests.trees import comments, made, said


@given(comments())
def test_any_tree_in_document_order_is_a_thread_and_survives_pickling(tree):
    thread = made(*tree)
    assert pickle.loads(pickle.dumps(thread)) == thread


@pytest.mark.parametrize(
    "parents", [(0,), (None, 2, None), (None, None, 0), (None, 5), (None, 0, None, 1), (None, -1)], ids=str
)
def test_a_comment_that_does_not_stand_below_its_parent_is_refused(parents):
    with pytest.raises(ValueError, match="does not stand below its parent"):
        made(*(said("x", parent=parent) for parent in parents))


def test_threads_cannot_be_changed():
    for frozen in (Moment(), Author("anna"), Comment("x"), made()):
        with pytest.raises((AttributeError, TypeError)):
            frozen.body = "y"
