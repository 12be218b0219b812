"""Pure tree work over comments given by id and parent: document order, depth, orphans and cycles."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def depths(parents: Sequence[int | None]) -> list[int]:
    """The depth (0 = top level) of each comment; every parent's index must come before its child's."""
    result: list[int] = []
    for parent in parents:
        result.append(0 if parent is None else result[parent] + 1)
    return result


def document_order(keys: Sequence[Key], parents: Sequence[Key | None]) -> tuple[list[int], list[int]]:
    """The indexes of `keys` in document order (parents first, siblings as given), and the indexes of the orphans.

    An orphan names a parent that is not there, itself, or a descendant of its own; it comes out as top level.
    """
    index = {key: i for i, key in enumerate(keys)}
    above = [None if parent is None else index.get(parent) for parent in parents]
    orphans = [i for i, parent in enumerate(parents) if parent is not None and above[i] is None]
    orphans += _one_of_each_ring(above)
    for i in orphans:
        above[i] = None
    children: dict[int | None, list[int]] = {}
    for i, parent_index in enumerate(above):
        children.setdefault(parent_index, []).append(i)
    order: list[int] = []
    stack = children.get(None, [])[::-1]
    while stack:
        i = stack.pop()
        order.append(i)
        stack.extend(reversed(children.get(i, [])))
    return order, orphans


def _one_of_each_ring(above: Sequence[int | None]) -> list[int]:
    """The first index of every ring that `above` (an index's parent index) closes."""
    rings: list[int] = []
    visited_from: dict[int, int] = {}
    for start in range(len(above)):
        i: int | None = start
        while i is not None and i not in visited_from:
            visited_from[i] = start
            i = above[i]
        if i is not None and visited_from[i] == start:
            rings.append(min(_ring(above, i)))
    return rings


def _ring(above: Sequence[int | None], start: int) -> list[int]:
    ring = [start]
    while (after := above[ring[-1]]) is not None and after != start:
        ring.append(after)
    return ring
