"""What of a thread may be kept, as the ledger says: between what was read and the rows that it becomes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from archive.store import blanking, diff
from archive.store.suppressions import Entry, Ledger
from archive.store.thread_visit import Visit, article_url
from archive.thread import Thread


class Screen:
    """The ledger of an archive, asked for whole threads. Where nothing is withheld it lets everything pass unseen."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.ledger = Ledger.load(connection)

    def kept(self, thread: Thread) -> Thread:
        """The thread without its article's text, where that is withheld."""
        if not self.ledger:
            return thread
        url = _url(thread)
        return self.ledger.masked(thread, url, thread.native_id or url)

    def withheld(self, thread: Thread, hashes: Sequence[str]) -> Mapping[int, Entry]:
        """Which of a thread's comments are withheld, by index."""
        if not self.ledger:
            return {}
        url = _url(thread)
        return self.ledger.among(thread, url, thread.native_id or url, diff.identities(thread.comments, hashes))

    def lines(self, thread: Thread, withheld: Iterable[int]) -> Sequence[str]:
        """The lines beside a document's comments, without those that hold what is withheld."""
        if not self.ledger:
            return thread.furniture
        url = _url(thread)
        texts = [thread.comments[i].body for i in withheld] + blanking.held_under(self.connection, url)
        lines = [line for line in thread.furniture if not self.ledger.is_text(url, line)]
        return blanking.without(lines, [text for text in texts if text])


def held_of(visit: Visit, i: int) -> str:
    """What a withheld comment holds, as `withheld.held` keeps it, so that it can be restored."""
    comment = visit.thread.comments[i]
    held: dict[str, Any] = {"body": comment.body, "body_sha256": visit.hashes[i], "commenter_id": None}
    held |= {"url": comment.url, "author": comment.author and asdict(comment.author), "outlet_id": visit.outlet_id}
    return json.dumps(held | {"platform": visit.thread.platform})


def _url(thread: Thread) -> str:
    return article_url(thread.article, thread.capture.sha256)
