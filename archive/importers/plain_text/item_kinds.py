"""What each item among the comments is: a comment, a pingback, a button, or a piece of a list in somebody's text."""

from collections.abc import Iterator

from archive.importers.plain_text.dialect import Entry
from archive.importers.plain_text.headings import ItemRun
from archive.importers.plain_text.layout import Item
from archive.text import line_rules


class Kinds:
    """What each item of a run is: a comment, a pingback, or a piece of a list in a comment's own text."""

    def __init__(self, run: ItemRun) -> None:
        self.entries = {id(entry.item): entry for entry in run.entries}
        self.marked = sum(entry.marked for entry in run.entries) * 2 >= len(run.entries)
        evident = [entry.item for entry in run.entries if len(entry.own) > 1 and entry.item.parent is not None]
        self.markers = {item.numbered for item in evident}
        self.kinds: dict[int, str] = {}
        for entry in run.entries:
            self._settle(entry)

    def of(self, entry: Entry) -> str:
        return self.kinds[id(entry.item)]

    def listed(self, item: Item) -> bool:
        return self.kinds.get(id(item)) == "list"

    def _settle(self, entry: Entry) -> None:
        """The item's own kind, unless its parent settled it, then that of the lists among its children."""
        kind = self.kinds.setdefault(id(entry.item), "pingback" if _is_pingback(entry) else "comment")
        if not entry.item.has_items:
            return
        for item in entry.item.items():
            if _is_plain(item, self.entries) and line_rules.is_reply(item.head):
                self.kinds[id(item)] = "button"
        for segment, text_below in _segments(entry, self.entries):
            if kind == "list" or self._is_list(segment, text_below):
                for item in segment:
                    self.kinds.setdefault(id(item), "pingback" if kind == "pingback" else "list")

    def _is_list(self, segment: list[Item], text_below: bool) -> bool:
        if not all(self._is_plain(item) for item in segment):
            return False
        if self.marked or text_below:
            return True
        if len(segment) > 1:
            return not any(item.gap for item in segment[1:])
        return bool(self.markers) and segment[0].numbered not in self.markers

    def _is_plain(self, item: Item) -> bool:
        return _is_plain(item, self.entries)


def _is_plain(item: Item, entries: dict[int, Entry]) -> bool:
    entry = entries.get(id(item))
    return not item.has_text and not item.has_items and not item.rule and not (entry and (entry.marked or entry.name))


def _segments(entry: Entry, entries: dict[int, Entry]) -> Iterator[tuple[list[Item], bool]]:
    """Children that form one list, and whether text of the comment's own follows them."""
    segment: list[Item] = []
    for index, part in enumerate(entry.parts):
        if isinstance(part, Item):
            if segment and not _same_list(segment, part, entries):
                yield segment, False
                segment = []
            segment.append(part)
        elif isinstance(part, str) and part and segment:
            yield segment, index not in entry.taken
            segment = []
    if segment:
        yield segment, False


def _same_list(segment: list[Item], item: Item, entries: dict[int, Entry]) -> bool:
    last = segment[-1]
    if last.numbered != item.numbered or _is_plain(last, entries) != _is_plain(item, entries):
        return False
    return len(segment) == 1 or item.gap == last.gap


def _is_pingback(entry: Entry) -> bool:
    for text in entry.texts[:2]:
        if line_rules.is_pingback(text):
            return True
    if entry.date is None:
        return False
    body = [str(entry.parts[index]).strip() for index in entry.own if index not in entry.taken]
    return bool(body) and body[0].startswith(("[…]", "[...]")) and body[-1].endswith(("[…]", "[...]"))
