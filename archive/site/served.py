"""Which pages of which tables a public copy answers: those that an index finds, whoever asks. Derived from the file."""

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode

from datasette.utils import escape_sqlite

SMALL = 10_000
MOST_ALIKE, LOOKS = 5_000, 60
MOST_PARAMETERS = 40
MOST_VALUES = 100
LONGEST_VALUE = 500

ALIKE = {"exact", "in", "isnull"}
RANGES = {"gt", "gte", "lt", "lte"}
ANY = ALIKE | RANGES | {"not", "notin", "contains", "startswith", "endswith", "notnull", "isblank", "notblank", "date"}
SHAPES = {"arrays", "objects", "array", "object", "arrayfirst"}
_SWITCHES = re.compile(r"_(labels|nl|dl|header|json_infinity|nofacet|nocount|nosuggest|stream)")
_FORM = re.compile(r"_filter_(column|op|value)(_[0-9]{1,2})?")
_PLACE = re.compile(r"[\w.$~+%-]*(,[\w.$~+%-]*){0,3}", re.ASCII)

Pairs = list[tuple[str, str]]


class Refused(Exception):
    """What is asked for would take too long, or means nothing; the message says so to who asked."""


class Elsewhere(Exception):
    """What is asked for has another address."""

    def __init__(self, address: str, status: int = 302) -> None:
        super().__init__(address)
        self.address, self.status = address, status


@dataclass(frozen=True, slots=True)
class Table:
    """`found` are the columns that an index begins with, `filled` those whose index leaves out rows without a value,
    `ordered` those that rows can be sorted by, and `sorting` the indexes that have all rows in such an order. A small
    table is read whole for any question."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    found: frozenset[str]
    ordered: frozenset[str]
    never_null: frozenset[str] = frozenset()
    arrays: frozenset[str] = frozenset()
    rows: int = 0
    filled: frozenset[str] = frozenset()
    sorting: Mapping[str, str] = field(default_factory=dict)
    is_view: bool = False

    @property
    def is_small(self) -> bool:
        return self.rows <= SMALL

    @property
    def served(self) -> frozenset[str]:
        """Columns that can be asked for a value."""
        return self.found | self.filled

    def operations(self, column: str) -> set[str]:
        if column not in self.columns and column != "rowid":
            return set()
        if self.is_small:
            return ANY | ({"arraycontains", "arraynotcontains"} if column in self.arrays else set())
        if column in self.filled - self.found:
            return ALIKE - {"isnull"}
        return ALIKE | RANGES if column in self.found else set()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is left of a question that is answered."""

    pairs: Pairs
    filters: Pairs = field(default_factory=list)

    @property
    def query(self) -> str:
        return urlencode(self.pairs)


def tables(connection: sqlite3.Connection, counts: Mapping[str, int], arrays: Mapping[str, set[str]]) -> list[Table]:
    """Every table that `counts` names, as its indexes have it."""
    return [_table(connection, name, rows, frozenset(arrays.get(name, ()))) for name, rows in counts.items()]


def _table(connection: sqlite3.Connection, name: str, rows: int, arrays: frozenset[str]) -> Table:
    said = connection.execute("select name, type, pk from pragma_table_info(?) order by cid", (name,)).fetchall()
    columns = tuple(column for column, _, _ in said)
    key = tuple(column for column, _, pk in sorted(said, key=lambda one: one[2]) if pk)
    first = _first_columns(connection, name, partial=False)
    filled = frozenset(_first_columns(connection, name, partial=True).values())
    is_rowid = len(key) == 1 and any((column, kind.lower()) == (key[0], "integer") for column, kind, _ in said)
    ids = set(key) if is_rowid else {"rowid"} if not key else set()
    sorting = {column: index for index, column in first.items() if _sorts(connection, index, column, key)}
    if rows <= SMALL:
        found = ordered = {*columns, *ids}
    else:
        found = set(first.values()) | ids
        ordered = {one for one in found if one in sorting or one in ids or not _is_alike(connection, name, one)}
    never_null = frozenset(column for column in ordered if column in ids or not _has_null(connection, name, column))
    return Table(name, columns, key, frozenset(found), frozenset(ordered), never_null, arrays, rows, filled, sorting)


