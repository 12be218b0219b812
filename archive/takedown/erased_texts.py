"""Recognise erased texts in what was read again: the archive has them no more, the suppression list knows them."""

from collections.abc import Iterator

from archive.store.suppressions import SuppressionList, article_key
from archive.thread import Thread, article_url, digest, identities


def erased_texts(suppressions: SuppressionList, thread: Thread) -> Iterator[tuple[str, str]]:
    """Yield the texts of a thread that were erased, each after the reason."""
    url = article_url(thread.article, thread.capture.sha256)
    hashes = [digest(comment.body) for comment in thread.comments]
    matches = suppressions.match_comments(thread, url, thread.native_id or url, identities(thread.comments, hashes))
    for i, suppression in matches.items():
        if suppression.erased:
            yield suppression.reason, thread.comments[i].body
    whole = suppressions.find([article_key(url)])
    if whole is not None and whole.erased:
        yield from ((whole.reason, text) for text in (thread.article.title, thread.article.body) if text)
