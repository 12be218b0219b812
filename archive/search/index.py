"""Read the index beside an archive: hits, exact counts and facets over all of them.

The index is never the truth: what cannot be read, or is of another version, raises IndexUnusable, and FTS5 answers.
"""

import json
import math
import shutil
import tempfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import tantivy

from archive.search.facets import FLAG_FACETS, PLACE_FACETS, count_flags, count_places, count_states, values_of
from archive.search.index_query import QueryWriter, passes
from archive.search.index_schema import (
    COUNTED_TEXTS,
    NUMBERS,
    STATE_ID,
    VERSION,
    FlagParts,
    build_schema,
    read_place,
    register_analyzers,
)
from archive.search.query_nodes import RECORDS, FieldNode, FlagFilter, Node, join
from archive.search.stemmers import STEMMERS

# More values than this of one facet are not told apart: Tantivy counts them in memory.
MOST_VALUES = 20_000
MOST_MARKS = MOST_VALUES  # beyond, flags are counted one by one
# Outlets and months are counted as one where a place (an outlet's month) has so many matches: to read its count takes
# as long as to count these.
MATCHES_OF_PLACE = 150
MOST_COUNTS = 65_000  # that Tantivy makes of one query
# Facets of queries with more hits are remembered: a word of a million comments takes as long as twenty others.
COMMON = 50_000
MOST_REMEMBERED = 256
MOST_REMOVALS = 100
MOST_QUERIES = 32
# The fields that hold the values of facets where these have another name.
_FIELDS = {**dict.fromkeys(FLAG_FACETS, "mark"), **RECORDS}

T = TypeVar("T")
Counts = Counter[Any]


class IndexUnusable(Exception):
    """There is no index, or none that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class IndexState:
    """How current an index is: the last change and comment of the archive that it knows, and a mark of each.

    An archive that was put back from a copy has other marks, or none, at the same places."""

    change: int = 0
    change_token: int = 0
    last_comment: int = 0
    last_mark: str = ""
    default_language: str = "en"
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class FacetedSearch:
    """A search with the filters beside it: by facet, and what one and the same flag has to be."""

    words: Node | None
    filters: tuple[tuple[str, Node], ...] = ()
    flag: FlagFilter | None = None

    def node(self, *, without: str = "", flag: FlagFilter | None = None) -> Node | None:
        """Return the query with all filters but one; with another filter of flags in place of `flag`."""
        flag = flag if without == "flag" else self.flag
        flags = FieldNode("flag", (flag,)) if flag and flag != FlagFilter() else None
        return join(self.words, *(node for name, node in self.filters if name != without), flags)

    def flag_without(self, name: str) -> FlagFilter:
        """Return what is filtered of flags beside this facet."""
        nothing: dict[str, Any] = {"codes": ()} if name == "flag" else {name: None}
        return replace(self.flag or FlagFilter(), **nothing)

    def node_without(self, name: str) -> Node | None:
        """Return the query with all filters but that of one facet."""
        return (
            self.node(without="flag", flag=self.flag_without(name)) if name in FLAG_FACETS else self.node(without=name)
        )


@contextmanager
def _unusable(path: Path) -> Iterator[None]:
    """Raise IndexUnusable for whatever Tantivy says of files that are not as they should be: it panics at some."""
    try:
        yield
    except IndexUnusable:
        raise
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise IndexUnusable(f"{path}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise IndexUnusable(f"{path}: {error}") from error


class SearchIndex:
    """An index, as it was when it was opened or last reloaded. Raises IndexUnusable.

    Tantivy writes a lock into the folder of an index, even to read it. `read_only` leaves the folder as it is: it may
    belong to somebody else, or have its files listed in a manifest. Such an index cannot be updated."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.read_only = path, read_only
        self.schema = build_schema()
        self._open()

    def _open(self) -> None:
        with _unusable(self.path):
            if not (self.path / "meta.json").is_file():
                raise IndexUnusable(f"{self.path} is not there")
            # A view has every file open that it reads, so that the links need not stay.
            with _linked(self.path) if self.read_only else nullcontext(self.path) as folder:
                if not tantivy.Index.is_compatible(str(folder)):
                    raise IndexUnusable(f"{self.path} was made by another version")
                self.index = tantivy.Index.open(str(folder))
                register_analyzers(self.index)
                self.view = IndexView(self)

    def reload(self) -> None:
        if self.read_only:
            self._open()
            return
        with _unusable(self.path):
            self.index.reload()
            self.view = IndexView(self)


