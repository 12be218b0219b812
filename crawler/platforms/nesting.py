"""Put comments that name their parents by native id into document order, as a tree."""

from collections.abc import Iterable
from dataclasses import replace

from archive.thread import Comment, Flag, document_order


def nest(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """Return the comments in document order, each below the one whose `native_id` is its `parent_native_id`.

    Of two with one native id the first stays. One whose parent is missing becomes top level, keeps the id of its
    parent, and is flagged.
    """
    by_id: dict[str | None, Comment] = {}
    for comment in comments:
        by_id.setdefault(comment.native_id, comment)
    unique = list(by_id.values())
    order, orphans = document_order([c.native_id for c in unique], [c.parent_native_id for c in unique])
    position = {unique[i].native_id: new for new, i in enumerate(order)}
    orphaned = set(orphans)
    result: list[Comment] = []
    for i in order:
        comment = unique[i]
        if i in orphaned:
            evidence = f"answers {comment.parent_native_id}"
            flag = Flag("capture.parent_inferred", "parent-not-in-thread", evidence)
            comment = replace(comment, parent=None, flags=(*comment.flags, flag))
        else:
            parent = position[comment.parent_native_id] if comment.parent_native_id else None
            if comment.parent != parent:
                comment = replace(comment, parent=parent)
        result.append(comment)
    return tuple(result)
