from hypothesis import given
from hypothesis import strategies as st

from archive.thread import depths, document_order


def test_depths():
    assert depths([None, 0, 1, 0, None]) == [0, 1, 2, 1, 0]


def test_document_order_keeps_siblings_as_given():
    assert document_order("abcd", [None, None, "a", "a"]) == ([0, 2, 3, 1], [])


def test_orphans_and_rings_come_out_as_top_level():
    order, orphans = document_order("abcdefg", [None, "c", "b", "a", "zz", "f", "b"])
    assert order == [0, 3, 1, 2, 6, 4, 5]
    assert orphans == [4, 1, 5]


@given(st.integers(0, 40).flatmap(lambda n: st.lists(st.none() | st.integers(-1, n), min_size=n, max_size=n)))
def test_whatever_the_parents_every_comment_comes_once_and_after_its_parent(parents):
    order, orphans = document_order(range(len(parents)), parents)
    assert sorted(order) == list(range(len(parents)))
    place = {i: n for n, i in enumerate(order)}
    for i, parent in enumerate(parents):
        assert i in orphans or parent is None or place[parent] < place[i]


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_document_order_puts_a_tree_in_preorder(seeds):
    parents = [None, *(seed % (i + 1) for i, seed in enumerate(seeds))]
    order, orphans = document_order(range(len(parents)), parents)
    assert not orphans
    path: list[int] = []
    for i in order:
        while path and path[-1] != parents[i]:
            path.pop()
        assert path or parents[i] is None
        path.append(i)