@contextmanager
def _linked(path: Path) -> Iterator[Path]:
    """Yield a temporary folder with links to the files of an index."""
    folder = Path(tempfile.mkdtemp(prefix="btl-search-"))
    try:
        for file in path.resolve().iterdir():
            if file.suffix != ".lock":
                (folder / file.name).symlink_to(file)
        yield folder
    finally:
        # A thread of Tantivy's looks at an index that was just opened, and may put its lock in while this removes.
        for _ in range(MOST_REMOVALS):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break


class IndexView:
    """One state of an index, which stays as it is while others write to it."""

    def __init__(self, index: SearchIndex) -> None:
        self.path, self.schema = index.path, index.schema
        self.searcher = index.index.searcher()
        self.state = self._read_state()
        used = {language for language, _ in self.searcher.terms_with_prefix("language", "")}
        self.languages = [name for name in STEMMERS if name in used] or [self.state.default_language]
        self.writer = QueryWriter(self.schema, lambda: self.flags, self.texts, self.languages)
        # A page asks for hits and for facets: to write what matches the beginning of a word takes a quarter of a ms.
        self._query = lru_cache(MOST_QUERIES)(self.writer.write)
        self._texts: dict[str, list[str]] = {}
        self._facets: OrderedDict[Any, Any] = OrderedDict()

    def _read_state(self) -> IndexState:
        about = tantivy.Query.term_query(self.schema, "id", STATE_ID)
        hits = self.searcher.search(about, 1).hits
        if not hits:
            raise IndexUnusable(f"{self.path} was never finished")
        values = json.loads(self.searcher.doc(hits[0][1]).get_first("about") or "{}")
        if values.get("version") != VERSION:
            raise IndexUnusable(f"{self.path} was made by another version")
        return IndexState(**values)

    @cached_property
    def flags(self) -> list[FlagParts]:
        """Every distinct flag that comments have, or had a moment ago."""
        tokens = self.searcher.terms_with_prefix("flags", "", limit=MOST_VALUES)
        if len(tokens) >= MOST_VALUES:
            raise IndexUnusable(f"{self.path} has too many different flags")
        return [FlagParts.from_token(token) for token, _ in tokens]

    def texts(self, field: str) -> Sequence[str]:
        """Return every distinct text that comments have in a field, such as their labels.

        Raises IndexUnusable where there are more than can be told apart."""
        if field not in self._texts:
            texts = list(self._terms(tantivy.Query.all_query(), [field])[field])
            if len(texts) >= MOST_VALUES:
                raise IndexUnusable(f"{self.path} has too many different {field}")
            self._texts[field] = texts
        return self._texts[field]

    def count(self, node: Node | None) -> int:
        return self._read(lambda: self._total(self._query(node)))

    def find(self, node: Node | None, limit: int, offset: int = 0, *, newest: bool) -> tuple[list[int], int]:
        """Return the ids of some matches in order, and how many there are: the newest first, or the best."""

        def read() -> tuple[list[int], int]:
            order = "order" if newest else None
            result: Any = self.searcher.search(self._query(node), limit, offset=offset, order_by_field=order)
            addresses = [address for _, address in result.hits]
            return [int(number or 0) for number in self.searcher.fast_field_values("id", addresses)], result.count

        return self._read(read)

    @staticmethod
    def most_edits(word: str) -> int:
        """Return by how many letters a word may differ from another that is meant."""
        return 0 if len(word) < 4 else 1 if len(word) < 8 else 2

    def find_near(self, word: str, limit: int) -> list[int]:
        """Return comments that have a word which is spelt nearly as this one, some of them."""
        edits = self.most_edits(word)
        if not edits:
            return []

        def read() -> list[int]:
            query = tantivy.Query.fuzzy_term_query(self.schema, "words", word, edits)
            addresses = [address for _, address in self.searcher.search(query, limit).hits]
            return [int(number or 0) for number in self.searcher.fast_field_values("id", addresses)]

        return self._read(read)

    def facets(self, search: FacetedSearch, names: Sequence[str], total: int = 0) -> dict[str, Counts]:
        """Return how many matches each value of a facet has, all filters but its own being as they are.

        Of `severity` a value counts the comments with a flag that is at least so severe. Where the `total` of the
        matches is known, they are counted in the way that is fastest for so many."""
        key = search, tuple(names)
        if key in self._facets:
            self._facets.move_to_end(key)
            remembered: dict[str, Counts] = self._facets[key]
            return remembered
        counts = self._read(lambda: self._count_facets(search, names, total))
        if max((sum(values.values()) for values in counts.values()), default=0) > COMMON:
            self._facets[key] = counts
            if len(self._facets) > MOST_REMEMBERED:
                self._facets.popitem(last=False)
        return counts

    def _count_facets(self, search: FacetedSearch, names: Sequence[str], total: int) -> dict[str, Counts]:
        """Count the facets in one go of which all filters but their own ask for the same."""
        by_node: dict[Node | None, list[str]] = {}
        for name in names:
            by_node.setdefault(search.node_without(name), []).append(name)
        counts: dict[str, Counts] = {}
        for node, alike in by_node.items():
            fields = self._fields_of(alike, total)
            query = self._query(node)
            found = self._terms(query, [name for name in dict.fromkeys(fields.values()) if name not in self._unused])
            if len(found.get("mark", ())) >= MOST_MARKS:
                del found["mark"]
                found |= self._terms(query, ["state"])
            for name in alike:
                counts[name] = self._count_facet(search, node, name, fields[name], found)
        return counts

    def _fields_of(self, names: Sequence[str], total: int) -> dict[str, str]:
        """Return the field to count for each facet: as few fields as will do."""
        fields = {name: _FIELDS.get(name, name) for name in names}
        if "state" in fields and "mark" in fields.values():
            fields["state"] = "mark"
        if fields.keys() >= set(PLACE_FACETS) and total > self._most_apart:
            fields |= dict.fromkeys(PLACE_FACETS, "place")
        return fields

    def _count_facet(
        self, search: FacetedSearch, node: Node | None, name: str, field: str, found: Mapping[str, Counts]
    ) -> Counts:
        values = found.get(field, Counter())
        if field == "place":
            return count_places(values, name)
        if name == "state" and field == "mark":
            return count_states(values) if field in found else found.get("state", Counter())
        if name in FLAG_FACETS:
            rest = search.flag_without(name)
            is_complete = field in found or field in self._unused
            return count_flags(values, name, rest) if is_complete else self._count_each(node, name, rest)
        return values

    def _count_each(self, node: Node | None, name: str, rest: FlagFilter) -> Counts:
        """Count each value of a facet of flags by itself, where comments have too many sets of them."""
        tokens: dict[Any, list[str]] = {}
        for flag in self.flags:
            for value in values_of(flag, name) if passes(rest, flag) else ():
                tokens.setdefault(value, []).append(flag.token())
        base = (tantivy.Occur.Must, self._query(node))
        counts: Counts = Counter()
        for value, of_value in tokens.items():
            flags = tantivy.Query.term_set_query(self.schema, "flags", of_value)
            counts[value] = self._total(tantivy.Query.boolean_query([base, (tantivy.Occur.Must, flags)]))
        return +counts

    @cached_property
    def _unused(self) -> set[str]:
        """The fields which no comment has: to count them takes as long as to count others."""
        return {name for name in COUNTED_TEXTS if not self.searcher.terms_with_prefix(name, "", limit=1)}

    @cached_property
    def _most_apart(self) -> float:
        """Up to how many matches outlets and months are counted apart: always, where there are too many of both."""
        places = len(self.searcher.terms_with_prefix("place", "", limit=MOST_VALUES))
        return MATCHES_OF_PLACE * places if places < MOST_VALUES else math.inf

    def count_by_outlet_and_month(self, node: Node | None) -> Counter[tuple[int | None, str]]:
        """Count matches by outlet's id and month ("2026-03"; "" without a date)."""
        places = self._read(lambda: self._terms(self._query(node), ["place"], MOST_COUNTS)["place"])
        counts: Counter[tuple[int | None, str]] = Counter()
        for text, comments in places.items():
            outlet, month = read_place(text)
            counts[(outlet, _month(month))] = comments
        return counts

    def _total(self, query: tantivy.Query) -> int:
        result: Any = self.searcher.search(query, 1)
        return int(result.count)

    def _terms(self, query: tantivy.Query, fields: Sequence[str], most: int = MOST_VALUES) -> dict[str, Counts]:
        if not fields:
            return {}
        wanted = {name: {"terms": {"field": name, "size": most, "segment_size": most}} for name in fields}
        found = self.searcher.aggregate(query, wanted)
        return {
            name: Counter({_value(name, bucket["key"]): bucket["doc_count"] for bucket in found[name]["buckets"]})
            for name in fields
        }

    def _read(self, work: Callable[[], T]) -> T:
        with _unusable(self.path):
            return work()


def _value(field: str, key: Any) -> Any:
    return int(key) if field in NUMBERS else key


def _month(number: int | None) -> str:
    return f"{number // 100:04}-{number % 100:02}" if number else ""