_FILLED = re.compile(r"\bwhere (\w+) is not null\Z", re.IGNORECASE)


def _first_columns(connection: sqlite3.Connection, table: str, *, partial: bool) -> dict[str, str]:
    """By the name of an index, the column that it begins with. Of partial ones, those that only leave out rows where
    that column is empty."""
    sql = """select list.name, info.name, master.sql from pragma_index_list(?) as list
      join pragma_index_info(list.name) as info on info.seqno = 0 and info.name is not null
      left join sqlite_master as master on master.name = list.name where list.partial = ?"""
    found = connection.execute(sql, (table, int(partial))).fetchall()
    if partial:
        found = [one for one in found if (said := _FILLED.search(one[2] or "")) and said[1] == one[1]]
    return {index: column for index, column, _ in found}


def _sorts(connection: sqlite3.Connection, index: str, column: str, key: tuple[str, ...]) -> bool:
    """Whether an index has a table's rows as they are sorted: by the column, and by the key where that is alike."""
    names = [name for (name,) in connection.execute("select name from pragma_index_info(?) order by seqno", (index,))]
    return names in ([column], [column, *key])


def _is_alike(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether a value of the column is that of many rows, which all had to be sorted to show a few of them; by looking
    at some rows. What `analyze` knows is an estimate, too low where it was told to hurry."""
    name, into = escape_sqlite(column), escape_sqlite(table)
    last = connection.execute(f"select max(rowid) from {into}").fetchone()[0] or 0  # noqa: S608
    value = f"select {name} from {into} where rowid >= ? limit 1"  # noqa: S608
    alike = f"select count(*) from (select 1 from {into} where {name} = ? limit {MOST_ALIKE + 1})"  # noqa: S608
    for number in range(1, LOOKS + 1):
        found = connection.execute(value, (last * number // LOOKS,)).fetchone()
        if found and connection.execute(alike, found).fetchone()[0] > MOST_ALIKE:
            return True
    return False


def _has_null(connection: sqlite3.Connection, table: str, column: str) -> bool:
    sql = f"select 1 from {escape_sqlite(table)} where {escape_sqlite(column)} is null limit 1"  # noqa: S608
    return connection.execute(sql).fetchone() is not None


def parse(query: str) -> Pairs:
    """The parameters of an address as Datasette reads them. Raises Refused."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise Refused(f"An address has at most {MOST_PARAMETERS} parameters.") from None
    if any(len(value) > LONGEST_VALUE for _, value in pairs):
        raise Refused(f"A value has at most {LONGEST_VALUE} characters.")
    return pairs


def asked(table: Table, query: str, form: str | None, most_rows: int) -> Asked:
    """What is asked of a table: `form` is csv, json or None for a page. Raises Refused, and Elsewhere."""
    pairs = parse(query)
    if any(_FORM.fullmatch(name) or name == "_sort_by_desc" for name, _ in pairs):
        return Asked(_of_form(pairs))
    searched = next((value for name, value in pairs if name == "_search" and value.strip()), None)
    if searched is not None:
        raise Elsewhere("/search?" + urlencode({"q": searched}))
    pairs = [(name, value) for name, value in pairs if name != "_search"]
    filters = [(name, value) for name, value in pairs if not _is_special(name)]
    _only_array(table, filters)
    for name, value in filters:
        _filter(table, name, value)
    for name, value in pairs:
        if _is_special(name):
            _special(table, name, value, form, most_rows)
    _next(table, pairs)
    if form is not None and filters and not any(name == "_nocount" for name, _ in pairs):
        pairs = [*pairs, ("_nocount", "1")]
    return Asked(pairs, filters)


def _is_special(name: str) -> bool:
    return name.startswith("_") and "__" not in name


def _of_form(pairs: Pairs) -> Pairs:
    """What the form of a table page sends: Datasette leads on to the address that it means."""
    kept = [(name, value) for name, value in pairs if _FORM.fullmatch(name) or name in ("_sort", "_sort_by_desc")]
    return kept + [(name, value) for name, value in pairs if not _is_special(name) and (name, value) not in kept]


def _only_array(table: Table, filters: Pairs) -> None:
    """A list of codes has no index; the search finds comments by code."""
    named = {name for name, _ in filters}
    if not table.is_small and named == {"codes__arraycontains"} and table.name == "comments":
        raise Elsewhere("/search?" + urlencode({"flag": filters[0][1]}))


def _filter(table: Table, name: str, value: str) -> None:
    column, operation = name.rsplit("__", 1) if "__" in name else (name, "exact")
    possible = table.operations(column)
    if operation not in possible:
        _refuse(table, column)
    if operation in RANGES and value.isdigit():
        _whole(value)
    if operation in ("in", "notin"):
        _values(value)


def _refuse(table: Table, column: str) -> NoReturn:
    if column not in table.columns:
        raise Refused(f"The table {table.name} has no column of that name, or none that can be asked this.")
    served = ", ".join(name for name in table.columns if name in table.served)
    raise Refused(
        f"{table.name} has {table.rows:,} rows, and no index answers this for {column}. "
        f"It can be cut to a value, a list or a range of: {served}."
    )


def _whole(value: str) -> None:
    if not value.isascii() or len(value) > 18:
        raise Refused("That number is larger than any here.")


def _values(value: str) -> None:
    found: object = value.split(",")
    if value.startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            raise Refused("A list of values is separated by commas, or is a JSON list.") from None
    if not isinstance(found, list) or len(found) > MOST_VALUES or not all(map(_is_plain, found)):
        raise Refused(f"A list of values has at most {MOST_VALUES}, all of them words or numbers.")


def _is_plain(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and abs(value) < 2**62)


def _special(table: Table, name: str, value: str, form: str | None, most_rows: int) -> None:
    match name:
        case "_sort" | "_sort_desc":
            _sort(table, value)
        case "_size":
            if value != "max" and not (
                value.isascii() and value.isdigit() and len(value) < 8 and int(value) <= most_rows
            ):
                raise Refused(f"A page has at most {most_rows} rows; the next page follows it.")
        case "_next":
            pass
        case "_shape" if form == "json" and value in SHAPES:
            pass
        case "_col" | "_nocol" | "_label" | "_json" if value in table.columns:
            pass
        case _ if _SWITCHES.fullmatch(name) and len(value) <= 5:
            pass
        case "_facet_size":
            raise Refused("The counts beside a table are those of the whole table, and no more are kept.")
        case _:
            raise Refused(f"Nothing here is asked by {name[:40]}.")


def _sort(table: Table, column: str) -> None:
    if column and column not in table.ordered:
        if column not in table.columns:
            raise Refused(f"The table {table.name} has no column of that name.")
        served = ", ".join(name for name in table.columns if name in table.ordered)
        raise Refused(
            f"{table.name} has {table.rows:,} rows: no index sorts them by {column}. It is sorted by: {served}."
        )


def _next(table: Table, pairs: Pairs) -> None:
    """`_next` as Datasette makes it: the key of a page's last row, after its sorted value where it is sorted."""
    given = [value for name, value in pairs if name == "_next" and value]
    sorts = {name for name, value in pairs if name in ("_sort", "_sort_desc") and value}
    if len(sorts) > 1 or len(given) > 1:
        raise Refused("Rows are sorted in one way at a time.")
    if not given:
        return
    parts = len(given[0].split(","))
    if table.is_view:
        if not (given[0].isascii() and given[0].isdigit() and len(given[0]) <= 4):
            raise Refused("That page is further down than pages go.")
        return
    keys = len(table.key) or 1
    if not _PLACE.fullmatch(given[0]) or parts not in (keys, keys + 1):
        raise Refused("That is the end of no page here.")


def without(pairs: Iterable[tuple[str, str]], names: Sequence[str]) -> Pairs:
    return [(name, value) for name, value in pairs if name not in names]
