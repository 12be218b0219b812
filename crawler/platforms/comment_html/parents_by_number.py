"""Which comment each one of a numbered list replies to: by its id, by nesting, by the depths that themes print."""

from collections.abc import Mapping, Sequence

from crawler.platforms.comment_html.elements import CommentElement


def settle_parents(comments: Sequence[CommentElement]) -> dict[str, tuple[str | None, str | None]]:
    """Return, by number, the number of the comment that each one replies to, and the rule where that was concluded.

    What an id says counts most; then nesting, unless the printed depths contradict it; without nesting, depth alone.
    """
    numbers = {comment.number for comment in comments}
    if any(comment.depth == 0 for comment in comments):  # this theme counts from 0
        for comment in comments:
            comment.depth = None if comment.depth is None else comment.depth + 1
    latest: dict[int, CommentElement] = {}
    result: dict[str, tuple[str | None, str | None]] = {}
    for comment in comments:
        result[comment.number] = _parent(comment, numbers, latest)
        if comment.depth is not None:
            latest[comment.depth] = comment
    return result


def _parent(
    comment: CommentElement, numbers: set[str], latest: Mapping[int, CommentElement]
) -> tuple[str | None, str | None]:
    if comment.stated_parent in numbers and comment.stated_parent != comment.number:
        return comment.stated_parent, None
    above, depth, rule = comment.above, comment.depth, None
    while above is not None and depth is not None and above.depth is not None and above.depth >= depth:
        above, rule = above.above, "depth-class"
    if above is None and depth is not None and depth > 1:
        above, rule = latest.get(depth - 1), "depth-class"
    return (None if above is None else above.number), rule
