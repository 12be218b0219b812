"""What one crawl has in hand: the archive, its frontier, the WARC file, the counts, and which pages are meant."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from archive.store.archive import Archive, Run
from crawler.frontier import Entry, Frontier, Wanted
from crawler.pages.page import Page
from crawler.parse_pool import Reader
from crawler.report import Progress, Report
from crawler.warc.writer import WarcFile

ROOM = 64
EACH = 2


@dataclass(slots=True)
class Work:
    """`ids` and `outlets` say which entries are meant, None that all are; `wants` which leads to follow.

    A host has EACH pages in hand at once, or what `paces` says; `most` is how many visits to make in all.
    """

    archive: Archive
    run: Run
    warc: WarcFile
    report: Report
    progress: Progress
    stored_page: Callable[[int], Page]
    reader: Reader
    ids: set[int] | None = None
    outlets: set[str] | None = None
    wants: Callable[[Wanted], bool] | None = None
    paces: Mapping[str, int] = field(default_factory=dict)
    most: int | None = None
    frontier: Frontier = field(init=False)
    in_hand: dict[int, Entry] = field(default_factory=dict)
    taken: int = 0

    def __post_init__(self) -> None:
        self.frontier = Frontier(self.archive)

    def take(self) -> list[Entry]:
        """The next entries, as many as there is room for."""
        room = ROOM - len(self.in_hand)
        if self.most is not None:
            room = min(room, self.most - self.taken)
        if room <= 0:
            return []
        hosts = Counter(entry.host for entry in self.in_hand.values())
        busy = [host for host, count in hosts.items() if count >= self.paces.get(host, EACH)]
        found = self.frontier.lease(
            datetime.now(UTC), room, each=EACH, paces=self.paces, ids=self.ids, outlets=self.outlets, busy=busy
        )
        self.in_hand |= {entry.id: entry for entry in found}
        self.taken += len(found)
        return found

    def follow(self, wanted: Iterable[Wanted]) -> int:
        """Lists what a feed, sitemap or front page leads to; gives how many of those are due."""
        due = self.frontier.add((each for each in wanted if self.wants is None or self.wants(each)), datetime.now(UTC))
        if self.ids is not None:
            self.ids.update(due)
        return len(due)


def warc_folder(archive: Path) -> Path:
    """Where the WARC files of an archive lie: beside it."""
    return archive.with_name(f"{archive.stem}-warc")
