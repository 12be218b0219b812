"""Comments that name their parents by native id -> a tree in document order."""

from collections.abc import Iterable
from dataclasses import replace

from archive.thread import Comment, Flag, document_order


def nested(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """The comments in document order, each below the one whose `native_id` is its `parent_native_id`.

    Of two with one native id the first stays. One whose parent is not there comes out at top level, keeps what it says
    of its parent, and is flagged.
    """
    unique: dict[str | None, Comment] = {}
    for comment in comments:
        unique.setdefault(comment.native_id, comment)
    found = list(unique.values())
    order, orphans = document_order([c.native_id for c in found], [c.parent_native_id for c in found])
    place = {old: new for new, old in enumerate(order)}
    index = {comment.native_id: place[i] for i, comment in enumerate(found)}
    lost = set(orphans)
    return tuple(_placed(found[i], index, orphan=i in lost) for i in order)


def _placed(comment: Comment, index: dict[str | None, int], *, orphan: bool) -> Comment:
    if orphan:
        flag = Flag("capture.parent_inferred", "parent-not-in-thread", f"answers {comment.parent_native_id}")
        return replace(comment, parent=None, flags=(*comment.flags, flag))
    parent = index[comment.parent_native_id] if comment.parent_native_id else None
    return comment if comment.parent == parent else replace(comment, parent=parent)
